"""What a consolidation looks at: entries near a change, their events, and what people made by hand there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, ColumnExpressionArgument, Text, and_, cast, delete, or_, select, text

from kalends.base.work import Work
from kalends.calendar.calendars import Span
from kalends.calendar.consolidation import SourceCalendar, Spoken
from kalends.calendar.events import MANUAL
from kalends.calendar.models import Calendar, CalendarSource, Event, SourceEvent, StoredEntry
from kalends.calendar.reading import SourceEntry

Said = tuple[UUID, str, Mapping[str, Any], bool]

MASTER: Final = "master"
"""The source of an event that was made of calendar sources' entries."""
NEAR: Final = timedelta(days=7)
"""Entries whose days are further away than this from every changed entry are not looked at."""
TOUCHED: Final = timedelta(days=4)
"""Entries within this may be matched otherwise than before: a link needs days within 3 of each other, and whether it
counts depends on what else its ends are linked to. Beyond, entries are looked at for what they mean to these, and stay
where they were: at the edge, they lack their own neighbours. In 360 simulated edits among 4,000 entries, with a
day more of `NEAR`, none ended otherwise than a whole run.
"""
BATCH: Final = 5_000
API_PRIORITY: Final = 50
"""Events that came over the API come before calendars that were read, unless somebody orders otherwise."""


class EntryRow(NamedTuple):
    """A stored entry as a run looks at it. A value, not a row that the session watches: there are thousands of them."""

    id: UUID
    source_id: UUID
    key: str
    fields: Mapping[str, Any]
    url: str | None
    support: float
    starts_on: date
    ends_on: date
    event_id: UUID | None
    is_pending: bool
    is_gone: bool


@dataclass(slots=True)
class Nearby:
    """What a consolidation looks at: rows, what they say, and which event each belonged to."""

    calendar: Calendar
    rows: dict[str, EntryRow] = field(default_factory=dict)
    said: dict[str, Spoken] = field(default_factory=dict)
    events: dict[UUID, Event] = field(default_factory=dict)
    overrides: dict[UUID, Mapping[str, Any]] = field(default_factory=dict)
    """What people changed by hand in events that sources made."""
    removed: set[UUID] = field(default_factory=set)
    """Events that people took off the calendar."""
    previous: dict[str, list[str]] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)
    """Entries near enough to a change to be matched otherwise than before."""

    def settled(self, clusters: Sequence[Sequence[str]]) -> list[Sequence[str]]:
        """The clusters, but those as they were that no touched entry leads to, by its old cluster or its new one."""
        new = {key: cluster for cluster in clusters for key in cluster}
        old: dict[str, list[str]] = {}
        for keys in self.previous.values():
            known = [each for each in keys if each in new]
            old |= dict.fromkeys(keys, known)
        reached, ahead = set[str](), [key for key in self.touched if key in new]
        while ahead:
            key = ahead.pop()
            if key not in reached:
                reached.add(key)
                ahead += [*new[key], *old.get(key, ())]
        found: list[Sequence[str]] = []
        placed = set[str]()
        for key, cluster in new.items():
            if key not in placed:
                found.append(tuple(cluster if key in reached else old.get(key, [key])))
                placed.update(found[-1])
        return found


def look_around(work: Work, calendar: Calendar, spans: Sequence[Span], *, asked: Collection[UUID] = ()) -> Nearby:
    """The entries on days near those that are pending, the rest of their events, and events made by hand there.

    `asked`: events to look at wherever their entries are; a date that was chosen may lie far from what they say.
    """
    near = Nearby(calendar)
    pending = _entries(work, calendar, StoredEntry.is_pending)
    changed = [*spans, *((row.starts_on, row.ends_on) for row in pending)]
    if not changed:
        return near
    windows = _windows([(first - NEAR, last + NEAR) for first, last in changed])
    is_near = or_(*(and_(*_on(StoredEntry, first, last)) for first, last in windows))
    rows = [*pending, *_entries(work, calendar, is_near, ~StoredEntry.is_pending)]
    events = {row.event_id for row in rows if row.event_id} | set(asked)
    for some in _batches(sorted(events)):
        rows += _entries(work, calendar, StoredEntry.event_id.in_(some), ~is_near, ~StoredEntry.is_pending)
    sources = _sources(work, calendar)
    for row in sorted(rows, key=lambda row: (row.source_id, row.key)):
        spoken = Spoken(sources[row.source_id], SourceEntry(row.key, row.fields, row.url, row.support))
        key = spoken.id
        near.rows[key], near.said[key] = row, spoken
        if row.event_id is not None:
            near.previous.setdefault(str(row.event_id), []).append(key)
    if rows:
        _add_events(work, near, windows, events)
    _mark_touched(near, changed)
    return near


