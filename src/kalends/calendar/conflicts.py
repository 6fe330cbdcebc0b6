"""Conflicts, as people meet them: see what each source says, choose, accept what was chosen, take it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, case, func, select

from kalends.base.work import Work
from kalends.calendar.calendars import get_calendar
from kalends.calendar.conflictrows import DECIDED, PERSON, ConflictNotFoundError
from kalends.calendar.consolidating import follow
from kalends.calendar.consolidation import GROUPS, group_value
from kalends.calendar.errors import EventError
from kalends.calendar.eventrows import fields_of
from kalends.calendar.events import touched
from kalends.calendar.models import Event, StoredConflict
from kalends.calendar.reading.entries import checked

UNDECIDED: Final = ("open", "waiting")
SAFE: Final = 0.8
"""A choice that is at least this sure may be accepted together with others."""
_URGENCY: Final = ("critical", "high", "medium", "low")


@dataclass(frozen=True, slots=True)
class ConflictView:
    """A conflict with the event it is about."""

    conflict: StoredConflict
    event: Event


def list_conflicts(
    work: Work, *, states: Sequence[str] = UNDECIDED, calendar_id: UUID | None = None, limit: int = 100, offset: int = 0
) -> list[ConflictView]:
    """The conflicts in those states, the gravest and then the soonest first."""
    urgency = case({name: place for place, name in enumerate(_URGENCY)}, value=StoredConflict.severity)
    query = (
        select(StoredConflict, Event)
        .join(Event, (Event.tenant_id == StoredConflict.tenant_id) & (Event.id == StoredConflict.event_id))
        .where(*_living(work, calendar_id), StoredConflict.state.in_(states))
        .order_by(urgency, Event.starts_on, StoredConflict.id)
        .limit(limit)
        .offset(offset)
    )
    return [ConflictView(*row) for row in work.session.execute(query)]


def count_conflicts(work: Work, *, calendar_id: UUID | None = None) -> dict[str, int]:
    """How many conflicts are in which state."""
    query = (
        select(StoredConflict.state, func.count().label("many"))
        .join(Event, (Event.tenant_id == StoredConflict.tenant_id) & (Event.id == StoredConflict.event_id))
        .where(*_living(work, calendar_id))
        .group_by(StoredConflict.state)
    )
    return {row.state: int(row.many) for row in work.session.execute(query)}


def _living(work: Work, calendar_id: UUID | None) -> tuple[ColumnElement[bool], ...]:
    calendar = get_calendar(work, calendar_id=calendar_id)
    return StoredConflict.calendar_id == calendar.id, Event.deleted_at.is_(None)


def get_conflict(work: Work, *, conflict_id: UUID) -> ConflictView:
    """One conflict. Raises ConflictNotFoundError."""
    conflict = work.session.get(StoredConflict, (work.scope.tenant_id, conflict_id))
    if conflict is None:
        raise ConflictNotFoundError(conflict_id=str(conflict_id))
    return ConflictView(conflict, work.session.get_one(Event, (work.scope.tenant_id, conflict.event_id)))


def decide(
    work: Work, *, conflict_id: UUID, source: str | None = None, fields: dict[str, Any] | None = None
) -> ConflictView:
    """Choose what a source says, or other values of one's own; neither: what holds now is accepted.

    Raises EventError for a source that says nothing here and for values that make no sense.
    """
    view = get_conflict(work, conflict_id=conflict_id)
    conflict = view.conflict
    value = conflict.choice
    if source is not None:
        value = _said_by(conflict, source)
    elif fields is not None:
        value = _own_value(view, fields)
    return _note(work, view, value=value, action="conflict.decide")


def _said_by(conflict: StoredConflict, source: str) -> str:
    said = {entry["source"]: entry["value"] for entry in conflict.said}
    if source not in said:
        raise EventError(
            f"{source!r} says nothing about this; choose one of {', '.join(sorted(said))}.", known=sorted(said)
        )
    return said[source]


def _own_value(view: ConflictView, fields: dict[str, Any]) -> str:
    """A value that no source says; it must fit the rest of the event."""
    names = GROUPS[view.conflict.field_group]
    if not set(fields) <= set(names) or not fields:
        raise EventError(f"This conflict is about {', '.join(names)}.", known=list(names))
    whole = {**fields_of(view.event).model_dump(), **fields}
    plain, wrong = checked(whole)
    value = group_value(view.conflict.field_group, plain)
    if wrong or value is None:
        raise EventError(wrong or "Give a value.")
    return value


def _note(work: Work, view: ConflictView, *, value: str, action: str) -> ConflictView:
    """Write a decision and have the event follow it."""
    conflict = view.conflict
    before = {"choice": conflict.choice, "state": conflict.state}
    conflict.choice, conflict.state, conflict.strategy = value, DECIDED, PERSON
    conflict.decided_by, conflict.decided_label = work.scope.person_id, work.scope.label
    conflict.decided_at = conflict.updated_at = work.now
    work.session.flush()
    work.audit(action, subject_kind="conflict", subject_id=conflict.id, before=before, after={"choice": value})
    return _followed(work, view)


def _followed(work: Work, view: ConflictView) -> ConflictView:
    conflict_id = view.conflict.id
    follow(work, event=view.event, spans=[touched(fields_of(view.event))])
    return get_conflict(work, conflict_id=conflict_id)


def reopen(work: Work, *, conflict_id: UUID) -> ConflictView:
    """Take a person's decision back: the strategy chooses again."""
    view = get_conflict(work, conflict_id=conflict_id)
    conflict = view.conflict
    if conflict.state != DECIDED:
        return view
    before = {"choice": conflict.choice, "state": conflict.state}
    conflict.state, conflict.decided_by, conflict.decided_label, conflict.decided_at = "open", None, None, None
    work.session.flush()
    work.audit("conflict.reopen", subject_kind="conflict", subject_id=conflict.id, before=before)
    return _followed(work, view)


def accept_safe(work: Work, *, calendar_id: UUID | None = None) -> list[UUID]:
    """Accept every choice that waits and is sure enough; gives which, so that it can be taken back."""
    waiting = list_conflicts(work, states=("waiting",), calendar_id=calendar_id, limit=10_000)
    safe = [view.conflict.id for view in waiting if view.conflict.confidence >= SAFE]
    for conflict_id in safe:
        decide(work, conflict_id=conflict_id)
    return safe


def plain_conflict(view: ConflictView) -> dict[str, Any]:
    """A conflict as JSON values; what each source says is spelled out by field."""
    conflict, event = view.conflict, view.event
    names = GROUPS[conflict.field_group]

    def spelled(value: str) -> dict[str, Any]:
        return dict(zip(names, orjson.loads(value), strict=True))

    return {
        "id": str(conflict.id),
        "event_id": str(event.id),
        "event_name": event.name,
        "fields": conflict.field_group,
        "said": [{"source": said["source"], "values": spelled(said["value"])} for said in conflict.said],
        "choice": spelled(conflict.choice),
        "strategy": conflict.strategy,
        "reason": conflict.reason,
        "confidence": conflict.confidence,
        "severity": conflict.severity,
        "state": conflict.state,
        "decided_by": conflict.decided_label,
        "decided_at": conflict.decided_at,
        "found_at": conflict.found_at,
    }
