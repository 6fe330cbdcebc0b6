"""What every way of keeping fiscal years offers: the columns, and the label that shows both years."""

from __future__ import annotations

from datetime import date
from typing import Protocol

import polars as pl

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

    def columns(self, days: pl.Series) -> pl.DataFrame:
        """`FISCAL_COLUMNS`, in that order, for the dates in `days`, in theirs."""
        ...

    def bounds(self, fiscal_year: int) -> tuple[date, date]:
        """The first and the last day of the fiscal year of that name."""
        ...


def year_label(*, name: pl.Expr, first_year: pl.Expr, spans_two: bool) -> pl.Expr:
    """FY2024 (2023/24): the name and, where the year spans two, both of them."""
    if not spans_two:
        return pl.format("FY{}", name)
    second = ((first_year + 1) % 100).cast(pl.String).str.zfill(2)
    return pl.format("FY{} ({}/{})", name, first_year, second)
