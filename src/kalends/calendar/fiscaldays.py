"""The days of every fiscal scheme of a calendar side by side: one row per day and scheme.

A day has columns for one way of keeping fiscal years only, the calendar's own. Whoever needs another joins this table
on calendar, scheme and date; without the scheme, a day would be counted once for each.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Final
from uuid import UUID

import ibis
import polars as pl

from kalends.calendar.days import DAY_SCHEMA
from kalends.calendar.definition import CalendarDefinition
from kalends.calendar.errors import PeriodError
from kalends.calendar.fiscal import FISCAL_COLUMNS, AnyFiscalYears, fiscal_days

CALENDAR_FISCAL_DAYS: Final = "calendar_fiscal_days"
FISCAL_DAY_VALUES: Final = ("calendar_id", "scheme", "date", *FISCAL_COLUMNS)
"""Everything but the version columns."""
FISCAL_DAYS_SCHEMA: Final = ibis.schema(
    {"calendar_id": "!string", "scheme": "!string", "date": "!date"}
    | {name: DAY_SCHEMA[name] for name in FISCAL_COLUMNS}
    | {"version_from": "!int64", "version_to": "int64"}
)
"""In the warehouse. Current rows have version_to null; (calendar_id, scheme, date) is unique among them."""


def build_fiscal_days(
    *, calendar_id: UUID, definition: CalendarDefinition, first: date | None = None, last: date | None = None
) -> pl.DataFrame:
    """`FISCAL_DAY_VALUES` for the days from `first` to `last`, both included (by default all), by scheme and day.

    The calendar's own scheme is called "primary". Raises PeriodError when the span is empty or leaves the calendar's.
    """
    begin, end = first or definition.first_day, last or definition.last_day
    if not definition.first_day <= begin <= end <= definition.last_day:
        raise PeriodError(f"The calendar spans {definition.first_day} to {definition.last_day}, not {begin} to {end}.")
    timelines = tuple(sorted(definition.timelines.items()))
    frame = _scheme_days(timelines, begin, end)
    return frame.select(pl.lit(str(calendar_id)).alias("calendar_id"), *FISCAL_DAY_VALUES[1:])


@lru_cache(maxsize=64)
def _scheme_days(
    timelines: tuple[tuple[str, tuple[AnyFiscalYears, ...]], ...], first: date, last: date
) -> pl.DataFrame:
    """The days by each of the timelines. Kept: many calendars have the same fiscal years."""
    dates = pl.date_range(first, last, eager=True).alias("date")
    return pl.concat(
        fiscal_days(dates=dates, timeline=timeline).with_columns(pl.lit(name).alias("scheme"))
        for name, timeline in timelines
    )
