"""What differs in the further markets on a day: whether people work there, their season, their seasonality."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

import polars as pl

from kalends.calendar.definition import SOUTHERN, Market
from kalends.calendar.holidays import holidays_of, weekends
from kalends.calendar.industry import Industry
from kalends.calendar.parts import season_of
from kalends.calendar.seasonality import daily_factor

DIGITS: Final = 6
"""Of a factor: a product of a few multipliers with two digits each."""


def regional_adjustments(*, markets: Sequence[Market], industry: Industry, first: date, last: date) -> pl.Expr:
    """Canonical JSON for the day (columns date, month_number, day_of_month): market -> what holds there.

    Markets besides the first, as country or country-subdivision, each with is_business_day, season and
    seasonality_factor (its industry's pattern, by its own hemisphere). One market: {}.
    """
    names = {name_of(market): market for market in markets[1:]}
    entries = [
        pl.format('"{}":{}', pl.lit(name), _adjusted(names[name], industry, first, last)) for name in sorted(names)
    ]
    inner = pl.concat_str(*entries, separator=",") if entries else pl.lit("")
    return pl.concat_str(pl.lit("{"), inner, pl.lit("}"))


def name_of(market: Market) -> str:
    """DE, or US-CA for a part of a country."""
    return market.country + (f"-{market.subdivision}" if market.subdivision else "")


def _adjusted(market: Market, industry: Industry, first: date, last: date) -> pl.Expr:
    """What holds in one market."""
    is_southern = market.country in SOUTHERN
    works = pl.when(_business_day(market, first, last)).then(pl.lit("true")).otherwise(pl.lit("false"))
    factor = daily_factor(industry, is_southern=is_southern).round(DIGITS).cast(pl.String)
    return pl.concat_str(
        pl.lit('{"is_business_day":'), works, pl.lit(',"season":"'), season_of(is_southern=is_southern),
        pl.lit('","seasonality_factor":'), factor, pl.lit("}"),
    )  # fmt: skip


def _business_day(market: Market, first: date, last: date) -> pl.Expr:
    """Whether people work in the market on the day."""
    weekend, worked = weekends(market=market, first=first, last=last)
    off = weekend.union(holidays_of(market=market, first=first, last=last)["date"]) - worked
    return ~pl.col("date").is_in(pl.Series(sorted(off), dtype=pl.Date).implode())
