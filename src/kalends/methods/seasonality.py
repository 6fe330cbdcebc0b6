"""Seasonal factors learned from a daily series: how much busier than usual a week, month or quarter of the year is.

The series is taken as trend x season x weekday x chance. In the steps of classical multiplicative decomposition, the
ratio to a centred moving average (Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., 3.4):

1. Weekday: the mean of each weekday over the mean of them all.
2. Trend: the mean of the 52 weeks around a day; each week and each weekday counts once in it, whatever the season. The
   first and the last half year, which have no such window, continue the nearest one at the growth between days 364
   days apart: the same week and weekday, so that no season is taken for growth.
3. Season: what was seen in a week or month over what trend and weekday would have given for the same days. Sums are
   divided, not days, so that a day with nothing sold counts and does no harm.
4. Shrinkage to a pattern believed before, below.

Days that are not known are left out of both sides of every division; they are never zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import BaseModel, ConfigDict, Field

Floats = npt.NDArray[np.float64]

YEAR: Final = 364
"""Whole weeks, so that every weekday counts as often."""
LEAST_DAYS, LEAST_KNOWN = 365, 0.8
"""Less than a year says nothing of the rest of it; with more than a fifth unknown, whole months may be missing."""
PATTERN_YEARS: Final = 0.5
"""How many years of facts the pattern is worth.