def _mark_touched(near: Nearby, changed: Iterable[Span]) -> None:
    # As text, because entries say their days so; days of four-digit years sort alike.
    spans = [(str(a), str(b)) for a, b in _windows((first - TOUCHED, last + TOUCHED) for first, last in changed)]
    near.touched = {
        key
        for key, spoken in near.said.items()
        if (key in near.rows and near.rows[key].is_pending)
        or any(spoken.fields["starts_on"] <= last and spoken.fields["ends_on"] >= first for first, last in spans)
    }


def _entries(work: Work, calendar: Calendar, *which: ColumnExpressionArgument[bool]) -> list[EntryRow]:
    """Some of the calendar's stored entries."""
    table = StoredEntry.__table__.c
    # What thousands of entries say is read as text and made values by the faster reader.
    columns = [cast(table.fields, Text) if name == "fields" else table[name] for name in EntryRow._fields]
    found = work.session.execute(select(*columns).where(table.calendar_id == calendar.id, *which))
    place = EntryRow._fields.index("fields")
    return [EntryRow._make((*row[:place], orjson.loads(row[place]), *row[place + 1 :])) for row in found]


def _on(table: type[StoredEntry | Event], first: date, last: date) -> tuple[ColumnElement[bool], ...]:
    """Those that have a day between two, both included."""
    return table.starts_on <= last, table.ends_on >= first


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
        there = query.where(*_on(Event, first, last), Event.source != MASTER, Event.deleted_at.is_(None))
        found |= {event.id: event for event in work.session.scalars(there)}
    near.events = found
    own = [event.id for event in found.values() if event.source != MASTER]
    for event_id, source, fields, is_deleted in _said_here(work, sorted(found), sorted(own)):
        event = found[event_id]
        if source == MANUAL and is_deleted:
            near.removed.add(event_id)
        if source == MANUAL and event.source != MANUAL:
            near.overrides[event_id] = fields
        if source == event.source != MASTER and event.deleted_at is None:
            _add_own(near, event, fields)


def _said_here(work: Work, ids: Sequence[UUID], own: Sequence[UUID]) -> Iterable[Said]:
    """The last word of people about any of the events, and about those in `own` that of everybody.

    What calendar sources say of an event is in their entries.
    """
    columns = (SourceEvent.event_id, SourceEvent.source, SourceEvent.fields, SourceEvent.is_deleted)
    wanted = or_(SourceEvent.source == MANUAL, SourceEvent.event_id.in_(own))
    for some in _batches(ids):
        query = select(*columns).where(SourceEvent.event_id.in_(some), wanted)
        ordered = query.order_by(SourceEvent.event_id, SourceEvent.source, SourceEvent.version.desc())
        yield from work.session.execute(ordered.distinct(SourceEvent.event_id, SourceEvent.source)).tuples()


def _add_own(near: Nearby, event: Event, fields: Mapping[str, Any]) -> None:
    """An event that a person or a program made, as an entry that others can be matched with."""
    source = SourceCalendar(name=event.source, entries=(), priority=API_PRIORITY)
    spoken = Spoken(source, SourceEntry(f"event:{event.id}", fields))
    near.said[spoken.id] = spoken
    near.previous.setdefault(str(event.id), []).append(spoken.id)


SETTLE: Final = text(
    "UPDATE source_entries SET event_id = done.event_id, is_pending = false"
    " FROM unnest(CAST(:entries AS uuid[]), CAST(:events AS uuid[])) AS done (id, event_id)"
    " WHERE source_entries.id = done.id"
)


def settle(work: Work, near: Nearby, members: Mapping[str, Sequence[str]]) -> None:
    """Note which event each entry belongs to, and that it is done; entries that are gone go for good."""
    gone = [row.id for row in near.rows.values() if row.is_gone]
    for some in _batches(gone):
        work.session.execute(delete(StoredEntry).where(StoredEntry.id.in_(some)))
    done: dict[UUID, UUID] = {}
    for event_id, keys in members.items():
        event, rows = UUID(event_id), (near.rows[key] for key in keys if key in near.rows)
        done |= {row.id: event for row in rows if row.is_pending or row.event_id != event}
    if done:
        work.session.execute(SETTLE, {"entries": list(done), "events": list(done.values())})
