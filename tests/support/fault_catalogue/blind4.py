"""A fourth group, written from the trade alone before any check was read, and looked at once, when all checks stood."""

import numpy as np
import polars as pl

from .clean import LAG, MEASURES, TODAY
from .kinds import (
    BOUGHT,
    DAY,
    ENTITY,
    PART,
    Fault,
    account_anew,
    added_up,
    as_told,
    between,
    by_spend,
    change,
    collector,
    largest,
    of,
    on,
    scaled,
    some_day,
    week,
    with_sums,
)

kind, BLIND_4 = collector("blind 4")


@kind(critical=True)
def release_fires_tag_twice(rows, rng):
    """From a release of the shop on, its tag fires twice for every order, to this day."""
    day = some_day(rng)
    where = pl.col("date_from") >= day
    return Fault(as_told(scaled(rows, where, 2, *BOUGHT), where), week(day))


@kind(critical=True)
def window_shortened_for_good(rows, rng):
    """From this day on, conversions count within a day of the click, no longer within a week."""
    day = some_day(rng)
    where = pl.col("date_from") >= day
    return Fault(as_told(scaled(rows, where, float(rng.uniform(0.6, 0.75)), *BOUGHT), where), week(day, 14))


@kind(critical=True)
def outage_sent_the_day_after(rows, rng):
    """The tag's server was down for a day; what it had queued counts on the day after."""
    day = some_day(rng)
    told = with_sums(rows, on(day + DAY), on(day), BOUGHT, lambda mine, there: mine + there)
    return Fault(as_told(scaled(told, on(day), 0, *BOUGHT), between(day, day + DAY)), week(day, 2))


@kind(critical=True)
def join_over_parts(rows, rng):
    """Campaigns were joined to their parts before they were added up: each campaign counts as often as it has parts."""
    day = some_day(rng)
    where = on(day) & (pl.col("report") == "campaign")
    parts = rows.filter(on(day), PART).group_by("campaign_id").agg(pl.len().alias("times"))
    joined = rows.join(parts, on="campaign_id", how="left")
    told = change(joined, where, **{name: pl.col(name) * pl.col("times") for name in MEASURES})
    return Fault(account_anew(told.select(rows.columns), on(day)), frozenset({day}))


@kind(critical=True)
def mean_of_parts(rows, rng):
    """For two days, a campaign's numbers are the mean of its parts' instead of their sum."""
    day = some_day(rng)
    where = between(day, day + DAY)
    parts = rows.filter(on(day), PART).group_by("campaign_id").agg(pl.len().alias("times"))
    joined = rows.join(parts, on="campaign_id", how="left")
    mine = where & (pl.col("report") == "campaign")
    told = change(joined, mine, **{name: (pl.col(name) / pl.col("times")).round(2) for name in MEASURES})
    return Fault(account_anew(told.select(rows.columns), where), week(day, 2))


@kind(critical=True)
def changes_told_not_levels(rows, rng):
    """Each number of the day is the change since the day before."""
    day = some_day(rng)
    return Fault(with_sums(rows, on(day), on(day - DAY), MEASURES, lambda mine, there: mine - there), frozenset({day}))


@kind(critical=True)
def other_client_mixed_in(rows, rng):
    """For three days, the answer held another client's campaigns, under this account's id."""
    day = some_day(rng)
    days = between(day, day + 2 * DAY)
    other = rows.filter(between(day - 20 * DAY, day - 18 * DAY), pl.col("report") != "account")
    other = other.with_columns(
        (pl.col("date_from") + 20 * DAY).alias("date_from"),
        pl.col("campaign_id").str.replace("2385", "1207"),
        pl.col("ad_id").str.replace("2385", "1207"),
        pl.col("ad_group_id").str.replace("2385", "1207"),
        pl.lit("Hotels North").alias("campaign_name"),
        *((pl.col(name) * float(rng.uniform(0.5, 2))).round(0) for name in (*MEASURES, "reach")),
        read_at=pl.lit(rows.filter(on(day))["read_at"][0]),
    )
    return Fault(account_anew(pl.concat([rows, other]), days), week(day, 3))


@kind(critical=True)
def revenue_debited(rows, rng):
    """An export for bookkeeping: the day's revenue has a minus before it."""
    day = some_day(rng)
    return Fault(scaled(rows, on(day), -1, "revenue"), frozenset({day}))


@kind(critical=True)
def capped_at_9999(rows, rng):
    """A field of four digits: for three days, no count is larger than 9,999."""
    day = some_day(rng)
    where = between(day, day + 2 * DAY)
    names = ("impressions", "clicks", "reach")
    return Fault(change(rows, where, **{name: pl.min_horizontal(pl.col(name), 9999.0) for name in names}), week(day, 3))


