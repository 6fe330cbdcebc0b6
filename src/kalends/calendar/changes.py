"""One change of one event: append what a source says, write what then holds, have the touched days rebuilt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import select

from kalends.base.ids import new_id
from kalends.base.work import Work
from kalends.calendar.calendars import Span, mark_days
from kalends.calendar.errors import EventError
from kalends.calendar.eventrows import put_fields
from kalends.calendar.events import Merged, SourceRecord, merge
from kalends.calendar.models import Calendar, Event, SourceEvent


def event_history(work: Work, *, event_id: UUID) -> Sequence[SourceEvent]:
    """Every version of what every source said about an event, newest first."""
    query = select(SourceEvent).where(SourceEvent.event_id == event_id).order_by(SourceEvent.version.desc())
    return work.session.scalars(query).all()


def latest_records(work: Work, event: Event) -> dict[str, SourceEvent]:
    """What each source says about an event now."""
    return latest_of_many(work, [event.id])[event.id]


def latest_of_many(work: Work, ids: Sequence[UUID]) -> dict[UUID, dict[str, SourceEvent]]:
    """What each source says about each event now."""
    found: dict[UUID, dict[str, SourceEvent]] = {event_id: {} for event_id in ids}
    query = select(SourceEvent).where(SourceEvent.event_id.in_(ids)).order_by(SourceEvent.version)
    for row in work.session.scalars(query):
        found[row.event_id][row.source] = row
    return found


def record_change(
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


def _merged(records: Sequence[SourceRecord]) -> Merged:
    """The merge; refuses when the outcome makes no sense (an override that no longer fits what the source says now)."""
    try:
        return merge(records=records)
    except ValidationError as error:
        raise EventError(in_words(error)) from error


def in_words(error: ValidationError) -> str:
    """A validation error in one line."""
    return "; ".join(f"{'.'.join(map(str, item['loc'])) or 'event'}: {item['msg']}" for item in error.errors())


def mark_spans(work: Work, calendar: Calendar, reason: str, spans: Sequence[Span]) -> None:
    """Have the touched days rebuilt."""
    first, last = min(first for first, _ in spans), max(last for _, last in spans)
    mark_days(work, calendar=calendar, reason=reason, first=first, last=last)
