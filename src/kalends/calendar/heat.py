"""A year in one picture: a row for each month, a cell for each day, shaded by what the day is worth. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil
from typing import Final, Literal

import polars as pl

from kalends.calendar.definition import CalendarDefinition
from kalends.calendar.events import DatedEvent, event_columns
from kalends.calendar.fiscal import fiscal_days
from kalends.calendar.moments import Occurrence
from kalends.calendar.strips import DayStrip

Shade = Literal["impact", "events", "revenue"]
Kind = Literal["calendar", "fiscal"]
LEVELS: Final = 4
NAMED: Final = 4
"""So many events are named in a day's words; more are counted."""


@dataclass(frozen=True, slots=True)
class HeatDay:
    """One day: `level` 0 to LEVELS, `way` "up" or "down", `words` all that is known of it."""

    day: date
    level: int
    way: str
    words: str
    begins: str = ""
    """The fiscal quarter that begins on it."""
    is_marked: bool = False
    """Sources differ about something that begins on it."""


@dataclass(frozen=True, slots=True)
class HeatRow:
    """A month of the year; 31 places, None where there is no such day or it is outside of the year."""

    label: str
    days: tuple[HeatDay | None, ...]


@dataclass(frozen=True, slots=True)
class DayFacts:
    """What the days of a year are shaded by, by day where known."""

    events: Sequence[DatedEvent]
    moments: Sequence[Occurrence] = ()
    holidays: Mapping[date, str] | None = None
    strips: Mapping[date, DayStrip] | None = None
    begins: Mapping[date, str] | None = None
    marked: frozenset[date] = frozenset()


def year_span(definition: CalendarDefinition, *, around: date, kind: Kind) -> tuple[date, date]:
    """The first and the last day of the year around a day: of the calendar, or of the company's books."""
    if kind == "calendar":
        return date(around.year, 1, 1), date(around.year, 12, 31)
    # A fiscal year has at most 53 weeks and a few days.
    near = pl.date_range(around - timedelta(days=380), around + timedelta(days=380), eager=True).alias("date")
    days = fiscal_days(dates=near, timeline=definition.fiscal).select("date", "fiscal_year")
    mine = days.filter(pl.col("fiscal_year") == days.filter(pl.col("date") == around)["fiscal_year"][0])["date"]
    return mine.to_list()[0], mine.to_list()[-1]


def heat_rows(facts: DayFacts, *, first: date, last: date, shade: Shade) -> list[HeatRow]:
    """The months from `first` to `last`, day by day."""
    span = pl.DataFrame({"date": pl.date_range(first, last, eager=True)})
    impact = dict(event_columns(span, events=facts.events).select("date", "event_impact").iter_rows())
    on = names_by_day(facts, first=first, last=last)
    strips = facts.strips or {}
    most = max((len(names) for names in on.values()), default=0)
    cells: dict[date, HeatDay] = {}
    for day, effect in impact.items():
        sizes = {
            "impact": effect,
            "events": len(on.get(day, ())) / most if most else 0.0,
            "revenue": strips[day].share if day in strips else 0.0,
        }
        size = sizes[shade]
        cells[day] = HeatDay(
            day=day,
            level=level_of(size),
            way="down" if size < 0 else "up",
            words=day_words(day, on.get(day, ()), effect, strips.get(day)),
            begins=(facts.begins or {}).get(day, ""),
            is_marked=day in facts.marked,
        )
    months = sorted({(day.year, day.month) for day in cells})
    return [_row(year, month, cells) for year, month in months]


def _row(year: int, month: int, cells: Mapping[date, HeatDay]) -> HeatRow:
    begins = date(year, month, 1)
    days = [begins + timedelta(days=place) for place in range(31)]
    return HeatRow(f"{begins:%b %Y}", tuple(cells.get(day) if day.month == month else None for day in days))


def level_of(size: float) -> int:
    """0 for nothing, else 1 to LEVELS for a size of up to 1 either way."""
    return 0 if abs(size) < 0.005 else min(LEVELS, ceil(abs(size) * LEVELS))


def names_by_day(facts: DayFacts, *, first: date, last: date) -> dict[date, tuple[str, ...]]:
    """What is on each day: the company's events, the trade's moments, holidays."""
    found: dict[date, dict[str, None]] = {}
    spans = [
        (each.fields.starts_on, each.fields.ends_on, each.fields.name)
        for each in facts.events
        if each.fields.status != "cancelled"
    ]
    spans += [(moment.first, moment.last, moment.name) for moment in facts.moments if moment.kind != "season"]
    spans += [(day, day, name) for day, name in (facts.holidays or {}).items()]
    for begin, end, name in spans:
        for place in range((min(end, last) - max(begin, first)).days + 1):
            found.setdefault(max(begin, first) + timedelta(days=place), {})[name] = None
    return {day: tuple(names) for day, names in found.items()}


def day_words(day: date, names: Sequence[str], effect: float, strip: DayStrip | None) -> str:
    """Everything about a day in a line: "Fri 27 Nov 2026: Black Friday, Our sale. Impact +0.75. €62 k revenue"."""
    said = ", ".join(names[:NAMED]) or "nothing on"
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    impact = f". Impact {effect:+.2f}" if abs(effect) >= 0.005 else ""
    figure = f". {strip.words}" if strip else ""
    return f"{day:%a} {day.day} {day:%b %Y}: {said}{more}{impact}{figure}"
