"""Events by hand and by outside key: created, changed, deleted, undone, every version kept.

Each change appends what a source says now (`source_events`) and writes the merged outcome into `events`. What a person
changes is the source `manual`: on another source's event it holds just the changed fields and wins over it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import select

from kalends.base.ids import new_id
from kalends.base.work import Work
from kalends.calendar.calendars import get_calendar, lock_calendar, mark_days
from kalends.calendar.errors import EventChangedError, EventError, EventNotFoundError, NothingToUndoError
from kalends.calendar.eventrows import events_between, fields_of, plain_event, put_fields
from kalends.calendar.events import (
    EVENT_FIELDS,
    MANUAL,
    EventFields,
    SourceRecord,
    canonical_fields,
    merge,
    touched,
)
from kalends.calendar.models import Calendar, Event, SourceEvent

Span = tuple[date, date]


@dataclass(frozen=True, slots=True)
class KeyedEvent:
    """An event as an outside system knows it; `key` is unique within its source."""

    key: str
    fields: EventFields


@dataclass(slots=True)
class Upserted:
    """What an upsert did; ids in the order in which the events came."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    ids: list[UUID] = field(default_factory=list)


def list_events(work: Work, *, first: date, last: date, calendar_id: UUID | None = None) -> Sequence[Event]:
    """The living events on the days from `first` to `last`, both included."""
    calendar = get_calendar(work, calendar_id=calendar_id)
    return events_between(work, calendar_id=calendar.id, first=first, last=last)


def get_event(work: Work, *, event_id: UUID) -> Event:
    """A living event. Raises EventNotFoundError."""
    found = work.session.get(Event, (work.scope.tenant_id, event_id))
    if found is None or found.deleted_at is not None:
        raise EventNotFoundError(event_id=str(event_id))
    return found


def create_event(work: Work, *, fields: EventFields, calendar_id: UUID | None = None) -> Event:
    """Make an event by hand."""
    calendar = lock_calendar(work, calendar_id=calendar_id)
    event = _new_event(work, calendar, source=MANUAL, key=None, fields=fields)
    _record(work, event, source=MANUAL, fields=canonical_fields(fields), provenance_of=[])
    work.audit("event.create", subject_kind="event", subject_id=event.id, after=plain_event(event))
    _mark(work, calendar, "event created", [touched(fields)])
    return event


def change_event(work: Work, *, event_id: UUID, changes: Mapping[str, Any], row_version: int | None = None) -> Event:
    """Change some fields by hand (a drag is a change of its days). Raises EventChangedError if somebody was faster.

    `row_version`: the version that the person looked at. On another source's event the change is an override.
    """
    unknown = sorted(changes.keys() - set(EVENT_FIELDS))
    if unknown:
        raise EventError(f"An event has no field {', '.join(unknown)}.", unknown=unknown, known=list(EVENT_FIELDS))
    event, calendar = _locked(work, event_id, row_version)
    wanted = _valid({**fields_of(event).model_dump(), **changes})
    if wanted == fields_of(event):
        return event
    before, was = plain_event(event), touched(fields_of(event))
    records = _latest(work, event)
    manual = records.get(MANUAL)
    plain = canonical_fields(wanted)
    patch = {**(manual.fields if manual else {}), **{name: plain[name] for name in changes}}
    _record(work, event, source=MANUAL, fields=patch, provenance_of=records.values())
    work.audit("event.change", subject_kind="event", subject_id=event.id, before=before, after=plain_event(event))
    _mark(work, calendar, "event changed", [was, touched(fields_of(event))])
    return event


def delete_event(work: Work, *, event_id: UUID, row_version: int | None = None) -> Event:
    """Take an event off the calendar by hand; its history stays, and undo brings it back."""
    event, calendar = _locked(work, event_id, row_version)
    before = plain_event(event)
    records = _latest(work, event)
    manual = records.get(MANUAL)
    fields = manual.fields if manual else {}
    _record(work, event, source=MANUAL, fields=fields, is_deleted=True, provenance_of=records.values())
    work.audit("event.delete", subject_kind="event", subject_id=event.id, before=before)
    _mark(work, calendar, "event deleted", [touched(fields_of(event))])
    return event


