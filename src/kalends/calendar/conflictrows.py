"""Conflicts in the store: what sources say side by side, what was chosen, and what people decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
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
UNDECIDED: Final = ("open", "waiting")
RENEWED = ("said", "choice", "strategy", "reason", "confidence", "severity", "state", "updated_at")


class ConflictNotFoundError(NotFoundError):
    """There is no such conflict; its sources may agree by now."""

    code = "conflict_not_found"


WAITING: Final = "waiting"
UNAPPROVED: Final = "A person chose it before it was critical; whoever may approve has to confirm it."


@dataclass(frozen=True, slots=True)
class Standing:
    """What people decided about some events, and which of it whoever may approve has confirmed."""

    decisions: Decisions
    approved: frozenset[tuple[str, str]]

    def checked(self, event: MasterEvent) -> MasterEvent:
        """The event, where a critical decision that nobody has approved waits again."""
        conflicts = tuple(
            replace(conflict, state=WAITING, reason=UNAPPROVED) if self._lacks_approval(conflict) else conflict
            for conflict in event.conflicts
        )
        return event if conflicts == event.conflicts else replace(event, conflicts=conflicts)

    def _lacks_approval(self, conflict: Conflict) -> bool:
        is_critical = conflict.strategy == PERSON and conflict.severity == "critical"
        return is_critical and (conflict.event_id, conflict.group) not in self.approved


def standing_about(work: Work, event_ids: Sequence[UUID]) -> Standing:
    """What people chose about those events."""
    query = select(
        StoredConflict.event_id, StoredConflict.field_group, StoredConflict.choice, StoredConflict.approved_at
    ).where(StoredConflict.event_id.in_(event_ids), StoredConflict.strategy == PERSON)
    rows = work.session.execute(query).all()
    return Standing(
        {(str(row.event_id), row.field_group): row.choice for row in rows},
        frozenset((str(row.event_id), row.field_group) for row in rows if row.approved_at is not None),
    )


@dataclass(frozen=True, slots=True)
class Written:
    """What changed in the stored conflicts: how many more wait for approval, and of which events' doubts."""

    wait: int
    doubted: frozenset[str]


def write_conflicts(work: Work, *, calendar_id: UUID, held: Sequence[MasterEvent]) -> Written:
    """Make the conflicts of those events the stored ones; those that are over go."""
    found = {(conflict.event_id, conflict.group): conflict for event in held for conflict in event.conflicts}
    stored = select(
        StoredConflict.id,
        StoredConflict.event_id,
        StoredConflict.field_group,
        StoredConflict.severity,
        StoredConflict.state,
    ).where(StoredConflict.event_id.in_([UUID(event.id) for event in held]))
    known = {(str(row.event_id), row.field_group): row for row in work.session.execute(stored)}
    over = [known[key].id for key in known.keys() - found.keys()]
    if over:
        work.session.execute(delete(StoredConflict).where(StoredConflict.id.in_(over)))
    if found:
        fresh = insert(StoredConflict)
        renewed = {name: fresh.excluded[name] for name in RENEWED}
        work.session.execute(
            fresh.on_conflict_do_update(index_elements=["tenant_id", "event_id", "field_group"], set_=renewed),
            [_row(work, calendar_id, conflict) for conflict in found.values()],
        )
        work.session.expire_all()
    return _compared(known, found)


def _compared(known: Mapping[tuple[str, str], Any], found: Mapping[tuple[str, str], Conflict]) -> Written:
    """What is different now. `known`: rows with `severity` and `state`."""
    before = {key: row.severity for key, row in known.items() if row.state in UNDECIDED}
    now = {key: conflict.severity for key, conflict in found.items() if conflict.state in UNDECIDED}
    differ = {key for key in before.keys() | now.keys() if before.get(key) != now.get(key)}
    wait = [key for key in now.keys() & differ if now[key] == "critical"]
    return Written(len(wait), frozenset(event_id for event_id, _ in differ))


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
        "state": DECIDED if conflict.strategy == PERSON and conflict.state == "settled" else conflict.state,
        "found_at": work.now,
        "updated_at": work.now,
    }
