"""Rows over many days (weekly rows, totals): which of them may count.

Such a row counts when it lies wholly inside the asked period, when its account has no daily rows in it that would tell
the same money again, and when no other counted row of the account overlaps it. It is never spread over its days.
"""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from kalends.insight.dimensions import Dimension
from kalends.insight.periods import Period, Unit, unit_start
from kalends.insight.reports import finest_first, split_by

SEPARATOR: Final = "\x1f"  # the unit separator of ASCII, in no platform's ids


@dataclass(frozen=True, slots=True)
class Span:
    """The rows of one report of one account over the same days; `daily_days` of those also have daily rows.

    `repeats`: whether the rows are of several attribution windows.
    """

    data_source: str
    account_id: str
    report: str
    start: date
    end: date
    daily_days: int = 0
    repeats: bool = False

    @property
    def key(self) -> str:
        """The text by which the warehouse recognises its rows."""
        return SEPARATOR.join((self.data_source, self.account_id, self.report, str(self.start), str(self.end)))

    @property
    def days(self) -> int:
        """How many days it is over."""
        return (self.end - self.start).days + 1


def counted(
    spans: Iterable[Span], /, *, period: Period, needs: Collection[str], dimensions: Collection[Dimension]
) -> tuple[Span, ...]:
    """Those `spans` that count towards `period` when split by `needs` and grouped by `dimensions`.

    Per account, those without overlap that hold the most days; of two such choices the one with the finer spans, then
    the finer report.
    """
    accounts: dict[tuple[str, str], list[Span]] = defaultdict(list)
    for span in spans:
        inside = period.start <= span.start and span.end <= period.end
        if inside and not span.daily_days and frozenset(needs) <= split_by(span.report) and placeable(span, dimensions):
            accounts[span.data_source, span.account_id].append(span)
    return tuple(span for key in sorted(accounts) for span in without_overlap(accounts[key]))


def placeable(span: Span, dimensions: Collection[Dimension]) -> bool:
    """Whether every dated dimension has one value for all of its days: a week inside a month has one month."""
    return all(d.name in _UNITS and _is_within_one(span, _UNITS[d.name]) for d in dimensions if d.is_dated)


def _is_within_one(span: Span, unit: Unit) -> bool:
    return unit_start(span.start, unit) == unit_start(span.end, unit)


_UNITS: Final[dict[str, Unit]] = {"week": "week", "month": "month", "quarter": "quarter", "year": "year"}


def without_overlap(spans: Sequence[Span], /) -> list[Span]:
    """The choice of disjoint spans of one account that holds the most days (weighted interval scheduling)."""
    ordered = sorted(_finest_each(spans), key=lambda s: (s.end, s.start))
    ends = [span.end for span in ordered]
    best: list[tuple[tuple[int, int], list[Span]]] = [((0, 0), [])]
    for n, span in enumerate(ordered):
        (days, count), before = best[bisect.bisect_left(ends, span.start, 0, n)]
        taken = ((days + span.days, count + 1), [*before, span])
        best.append(max(best[n], taken, key=lambda choice: choice[0]))
    return best[-1][1]


def _finest_each(spans: Iterable[Span]) -> list[Span]:
    """Of several reports over the same days, the finest."""
    finest: dict[tuple[date, date], Span] = {}
    for span in spans:
        held = finest.get((span.start, span.end))
        if held is None or finest_first(span.report) < finest_first(held.report):
            finest[span.start, span.end] = span
    return list(finest.values())
