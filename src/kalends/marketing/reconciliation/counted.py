"""Sales counted once: by day, by the most direct witness of those who count every sale, where one speaks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from kalends.base.warehouse import TenantWarehouse
from kalends.marketing.reconciliation.reading import Spoken, Wanted, read
from kalends.marketing.reconciliation.sources import COUNTERS, MONEY, ORDERS, rank

SALES: Final[Mapping[str, Sequence[str]]] = {"revenue": COUNTERS, "conversions": (ORDERS,)}
"""Who counts what is sold. An order is a sale; what analytics tools call a conversion may be any key event."""
QUIET: Final = 7
"""So many days may pass without a sale before nobody is taken to count any more: a file may be missing."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Who counts the sales of which day, and how much it was. A day with a teller and without a value was quiet."""

    tellers: Mapping[date, str] = field(default_factory=dict)
    values: Mapping[date, float] = field(default_factory=dict)


def counted(
    warehouse: TenantWarehouse,
    *,
    first: date,
    last: date,
    currency: str,
    counters: Collection[str],
    version: int | None = None,
) -> dict[str, Counted]:
    """Revenue (in `currency`) and conversions of the days from `first` to `last`; those that nobody counts are absent.

    `counters`: those of COUNTERS that have facts; the shop's orders are asked in any case. `version`: as known
    at that data version; None: as it is now.
    """
    edge = timedelta(days=QUIET)
    wanted = Wanted(
        first - edge, last + edge, tuple(SALES), frozenset(), currency, frozenset({ORDERS, *counters}), version
    )
    heard = read(warehouse, wanted)
    found = {}
    for metric in SALES:
        own = [told for told in heard.counted if told[0].metric == metric and told[1] in SALES[metric]]
        unpriced = heard.unpriced if metric in MONEY else ()
        if told := by_day(own, first=first, last=last, unpriced=unpriced):
            found[metric] = told
    return found


def by_day(spoken: Sequence[Spoken], *, first: date, last: date, unpriced: Collection[date] = ()) -> Counted | None:
    """What is said of one metric, one witness a day; None where no day has one. `unpriced`: of these days some of the
    shop's amounts are left out, so that it has not counted all of them.
    """
    said: dict[str, dict[date, float]] = {}
    for cell, source, value in spoken:
        own = said.setdefault(source, {})
        own[cell.day] = own.get(cell.day, 0.0) + value
    tellers: dict[date, str] = {}
    for source in sorted(said, key=rank):
        for day in _covered(said[source]):
            if first <= day <= last and not (source == ORDERS and day in unpriced):
                tellers.setdefault(day, source)
    values = {day: said[source][day] for day, source in tellers.items() if day in said[source]}
    return Counted(tellers, values) if tellers else None


def _covered(days: Iterable[date]) -> Iterable[date]:
    """The days, and the quiet ones between two of them that are not far from each other."""
    before: date | None = None
    for day in sorted(days):
        start = before + timedelta(days=1) if before and (day - before).days <= QUIET else day
        yield from (start + timedelta(days=n) for n in range((day - start).days + 1))
        before = day
