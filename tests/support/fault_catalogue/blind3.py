"""A third group written from the trade alone, before any check was read or loosened, and looked at once."""

from datetime import timedelta

import polars as pl

from .clean import MEASURES, TODAY
from .kinds import (
    ADDED,
    BOUGHT,
    DAY,
    Fault,
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

kind, BLIND_3 = collector("blind 3")


@kind(critical=True)
def order_value_lost(rows, rng):
    """The shop's tag tells orders without their value for three days: conversions, but a revenue of zero."""
    day = some_day(rng)
    return Fault(change(rows, between(day, day + 2 * DAY), revenue=0.0), week(day, 3))


@kind(critical=True)
def day_before_added(rows, rng):
    """The last 48 hours were asked for, and stored as one day."""
    day = some_day(rng)
    return Fault(with_sums(rows, on(day), on(day - DAY), ADDED, lambda mine, there: mine + there), frozenset({day}))


@kind(critical=True)
def second_page_lost(rows, rng):
    """The second page of the answer was never fetched: the smaller half of the campaigns is missing."""
    day = some_day(rng)
    ids = by_spend(rows, day)
    return Fault(rows.filter(~(on(day) & pl.col("campaign_id").is_in(ids[(len(ids) + 1) // 2 :]))), frozenset({day}))


@kind(critical=True)
def tag_on_every_page(rows, rng):
    """The tag of the thank-you page was put on every page: for three days each visit has several orders."""
    day = some_day(rng)
    where = between(day, day + 2 * DAY)
    return Fault(as_told(scaled(rows, where, float(rng.uniform(4, 12)), *BOUGHT), where), week(day, 3))


@kind(critical=True)
def comma_in_a_name(rows, rng):
    """The largest campaign's name has a comma, and no quotes: its numbers stand one column further right."""
    day = some_day(rng)
    moved = dict(zip(MEASURES[1:], (pl.col(name) for name in MEASURES[:-1]), strict=True))
    nothing = pl.lit(None, dtype=pl.Float64)
    return Fault(change(rows, on(day) & of(largest(rows, day)), spend=nothing, **moved), frozenset({day}))


@kind(critical=True)
def last_click_from_now_on(rows, rng):
    """Another attribution model counts from this day to the end: four in ten conversions are someone else's."""
    day = some_day(rng)
    where = pl.col("date_from") >= day
    return Fault(as_told(scaled(rows, where, float(rng.uniform(0.5, 0.7)), *BOUGHT), where), week(day))


@kind(critical=True)
def not_permitted_for_days(rows, rng):
    """One campaign, not the largest, may not be read for five days; then it may again."""
    day = some_day(rng)
    gone = between(day, day + 4 * DAY) & of(by_spend(rows, day)[1])
    return Fault(rows.filter(~gone), week(day, 5))


@kind(critical=True)
def form_spam(rows, rng):
    """Robots fill in the form behind the largest campaign for three days: conversions, and no more revenue."""
    day = some_day(rng)
    days = between(day, day + 2 * DAY)
    spam = days & of(largest(rows, day))
    more = scaled(rows, spam, float(rng.uniform(2.5, 6)), "conversions")
    return Fault(as_told(more, days), week(day, 3))


@kind(critical=True)
def roas_taken_for_revenue(rows, rng):
    """The column of conversion value over cost was taken for the value."""
    day = some_day(rng)
    rate = pl.when(pl.col("spend") > 0).then((pl.col("revenue") / pl.col("spend")).round(2)).otherwise(0.0)
    return Fault(change(rows, on(day), revenue=rate), frozenset({day}))


@kind(critical=True)
def sandbox_answers(rows, rng):
    """The platform's sandbox answered: every row has the same sample numbers."""
    day = some_day(rng)
    sample = {
        "spend": 100.0,
        "impressions": 10_000.0,
        "clicks": 200.0,
        "conversions": 10.0,
        "revenue": 500.0,
        "reach": 5_000.0,
        "frequency": 2.0,
    }
    return Fault(change(rows, on(day), **sample), frozenset({day}))


@kind(critical=True)
def experiment_counted_twice(rows, rng):
    """An experiment's arm is told as a campaign of its own for four days, and within its campaign, too."""
    day = some_day(rng)
    days = between(day, day + 3 * DAY)
    arm = scaled(rows.filter(days, of(largest(rows, day))), days, 0.5, *MEASURES, "reach")
    arm = as_told(arm, days).with_columns(
        campaign_id="7" + pl.col("campaign_id").str.slice(1),
        campaign_name=pl.col("campaign_name") + " experiment",
        ad_id=pl.when(pl.col("ad_id") != "").then("7" + pl.col("ad_id").str.slice(1)).otherwise(pl.col("ad_id")),
    )
    return Fault(pl.concat([rows, arm]), week(day, 4))


@kind(critical=True)
def offline_sales_on_day_of_upload(rows, rng):
    """A fortnight's sales by telephone were uploaded without their dates: all count on the day of the upload."""
    day = some_day(rng)
    before = between(day - 14 * DAY, day - DAY)
    share = float(rng.uniform(0.15, 0.4))
    more = with_sums(rows, on(day), before, BOUGHT, lambda mine, there: mine + there * share)
    return Fault(as_told(more, on(day)), frozenset({day}))


@kind(critical=True)
def lifetime_value_sent(rows, rng):
    """For a week the shop sends what a customer may be worth one day, not what was ordered."""
    day = some_day(rng)
    where = between(day, day + 6 * DAY)
    return Fault(as_told(scaled(rows, where, float(rng.uniform(2, 4)), "revenue"), where), week(day))


@kind(critical=True)
def one_country_only(rows, rng):
    """A filter on the largest country was left in the request for three days."""
    day = some_day(rng)
    where = between(day, day + 2 * DAY)
    cut = scaled(rows, where, float(rng.uniform(0.3, 0.6)), *MEASURES, "reach")
    return Fault(as_told(cut, where), week(day, 3))


@kind(critical=False)
def voucher_deducted(rows, rng):
    """An advertising voucher was deducted from the largest campaign's spend."""
    day = some_day(rng)
    cut = scaled(rows, on(day) & of(largest(rows, day)), float(rng.uniform(0.2, 0.6)), "spend")
    return Fault(as_told(cut, on(day)), frozenset({day}))


@kind(critical=False)
def impressions_in_thousands(rows, rng):
    """The column's heading says thousands, and nobody read it."""
    day = some_day(rng)
    return Fault(change(rows, on(day), impressions=(pl.col("impressions") / 1000).round(1)), frozenset({day}))


@kind(critical=False)
def refunds_on_one_day(rows, rng):
    """A fortnight's refunds were booked against the largest campaign's revenue on one day."""
    day = some_day(rng)
    mine = of(largest(rows, day))
    before = between(day - 14 * DAY, day - DAY) & mine
    share = float(rng.uniform(0.05, 0.15))
    less = with_sums(rows, on(day) & mine, before, ("revenue",), lambda now, there: now - there * share)
    return Fault(as_told(less, on(day)), frozenset({day}))


@kind(critical=False)
def correction_row(rows, rng):
    """The platform's refund for invalid clicks came as a row of its own, with negative spend."""
    day = some_day(rng)
    spent = rows.filter(on(day), pl.col("report") == "campaign")["spend"].sum()
    row = rows.filter(on(day), pl.col("report") == "campaign").head(1)
    row = row.with_columns(
        pl.lit("Adjustments").alias("campaign_name"),
        pl.lit("1").alias("campaign_id"),
        pl.lit(-round(spent * float(rng.uniform(0.1, 0.3)), 2)).alias("spend"),
        *(pl.lit(0.0).alias(name) for name in (*MEASURES[1:], "reach")),
        pl.lit(None, dtype=pl.Float64).alias("frequency"),
    )
    return Fault(pl.concat([rows, row]), frozenset({day}))


@kind(critical=False)
def labels_translated(rows, rng):
    """Somebody changed the language of the account: devices, and default names, are German ones."""
    day = some_day(rng)
    devices = {"desktop": "Computer", "mobile": "Smartphone", "tablet": "Tablet-PC"}
    device = pl.col("device").replace(devices)
    words = {"Brand": "Marke", "Generic": "Allgemein", "Shopping": "Einkauf", "Reach": "Reichweite"}
    return Fault(
        change(
            rows,
            on(day),
            device=device,
            breakdowns=pl.when(pl.col("device").is_not_null())
            .then('{"device":"' + device + '"}')
            .otherwise(pl.col("breakdowns")),
            campaign_name=pl.col("campaign_name").str.replace_many(words),
        ),
        frozenset({day}),
    )


@kind(critical=False)
def gap_interpolated(rows, rng):
    """A script filled a missing day with the mean of its neighbours."""
    day = some_day(rng)
    sides = on(day - DAY) | on(day + DAY)
    return Fault(with_sums(rows, on(day), sides, ADDED, lambda _, there: there / 2), frozenset({day}))


@kind(critical=False)
def placements_left_out(rows, rng):
    """For three days only the platform's own pages were asked for, without its partners'."""
    day = some_day(rng)
    where = between(day, day + 2 * DAY)
    cut = scaled(rows, where, float(rng.uniform(0.5, 0.75)), "impressions", "reach")
    cut = scaled(cut, where, float(rng.uniform(0.65, 0.85)), "spend", "clicks", *BOUGHT)
    return Fault(as_told(cut, where), week(day, 3))


@kind(critical=False)
def views_taken_for_impressions(rows, rng):
    """Impressions of the largest campaign are views of its video, fewer by far, for three days."""
    day = some_day(rng)
    days = between(day, day + 2 * DAY)
    cut = scaled(rows, days & of(largest(rows, day)), float(rng.uniform(0.15, 0.45)), "impressions")
    cut = change(cut, days, impressions=pl.max_horizontal(pl.col("impressions").round(), "clicks"))
    return Fault(as_told(cut, days), week(day, 3))


@kind(critical=False)
def one_part_twice(rows, rng):
    """One value of a breakdown, or one ad, is told twice: once under its name, and once under another."""
    day = some_day(rng)
    ads = rows.filter(on(day), of(largest(rows, day)), pl.col("report") == "ad")["ad_id"].to_list()
    part = (pl.col("device") == "mobile").fill_null(value=False) | pl.col("ad_id").is_in(ads[:1])
    copy = rows.filter(on(day), part).with_columns(
        ad_id=pl.when(pl.col("ad_id") != "").then("7" + pl.col("ad_id")).otherwise(pl.col("ad_id")),
        device=pl.when(pl.col("device").is_not_null()).then(pl.lit("other")),
        breakdowns=pl.when(pl.col("device").is_not_null())
        .then(pl.lit('{"device":"other"}'))
        .otherwise(pl.col("breakdowns")),
    )
    return Fault(pl.concat([rows, copy]), frozenset({day}))


@kind(critical=False)
def newest_days_too_complete(rows, rng):
    """The newest three days hold the platform's forecast of their conversions, not what is known of them."""
    first = TODAY - timedelta(days=3)
    where = between(first, TODAY - DAY)
    more = scaled(rows, where, float(rng.uniform(2.5, 5)), *BOUGHT)
    return Fault(as_told(more, where), week(first, 3))