@kind(critical=True)
def ad_group_taken_for_campaign(rows, rng):
    """The ids of ad groups stand in the column of campaigns."""
    day = some_day(rng)
    where = on(day) & (pl.col("campaign_id") != "")
    return Fault(change(rows, where, campaign_id="6077" + pl.col("campaign_id").str.slice(4) + "3"), frozenset({day}))


@kind(critical=True)
def told_under_two_windows(rows, rng):
    """For three days each row came for two windows; the second has fewer conversions, and the same spend."""
    day = some_day(rng)
    again = rows.filter(between(day, day + 2 * DAY)).with_columns(pl.lit("1d_view").alias("attribution"))
    again = again.with_columns(pl.col("conversions") // 3, (pl.col("revenue") / 3).round(2))
    return Fault(pl.concat([rows, again]), week(day, 3))


@kind(critical=True)
def no_loads_at_weekends(rows, rng):
    """Nobody loaded at weekends: for three weeks, Saturdays and Sundays are missing."""
    day = some_day(rng)
    gone = frozenset(one for one in week(day, 21) if one.weekday() > 4)
    return Fault(rows.filter(~pl.col("date_from").is_in(list(gone))), gone)


@kind(critical=True)
def last_week_for_newest_day(rows, _rng):
    """The newest day was not ready; a filler put the numbers of a week before in its place."""
    day = TODAY - DAY
    old = rows.filter(on(day - 7 * DAY)).with_columns(
        (pl.col("date_from") + 7 * DAY).alias("date_from"), pl.lit(rows.filter(on(day))["read_at"][0]).alias("read_at")
    )
    return Fault(pl.concat([rows.filter(~on(day)), old]), frozenset({day}))


@kind(critical=True)
def redirect_lost_the_campaign(rows, rng):
    """A redirect overwrote the parameters: for six days, the largest campaign's orders count for the second."""
    day = some_day(rng)
    where = between(day, day + 5 * DAY)
    first, second = by_spend(rows, day)[:2]
    lost = rows.filter(where, of(first), pl.col("report") == "campaign")
    lost = lost.select("date_from", *(pl.col(name).alias(f"{name}_lost") for name in BOUGHT))
    joined = rows.join(lost, on="date_from", how="left")
    own = pl.col("spend") / pl.col("spend").sum().over("date_from", "report", "campaign_id")
    gained = {name: pl.col(name) + (pl.col(f"{name}_lost").fill_null(0) * own) for name in BOUGHT}
    told = change(joined, where & of(second), **gained).select(rows.columns)
    return Fault(as_told(scaled(told, where & of(first), 0, *BOUGHT), where), week(day, 6))


@kind(critical=True)
def point_removed(rows, rng):
    """The decimal point was stripped as if it marked thousands: 12.34 is 1234, 12.5 is 125, and 12 stays 12."""
    day = some_day(rng)
    cents = {name: (pl.col(name) * 100).round() for name in ("spend", "revenue")}
    told = {
        name: pl.when(cent % 100 == 0).then(cent / 100).when(cent % 10 == 0).then(cent / 10).otherwise(cent)
        for name, cent in cents.items()
    }
    return Fault(change(rows, on(day), **told), frozenset({day}))


@kind(critical=True)
def parts_in_millionths(rows, rng):
    """The finer report's spend is in millionths, for two days."""
    day = some_day(rng)
    return Fault(scaled(rows, between(day, day + DAY) & PART, 1_000_000, "spend"), week(day, 2))


@kind(critical=True)
def clicks_taken_for_impressions(rows, rng):
    """Two columns have similar headings: the day's impressions are its clicks."""
    day = some_day(rng)
    return Fault(change(rows, on(day), impressions=pl.col("clicks")), frozenset({day}))


@kind(critical=True)
def rejected_leads_filtered(rows, rng):
    """A filter of the customer system was left on: for four days hardly any conversion of two campaigns is told."""
    day = some_day(rng)
    where = between(day, day + 3 * DAY)
    mine = where & pl.col("campaign_id").is_in(by_spend(rows, day)[:2])
    return Fault(as_told(scaled(rows, mine, float(rng.uniform(0.05, 0.2)), *BOUGHT), where), week(day, 4))


@kind(critical=False)
def consent_banner_changed(rows, rng):
    """The banner has a button for no, now: for ten days, a quarter to a third of all orders is not counted."""
    day = some_day(rng)
    where = between(day, day + 9 * DAY)
    return Fault(as_told(scaled(rows, where, float(rng.uniform(0.65, 0.78)), *BOUGHT), where), week(day, 10))


@kind(critical=False)
def only_rows_with_orders(rows, rng):
    """For two weeks, the export left out what had no conversions."""
    day = some_day(rng)
    return Fault(rows.filter(~(between(day, day + 13 * DAY) & (pl.col("conversions") == 0))), week(day, 14))


@kind(critical=False)
def longest_rows_only(rows, rng):
    """A limit of the export: for five days, the smallest third of the rows of each report is missing."""
    day = some_day(rng)
    share = pl.col("spend").rank() / pl.len()
    low = between(day, day + 4 * DAY) & (share.over("date_from", "report") <= 0.34) & (pl.col("report") != "account")
    return Fault(rows.filter(~low), week(day, 5))


@kind(critical=False)
def amounts_in_pounds(rows, rng):
    """For two weeks, amounts are in pounds and said to be euros."""
    day = some_day(rng)
    where = between(day, day + 13 * DAY)
    return Fault(as_told(scaled(rows, where, 0.86, "spend", "revenue"), where), week(day, 14))


@kind(critical=False)
def shop_tells_dollars(rows, rng):
    """From this day on the shop tells revenue in dollars."""
    day = some_day(rng)
    where = pl.col("date_from") >= day
    return Fault(as_told(scaled(rows, where, float(rng.uniform(1.08, 1.18)), "revenue"), where), week(day, 21))


@kind(critical=False)
def hidden_ads_loaded(rows, rng):
    """A site loads ads where nobody sees them: for two days, one campaign has two to four times the impressions."""
    day = some_day(rng)
    where = between(day, day + DAY)
    mine = where & of(by_spend(rows, day)[1])
    return Fault(as_told(scaled(rows, mine, float(rng.uniform(2, 4)), "impressions", "reach"), where), week(day, 2))


@kind(critical=False)
def crawler_clicks_everywhere(rows, rng):
    """A crawler follows every ad for four days: half as many clicks again, or twice as many, and no more orders."""
    day = some_day(rng)
    where = between(day, day + 3 * DAY)
    return Fault(as_told(scaled(rows, where, float(rng.uniform(1.5, 2.2)), "clicks"), where), week(day, 4))


@kind(critical=False)
def name_not_set(rows, rng):
    """The list of names had no such id: one campaign is called (not set) for two days."""
    day = some_day(rng)
    where = between(day, day + DAY) & of(largest(rows, day))
    return Fault(change(rows, where, campaign_name=pl.lit("(not set)")), week(day, 2))


@kind(critical=False)
def names_in_small_letters(rows, rng):
    """A script made keys of the names: small letters, and lines instead of spaces."""
    day = some_day(rng)
    key = pl.col("campaign_name").str.to_lowercase().str.replace_all(" ", "_")
    return Fault(change(rows, on(day), campaign_name=key), frozenset({day}))


@kind(critical=False)
def names_escaped(rows, rng):
    """The names were copied from a page: their spaces are &nbsp;."""
    day = some_day(rng)
    return Fault(
        change(rows, on(day), campaign_name=pl.col("campaign_name").str.replace_all(" ", "&nbsp;")), frozenset({day})
    )


@kind(critical=False)
def spaces_after_ids(rows, rng):
    """Ids of fixed width: they end with spaces."""
    day = some_day(rng)
    where = on(day) & (pl.col("campaign_id") != "")
    return Fault(change(rows, where, campaign_id=pl.col("campaign_id") + "  "), frozenset({day}))


@kind(critical=False)
def orders_cached(rows, rng):
    """A cache answered: for three days conversions and revenue are those of the day before them, the rest is new."""
    day = some_day(rng)
    where = between(day, day + 2 * DAY)
    return Fault(with_sums(rows, where, on(day - DAY), BOUGHT, lambda _, there: there), week(day, 3))


@kind(critical=False)
def not_read_again(rows, _rng):
    """Nothing was read a second time of late: the newest twelve days have the conversions of their first morning."""
    first = TODAY - 12 * DAY
    age = (pl.lit(TODAY) - pl.col("date_from")).dt.total_days()
    known = (1 - float(np.exp(-1 / LAG))) / (1 - (-age / LAG).exp())
    where = between(first, TODAY - DAY)
    told = change(rows, where, **{name: pl.col(name) * known for name in BOUGHT})
    return Fault(as_told(told, where), week(first, 12))


@kind(critical=False)
def reach_and_impressions_exchanged(rows, rng):
    """Reach stands under impressions, and impressions under reach."""
    day = some_day(rng)
    return Fault(change(rows, on(day), reach=pl.col("impressions"), impressions=pl.col("reach")), frozenset({day}))


@kind(critical=False)
def counts_to_the_hundred(rows, rng):
    """For a week, impressions are rounded to the hundred."""
    day = some_day(rng)
    rounded = (pl.col("impressions") / 100).round() * 100
    return Fault(change(rows, between(day, day + 6 * DAY), impressions=rounded), week(day))


@kind(critical=False)
def zone_no_longer_told(rows, rng):
    """For two days nothing says in which zone the days are cut."""
    day = some_day(rng)
    return Fault(change(rows, between(day, day + DAY), date_zone=pl.lit(None, dtype=pl.String)), week(day, 2))


@kind(critical=False)
def evenings_lost(rows, rng):
    """For ten days the load ended before the day did: the last hours are missing."""
    day = some_day(rng)
    where = between(day, day + 9 * DAY)
    return Fault(as_told(scaled(rows, where, float(rng.uniform(0.75, 0.85)), *MEASURES), where), week(day, 10))


@kind(critical=False)
def default_order_value(rows, rng):
    """For five days, the tag sends the same value for each order: what an order is worth on average."""
    day = some_day(rng)
    where = between(day, day + 4 * DAY)
    before = rows.filter(pl.col("date_from") < day, pl.col("report") == "campaign")
    value = round(before["revenue"].sum() / before["conversions"].sum())
    return Fault(change(rows, where, revenue=pl.col("conversions") * float(value)), week(day, 5))


@kind(critical=False)
def fractions_of_orders(rows, rng):
    """For two weeks, each order is shared among those who led to it: campaigns have fractions of conversions."""
    day = some_day(rng)
    where = between(day, day + 13 * DAY)
    share = pl.Series("share", rng.uniform(0.8, 1.1, rows.height))
    told = rows.with_columns(share)
    shared = {name: (pl.col(name) * pl.col("share")).round(2) for name in BOUGHT}
    return Fault(account_anew(change(told, where, **shared).select(rows.columns), where), week(day, 14))


@kind(critical=False)
def small_campaigns_as_other(rows, rng):
    """For four days the smaller half of the campaigns came as one, called other."""
    day = some_day(rng)
    ids = by_spend(rows, day)
    small = between(day, day + 3 * DAY) & pl.col("campaign_id").is_in(ids[(len(ids) + 1) // 2 :])
    other = change(rows.filter(small), small, campaign_id=pl.lit("other"), campaign_name=pl.lit("Other"))
    other = added_up(other.with_columns(ad_id=pl.lit("")), ["date_from", *ENTITY])
    return Fault(pl.concat([rows.filter(~small), other]), week(day, 4))


@kind(critical=False)
def browser_blocks_the_tag(rows, rng):
    """A browser's new version blocks the tag: for two weeks, six in ten orders of one part are not counted."""
    day = some_day(rng)
    where = between(day, day + 13 * DAY)
    part = where & ((pl.col("device") == "mobile") | (pl.col("ad_name") == "Ad 0")).fill_null(value=False)
    return Fault(as_told(scaled(rows, part, 0.4, *BOUGHT), where), week(day, 14))


@kind(critical=False)
def spend_a_day_late(rows, rng):
    """For five days, spend is what was billed that day: the spend of the day before."""
    day = some_day(rng)
    late = rows.sort("date_from").with_columns(pl.col("spend").shift(1).over(ENTITY).alias("billed"))
    where = between(day, day + 4 * DAY) & pl.col("billed").is_not_null()
    return Fault(change(late, where, spend=pl.col("billed")).select(rows.columns), week(day, 5))


@kind(critical=False)
def minus_one_for_nothing(rows, rng):
    """Where there was nothing to count, a program wrote minus one, for three days."""
    day = some_day(rng)
    where = between(day, day + 2 * DAY) & (pl.col("conversions") == 0)
    return Fault(change(rows, where, conversions=-1.0, revenue=-1.0), week(day, 3))


@kind(critical=False)
def nines_for_unknown(rows, rng):
    """The largest campaign's reach was not known, and came as 9,999,999."""
    day = some_day(rng)
    return Fault(change(rows, on(day) & of(largest(rows, day)), reach=9_999_999.0), frozenset({day}))


@kind(critical=False)
def total_among_parts(rows, rng):
    """For three days the finer report has a line of totals among its parts."""
    day = some_day(rng)
    where = between(day, day + 2 * DAY) & PART
    total = added_up(rows.filter(where), ["date_from", "report", "campaign_id"])
    is_ad = pl.col("report") == "ad"
    total = total.with_columns(
        pl.when(is_ad).then(pl.lit("0")).otherwise(pl.lit("")).alias("ad_id"),
        pl.when(~is_ad).then(pl.lit("total")).alias("device"),
        pl.when(is_ad).then(pl.lit("{}")).otherwise(pl.lit('{"device":"total"}')).alias("breakdowns"),
    )
    return Fault(pl.concat([rows, total]), week(day, 3))
