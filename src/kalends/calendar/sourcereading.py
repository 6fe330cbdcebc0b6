"""What a source says now: its file is read, what changed since the last reading is written, and how it went is kept.

Events follow in a job: `consolidating` makes them of what changed.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, BinaryIO, Final, Literal
from uuid import UUID

from sqlalchemy import delete, insert, select, update

from kalends.base.ids import new_id
from kalends.base.reading.unpack import Unpacking
from kalends.base.work import Work
from kalends.calendar.calendars import definition_of, get_calendar
from kalends.calendar.consolidation import SourceCalendar
from kalends.calendar.consolidation.reports import reading_grade
from kalends.calendar.models import Calendar, CalendarSource, SourceReading, StoredEntry
from kalends.calendar.reading import Reading, SourceEntry, read_ics, read_table
from kalends.calendar.reading.dates import DayOrder
from kalends.calendar.sources import SourceSettings, get_source
from kalends.calendar.weighing import consolidate_soon

FATES_KEPT: Final = 1_000
"""Of what was mended or refused, how many are kept to show; the counts are of all."""
MONTH_FIRST: Final = frozenset({"US", "PH", "FM", "MH", "PW"})
"""Countries that write the month before the day."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a reading changed in what the source says."""

    added: Sequence[SourceEntry]
    changed: Sequence[SourceEntry]
    removed: Sequence[str]

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed."""
        return not (self.added or self.changed or self.removed)


def read_file(
    work: Work, *, source_id: UUID, content: bytes, file_name: str, settings: SourceSettings | None = None
) -> SourceReading:
    """Read a source's file anew and note what changed; events follow in a job.

    `settings`: replace the source's own, where given. Raises the errors of `reading`, and then nothing has changed.
    """
    source = get_source(work, source_id=source_id, for_update=True)
    if settings is not None:
        source.settings = asdict(settings)
    calendar = get_calendar(work, calendar_id=source.calendar_id)
    reading = read_content(calendar, content=content, settings=source.settings)
    return take_in(work, source=source, reading=reading, file_name=file_name)


def read_content(calendar: Calendar, *, content: bytes, settings: Mapping[str, Any]) -> Reading:
    """What reading a file gives; nothing is written. Raises the errors of `reading`.

    `settings`: a SourceSettings as a source keeps it.
    """
    definition = definition_of(calendar)

    def opened() -> BinaryIO:
        return io.BytesIO(content)

    zone = settings.get("zone") or definition.zone
    if kind_of(next(iter(Unpacking(opened)), b"")[:4096]) == "ics":
        return read_ics(opened, zone=zone, first=definition.first_day, last=definition.last_day)
    usual: DayOrder = "mdy" if definition.primary.country in MONTH_FIRST else "dmy"
    order: DayOrder | None = settings.get("day_order")
    return read_table(
        opened,
        zone=zone,
        order=order or usual,
        corrections=settings.get("columns") or {},
        is_order_told=order is not None,
    )


def kind_of(head: bytes) -> Literal["ics", "table"]:
    """Whether a file that begins like this is iCalendar."""
    plain = head.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").upper()
    return "ics" if plain.startswith((b"BEGIN:VCALENDAR", b"BEGIN:VEVENT")) else "table"


def take_in(
    work: Work, *, source: CalendarSource, reading: Reading, file_name: str, is_routine: bool = False
) -> SourceReading:
    """Write what changed since the last reading, and note how this one went.

    `is_routine`: nobody asked for it, so one that went just like the last is not noted again.
    """
    changes = _changes(work, source, reading.entries)
    _write(work, source, changes)
    source.read_at, source.problem = work.now, None
    own = SourceCalendar(source.name, reading.entries, markets=tuple(source.markets))
    source.quality = reading_grade(own, refused=reading.counts()["refused"]).score
    told = _told(work, source, reading, changes, file_name)
    last = next(iter(readings_of(work, source_id=source.id, limit=1)), None)
    if is_routine and changes.is_empty and last is not None and _went(last) == _went(told):
        work.session.flush()
        return last
    work.session.add(told)
    work.session.flush()
    work.audit("source.read", subject_kind="calendar_source", subject_id=source.id, after={"reading": str(told.id)})
    if not changes.is_empty:
        consolidate_soon(work, calendar_id=source.calendar_id)
    return told


def _told(work: Work, source: CalendarSource, reading: Reading, changes: Changes, file_name: str) -> SourceReading:
    shown = [asdict(fate) for fate in reading.fates if fate.outcome != "kept"][:FATES_KEPT]
    return SourceReading(
        tenant_id=work.scope.tenant_id,
        id=new_id(),
        source_id=source.id,
        **reading.counts(),
        entries=len(reading.entries),
        added=len(changes.added),
        changed=len(changes.changed),
        removed=len(changes.removed),
        fates=shown,
        notes=reading.notes,
        columns=reading.columns,
        file_name=file_name,
        read_at=work.now,
    )


def _went(told: SourceReading) -> tuple[int, int, int, list[str]]:
    """How a reading went, apart from what changed by it."""
    return told.kept, told.mended, told.refused, told.notes


def _changes(work: Work, source: CalendarSource, entries: Sequence[SourceEntry]) -> Changes:
    """What is new, different and gone since the last reading."""
    query = select(StoredEntry.key, StoredEntry.fields, StoredEntry.url, StoredEntry.support).where(
        StoredEntry.source_id == source.id, StoredEntry.is_gone.is_(False)
    )
    known = {row.key: (row.fields, row.url, row.support) for row in work.session.execute(query)}
    fresh = {entry.key: entry for entry in entries}
    return Changes(
        added=[entry for entry in entries if entry.key not in known],
        changed=[
            entry
            for entry in entries
            if entry.key in known and known[entry.key] != (dict(entry.fields), entry.url, entry.support)
        ],
        removed=sorted(known.keys() - fresh.keys()),
    )


def _write(work: Work, source: CalendarSource, changes: Changes) -> None:
    """Write the changes, marked as pending."""
    session, mine = work.session, StoredEntry.source_id == source.id
    if changes.added:
        # A key that went and comes back begins anew; its history is in its events.
        keys = [entry.key for entry in changes.added]
        session.execute(delete(StoredEntry).where(mine, StoredEntry.key.in_(keys), StoredEntry.is_gone))
        session.execute(insert(StoredEntry), [_row(work, source, entry) for entry in changes.added])
    for entry in changes.changed:
        values = {name: value for name, value in _row(work, source, entry).items() if name in RENEWED}
        session.execute(update(StoredEntry).where(mine, StoredEntry.key == entry.key).values(**values))
    if changes.removed:
        gone = update(StoredEntry).where(mine, StoredEntry.key.in_(changes.removed))
        session.execute(gone.values(is_gone=True, is_pending=True))


RENEWED: Final = ("fields", "url", "support", "starts_on", "ends_on", "is_pending", "is_gone")


def _row(work: Work, source: CalendarSource, entry: SourceEntry) -> dict[str, Any]:
    return {
        "tenant_id": work.scope.tenant_id,
        "id": new_id(),
        "calendar_id": source.calendar_id,
        "source_id": source.id,
        "key": entry.key,
        "fields": dict(entry.fields),
        "url": entry.url,
        "support": entry.support,
        "starts_on": date.fromisoformat(entry.fields["starts_on"]),
        "ends_on": date.fromisoformat(entry.fields["ends_on"]),
        "is_pending": True,
        "is_gone": False,
    }


def readings_of(work: Work, *, source_id: UUID, limit: int = 20) -> Sequence[SourceReading]:
    """How a source's readings went, newest first."""
    query = select(SourceReading).where(SourceReading.source_id == source_id)
    return work.session.scalars(query.order_by(SourceReading.id.desc()).limit(limit)).all()
