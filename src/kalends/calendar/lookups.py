"""Small questions that other rooms ask the calendar."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import func, select

from kalends.base.work import Work
from kalends.calendar import month
from kalends.calendar.calendars import definition_of, existing_default
from kalends.calendar.models import Event
from kalends.calendar.moments import Occurrence, occurrences


def fiscal_place(work: Work, *, first: date, last: date) -> str:
    """Where the days lie in the company's books ("FY2026 Q4, weeks 40 to 47"); empty before there is a calendar."""
    calendar = existing_default(work)
    return month.fiscal_line(definition=definition_of(calendar), first=first, last=last) if calendar else ""


def moments_between(work: Work, *, first: date, last: date) -> list[Occurrence]:
    """The trade's moments on the days from `first` to `last`, in the markets of the default calendar."""
    calendar = existing_default(work)
    if calendar is None:
        return []
    definition = definition_of(calendar)
    found = occurrences(
        countries=definition.countries,
        first_year=first.year - 1,
        last_year=last.year,
        without=definition.moments_off,
    )
    return [item for item in found if item.first <= last and item.last >= first]


def find_events(work: Work, *, words: str, today: date, limit: int) -> Sequence[Event]:
    """Living events whose name has `words`, those nearest to `today` first."""
    distance = func.abs(Event.starts_on - today)
    query = select(Event).where(Event.deleted_at.is_(None), Event.name.icontains(words, autoescape=True))
    return work.session.execute(query.order_by(distance).limit(limit)).scalars().all()
