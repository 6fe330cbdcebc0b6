"""The kinds of fault that thresholds were chosen with."""

from datetime import UTC, datetime, time, timedelta

import polars as pl

from .clean import MEASURES, TODAY, morning_after
from .kinds import DAY, ENTITY, Fault, between, change, collector, largest, of, on, scaled, some_day, week

kind, KINDS = collector("tuned")


@kind(critical=True)
def missing_day(rows, rng):
    """A day was never loaded."""
    day = some_day(rng)
    return Fault(rows.filter(~on(day)), frozenset({day}))


@kind(critical=True)
def missing_days(rows, rng):
    """Three days were never loaded."""
    day = some_day(rng)
    return Fault(rows.filter(~between(day, day + 2 * DAY)), week(day, 3))


@kind(critical=True)
def spend_times_1000(rows, rng):
    """A decimal point was lost: the day's spend is a thousand times too large."""
    day = some_day(rng)
    return Fault(scaled(rows, on(day), 1000, "spend"), frozenset({day}))


@kind(critical=True)
def micros_not_divided(rows, rng):
    """Millionths were taken for units."""
    day = some_day(rng)
    return Fault(scaled(rows, on(day), 1_000_000, "spend"), frozenset({day}))


@kind(critical=True)
def one_campaign_in_cents(rows, rng):
    """One campaign's spend is in cents."""
    day = some_day(rng)
    return Fault(scaled(rows, on(day) & of(largest(rows, day)), 100, "spend"), frozenset({day}))


@kind(critical=True)
def day_repeated(rows, rng):
    """A day holds the numbers of the day before."""
    day = some_day(rng)
    copy = rows.filter(on(day - DAY)).with_columns(pl.lit(day).alias("date_from"))
    return Fault(pl.concat([rows.filter(~on(day)), copy]), frozenset({day}))


@kind(critical=True)
def campaign_under_two_ids(rows, rng):
    """A campaign was loaded again under another id."""
    day = some_day(rng)
    copy = rows.filter(on(day), of(largest(rows, day)))
    copy = copy.with_columns(
        campaign_id="9" + pl.col("campaign_id"),
        ad_id=pl.when(pl.col("ad_id") != "").then("9" + pl.col("ad_id")).otherwise(pl.col("ad_id")),
    )
    return Fault(pl.concat([rows, copy]), frozenset({day}))


@kind(critical=True)
def currency_swapped(rows, rng):
    """One campaign's rows are said to be in dollars."""
    day = some_day(rng)
    return Fault(change(rows, on(day) & of(largest(rows, day)), currency=pl.lit("USD")), frozenset({day}))


@kind(critical=True)
def sign_flipped(rows, rng):
    """Spend became negative."""
    day = some_day(rng)
    return Fault(scaled(rows, on(day) & of(largest(rows, day)), -1, "spend"), frozenset({day}))


@kind(critical=True)
def campaign_lost(rows, rng):
    """The largest campaign is missing for a day."""
    day = some_day(rng)
    gone = on(day) & of(largest(rows, day))
    return Fault(rows.filter(~gone), frozenset({day}))


@kind(critical=True)
def conversions_zero(rows, rng):
    """Conversions that were not told became zero."""
    day = some_day(rng)
    return Fault(change(rows, on(day), conversions=0.0, revenue=0.0), frozenset({day}))


@kind(critical=True)
def clicks_vanished(rows, rng):
    """A column was renamed: clicks are not told any more for three days."""
    day = some_day(rng)
    return Fault(change(rows, between(day, day + 2 * DAY), clicks=pl.lit(None, dtype=pl.Float64)), week(day, 3))


@kind(critical=True)
def id_of_spreadsheet(rows, rng):
    """A spreadsheet turned ids into 2.38E+16."""
    day = some_day(rng)
    return Fault(
        change(
            rows,
            on(day) & (pl.col("campaign_id") != ""),
            campaign_id="2.3" + pl.col("campaign_id").str.slice(10) + "E+16",
        ),
        frozenset({day}),
    )


@kind(critical=True)
def future_day(rows, rng):
    """Rows of a day that has not come."""
    day = TODAY + timedelta(days=int(rng.integers(2, 40)))
    newest = TODAY - DAY
    return Fault(
        pl.concat([rows, rows.filter(on(newest)).with_columns(pl.lit(day).alias("date_from"))]), frozenset({day})
    )


@kind(critical=False)
def part_missing(rows, rng):
    """One value of a breakdown, or the ads of one campaign, are missing."""
    day = some_day(rng)
    part = (pl.col("device") == "mobile") | (of(largest(rows, day)) & (pl.col("report") == "ad"))
    return Fault(rows.filter(~(on(day) & part.fill_null(value=False))), frozenset({day}))


@kind(critical=False)
def columns_swapped(rows, rng):
    """Clicks and impressions were exchanged."""
    day = some_day(rng)
    return Fault(change(rows, on(day), clicks=pl.col("impressions"), impressions=pl.col("clicks")), frozenset({day}))


@kind(critical=False)
def frozen_numbers(rows, rng):
    """Impressions stand still for four days."""
    day = some_day(rng)
    still = rows.filter(on(day)).select(*ENTITY, pl.col("impressions").alias("still"))
    joined = rows.join(still, on=ENTITY, how="left")
    frozen = change(
        joined, between(day, day + 3 * DAY) & pl.col("still").is_not_null(), impressions=pl.col("still")
    ).drop("still")
    return Fault(frozen, week(day, 4))


@kind(critical=False)
def conversions_never_read_again(rows, rng):
    """Five days were read the morning after, and never again: most conversions are missing."""
    day = some_day(rng)
    where = between(day, day + 4 * DAY)
    late = scaled(rows, where, 0.35, "conversions", "revenue")
    late = change(late, where, read_at=pl.lit(morning_after(day + 4 * DAY)))
    return Fault(late, week(day, 5))


@kind(critical=False)
def read_at_noon(rows, rng):
    """A day was read at noon, and not again."""
    day = some_day(rng)
    noon = datetime.combine(day, time(11), tzinfo=UTC)
    cut = scaled(rows, on(day), 0.5, *MEASURES)
    return Fault(change(cut, on(day), read_at=pl.lit(noon)), frozenset({day}))


@kind(critical=False)
def names_garbled(rows, rng):
    """UTF-8 was read as Latin-1."""
    day = some_day(rng)
    return Fault(change(rows, on(day), campaign_name="FrÃ¼hling " + pl.col("campaign_name")), frozenset({day}))
