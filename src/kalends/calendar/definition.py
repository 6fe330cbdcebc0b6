"""What a calendar is defined by: markets, industry, fiscal years, the days that it spans."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from kalends.calendar.fiscal import AnyFiscalYears, check_timeline
from kalends.calendar.industry import PeakPeriod

# Countries that lie wholly or mostly south of the equator and have seasons to speak of.
SOUTHERN = frozenset("AO AR AU BO BR BW CL FJ LS MG MU MW MZ NA NC NZ PE PG PY SZ TZ UY VU WS ZA ZM ZW".split())  # noqa: SIM905 - a list of codes reads best as text

ALIASES = {"UK": "GB", "EL": "GR"}
"""What people and the European Union write for ISO's codes."""

MOST_DAYS: Final = 36_600
"""From a calendar's first day to its last: 100 years."""

PRIMARY: Final = "primary"
"""The name under which the calendar's own fiscal years stand beside the others."""

SchemeName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class Market(BaseModel):
    """A country (or a part of one) that the company sells in, and its weight."""

    model_config = ConfigDict(frozen=True)

    country: str = Field(pattern=r"^[A-Z]{2}$")
    subdivision: str | None = None
    sales_share: float = Field(default=1.0, gt=0)
    """Relative sales; the shares of a calendar's markets are scaled to sum to 1."""

    @field_validator("country", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        """Country codes are written in capitals; UK, which everybody writes, is GB in ISO 3166."""
        return ALIASES.get(value.strip().upper(), value.strip().upper()) if isinstance(value, str) else value


class CalendarDefinition(BaseModel):
    """Everything that a calendar's days follow from, besides its events. The first market is the primary one."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(min_length=1, max_length=200)
    markets: tuple[Market, ...] = Field(min_length=1, max_length=60)
    industry: str = "general"
    fiscal: tuple[AnyFiscalYears, ...] = Field(min_length=1)
    other_fiscal: dict[SchemeName, tuple[AnyFiscalYears, ...]] = Field(default={}, max_length=20)
    """Further ways of keeping fiscal years, by name: a parent company's, the trade's, a partner's."""
    first_day: date
    last_day: date
    zone: str = "UTC"
    hemisphere: Literal["north", "south"] | None = None
    """None: that of the primary market."""
    periods: tuple[PeakPeriod, ...] | None = Field(default=None, max_length=40)
    """The company's own business periods; None: its industry's peaks."""
    moments_off: frozenset[str] = frozenset()
    """Codes of moments that this company does not care about."""
    paydays: tuple[int, ...] = (-1,)
    """Days of the month on which people are paid; -1 is the last business day."""

    @model_validator(mode="after")
    def _consistent(self) -> CalendarDefinition:
        """A span in order and of at most 100 years, one market per place, fiscal schemes in order."""
        if not 0 <= (self.last_day - self.first_day).days <= MOST_DAYS:
            raise ValueError("last_day must follow first_day by at most 100 years")
        places = [(market.country, market.subdivision) for market in self.markets]
        if len(set(places)) < len(places):
            raise ValueError("a market is named twice")
        if not all(day == -1 or 1 <= day <= 31 for day in self.paydays):
            raise ValueError("paydays are days of the month (1 to 31), or -1 for the last business day")
        if PRIMARY in self.other_fiscal:
            raise ValueError(f"{PRIMARY!r} is the name of the calendar's own fiscal years")
        for timeline in self.timelines.values():
            check_timeline(timeline)
        return self

    @property
    def timelines(self) -> dict[str, tuple[AnyFiscalYears, ...]]:
        """Every way of keeping fiscal years by name, the calendar's own first."""
        return {PRIMARY: self.fiscal, **self.other_fiscal}

    @property
    def primary(self) -> Market:
        """The market whose holidays and weekends make the business days."""
        return self.markets[0]

    @property
    def countries(self) -> tuple[str, ...]:
        """Every country once, primary first."""
        return tuple(dict.fromkeys(market.country for market in self.markets))

    @property
    def is_southern(self) -> bool:
        """Whether summer is around New Year."""
        return self.hemisphere == "south" or (self.hemisphere is None and self.primary.country in SOUTHERN)
