"""Consolidation: many calendars in, one that everybody agrees on out."""

from kalends.calendar.consolidation.answered import matched
from kalends.calendar.consolidation.claims import GROUPS, claims_about, group_fields, group_value
from kalends.calendar.consolidation.master import (
    Conflict,
    Decisions,
    MasterCalendar,
    MasterEvent,
    Policy,
    choose,
    consolidate,
    hold,
    identify_conflicts,
)
from kalends.calendar.consolidation.sources import SourceCalendar, Spoken, comparable, spoken_by_id, title_aliases

__all__ = [
    "GROUPS",
    "Conflict",
    "Decisions",
    "MasterCalendar",
    "MasterEvent",
    "Policy",
    "SourceCalendar",
    "Spoken",
    "choose",
    "claims_about",
    "comparable",
    "consolidate",
    "group_fields",
    "group_value",
    "hold",
    "identify_conflicts",
    "matched",
    "spoken_by_id",
    "title_aliases",
]
