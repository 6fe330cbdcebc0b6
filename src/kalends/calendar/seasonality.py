"""How much busier than usual a time of year is, by industry: starting values, until facts teach better."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources
from typing import Any, Final, Literal

import polars as pl
import yaml
from pydantic import BaseModel, ConfigDict, Field

from kalends.calendar.errors import UnknownIndustryError

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


class UsualFiscalYear(BaseModel):
    """What is usual in the industry: a suggestion for the wizard, never taken without being said."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start_month: int
    named_by: Literal["start", "end"]


class Industry(BaseModel):
    """An industry template: data, one file each."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    name: str
    aliases: tuple[str, ...]
    source: str
    fiscal_year: UsualFiscalYear
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


def seasonality_columns(frame: pl.DataFrame, *, industry: Industry) -> pl.DataFrame:
    """`frame` (date parts, whole ISO weeks and quarters) with the seasonality columns.

    A day's factor is the product of the patterns that hold on it; the factor of a week, month or quarter is the mean
    of its days'. `industry_seasonality` lists the patterns that hold, as canonical JSON name -> factor.
    """
    daily = pl.lit(1.0)
    for pattern in industry.patterns:
        daily = daily * pl.when(pattern.holds()).then(pattern.factor).otherwise(1.0)
    period = pl.lit(REGULAR)
    for peak in reversed(industry.peak_periods):
        period = pl.when(peak.holds()).then(pl.lit(peak.name)).otherwise(period)
    factor = pl.col("day_seasonality_factor")
    return frame.with_columns(
        daily.alias("day_seasonality_factor"),
        _active_patterns(industry).alias("industry_seasonality"),
        pl.lit(_canonical(industry.attributes)).alias("industry_attributes"),
        period.alias("business_period"),
        pl.lit(f"pattern:{industry.code}").alias("seasonality_source"),
    ).with_columns(
        factor.mean().over("iso_year", "iso_week").alias("week_seasonality_factor"),
        factor.mean().over("year_number", "month_number").alias("month_seasonality_factor"),
        factor.mean().over("year_number", "quarter_number").alias("quarter_seasonality_factor"),
    )


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
