"""The parts of a date: everything that follows from the calendar on the wall alone."""

from __future__ import annotations

from typing import Final

import polars as pl

DAY_NAMES: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTH_NAMES: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
# Meteorological seasons (World Meteorological Organization): three whole months each.
SEASONS: Final = ("winter", "spring", "summer", "autumn")


def part_columns(*, is_southern: bool) -> list[pl.Expr]:
    """The date parts of the column `date`."""
    day = pl.col("date")
    month, year = day.dt.month().cast(pl.Int64), day.dt.year().cast(pl.Int64)
    quarter, weekday = day.dt.quarter().cast(pl.Int64), day.dt.weekday().cast(pl.Int64) - 1
    quarter_start = day.dt.truncate("1q")
    return [
        (year * 10_000 + month * 100 + day.dt.day()).alias("date_key"),
        weekday.alias("day_of_week"),
        _named(weekday, DAY_NAMES).alias("day_name"),
        day.dt.day().cast(pl.Int64).alias("day_of_month"),
        ((day - quarter_start).dt.total_days() + 1).alias("day_of_quarter"),
        day.dt.ordinal_day().cast(pl.Int64).alias("day_of_year"),
        day.dt.iso_year().cast(pl.Int64).alias("iso_year"),
        day.dt.week().cast(pl.Int64).alias("iso_week"),
        day.dt.week().cast(pl.Int64).alias("week_of_year"),
        month.alias("month_number"),
        _named(month - 1, MONTH_NAMES).alias("month_name"),
        quarter.alias("quarter_number"),
        year.alias("year_number"),
        (day == day.dt.month_start()).alias("is_first_day_of_month"),
        (day == day.dt.month_end()).alias("is_last_day_of_month"),
        (day == quarter_start).alias("is_first_day_of_quarter"),
        (day == quarter_start.dt.offset_by("2mo").dt.month_end()).alias("is_last_day_of_quarter"),
        (day.dt.ordinal_day() == 1).alias("is_first_day_of_year"),
        ((month == 12) & (day.dt.day() == 31)).alias("is_last_day_of_year"),
        season_of(is_southern=is_southern).alias("season"),
    ]


def season_of(*, is_southern: bool) -> pl.Expr:
    """The season of the column `date`."""
    month = pl.col("date").dt.month().cast(pl.Int64)
    return _named((month % 12 // 3 + (2 if is_southern else 0)) % 4, SEASONS)


def _named(index: pl.Expr, names: tuple[str, ...]) -> pl.Expr:
    """The name at each index, counted from 0."""
    return index.replace_strict(list(range(len(names))), list(names), return_dtype=pl.String)
