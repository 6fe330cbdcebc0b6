"""Calendars as people keep them (.ics, CSV, Excel, JSON), to entries; the fate of every one of them is told."""

from kalends.calendar.reading.entries import Fate, Outcome, Reading, SourceEntry
from kalends.calendar.reading.ics import read_ics
from kalends.calendar.reading.tables import read_table

__all__ = ["Fate", "Outcome", "Reading", "SourceEntry", "read_ics", "read_table"]
