"""The calendar's boards, drawn by the server: the year as a heat map, and the timeline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from kalends.base.work import Work
from kalends.calendar import month
from kalends.calendar.calendars import definition_of
from kalends.calendar.consolidation import label_of
from kalends.calendar.definition import CalendarDefinition
from kalends.calendar.events import DatedEvent
from kalends.calendar.filters import HOLIDAYS, MOMENTS, Filters
from kalends.calendar.heat import LEVELS, DayFacts, heat_rows, year_span
from kalends.calendar.holidays import holidays_of
from kalends.calendar.looks import Look
from kalends.calendar.models import Calendar
from kalends.calendar.moments import Occurrence, occurrences
from kalends.calendar.shown import days_in_conflict, shown_events, source_labels
from kalends.calendar.strips import strips_between
from kalends.calendar.timeline import ROOM, Placed, month_ticks, rows_of, span_around, week_ticks

SHADES: Final = {"impact": "Impact", "events": "Number of events", "revenue": "Revenue"}
ROWS: Final = {"type": "Kinds", "source": "Calendars", "market": "Countries"}


@dataclass(frozen=True, slots=True)
class Board:
    """A template, and what it is drawn with."""

    template: str
    values: dict[str, Any]


def board(work: Work, *, calendar: Calendar, look: Look, shown: date, filters: Filters) -> Board | None:
    """The board of a view; None for the views that are drawn from the feed."""
    if look.view == "year":
        return Board("calendar/year.html", _year(work, calendar, look, shown, filters))
    if look.view == "timeline":
        return Board("calendar/timeline.html", _timeline(work, calendar, look, shown, filters))
    return None


def _year(work: Work, calendar: Calendar, look: Look, shown: date, filters: Filters) -> dict[str, Any]:
    definition = definition_of(calendar)
    first, last = year_span(definition, around=shown, kind=look.year)
    events = shown_events(work, calendar=calendar, filters=filters, first=first, last=last)
    moments = moments_between(definition, first, last) if filters.shows("type", MOMENTS) else []
    strips = strips_between(work, first=first, last=last)
    holidays = (
        holidays_of(market=definition.primary, first=first, last=last) if filters.shows("type", HOLIDAYS) else None
    )
    facts = DayFacts(
        events=[DatedEvent(one.id, one.fields, one.on) for one in events],
        moments=moments,
        holidays=dict(holidays.select("date", "name").iter_rows()) if holidays is not None else {},
        strips=strips,
        begins=month.fiscal_marks(definition=definition, first=first, last=last),
        marked=frozenset(days_in_conflict(events)),
    )
    shades = {code: label for code, label in SHADES.items() if code != "revenue" or strips}
    return {
        "rows": heat_rows(facts, first=first, last=last, shade=look.shade),
        "title": str(first.year)
        if look.year == "calendar"
        else month.fiscal_year_label(definition=definition, day=first),
        "first": first,
        "last": last,
        "earlier": first - timedelta(days=1),
        "later": last + timedelta(days=1),
        "shades": shades,
        "levels": range(LEVELS + 1),
    }


def _timeline(work: Work, calendar: Calendar, look: Look, shown: date, filters: Filters) -> dict[str, Any]:
    definition, labels = definition_of(calendar), source_labels(work, calendar=calendar)
    first, last = span_around(shown, zoom=look.zoom)
    placed = [
        Placed(
            id=one.id,
            fields=one.fields,
            row_version=one.event.row_version,
            in_conflict=one.in_conflict,
            sources=frozenset(one.event.provenance.values()),
        )
        for one in shown_events(work, calendar=calendar, filters=filters, first=first, last=last)
    ]
    moments = moments_between(definition, first, last) if filters.shows("type", MOMENTS) else []
    begins = month.fiscal_marks(definition=definition, first=first, last=last)
    quarter = f"{(first.month + 2) // 3}"
    return {
        "rows": rows_of(
            placed,
            by=look.rows,
            first=first,
            last=last,
            labels=lambda name: labels.get(name) or label_of(name),
            room=ROOM[look.zoom],
        ),
        "title": f"{first.year}, quarter {quarter}" if look.zoom == "quarter" else str(first.year),
        "first": first,
        "last": last,
        "days": (last - first).days + 1,
        "months": month_ticks(first, last),
        "weeks": week_ticks(first, last),
        "moments": [
            (item.name, max(0, (item.first - first).days), (min(item.last, last) - max(item.first, first)).days + 1)
            for item in moments
            if item.is_major and item.kind != "season"
        ],
        "begins": [(label, (day - first).days) for day, label in begins.items() if "Q" in label],
        "earlier": first - timedelta(days=1),
        "later": last + timedelta(days=1),
        "rows_by": ROWS,
    }


def moments_between(definition: CalendarDefinition, first: date, last: date) -> list[Occurrence]:
    """The moments on those days that the company cares about."""
    found = occurrences(
        countries=definition.countries,
        first_year=first.year - 1,
        last_year=last.year,
        without=definition.moments_off,
    )
    return [item for item in found if item.first <= last and item.last >= first]
