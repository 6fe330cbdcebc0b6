"""Calendar sources: each calendar as somebody keeps it, what it says now, and how its readings went.

Reading a source writes what changed in it and leaves the rest to a job: `consolidating` makes events of it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, BinaryIO, Final, Literal
from uuid import UUID

from sqlalchemy import delete, insert, select, update

from kalends.base.errors import ConflictError, NotFoundError
from kalends.base.ids import new_id
from kalends.base.work import Work
from kalends.calendar.calendars import definition_of, get_calendar
from kalends.calendar.errors import EventError
from kalends.calendar.events import MANUAL
from kalends.calendar.models import Calendar, CalendarSource, SourceReading, StoredEntry
from kalends.calendar.reading import Reading, SourceEntry, read_ics, read_table
from kalends.calendar.reading.dates import DayOrder

CONSOLIDATE: Final = "calendar.consolidate"
RESERVED: Final = frozenset({MANUAL, "master", "person", "wording"})
FATES_KEPT: Final = 1_000
"""Of what was mended or refused, how many are kept to show; the counts are of all."""
MONTH_FIRST: Final = frozenset({"US", "PH", "FM", "MH", "PW"})
"""Countries that write the month before the day."""


class SourceNotFoundError(NotFoundError):
    """There is no such calendar source."""

    code = "source_not_found"


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """How a source is read: corrections of guessed columns, the order of day and month, the zone of its times."""

    columns: Mapping[str, str | None]
    day_order: DayOrder | None = None
    zone: str | None = None


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


def slug(label: str) -> str:
    """A label as a name: lower case letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", label.casefold()).strip("-")[:60] or "calendar"


def list_sources(work: Work, *, calendar_id: UUID | None = None) -> Sequence[CalendarSource]:
    """The calendar's sources in their order."""
    calendar = get_calendar(work, calendar_id=calendar_id)
    query = select(CalendarSource).where(CalendarSource.calendar_id == calendar.id, CalendarSource.removed_at.is_(None))
    return work.session.scalars(query.order_by(CalendarSource.priority, CalendarSource.name)).all()


def get_source(work: Work, *, source_id: UUID) -> CalendarSource:
    """One source. Raises SourceNotFoundError."""
    found = work.session.get(CalendarSource, (work.scope.tenant_id, source_id))
    if found is None or found.removed_at is not None:
        raise SourceNotFoundError(source_id=str(source_id))
    return found


def add_source(
    work: Work,
    *,
    label: str,
    priority: int = 100,
    markets: Sequence[str] = (),
    settings: SourceSettings | None = None,
    calendar_id: UUID | None = None,
) -> CalendarSource:
    """Make a source without entries. Raises ConflictError if there is one of that name."""
    calendar, name = get_calendar(work, calendar_id=calendar_id), slug(label)
    if name in RESERVED:
        raise EventError(f"A source cannot be called {label!r}: Kalends uses that name itself.", where="label")
    if any(source.name == name for source in list_sources(work, calendar_id=calendar.id)):
        raise ConflictError(f"There is a source called {name!r} already.", name=name)
    source = CalendarSource(
        tenant_id=work.scope.tenant_id,
        id=new_id(),
        calendar_id=calendar.id,
        name=name,
        label=label,
        kind="file",
        priority=priority,
        markets=list(markets),
        settings=asdict(settings) if settings else {},
        row_version=1,
        created_at=work.now,
        updated_at=work.now,
    )
    work.session.add(source)
    work.session.flush()
    work.audit("source.add", subject_kind="calendar_source", subject_id=source.id, after=plain_source(source))
    return source


def remove_source(work: Work, *, source_id: UUID) -> None:
    """Take a source off the calendar: its entries go, events that only it named too, in the next consolidation."""
    source = get_source(work, source_id=source_id)
    before = plain_source(source)
    work.session.execute(
        update(StoredEntry).where(StoredEntry.source_id == source.id).values(is_gone=True, is_pending=True)
    )
    source.removed_at = work.now
    work.audit("source.remove", subject_kind="calendar_source", subject_id=source.id, before=before)
    consolidate_soon(work, calendar_id=source.calendar_id)


