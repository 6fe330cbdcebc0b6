"""Background work of the calendar."""

from __future__ import annotations

import contextlib
from uuid import UUID

from kalends.base.chores import chore, frequent_chore
from kalends.base.errors import KalendsError
from kalends.base.jobs import LIGHT, OUTSIDE, JobRun, job
from kalends.base.work import House
from kalends.calendar.calendars import REBUILD, refresh_days
from kalends.calendar.consolidating import consolidate_pending
from kalends.calendar.newyear import extend_all
from kalends.calendar.sourcevisits import READ_ADDRESS, read_address, read_due
from kalends.calendar.weighing import CONSOLIDATE


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


@job(READ_ADDRESS, queue=OUTSIDE)
def read_source_address(run: JobRun) -> None:
    """Read a source's address. That it could not be read is the source's to tell, and no fault of the job."""
    with contextlib.suppress(KalendsError):
        read_address(run.work, source_id=UUID(run.args["source_id"]), is_routine=True)


@frequent_chore
def read_due_addresses(house: House) -> None:
    """Start a job for each address that is due."""
    read_due(house)


@chore
def extend_all_calendars(house: House) -> None:
    """When a year has begun, give every calendar another one at its end; at other times, nothing to do."""
    extend_all(house)
