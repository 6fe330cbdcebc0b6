"""Undo: take back the last change that is not taken back yet, of one event or of whatever a person did last."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from kalends.base.work import Work
from kalends.calendar.calendars import get_calendar, lock_calendar
from kalends.calendar.changes import event_history, latest_records, mark_spans, record_change
from kalends.calendar.consolidating import follow
from kalends.calendar.errors import EventNotFoundError, NothingToUndoError
from kalends.calendar.eventrows import fields_of, plain_event
from kalends.calendar.events import MANUAL, touched
from kalends.calendar.models import Event, SourceEvent
from kalends.calendar.nearby import MASTER

# How far back "Undo" looks for something that can still be taken back.
LOOK_BACK = 100


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
    target = undoable(found, history)
    if target is None:
        raise NothingToUndoError
    earlier = next((e for e in history if e.source == target.source and e.version < target.version), None)
    before, was = plain_event(found), touched(fields_of(found))
    record_change(
        work,
        found,
        source=target.source,
        fields=earlier.fields if earlier else {},
        is_deleted=earlier.is_deleted if earlier else not _others_live(history, target.source),
        undoes=target.version,
        provenance_of=latest_records(work, found).values(),
    )
    work.audit("event.undo", subject_kind="event", subject_id=found.id, before=before, after=plain_event(found))
    mark_spans(work, calendar, "event undone", [was, touched(fields_of(found))])
    follow(work, event=found, spans=[was, touched(fields_of(found))])
    return found


def _others_live(history: Sequence[SourceEvent], source: str) -> bool:
    """Whether another source still says that the event exists: then taking back an override only empties it."""
    latest: dict[str, SourceEvent] = {}
    for entry in reversed(history):
        latest[entry.source] = entry
    return any(not entry.is_deleted for name, entry in latest.items() if name != source)


def undoable(event: Event, history: Sequence[SourceEvent]) -> SourceEvent | None:
    """The newest change that neither is an undo nor has been undone; `history` is newest first.

    Of an event that sources made, people undo what people did: what a source says is changed in the source.
    """
    undone = {entry.undoes for entry in history}
    ours = [entry for entry in history if event.source != MASTER or entry.source == MANUAL]
    return next((entry for entry in ours if entry.undoes is None and entry.version not in undone), None)


def undo_last(work: Work, *, calendar_id: UUID | None = None) -> Event:
    """Take back the caller's own last change in a calendar. Raises NothingToUndoError.

    An event that somebody else changed since then is passed over: their work is not ours to take back.
    """
    calendar = get_calendar(work, calendar_id=calendar_id)
    mine = (
        select(SourceEvent)
        .join(Event, (Event.tenant_id == SourceEvent.tenant_id) & (Event.id == SourceEvent.event_id))
        .where(
            Event.calendar_id == calendar.id,
            SourceEvent.undoes.is_(None),
            SourceEvent.recorded_by.is_not_distinct_from(work.scope.person_id),
        )
        .order_by(SourceEvent.recorded_at.desc(), SourceEvent.id.desc())
        .limit(LOOK_BACK)
    )
    for candidate in work.session.scalars(mine).all():
        event = work.session.get_one(Event, (work.scope.tenant_id, candidate.event_id))
        target = undoable(event, event_history(work, event_id=candidate.event_id))
        if target is not None and target.version == candidate.version:
            return undo_event(work, event_id=candidate.event_id)
    raise NothingToUndoError
