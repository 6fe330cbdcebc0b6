"""Events by hand and by outside key: created, changed, deleted, undone, every version kept.

Each change appends what a source says now (`source_events`) and writes the merged outcome into `events`. What a person
changes is the source `manual`: on another source's event it holds just the changed fields and wins over it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import select

from kalends.base.ids import new_id
from kalends.base.work import Work
from kalends.calendar.calendars import Span, get_calendar, lock_calendar
from kalends.calendar.changes import event_history, in_words, latest_of_many, latest_records, mark_spans, record_change
from kalends.calendar.consolidating import consolidate_pending, follow
from kalends.calendar.errors import EventChangedError, EventError, EventNotFoundError
from kalends.calendar.eventrows import dated, events_between, fields_of, plain_event, put_fields
from kalends.calendar.events import (
    EVENT_FIELDS,
    MANUAL,
    DatedEvent,
    EventFields,
    SourceRecord,
    canonical_fields,
    merge,
    touched,
)
from kalends.calendar.models import Calendar, Event


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
    """The living events on the days from `first` to `last`, both included; one that repeats comes once."""
    calendar = get_calendar(work, calendar_id=calendar_id)
    return events_between(work, calendar_id=calendar.id, first=first, last=last)


def list_occurrences(
    work: Work, *, first: date, last: date, calendar_id: UUID | None = None
) -> list[tuple[Event, DatedEvent]]:
    """Every occurrence on the days from `first` to `last`, with its event; what does not repeat is its own, once."""
    rows = list_events(work, first=first, last=last, calendar_id=calendar_id)
    found = [(row, each) for row in rows for each in dated(row, first=first, last=last)]
    return sorted(found, key=lambda pair: (pair[1].fields.starts_on, pair[1].fields.name))


def has_events(work: Work, *, calendar_id: UUID) -> bool:
    """Whether anything was ever planned on a calendar and still is."""
    query = select(Event.id).where(Event.calendar_id == calendar_id, Event.deleted_at.is_(None)).limit(1)
    return work.session.scalar(query) is not None


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
    record_change(work, event, source=MANUAL, fields=canonical_fields(fields), provenance_of=[])
    work.audit("event.create", subject_kind="event", subject_id=event.id, after=plain_event(event))
    mark_spans(work, calendar, "event created", [touched(fields)])
    follow(work, event=event, spans=[touched(fields)])
    return event


def change_event(work: Work, *, event_id: UUID, changes: Mapping[str, Any], row_version: int | None = None) -> Event:
    """Change some fields by hand (a drag is a change of its days). Raises EventChangedError if somebody was faster.

    `row_version`: the version that the person looked at. On another source's event the change is an override. Another
    rule of repeating drops the exceptions of the old one, unless new ones come with it.
    """
    unknown = sorted(changes.keys() - set(EVENT_FIELDS))
    if unknown:
        raise EventError(f"An event has no field {', '.join(unknown)}.", unknown=unknown, known=list(EVENT_FIELDS))
    event, calendar = _locked(work, event_id, row_version)
    known = fields_of(event)
    if changes.get("recurrence", known.recurrence) != known.recurrence:
        changes = {"exdates": (), "overrides": (), **changes}
    wanted = _valid({**known.model_dump(), **changes})
    if wanted == known:
        return event
    before, was = plain_event(event), touched(known)
    records = latest_records(work, event)
    manual = records.get(MANUAL)
    plain = canonical_fields(wanted)
    patch = {**(manual.fields if manual else {}), **{name: plain[name] for name in changes}}
    record_change(work, event, source=MANUAL, fields=patch, provenance_of=records.values())
    work.audit("event.change", subject_kind="event", subject_id=event.id, before=before, after=plain_event(event))
    mark_spans(work, calendar, "event changed", [was, touched(fields_of(event))])
    follow(work, event=event, spans=[was, touched(fields_of(event))])
    return event


def delete_event(work: Work, *, event_id: UUID, row_version: int | None = None) -> Event:
    """Take an event off the calendar by hand; its history stays, and undo brings it back."""
    event, calendar = _locked(work, event_id, row_version)
    before = plain_event(event)
    records = latest_records(work, event)
    manual = records.get(MANUAL)
    fields = manual.fields if manual else {}
    record_change(work, event, source=MANUAL, fields=fields, is_deleted=True, provenance_of=records.values())
    work.audit("event.delete", subject_kind="event", subject_id=event.id, before=before)
    mark_spans(work, calendar, "event deleted", [touched(fields_of(event))])
    follow(work, event=event, spans=[touched(fields_of(event))])
    return event


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
    latest = latest_of_many(work, [event.id for event in known.values()])
    done, spans = Upserted(), list[Span]()
    for keyed in events:
        event = known.get(keyed.key)
        plain = canonical_fields(keyed.fields)
        if event is None:
            event = _new_event(work, calendar, source=source, key=keyed.key, fields=keyed.fields)
            record_change(work, event, source=source, fields=plain, provenance_of=[])
            done.created += 1
        else:
            records = latest[event.id]
            own = records[source]
            if own.fields == plain and not own.is_deleted:
                done.unchanged += 1
                done.ids.append(event.id)
                continue
            spans.append(touched(fields_of(event)))
            record_change(work, event, source=source, fields=plain, provenance_of=records.values())
            done.updated += 1
        done.ids.append(event.id)
        spans.append(touched(fields_of(event)))
    if spans:
        counts = {"created": done.created, "updated": done.updated, "source": source}
        work.audit("event.upsert", subject_kind="calendar", subject_id=calendar.id, after=counts)
        mark_spans(work, calendar, "events from outside", spans)
        consolidate_pending(work, calendar_id=calendar.id, spans=spans, events=set(done.ids))
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


def _locked(work: Work, event_id: UUID, row_version: int | None) -> tuple[Event, Calendar]:
    """The event and its calendar, locked; refuses when the person looked at an older version."""
    event = get_event(work, event_id=event_id)
    calendar = lock_calendar(work, calendar_id=event.calendar_id)
    work.session.refresh(event)
    if event.deleted_at is not None:
        raise EventNotFoundError(event_id=str(event_id))
    if row_version is not None and row_version != event.row_version:
        raise EventChangedError(_what_happened(work, event), current=plain_event(event))
    return event, calendar


def _what_happened(work: Work, event: Event) -> str:
    """Who was faster, and what the event is now."""
    who = event_history(work, event_id=event.id)[0].label or "Somebody"
    return (
        f"{who} changed this event in the meantime: it is now “{event.name}”, {event.starts_on} to {event.ends_on}. "
        "Look at it and try again."
    )


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


def _valid(values: Mapping[str, Any]) -> EventFields:
    """The fields, or an EventError that says what is wrong where."""
    try:
        return EventFields.model_validate(dict(values))
    except ValidationError as error:
        found = [{"where": ".".join(map(str, item["loc"])), "what": item["msg"]} for item in error.errors()]
        raise EventError(in_words(error), errors=found) from error
