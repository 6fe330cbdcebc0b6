"""What is usual in an industry: when it is busy, which moments count, how its fiscal years run. Data, one file each."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from importlib import resources

import polars as pl
import yaml
from pydantic import BaseModel, ConfigDict, Field, field_validator

from kalends.calendar.errors import UnknownIndustryError
from kalends.calendar.fiscal import AnyFiscalYears


class Pattern(BaseModel):
    """A multiplier that holds in some months, from a day of the month on; no months means every month.

    `by_season`: it follows the weather or the school year, which come six months later south of the equator.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    factor: float = Field(gt=0)
    months: tuple[int, ...] = ()
    from_day: int = 1
    by_season: bool = False

    def holds(self, *, is_southern: bool) -> pl.Expr:
        """Whether it holds on the day (columns month_number and day_of_month)."""
        later = 6 if self.by_season and is_southern else 0
        months = [(month - 1 + later) % 12 + 1 for month in self.months]
        month = pl.col("month_number").is_in(months) if months else pl.lit(value=True)
        return month & (pl.col("day_of_month") >= self.from_day)


class PeakPeriod(BaseModel):
    """A named part of the business year, MM-DD to MM-DD, both included; it may run over New Year."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=60)
    first: str = Field(pattern=r"^\d\d-\d\d$")
    last: str = Field(pattern=r"^\d\d-\d\d$")

    @field_validator("first", "last")
    @classmethod
    def _a_day(cls, text: str) -> str:
        """A day that a leap year has."""
        try:
            date.fromisoformat(f"2024-{text}")
        except ValueError as error:
            raise ValueError(f"{text!r} is no day of the year; write it as MM-DD, such as 11-24") from error
        return text

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
