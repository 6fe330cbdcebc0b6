"""Causes that a calendar's waiting conflicts share, and all of one cause settled at once."""

from __future__ import annotations

from typing import Any, Final, Literal
from uuid import UUID

from kalends.base.errors import NotFoundError
from kalends.base.work import Work
from kalends.calendar.conflicts import ConflictView, decide_many, list_conflicts
from kalends.calendar.consolidation import Conflict, Pattern, conflict_patterns
from kalends.calendar.models import StoredConflict

Take = Literal["others", "source"]
"""`others`: what the other calendars say holds; `source`: the source was right after all."""
LOOKED_AT: Final = 10_000
"""Waiting conflicts that are searched for causes: more than anybody would settle one by one."""


class CauseNotFoundError(NotFoundError):
    """No such cause is shared by several conflicts now; they may be settled."""

    code = "cause_not_found"


def shared_causes(work: Work, *, calendar_id: UUID | None = None) -> tuple[Pattern, ...]:
    """What several of the conflicts that wait have in common, the greatest first."""
    return conflict_patterns([_conflict(view.conflict) for view in _waiting(work, calendar_id)])


def settle_cause(work: Work, *, key: str, take: Take, calendar_id: UUID | None = None) -> list[UUID]:
    """Settle every conflict that a cause explains; gives which. What takes an approver is passed over by others.

    Raises CauseNotFoundError.
    """
    found = {pattern.key: pattern for pattern in shared_causes(work, calendar_id=calendar_id)}
    if key not in found:
        raise CauseNotFoundError(key=key)
    values = found[key].others if take == "others" else found[key].own
    ids = {(str(view.event.id), view.conflict.field_group): view.conflict.id for view in _waiting(work, calendar_id)}
    return decide_many(work, choices={ids[place]: value for place, value in values.items()})


def _waiting(work: Work, calendar_id: UUID | None) -> list[ConflictView]:
    return list_conflicts(work, calendar_id=calendar_id, limit=LOOKED_AT)


def _conflict(row: StoredConflict) -> Conflict:
    """A stored conflict as consolidation knows it."""
    return Conflict(
        event_id=str(row.event_id),
        group=row.field_group,
        values=tuple((said["source"], said["value"]) for said in row.said),
        choice=row.choice,
        strategy=row.strategy,
        reason=row.reason,
        confidence=row.confidence,
        severity=row.severity,  # type: ignore[arg-type]
        state="waiting" if row.state == "waiting" else "open",
    )


def plain_cause(pattern: Pattern, *, label: str) -> dict[str, Any]:
    """A cause as JSON values; `label`: what people call the source."""
    return {
        "key": pattern.key,
        "source": pattern.source,
        "fields": pattern.group,
        "words": pattern.told(label),
        "count": pattern.count,
        "of": pattern.of,
        "event_ids": [event_id for event_id, _ in pattern.others],
    }
