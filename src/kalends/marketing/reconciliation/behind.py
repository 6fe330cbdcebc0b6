"""The batches behind what is said: the way from an answer back to files; and days of which orders may be missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import ibis
from sqlalchemy import select

from kalends.base.work import Work
from kalends.identity.service import workspace
from kalends.marketing import orders
from kalends.marketing.models import Batch
from kalends.marketing.reconciliation.cells import TOGETHER
from kalends.marketing.reconciliation.sources import CLAIMANTS, MATERIAL, ORDERS
from kalends.marketing.versions import facts_as_of

KEYS: Final = ["data_source", "date", "batch_seq"]


@dataclass(frozen=True, slots=True)
class Behind:
    """`said`: source and day -> the batches whose word counts; `lacking`: days of which orders may be missing."""

    said: Mapping[tuple[str, date], frozenset[UUID]] = field(default_factory=dict)
    lacking: frozenset[date] = frozenset()

    def of(self, source: str, days: Iterable[date]) -> list[UUID]:
        """The batches in which the source, or all platforms together, speaks of these days."""
        sources = CLAIMANTS if source == TOGETHER else {source}
        return sorted(set().union(*(self.said.get((one, day), ()) for day in days for one in sources)))


def behind(work: Work, *, first: date, last: date, version: int | None = None) -> Behind:
    """What stands behind these days as it is now, or was at a data version."""
    numbers: dict[tuple[str, date], set[int]] = {}
    for row in _rows(work, first, last, version):
        numbers.setdefault((row["data_source"], row["date"]), set()).add(row["batch_seq"])
    query = select(Batch).where(Batch.seq.in_(set().union(*numbers.values())))
    found = {batch.seq: batch for batch in work.session.scalars(query)}
    said = {key: frozenset(found[seq].id for seq in each if seq in found) for key, each in numbers.items()}
    return Behind(
        said, _lacking(work, {day: each for (source, day), each in numbers.items() if source == ORDERS}, found)
    )


def _lacking(work: Work, said: Mapping[date, set[int]], batches: Mapping[int, Batch]) -> frozenset[date]:
    """Days of files of which more than a trifle was set aside, and the day that was not over when the last was made."""
    told = {seq: batch for seq, batch in batches.items() if batch.data_source == ORDERS}
    poor = {seq for seq, batch in told.items() if (batch.quarantined or 0) > MATERIAL * (batch.received or 0)}
    zone = ZoneInfo(workspace(work).zone)
    newest = max((batch.reported_at.astimezone(zone).date() for batch in told.values()), default=None)
    return frozenset(day for day, each in said.items() if day == newest or each & poor)


def _rows(work: Work, first: date, last: date, version: int | None) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    warehouse = work.warehouse
    if warehouse.exists("facts"):
        facts = warehouse.table("facts")
        if version is not None:
            facts = facts_as_of(warehouse, version=version, date_from=first, date_to=last)
        facts = facts.filter(facts.date_from == facts.date_to).rename(date="date_from")
        rows += warehouse.to_arrow(facts.filter(facts.date.between(first, last)).select(KEYS).distinct()).to_pylist()
    if warehouse.exists(orders.TABLE):
        sold = orders.current(warehouse, version=version).mutate(data_source=ibis.literal(ORDERS))
        rows += warehouse.to_arrow(sold.filter(sold.date.between(first, last)).select(KEYS).distinct()).to_pylist()
    return rows
