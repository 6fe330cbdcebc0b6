"""Which days people work, get paid, or bridge to the weekend, in the primary market."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

import polars as pl

from kalends.calendar.definition import Market
from kalends.calendar.holidays import category_days, holiday_columns, weekends

# Money spent soon after payday: the day itself and the two after it.
PAYDAY_WINDOW_DAYS = 3


def business_columns(
    frame: pl.DataFrame, *, markets: Sequence[Market], first: date, last: date, paydays: Collection[int]
) -> pl.DataFrame:
    """`frame` (column `date`, every day from `first` to `last`, whole months) with the business columns joined on."""
    primary = markets[0]
    weekend, worked = weekends(market=primary, first=first, last=last)
    half = category_days(market=primary, first=first, last=last, category="half_day") or frozenset()
    school = category_days(market=primary, first=first, last=last, category="school")
    day = pl.col("date")
    return (
        frame.join(holiday_columns(markets=markets, first=first, last=last), on="date", how="left")
        .with_columns(
            _among(weekend).alias("is_weekend"),
            _among(worked).alias("_worked"),
            pl.col("holiday_name").is_not_null().alias("is_holiday"),
            pl.col("holiday_is_estimated").fill_null(value=False),
            pl.col("holiday_share").fill_null(0.0),
            pl.col("holiday_markets").fill_null("{}"),
            _among(half).alias("is_half_day"),
            (pl.lit(None, dtype=pl.Boolean) if school is None else _among(school)).alias("is_school_holiday"),
        )
        .with_columns(
            (~pl.col("is_weekend")).alias("is_weekday"),
            (pl.col("_worked") | ~(pl.col("is_weekend") | pl.col("is_holiday"))).alias("is_business_day"),
        )
        .with_columns(
            _bridge().alias("is_bridge_day"),
            pl.col("is_business_day").cast(pl.Int64).cum_sum().over(day.dt.truncate("1mo")).alias("_nth"),
        )
        .with_columns(pl.when("is_business_day").then("_nth").alias("business_day_of_month"))
        .with_columns(_payday_window(paydays).alias("is_payday_window"))
        .drop("_worked", "_nth")
    )


def _among(days: frozenset[date]) -> pl.Expr:
    """Whether the date is one of `days`."""
    return pl.col("date").is_in(pl.Series(sorted(days), dtype=pl.Date).implode())


def _bridge() -> pl.Expr:
    """A single business day between a holiday on one side and a day off on the other."""
    works, holiday = pl.col("is_business_day"), pl.col("is_holiday")
    off = ~works
    beside_holiday = holiday.shift(1, fill_value=False) | holiday.shift(-1, fill_value=False)
    return works & off.shift(1, fill_value=False) & off.shift(-1, fill_value=False) & beside_holiday


def _payday_window(paydays: Collection[int]) -> pl.Expr:
    """The payday and the days after it; a payday on a day off moves back to the business day before."""
    day, works = pl.col("date"), pl.col("is_business_day")
    month = day.dt.truncate("1mo")
    paid = pl.lit(value=False)
    for number in paydays:
        in_time = works if number == -1 else works & (day.dt.day() <= number)
        paid = paid | (day == pl.when(in_time).then(day).max().over(month))
    windows = [paid.shift(after, fill_value=False) for after in range(PAYDAY_WINDOW_DAYS)]
    return pl.any_horizontal(*windows)