def read_file(
    work: Work, *, source_id: UUID, content: bytes, file_name: str, settings: SourceSettings | None = None
) -> SourceReading:
    """Read a source's file anew and note what changed; events follow in a job.

    `settings`: replace the source's own, where given. Raises the errors of `reading`, and then nothing has changed.
    """
    source = get_source(work, source_id=source_id)
    work.session.refresh(source, with_for_update=True)
    if settings is not None:
        source.settings = asdict(settings)
    calendar = get_calendar(work, calendar_id=source.calendar_id)
    return take_in(work, source=source, reading=preview(calendar, source, content=content), file_name=file_name)


def preview(calendar: Calendar, source: CalendarSource, *, content: bytes) -> Reading:
    """What reading the file gives; nothing is written. Raises the errors of `reading`."""
    definition, told = definition_of(calendar), source.settings

    def opened() -> BinaryIO:
        return io.BytesIO(content)

    zone = told.get("zone") or definition.zone
    if kind_of(content[:4096]) == "ics":
        return read_ics(opened, zone=zone, first=definition.first_day, last=definition.last_day)
    usual: DayOrder = "mdy" if definition.primary.country in MONTH_FIRST else "dmy"
    order: DayOrder | None = told.get("day_order")
    return read_table(
        opened,
        zone=zone,
        order=order or usual,
        corrections=told.get("columns") or {},
        is_order_told=order is not None,
    )


def kind_of(head: bytes) -> Literal["ics", "table"]:
    """Whether a file that begins like this is iCalendar."""
    plain = head.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").upper()
    return "ics" if plain.startswith((b"BEGIN:VCALENDAR", b"BEGIN:VEVENT")) else "table"


def take_in(work: Work, *, source: CalendarSource, reading: Reading, file_name: str) -> SourceReading:
    """Write what changed since the last reading, and note how this one went."""
    changes = _changes(work, source, reading.entries)
    _write(work, source, changes)
    counts = reading.counts()
    shown = [asdict(fate) for fate in reading.fates if fate.outcome != "kept"][:FATES_KEPT]
    told = SourceReading(
        tenant_id=work.scope.tenant_id,
        id=new_id(),
        source_id=source.id,
        **counts,
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
    work.session.add(told)
    source.read_at, source.updated_at, source.problem = work.now, work.now, None
    source.quality = completeness(reading.entries)
    source.row_version += 1
    work.session.flush()
    work.audit("source.read", subject_kind="calendar_source", subject_id=source.id, after={"reading": str(told.id)})
    if not changes.is_empty:
        consolidate_soon(work, calendar_id=source.calendar_id)
    return told


def consolidate_soon(work: Work, *, calendar_id: UUID) -> None:
    """Have what is pending made into events after the commit."""
    work.defer(CONSOLIDATE, subject_id=calendar_id, lock=f"calendar:{calendar_id}", calendar_id=str(calendar_id))


# What makes an entry useful beyond its name and days, and what it tells the rest of the calendar.
TELLING: Final = ("type", "impact", "status", "markets", "channels", "description", "owner")


def completeness(entries: Sequence[SourceEntry]) -> float | None:
    """How much a source says, 0 to 1: half for name and days, the rest by how many other fields its entries fill."""
    if not entries:
        return None
    said = sum(sum(name in entry.fields for name in TELLING) for entry in entries)
    return round(0.5 + 0.5 * said / (len(TELLING) * len(entries)), 4)


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


def plain_source(source: CalendarSource) -> dict[str, Any]:
    """A source as JSON values, without its address."""
    return {
        "id": str(source.id),
        "calendar_id": str(source.calendar_id),
        "name": source.name,
        "label": source.label,
        "kind": source.kind,
        "priority": source.priority,
        "markets": source.markets,
        "settings": source.settings,
        "quality": source.quality,
        "read_at": source.read_at.isoformat() if source.read_at else None,
        "problem": source.problem,
        "row_version": source.row_version,
    }
