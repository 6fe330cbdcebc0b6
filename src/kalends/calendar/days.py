"""The day: one row per day and calendar, everything known about it, ready to be joined to facts.

`build_days` turns a definition and its events into the frame; nothing in it depends on today. The warehouse keeps
every version of a row (`version_from`, `version_to`), so that `as_of` can show the calendar as it was.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final, Literal, NamedTuple
from uuid import UUID

import ibis
import polars as pl

from kalends.calendar.business import business_columns
from kalends.calendar.definition import CalendarDefinition, Market
from kalends.calendar.errors import PeriodError
from kalends.calendar.events import DatedEvent, event_columns
from kalends.calendar.fiscal import AnyFiscalYears, fiscal_days
from kalends.calendar.holidays import SOURCE as HOLIDAY_SOURCE
from kalends.calendar.holidays import known_years
from kalends.calendar.industry import PeakPeriod, industry_of
from kalends.calendar.moments import moment_book, moment_columns, occurrences, season_columns
from kalends.calendar.parts import part_columns
from kalends.calendar.regional import regional_adjustments
from kalends.calendar.seasonality import seasonality_columns
from kalends.methods.grades import CAP
from kalends.methods.seasonality import SeasonalFactors

CALENDAR_DAYS: Final = "calendar_days"

Group = Literal["key", "part", "business", "fiscal", "comparison", "seasonality", "marketing", "quality"]


@dataclass(frozen=True, slots=True)
class DayColumn:
    """A column of the day: its warehouse type, what it belongs to, and the words a person would use for it."""

    name: str
    type: str
    group: Group
    label: str


def _column(group: Group, name: str, kind: str, label: str | None = None) -> DayColumn:
    """A column; the label is the name in words where none is given."""
    return DayColumn(name, kind, group, label or name.removeprefix("is_").replace("_", " "))


_LISTED: Final[dict[Group, dict[str, str]]] = {
    "key": {"calendar_id": "!string", "date": "!date", "date_key": "!int64"},
    "part": {
        "day_of_week": "!int64", "day_name": "!string", "day_of_month": "!int64", "day_of_quarter": "!int64",
        "day_of_year": "!int64", "iso_year": "!int64", "iso_week": "!int64", "week_of_year": "!int64",
        "month_number": "!int64", "month_name": "!string", "quarter_number": "!int64", "year_number": "!int64",
        "is_first_day_of_month": "!boolean", "is_last_day_of_month": "!boolean",
        "is_first_day_of_quarter": "!boolean", "is_last_day_of_quarter": "!boolean",
        "is_first_day_of_year": "!boolean", "is_last_day_of_year": "!boolean", "season": "!string",
    },
    "business": {
        "is_weekday": "!boolean", "is_weekend": "!boolean", "is_holiday": "!boolean", "holiday_name": "string",
        "holiday_is_estimated": "!boolean", "holiday_markets": "!string", "holiday_share": "!float64",
        "is_bridge_day": "!boolean", "is_half_day": "!boolean", "is_business_day": "!boolean",
        "business_day_of_month": "int64", "is_school_holiday": "boolean", "is_payday_window": "!boolean",
    },
    "fiscal": {
        "fiscal_scheme": "!string", "fiscal_year_named_by": "!string", "fiscal_year": "!int64",
        "fiscal_quarter": "!int64", "fiscal_month": "!int64", "fiscal_week": "!int64", "fiscal_period": "!int64",
        "fiscal_day_of_year": "!int64", "fiscal_label": "!string", "is_first_day_of_fiscal_year": "!boolean",
        "is_last_day_of_fiscal_year": "!boolean",
    },
    "comparison": {
        "same_day_last_year": "!date", "same_weekday_last_year": "!date", "same_fiscal_week_last_year": "date",
        "same_fiscal_week_last_year_restated": "date", "comparable_event_day_last_year": "date",
    },
    "seasonality": {
        "day_seasonality_factor": "!float64", "week_seasonality_factor": "!float64",
        "month_seasonality_factor": "!float64", "quarter_seasonality_factor": "!float64",
        "seasonality_source": "!string", "industry_seasonality": "!string", "industry_attributes": "!string",
        "regional_adjustments": "!string",
    },
    "marketing": {
        "moments": "!string", "moments_certainty": "string", "is_black_friday": "boolean",
        "is_cyber_monday": "boolean", "is_prime_day": "boolean", "marketing_season": "!string",
        "business_period": "!string", "next_major_moment": "string", "days_to_next_major_moment": "int64",
        "last_major_moment": "string", "days_since_last_major_moment": "int64", "events": "!string",
        "event_windows": "!string", "event_impact": "!float64",
    },
    "quality": {"quality_score": "!float64", "provenance": "!string"},
}  # fmt: skip
DAY_COLUMNS: Final = tuple(
    _column(group, name, kind) for group, columns in _LISTED.items() for name, kind in columns.items()
)
DAY_SCHEMA: Final = ibis.schema(
    {column.name: column.type for column in DAY_COLUMNS} | {"version_from": "!int64", "version_to": "int64"}
)
"""`calendar_days` in the warehouse. Current rows have version_to null; (calendar_id, date) is unique among them."""
VALUES: Final = tuple(column.name for column in DAY_COLUMNS)
"""Everything but the version columns: what is compared to see whether a day changed."""

# Gate first, then grade, as everywhere (kalends.methods.grades). What follows from rules alone is half of a day.
BY_RULE: Final = 5.0
WEIGHTS: Final = {
    "differences are settled": (2.0, ~pl.col("has_open_event")),
    "the holiday's date is settled": (1.5, ~pl.col("holiday_is_estimated")),
    "the moments' dates are settled": (1.0, (pl.col("moments_certainty") != "estimated").fill_null(value=True)),
    "events are fixed": (0.5, ~pl.col("has_tentative_event")),
}
"""Checks of a day: weight, and whether it passes."""


def build_days(
    *,
    calendar_id: UUID,
    definition: CalendarDefinition,
    events: Sequence[DatedEvent] = (),
    first: date | None = None,
    last: date | None = None,
    learned: SeasonalFactors | None = None,
) -> pl.DataFrame:
    """The days of a calendar from `first` to `last`, both included (by default all), columns `VALUES`.

    `learned`: seasonal factors from the company's own facts, in place of its industry's pattern. The same definition,
    events and factors give the same rows, whichever part is asked for. Raises PeriodError when the span is empty or
    leaves the calendar's own.
    """
    begin, end = first or definition.first_day, last or definition.last_day
    if not definition.first_day <= begin <= end <= definition.last_day:
        raise PeriodError(f"The calendar spans {definition.first_day} to {definition.last_day}, not {begin} to {end}.")
    rules = _rules_of(definition, learned)
    ruled = _few_years_by_rule if end.year - begin.year < FEW_YEARS else days_by_rule
    frame = ruled(rules, begin.year, end.year).filter(pl.col("date").is_between(begin, end))
    frame = event_columns(frame, events=_visible(events, begin, end))
    return _finished(frame, calendar_id, definition)


class Rules(NamedTuple):
    """What days follow from, apart from their events: calendars that agree in it have the same days."""

    markets: tuple[Market, ...]
    industry: str
    fiscal: tuple[AnyFiscalYears, ...]
    is_southern: bool
    periods: tuple[PeakPeriod, ...] | None
    moments_off: frozenset[str]
    paydays: tuple[int, ...]
    learned: SeasonalFactors | None


def _rules_of(definition: CalendarDefinition, learned: SeasonalFactors | None) -> Rules:
    return Rules(
        definition.markets,
        definition.industry,
        definition.fiscal,
        definition.is_southern,
        definition.periods,
        definition.moments_off,
        definition.paydays,
        learned,
    )


def days_by_rule(rules: Rules, first_year: int, last_year: int) -> pl.DataFrame:
    """The days of whole calendar years, with every column that no event changes."""
    # A neighbour each side, so that the edges know what surrounds them and ISO weeks are whole.
    first, last = date(first_year, 1, 1), date(last_year, 12, 31)
    padded_first, padded_last = first - timedelta(days=31), last + timedelta(days=31)
    countries = tuple(dict.fromkeys(market.country for market in rules.markets))
    found = occurrences(
        countries=countries,
        first_year=padded_first.year - 1,
        last_year=padded_last.year + 1,
        without=rules.moments_off,
    )
    frame = (
        pl.date_range(padded_first, padded_last, eager=True)
        .alias("date")
        .to_frame()
        .with_columns(part_columns(is_southern=rules.is_southern))
    )
    frame = business_columns(frame, markets=rules.markets, first=padded_first, last=padded_last, paydays=rules.paydays)
    industry = industry_of(code=rules.industry)
    frame = seasonality_columns(
        frame, industry=industry, is_southern=rules.is_southern, periods=rules.periods, learned=rules.learned
    )
    regional = regional_adjustments(markets=rules.markets, industry=industry, first=padded_first, last=padded_last)
    frame = frame.filter(pl.col("date").is_between(first, last)).with_columns(regional.alias("regional_adjustments"))
    frame = frame.join(fiscal_days(dates=frame["date"], timeline=rules.fiscal), on="date", how="left")
    frame = moment_columns(frame, found=found, country=countries[0])
    return season_columns(frame, found=found, country=countries[0])


FEW_YEARS: Final = 3
"""A changed event, or a new year, touches so many; their days are kept, for it will not be the last change there."""
_few_years_by_rule = lru_cache(maxsize=64)(days_by_rule)


def _visible(events: Sequence[DatedEvent], first: date, last: date) -> list[DatedEvent]:
    """Events that may touch the span; a year's margin covers the longest window."""
    margin = timedelta(days=366)
    return [e for e in events if e.fields.starts_on - margin <= last and e.fields.ends_on + margin >= first]


