"""From a plan to the company's calendar: its definition, its days, the competitors' events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl
from sqlalchemy import select

from kalends.base.work import Work
from kalends.calendar.calendars import default_calendar, definition_of, refresh_days, update_calendar
from kalends.calendar.changes import latest_records, mark_spans, record_change
from kalends.calendar.days import build_days
from kalends.calendar.definition import CalendarDefinition
from kalends.calendar.eventrows import fields_of
from kalends.calendar.events import SETUP, DatedEvent, touched
from kalends.calendar.models import Calendar, Event
from kalends.calendar.planning import KeyedEvent, upsert_events
from kalends.calendar.wizard.drafts import finish_draft
from kalends.calendar.wizard.pictures import fiscal_picture
from kalends.calendar.wizard.plan import Plan, definition_of_plan
from kalends.identity.service import change_workspace


@dataclass(frozen=True, slots=True)
class Review:
    """What will be built: the definition, and the days of the fiscal year that today lies in."""

    definition: CalendarDefinition
    label: str
    first: date
    last: date
    days: pl.DataFrame

    @property
    def day_count(self) -> int:
        """How many days the calendar will have."""
        return (self.definition.last_day - self.definition.first_day).days + 1

    @property
    def holidays(self) -> int:
        """Holidays of the main market in that year."""
        return int(self.days["is_holiday"].sum())

    @property
    def moment_days(self) -> int:
        """Days of that year on which a moment of the trade falls."""
        return int((self.days["moments"] != "[]").sum())


def review(work: Work, *, plan: Plan, today: date) -> Review:
    """What would be built, without building it. Raises BadInputError for what no calendar can be made of."""
    calendar = default_calendar(work)
    definition = definition_of_plan(plan, base=definition_of(calendar))
    picture = fiscal_picture(plan.fiscal_year, day=today)
    first, last = max(picture.first, definition.first_day), min(picture.last, definition.last_day)
    events = [DatedEvent(event.key, event.fields) for event in plan.competitors]
    days = build_days(calendar_id=calendar.id, definition=definition, events=events, first=first, last=last)
    return Review(definition, picture.label, first, last, days)


def build_calendar(work: Work, *, plan: Plan) -> Calendar:
    """Make the default calendar what the plan says, days included. Doing it again changes nothing."""
    calendar = default_calendar(work)
    industry, country = plan.industry, plan.countries[0].country
    change_workspace(work, name=plan.name, zone=plan.zone, country=country, industry=industry)
    calendar = update_calendar(work, definition=definition_of_plan(plan, base=definition_of(calendar)))
    keyed = [KeyedEvent(key=event.key, fields=event.fields) for event in plan.competitors]
    upsert_events(work, events=keyed, source=SETUP, calendar_id=calendar.id)
    _withdraw(work, calendar, but={event.key for event in plan.competitors})
    # Whoever has just set it up looks at it next: its days do not wait for the worker.
    refresh_days(work, calendar_id=calendar.id)
    finish_draft(work, plan=plan)
    return calendar


def _withdraw(work: Work, calendar: Calendar, *, but: set[str]) -> None:
    """Take the events of an earlier set-up off the calendar that this one does not name."""
    query = select(Event).where(Event.calendar_id == calendar.id, Event.source == SETUP, Event.deleted_at.is_(None))
    gone = [event for event in work.session.scalars(query) if event.outside_key not in but]
    for event in gone:
        records = latest_records(work, event)
        record_change(work, event, source=SETUP, fields={}, is_deleted=True, provenance_of=records.values())
    if gone:
        mark_spans(work, calendar, "set up anew", [touched(fields_of(event)) for event in gone])
