"""Between an event's row and the value it stands for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from kalends.base.work import Work
from kalends.calendar.events import EVENT_FIELDS, DatedEvent, EventFields, Merged, canonical_fields
from kalends.calendar.models import Event

# An event shows at most this many days before its first and after its last (EventFields.days_before, days_after).
WINDOW = 366
LISTS = ("markets", "brands", "channels")


def fields_of(event: Event) -> EventFields:
    """What the row says."""
    return EventFields.model_validate({name: getattr(event, name) for name in EVENT_FIELDS})


def put_fields(event: Event, merged: Merged) -> None:
    """Write what holds into the row; an event that is gone keeps its last values."""
    if merged.fields is None:
        return
    for name in EVENT_FIELDS:
        value = getattr(merged.fields, name)
        setattr(event, name, list(value) if name in LISTS else value)
    event.provenance = dict(sorted(merged.provenance.items()))


def events_between(work: Work, *, calendar_id: UUID, first: date, last: date, margin: int = 0) -> Sequence[Event]:
    """The living events on the days from `first` to `last`, `margin` days around, by first day and name."""
    query = (
        select(Event)
        .where(
            Event.calendar_id == calendar_id,
            Event.deleted_at.is_(None),
            Event.starts_on - margin <= last,
            Event.ends_on + margin >= first,
        )
        .order_by(Event.starts_on, Event.name, Event.id)
    )
    return work.session.scalars(query).all()


def dated_events(work: Work, *, calendar_id: UUID, first: date, last: date) -> list[DatedEvent]:
    """The events that may show on those days, windows included."""
    rows = events_between(work, calendar_id=calendar_id, first=first, last=last, margin=WINDOW)
    return [DatedEvent(str(row.id), fields_of(row)) for row in rows]


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
