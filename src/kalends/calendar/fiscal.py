"""Fiscal years: which year, quarter, month and week of the books a day belongs to.

A scheme is said, never guessed: the same twelve months are FY2023 to one company (named by the year they start in:
NRF, most US retailers) and FY2024 to another (named by the year they end in: Walmart, the US government). So
`named_by` has no default, and a label shows both years. A company may change its books: every scheme has the day from
which it holds, and the schemes of a calendar form a timeline.

The month-based scheme is here; week-based ones (4-4-5 and kin) join by offering the same `columns`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Literal, Protocol

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, model_validator

from kalends.calendar.errors import PeriodError

FISCAL_COLUMNS: tuple[str, ...] = (
    "fiscal_scheme",
    "fiscal_year_named_by",
    "fiscal_year",
    "fiscal_quarter",
    "fiscal_month",
    "fiscal_week",
    "fiscal_period",
    "fiscal_day_of_year",
    "fiscal_label",
    "is_first_day_of_fiscal_year",
    "is_last_day_of_fiscal_year",
    "same_fiscal_week_last_year",
    "same_fiscal_week_last_year_restated",
)


class FiscalScheme(Protocol):
    """What every way of keeping fiscal years offers."""

    @property
    def code(self) -> str:
        """A short stable name of the rule, for provenance."""
        ...

    @property
    def valid_from(self) -> date | None:
        """The first day on which it holds; None: since ever."""
        ...

    def columns(self, day: pl.Expr) -> list[pl.Expr]:
        """`FISCAL_COLUMNS`, in that order, for the dates in `day`."""
        ...

    def bounds(self, fiscal_year: int) -> tuple[date, date]:
        """The first and the last day of the fiscal year of that name."""
        ...


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

    def columns(self, day: pl.Expr) -> list[pl.Expr]:
        """`FISCAL_COLUMNS` for the dates in `day`."""
        month = (day.dt.month().cast(pl.Int32) - self.start_month) % 12 + 1
        first_year = day.dt.year() - (day.dt.month() < self.start_month).cast(pl.Int32)
        first, before = _first_of(first_year, self.start_month), _first_of(first_year - 1, self.start_month)
        following = _first_of(first_year + 1, self.start_month)
        index = (day - first).dt.total_days()
        last_year = pl.when(index < (first - before).dt.total_days()).then(before + pl.duration(days=index))
        values = {
            "fiscal_scheme": pl.lit(self.code),
            "fiscal_year_named_by": pl.lit(self.named_by),
            "fiscal_year": (first_year + self._name_shift).cast(pl.Int64),
            "fiscal_quarter": ((month - 1) // 3 + 1).cast(pl.Int64),
            "fiscal_month": month.cast(pl.Int64),
            "fiscal_week": (index // 7 + 1).cast(pl.Int64),
            "fiscal_period": month.cast(pl.Int64),
            "fiscal_day_of_year": (index + 1).cast(pl.Int64),
            "fiscal_label": self._label(first_year),
            "is_first_day_of_fiscal_year": index == 0,
            "is_last_day_of_fiscal_year": day == following - pl.duration(days=1),
            "same_fiscal_week_last_year": last_year,
            # Months have no 53rd week to take out: restated and original are the same day.
            "same_fiscal_week_last_year_restated": last_year,
        }
        return [values[name].alias(name) for name in FISCAL_COLUMNS]

    def _label(self, first_year: pl.Expr) -> pl.Expr:
        """FY2024 (2023/24): the name and, where the year spans two, both of them."""
        name = pl.format("FY{}", first_year + self._name_shift)
        if self.start_month == 1:
            return name
        second = ((first_year + 1) % 100).cast(pl.String).str.zfill(2)
        return pl.format("{} ({}/{})", name, first_year, second)


def _first_of(year: pl.Expr, month: int) -> pl.Expr:
    """The first day of `month` in each `year`."""
    return pl.date(year, month, 1)


def fiscal_days(*, dates: pl.Series, timeline: Sequence[FiscalScheme]) -> pl.DataFrame:
    """One row per date (in the order given): `date` and `FISCAL_COLUMNS`, each by the scheme that holds on it.

    `timeline`: schemes ordered by `valid_from`, the first one valid since ever.
    """
    check_timeline(timeline)
    day = pl.col("date")
    parts = []
    for index, scheme in enumerate(timeline):
        until = timeline[index + 1].valid_from if index + 1 < len(timeline) else None
        holds = pl.lit(value=True) if scheme.valid_from is None else day >= scheme.valid_from
        if until is not None:
            holds = holds & (day < until)
        parts.append(dates.rename("date").to_frame().filter(holds).select(day, *scheme.columns(day)))
    return pl.concat(parts)


def check_timeline(timeline: Sequence[FiscalScheme]) -> None:
    """Refuse a timeline with no scheme, with a gap at its start, or out of order."""
    if not timeline or timeline[0].valid_from is not None:
        raise PeriodError("The first fiscal scheme must hold since ever (no valid_from).")
    starts = [scheme.valid_from for scheme in timeline[1:]]
    if any(start is None for start in starts) or starts != sorted(set(starts), key=str):
        raise PeriodError("Every later fiscal scheme needs its own valid_from, in rising order.")
