"""Calendars that go on: when a year begins, each grows by one at its end, so that there is always room to plan."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from functools import partial
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import select

from kalends.base.priority import give_way
from kalends.base.scope import Scope
from kalends.base.work import House, Work
from kalends.calendar.calendars import YEARS_AHEAD, build_pending, definition_of, pend_days
from kalends.calendar.definition import MOST_DAYS, CalendarDefinition
from kalends.calendar.models import Calendar

LOG = structlog.get_logger(__name__)
AT_ONCE: Final = 4
"""Companies at a time: while some wait for their disk or for PostgreSQL, others compute."""
REASON: Final = "a new year"
ZONES: Final = timedelta(days=1)
"""New year is nowhere more than a day before or after UTC's."""


def extend_all(house: House) -> int:
    """Extend the calendars of every company, each in a transaction of its own; gives how many days were written."""
    with ThreadPoolExecutor(AT_ONCE, "newyear") as pool:
        return sum(pool.map(partial(_extend_company, house), house.tenants()))


def _extend_company(house: House, tenant_id: UUID) -> int:
    """One company's calendars. What goes wrong there keeps no other company from its new year; the next round tries."""
    give_way()
    try:
        with house.work(Scope(tenant_id=tenant_id, role="worker", label="chore")) as work:
            return extend_calendars(work)
    except Exception:
        LOG.exception("calendars not extended", tenant=str(tenant_id))
        return 0


def extend_calendars(work: Work) -> int:
    """Let every calendar of the company reach `YEARS_AHEAD` beyond this year; gives how many days were written.

    Only days that are new are built: no column of a day depends on where its calendar ends.
    """
    return sum(_extend(work, calendar) for calendar in _ending_soon(work))


def _ending_soon(work: Work) -> Sequence[Calendar]:
    """The calendars that end too early, or will within a day; their rows are locked as `lock_calendar` locks one."""
    last_day = Calendar.definition["last_day"].astext
    wanted = date((work.now + ZONES).year + YEARS_AHEAD, 12, 31)
    query = select(Calendar).where(last_day < wanted.isoformat()).order_by(Calendar.id).with_for_update()
    return work.session.scalars(query, execution_options={"populate_existing": True}).all()


def _extend(work: Work, calendar: Calendar) -> int:
    was = definition_of(calendar)
    last_day = _wanted_end(work, was)
    if last_day <= was.last_day:
        return 0
    before = calendar.definition
    calendar.definition = {**before, "last_day": last_day.isoformat()}
    calendar.row_version += 1
    calendar.updated_at = work.now
    pend_days(work, calendar=calendar, reason=REASON, first=was.last_day + timedelta(days=1), last=last_day)
    after = calendar.definition
    work.audit("calendar.extend", subject_kind="calendar", subject_id=calendar.id, before=before, after=after)
    return build_pending(work, calendar=calendar)


def _wanted_end(work: Work, definition: CalendarDefinition) -> date:
    """The last day by the calendar's own clock; a calendar has no more than `MOST_DAYS`."""
    this_year = work.now.astimezone(ZoneInfo(definition.zone)).year
    return min(date(this_year + YEARS_AHEAD, 12, 31), definition.first_day + timedelta(days=MOST_DAYS))
