"""Consolidation in the store: what sources changed becomes events, and only what the changes touch is worked out anew.

Entries near a change are matched again; events whose entries changed are held anew; conflicts, provenance and every
source's statement are written beside them. Running again changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, insert, select

from kalends.base.ids import new_id
from kalends.base.work import Work
from kalends.calendar.calendars import Span, get_calendar, lock_calendar
from kalends.calendar.changes import mark_spans
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
from kalends.calendar.models import Consolidation, Event, SourceEvent, StoredEntry
from kalends.calendar.nearby import MASTER, Nearby, look_around
from kalends.calendar.reading import SourceEntry
from kalends.methods.matching import match, stable_ids


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
    """Make events of what the calendar's sources changed since the last run, and note the run if there was any change.

    `spans`, `events`: days and events that people changed, to be looked at again though no source changed.
    """
    begun = time.perf_counter()
    calendar = lock_calendar(work, calendar_id=calendar_id)
    near = look_around(work, calendar, spans)
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
    done = Consolidated(len(pending), len(held), sum(len(event.conflicts) for event in held))
    if held or pending:
        _note_run(work, near, held, done, seconds=time.perf_counter() - begun)
    return done


# How much of an event's worth an unsettled difference takes: half for its days, all where the event is critical.
UNSETTLED: Final = {"low": 0.1, "medium": 0.25, "high": 0.5, "critical": 1.0}


def quality_of(held: Sequence[MasterEvent]) -> float:
    """0 to 100: the mean over the events of what their unsettled conflicts leave of them."""
    if not held:
        return 100.0
    lost = (
        sum(UNSETTLED[conflict.severity] for conflict in event.conflicts if conflict.state != "settled")
        for event in held
    )
    return round(100 * sum(1 - min(1.0, each) for each in lost) / len(held), 2)


def _note_run(work: Work, near: Nearby, held: Sequence[MasterEvent], done: Consolidated, *, seconds: float) -> None:
    """What was consolidated, from which readings of which sources, how well, and how long it took."""
    sources = {spoken.source.name: spoken.source.freshness for spoken in near.said.values()}
    conflicts = [conflict for event in held for conflict in event.conflicts]
    work.session.add(
        Consolidation(
            tenant_id=work.scope.tenant_id,
            id=new_id(),
            calendar_id=near.calendar.id,
            sources=dict(sorted(sources.items())),
            entries=done.entries,
            events=done.events,
            conflicts=len(conflicts),
            settled=sum(conflict.state == "settled" for conflict in conflicts),
            quality_score=quality_of(held),
            seconds=seconds,
            created_at=work.now,
        )
    )
    work.session.flush()


def list_runs(work: Work, *, calendar_id: UUID | None = None, limit: int = 20) -> Sequence[Consolidation]:
    """The last runs, newest first."""
    calendar = get_calendar(work, calendar_id=calendar_id)
    query = select(Consolidation).where(Consolidation.calendar_id == calendar.id)
    return work.session.scalars(query.order_by(Consolidation.id.desc()).limit(limit)).all()


def follow(work: Work, *, event: Event, spans: Sequence[Span]) -> None:
    """After an event was changed by hand: what sources say there is held against it anew."""
    consolidate_pending(work, calendar_id=event.calendar_id, spans=spans, events={event.id})
    work.session.refresh(event)


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
    speaking = {near.said[key].source.name for key in master.members if key in near.rows}
    # One statement for each source: one that left by one key and came by another still speaks.
    gone = {near.said[key].source.name: key for key in left if near.said[key].source.name not in speaking}
    said = {near.said[key].source.name: key for key in fresh}
    return [_record(work, event, near.said[key]) for key in said.values()] + [
        _record(work, event, near.said[key], is_deleted=True) for key in gone.values()
    ]


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
