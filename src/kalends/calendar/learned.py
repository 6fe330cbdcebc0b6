"""Seasonal factors that a higher room has learned from the company's facts, kept for the days to be built with."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select

from kalends.base.ids import new_id
from kalends.base.work import Work
from kalends.calendar.calendars import definition_of, get_calendar, mark_days
from kalends.calendar.models import Calendar, LearnedFactors
from kalends.calendar.seasonality import pattern_factors
from kalends.methods.seasonality import SeasonalFactors

WORTH_TELLING: Final = 0.01
"""The whole calendar is built anew for new factors; for less than a hundredth of one it is not worth it."""


def believed_seasonality(work: Work, *, calendar_id: UUID | None = None) -> SeasonalFactors:
    """What is believed of the company's seasons before its facts are heard: the pattern of its industry."""
    definition = definition_of(get_calendar(work, calendar_id=calendar_id))
    return pattern_factors(code=definition.industry, is_southern=definition.is_southern)


def seasonality_learned_at(work: Work, *, calendar_id: UUID | None = None) -> datetime | None:
    """When it was last tried to learn; None: never."""
    found = _row(work, get_calendar(work, calendar_id=calendar_id))
    return found.learned_at if found else None


def set_learned_factors(work: Work, *, factors: SeasonalFactors | None, calendar_id: UUID | None = None) -> bool:
    """Keep what was learned (None: there is not a year of facts yet); gives whether the days are built anew for it."""
    calendar = get_calendar(work, calendar_id=calendar_id)
    row = _row(work, calendar) or _new_row(work, calendar)
    row.learned_at = work.now
    known = SeasonalFactors.model_validate(row.factors) if row.factors else None
    changes = not _alike(known, factors)
    if changes:
        row.factors = factors.model_dump(mode="json") if factors else None
        definition = definition_of(calendar)
        mark_days(
            work, calendar=calendar, reason="seasons learned", first=definition.first_day, last=definition.last_day
        )
    work.session.flush()
    return changes


def _alike(one: SeasonalFactors | None, other: SeasonalFactors | None) -> bool:
    """Whether no factor differs by as much as is worth telling."""
    if one is None or other is None:
        return one is other
    pairs = zip((*one.weeks, *one.months), (*other.weeks, *other.months), strict=True)
    return all(abs(after - before) < WORTH_TELLING for before, after in pairs)


def _row(work: Work, calendar: Calendar) -> LearnedFactors | None:
    query = select(LearnedFactors).where(LearnedFactors.calendar_id == calendar.id)
    return work.session.scalars(query).first()


def _new_row(work: Work, calendar: Calendar) -> LearnedFactors:
    row = LearnedFactors(
        tenant_id=work.scope.tenant_id, id=new_id(), calendar_id=calendar.id, factors=None, learned_at=work.now
    )
    work.session.add(row)
    return row
