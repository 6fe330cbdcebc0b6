"""Kinds of fault that were put in only when all thresholds stood."""

from datetime import timedelta

import polars as pl

from .clean import MEASURES, TODAY
from .kinds import (
    DAY,
    ENTITY,
    Fault,
    added_up,
    between,
    change,
    collector,
    largest,
    of,
    on,
    scaled,
    some_day,
    week,
)  # fmt: skip

kind, UNSEEN = collector("unseen")


@kind(critical=True)
def spend_times_10(rows, rng):
    """A digit too many in the day's spend."""
    day = some_day(rng)
    return Fault(scaled(rows, on(day), 10, "spend"), frozenset({day}))


@kind(critical=True)
def spend_divided_by_100(rows, rng):
    """Spend was divided by a hundred once too often."""
    day = some_day(rng)
    return Fault(scaled(rows, on(day), 0.01, "spend"), frozenset({day}))


@kind(critical=True)
def revenue_in_cents(rows, rng):
    """Revenue is in cents."""
    day = some_day(rng)
    return Fault(scaled(rows, on(day), 100, "revenue"), frozenset({day}))


@kind(critical=True)
def thousands_mark_taken_for_point(rows, rng):
    """1.234 impressions were read as one and a bit."""
    day = some_day(rng)
    return Fault(change(rows, on(day), impressions=(pl.col("impressions") / 1000).round()), frozenset({day}))


@kind(critical=True)
def days_shifted(rows, rng):
    """From one day on, everything stands under the next day; the last of them is lost."""
    day = some_day(rng)
    last = day + 6 * DAY
    moved = rows.filter(between(day, last - DAY)).with_columns(pl.col("date_from") + DAY)
    return Fault(pl.concat([rows.filter(~between(day, last)), moved]), week(day))


@kind(critical=True)
def account_stopped(rows, rng):
    """The newest six days never came."""
    last = TODAY - 7 * DAY
    return Fault(rows.filter(pl.col("date_from") <= last), week(last + DAY, 6))


@kind(critical=True)
def campaign_under_other_account(rows, rng):
    """One day of a campaign came under another account."""
    day = some_day(rng)
    other = "8" + rows["account_id"][0]
    where = on(day) & of(largest(rows, day))
    return Fault(change(rows, where, account_id=pl.lit(other)), frozenset({day}), (other,))


@kind(critical=True)
def ids_rounded(rows, rng):
    """Ids were numbers once, and lost their last digits."""
    day = some_day(rng)
    rounded = pl.col("campaign_id").str.slice(0, 15) + pl.col("campaign_id").str.slice(15).str.replace_all(r"\d", "0")
    where = on(day) & (pl.col("campaign_id") != "")
    return Fault(change(rows, where, campaign_id=rounded), frozenset({day}))


@kind(critical=True)
def two_campaigns_under_one_id(rows, rng):
    """Two campaigns came under one id."""
    day = some_day(rng)
    ids = rows.filter(on(day), pl.col("report") == "campaign").sort("spend")["campaign_id"]
    first, second = ids[-1], ids[-2]
    merged = added_up(change(rows.filter(on(day)), of(second), campaign_id=pl.lit(first)), ENTITY)
    return Fault(pl.concat([rows.filter(~on(day)), merged]), frozenset({day}))


@kind(critical=True)
def week_under_one_day(rows, rng):
    """A weekly total stands under its first day; the other six have nothing."""
    day = some_day(rng)
    its_days = between(day, day + 6 * DAY)
    total = added_up(rows.filter(its_days), ENTITY).with_columns(pl.lit(day).alias("date_from"))
    return Fault(pl.concat([rows.filter(~its_days), total]), week(day))


@kind(critical=True)
def month_to_date(rows, rng):
    """For six days the numbers are those of the days before, too."""
    day = some_day(rng)
    where = between(day, day + 5 * DAY)
    part = rows.filter(where).sort("date_from")
    part = part.with_columns(pl.col(name).cum_sum().over(ENTITY) for name in MEASURES)
    return Fault(pl.concat([rows.filter(~where), part]), week(day, 6))