A factor from n years of facts gets the weight n / (n + k): credibility (Bühlmann, ASTIN Bulletin 4, 1967), with k the
variance of a factor from year to year over the variance of companies around the pattern. We start from 0.14 (0.1 of
weather, feasts that move and campaigns; 0.1 of growth that a single year cannot tell from season) and 0.2 (a pattern
is a few steps): k = 0.5. So facts have two thirds of the say after one year, and six sevenths after three.
"""
GROWTH_DAYS: Final = 28
"""Pairs of days a year apart that weigh as much as the belief that nothing grows: four weeks, so that one event that
moved by a week is not carried on as half a year's growth."""
DAYS_OF_MONTHS: Final = (31, 28.2425, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class SeasonalFactors(BaseModel):
    """Multipliers by ISO week (1 to 53), month and quarter, each averaging 1 over a year; `source` says whence."""

    model_config = ConfigDict(frozen=True)

    weeks: tuple[float, ...] = Field(min_length=53, max_length=53)
    months: tuple[float, ...] = Field(min_length=12, max_length=12)
    quarters: tuple[float, ...] = Field(min_length=4, max_length=4)
    source: str


def seasonal_factors(*, weeks: Sequence[float], months: Sequence[float], source: str) -> SeasonalFactors:
    """Factors scaled to average 1 over a year: over weeks 1 to 52 (few years have a 53rd), over the days of months.

    A quarter's factor is the mean of its months', by their days.
    """
    lengths = np.array(DAYS_OF_MONTHS)
    by_week = np.array(weeks) / np.mean(weeks[:52])
    by_month = np.array(months) / np.average(months, weights=lengths)
    by_quarter = np.average(by_month.reshape(4, 3), axis=1, weights=lengths.reshape(4, 3))
    return SeasonalFactors(weeks=tuple(by_week), months=tuple(by_month), quarters=tuple(by_quarter), source=source)


def learn_seasonality(*, series: pl.DataFrame, pattern: SeasonalFactors) -> SeasonalFactors | None:
    """Factors learned from `series` (date, unique; value >= 0, null where unknown), shrunk to `pattern`.

    None until there is a whole year: 365 days from the first date to the last, and in them 52 weeks of which four
    fifths are known and that have something in them. The source is "learned:" and the number of known days.
    """
    if series.height < LEAST_KNOWN * LEAST_DAYS:
        return None
    days = _every_day(series)
    values = days["value"].to_numpy()
    known = np.isfinite(values)
    if days.height < LEAST_DAYS or np.nansum(values) <= 0:
        return None
    weeks, months = days["week"].to_numpy(), days["month"].to_numpy()
    weekday = _weekday_factors(values, days["weekday"].to_numpy())
    trend = _trend(values, weekday * np.array(pattern.weeks)[weeks])
    if trend is None:
        return None
    expected = np.where(known, trend * weekday, 0.0)
    seen = np.where(known, values, 0.0)
    return seasonal_factors(
        weeks=_shrunk(seen, expected, known, weeks, np.array(pattern.weeks), np.full(53, 7.0)),
        months=_shrunk(seen, expected, known, months, np.array(pattern.months), np.array(DAYS_OF_MONTHS)),
        source=f"learned:{int(known.sum())}",
    )


def _every_day(series: pl.DataFrame) -> pl.DataFrame:
    """Every day from the first to the last: date, value (NaN: unknown); weekday, ISO week and month, counted from 0."""
    day = pl.col("date")
    given = series.select(day, pl.col("value").cast(pl.Float64)).sort("date")
    if given["date"].is_duplicated().any():
        raise ValueError("a date stands in the series twice")
    return given.upsample("date", every="1d").with_columns(
        pl.col("value").fill_null(float("nan")),
        (day.dt.weekday() - 1).alias("weekday"),
        (day.dt.week() - 1).alias("week"),
        (day.dt.month() - 1).alias("month"),
    )


def _weekday_factors(values: Floats, weekdays: npt.NDArray[np.int8]) -> Floats:
    """For each day, the mean of its weekday over the mean of the seven; 0 for a weekday that is never known."""
    known = np.isfinite(values)
    counts = np.bincount(weekdays[known], minlength=7)
    means = np.bincount(weekdays[known], weights=values[known], minlength=7) / np.maximum(counts, 1)
    factors: Floats = (means / means.mean())[weekdays]
    return factors


def _trend(values: Floats, shape: Floats) -> Floats | None:
    """The level of each day; `shape` is what a level of 1 would give on it. None where no 52 weeks are known enough."""
    known = np.isfinite(values)
    seen, possible = _window_sums(np.where(known, values, 0.0)), _window_sums(np.where(known, shape, 0.0))
    enough = (_window_sums(known.astype(float)) >= np.floor(LEAST_KNOWN * YEAR)) & (seen > 0)
    if not enough.any():
        return None
    centres = np.flatnonzero(enough) + (YEAR - 1) / 2
    levels = np.log(seen[enough] / possible[enough])
    growth_before, growth_after = _growth(values[: 2 * YEAR]), _growth(values[-2 * YEAR :])
    days = np.arange(len(values), dtype=float)
    logs = np.interp(days, centres, levels)
    logs += growth_before * np.minimum(days - centres[0], 0) / YEAR
    logs += growth_after * np.maximum(days - centres[-1], 0) / YEAR
    trend: Floats = np.exp(logs)
    return trend


def _window_sums(values: Floats) -> Floats:
    """The sum of every 364 days in a row, by their first."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    windows: Floats = sums[YEAR:] - sums[:-YEAR]
    return windows


def _growth(values: Floats) -> float:
    """The logarithm of a year's growth, from days 364 days apart; nearer to 0 the fewer there are."""
    before, after = values[:-YEAR], values[YEAR:]
    both = np.isfinite(before) & np.isfinite(after)
    pairs, old, new = int(both.sum()), before[both].sum(), after[both].sum()
    if old <= 0 or new <= 0:
        return 0.0
    return float(np.log(new / old)) * pairs / (pairs + GROWTH_DAYS)


def _shrunk(
    seen: Floats,
    expected: Floats,
    known: npt.NDArray[np.bool_],
    keys: npt.NDArray[np.int8],
    pattern: Floats,
    lengths: Floats,
) -> list[float]:
    """For each key, what was seen over what was expected, drawn to `pattern` as `PATTERN_YEARS` says.

    `lengths`: the days of each key in a year. A key that was never seen keeps its pattern.
    """
    totals, possible = (np.bincount(keys, weights=part, minlength=len(pattern)) for part in (seen, expected))
    years = np.bincount(keys, weights=known, minlength=len(pattern)) / lengths
    was_seen = possible > 0
    ratios = np.where(was_seen, totals / np.where(was_seen, possible, 1.0), pattern)
    weight = years / (years + PATTERN_YEARS)
    return list(weight * ratios + (1 - weight) * pattern)
