"""Fiscal schemes one after the other: each day by the scheme that holds on it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Any

import polars as pl
from pydantic import Discriminator, Tag

from kalends.calendar.errors import PeriodError
from kalends.calendar.fiscal.months import MonthlyFiscalYears
from kalends.calendar.fiscal.scheme import FiscalScheme
from kalends.calendar.fiscal.weeks import WeeklyFiscalYears


def _kind(value: Any) -> str:
    """Which scheme a stored or given value is; what was stored before there were weeks does not say it."""
    kind = value.get("kind", "months") if isinstance(value, dict) else getattr(value, "kind", "")
    return str(kind)


AnyFiscalYears = Annotated[
    Annotated[MonthlyFiscalYears, Tag("months")] | Annotated[WeeklyFiscalYears, Tag("weeks")], Discriminator(_kind)
]
"""Any scheme, told apart by `kind`."""


def fiscal_days(*, dates: pl.Series, timeline: Sequence[FiscalScheme]) -> pl.DataFrame:
    """One row per date: `date` and `FISCAL_COLUMNS`, each by the scheme that holds on it; scheme by scheme.

    `timeline`: schemes ordered by `valid_from`, the first one valid since ever. A year that a change of books cuts
    short ends the day before, and may have the name of a neighbour: `fiscal_scheme` then tells the two apart.
    Comparisons with the year before follow the day's own scheme, as if it had held then.
    """
    check_timeline(timeline)
    untils = [scheme.valid_from for scheme in timeline[1:]]
    return pl.concat(_part(dates, scheme, until) for scheme, until in zip(timeline, [*untils, None], strict=True))


def _part(dates: pl.Series, scheme: FiscalScheme, until: date | None) -> pl.DataFrame:
    """The dates on which a scheme holds, up to the day before `until`, with its columns."""
    held = dates.alias("date")
    if scheme.valid_from is not None:
        held = held.filter(held >= scheme.valid_from)
    if until is None:
        return held.to_frame().hstack(scheme.columns(held))
    held = held.filter(held < until)
    is_cut = pl.col("date") == until - timedelta(days=1)
    last = pl.col("is_last_day_of_fiscal_year") | is_cut
    return held.to_frame().hstack(scheme.columns(held)).with_columns(last)


def check_timeline(timeline: Sequence[FiscalScheme]) -> None:
    """Refuse a timeline with no scheme, with a gap at its start, or out of order."""
    if not timeline or timeline[0].valid_from is not None:
        raise PeriodError("The first fiscal scheme must hold since ever (no valid_from).")
    starts = [scheme.valid_from for scheme in timeline[1:]]
    if any(start is None for start in starts) or starts != sorted(set(starts), key=str):
        raise PeriodError("Every later fiscal scheme needs its own valid_from, in rising order.")
