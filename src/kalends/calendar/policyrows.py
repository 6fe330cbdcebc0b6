"""The policy of a calendar in the store: how its differences are settled."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from kalends.base.work import Work
from kalends.calendar.consolidation import Policy
from kalends.calendar.models import CalendarPolicy


def stored_policy(work: Work, *, calendar_id: UUID) -> CalendarPolicy | None:
    """The calendar's policy, if somebody has set one."""
    return work.session.scalars(select(CalendarPolicy).where(CalendarPolicy.calendar_id == calendar_id)).one_or_none()


def policy_of(work: Work, *, calendar_id: UUID) -> Policy:
    """How the calendar's differences are settled; the usual way where nobody has set another."""
    row = stored_policy(work, calendar_id=calendar_id)
    return Policy(strategy=row.strategy, by_group=row.by_group) if row else Policy()
