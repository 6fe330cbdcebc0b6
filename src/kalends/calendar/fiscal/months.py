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
        day = pl.col("date")
        month = (day.dt.month().cast(pl.Int32) - self.start_month) % 12 + 1
        first_year = day.dt.year() - (day.dt.month() < self.start_month).cast(pl.Int32)
        first, before = _first_of(first_year, self.start_month), _first_of(first_year - 1, self.start_month)
        following = _first_of(first_year + 1, self.start_month)
        index = (day - first).dt.total_days()
        last_year = pl.when(index < (first - before).dt.total_days()).then(before + pl.duration(days=index))
        name = first_year + self._name_shift
        values = {
            "fiscal_scheme": pl.lit(self.code),
            "fiscal_year_named_by": pl.lit(self.named_by),
            "fiscal_year": name.cast(pl.Int64),
            "fiscal_quarter": ((month - 1) // 3 + 1).cast(pl.Int64),
            "fiscal_month": month.cast(pl.Int64),
            "fiscal_week": (index // 7 + 1).cast(pl.Int64),
            "fiscal_period": month.cast(pl.Int64),
            "fiscal_day_of_year": (index + 1).cast(pl.Int64),
            "fiscal_label": year_label(name=name, first_year=first_year, spans_two=self.start_month > 1),
            "is_first_day_of_fiscal_year": index == 0,
            "is_last_day_of_fiscal_year": day == following - pl.duration(days=1),
            "same_fiscal_week_last_year": last_year,
            # Months have no 53rd week to take out: restated and original are the same day.
            "same_fiscal_week_last_year_restated": last_year,
        }
        return days.to_frame("date").select(values[name].alias(name) for name in FISCAL_COLUMNS)


def _first_of(year: pl.Expr, month: int) -> pl.Expr:
    """The first day of `month` in each `year`."""
    return pl.date(year, month, 1)
