"""Conflicts over HTTP: what each source says, what was chosen and why; choose, accept, take back."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from kalends.base.work import Work
from kalends.calendar import causes, conflicts, sources
from kalends.calendar.conflictrows import UNDECIDED
from kalends.calendar.conflictschemas import (
    AcceptedOut,
    CauseIn,
    CauseOut,
    CausesOut,
    ConflictOut,
    ConflictsOut,
    DecisionIn,
    Severity,
    State,
)
from kalends.identity.service import permit

router = APIRouter()

Reader = Annotated[Work, permit("calendar.read")]
Writer = Annotated[Work, permit("calendar.write")]


@router.get("/calendar/conflicts")
def read_conflicts(
    work: Reader,
    state: Annotated[list[State] | None, Query(description="By default those that want a person.")] = None,
    source: Annotated[str | None, Query(max_length=100, description="Only where this source says something.")] = None,
    fields: Annotated[str | None, Query(max_length=60, description="Only about these, such as 'days'.")] = None,
    severity: Severity | None = None,
    event_id: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    calendar_id: UUID | None = None,
) -> ConflictsOut:
    """Where sources differ, the gravest first."""
    wanted = conflicts.ConflictFilter(state or UNDECIDED, source, fields, severity, event_id)
    found = conflicts.list_conflicts(work, wanted=wanted, calendar_id=calendar_id, limit=limit, offset=offset)
    return ConflictsOut(
        conflicts=[ConflictOut.model_validate(conflicts.plain_conflict(view)) for view in found],
        counts=conflicts.count_conflicts(work, calendar_id=calendar_id),
        total=conflicts.count_wanted(work, wanted=wanted, calendar_id=calendar_id),
    )


@router.get("/calendar/conflicts/causes")
def read_causes(work: Reader, calendar_id: UUID | None = None) -> CausesOut:
    """What several of the conflicts that wait have in common, in words."""
    labels = {source.name: source.label for source in sources.list_sources(work, calendar_id=calendar_id)}
    found = causes.shared_causes(work, calendar_id=calendar_id)
    told = [causes.plain_cause(cause, label=labels.get(cause.source, cause.source)) for cause in found]
    return CausesOut(causes=[CauseOut.model_validate(each) for each in told])


@router.post("/calendar/conflicts/causes")
def settle_cause(work: Writer, body: CauseIn) -> AcceptedOut:
    """Settle every conflict that a cause explains."""
    return AcceptedOut(accepted=causes.settle_cause(work, key=body.key, take=body.take, calendar_id=body.calendar_id))


@router.post("/calendar/conflicts/accept-safe")
def post_accept_safe(work: Writer, calendar_id: UUID | None = None) -> AcceptedOut:
    """Accept every waiting choice that is sure enough."""
    return AcceptedOut(accepted=conflicts.accept_safe(work, calendar_id=calendar_id))


@router.post("/calendar/conflicts/{conflict_id}/decide")
def post_decision(work: Writer, conflict_id: UUID, body: DecisionIn) -> ConflictOut:
    """Choose what a source says, or values of your own; with neither, accept what was chosen."""
    view = conflicts.decide(work, conflict_id=conflict_id, source=body.source, fields=body.values)
    return ConflictOut.model_validate(conflicts.plain_conflict(view))


@router.post("/calendar/conflicts/{conflict_id}/reopen")
def post_reopen(work: Writer, conflict_id: UUID) -> ConflictOut:
    """Take a decision back; the strategy chooses again."""
    return ConflictOut.model_validate(conflicts.plain_conflict(conflicts.reopen(work, conflict_id=conflict_id)))
