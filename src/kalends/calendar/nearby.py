"""What a consolidation looks at: entries near a change, their events, and what people made by hand there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from kalends.base.work import Work
from kalends.calendar.calendars import Span
from kalends.calendar.changes import latest_of_many
from kalends.calendar.consolidation import SourceCalendar, Spoken
from kalends.calendar.events import MANUAL
from kalends.calendar.models import Calendar, CalendarSource, Event, StoredEntry
from kalends.calendar.reading import SourceEntry

MASTER: Final = "master"
"""The source of an event that was made of calendar sources' entries."""
NEAR: Final = timedelta(days=14)
"""Entries whose days are further away than this from every changed entry are not matched again: a match needs days
within 3 of each other, and this leaves room for a chain of them.
"""
BATCH: Final = 5_000
API_PRIORITY: Final = 50
"""Events that came over the API come before calendars that were read, unless somebody orders otherwise."""


@dataclass(slots=True)
class Nearby:
    """What a consolidation looks at: rows, what they say, and which event each belonged to."""

    calendar: Calendar
    rows: dict[str, StoredEntry] = field(default_factory=dict)
    said: dict[str, Spoken] = field(default_factory=dict)
    events: dict[UUID, Event] = field(default_factory=dict)
    overrides: dict[UUID, Mapping[str, Any]] = field(default_factory=dict)
    """What people changed by hand in events that sources made."""
    removed: set[UUID] = field(default_factory=set)
    """Events that people took off the calendar."""
    previous: dict[str, list[str]] = field(default_factory=dict)


def look_around(work: Work, calendar: Calendar, spans: Sequence[Span]) -> Nearby:
    """The entries on days near those that are pending, the rest of their events, and events made by hand there."""
    near = Nearby(calendar)
    mine = StoredEntry.calendar_id == calendar.id
    pending = work.session.scalars(select(StoredEntry).where(mine, StoredEntry.is_pending)).all()
    changed = [*spans, *((row.starts_on, row.ends_on) for row in pending)]
    if not changed:
        return near
    windows = _windows([(first - NEAR, last + NEAR) for first, last in changed])
    rows = set(pending)
    for first, last in windows:
        on_days = (StoredEntry.starts_on <= last, StoredEntry.ends_on >= first)
        rows |= set(work.session.scalars(select(StoredEntry).where(mine, *on_days)))
    events = {row.event_id for row in rows if row.event_id}
    for some in _batches(sorted(events)):
        rows |= set(work.session.scalars(select(StoredEntry).where(mine, StoredEntry.event_id.in_(some))))
    sources = _sources(work, calendar)
    for row in sorted(rows, key=lambda row: (str(row.source_id), row.key)):
        spoken = Spoken(sources[row.source_id], SourceEntry(row.key, row.fields, row.url, row.support))
        near.rows[spoken.id], near.said[spoken.id] = row, spoken
        if row.event_id is not None:
            near.previous.setdefault(str(row.event_id), []).append(spoken.id)
    if rows:
        _add_events(work, near, windows, events)
    return near


def _windows(spans: Iterable[Span]) -> list[Span]:
    """The spans, those that touch joined."""
    joined: list[Span] = []
    for first, last in sorted(spans):
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return joined


def _batches(ids: Sequence[UUID]) -> Iterable[Sequence[UUID]]:
    return (ids[at : at + BATCH] for at in range(0, len(ids), BATCH))


def _sources(work: Work, calendar: Calendar) -> dict[UUID, SourceCalendar]:
    """The calendar's sources as consolidation knows them; their entries come one by one."""
    found = work.session.scalars(select(CalendarSource).where(CalendarSource.calendar_id == calendar.id))
    return {
        row.id: SourceCalendar(
            name=row.name,
            entries=(),
            priority=row.priority,
            quality=row.quality,
            freshness=int(row.read_at.timestamp()) if row.read_at else None,
            markets=tuple(row.markets),
        )
        for row in found
    }


def _add_events(work: Work, near: Nearby, spans: Sequence[Span], known: set[UUID]) -> None:
    """The events of those entries; and, as entries of their own, events near them that no source's entry made."""
    query = select(Event).where(Event.calendar_id == near.calendar.id)
    found: dict[UUID, Event] = {}
    for some in _batches(sorted(known)):
        found |= {event.id: event for event in work.session.scalars(query.where(Event.id.in_(some)))}
    for first, last in spans:
        there = query.where(
            Event.starts_on <= last, Event.ends_on >= first, Event.source != MASTER, Event.deleted_at.is_(None)
        )
        found |= {event.id: event for event in work.session.scalars(there)}
    near.events = found
    for some in _batches(sorted(found)):
        for event_id, records in latest_of_many(work, some).items():
            event = found[event_id]
            by_hand = records.get(MANUAL)
            if by_hand is not None and by_hand.is_deleted:
                near.removed.add(event_id)
            if by_hand is not None and event.source != MANUAL:
                near.overrides[event_id] = by_hand.fields
            if event.source != MASTER and event.deleted_at is None:
                _add_own(near, event, records[event.source].fields)


def _add_own(near: Nearby, event: Event, fields: Mapping[str, Any]) -> None:
    """An event that a person or a program made, as an entry that others can be matched with."""
    source = SourceCalendar(name=event.source, entries=(), priority=API_PRIORITY)
    spoken = Spoken(source, SourceEntry(f"event:{event.id}", fields))
    near.said[spoken.id] = spoken
    near.previous.setdefault(str(event.id), []).append(spoken.id)
