"""How much busier than usual a time of year is: starting values by industry, until a company's facts teach better."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Any, Final

import numpy as np
import polars as pl

from kalends.calendar.industry import Industry, PeakPeriod, industry_of
from kalends.calendar.parts import part_columns
from kalends.methods.seasonality import SeasonalFactors, seasonal_factors

REGULAR: Final = "regular"
"""The business period outside every peak."""


def seasonality_columns(
    frame: pl.DataFrame,
    *,
    industry: Industry,
    is_southern: bool = False,
    periods: Sequence[PeakPeriod] | None = None,
    learned: SeasonalFactors | None = None,
) -> pl.DataFrame:
    """`frame` (date parts, whole ISO weeks and quarters) with the seasonality columns.

    A day's factor is the product of the patterns that hold on it; the factor of a week, month or quarter is the mean
    of its days'. `industry_seasonality` lists the patterns that hold, as canonical JSON name -> factor. `periods`: the
    company's own business periods, in place of its industry's peaks. Where factors are `learned`, they replace those
    of weeks, months and quarters; a day keeps its place in its week (month's end),
    so that the mean of a week's days is the week's factor again. `seasonality_source` says which was used.
    """
    source = f"pattern:{industry.code}" if learned is None else learned.source
    with_pattern = frame.with_columns(
        daily_factor(industry, is_southern=is_southern).alias("day_seasonality_factor"),
        _active_patterns(industry, is_southern=is_southern).alias("industry_seasonality"),
        pl.lit(_canonical(industry.attributes)).alias("industry_attributes"),
        _business_period(industry.peak_periods if periods is None else periods).alias("business_period"),
        pl.lit(source).alias("seasonality_source"),
    )
    return with_pattern.with_columns(_period_means() if learned is None else _learned(learned))


def daily_factor(industry: Industry, *, is_southern: bool) -> pl.Expr:
    """The product of the patterns that hold on the day (columns month_number and day_of_month)."""
    factor = pl.lit(1.0)
    for pattern in industry.patterns:
        factor = factor * pl.when(pattern.holds(is_southern=is_southern)).then(pattern.factor).otherwise(1.0)
    return factor


def _business_period(periods: Sequence[PeakPeriod]) -> pl.Expr:
    """The first of the periods that the day lies in."""
    period = pl.lit(REGULAR)
    for peak in reversed(periods):
        period = pl.when(peak.holds()).then(pl.lit(peak.name)).otherwise(period)
    return period


def _period_means() -> list[pl.Expr]:
    """The factors of week, month and quarter as the means of their days'."""
    factor = pl.col("day_seasonality_factor")
    return [
        factor.mean().over("iso_year", "iso_week").alias("week_seasonality_factor"),
        factor.mean().over("year_number", "month_number").alias("month_seasonality_factor"),
        factor.mean().over("year_number", "quarter_number").alias("quarter_seasonality_factor"),
    ]


def _learned(factors: SeasonalFactors) -> list[pl.Expr]:
    """The learned factors of week, month and quarter, and the day's place in its week times the week's."""
    week, day = _nth(factors.weeks, "iso_week"), pl.col("day_seasonality_factor")
    return [
        (week * day / day.mean().over("iso_year", "iso_week")).alias("day_seasonality_factor"),
        week.alias("week_seasonality_factor"),
        _nth(factors.months, "month_number").alias("month_seasonality_factor"),
        _nth(factors.quarters, "quarter_number").alias("quarter_seasonality_factor"),
    ]


def _nth(values: tuple[float, ...], number: str) -> pl.Expr:
    """The value at each number of a column, counted from 1."""
    return pl.col(number).replace_strict(list(range(1, len(values) + 1)), list(values), return_dtype=pl.Float64)


@lru_cache(maxsize=64)
def pattern_factors(*, code: str, is_southern: bool = False) -> SeasonalFactors:
    """What an industry's pattern says of each week, month and quarter, averaging 1 over a year: to learn from."""
    industry = industry_of(code=code)
    # 28 years: in the Gregorian calendar of this century, every weekday has then begun every kind of year.
    days = pl.date_range(date(2001, 1, 1), date(2028, 12, 31), eager=True).alias("date").to_frame()
    frame = days.with_columns(part_columns(is_southern=is_southern))
    frame = frame.with_columns(daily_factor(industry, is_southern=is_southern).alias("factor"))
    # Summed in the order of the days: the same on every machine, to the last digit.
    weeks, months = (
        np.bincount(numbers, weights=frame["factor"])[1:] / np.bincount(numbers)[1:]
        for numbers in (frame["iso_week"].to_numpy(), frame["month_number"].to_numpy())
    )
    return seasonal_factors(weeks=list(weeks), months=list(months), source=f"pattern:{industry.code}")


def _active_patterns(industry: Industry, *, is_southern: bool) -> pl.Expr:
    """The patterns that hold, as a JSON object with sorted keys."""
    entries = [
        pl.when(pattern.holds(is_southern=is_southern)).then(pl.lit(f'"{pattern.name}":{pattern.factor}'))
        for pattern in sorted(industry.patterns, key=lambda pattern: pattern.name)
    ]
    inner = pl.concat_str(*entries, separator=",", ignore_nulls=True) if entries else pl.lit("")
    return pl.concat_str(pl.lit("{"), inner, pl.lit("}"))


def _canonical(value: dict[str, Any]) -> str:
    """Canonical JSON: sorted keys, no blanks."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
