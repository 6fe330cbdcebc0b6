"""Conflicts, as people meet them: see what each source says, choose, accept what was chosen, take it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, case, func, select

from kalends.base.errors import ForbiddenError
from kalends.base.work import Work
from kalends.calendar.calendars import get_calendar
from kalends.calendar.conflictrows import DECIDED, PERSON, UNDECIDED, ConflictNotFoundError
from kalends.calendar.consolidating import consolidate_pending
from kalends.calendar.consolidation import GROUPS, group_value
from kalends.calendar.errors import EventError
from kalends.calendar.eventrows import fields_of
from kalends.calendar.events import touched
from kalends.calendar.models import Event, StoredConflict
from kalends.calendar.reading.entries import checked
from kalends.identity.service import permissions_of, person_of

APPROVE: Final = "calendar.approve"
SAFE: Final = 0.8
"""A choice that is at least this sure may be accepted together with others."""
_URGENCY: Final = ("critical", "high", "medium", "low")


class ApprovalNeededError(ForbiddenError):
    """This difference is critical: an administrator or an owner has to settle it."""

    code = "approval_needed"


@dataclass(frozen=True, slots=True)
class ConflictView:
    """A conflict with the event it is about."""

    conflict: StoredConflict
    event: Event


@dataclass(frozen=True, slots=True)
class ConflictFilter:
    """Which conflicts are wanted; None: all. `group`: of fields, as 'days'."""

    states: Sequence[str] = UNDECIDED
    source: str | None = None
    group: str | None = None
    severity: str | None = None
    event_id: UUID | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """As the store takes them."""
        wanted: list[ColumnElement[bool]] = [StoredConflict.state.in_(self.states)]
        if self.source is not None:
            wanted.append(StoredConflict.said.contains([{"source": self.source}]))
        if self.group is not None:
            wanted.append(StoredConflict.field_group == self.group)
        if self.severity is not None:
            wanted.append(StoredConflict.severity == self.severity)
        if self.event_id is not None:
            wanted.append(StoredConflict.event_id == self.event_id)
        return wanted


FOR_YOU: Final = ConflictFilter()
"""What waits for a person."""


def list_conflicts(
    work: Work, *, wanted: ConflictFilter = FOR_YOU, calendar_id: UUID | None = None, limit: int = 100, offset: int = 0
) -> list[ConflictView]:
    """The conflicts that are wanted, the gravest and then the soonest first."""
    urgency = case({name: place for place, name in enumerate(_URGENCY)}, value=StoredConflict.severity)
    query = (
        select(StoredConflict, Event)
        .join(Event, _ITS_EVENT)
        .where(*_living(work, calendar_id), *wanted.conditions())
        .order_by(urgency, Event.starts_on, StoredConflict.id)
        .limit(limit)
        .offset(offset)
    )
    return [ConflictView(*row) for row in work.session.execute(query)]


def count_wanted(work: Work, *, wanted: ConflictFilter, calendar_id: UUID | None = None) -> int:
    """How many conflicts there are of those wanted."""
    query = select(func.count()).select_from(StoredConflict).join(Event, _ITS_EVENT)
    return work.session.scalar(query.where(*_living(work, calendar_id), *wanted.conditions())) or 0


def count_conflicts(work: Work, *, calendar_id: UUID | None = None) -> dict[str, int]:
    """How many conflicts are in which state."""
    query = select(StoredConflict.state, func.count().label("many")).join(Event, _ITS_EVENT)
    found = work.session.execute(query.where(*_living(work, calendar_id)).group_by(StoredConflict.state))
    return {row.state: int(row.many) for row in found}


_ITS_EVENT: Final = (Event.tenant_id == StoredConflict.tenant_id) & (Event.id == StoredConflict.event_id)


def _living(work: Work, calendar_id: UUID | None) -> tuple[ColumnElement[bool], ...]:
    """Of the calendar, and about an event that is on it."""
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

    Raises EventError for a source that says nothing here and for values that make no sense, ApprovalNeededError where
    the difference is critical and the caller may not approve.
    """
    view = get_conflict(work, conflict_id=conflict_id)
    conflict = view.conflict
    value = conflict.choice
    if source is not None:
        value = _said_by(conflict, source)
    elif fields is not None:
        value = _own_value(view, fields)
    _note(work, view, value)
    return _followed(work, view)


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


