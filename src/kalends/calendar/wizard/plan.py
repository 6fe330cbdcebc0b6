"""What is known of a company when its calendar is set up, and the calendar that follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from kalends.base.clock import zone_names
from kalends.calendar.definition import CalendarDefinition, Market
from kalends.calendar.errors import UnknownIndustryError
from kalends.calendar.events import MAX_DAYS, EventFields
from kalends.calendar.fiscal import AnyFiscalYears
from kalends.calendar.industry import Industry, PeakPeriod, industry_of
from kalends.calendar.moments import moment_book
from kalends.calendar.places import countries, regions


def _market(value: object) -> object:
    """A market as people write it: DE, or US-CA for a part of a country."""
    if not isinstance(value, str):
        return value
    country, _, part = value.strip().partition("-")
    return {"country": country, "subdivision": part.strip() or None}


class Competitor(BaseModel):
    """Something that a competitor does, from the first day to the last, both included."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    name: str = Field(min_length=1, max_length=300)
    starts_on: date
    ends_on: date

    @model_validator(mode="after")
    def _in_order(self) -> Competitor:
        """The last day does not come before the first."""
        if not 0 <= (self.ends_on - self.starts_on).days < MAX_DAYS:
            raise ValueError(f"{self.name}: ends_on {self.ends_on} must follow starts_on {self.starts_on}")
        return self

    @property
    def key(self) -> str:
        """What tells it from the others."""
        return f"{self.name.casefold()}:{self.starts_on}"

    @property
    def fields(self) -> EventFields:
        """The event on the calendar."""
        return EventFields(
            name=self.name, starts_on=self.starts_on, ends_on=self.ends_on, type="competitor_event", impact="medium"
        )


class Plan(BaseModel):
    """Everything that setting a calendar up asks for. `fiscal_year` is said, never guessed."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    name: str = Field(min_length=1, max_length=200)
    industry: str = "general"
    countries: tuple[Annotated[Market, BeforeValidator(_market)], ...] = Field(min_length=1, max_length=60)
    """The first is the main one: its holidays make the business days."""
    zone: str = "UTC"
    fiscal_year: AnyFiscalYears
    periods: tuple[PeakPeriod, ...] | None = Field(default=None, max_length=40)
    """None: the industry's peaks."""
    moments: tuple[str, ...] | None = None
    """Codes of the moments that matter; None: every one that the countries keep."""
    competitors: tuple[Competitor, ...] = Field(default=(), max_length=500)
    platforms: tuple[str, ...] = Field(default=(), max_length=60)
    """Codes of the platforms whose data the company has."""

    @field_validator("industry")
    @classmethod
    def _known_industry(cls, code: str) -> str:
        """A template's code or alias."""
        try:
            return industry_of(code=code).code
        except UnknownIndustryError as error:
            raise ValueError(error.message) from error

    @field_validator("countries")
    @classmethod
    def _known_places(cls, markets: tuple[Market, ...]) -> tuple[Market, ...]:
        """Countries and parts of them whose holidays are known."""
        for market in markets:
            if market.country not in countries():
                raise ValueError(f"no holidays are known for the country {market.country!r}; write it as DE")
            known = regions(country=market.country)
            if market.subdivision and market.subdivision not in known:
                raise ValueError(f"{market.country} has no part {market.subdivision!r}; it has {', '.join(known)}")
        _once("the country", [f"{market.country}-{market.subdivision or ''}".rstrip("-") for market in markets])
        return markets

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        """An IANA zone."""
        if zone not in zone_names():
            raise ValueError(f"{zone!r} is not an IANA time zone such as Europe/Berlin")
        return zone

    @field_validator("moments")
    @classmethod
    def _known_moments(cls, codes: tuple[str, ...] | None) -> tuple[str, ...] | None:
        """Codes that there are, each once, in their order."""
        known = moment_book().moments
        for code in codes or ():
            if code not in known:
                near = get_close_matches(code, known, n=1)
                raise ValueError(f"there is no moment {code!r}" + (f"; is {near[0]!r} meant?" if near else ""))
        return codes and tuple(dict.fromkeys(codes))

    @field_validator("competitors")
    @classmethod
    def _told_apart(cls, events: tuple[Competitor, ...]) -> tuple[Competitor, ...]:
        """No two events of one name begin on one day."""
        _once("the event", [f"{event.name} on {event.starts_on}" for event in events])
        return events


def _once(what: str, names: Sequence[str]) -> None:
    """Raises ValueError when a name comes twice."""
    twice = [name for place, name in enumerate(names) if name in names[:place]]
    if twice:
        raise ValueError(f"{what} {twice[0]!r} is named twice")


def definition_of_plan(plan: Plan, *, base: CalendarDefinition) -> CalendarDefinition:
    """The calendar that follows: `base` with everything that the plan says.

    Where books were changed once, the plan's fiscal year takes the place of the one that holds now.
    """
    begins = base.fiscal[-1].valid_from
    fiscal = plan.fiscal_year if begins is None else plan.fiscal_year.model_copy(update={"valid_from": begins})
    known = moment_book().moments.keys()
    return CalendarDefinition.model_validate(
        base.model_dump()
        | {
            "name": plan.name,
            "industry": plan.industry,
            "markets": plan.countries,
            "zone": plan.zone,
            "fiscal": (*base.fiscal[:-1], fiscal),
            "periods": plan.periods,
            "moments_off": frozenset() if plan.moments is None else known - set(plan.moments),
        }
    )


def plan_of(
    definition: CalendarDefinition, *, competitors: Sequence[Competitor] = (), platforms: Iterable[str] = ()
) -> Plan:
    """What a calendar is made of, as a plan: making it again changes nothing."""
    off = definition.moments_off
    return Plan(
        name=definition.name,
        industry=definition.industry,
        countries=definition.markets,
        zone=definition.zone,
        fiscal_year=definition.fiscal[-1].model_copy(update={"valid_from": None}),
        periods=definition.periods,
        moments=tuple(code for code in moment_book().moments if code not in off) if off else None,
        competitors=tuple(competitors),
        platforms=tuple(platforms),
    )


def usual_moments(industry: Industry) -> tuple[str, ...]:
    """The moments that are switched on at first: the industry's own and the trade's major ones."""
    major = (code for code, moment in moment_book().moments.items() if moment.major)
    return tuple(dict.fromkeys((*industry.moments, *major)))


def plain_plan(plan: Plan) -> dict[str, Any]:
    """A plan as JSON values, without what it does not say."""
    return plan.model_dump(mode="json", exclude_none=True, exclude_defaults=True) | {
        "countries": [_written(market) for market in plan.countries],
        "fiscal_year": plan.fiscal_year.model_dump(mode="json", exclude_none=True),
    }


def _written(market: Market) -> Any:
    """A market as a person would write it: short where nothing but the place is said."""
    if market.sales_share == 1:
        return f"{market.country}-{market.subdivision}" if market.subdivision else market.country
    return market.model_dump(mode="json", exclude_none=True)
