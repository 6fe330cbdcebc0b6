"""The dimensions, each declared once: what may be grouped and filtered by, and what a report must hold to answer it.

A calendar column is joined through the day. When two periods are compared, columns that name a position in time
(`fiscal_quarter`, `iso_week`) are read from the day that a compared day stands for, and columns that say what kind of
day it was (`is_holiday`, `day_of_week`) from the compared day itself: holidays are compared with holidays.

A type of conversion cuts conversions and their worth, and nothing else of a row.

A country is its two letters (ISO 3166-1), however the platform writes it; what that was stays in the fact.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from kalends.base.errors import BadInputError
from kalends.calendar.service import DAY_COLUMNS, DayColumn


class UnknownDimensionError(BadInputError):
    """There is no dimension of this name."""

    code = "unknown_dimension"


class Kind(Enum):
    """Where a dimension's value comes from."""

    COLUMN = "column"
    BREAKDOWN = "breakdown"
    TIME = "time"
    POSITION = "position"
    TRAIT = "trait"
    GROUP = "group"
    PART = "part"
    THEN = "then"
    COUNTRY = "country"
    TYPE = "type"


@dataclass(frozen=True, slots=True)
class Dimension:
    """One dimension.

    `needs` names what a report must be split by to answer it: a key column ('campaign_id') or a breakdown ('country');
    '' when any report does. `in_daily` says that the rollup by day and campaign has it.
    """

    name: str
    label: str
    kind: Kind
    needs: str = ""
    in_daily: bool = False
    synonyms: tuple[str, ...] = ()

    @property
    def is_calendar(self) -> bool:
        """Whether it is joined from the calendar's days."""
        return self.kind in (Kind.POSITION, Kind.TRAIT)

    @property
    def is_dated(self) -> bool:
        """Whether it needs to know the day, which a row over many days does not."""
        return self.is_calendar or self.kind is Kind.TIME


def _column(
    name: str, label: str, *synonyms: str, needs: str = "", in_daily: bool = False, kind: Kind = Kind.COLUMN
) -> Dimension:
    return Dimension(name, label, kind, needs, in_daily, synonyms)


def _time(name: str, label: str, *synonyms: str) -> Dimension:
    return Dimension(name, label, Kind.TIME, "", True, synonyms)


_OFFERED: Final = ("part", "business", "fiscal", "marketing")
"""Groups of the calendar's columns that say what a day is; the others are measures, keys and notes about it."""
_TRAITS: Final = frozenset({"day_of_week", "day_name", "season"})
_COUNTED_DAYS: Final = frozenset({"business_day_of_month"})


def _calendar(column: DayColumn) -> Dimension:
    is_position = (column.group in ("part", "fiscal") and column.name not in _TRAITS) or column.name in _COUNTED_DAYS
    kind = Kind.POSITION if is_position else Kind.TRAIT
    return Dimension(column.name, column.label[0].upper() + column.label[1:], kind, in_daily=True)


_CALENDAR: Final = tuple(_calendar(column) for column in DAY_COLUMNS if column.group in _OFFERED)

DECLARED: Final[tuple[Dimension, ...]] = (
    _time("date", "Day", "days", "daily"),
    _time("week", "Week", "weeks", "weekly"),
    _time("month", "Month", "months", "monthly"),
    _time("quarter", "Quarter", "quarters", "quarterly"),
    _time("year", "Year", "years", "yearly"),
    _column("data_source", "Platform", "platform", "source", "platforms", in_daily=True),
    _column("account_id", "Account id", "account", in_daily=True),
    _column("account_name", "Account", in_daily=True),
    _column("account_name_then", "Account as called then", in_daily=True, kind=Kind.THEN),
    _column("campaign_id", "Campaign id", needs="campaign_id", in_daily=True),
    _column("campaign_name", "Campaign", "campaign", "campaigns", needs="campaign_id", in_daily=True),
    _column("campaign_name_then", "Campaign as called then", needs="campaign_id", in_daily=True, kind=Kind.THEN),
    _column("ad_group_id", "Ad group id", "ad set id", needs="ad_group_id"),
    _column("ad_group_name", "Ad group", "ad set", needs="ad_group_id"),
    _column("ad_id", "Ad id", needs="ad_id"),
    _column("ad_name", "Ad", "ads", needs="ad_id"),
    _column("channel", "Channel", "channels", in_daily=True),
    _column("channel_group", "Channel group", "channel groups", in_daily=True, kind=Kind.GROUP),
    _column("campaign_type", "Campaign type", needs="campaign_id", in_daily=True),
    _column("objective", "Objective", needs="campaign_id", in_daily=True),
    _column("currency", "Currency", in_daily=True),
    _column("date_zone", "Time zone of the dates"),
    _column("attribution", "Attribution window"),
    _column("country", "Country", "countries", "market", needs="country", kind=Kind.COUNTRY),
    _column("region", "Region", "regions", needs="region"),
    _column("device", "Device", "devices", needs="device"),
    _column("conversion_type", "Type of conversion", "conversion types", "action type", kind=Kind.TYPE),
    _column("list_id", "List", needs="list_id"),
    _column("segment_id", "Segment", needs="segment_id"),
    _column("flow_id", "Flow", needs="flow_id"),
    _column("message_id", "Message", needs="message_id"),
    *(
        _column(name, label, needs=name, kind=Kind.BREAKDOWN)
        for name, label in (
            ("age", "Age"), ("gender", "Gender"), ("placement", "Placement"), ("publisher_platform", "Publisher"),
            ("search_term", "Search term"), ("network", "Network"), ("hour", "Hour"), ("match_type", "Match type"),
        )
    ),
    # In a fact's key a keyword is its id, and its text stands beside it.
    _column("keyword", "Keyword", "keywords", needs="keyword_text", kind=Kind.BREAKDOWN),
    _column("keyword_id", "Keyword id", needs="keyword", kind=Kind.BREAKDOWN),
    *_CALENDAR,
)  # fmt: skip

DIMENSIONS: Final[Mapping[str, Dimension]] = {dimension.name: dimension for dimension in DECLARED}
_SPOKEN: Final[Mapping[str, str]] = {
    word.casefold(): dimension.name for dimension in DECLARED for word in (dimension.label, *dimension.synonyms)
}
_BREAKDOWN_NAME: Final = re.compile(r"breakdown:([a-z][a-z0-9_]*)")
_PART_NAME: Final = re.compile(r"own:([a-z][a-z0-9_]*)")


def dimension(name: str, /) -> Dimension:
    """The dimension called `name`: its name, label or a synonym; `breakdown:NAME` for a platform's own breakdown;
    `own:NAME` for a part of campaign names that the tenant's rules give.

    Raises `UnknownDimensionError`, which lists the names there are.
    """
    key = name.strip().casefold()
    own = _BREAKDOWN_NAME.fullmatch(key)
    if own is not None:
        return Dimension(key, own[1].replace("_", " ").capitalize(), Kind.BREAKDOWN, own[1])
    part = _PART_NAME.fullmatch(key)
    if part is not None:
        return Dimension(key, part[1].replace("_", " ").capitalize(), Kind.PART, "campaign_id", in_daily=True)
    found = DIMENSIONS.get(key.replace(" ", "_")) or DIMENSIONS.get(_SPOKEN.get(key, ""))
    if found is None:
        raise UnknownDimensionError(
            f"There is no dimension {name!r}. There are: {', '.join(DIMENSIONS)}; breakdown:NAME and own:NAME.",
            dimension=name,
        )
    return found