@kind(critical=True)
def revenue_vanished(rows, rng):
    """Revenue is not told any more, for a day."""
    day = some_day(rng)
    return Fault(change(rows, on(day), revenue=pl.lit(None, dtype=pl.Float64)), frozenset({day}))


@kind(critical=True)
def impressions_zero(rows, rng):
    """Impressions that were not told became zero."""
    day = some_day(rng)
    return Fault(change(rows, on(day), impressions=0.0), frozenset({day}))


@kind(critical=True)
def old_day(rows, rng):
    """A serial number was taken for a date: the day lies in 1970."""
    day = some_day(rng)
    then = day - timedelta(days=20454)
    return Fault(change(rows, on(day), date_from=pl.lit(then)), frozenset({day, then}))


@kind(critical=False)
def file_cut_off(rows, rng):
    """The end of the day's file is missing in every report."""
    day = some_day(rng)
    ids = rows.filter(on(day), pl.col("campaign_id") != "")["campaign_id"].unique().sort()
    kept = ids[: max(1, ids.len() * 6 // 10)]
    return Fault(
        rows.filter(~on(day) | pl.col("campaign_id").is_in(kept.to_list()) | (pl.col("campaign_id") == "")),
        frozenset({day}),
    )


@kind(critical=False)
def report_left_out(rows, rng):
    """One of the reports is missing for a day."""
    day = some_day(rng)
    return Fault(rows.filter(~(on(day) & pl.col("report").is_in(["ad", "campaign/device"]))), frozenset({day}))


@kind(critical=False)
def small_part_missing(rows, rng):
    """One ad of the largest campaign, or its clicks on desktops, are missing."""
    day = some_day(rng)
    mine = on(day) & of(largest(rows, day)) & ((pl.col("device") == "desktop") | (pl.col("ad_name") == "Ad 0"))
    return Fault(rows.filter(~mine.fill_null(value=False)), frozenset({day}))


@kind(critical=False)
def conversions_counted_twice(rows, rng):
    """Two names of one event were added up, for five days."""
    day = some_day(rng)
    where = between(day, day + 4 * DAY)
    return Fault(scaled(rows, where, 2, "conversions", "revenue"), week(day, 5))


@kind(critical=False)
def half_a_day(rows, rng):
    """The day was read before it was over, and nothing says so."""
    day = some_day(rng)
    return Fault(scaled(rows, on(day), 0.45, *MEASURES), frozenset({day}))


@kind(critical=False)
def cents_lost(rows, rng):
    """Amounts were rounded to whole units."""
    day = some_day(rng)
    return Fault(change(rows, on(day), spend=pl.col("spend").round()), frozenset({day}))


@kind(critical=False)
def names_lost(rows, rng):
    """The campaigns have no names."""
    day = some_day(rng)
    return Fault(change(rows, on(day), campaign_name=pl.lit(None, dtype=pl.String)), frozenset({day}))


@kind(critical=False)
def share_in_percent(rows, rng):
    """A share came as a percentage."""
    day = some_day(rng)
    return Fault(scaled(rows, on(day), 100, "impression_share"), frozenset({day}))


@kind(critical=False)
def reach_of_other_days(rows, rng):
    """Reach was added up over days."""
    day = some_day(rng)
    return Fault(scaled(rows, on(day), 7, "reach"), frozenset({day}))


@kind(critical=False)
def currency_misspelt(rows, rng):
    """The currency is called EURO."""
    day = some_day(rng)
    return Fault(change(rows, on(day), currency=pl.lit("EURO")), frozenset({day}))


@kind(critical=False)
def cost_left_out(rows, rng):
    """One campaign's cost is missing."""
    day = some_day(rng)
    return Fault(change(rows, on(day) & of(largest(rows, day)), spend=pl.lit(None, dtype=pl.Float64)), frozenset({day}))


@kind(critical=False)
def ids_renamed(rows, rng):
    """From one day on, every campaign has a new id."""
    day = some_day(rng)
    where = (pl.col("date_from") >= day) & (pl.col("campaign_id") != "")
    return Fault(change(rows, where, campaign_id="new-" + pl.col("campaign_id")), frozenset({day}))
