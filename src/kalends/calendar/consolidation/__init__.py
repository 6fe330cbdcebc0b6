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
from kalends.calendar.consolidation.patterns import Pattern, conflict_patterns
from kalends.calendar.consolidation.reports import SourceReport, validate_sources
from kalends.calendar.consolidation.resolution import NoSuchDifferenceError, apply_resolution
from kalends.calendar.consolidation.ruled import ruled, ruling_for
from kalends.calendar.consolidation.sources import SourceCalendar, Spoken, comparable, spoken_by_id, title_aliases
from kalends.calendar.consolidation.tables import Dated, Tables, label_of

__all__ = [
    "GROUPS",
    "Conflict",
    "Dated",
    "Decisions",
    "MasterCalendar",
    "MasterEvent",
    "NoSuchDifferenceError",
    "Pattern",
    "Policy",
    "SourceCalendar",
    "SourceReport",
    "Spoken",
    "Tables",
    "apply_resolution",
    "choose",
    "claims_about",
    "comparable",
    "conflict_patterns",
    "consolidate",
    "group_fields",
    "group_value",
    "hold",
    "identify_conflicts",
    "label_of",
    "matched",
    "ruled",
    "ruling_for",
    "spoken_by_id",
    "title_aliases",
    "validate_sources",
]
