"""How much busier than usual a time of year is: starting values by industry, until a company's facts teach better."""

from __future__ import annotations

import json
from datetime import date
from functools import lru_cache
from importlib import resources
from typing import Any, Final

import numpy as np
import polars as pl
import yaml
from pydantic import BaseModel, ConfigDict, Field

from kalends.calendar.errors import UnknownIndustryError
from kalends.calendar.fiscal import AnyFiscalYears
from kalends.calendar.parts import part_columns
from kalends.methods.seasonality import SeasonalFactors, seasonal_factors

REGULAR: Final = "regular"
"""The business period outside every peak."""


class Pattern(BaseModel):
    """A multiplier that holds in some months, from a day of the month on; no months means every month."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    factor: float = Field(gt=0)
    months: tuple[int, ...] = ()
    from_day: int = 1

    def holds(self) -> pl.Expr:
        """Whether it holds on the day (columns month_number and day_of_month)."""
        month = pl.col("month_number").is_in(list(self.months)) if self.months else pl.lit(value=True)
        return month & (pl.col("day_of_month") >= self.from_day)


class PeakPeriod(BaseModel):
    """A named part of the business year, MM-DD to MM-DD, both included; it may run over New Year."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    first: str = Field(pattern=r"^\d\d-\d\d$")
    last: str = Field(pattern=r"^\d\d-\d\d$")

    def holds(self) -> pl.Expr:
        """Whether the day lies in it."""
        key = pl.col("month_number") * 100 + pl.col("day_of_month")
        first, last = int(self.first.replace("-", "")), int(self.last.replace("-", ""))
        return key.is_between(first, last) if first <= last else (key >= first) | (key <= last)


class Industry(BaseModel):
    """An industry template: data, one file each."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    name: str
    aliases: tuple[str, ...]
    source: str
    fiscal_year: AnyFiscalYears
    """What is usual: a suggestion for the wizard, never taken without being said."""
    patterns: tuple[Pattern, ...]
    peak_periods: tuple[PeakPeriod, ...]
    moments: tuple[str, ...]
    event_types: tuple[str, ...]
    platforms: tuple[str, ...]
    attributes: dict[str, str]


@lru_cache(maxsize=1)
def industries() -> dict[str, Industry]:
    """Every template that Kalends ships with, by code."""
    folder = resources.files("kalends.calendar").joinpath("industries")
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".yaml")), key=lambda file: file.name)
    found = [Industry.model_validate(yaml.safe_load(file.read_text(encoding="utf-8"))) for file in files]
    return {industry.code: industry for industry in found}


def is_known_industry(*, code: str) -> bool:
    """Whether there is a template for that code or alias."""
    return any(code == industry.code or code in industry.aliases for industry in industries().values())


def industry_of(*, code: str) -> Industry:
    """The template for an industry, by its code or one of its aliases; refuses unknown ones and names the known."""
    known = industries()
    for industry in known.values():
        if code == industry.code or code in industry.aliases:
            return industry
    names = sorted({*known, *(alias for industry in known.values() for alias in industry.aliases)})
    raise UnknownIndustryError(f"There is no template for {code!r}; choose one of {', '.join(names)}.", known=names)


def seasonality_columns(
    frame: pl.DataFrame, *, industry: Industry, learned: SeasonalFactors | None = None
) -> pl.DataFrame:
    """`frame` (date parts, whole ISO weeks and quarters) with the seasonality columns.

    A day's factor is the product of the patterns that hold on it; the factor of a week, month or quarter is the mean
    of its days'. `industry_seasonality` lists the patterns that hold, as canonical JSON name -> factor. Where factors
    are `learned`, they replace those of weeks, months and quarters; a day keeps its place in its week (month's end),
    so that the mean of a week's days is the week's factor again. `seasonality_source` says which was used.
    """
    source = f"pattern:{industry.code}" if learned is None else learned.source
    with_pattern = frame.with_columns(
        _daily(industry).alias("day_seasonality_factor"),
        _active_patterns(industry).alias("industry_seasonality"),
        pl.lit(_canonical(industry.attributes)).alias("industry_attributes"),
        _business_period(industry).alias("business_period"),
        pl.lit(source).alias("seasonality_source"),
    )
    return with_pattern.with_columns(_period_means() if learned is None else _learned(learned))


def _daily(industry: Industry) -> pl.Expr:
    """The product of the patterns that hold on the day."""
    factor = pl.lit(1.0)
    for pattern in industry.patterns:
        factor = factor * pl.when(pattern.holds()).then(pattern.factor).otherwise(1.0)
    return factor


def _business_period(industry: Industry) -> pl.Expr:
    """The first of the industry's peaks that the day lies in."""
    period = pl.lit(REGULAR)
    for peak in reversed(industry.peak_periods):
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
def pattern_factors(*, code: str) -> SeasonalFactors:
    """What an industry's pattern says of each week, month and quarter, averaging 1 over a year: to learn from."""
    industry = industry_of(code=code)
    # 28 years: in the Gregorian calendar of this century, every weekday has then begun every kind of year.
    days = pl.date_range(date(2001, 1, 1), date(2028, 12, 31), eager=True).alias("date").to_frame()
    frame = days.with_columns(part_columns(is_southern=False)).with_columns(_daily(industry).alias("factor"))
    # Summed in the order of the days: the same on every machine, to the last digit.
    weeks, months = (
        np.bincount(numbers, weights=frame["factor"])[1:] / np.bincount(numbers)[1:]
        for numbers in (frame["iso_week"].to_numpy(), frame["month_number"].to_numpy())
    )
    return seasonal_factors(weeks=list(weeks), months=list(months), source=f"pattern:{industry.code}")


def _active_patterns(industry: Industry) -> pl.Expr:
    """The patterns that hold, as a JSON object with sorted keys."""
    entries = [
        pl.when(pattern.holds()).then(pl.lit(f'"{pattern.name}":{pattern.factor}'))
        for pattern in sorted(industry.patterns, key=lambda pattern: pattern.name)
    ]
    inner = pl.concat_str(*entries, separator=",", ignore_nulls=True) if entries else pl.lit("")
    return pl.concat_str(pl.lit("{"), inner, pl.lit("}"))


def _canonical(value: dict[str, Any]) -> str:
    """Canonical JSON: sorted keys, no blanks."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
