"""Kinds of fault written after the checks were finished, from what goes wrong in the trade.

Whoever wrote them had not read the checks' code or their thresholds, only the list of checks in the docs.
"""

from datetime import date

import polars as pl

from .clean import MEASURES
from .kinds import DAY, ENTITY, Fault, between, by_spend, change, collector, largest, of, on, scaled, some_day, week

kind, LATER = collector("later")
COUNTED = ("impressions", "clicks", "conversions")


@kind(critical=True)
def day_and_month_exchanged(rows, rng):
    """04/12 was read as the twelfth of April."""
    days = [day for day in (date(2025, 12, number) for number in range(1, 12)) if day.month != day.day]
    day = days[int(rng.integers(len(days)))]
    then = date(day.year, day.day, day.month)
    return Fault(change(rows, on(day), date_from=pl.lit(then)), frozenset({day, then}))


@kind(critical=True)
def amounts_in_kronor(rows, rng):
    """The day's amounts are in Swedish kronor, and still said to be euros."""
    day = some_day(rng)
    return Fault(scaled(rows, on(day), 11.3, "spend", "revenue"), frozenset({day}))


@kind(critical=True)
def other_events_counted(rows, rng):
    """For three days, baskets were counted as purchases, too."""
    day = some_day(rng)
    return Fault(scaled(rows, between(day, day + 2 * DAY), 12, "conversions"), week(day, 3))


@kind(critical=True)
def account_under_two_ids(rows, rng):
    """A day came again with the account's id in its long form."""
    day = some_day(rng)
    other = "act_" + rows["account_id"][0]
    again = rows.filter(on(day)).with_columns(account_id=pl.lit(other))
    return Fault(pl.concat([rows, again]), frozenset({day}), (other,))


@kind(critical=True)
def two_campaigns_exchanged(rows, rng):
    """A wrong join: the largest campaign has the numbers of the smallest, and the other way round."""
    day = some_day(rng)
    first, second = largest(rows, day), by_spend(rows, day)[-1]
    names = {each: rows.filter(of(each))["campaign_name"].drop_nulls()[0] for each in (first, second)}
    other = pl.when(of(first)).then(pl.lit(second)).otherwise(pl.lit(first))
    name = pl.when(of(first)).then(pl.lit(names[second])).otherwise(pl.lit(names[first]))
    where = on(day) & (of(first) | of(second))
    return Fault(change(rows, where, campaign_id=other, campaign_name=name), frozenset({day}))


@kind(critical=True)
def test_order(rows, rng):
    """Somebody tested the shop with an order of a quarter of a million."""
    day = some_day(rng)
    where = on(day) & of(largest(rows, day)) & (pl.col("report") == "campaign")
    return Fault(
        change(rows, where, revenue=pl.col("revenue") + 250_000, conversions=pl.col("conversions") + 1),
        frozenset({day}),
    )


@kind(critical=True)
def price_taken_for_spend(rows, rng):
    """The column of the price of a click was taken for what was spent."""
    day = some_day(rng)
    price = (pl.col("spend") / pl.when(pl.col("clicks") > 0).then(pl.col("clicks"))).round(2)
    return Fault(change(rows, on(day), spend=price.fill_null(0.0)), frozenset({day}))


@kind(critical=True)
def last_hour_survives(rows, rng):
    """Rows by the hour came under the day's key: only the last hour is left."""
    day = some_day(rng)
    left = scaled(rows, on(day), 0.03, *MEASURES)
    left = change(left, on(day), **{name: pl.col(name).round() for name in COUNTED})
    return Fault(
        change(left, on(day), spend=pl.col("spend").round(2), revenue=pl.col("revenue").round(2)), frozenset({day})
    )


@kind(critical=True)
def footer_taken_for_campaign(rows, rng):
    """The last line of the file, its totals, was taken for a campaign."""
    day = some_day(rng)
    campaigns = rows.filter(on(day), pl.col("report") == "campaign")
    footer = campaigns[:1].with_columns(
        *(pl.lit(campaigns[name].sum()).cast(campaigns.schema[name]).alias(name) for name in (*MEASURES, "reach")),
        campaign_id=pl.lit("Total"),
        campaign_name=pl.lit("Total: all campaigns"),
    )
    return Fault(pl.concat([rows, footer]), frozenset({day}))


