"""Consolidation in the store: what sources changed becomes events, and only what the changes touch is worked out anew.

Entries near a change are matched again; events whose entries changed are held anew; conflicts, provenance and every
source's statement are written beside them. Running again changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, insert, select

from kalends.base.ids import new_id
from kalends.base.work import Work
from kalends.calendar.calendars import Span, lock_calendar
from kalends.calendar.changes import latest_of_many, mark_spans
from kalends.calendar.conflictrows import decisions_about, write_conflicts
from kalends.calendar.consolidation import (
    MasterEvent,
    Policy,
    SourceCalendar,
    Spoken,
    choose,
    claims_about,
    comparable,
    hold,
    identify_conflicts,
    title_aliases,
)
from kalends.calendar.eventrows import fields_of, put_fields
from kalends.calendar.events import EVENT_FIELDS, MANUAL, Merged, touched
from kalends.calendar.models import Calendar, CalendarSource, Event, SourceEvent, StoredEntry
from kalends.calendar.reading import SourceEntry
from kalends.methods.matching import match, stable_ids

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


@dataclass(frozen=True, slots=True)
class Consolidated:
    """What a run did."""

    entries: int
    events: int
    conflicts: int


def consolidate_pending(
    work: Work,
    *,
    calendar_id: UUID,
    spans: Sequence[Span] = (),
    events: Collection[UUID] = (),
    policy: Policy | None = None,
) -> Consolidated:
    """Make events of what the calendar's sources changed since the last run.

    `spans`, `events`: days and events that people changed, to be looked at again though no source changed.
    """
    calendar = lock_calendar(work, calendar_id=calendar_id)
    near = _nearby(work, calendar, spans)
    if not near.rows:
        return Consolidated(0, 0, 0)
    pending = {key for key, row in near.rows.items() if row.is_pending}
    living = {key: spoken for key, spoken in near.said.items() if key not in near.rows or not near.rows[key].is_gone}
    matching = match([comparable(spoken) for spoken in living.values()], aliases=title_aliases())
    members = stable_ids(matching.clusters, near.previous, new_id=lambda: str(new_id()))
    stirred = {
        event_id: keys
        for event_id, keys in members.items()
        if pending.intersection(keys) or set(near.previous.get(event_id, ())) != set(keys) or UUID(event_id) in events
    }
    held = _held(work, near, stirred, policy or Policy())
    moved = _write(work, near, held, gone=[event for event in near.previous if event not in members])
    _settle_rows(work, near, members)
    if moved:
        mark_spans(work, calendar, "sources consolidated", moved)
    return Consolidated(len(pending), len(held), sum(len(event.conflicts) for event in held))


def follow(work: Work, *, event: Event, spans: Sequence[Span]) -> None:
    """After an event was changed by hand: what sources say there is held against it anew."""
    consolidate_pending(work, calendar_id=event.calendar_id, spans=spans, events={event.id})
    work.session.refresh(event)


# What is looked at.


def _nearby(work: Work, calendar: Calendar, spans: Sequence[Span]) -> Nearby:
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


# What holds.


def _held(work: Work, near: Nearby, stirred: Mapping[str, Sequence[str]], policy: Policy) -> list[MasterEvent]:
    """The events that the stirred clusters make."""
    said = {event_id: [near.said[key] for key in keys] for event_id, keys in stirred.items()}
    for event_id, entries in said.items():
        override = near.overrides.get(UUID(event_id))
        if override:
            entries.append(Spoken(SourceCalendar(MANUAL, ()), SourceEntry(f"override:{event_id}", override)))
    claims = {event_id: claims_about(event_id, entries) for event_id, entries in said.items()}
    choices = choose(identify_conflicts(claims.values()), policy=policy)
    decisions = decisions_about(work, [UUID(event_id) for event_id in said])
    return [
        hold(event_id, entries, claims=claims[event_id], choices=choices, policy=policy, decisions=decisions)
        for event_id, entries in sorted(said.items())
    ]


# What is written.


def _write(work: Work, near: Nearby, held: Sequence[MasterEvent], *, gone: Sequence[str]) -> list[Span]:
    """Write the events, what each source says of them, and their conflicts; gives the days that may have changed."""
    spans: list[Span] = []
    records: list[dict[str, Any]] = []
    for master in held:
        event = near.events.get(UUID(master.id))
        merged = Merged(master.fields, dict(master.provenance))
        if event is None:
            event = _new_event(work, near, master, merged)
            spans.append(touched(master.fields))
            records += _records(work, near, event, master)
            continue
        differs = _differs(event, master, is_removed=event.id in near.removed)
        if differs or _has_news(near, master):
            # Each statement of a source has the version that it made, so a new statement makes a new version.
            event.row_version, event.updated_at = event.row_version + 1, work.now
            records += _records(work, near, event, master)
        if differs:
            spans += [touched(fields_of(event)), touched(master.fields)]
            put_fields(event, merged)
            event.deleted_at = event.deleted_at if event.id in near.removed else None
    for event_id in gone:
        spans += _bury(work, near, near.events[UUID(event_id)], records)
    work.session.flush()
    if records:
        work.session.execute(insert(SourceEvent), records)
    write_conflicts(work, calendar_id=near.calendar.id, held=held)
    return spans


def _differs(event: Event, master: MasterEvent, *, is_removed: bool) -> bool:
    """Whether the row says something else. What a person removed stays removed, whatever sources say."""
    is_back = event.deleted_at is not None and not is_removed
    said = (fields_of(event), event.provenance)
    return is_back or said != (master.fields, dict(sorted(master.provenance.items())))


def _has_news(near: Nearby, master: MasterEvent) -> bool:
    """Whether a source says something that it did not say of this event before."""
    fresh, left = _moved(near, master)
    return bool(fresh or left)


def _moved(near: Nearby, master: MasterEvent) -> tuple[list[str], list[str]]:
    """The entries that say something new of the event, and those that no longer speak of it."""
    before = {key for key in near.previous.get(master.id, ()) if key in near.rows}
    now = [key for key in master.members if key in near.rows]
    fresh = [key for key in now if near.rows[key].is_pending or key not in before]
    return fresh, sorted(before - set(now))


def _new_event(work: Work, near: Nearby, master: MasterEvent, merged: Merged) -> Event:
    event = Event(
        tenant_id=work.scope.tenant_id,
        id=UUID(master.id),
        calendar_id=near.calendar.id,
        source=MASTER,
        outside_key=None,
        row_version=1,
        created_at=work.now,
        updated_at=work.now,
    )
    put_fields(event, merged)
    work.session.add(event)
    near.events[event.id] = event
    return event


def _bury(work: Work, near: Nearby, event: Event, records: list[dict[str, Any]]) -> list[Span]:
    """An event that no source names any more: off the calendar, its history stays."""
    if event.deleted_at is not None:
        return []
    span = touched(fields_of(event))
    event.row_version += 1
    event.updated_at = event.deleted_at = work.now
    keys = [key for key in near.previous.get(str(event.id), ()) if key in near.rows]
    records += [_record(work, event, near.said[key], is_deleted=True) for key in keys]
    return [span]


def _records(work: Work, near: Nearby, event: Event, master: MasterEvent) -> list[dict[str, Any]]:
    """What sources now say of the event that they did not say of it before; and which of them no longer speak of it."""
    fresh, left = _moved(near, master)
    said = [_record(work, event, near.said[key]) for key in fresh]
    return said + [_record(work, event, near.said[key], is_deleted=True) for key in left]


def _record(work: Work, event: Event, spoken: Spoken, *, is_deleted: bool = False) -> dict[str, Any]:
    fields = {name: spoken.fields[name] for name in EVENT_FIELDS if name in spoken.fields}
    return {
        "tenant_id": work.scope.tenant_id,
        "id": new_id(),
        "event_id": event.id,
        "source": spoken.source.name,
        "version": event.row_version,
        "fields": fields,
        "is_deleted": is_deleted,
        "undoes": None,
        "recorded_at": work.now,
        "recorded_by": work.scope.person_id,
        "label": work.scope.label,
    }


def _settle_rows(work: Work, near: Nearby, members: Mapping[str, Sequence[str]]) -> None:
    """Note which event each entry belongs to, and that it is done; entries that are gone go for good."""
    gone = [row.id for row in near.rows.values() if row.is_gone]
    if gone:
        work.session.execute(delete(StoredEntry).where(StoredEntry.id.in_(gone)))
    for event_id, keys in members.items():
        for key in keys:
            row = near.rows.get(key)
            if row is not None and (row.is_pending or row.event_id != UUID(event_id)):
                row.event_id, row.is_pending = UUID(event_id), False
    work.session.flush()
