"""What the calendar page shows: events, moments and holidays as bars, fiscal weeks in the cells. Pure functions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any

import polars as pl

from kalends.calendar.definition import CalendarDefinition
from kalends.calendar.events import event_type
from kalends.calendar.fiscal import AnyFiscalYears, fiscal_days
from kalends.calendar.holidays import holidays_of
from kalends.calendar.moments import Occurrence
from kalends.calendar.shown import ShownEvent
from kalends.calendar.strips import DayStrip

# The look has six kinds; whatever is none of the others stands back like a holiday.
KINDS = {"other": "holiday"}
MOMENTS_FIRST, HOLIDAYS_NEXT, EVENTS_THEN = 0, 1, 2


def event_bar(*, shown: ShownEvent) -> dict[str, Any]:
    """An event as FullCalendar draws it; `end` is exclusive there."""
    fields, colour = shown.fields, event_type(shown.fields.type).colour
    bar: dict[str, Any] = {
        "id": shown.id,
        "title": fields.name,
        "allDay": fields.start_time is None,
        "start": fields.starts_on.isoformat(),
        "end": (fields.ends_on + timedelta(days=1)).isoformat(),
        "kind": KINDS.get(colour, colour),
        "order": EVENTS_THEN,
        "estimated": fields.status == "tentative",
        "cancelled": fields.status == "cancelled",
        "in_conflict": shown.in_conflict,
        "repeats": shown.on is not None,
        "row_version": shown.event.row_version,
    }
    if fields.start_time is not None and fields.end_time is not None:
        bar["start"] = f"{fields.starts_on}T{fields.start_time}"
        bar["end"] = f"{fields.ends_on}T{fields.end_time}"
    return bar


def moment_bars(*, found: Sequence[Occurrence], first: date, last: date) -> list[dict[str, Any]]:
    """The moments on the days from `first` to `last`; windows (back to school) are no bars, they would cover months."""
    shown = (item for item in found if item.first <= last and item.last >= first and item.kind != "season")
    return [
        {
            "id": f"moment:{item.code}:{item.first}",
            "title": item.name,
            "allDay": True,
            "start": item.first.isoformat(),
            "end": (item.last + timedelta(days=1)).isoformat(),
            # Only what sells is black; the rest of the trade's dates stand back.
            "kind": "moment" if item.is_major else "holiday",
            "order": MOMENTS_FIRST,
            "estimated": item.certainty == "estimated",
            "editable": False,
        }
        for item in shown
    ]


def holiday_bars(
    *, definition: CalendarDefinition, first: date, last: date, without: Iterable[tuple[date, str]]
) -> list[dict[str, Any]]:
    """The primary market's holidays; `without`: (day, name) that a moment already shows."""
    named = {(day, _plain(name)) for day, name in without}
    rows = holidays_of(market=definition.primary, first=first, last=last).iter_rows(named=True)
    return [
        {
            "id": f"holiday:{definition.primary.country}:{row['date']}",
            "title": row["name"],
            "allDay": True,
            "start": row["date"].isoformat(),
            "kind": "holiday",
            "order": HOLIDAYS_NEXT,
            "estimated": row["is_estimated"],
            "editable": False,
        }
        for row in rows
        if not any(day == row["date"] and _same_name(name, _plain(row["name"])) for day, name in named)
    ]


def _plain(name: str) -> str:
    """A name for comparison: lower case, without a final "day" and without apostrophes."""
    return name.casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "").replace("'", "").removesuffix(" day").strip()


def _same_name(one: str, other: str) -> bool:
    """Whether two plain names of one day mean the same feast."""
    return one in other or other in one


def day_cells(
    *,
    definition: CalendarDefinition,
    first: date,
    last: date,
    strips: Mapping[date, DayStrip],
    in_conflict: Collection[date] = (),
) -> dict[str, dict[str, Any]]:
    """What stands in the cells, by ISO date: where fiscal weeks and quarters begin, conflicts, the fact strip."""
    days = fiscal_days(dates=pl.date_range(first, last, eager=True).alias("date"), timeline=definition.fiscal)
    begins = fiscal_marks(definition=definition, first=first, last=last)
    cells: dict[str, dict[str, Any]] = {}
    for row in days.select("date", "fiscal_week").iter_rows(named=True):
        day: date = row["date"]
        cell: dict[str, Any] = {}
        if day.weekday() == 0:
            cell["week"] = f"FW {row['fiscal_week']}"
        if day in begins:
            cell["begins"] = begins[day]
        if day in in_conflict:
            cell["in_conflict"] = True
        if day in strips:
            cell |= {"fact": strips[day].share, "fact_text": strips[day].words}
        if cell:
            cells[day.isoformat()] = cell
    return cells


def fiscal_marks(*, definition: CalendarDefinition, first: date, last: date) -> dict[date, str]:
    """The days on which a fiscal quarter begins ("FY2027 Q1"), or a period that is no month of the calendar ("P5")."""
    span = pl.date_range(first - timedelta(days=1), last, eager=True).alias("date")
    rows = fiscal_days(dates=span, timeline=definition.fiscal).to_dicts()
    marks: dict[date, str] = {}
    for before, row in pairwise(rows):
        quarter = f"{row['fiscal_label']} Q{row['fiscal_quarter']}"
        if (before["fiscal_label"], before["fiscal_quarter"]) != (row["fiscal_label"], row["fiscal_quarter"]):
            marks[row["date"]] = quarter
        elif before["fiscal_period"] != row["fiscal_period"] and row["date"].day != 1:
            marks[row["date"]] = f"P{row['fiscal_period']}"
    return marks


def fiscal_line(*, definition: CalendarDefinition, first: date, last: date) -> str:
    """Where the days lie in the books: "FY2027 (2026/27) Q4, weeks 40 to 44"."""
    return _line(definition.fiscal, first, last)


@lru_cache(maxsize=1000)  # every page says where today lies: a few hundred bytes per company and day
def _line(timeline: tuple[AnyFiscalYears, ...], first: date, last: date) -> str:
    days = fiscal_days(dates=pl.Series("date", [first, last]), timeline=timeline).to_dicts()
    begin, end = days[0], days[-1]
    quarters = [f"{row['fiscal_label']} Q{row['fiscal_quarter']}" for row in (begin, end)]
    weeks = f"weeks {begin['fiscal_week']} to {end['fiscal_week']}"
    if quarters[0] == quarters[1]:
        return f"{quarters[0]}, {weeks}" if begin["fiscal_week"] != end["fiscal_week"] else quarters[0]
    return f"{quarters[0]} to {quarters[1]}"


def fiscal_year_label(*, definition: CalendarDefinition, day: date) -> str:
    """The fiscal year that a day lies in: "FY2027 (2026/27)"."""
    row = fiscal_days(dates=pl.Series("date", [day]), timeline=definition.fiscal).row(0, named=True)
    return str(row["fiscal_label"])