@kind(critical=True)
def four_weeks_ago_again(rows, rng):
    """An old file came under new dates: a week has the numbers of four weeks before."""
    day = some_day(rng)
    old = rows.filter(between(day - 28 * DAY, day - 22 * DAY)).with_columns(pl.col("date_from") + 28 * DAY)
    return Fault(pl.concat([rows.filter(~between(day, day + 6 * DAY)), old]), week(day))


@kind(critical=False)
def tax_added(rows, rng):
    """For a week, what was spent has value added tax in it."""
    day = some_day(rng)
    taxed = scaled(rows, between(day, day + 6 * DAY), 1.19, "spend")
    return Fault(change(taxed, between(day, day + 6 * DAY), spend=pl.col("spend").round(2)), week(day))


@kind(critical=False)
def last_value_survives(rows, rng):
    """The key was too short for a week: of each campaign's parts only one is left."""
    day = some_day(rng)
    part = pl.col("report").is_in(["ad", "campaign/device"]) & between(day, day + 6 * DAY)
    value = pl.col("ad_id") + pl.col("breakdowns")
    return Fault(rows.filter(~part | (value == value.max().over("report", "campaign_id"))), week(day))


@kind(critical=False)
def zone_changed(rows, rng):
    """For a week, days were cut in California: a third of each lies under the day before."""
    day = some_day(rng)
    mixed = rows.sort("date_from").with_columns(
        (0.63 * pl.col(name) + 0.37 * pl.col(name).shift(-1).over(ENTITY).fill_null(0))
        .round(2 * (name in {"spend", "revenue"}))
        .alias(name)
        for name in MEASURES
    )
    where = between(day, day + 6 * DAY)
    told = mixed.filter(where).with_columns(date_zone=pl.lit("America/Los_Angeles"))
    return Fault(pl.concat([rows.filter(~where), told]), week(day))


@kind(critical=False)
def stale_numbers_anew(rows, rng):
    """An export made long ago was loaded as if it were new: three days have the conversions of their first morning."""
    day = some_day(rng)
    where = between(day, day + 2 * DAY)
    old = scaled(rows, where, 0.3, "conversions", "revenue")
    return Fault(
        change(old, where, conversions=pl.col("conversions").round(), revenue=pl.col("revenue").round(2)), week(day, 3)
    )


@kind(critical=False)
def budget_taken_for_spend(rows, rng):
    """For five days, the largest campaign's spend is its budget."""
    day = some_day(rng)
    mine = between(day, day + 4 * DAY) & of(largest(rows, day))
    budget = (pl.col("spend").mean().over(ENTITY) / 10).round() * 10
    return Fault(change(rows, mine, spend=budget), week(day, 5))


@kind(critical=False)
def apostrophe_before_ids(rows, rng):
    """A spreadsheet's apostrophe was left before ids."""
    day = some_day(rng)
    where = on(day) & (pl.col("campaign_id") != "")
    return Fault(change(rows, where, campaign_id="'" + pl.col("campaign_id")), frozenset({day}))


@kind(critical=False)
def channel_changed(rows, rng):
    """For a week, the account's ads are said to be of another channel."""
    day = some_day(rng)
    return Fault(change(rows, between(day, day + 6 * DAY), channel=pl.lit("display")), week(day))


@kind(critical=False)
def clicks_of_bots(rows, rng):
    """The largest campaign has six times the clicks, and none of them buys."""
    day = some_day(rng)
    return Fault(scaled(rows, on(day) & of(largest(rows, day)), 6, "clicks"), frozenset({day}))


@kind(critical=False)
def numbers_abbreviated(rows, rng):
    """Numbers were copied off a screen: 12.3K."""
    day = some_day(rng)
    short = {name: pl.col(name).round_sig_figs(3) for name in ("spend", "impressions", "clicks", "revenue")}
    return Fault(change(rows, on(day), **short), frozenset({day}))


@kind(critical=False)
def consent_lost(rows, rng):
    """For five days, half of the visitors could not be counted, and so half of the purchases."""
    day = some_day(rng)
    where = between(day, day + 4 * DAY)
    half = scaled(rows, where, 0.5, "conversions", "revenue")
    return Fault(
        change(half, where, conversions=pl.col("conversions").round(), revenue=pl.col("revenue").round(2)), week(day, 5)
    )
