"""Fiscal years of whole weeks: 4-4-5, 4-5-4 and 5-4-4 quarters, or thirteen periods of four weeks.

Sources: the National Retail Federation's 4-5-4 calendar (4-5-4, Saturday nearest to the end of January, named by the
year it starts in, restated after a 53-week year); 17 CFR 210.3-01 and 26 CFR 1.441-2 (52-53-week years that end on
the last such weekday of a month, or on the one nearest to its end).
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import accumulate
from typing import Final, Literal

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, model_validator

from kalends.calendar.fiscal.scheme import FISCAL_COLUMNS, year_label

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
PERIOD_WEEKS: Final[dict[str, tuple[int, ...]]] = {
    "4-4-5": (4, 4, 5) * 4,
    "4-5-4": (4, 5, 4) * 4,
    "5-4-4": (5, 4, 4) * 4,
    "13x4": (4,) * 13,
}
"""Weeks of each period in a year of 52 weeks."""
_YEAR_DATES: Final = ("first", "last", "grid", "first_before", "grid_before", "grid_restated")


class WeeklyFiscalYears(BaseModel):
    """Fiscal years of 52 or 53 whole weeks, or (rule "hard") of whole months that are cut into weeks.

    `rule` says where a year ends:

    - nearest: on the weekday `ends_on` closest to the last day of `end_month`, up to three days before or after it.
    - last: on the last such weekday in `end_month`.
    - hard: on the last day of `end_month`, whatever its weekday. Weeks still end on `ends_on`, so that the first and
      the last are short; every year has 53 of them, the short two with 8 days together (9 in a leap year). A leap
      year that leaves one day to a 54th week puts it into the 53rd.

    A year is named by the year in which its twelve months nominally begin or end, even if its first or last days reach
    into a neighbouring one; years that end with December have one name. With 13 periods a fiscal month is a period.
    """

    model_config = ConfigDict(frozen=True)

    kind: Literal["weeks"] = "weeks"
    pattern: Literal["4-4-5", "4-5-4", "5-4-4", "13x4"]
    ends_on: Weekday
    end_month: int = Field(ge=1, le=12)
    rule: Literal["nearest", "last", "hard"]
    named_by: Literal["start", "end"]
    week_53_in: int | None = Field(default=None, ge=1, le=13)
    """The period that takes the 53rd week; None: the last."""
    long_quarter: int = Field(default=4, ge=1, le=4)
    """Of 13 periods, the quarter that has four; the others have three."""
    valid_from: date | None = None

    @model_validator(mode="after")
    def _consistent(self) -> WeeklyFiscalYears:
        """The 53rd week goes into a period that exists, and a change of books takes effect with a new-style year."""
        periods = len(PERIOD_WEEKS[self.pattern])
        if self.week_53_in is not None and self.week_53_in > periods:
            raise ValueError(f"week_53_in must be one of the {periods} periods, not {self.week_53_in}")
        begins = self.valid_from
        if begins is not None and begins not in (starts := [self._first(begins.year + more) for more in (0, 1)]):
            first, second = starts
            raise ValueError(f"valid_from must begin a year (as {first} or {second} do), not be {begins.isoformat()}")
        return self

    @property
    def code(self) -> str:
        """For example weeks:4-5-4:nearest:saturday:1:start, and what differs from the usual."""
        usual = f"weeks:{self.pattern}:{self.rule}:{self.ends_on}:{self.end_month}:{self.named_by}"
        extra = f":53in{self.week_53_in}" if self.week_53_in is not None else ""
        return usual + extra + (f":long{self.long_quarter}" if self.long_quarter != 4 else "")

    @property
    def start_month(self) -> int:
        """The month with which a year nominally begins."""
        return self.end_month % 12 + 1

    @property
    def _name_shift(self) -> int:
        """What is added to the calendar year that holds the nominal end to get the fiscal year's name."""
        return -1 if self.named_by == "start" and self.end_month < 12 else 0

    def bounds(self, fiscal_year: int) -> tuple[date, date]:
        """The first and the last day of the fiscal year of that name."""
        ends = fiscal_year - self._name_shift
        return self._first(ends), self._last(ends)

    def columns(self, days: pl.Series) -> pl.DataFrame:
        """`FISCAL_COLUMNS` for the dates in `days`, in their order."""
        years = self._years(days)
        which = years["first"].search_sorted(days, side="right") - 1
        day, index = pl.col("date"), pl.col("index")
        return (
            days.to_frame("date")
            .hstack(years[which])
            .with_columns((day - pl.col("grid")).dt.total_days().alias("index"))
            # Only hard edges ever leave a day over after 53 weeks.
            .with_columns((index // 7 + 1).clip(upper_bound=53).alias("fiscal_week"))
            .with_columns(self._period().alias("fiscal_period"))
            .with_columns(
                self._quarter().alias("fiscal_quarter"),
                pl.col("fiscal_period").alias("fiscal_month"),
                ((day - pl.col("first")).dt.total_days() + 1).alias("fiscal_day_of_year"),
                (day == pl.col("first")).alias("is_first_day_of_fiscal_year"),
                (day == pl.col("last")).alias("is_last_day_of_fiscal_year"),
                _year_before("grid_before").alias("same_fiscal_week_last_year"),
                _year_before("grid_restated").alias("same_fiscal_week_last_year_restated"),
            )
            .select(FISCAL_COLUMNS)
        )

    def _years(self, days: pl.Series) -> pl.DataFrame:
        """One row, in order, for every fiscal year that may hold one of the days: a year may reach into the next."""
        ends = sorted({year + more for year in days.dt.year().unique() for more in (-1, 0, 1)})
        schema = {"ends": pl.Int64, "is_long": pl.Boolean} | dict.fromkeys(_YEAR_DATES, pl.Date)
        name = pl.col("ends") + self._name_shift
        return pl.DataFrame([self._year(year) for year in ends], schema=schema, orient="row").with_columns(
            pl.lit(self.code).alias("fiscal_scheme"),
            pl.lit(self.named_by).alias("fiscal_year_named_by"),
            name.alias("fiscal_year"),
            year_label(name=name, first_year=pl.col("ends") - 1, spans_two=self.end_month < 12).alias("fiscal_label"),
        )

    def _year(self, ends: int) -> tuple[int | bool | date, ...]:
        """The year that nominally ends in the calendar year `ends`: that, whether it has 53 weeks, `_YEAR_DATES`.

        Restated, a year of 53 weeks loses its first one, so that its week n+1 is compared with week n (NRF). Hard
        edges have the same weeks every year and need no restating.
        """
        before, first, last = self._first(ends - 1), self._first(ends), self._last(ends)
        lost = 7 if self.rule != "hard" and _is_long(before, first) else 0
        return (
            ends,
            self.rule == "hard" or _is_long(first, last + timedelta(days=1)),
            first,
            last,
            self._grid(first),
            before,
            self._grid(before),
            self._grid(before) + timedelta(days=lost),
        )

    def _first(self, ends: int) -> date:
        """The first day of the year that nominally ends in the calendar year `ends`."""
        return self._last(ends - 1) + timedelta(days=1)

    def _last(self, ends: int) -> date:
        """The last day of that year."""
        month_end = date(ends + self.end_month // 12, self.start_month, 1) - timedelta(days=1)
        if self.rule == "hard":
            return month_end
        # The weekday nearest to a day is the last one up to three days after it.
        latest = month_end + timedelta(days=3 if self.rule == "nearest" else 0)
        return _back_to(latest, WEEKDAYS.index(self.ends_on))

    def _grid(self, first: date) -> date:
        """The day on which week 1 begins or, with hard edges, would begin if it were whole."""
        return _back_to(first, (WEEKDAYS.index(self.ends_on) + 1) % 7)

    def _period(self) -> pl.Expr:
        """The period of a week, with or without a 53rd week in the year."""
        usual = list(PERIOD_WEEKS[self.pattern])
        longer = usual.copy()
        longer[(self.week_53_in or len(usual)) - 1] += 1
        week = pl.col("fiscal_week")
        return pl.when("is_long").then(_nth_of(week, longer)).otherwise(_nth_of(week, usual))

    def _quarter(self) -> pl.Expr:
        """The quarter of a period."""
        sizes = [3] * 4
        if self.pattern == "13x4":
            sizes[self.long_quarter - 1] += 1
        return _nth_of(pl.col("fiscal_period"), sizes)


def _back_to(day: date, weekday: int) -> date:
    """The last such weekday (Monday 0) up to and with a day."""
    return day - timedelta(days=(day.weekday() - weekday) % 7)


def _is_long(first: date, following: date) -> bool:
    """Whether a year of whole weeks has a 53rd one."""
    return (following - first).days == 53 * 7


def _year_before(grid: str) -> pl.Expr:
    """The same weekday of the same week, counted from `grid`; null where the year before has no such day."""
    same = pl.col(grid) + pl.duration(days=pl.col("index"))
    return pl.when(same.is_between(pl.col("first_before"), pl.col("first") - pl.duration(days=1))).then(same)


def _nth_of(number: pl.Expr, sizes: list[int]) -> pl.Expr:
    """In which of the groups of these sizes a number (from 1) falls; groups are counted from 1."""
    ends = accumulate(sizes[:-1])
    return pl.sum_horizontal(*[(number > end).cast(pl.Int64) for end in ends]) + 1
