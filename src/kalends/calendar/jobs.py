"""Background work of the calendar."""

from __future__ import annotations

from uuid import UUID

from kalends.base.jobs import LIGHT, JobRun, job
from kalends.calendar.calendars import REBUILD, refresh_days
from kalends.calendar.consolidating import consolidate_pending
from kalends.calendar.sources import CONSOLIDATE


@job(REBUILD, queue=LIGHT)
def rebuild_days(run: JobRun) -> None:
    """Bring a calendar's changed days into the warehouse. Runs again harmlessly: nothing pending, nothing done."""
    with run.work() as work:
        refresh_days(work, calendar_id=UUID(run.args["calendar_id"]))


@job(CONSOLIDATE, queue=LIGHT)
def consolidate(run: JobRun) -> None:
    """Make events of what calendar sources changed. Runs again harmlessly: nothing pending, nothing done."""
    with run.work() as work:
        consolidate_pending(work, calendar_id=UUID(run.args["calendar_id"]))