def _finished(frame: pl.DataFrame, calendar_id: UUID, definition: CalendarDefinition) -> pl.DataFrame:
    """The last columns, in the schema's order, sorted by day."""
    day = pl.col("date")
    return (
        frame.lazy()
        .with_columns(
            pl.lit(str(calendar_id)).alias("calendar_id"),
            # 29 February is compared with 28 February, as SQL's date arithmetic does.
            day.dt.offset_by("-1y").alias("same_day_last_year"),
            (day - pl.duration(days=364)).alias("same_weekday_last_year"),
            _quality(known_years(market=definition.primary)).alias("quality_score"),
            pl.lit(_provenance(definition, frame["seasonality_source"][0])).alias("provenance"),
        )
        .select(VALUES)
        .sort("date")
        .collect()
    )


def _quality(known: tuple[int, int]) -> pl.Expr:
    """The share of the weight of the checks that pass; at most CAP where a gate fails.

    Gates: the year's holidays are known, and no critical difference waits for a person.
    """
    whole = BY_RULE + sum(weight for weight, _ in WEIGHTS.values())
    passed = sum((pl.when(passes).then(weight).otherwise(0.0) for weight, passes in WEIGHTS.values()), pl.lit(BY_RULE))
    is_capped = ~pl.col("year_number").is_between(*known) | pl.col("has_critical_event")
    return (passed / whole).clip(upper_bound=pl.when(is_capped).then(CAP).otherwise(1.0))


def _provenance(definition: CalendarDefinition, seasonality: str) -> str:
    """Where each group of columns comes from, as canonical JSON."""
    sources = {
        "business": HOLIDAY_SOURCE,
        "events": "events",
        "fiscal": ",".join(scheme.code for scheme in definition.fiscal),
        "marketing": f"moments {moment_book().version}",
        "seasonality": seasonality,
    }
    return json.dumps(sources, sort_keys=True, separators=(",", ":"))