def _note(work: Work, view: ConflictView, value: str) -> None:
    """Write a decision. Raises ApprovalNeededError where it takes somebody who may approve."""
    conflict = view.conflict
    _check_approver(work, conflict)
    before = {"choice": conflict.choice, "state": conflict.state}
    conflict.choice, conflict.state, conflict.strategy = value, DECIDED, PERSON
    conflict.decided_by, conflict.decided_label = work.scope.person_id, acting_name(work)
    conflict.decided_at = conflict.updated_at = work.now
    if conflict.severity == "critical":
        conflict.approved_by, conflict.approved_label = work.scope.person_id, acting_name(work)
        conflict.approved_at = work.now
    action = "conflict.approve" if conflict.severity == "critical" else "conflict.decide"
    work.audit(action, subject_kind="conflict", subject_id=conflict.id, before=before, after={"choice": value})


def may_approve(work: Work) -> bool:
    """Whether the caller may settle critical differences."""
    return APPROVE in permissions_of(work.scope.role)


def _check_approver(work: Work, conflict: StoredConflict) -> None:
    if conflict.severity == "critical" and not may_approve(work):
        raise ApprovalNeededError(conflict_id=str(conflict.id))


def acting_name(work: Work) -> str:
    """Who acts: a key's or a program's name, else the person's."""
    if work.scope.label or work.scope.person_id is None:
        return work.scope.label
    return person_of(work, person_id=work.scope.person_id).name


def decide_many(work: Work, *, choices: Mapping[UUID, str]) -> list[UUID]:
    """Choose a value (as stored) for each of many conflicts, with one consolidation at the end; gives which.

    What takes an approver that the caller is not is passed over.
    """
    views = [get_conflict(work, conflict_id=conflict_id) for conflict_id in choices]
    views = [view for view in views if view.conflict.severity != "critical" or may_approve(work)]
    for view in views:
        _note(work, view, choices[view.conflict.id])
    done = [view.conflict.id for view in views]
    _follow(work, views)
    return done


def _follow(work: Work, views: Sequence[ConflictView]) -> None:
    """Have the events follow what was decided."""
    work.session.flush()
    calendars: dict[UUID, list[Event]] = {}
    for view in views:
        calendars.setdefault(view.event.calendar_id, []).append(view.event)
    for calendar_id, events in calendars.items():
        spans = [touched(fields_of(event)) for event in events]
        consolidate_pending(work, calendar_id=calendar_id, spans=spans, events={event.id for event in events})
    work.session.expire_all()


def _followed(work: Work, view: ConflictView) -> ConflictView:
    conflict_id = view.conflict.id
    _follow(work, [view])
    return get_conflict(work, conflict_id=conflict_id)


def reopen(work: Work, *, conflict_id: UUID) -> ConflictView:
    """Take a person's decision back: the strategy chooses again. Raises ApprovalNeededError."""
    view = get_conflict(work, conflict_id=conflict_id)
    if view.conflict.strategy != PERSON:
        return view
    _reopen(work, view)
    return _followed(work, view)


def _reopen(work: Work, view: ConflictView) -> None:
    conflict = view.conflict
    _check_approver(work, conflict)
    before = {"choice": conflict.choice, "state": conflict.state}
    conflict.state, conflict.strategy = "open", ""
    conflict.decided_by = conflict.decided_label = conflict.decided_at = None
    conflict.approved_by = conflict.approved_label = conflict.approved_at = None
    work.audit("conflict.reopen", subject_kind="conflict", subject_id=conflict.id, before=before)


def take_back(work: Work, *, at: datetime) -> list[UUID]:
    """Take back all that the caller decided at one instant: one choice, or all that were accepted together."""
    query = (
        select(StoredConflict.id)
        .where(
            StoredConflict.decided_at == at,
            StoredConflict.decided_by.is_not_distinct_from(work.scope.person_id),
            StoredConflict.strategy == PERSON,
        )
        .order_by(StoredConflict.id)
    )
    views = [get_conflict(work, conflict_id=found) for found in work.session.scalars(query).all()]
    done = [view.conflict.id for view in views]
    for view in views:
        _reopen(work, view)
    _follow(work, views)
    return done


def accept_safe(work: Work, *, calendar_id: UUID | None = None) -> list[UUID]:
    """Accept every choice that waits and is sure enough; gives which, so that it can be taken back."""
    return decide_many(work, choices={view.conflict.id: view.conflict.choice for view in safe(work, calendar_id)})


def safe(work: Work, calendar_id: UUID | None = None) -> list[ConflictView]:
    """The choices that wait for the caller's approval and are sure enough."""
    if not may_approve(work):
        return []
    waiting = list_conflicts(work, wanted=ConflictFilter(states=("waiting",)), calendar_id=calendar_id, limit=10_000)
    return [view for view in waiting if view.conflict.confidence >= SAFE]


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
        "approved_by": conflict.approved_label,
        "approved_at": conflict.approved_at,
        "needs_approval": conflict.severity == "critical" and conflict.approved_at is None,
        "found_at": conflict.found_at,
    }
