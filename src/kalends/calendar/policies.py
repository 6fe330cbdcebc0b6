"""How a calendar's differences are settled: looked at and changed; then all is decided anew that no person decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select

from kalends.base.errors import BadInputError, ConflictError
from kalends.base.ids import new_id
from kalends.base.work import Work
from kalends.calendar.calendars import get_calendar, lock_calendar
from kalends.calendar.consolidating import Consolidated, consolidate_pending
from kalends.calendar.consolidation import GROUPS, Policy
from kalends.calendar.consolidation.claims import WORDING
from kalends.calendar.eventrows import fields_of
from kalends.calendar.events import touched
from kalends.calendar.models import Calendar, CalendarPolicy, CalendarSource, Event, StoredConflict, StoredEntry
from kalends.calendar.policyrows import policy_of, stored_policy
from kalends.calendar.sources import list_sources
from kalends.methods.truth import STRATEGIES

BATCH: Final = 5_000
SETTLED_BY_STRATEGY: Final = tuple(group for group in GROUPS if group not in WORDING)
"""The groups of fields that a strategy decides; of mere wording, the words of the source that comes first hold."""


class BadPolicyError(BadInputError):
    """The policy names a strategy, a group of fields or a source that does not exist."""

    code = "bad_policy"


@dataclass(frozen=True, slots=True)
class SetPolicy:
    """A calendar's policy, its version (0: nobody has set one), and its sources in their order."""

    calendar: Calendar
    policy: Policy
    row_version: int
    sources: Sequence[CalendarSource]


def get_policy(work: Work, *, calendar_id: UUID | None = None) -> SetPolicy:
    """How the calendar's differences are settled."""
    calendar = get_calendar(work, calendar_id=calendar_id)
    row = stored_policy(work, calendar_id=calendar.id)
    policy = policy_of(work, calendar_id=calendar.id)
    return SetPolicy(calendar, policy, row.row_version if row else 0, list_sources(work, calendar_id=calendar.id))


def set_policy(
    work: Work,
    *,
    policy: Policy,
    priorities: Mapping[str, int] | None = None,
    row_version: int | None = None,
    calendar_id: UUID | None = None,
) -> Consolidated:
    """Settle differences in another way; what no person decided is decided anew at once, and the run is given.

    `priorities`: source name -> its place, the smaller first. Raises BadPolicyError; ConflictError if somebody was
    faster than `row_version`.
    """
    before = get_policy(work, calendar_id=lock_calendar(work, calendar_id=calendar_id).id)
    if row_version is not None and row_version != before.row_version:
        raise ConflictError(row_version=before.row_version)
    check_policy(policy)
    moved = _moved(before.sources, priorities or {})
    if policy == before.policy and not moved:
        return Consolidated(0, 0, 0)
    for source, priority in moved:
        source.priority, source.updated_at, source.row_version = priority, work.now, source.row_version + 1
    _write(work, before, policy)
    work.audit(
        "calendar.policy",
        subject_kind="calendar",
        subject_id=before.calendar.id,
        before=plain_policy(before.policy),
        after=plain_policy(policy) | ({"priorities": {s.name: p for s, p in moved}} if moved else {}),
    )
    return decide_anew(work, calendar_id=before.calendar.id)


def check_policy(policy: Policy) -> None:
    """Raises BadPolicyError where a name in it is not known."""
    for strategy in (policy.strategy, *policy.by_group.values()):
        if strategy not in STRATEGIES:
            known = sorted(STRATEGIES)
            raise BadPolicyError(f"No strategy is called {strategy!r}; known: {', '.join(known)}.", known=known)
    for group in policy.by_group:
        if group not in SETTLED_BY_STRATEGY:
            known = list(SETTLED_BY_STRATEGY)
            raise BadPolicyError(f"No strategy settles {group!r}; it may be {', '.join(known)}.", known=known)


def _moved(sources: Sequence[CalendarSource], priorities: Mapping[str, int]) -> list[tuple[CalendarSource, int]]:
    """The sources whose place changes. Raises BadPolicyError for one that is not there."""
    named = {source.name: source for source in sources}
    for name in priorities:
        if name not in named:
            raise BadPolicyError(f"No source is called {name!r}; known: {', '.join(sorted(named))}.", known=list(named))
    return [(named[name], place) for name, place in priorities.items() if named[name].priority != place]


def _write(work: Work, before: SetPolicy, policy: Policy) -> None:
    row = stored_policy(work, calendar_id=before.calendar.id)
    if row is None:
        row = CalendarPolicy(tenant_id=work.scope.tenant_id, id=new_id(), calendar_id=before.calendar.id, row_version=0)
        work.session.add(row)
    row.strategy, row.by_group = policy.strategy, dict(policy.by_group)
    row.row_version, row.updated_at = row.row_version + 1, work.now
    work.session.flush()


def decide_anew(work: Work, *, calendar_id: UUID) -> Consolidated:
    """Hold every event anew of which more than one entry tells; what people decided stays."""
    ids = _shared_events(work, calendar_id)
    spans = []
    for at in range(0, len(ids), BATCH):
        found = work.session.scalars(select(Event).where(Event.id.in_(ids[at : at + BATCH])))
        spans += [touched(fields_of(event)) for event in found]
    return consolidate_pending(work, calendar_id=calendar_id, spans=spans, events=set(ids))


def _shared_events(work: Work, calendar_id: UUID) -> list[UUID]:
    """The events that more than one entry tells of, or about which sources differ."""
    entries = select(StoredEntry.event_id).where(
        StoredEntry.calendar_id == calendar_id, StoredEntry.event_id.is_not(None)
    )
    shared = entries.group_by(StoredEntry.event_id).having(func.count() > 1)
    disputed = select(StoredConflict.event_id).where(StoredConflict.calendar_id == calendar_id)
    return sorted({event_id for event_id in work.session.scalars(shared.union(disputed)) if event_id is not None})


def plain_policy(policy: Policy) -> dict[str, Any]:
    """A policy as JSON values."""
    return {"strategy": policy.strategy, "by_fields": dict(sorted(policy.by_group.items()))}
