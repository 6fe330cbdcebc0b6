"""Search: things by their names, each with its figures in a period, which come from the one query engine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Final
from uuid import UUID

from kalends.base.work import Work
from kalends.insight import engine
from kalends.insight.answers import caveats
from kalends.insight.asking import asker
from kalends.insight.query import MOST_VALUES, Filter, Query, handle
from kalends.insight.result import Result
from kalends.insight.schemas import HitOut, SearchIn, SearchOut, UnderstoodOut, plain
from kalends.insight.service import question_of
from kalends.insight.wishes import LEVELS, Level, Wish, score, understand
from kalends.marketing import names

METRICS: Final = ("spend", "impressions", "clicks", "conversions", "revenue", "roas")
MEASURES: Final = ("roas", "conversions", "clicks")
"""What performance is measured by: the first of these that is known of anything found."""
Key = tuple[str, str, str]
"""Platform, account, id."""
_OWN: Final = ("data_source", "account_id")
"""What a name can be filtered by as well as figures."""
MOST: Final = 10_000
"""Names looked at per level: the newest."""


@dataclass(frozen=True, slots=True)
class Hit:
    """Something found, with its row of the answer; none where it has no figures in the period."""

    level: Level
    named: names.Named
    score: float
    row: Mapping[str, Any] | None
    answer: Result


def search(work: Work, *, asked: SearchIn) -> SearchOut:
    """What is called so, or did so, in the period; one page of it."""
    wish = understand(asked.query)
    # Of nobody's name and of no level, campaigns are meant.
    levels = wish.levels or (LEVELS if wish.words else ["campaign"])
    question = question_of(work, asked, metrics=tuple(dict.fromkeys((*METRICS, *wish.metrics))))
    ask = asker(work, as_of=question.as_of, calendar_id=UUID(question.calendar) if question.calendar else None)
    named = [hit for level in levels for hit in _hits(work, ask, question, level, wish)]
    kept = [hit for hit in named if _keeps(hit, wish)]
    measure = _measure(kept, wish)
    kept.sort(key=lambda hit: _place(hit, wish, measure))
    page = kept[asked.offset : asked.offset + asked.limit]
    answers = {hit.level: hit.answer for hit in page}
    currencies = {answer.currency for answer in answers.values()}
    return SearchOut(
        understood=_understood(wish, levels, measure),
        date_range_start=question.period.start,
        date_range_end=question.period.end,
        total=len(kept),
        limit=asked.limit,
        offset=asked.offset,
        hits=[_out(hit) for hit in page],
        currency=currencies.pop() if len(currencies) == 1 else None,
        notes=list(dict.fromkeys(note for answer in answers.values() for note in caveats(answer))),
        suggestions=[] if kept else list(_suggestions(work, ask, question, wish, levels, named)),
        data_version=ask.snapshot.data_version,
    )


def _hits(work: Work, ask: engine.Asker, question: Query, level: Level, wish: Wish) -> list[Hit]:
    """What has one of the words in its name; without words, what has figures in the period."""
    found = _named(work, ask, question, level, wish.words)
    by_level = replace(question, dimensions=tuple(dict.fromkeys(("data_source", "account_id", f"{level}_id"))))
    ids = tuple({named.id for named, _ in found})
    if not wish.words or len(ids) > MOST_VALUES:
        answer = engine.run(ask, by_level)
    elif not ids:
        return []
    else:
        only = Filter(f"{level}_id", ids)
        answer = engine.run(ask, replace(by_level, filters=(*by_level.filters, only)))
    answer = replace(answer, query=by_level)  # the handle need not name the ids: a cell is the same without them
    rows = {(row["data_source"], row["account_id"], row[f"{level}_id"]): row for row in answer.rows}
    best = _best_names(found, rows)
    if not wish.words:
        best |= {key: (names.Named(*key, name=None), 0.0) for key in rows if key not in best and key[2]}
    with_all = bool(wish.words) and all(kept.dimension in _OWN for kept in question.filters)
    return [
        Hit(level, named, fits, rows.get(key), answer) for key, (named, fits) in best.items() if with_all or key in rows
    ]


def _best_names(
    found: Sequence[tuple[names.Named, float]], rows: Iterable[Key]
) -> dict[Key, tuple[names.Named, float]]:
    """Each thing once, under its newest name, with its best fit. A name without account is of all that have the id."""
    accounts: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for source, account, id_ in (*rows, *((named.data_source, named.account_id, named.id) for named, _ in found)):
        if account:
            accounts[source, id_][account] = None
    best: dict[Key, tuple[names.Named, float]] = {}
    for named, fits in found:
        for account in [named.account_id] if named.account_id else accounts[named.data_source, named.id] or [""]:
            key = (named.data_source, account, named.id)
            first, most = best.get(key, (named, 0.0))
            best[key] = (replace(first, account_id=account, name=first.name or named.name), max(fits, most))
    return best


def _named(
    work: Work, ask: engine.Asker, question: Query, level: Level, words: list[str]
) -> list[tuple[names.Named, float]]:
    """What has one of the words in its name or id, the newest names first."""
    _, column = names.NAMED[level]
    columns = (
        *dict.fromkeys(("data_source", "account_id", "date_to", names.NAMED[level][0])),
        *([column] if column else []),
    )
    told = names.told_in_facts(ask.tables.get("facts", columns), level=level, words=words, limit=MOST)
    rows = ask.warehouse.backend.to_pyarrow(told).to_pylist()
    found = [names.Named(row["data_source"], row["account_id"], row["id"], row["name"]) for row in rows]
    version = ask.snapshot.data_version
    alone = names.told_alone(work, level=level, words=words, version=version, limit=MOST)
    kept = [f for f in question.filters if f.dimension in _OWN]
    return [
        (named, score(words, f"{named.name or ''} {named.id}"))
        for named in (*found, *alone)
        if all(f.keeps(getattr(named, f.dimension)) for f in kept)
    ]


def _keeps(hit: Hit, wish: Wish) -> bool:
    """Whether its figures are as was wished; an unknown one is not above zero."""
    row = hit.row or {}
    return all(((row.get(name) or 0) > 0) == wanted for name, wanted in wish.having.items())


def _measure(hits: Iterable[Hit], wish: Wish) -> str | None:
    """The metric that the order is by."""
    if wish.rank is None or wish.measure:
        return wish.measure
    known = {name for hit in hits for name in MEASURES if (hit.row or {}).get(name) is not None}
    return next((name for name in MEASURES if name in known), MEASURES[0])


def _place(hit: Hit, wish: Wish, measure: str | None) -> tuple[Any, ...]:
    """A sorting key: the order that was wished for, then how well the name fits, then what was spent."""
    row = hit.row or {}
    value = row.get(measure) if measure else None
    by_measure = (value is None, -float(value or 0) if wish.rank == "high" else float(value or 0)) if measure else ()
    return (*by_measure, -hit.score, -float(row.get("spend") or 0), hit.named.name or "", hit.named.id, hit.level)


def _out(hit: Hit) -> HitOut:
    query = hit.answer.query
    values = {"data_source": hit.named.data_source, "account_id": hit.named.account_id, f"{hit.level}_id": hit.named.id}
    return HitOut(
        level=hit.level,
        data_source=hit.named.data_source,
        account_id=hit.named.account_id,
        id=hit.named.id,
        name=hit.named.name,
        score=round(hit.score, 3),
        metrics=plain({name: (hit.row or {}).get(name) for name in query.metrics}),
        lineage=handle(query, hit.answer.snapshot),
        cell=values,
    )


def _understood(wish: Wish, levels: Iterable[str], measure: str | None) -> UnderstoodOut:
    return UnderstoodOut(
        words=wish.words,
        levels=list(levels),
        performance=wish.rank,
        measured_by=measure,
        having=[f"{name} > 0" if wanted else f"no {name}" for name, wanted in wish.having.items()],
    )


def _suggestions(
    work: Work, ask: engine.Asker, question: Query, wish: Wish, levels: Iterable[Level], named: list[Hit]
) -> Iterable[str]:
    """What would help where nothing was found."""
    last = ask.catalogue().last_day
    if last is None:
        yield "There is no data yet: load a file with `kalends ingest FILE`, or POST /api/v1/marketing/ingest."
        return
    if wish.words and not named:
        known = {other.name for level in levels for other, _ in _named(work, ask, question, level, []) if other.name}
        close = get_close_matches(" ".join(wish.words), sorted(known), n=5, cutoff=0.3)
        yield f"Nothing is called {' '.join(wish.words)!r}." + (f" There is: {', '.join(close)}." if close else "")
    if named and wish.having:
        yield f"{len(named)} would fit, but for {', '.join(_understood(wish, levels, None).having)} in the period."
    if last < question.period.start:
        yield f"The data ends on {last}: ask for a period before."
    elif not named and not wish.words:
        yield f"There are no figures of {', '.join(levels)} in the period: ask for a longer one, or load such a report."
    if question.filters:
        yield "Only a part was searched: leave out data_sources and filters to search everything."
