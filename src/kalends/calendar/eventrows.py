"""Between an event's row and the value it stands for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select

from kalends.base.work import Work
from kalends.calendar.events import (
    EVENT_FIELDS,
    DatedEvent,
    EventFields,
    Merged,
    canonical_fields,
    occurrences_of,
    span_of,
)
from kalends.calendar.models import Event, StoredConflict

# An event shows at most this many days before its first and after its last (EventFields.days_before, days_after).
WINDOW = 366
LISTS = ("markets", "brands", "channels", "exdates", "overrides")


def fields_of(event: Event) -> EventFields:
    """What the row says."""
    return EventFields.model_validate({name: getattr(event, name) for name in EVENT_FIELDS})


def put_fields(event: Event, merged: Merged) -> None:
    """Write what holds into the row; an event that is gone keeps its last values."""
    if merged.fields is None:
        return
    plain = canonical_fields(merged.fields)
    for name in EVENT_FIELDS:
        setattr(event, name, plain[name] if name in LISTS else getattr(merged.fields, name))
    event.shows_from, event.shows_to = span_of(merged.fields) if merged.fields.recurrence else (None, None)
    event.provenance = dict(sorted(merged.provenance.items()))


def events_between(work: Work, *, calendar_id: UUID, first: date, last: date, margin: int = 0) -> Sequence[Event]:
    """The living events on the days from `first` to `last`, `margin` days around, by first day and name.

    One that repeats comes once, where any of its occurrences is there.
    """
    first, last = _around(first, last, margin)
    once = and_(Event.recurrence == "", Event.starts_on <= last, Event.ends_on >= first)
    again = and_(Event.recurrence != "", Event.shows_from <= last, Event.shows_to >= first)
    query = (
        select(Event)
        .where(Event.calendar_id == calendar_id, Event.deleted_at.is_(None), or_(once, again))
        .order_by(Event.starts_on, Event.name, Event.id)
    )
    rows = work.session.scalars(query).all()
    return [row for row in rows if not row.recurrence or _occurs(fields_of(row), first, last)]


def _around(first: date, last: date, margin: int) -> tuple[date, date]:
    """The days with `margin` more on either side, as far as there are days."""
    room = timedelta(days=margin)
    return max(first, date.min + room) - room, min(last, date.max - room) + room


def _occurs(fields: EventFields, first: date, last: date) -> bool:
    return any(each.starts_on <= last and each.ends_on >= first for _, each in occurrences_of(fields))


def dated(event: Event, *, first: date, last: date, severities: Collection[str] = ()) -> list[DatedEvent]:
    """The event's occurrences on the days from `first` to `last`: itself, where it does not repeat.

    `severities`: those of the differences about it that are not settled.
    """
    found = occurrences_of(fields_of(event))
    is_open, is_critical = bool(severities), "critical" in severities
    return [
        DatedEvent(str(event.id), fields, on, is_open=is_open, is_critical=is_critical)
        for on, fields in found
        if fields.starts_on <= last and fields.ends_on >= first
    ]


def dated_events(work: Work, *, calendar_id: UUID, first: date, last: date, margin: int = WINDOW) -> list[DatedEvent]:
    """The events that may show on those days, windows included; each occurrence of one that repeats."""
    rows = events_between(work, calendar_id=calendar_id, first=first, last=last, margin=margin)
    begin, end = _around(first, last, margin)
    open_ = _unsettled(work, calendar_id) if rows else {}
    return [each for row in rows for each in dated(row, first=begin, last=end, severities=open_.get(row.id, ()))]


def _unsettled(work: Work, calendar_id: UUID) -> dict[UUID, set[str]]:
    """How grave the differences are that wait for a person, by event."""
    query = select(StoredConflict.event_id, StoredConflict.severity).where(
        StoredConflict.calendar_id == calendar_id, StoredConflict.state.in_(("open", "waiting"))
    )
    found: dict[UUID, set[str]] = {}
    for event_id, severity in work.session.execute(query):
        found.setdefault(event_id, set()).add(severity)
    return found


def plain_event(event: Event) -> dict[str, Any]:
    """An event as JSON values."""
    return {
        "id": str(event.id),
        "calendar_id": str(event.calendar_id),
        "source": event.source,
        "key": event.outside_key,
        **canonical_fields(fields_of(event)),
        "provenance": event.provenance,
        "row_version": event.row_version,
        "created_at": event.created_at.isoformat(),
        "updated_at": event.updated_at.isoformat(),
        "is_deleted": event.deleted_at is not None,
    }
