"""What Home shows of the data: the platforms' own numbers by channel and by day, and every sale once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

import orjson

from kalends.base.work import Work
from kalends.identity.service import workspace
from kalends.insight.asking import keep
from kalends.insight.claims import is_overlap
from kalends.insight.comparisons import compare
from kalends.insight.engine import Asker, run
from kalends.insight.kept import packed, unpacked
from kalends.insight.periods import Period
from kalends.insight.query import Filter, Query, as_dict
from kalends.insight.result import Result
from kalends.insight.sales import Once, count_once, told_of
from kalends.insight.words import listed
from kalends.marketing import service as marketing
from kalends.marketing.service import COUNTERS, Counted
from kalends.marketing.words import source_name

METRICS: Final = ("spend", "revenue", "roas", "conversions")
_SIZE: Final = 8
"""Bytes that say how long the first part of what is kept is."""


@dataclass(frozen=True, slots=True)
class Home:
    """All that the page shows of the data: two answers from one snapshot, and what was counted."""

    by_channel: Result
    """Rows per channel, with the sales that its platforms claim. Compared."""

    by_day: Result
    """Rows per day, compared."""

    once: Once
    """Rows per day and totals with every sale once: the key figures, their sparklines and the trend."""


def look(work: Work, *, period: Period, compare_to: str, currency: str | None) -> Home:
    """Everything for `period`, made once per state of the data, then kept."""
    compared = compare(compare_to, period=period)
    asked = [Query(METRICS, period, (one,), (), compared, currency=currency) for one in ("channel", "date")]
    told, (channels, days), again = _asked(work, asked)
    once = count_once(days.rows, channels.totals, told, period=period, compared=compared)
    notes = [note for note in channels.notes if not (once.counted and is_overlap(note))]
    rest = {name: sold for name, sold in told.items() if name not in once.counted}
    notes += told_of(rest, metrics=rest, period=period, currency=currency or workspace(work).currency)
    if again:
        notes.append(f"Not added, as platforms say the same themselves: {listed(again)}.")
    return Home(channels, days, replace(once, notes=(*once.notes, *notes)))


def revenue_by_day(work: Work, *, period: Period, currency: str) -> dict[date, float]:
    """What each day of the period brought, every sale once; days of which that is not known are absent."""
    compared = compare("previous_period", period=period)
    told, (days,), _ = _asked(work, [Query(("revenue",), period, ("date",), currency=currency)])
    once = count_once(days.rows, days.totals, told, period=period, compared=compared)
    return {row["date"]: float(row["revenue"]) for row in once.rows if row["revenue"] is not None}


def _asked(work: Work, queries: Sequence[Query]) -> tuple[dict[str, Counted], list[Result], list[str]]:
    """What was counted in the periods of the queries, which are alike; what platforms delivered and claim; and who only
    said the same again, which is not added.
    """

    def make(ask: Asker) -> bytes:
        kept, again = once_each(work, ask)
        told = orjson.dumps([counted(work, ask, queries[0]), again], option=orjson.OPT_NON_STR_KEYS)
        answers = (run(ask, replace(query, filters=kept)) for query in queries)
        return len(told).to_bytes(_SIZE) + told + packed(*answers)

    held = keep(work, make, question=["sales", *map(as_dict, queries)])
    end = _SIZE + int.from_bytes(held[:_SIZE])
    sold, again = orjson.loads(held[_SIZE:end])
    return {name: _unpacked(told) for name, told in sold.items()}, unpacked(held[end:]), again


def once_each(work: Work, ask: Asker) -> tuple[tuple[Filter, ...], list[str]]:
    """What keeps of all sources what each delivers and claims itself, and the names of those that only say it again.

    An analytics tool's copy of the platforms' costs is no cost more, nor is its count of sales another claim.
    """
    sources, counters = _sources(ask)
    again = marketing.said_again(work, accounts=ask.catalogue().days.accounts)
    twice = (*counters, *again.sources) if sources.difference(counters) else ()
    left_out = {"data_source": twice, "channel": again.channels}
    kept = tuple(Filter(name, values, "not_in") for name, values in left_out.items() if values)
    return kept, [*map(source_name, again.sources), *(f"“{channel}”" for channel in again.channels)]


def key_figures(work: Work, ask: Asker, query: Query) -> Result:
    """The answer to a query of a whole company that groups nothing, its totals with every sale once."""
    asked = replace(query, dimensions=(), filters=once_each(work, ask)[0])
    whole, told = run(ask, asked), counted(work, ask, query)
    if not told or whole.currency != (query.currency or workspace(work).currency):
        return whole
    by_day = run(ask, replace(asked, dimensions=("date",)))
    once = count_once(by_day.rows, whole.totals, told, period=query.period, compared=query.compare_to)
    return replace(whole, totals=dict(once.totals))


def counted(work: Work, ask: Asker, query: Query) -> dict[str, Counted]:
    """What was counted, not claimed, of sales in the period of a query, and in the one that it is compared with."""
    periods = [query.period, *([query.compare_to.period] if query.compare_to else [])]
    return marketing.counted_sales(
        work,
        first=min(one.start for one in periods),
        last=max(one.end for one in periods),
        currency=query.currency or workspace(work).currency,
        counters=_sources(ask)[1],
        version=None if ask.tables.are_current else ask.snapshot.data_version,
    )


def _sources(ask: Asker) -> tuple[set[str], tuple[str, ...]]:
    """Every source, and those of them that count all sales."""
    sources = {source for source, _ in ask.catalogue().days.accounts}
    return sources, tuple(sorted(sources.intersection(COUNTERS)))


def _unpacked(told: Mapping[str, Mapping[str, Any]]) -> Counted:
    tellers, values = (
        {date.fromisoformat(day): one for day, one in told[name].items()} for name in ("tellers", "values")
    )
    return Counted(tellers, values)
