"""Public holidays, weekends, bridge days and half days, by country.

Dates come from the `holidays` library; its mark for dates that the moon has not settled yet is kept as
`is_estimated`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from importlib.metadata import version
from typing import Any, Final

import holidays as library
import polars as pl

from kalends.calendar.definition import Market
from kalends.calendar.errors import UnknownCountryError

SOURCE: Final = f"holidays {version('holidays')}"
# The library computes these countries' moving feasts for these years only, and warns beyond them.
_SHORTER: Final = {"IN": (2001, 2035)}
_ESTIMATED: Final = re.compile(r"\s*\((?:observed, )?estimated\)")
HOLIDAY_SCHEMA: Final = {"date": pl.Date, "name": pl.String, "is_estimated": pl.Boolean}


def _kind(market: Market) -> Any:
    """The library's class for the market's country."""
    kind = getattr(library, market.country, None)
    if kind is None:
        raise UnknownCountryError(f"No holidays are known for the country {market.country}.", country=market.country)
    return kind


def _open(market: Market, years: range, *categories: str) -> Any:
    """The library's book of one market; names in English where it has them."""
    kind = _kind(market)
    first, last = known_years(market=market)
    known = range(max(years.start, first), min(years.stop, last + 1))
    language = "en_US" if "en_US" in kind.supported_languages else None
    try:
        return library.country_holidays(
            market.country,
            subdiv=market.subdivision,
            years=known,
            expand=False,
            language=language,
            categories=categories or None,
        )
    except NotImplementedError as error:
        raise UnknownCountryError(str(error), country=market.country, subdivision=market.subdivision) from error


def _span(first: date, last: date) -> range:
    """The years touched, with one more at each end: observed days cross New Year."""
    return range(max(first.year - 1, 1), last.year + 2)


def days_between(first: date, last: date) -> list[date]:
    """Every day from `first` to `last`, both included."""
    return [date.fromordinal(number) for number in range(first.toordinal(), last.toordinal() + 1)]


def known_years(*, market: Market) -> tuple[int, int]:
    """The first and the last year for which the market's holidays are known; outside them "no holiday" means little."""
    kind = _kind(market)
    first, last = _SHORTER.get(market.country, (kind.start_year, kind.end_year))
    return int(first), int(last)


@lru_cache(maxsize=512)
def holidays_of(*, market: Market, first: date, last: date) -> pl.DataFrame:
    """The public holidays of one market: date (unique, sorted), name, is_estimated."""
    book = _open(market, _span(first, last))
    rows = [
        (day, _ESTIMATED.sub("", name), bool(_ESTIMATED.search(name)))
        for day, name in sorted(book.items())
        if first <= day <= last
    ]
    return pl.DataFrame(rows, schema=HOLIDAY_SCHEMA, orient="row")


@lru_cache(maxsize=512)
def category_days(*, market: Market, first: date, last: date, category: str) -> frozenset[date] | None:
    """The days of one of the library's categories (half_day, school); None where it is not known for the country."""
    if category not in _kind(market).supported_categories:
        return None
    return frozenset(day for day in _open(market, _span(first, last), category) if first <= day <= last)


@lru_cache(maxsize=128)
def weekends(*, market: Market, first: date, last: date) -> tuple[frozenset[date], frozenset[date]]:
    """The weekend days of one market between the dates, and those among them that are working days.

    Weekends change by country (Friday-Saturday) and in time (the Emirates' in 2022, Saudi Arabia's in June 2013).
    """
    book = _open(market, _span(first, last))
    years = [(max(first, date(year, 1, 1)), min(last, date(year, 12, 31))) for year in range(first.year, last.year + 1)]
    weekend = frozenset(day for begin, end in years for day in _weekend_days(book, begin, end))
    return weekend, frozenset(book.weekend_workdays) & weekend


def _weekend_days(book: Any, first: date, last: date) -> list[date]:
    """The weekend days of a year or a part of it.

    To ask about every day takes longer than all else that is known of it. So the four weeks at either end are asked,
    and the rest only where those differ: weekends change once in a year, or (Taiwan's until 2000) every other week.
    """
    days = days_between(first, last)
    weeks = [days[at : at + 7] for at in (*range(0, 28, 7), *range(len(days) - 28, len(days), 7))]
    seen = {frozenset(day.weekday() for day in week if book.is_weekend(day)) for week in weeks if len(days) >= 56}
    if len(seen) != 1:
        return [day for day in days if book.is_weekend(day)]
    regular = seen.pop()
    return [day for at in range(7) if days[at].weekday() in regular for day in days[at::7]]


def holiday_columns(*, markets: Sequence[Market], first: date, last: date) -> pl.DataFrame:
    """One row per day that is a holiday in any market.

    date, holiday_name and holiday_is_estimated (primary market), holiday_markets (canonical JSON: country or
    country-subdivision -> name), holiday_share (share of sales in markets on holiday, 0 to 1).
    """
    total = sum(market.sales_share for market in markets)
    frames = [
        holidays_of(market=market, first=first, last=last).select(
            "date",
            "name",
            "is_estimated",
            pl.lit(market.country + (f"-{market.subdivision}" if market.subdivision else "")).alias("market"),
            pl.lit(market.sales_share / total).alias("share"),
            pl.lit(index == 0).alias("is_primary"),
        )
        for index, market in enumerate(markets)
    ]
    entry = pl.concat_str(_quoted("market"), pl.lit(":"), _quoted("name"))
    return (
        pl.concat(frames)
        .sort("date", "market")
        .group_by("date", maintain_order=True)
        .agg(
            pl.col("name").filter("is_primary").first().alias("holiday_name"),
            pl.col("is_estimated").filter("is_primary").first().alias("holiday_is_estimated"),
            pl.concat_str(pl.lit("{"), entry.str.join(","), pl.lit("}")).first().alias("holiday_markets"),
            pl.col("share").sum().clip(0.0, 1.0).alias("holiday_share"),
        )
    )


def _quoted(column: str) -> pl.Expr:
    """A text column as JSON strings, letters of every script kept."""
    escaped = pl.col(column).str.replace_all("\\", "\\\\", literal=True).str.replace_all('"', '\\"', literal=True)
    return pl.concat_str(pl.lit('"'), escaped, pl.lit('"'))
