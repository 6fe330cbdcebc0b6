"""What the calendar does for everybody else; the only file of this room that other rooms import."""

from __future__ import annotations

from kalends.calendar.calendars import (
    CalendarDays,
    calendars,
    days,
    default_calendar,
    define_calendar,
    definition_of,
    existing_default,
    get_calendar,
    plain_calendar,
    published_version,
    quality_between,
    refresh_days,
    update_calendar,
)
from kalends.calendar.changes import event_history
from kalends.calendar.comments import add_comment, delete_comment, edit_comment, list_comments
from kalends.calendar.days import CALENDAR_DAYS, DAY_COLUMNS, DAY_SCHEMA, DayColumn
from kalends.calendar.definition import CalendarDefinition, Market
from kalends.calendar.eventrows import plain_event
from kalends.calendar.events import EVENT_TYPES, EventFields, event_type
from kalends.calendar.fiscal import MonthlyFiscalYears, WeeklyFiscalYears
from kalends.calendar.industry import industries, industry_of
from kalends.calendar.jobs import consolidate, rebuild_days
from kalends.calendar.learned import believed_seasonality, seasonality_learned_at, set_learned_factors
from kalends.calendar.lookups import find_events, fiscal_place, moments_between
from kalends.calendar.moments import Occurrence, occurrences
from kalends.calendar.planning import (
    KeyedEvent,
    Upserted,
    change_event,
    create_event,
    delete_event,
    get_event,
    has_events,
    list_events,
    list_occurrences,
    upsert_events,
)
from kalends.calendar.platforms import Platform, offer_platforms
from kalends.calendar.series import change_occurrence, change_series, leave_out
from kalends.calendar.strips import DayStrip, offer_day_strip
from kalends.calendar.undoing import undo_event, undo_last
from kalends.calendar.wizard.drafts import was_set_up

__all__ = [
    "CALENDAR_DAYS",
    "DAY_COLUMNS",
    "DAY_SCHEMA",
    "EVENT_TYPES",
    "CalendarDays",
    "CalendarDefinition",
    "DayColumn",
    "DayStrip",
    "EventFields",
    "KeyedEvent",
    "Market",
    "MonthlyFiscalYears",
    "Occurrence",
    "Platform",
    "Upserted",
    "WeeklyFiscalYears",
    "add_comment",
    "believed_seasonality",
    "calendars",
    "change_event",
    "change_occurrence",
    "change_series",
    "consolidate",
    "create_event",
    "days",
    "default_calendar",
    "define_calendar",
    "definition_of",
    "delete_comment",
    "delete_event",
    "edit_comment",
    "event_history",
    "event_type",
    "existing_default",
    "find_events",
    "fiscal_place",
    "get_calendar",
    "get_event",
    "has_events",
    "industries",
    "industry_of",
    "leave_out",
    "list_comments",
    "list_events",
    "list_occurrences",
    "moments_between",
    "occurrences",
    "offer_day_strip",
    "offer_platforms",
    "plain_calendar",
    "plain_event",
    "published_version",
    "quality_between",
    "rebuild_days",
    "refresh_days",
    "seasonality_learned_at",
    "set_learned_factors",
    "undo_event",
    "undo_last",
    "update_calendar",
    "upsert_events",
    "was_set_up",
]
