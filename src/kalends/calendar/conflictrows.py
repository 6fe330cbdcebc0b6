"""Conflicts in the store: what sources say side by side, what was chosen, and what people decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from kalends.base.errors import NotFoundError
from kalends.base.ids import new_id
from kalends.base.work import Work
from kalends.calendar.consolidation import Conflict, Decisions, MasterEvent
from kalends.calendar.models import StoredConflict

DECIDED = "decided"
PERSON = "person"
RENEWED = ("said", "choice", "strategy", "reason", "confidence", "severity", "state", "updated_at")


class ConflictNotFoundError(NotFoundError):
    """There is no such conflict; its sources may agree by now."""

    code = "conflict_not_found"


def decisions_about(work: Work, event_ids: Sequence[UUID]) -> Decisions:
    """What people chose about those events."""
    query = select(StoredConflict.event_id, StoredConflict.field_group, StoredConflict.choice).where(
        StoredConflict.event_id.in_(event_ids), StoredConflict.state == DECIDED
    )
    return {(str(row.event_id), row.field_group): row.choice for row in work.session.execute(query)}


def write_conflicts(work: Work, *, calendar_id: UUID, held: Sequence[MasterEvent]) -> None:
    """Make the conflicts of those events the stored ones; those that are over go."""
    ids = [UUID(event.id) for event in held]
    found = [conflict for event in held for conflict in event.conflicts]
    kept = {(conflict.event_id, conflict.group) for conflict in found}
    stored = select(StoredConflict.id, StoredConflict.event_id, StoredConflict.field_group)
    rows = work.session.execute(stored.where(StoredConflict.event_id.in_(ids))).all()
    over = [row.id for row in rows if (str(row.event_id), row.field_group) not in kept]
    if over:
        work.session.execute(delete(StoredConflict).where(StoredConflict.id.in_(over)))
    if not found:
        return
    fresh = insert(StoredConflict)
    renewed = {name: fresh.excluded[name] for name in RENEWED}
    work.session.execute(
        fresh.on_conflict_do_update(index_elements=["tenant_id", "event_id", "field_group"], set_=renewed),
        [_row(work, calendar_id, conflict) for conflict in found],
    )
    work.session.expire_all()


def _row(work: Work, calendar_id: UUID, conflict: Conflict) -> dict[str, Any]:
    return {
        "tenant_id": work.scope.tenant_id,
        "id": new_id(),
        "calendar_id": calendar_id,
        "event_id": UUID(conflict.event_id),
        "field_group": conflict.group,
        "said": [{"source": source, "value": value} for source, value in conflict.values],
        "choice": conflict.choice,
        "strategy": conflict.strategy,
        "reason": conflict.reason,
        "confidence": conflict.confidence,
        "severity": conflict.severity,
        "state": DECIDED if conflict.strategy == PERSON else conflict.state,
        "found_at": work.now,
        "updated_at": work.now,
    }
