"""Consolidation in the store: what sources changed becomes events, and only what the changes touch is worked out anew.

Entries near a change are matched again; events whose entries changed are held anew; conflicts, provenance and every
source's statement are written beside them. Running again changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from kalends.base.ids import new_id
from kalends.base.work import Work
from kalends.calendar.calendars import Span, definition_of, lock_calendar
from kalends.calendar.changes import mark_spans
from kalends.calendar.conflictrows import standing_about, write_conflicts
from kalends.calendar.consolidation import (
    Dated,
    MasterEvent,
    Policy,
    SourceCalendar,
    Spoken,
    Tables,
    choose,
    claims_about,
    comparable,
    hold,
    identify_conflicts,
    matched,
    ruled,
    ruling_for,
)
from kalends.calendar.eventrows import fields_of, put_fields
from kalends.calendar.events import EVENT_FIELDS, MANUAL, Merged, touched
from kalends.calendar.models import Event, SourceEvent
from kalends.calendar.nearby import MASTER, Nearby, look_around, settle
from kalends.calendar.pairrows import answers_near, own_event, own_events, write_pairs
from kalends.calendar.policyrows import policy_of
from kalends.calendar.reading import SourceEntry
from kalends.calendar.runs import note_run
from kalends.methods.matching import stable_ids
from kalends.notify.service import tell_admins


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
    entries: Collection[str] = (),
    policy: Policy | None = None,
) -> Consolidated:
    """Make events of what the calendar's sources changed since the last run, and note the run if there was any change.

    `spans`, `events`, `entries`: days, events and entries that people decided about, to be looked at again though no
    source changed. `policy`: for this run alone, in place of the calendar's own.
    """
    begun = time.perf_counter()
    calendar = lock_calendar(work, calendar_id=calendar_id)
    near = look_around(work, calendar, spans, asked=events)
    if not near.rows:
        return Consolidated(0, 0, 0)
    pending = {key for key, row in near.rows.items() if row.is_pending}
    gone = {key for key, row in near.rows.items() if row.is_gone}
    answers = answers_near(work, near, gone=gone)
    matching = matched([comparable(spoken) for key, spoken in near.said.items() if key not in gone], answers=answers)
    members = _ids(near, near.settled(matching.clusters))
    stirred = {
        event_id: keys
        for event_id, keys in members.items()
        if pending.intersection(keys) or set(near.previous.get(event_id, ())) != set(keys) or UUID(event_id) in events
    }
    held = _held(work, near, stirred, policy or policy_of(work, calendar_id=calendar.id))
    moved = _write(work, near, held, gone=[event for event in near.previous if event not in members])
    settle(work, near, members)
    write_pairs(work, near, matching, stirred={*pending, *entries, *chain.from_iterable(stirred.values())})
    if moved:
        mark_spans(work, calendar, "sources consolidated", moved)
    done = Consolidated(len(pending), len(held), sum(len(event.conflicts) for event in held))
    if held or pending:
        note_run(work, near, held, entries=done.entries, seconds=time.perf_counter() - begun)
    return done


def _ids(near: Nearby, clusters: Sequence[Sequence[str]]) -> dict[str, Sequence[str]]:
    """The clusters by the ids of their events: one that holds an event made by hand or by a program is that event."""
    own = {own_events(cluster)[0]: tuple(sorted(cluster)) for cluster in clusters if own_events(cluster)}
    others = [cluster for cluster in clusters if not own_events(cluster)]
    previous = {event_id: keys for event_id, keys in near.previous.items() if event_id not in own}
    return {**own, **stable_ids(others, previous, new_id=lambda: str(new_id()))}


def follow(work: Work, *, event: Event, spans: Sequence[Span]) -> None:
    """After an event was changed by hand: what sources say there is held against it anew."""
    consolidate_pending(work, calendar_id=event.calendar_id, spans=spans, events={event.id})
    work.session.refresh(event)


# What holds.


def _held(work: Work, near: Nearby, stirred: Mapping[str, Sequence[str]], policy: Policy) -> list[MasterEvent]:
    """The events that the stirred clusters make."""
    # Of two events made here that are one, the older one holds; the other is off the calendar, and so is what it said.
    said = {
        event_id: [near.said[key] for key in keys if own_event(key) in {None, event_id}]
        for event_id, keys in stirred.items()
    }
    for event_id, entries in said.items():
        override = near.overrides.get(UUID(event_id))
        if override:
            entries.append(Spoken(SourceCalendar(MANUAL, ()), SourceEntry(f"override:{event_id}", override)))
    rulings = _rulings(near, said)
    claims = {event_id: ruled(claims_about(event_id, entries), rulings[event_id]) for event_id, entries in said.items()}
    choices = choose(identify_conflicts(claims.values()), policy=policy)
    standing = standing_about(work, [UUID(event_id) for event_id in said])
    decided = standing.decisions
    return [
        standing.checked(
            hold(
                event_id,
                entries,
                claims=claims[event_id],
                choices=choices,
                policy=policy,
                decisions=decided,
                ruling=rulings[event_id],
            )
        )
        for event_id, entries in sorted(said.items())
    ]


def _rulings(near: Nearby, said: Mapping[str, Sequence[Spoken]]) -> dict[str, Dated | None]:
    """What moments and public holidays say against calendars; what only people or programs put here holds as it is."""
    definition = definition_of(near.calendar)
    tables = Tables(definition.markets, definition.moments_off)
    return {
        event_id: ruling_for(entries, tables=tables) if any(spoken.id in near.rows for spoken in entries) else None
        for event_id, entries in said.items()
    }


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
    written = write_conflicts(work, calendar_id=near.calendar.id, held=held)
    if written.wait:
        tell_approvers(work, written.wait)
    return spans + [touched(event.fields) for event in held if event.id in written.doubted]


def tell_approvers(work: Work, wait: int) -> None:
    """Once for each run, not for each difference."""
    words = "A critical difference waits" if wait == 1 else f"{wait} critical differences wait"
    tell_admins(
        work,
        kind="conflicts.waiting",
        title=f"{words} for your approval",
        body="Calendars differ about the days or the status of an event on which much depends.",
        href="/calendar-conflicts?severity=critical",
    )


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
