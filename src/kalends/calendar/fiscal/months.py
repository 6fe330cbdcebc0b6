"""Fiscal years of twelve calendar months."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, model_validator

from kalends.calendar.fiscal.scheme import FISCAL_COLUMNS, year_label


class MonthlyFiscalYears(BaseModel):
    """Fiscal years of twelve calendar months; weeks are counted from the year's first day, seven days each.

    The last week (53) therefore has one day, or two in a leap year. Periods are the months.
    """

    model_config = ConfigDict(frozen=True)

    kind: Literal["months"] = "months"
    start_month: int = Field(ge=1, le=12)
    named_by: Literal["start", "end"]
    valid_from: date | None = None

    @model_validator(mode="after")
    def _begins_with_a_year(self) -> MonthlyFiscalYears:
        """A change of books takes effect on the first day of a new-style year; the old year before it is short."""
        begins = self.valid_from
        if begins is not None and (begins.month, begins.day) != (self.start_month, 1):
            raise ValueError(f"valid_from must be the first day of month {self.start_month}, not {begins.isoformat()}")
        return self

    @property
    def code(self) -> str:
        """For example months:2:end."""
        return f"months:{self.start_month}:{self.named_by}"

    @property
    def _name_shift(self) -> int:
        """What is added to the year of the first day to get the fiscal year's name."""
        return 1 if self.named_by == "end" and self.start_month > 1 else 0

    def bounds(self, fiscal_year: int) -> tuple[date, date]:
        """The first and the last day of the fiscal year of that name."""
        first = fiscal_year - self._name_shift
        return date(first, self.start_month, 1), date(first + 1, self.start_month, 1) - timedelta(days=1)

    def columns(self, days: pl.Series) -> pl.DataFrame:
        """`FISCAL_COLUMNS` for the dates in `days`, in their order."""
        day, index, first_year = pl.col("date"), pl.col("index"), pl.col("first_year")
        name, month = first_year + self._name_shift, pl.col("fiscal_month")
        # The same day of the year before, unless that one had no such day.
        last_year = pl.when(index < pl.col("days_before")).then(pl.col("before") + pl.duration(days=index))
        frame = self._years(days).select(
            pl.lit(self.code).alias("fiscal_scheme"),
            pl.lit(self.named_by).alias("fiscal_year_named_by"),
            name.cast(pl.Int64).alias("fiscal_year"),
            ((month - 1) // 3 + 1).alias("fiscal_quarter"),
            month,
            (index // 7 + 1).alias("fiscal_week"),
            month.alias("fiscal_period"),
            (index + 1).alias("fiscal_day_of_year"),
            year_label(name=name, first_year=first_year, spans_two=self.start_month > 1).alias("fiscal_label"),
            (index == 0).alias("is_first_day_of_fiscal_year"),
            (day == pl.col("last")).alias("is_last_day_of_fiscal_year"),
            last_year.alias("same_fiscal_week_last_year"),
            # Months have no 53rd week to take out: restated and original are the same day.
            last_year.alias("same_fiscal_week_last_year_restated"),
        )
        return frame.select(FISCAL_COLUMNS)

    def _years(self, days: pl.Series) -> pl.DataFrame:
        """Each day with its month of the fiscal year, its place in the year, the year's edges and those before it."""
        day, first_year = pl.col("date"), pl.col("first_year")
        month = day.dt.month().cast(pl.Int64)
        return (
            days.to_frame("date")
            .with_columns(
                (day.dt.year() - (month < self.start_month).cast(pl.Int32)).alias("first_year"),
                ((month - self.start_month) % 12 + 1).alias("fiscal_month"),
            )
            .with_columns(
                _first_of(first_year, self.start_month).alias("first"),
                _first_of(first_year - 1, self.start_month).alias("before"),
                (_first_of(first_year + 1, self.start_month) - pl.duration(days=1)).alias("last"),
            )
            .with_columns(
                (day - pl.col("first")).dt.total_days().alias("index"),
                (pl.col("first") - pl.col("before")).dt.total_days().alias("days_before"),
            )
        )


def _first_of(year: pl.Expr, month: int) -> pl.Expr:
    """The first day of `month` in each `year`."""
    return pl.date(year, month, 1)
