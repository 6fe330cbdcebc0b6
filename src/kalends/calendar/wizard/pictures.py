"""What setting up shows: the fiscal year as quarters, periods and weeks, and the year to be built at a glance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import orjson
import polars as pl

from kalends.calendar.fiscal import AnyFiscalYears
from kalends.calendar.moments import moment_book

YEARS_AHEAD: Final = 12
"""Years of 53 weeks are five or six apart."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A period of a fiscal year; `weeks`: how many weeks begin in it."""

    number: int
    first: date
    last: date
    weeks: int

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class FiscalPicture:
    """The fiscal year that a day lies in: its periods by quarter, and where the day is."""

    label: str
    first: date
    last: date
    quarters: tuple[tuple[Stretch, ...], ...]
    week: int
    quarter: int
    next_long: str | None
    """The label of the next year with 53 weeks; None for years of months."""

    @property
    def weeks(self) -> int:
        """How many weeks the year has, a begun one counted whole."""
        return -(-((self.last - self.first).days + 1) // 7)


def fiscal_picture(years: AnyFiscalYears, *, day: date) -> FiscalPicture:
    """The fiscal year that `day` lies in."""
    # A year of 53 weeks has 371 days, so this holds the whole of it.
    around = pl.date_range(day - timedelta(days=372), day + timedelta(days=372), eager=True).alias("date")
    frame = around.to_frame().hstack(years.columns(around))
    here = frame.row(by_predicate=pl.col("date") == day, named=True)
    year = frame.filter(pl.col("fiscal_year") == here["fiscal_year"])
    periods = (
        year.group_by("fiscal_quarter", "fiscal_period", maintain_order=True)
        .agg(pl.col("date").min().alias("first"), pl.col("date").max().alias("last"), pl.col("fiscal_week").n_unique())
        .sort("fiscal_period")
    )
    return FiscalPicture(
        label=here["fiscal_label"],
        first=year["date"][0],
        last=year["date"][-1],
        quarters=tuple(_quarter(periods, number) for number in sorted(periods["fiscal_quarter"].unique())),
        week=here["fiscal_week"],
        quarter=here["fiscal_quarter"],
        next_long=_next_long(years, here["fiscal_year"]),
    )


def _quarter(periods: pl.DataFrame, number: int) -> tuple[Stretch, ...]:
    """The periods of a quarter."""
    rows = periods.filter(pl.col("fiscal_quarter") == number).iter_rows(named=True)
    return tuple(Stretch(row["fiscal_period"], row["first"], row["last"], row["fiscal_week"]) for row in rows)


def _next_long(years: AnyFiscalYears, current: int) -> str | None:
    """The name of the next year with 53 whole weeks, this one included."""
    if years.kind != "weeks" or years.rule == "hard":
        return None
    for name in range(current, current + YEARS_AHEAD):
        first, last = years.bounds(name)
        if (last - first).days + 1 == 53 * 7:
            return f"FY{name}"
    return None


def year_at_a_glance(days: pl.DataFrame) -> list[dict[str, Any]]:
    """The months of some days as they are shown small: name, blanks before the first, and a mark and words per day.

    `days`: rows of the calendar's days, sorted. Marks: holiday, moment, period, weekend, or none of them.
    """
    months: dict[tuple[int, int], dict[str, Any]] = {}
    for row in days.iter_rows(named=True):
        key = (row["year_number"], row["month_number"])
        name = f"{row['date']:%B %Y}"
        month = months.setdefault(key, {"name": name, "blanks": row["day_of_week"], "days": []})
        month["days"].append({"mark": _mark(row), "words": _words(row), "number": row["day_of_month"]})
    return list(months.values())


def _mark(row: dict[str, Any]) -> str:
    """What a day is shown as, the rarest first."""
    if row["events"] != "[]":
        return "event"
    if _dated_moments(row):
        return "moment"
    if row["is_holiday"]:
        return "holiday"
    if row["business_period"] != "regular":
        return "period"
    return "weekend" if row["is_weekend"] else "plain"


def _dated_moments(row: dict[str, Any]) -> list[str]:
    """The names of the day's moments, without those that last for weeks: they would cover the rest."""
    moments = moment_book().moments
    return [moments[code].name for code in orjson.loads(row["moments"]) if moments[code].kind != "season"]


def _words(row: dict[str, Any]) -> str:
    """What is on a day, for whoever points at it."""
    busy = row["business_period"].replace("_", " ") if row["business_period"] != "regular" else ""
    parts = [f"{row['date']:%-d %b}", *_dated_moments(row), row["holiday_name"] or "", busy]
    return " · ".join(dict.fromkeys(part for part in parts if part))
