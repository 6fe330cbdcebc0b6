"""Who used what: the counts of calls by key and room, written down and read again."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from kalends.base.ids import new_id
from kalends.base.scope import Scope
from kalends.base.usage import Call
from kalends.base.work import House, Work
from kalends.marketing.stewardship.models import UsageDay

PEOPLE = "people at pages"


def write_down_usage(house: House) -> None:
    """Add what this process counted to the tenants' days; what fails is counted again with the next time."""
    taken = house.usage.take()
    by_tenant: dict[UUID, Counter[Call]] = {}
    for call, times in taken.items():
        by_tenant.setdefault(call.tenant_id, Counter())[call] = times
    for tenant_id, calls in by_tenant.items():
        try:
            with house.work(Scope(tenant_id=tenant_id, role="worker", label="usage")) as work:
                _add(work, calls)
        except Exception:
            house.usage.put_back(calls)
            raise


def _add(work: Work, calls: Counter[Call]) -> None:
    # In one order, so that two processes that write at the same time cannot wait for each other.
    for call, times in sorted(calls.items(), key=lambda entry: (entry[0].day, entry[0].label, entry[0].room)):
        row = {"day": call.day, "label": call.label, "room": call.room, "calls": times}
        work.session.execute(
            insert(UsageDay)
            .values(tenant_id=work.scope.tenant_id, id=new_id(), **row)
            .on_conflict_do_update(
                index_elements=["tenant_id", "day", "label", "room"], set_={"calls": UsageDay.calls + times}
            )
        )


def usage_of(work: Work, *, days: int) -> dict[str, dict[str, int]]:
    """Calls of the last `days` days by label and room; a person at a page has no label."""
    first: date = work.now.date() - timedelta(days=days - 1)
    query = (
        select(UsageDay.label, UsageDay.room, func.sum(UsageDay.calls).label("calls"))
        .where(UsageDay.day >= first)
        .group_by(UsageDay.label, UsageDay.room)
        .order_by(UsageDay.label, UsageDay.room)
    )
    found: dict[str, dict[str, int]] = {}
    for row in work.session.execute(query):
        found.setdefault(row.label or PEOPLE, {})[row.room] = int(row.calls)
    return found