def undo_event(work: Work, *, event_id: UUID) -> Event:
    """Take back the last change of an event that is not taken back yet. Raises NothingToUndoError.

    Undone creation removes the event, undone deletion brings it back. Undoing again goes one change further.
    """
    found = work.session.get(Event, (work.scope.tenant_id, event_id))
    if found is None:
        raise EventNotFoundError(event_id=str(event_id))
    calendar = lock_calendar(work, calendar_id=found.calendar_id)
    work.session.refresh(found)
    history = event_history(work, event_id=event_id)
    undone = {entry.undoes for entry in history}
    target = next((e for e in history if e.undoes is None and e.version not in undone), None)
    if target is None:
        raise NothingToUndoError
    earlier = next((e for e in history if e.source == target.source and e.version < target.version), None)
    before, was = plain_event(found), touched(fields_of(found))
    _record(
        work,
        found,
        source=target.source,
        fields=earlier.fields if earlier else {},
        is_deleted=earlier.is_deleted if earlier else not _others_live(history, target.source),
        undoes=target.version,
        provenance_of=_latest(work, found).values(),
    )
    work.audit("event.undo", subject_kind="event", subject_id=found.id, before=before, after=plain_event(found))
    _mark(work, calendar, "event undone", [was, touched(fields_of(found))])
    return found


def _others_live(history: Sequence[SourceEvent], source: str) -> bool:
    """Whether another source still says that the event exists: then taking back an override only empties it."""
    latest: dict[str, SourceEvent] = {}
    for entry in reversed(history):
        latest[entry.source] = entry
    return any(not entry.is_deleted for name, entry in latest.items() if name != source)


def event_history(work: Work, *, event_id: UUID) -> Sequence[SourceEvent]:
    """Every version of what every source said about an event, newest first."""
    query = select(SourceEvent).where(SourceEvent.event_id == event_id).order_by(SourceEvent.version.desc())
    return work.session.scalars(query).all()


def upsert_events(
    work: Work, *, events: Sequence[KeyedEvent], source: str = "api", calendar_id: UUID | None = None
) -> Upserted:
    """Create or renew many events by their outside keys; the same call again changes nothing.

    What a person overrode by hand stays overridden, what a person deleted stays deleted. Raises EventError when a key
    comes twice, or when the source claims to be a person.
    """
    _check_keys(events, source)
    calendar = lock_calendar(work, calendar_id=calendar_id)
    known = _by_key(work, calendar, source)
    latest = _latest_of_many(work, [event.id for event in known.values()])
    done, spans = Upserted(), list[Span]()
    for keyed in events:
        event = known.get(keyed.key)
        plain = canonical_fields(keyed.fields)
        if event is None:
            event = _new_event(work, calendar, source=source, key=keyed.key, fields=keyed.fields)
            _record(work, event, source=source, fields=plain, provenance_of=[])
            done.created += 1
        else:
            records = latest[event.id]
            own = records[source]
            if own.fields == plain and not own.is_deleted:
                done.unchanged += 1
                done.ids.append(event.id)
                continue
            spans.append(touched(fields_of(event)))
            _record(work, event, source=source, fields=plain, provenance_of=records.values())
            done.updated += 1
        done.ids.append(event.id)
        spans.append(touched(fields_of(event)))
    if spans:
        counts = {"created": done.created, "updated": done.updated, "source": source}
        work.audit("event.upsert", subject_kind="calendar", subject_id=calendar.id, after=counts)
        _mark(work, calendar, "events from outside", spans)
    return done


def _check_keys(events: Sequence[KeyedEvent], source: str) -> None:
    """Refuse what could not be told apart later."""
    if source == MANUAL:
        raise EventError("The source 'manual' is what people write by hand; give the outside system's own name.")
    seen: dict[str, int] = {}
    for index, event in enumerate(events):
        if event.key in seen:
            raise EventError(
                f"events.{index}: the key {event.key!r} is that of events.{seen[event.key]} too.",
                where=f"events.{index}.key",
            )
        seen[event.key] = index


def _by_key(work: Work, calendar: Calendar, source: str) -> dict[str, Event]:
    """A source's events by their outside keys, deleted ones included."""
    rows = work.session.scalars(select(Event).where(Event.calendar_id == calendar.id, Event.source == source))
    return {row.outside_key: row for row in rows if row.outside_key is not None}


