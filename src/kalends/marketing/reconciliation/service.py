"""What reconciliation does: answers, conflicts, decisions, rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from kalends.base.work import Work
from kalends.marketing import orders
from kalends.marketing.reconciliation import deciding
from kalends.marketing.reconciliation.answers import STATES, Answer, Question, ask, check_days
from kalends.marketing.reconciliation.cells import STRATEGIES, Cell, Decision
from kalends.marketing.reconciliation.schemas import (
    Aggregated,
    CellOut,
    ConflictOut,
    Conflicts,
    ReadingOut,
    Resolved,
    ResolveIn,
    RuleIn,
    RulesIn,
    RulesOut,
)
from kalends.marketing.reconciliation.sources import OVERLAPPING
from kalends.marketing.words import source_name

SHOWN: Final = 100
"""Conflicts in an answer; the others are paged."""
USUAL: Final = ("revenue", "conversions", "spend", "impressions", "clicks", "sessions")
"""What is compared where nobody says what."""
USUAL_DAYS: Final = 90


def aggregate(work: Work, *, question: Question) -> Aggregated:
    """One number per cell, however many sources report it."""
    answer = ask(work, question)
    found = answer.conflicts()
    return Aggregated(
        cells=[CellOut.of(total, answer=answer) for total in answer.totals],
        sources=[ReadingOut.of(one, quality=answer.quality.get(one.source)) for one in answer.found.readings],
        conflicts=[ConflictOut.of(one, behind=answer.behind) for one in found[:SHOWN]],
        conflicts_total=len(found),
        currency=answer.currency,
        missing_rates=dict(sorted(answer.heard.missing_rates.items())),
        notes=notes_of(answer),
        data_version=answer.version,
        as_of=question.at,
    )


def notes_of(answer: Answer, *, metric: str | None = None) -> list[str]:
    """What a reader must know, in sentences; of one metric, or of all."""
    notes = [
        f"{source_name(source)}: {count} amounts are left out: no rate into {answer.currency} is known for their day."
        for source, count in sorted(answer.heard.missing_rates.items())
    ]
    for reading in answer.found.readings:
        if metric not in {None, reading.metric}:
            continue
        notes += [f"{source_name(reading.source)}, {reading.metric}: {note}" for note in reading.notes]
    claimed = {cell.metric for cell, _, _ in answer.heard.claimed}
    if claimed & set(OVERLAPPING) and (metric is None or metric in claimed):
        notes.append(
            "Platforms claim sales by attribution rules of their own; their claims are shown beside what was counted, "
            "and never added up with it."
        )
    return list(dict.fromkeys(notes))


def usual_days(work: Work, *, first: date | None, last: date | None) -> tuple[date, date]:
    """The days asked for; else the last ninety with data."""
    last = last or newest_day(work) or work.now.date()
    check_days(last)
    return first or last - timedelta(days=USUAL_DAYS - 1), last


def newest_day(work: Work) -> date | None:
    """The last day of which any source says something."""
    held = [name for name in ("daily", orders.TABLE) if work.warehouse.exists(name)]
    found = [work.warehouse.execute(f"SELECT max(date) AS day FROM {name}").column("day")[0].as_py() for name in held]  # noqa: S608 - our names
    return max((day for day in found if day is not None), default=None)


def conflicts(
    work: Work,
    *,
    question: Question,
    states: Sequence[str] = STATES,
    source: str | None = None,
    limit: int,
    offset: int,
) -> Conflicts:
    """The numbers on which sources disagree, a page of them."""
    answer = ask(work, question)
    found = answer.conflicts()
    if source:
        found = [one for one in found if any(said.source == source for said in one.said)]
    counts = {state: sum(one.state == state for one in found) for state in STATES}
    wanted = [one for one in found if one.state in states]
    shown = wanted[offset : offset + limit]
    return Conflicts(
        conflicts=[ConflictOut.of(one, behind=answer.behind) for one in shown],
        total=len(wanted),
        counts=counts,
        data_version=answer.version,
    )


def resolve(work: Work, *, told: ResolveIn) -> Resolved:
    """Choose what holds for some numbers, or reopen them; gives how they stand."""
    cells = [deciding.cell_of(text) for text in told.conflict_ids]
    if told.reopen:
        done = deciding.reopen(work, cells=cells)
    else:
        if told.source is not None:
            _check_source(work, cells, told.source)
        choice = Decision(told.value, told.source, told.strategy, told.note)
        deciding.decide(work, cells=cells, decision=choice)
        done = len(set(cells))
    return Resolved(resolved=done, conflicts=standing(work, cells), resolved_at=work.now)


def standing(work: Work, cells: Sequence[Cell]) -> list[ConflictOut]:
    """The cells as they are answered now; those of which nothing is said are absent."""
    answer = _answer(work, cells)
    found = answer.found.outcomes
    return [ConflictOut.of(found[cell], behind=answer.behind) for cell in dict.fromkeys(cells) if cell in found]


def _check_source(work: Work, cells: Sequence[Cell], source: str) -> None:
    """Refuse a source that says nothing about a cell. Raises BadResolutionError."""
    found = _answer(work, cells).found.outcomes
    for cell in cells:
        known = [said.source for said in found[cell].said] if cell in found else []
        if source not in known:
            raise deciding.BadResolutionError(
                f"{source!r} says nothing about {cell.metric} on {cell.day}; "
                f"{'choose one of ' + ', '.join(known) if known else 'nobody does'}.",
                known=known,
            )


def _answer(work: Work, cells: Sequence[Cell]) -> Answer:
    """What holds for the cells now, among others."""
    cuts = {name for name in ("channel", "campaign") if any(getattr(cell, name) for cell in cells)}
    days = [cell.day for cell in cells]
    asked = Question(
        first=min(days),
        last=max(days),
        metrics=tuple({cell.metric: None for cell in cells}),
        group_by=tuple(sorted(cuts)),
    )
    return ask(work, asked)


def get_rules(work: Work) -> RulesOut:
    """How disagreements are settled."""
    known = deciding.rules(work)
    return RulesOut(
        rules={metric: RuleIn.of(rule) for metric, rule in {"": deciding.rule_of(known)(""), **known}.items()},
        strategies=list(STRATEGIES),
    )


def set_rules(work: Work, *, told: RulesIn) -> RulesOut:
    """Settle them in another way from now on; what people decided stays."""
    for metric, rule in told.rules.items():
        deciding.set_rule(work, metric=metric, rule=rule.rule() if rule is not None else None)
    return get_rules(work)
