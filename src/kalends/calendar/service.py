"""What the calendar does for everybody else; the only file of this room that other rooms import."""

from __future__ import annotations

from kalends.calendar.calendars import (
    CalendarDays,
    calendars,
    days,
    default_calendar,
    define_calendar,
    definition_of,
    get_calendar,
    plain_calendar,
    published_version,
    refresh_days,
    update_calendar,
)
from kalends.calendar.days import CALENDAR_DAYS, DAY_COLUMNS, DAY_SCHEMA, DayColumn
from kalends.calendar.definition import CalendarDefinition, Market
from kalends.calendar.eventrows import plain_event
from kalends.calendar.events import EVENT_TYPES, EventFields, event_type
from kalends.calendar.fiscal import MonthlyFiscalYears
from kalends.calendar.moments import Occurrence, occurrences
from kalends.calendar.planning import (
    KeyedEvent,
    Upserted,
    change_event,
    create_event,
    delete_event,
    event_history,
    get_event,
    list_events,
    undo_event,
    upsert_events,
)
from kalends.calendar.seasonality import industries, industry_of

__all__ = [
    "CALENDAR_DAYS",
    "DAY_COLUMNS",
    "DAY_SCHEMA",
    "EVENT_TYPES",
    "CalendarDays",
    "CalendarDefinition",
    "DayColumn",
    "EventFields",
    "KeyedEvent",
    "Market",
    "MonthlyFiscalYears",
    "Occurrence",
    "Upserted",
    "calendars",
    "change_event",
    "create_event",
    "days",
    "default_calendar",
    "define_calendar",
    "definition_of",
    "delete_event",
    "event_history",
    "event_type",
    "get_calendar",
    "get_event",
    "industries",
    "industry_of",
    "list_events",
    "occurrences",
    "plain_calendar",
    "plain_event",
    "published_version",
    "refresh_days",
    "undo_event",
    "update_calendar",
    "upsert_events",
]
