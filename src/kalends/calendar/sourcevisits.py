"""Addresses are read when they are due, or when somebody asks: asked without holding a transaction, then taken in.

What was known stays when an address cannot be read: the source says in words what is wrong, and is asked more seldom
until it answers again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select, text, update

from kalends.base.errors import KalendsError
from kalends.base.outside import inner_allowed
from kalends.base.scope import Scope
from kalends.base.work import House, Work
from kalends.calendar.calendars import get_calendar
from kalends.calendar.fetching import Answer, Question, fetch
from kalends.calendar.models import CalendarSource, SourceReading
from kalends.calendar.sourcereading import read_content, take_in
from kalends.calendar.sources import FASTEST, SLOWEST, address_of, get_source
from kalends.notify.service import tell_admins

READ_ADDRESS: Final = "calendar.read_address"
USUAL: Final = 60
"""Minutes between two readings where neither a person nor the calendar says how often."""
FAILURES_TOLD: Final = 3
"""One may be a cable; three in a row should be known to somebody."""
DUE_TENANTS = text("SELECT tenant_id FROM find_due_sources(:now)")

OpenWork = Callable[[], AbstractContextManager[Work]]
"""Opens one transaction of whoever reads."""


def read_due(house: House) -> int:
    """Start a job for each address that is due, of all tenants; gives how many. Two servers start each only once."""
    with house.database.lookup() as session:
        tenants = session.execute(DUE_TENANTS, {"now": house.clock()}).scalars().all()
    started = 0
    for tenant_id in tenants:
        with house.work(Scope(tenant_id=tenant_id, role="worker", label="schedule")) as work:
            started += len(start_due(work))
    return started


def start_due(work: Work) -> Sequence[UUID]:
    """Start a job for each of the tenant's addresses that is due."""
    due = (
        update(CalendarSource)
        .where(
            CalendarSource.kind == "address",
            CalendarSource.removed_at.is_(None),
            CalendarSource.next_read_at <= work.now,
        )
        # The reading itself says when the next one is; until then nobody else shall start it.
        .values(next_read_at=work.now + timedelta(minutes=USUAL))
        .returning(CalendarSource.id)
    )
    found = work.session.execute(due).scalars().all()
    for source_id in found:
        work.defer(READ_ADDRESS, subject_id=source_id, lock=f"source:{source_id}", source_id=str(source_id))
    return found


def read_address(open_work: OpenWork, *, source_id: UUID, is_routine: bool) -> SourceReading | None:
    """Read a source's address now; None where it has not changed. Raises KalendsError: what is wrong is noted, too.

    `is_routine`: nobody waits for it.
    """
    with open_work() as work:
        question = question_of(work, source_id=source_id)
    try:
        answer = fetch(question)
        with open_work() as work:
            return take_answer(work, source_id=source_id, answer=answer, is_routine=is_routine)
    except KalendsError as error:
        with open_work() as work:
            note_failure(work, source_id=source_id, problem=error.message)
        raise


def question_of(work: Work, *, source_id: UUID) -> Question:
    """What to ask the source's address for. Raises SourceNotFoundError, EventError for a source of files."""
    source = get_source(work, source_id=source_id)
    address = address_of(work.house, source)
    calendar = get_calendar(work, calendar_id=source.calendar_id)
    # Another span of days or zone reads the same file differently.
    is_known = source.read_at is not None and calendar.updated_at <= source.read_at
    return Question(
        address=address,
        etag=source.etag if is_known else None,
        modified=source.modified if is_known else None,
        local_allowed=inner_allowed(work.house.settings),
    )


def take_answer(work: Work, *, source_id: UUID, answer: Answer, is_routine: bool) -> SourceReading | None:
    """Write what the address said; None where nothing changed. Raises the errors of `reading`."""
    source = get_source(work, source_id=source_id, for_update=True)
    told = None
    if answer.content is not None:
        calendar = get_calendar(work, calendar_id=source.calendar_id)
        reading = read_content(calendar, content=answer.content, settings=source.settings)
        told = take_in(work, source=source, reading=reading, file_name=source.address_host or "", is_routine=is_routine)
        source.told_every = reading.refresh_minutes
        source.etag, source.modified = answer.etag, answer.modified
    source.read_at, source.problem, source.failures = work.now, None, 0
    source.next_read_at = work.now + timedelta(minutes=minutes_between(source))
    work.session.flush()
    return told


def note_failure(work: Work, *, source_id: UUID, problem: str) -> None:
    """Say what is wrong, ask again later each time, and tell those who can mend it when it does not pass."""
    source = work.session.scalar(select(CalendarSource).where(CalendarSource.id == source_id).with_for_update())
    if source is None or source.removed_at is not None or source.kind != "address":
        return
    source.problem, source.failures = problem, source.failures + 1
    source.next_read_at = work.now + timedelta(minutes=minutes_between(source))
    work.session.flush()
    if source.failures == FAILURES_TOLD:
        tell_admins(
            work,
            kind="source.failed",
            title=f"The calendar “{source.label}” cannot be read any more",
            body=f"{problem} What was known of it stays.",
            href=f"/calendar-sources/{source_id}",
        )


def minutes_between(source: CalendarSource) -> int:
    """Until the next reading: as a person chose, else as the calendar asks, else an hour; doubled by each failure."""
    usual = source.read_every or source.told_every or USUAL
    doubled: int = usual << min(source.failures, 10)
    return min(max(doubled, FASTEST), SLOWEST)