def _latest(work: Work, event: Event) -> dict[str, SourceEvent]:
    """What each source says about an event now."""
    return _latest_of_many(work, [event.id])[event.id]


def _latest_of_many(work: Work, ids: Sequence[UUID]) -> dict[UUID, dict[str, SourceEvent]]:
    """What each source says about each event now."""
    found: dict[UUID, dict[str, SourceEvent]] = {event_id: {} for event_id in ids}
    query = select(SourceEvent).where(SourceEvent.event_id.in_(ids)).order_by(SourceEvent.version)
    for row in work.session.scalars(query):
        found[row.event_id][row.source] = row
    return found


def _locked(work: Work, event_id: UUID, row_version: int | None) -> tuple[Event, Calendar]:
    """The event and its calendar, locked; refuses when the person looked at an older version."""
    event = get_event(work, event_id=event_id)
    calendar = lock_calendar(work, calendar_id=event.calendar_id)
    work.session.refresh(event)
    if event.deleted_at is not None:
        raise EventNotFoundError(event_id=str(event_id))
    if row_version is not None and row_version != event.row_version:
        raise EventChangedError(current=plain_event(event))
    return event, calendar


def _new_event(work: Work, calendar: Calendar, *, source: str, key: str | None, fields: EventFields) -> Event:
    """A row for an event that is about to be recorded."""
    event = Event(
        tenant_id=work.scope.tenant_id,
        id=new_id(),
        calendar_id=calendar.id,
        source=source,
        outside_key=key,
        row_version=0,
        created_at=work.now,
        updated_at=work.now,
    )
    put_fields(event, merge(records=[SourceRecord(source, canonical_fields(fields))]))
    work.session.add(event)
    return event


def _record(
    work: Work,
    event: Event,
    *,
    source: str,
    fields: dict[str, Any],
    provenance_of: Iterable[SourceEvent],
    is_deleted: bool = False,
    undoes: int | None = None,
) -> None:
    """Append what `source` says now, and write what then holds into the event's row.

    `provenance_of`: what every source said until now.
    """
    records = {row.source: SourceRecord(row.source, row.fields, row.is_deleted) for row in provenance_of}
    records[source] = SourceRecord(source, fields, is_deleted)
    # The event's own source first among those that are not `manual`: later sources only fill its gaps.
    ordered = sorted(records.values(), key=lambda record: (record.source != event.source, record.source))
    merged = _merged(ordered)
    put_fields(event, merged)
    event.deleted_at = None if merged.fields is not None else work.now
    event.row_version += 1
    event.updated_at = work.now
    work.session.add(
        SourceEvent(
            tenant_id=work.scope.tenant_id,
            id=new_id(),
            event_id=event.id,
            source=source,
            version=event.row_version,
            fields=fields,
            is_deleted=is_deleted,
            undoes=undoes,
            recorded_at=work.now,
            recorded_by=work.scope.person_id,
            label=work.scope.label,
        )
    )
    work.session.flush()


def _merged(records: Sequence[SourceRecord]) -> Any:
    """The merge; refuses when the outcome makes no sense (an override that no longer fits what the source says now)."""
    try:
        return merge(records=records)
    except ValidationError as error:
        raise EventError(_words(error)) from error


def _valid(values: Mapping[str, Any]) -> EventFields:
    """The fields, or an EventError that says what is wrong where."""
    try:
        return EventFields.model_validate(dict(values))
    except ValidationError as error:
        found = [{"where": ".".join(map(str, item["loc"])), "what": item["msg"]} for item in error.errors()]
        raise EventError(_words(error), errors=found) from error


def _words(error: ValidationError) -> str:
    """A validation error in one line."""
    return "; ".join(f"{'.'.join(map(str, item['loc'])) or 'event'}: {item['msg']}" for item in error.errors())


def _mark(work: Work, calendar: Calendar, reason: str, spans: Sequence[Span]) -> None:
    """Have the touched days rebuilt."""
    first, last = min(first for first, _ in spans), max(last for _, last in spans)
    mark_days(work, calendar=calendar, reason=reason, first=first, last=last)
