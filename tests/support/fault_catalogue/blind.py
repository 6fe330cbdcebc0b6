"""Two groups of kinds written from the trade alone, before their author had read the checks or the docs about them.

What a platform itself gets wrong, such as a tag that does not fire, is wrong in the account's own report, too.
"""

from datetime import timedelta

import polars as pl

from .clean import MEASURES, TODAY
from .kinds import (
    BOUGHT,
    DAY,
    ENTITY,
    PART,
    Fault,
    account_anew,
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
    whole,
)

kind, BLIND = collector("blind")
later_kind, BLIND_2 = collector("blind 2")


def rotated(rows, day):
    """For each campaign of the day, the one whose place it takes: the next larger one, and the smallest the largest's."""
    ids = rows.filter(on(day), pl.col("report") == "campaign").sort("spend")["campaign_id"].to_list()
    return dict(zip(ids, [*ids[1:], ids[0]], strict=True))


def name_of(rows, campaign):
    return rows.filter(of(campaign))["campaign_name"].drop_nulls()[0]


@kind(critical=True)
def everything_doubled(rows, rng):
    """A join found each row twice and added them up: all of the day's numbers are doubled."""
    day = some_day(rng)
    return Fault(scaled(rows, on(day), 2, *MEASURES, "reach"), frozenset({day}))


@kind(critical=True)
def lifetime_under_one_day(rows, rng):
    """The report was asked for without a range: under the day stand the campaigns' whole lives."""
    day = some_day(rng)
    life = added_up(rows.filter(pl.col("date_from") <= day).sort("date_from", descending=True), ENTITY)
    life = life.with_columns(pl.lit(day).alias("date_from"))
    there = rows.filter(on(day)).select(ENTITY)
    return Fault(pl.concat([rows.filter(~on(day)), life.join(there, on=ENTITY, how="semi")]), frozenset({day}))


@kind(critical=True)
def clicks_taken_for_conversions(rows, rng):
    """The column of results was taken for conversions, and this objective's results are clicks."""
    day = some_day(rng)
    mine = between(day, day + 6 * DAY) & of(largest(rows, day))
    return Fault(account_anew(change(rows, mine, conversions=pl.col("clicks")), between(day, day + 6 * DAY)), week(day))


@kind(critical=True)
def view_through_added(rows, rng):
    """For two weeks, sales count of people who only saw an ad."""
    day = some_day(rng)
    where = between(day, day + 13 * DAY)
    return Fault(whole(scaled(rows, where, 1.6, *BOUGHT), where), week(day, 14))


@kind(critical=True)
def orders_all_worth_one(rows, rng):
    """The shop's tag sends no value: for three days each order is worth one."""
    day = some_day(rng)
    return Fault(change(rows, between(day, day + 2 * DAY), revenue=pl.col("conversions")), week(day, 3))


@kind(critical=True)
def big_numbers_not_read(rows, rng):
    """1,234 was no number to the reader: counts of a thousand and more are missing."""
    day = some_day(rng)
    small = {name: pl.when(pl.col(name) < 1000).then(pl.col(name)) for name in ("impressions", "clicks", "reach")}
    return Fault(change(rows, on(day), **small), frozenset({day}))


@kind(critical=True)
def weekend_under_monday(rows, rng):
    """Saturday and Sunday stand under Monday."""
    day = some_day(rng)
    monday = day + timedelta(days=(7 - day.weekday()) % 7)
    where = between(monday - 2 * DAY, monday)
    moved = rows.filter(where).sort("date_from", descending=True).with_columns(pl.lit(monday).alias("date_from"))
    return Fault(pl.concat([rows.filter(~where), added_up(moved, ENTITY)]), week(monday - 2 * DAY, 3))


@kind(critical=True)
def campaigns_rotated(rows, rng):
    """Lists were joined by place, and one was sorted: each campaign has another's numbers, and its ads have them too."""
    day = some_day(rng)
    takes = rotated(rows, day)
    parts = [rows.filter(~on(day) | ~pl.col("campaign_id").is_in(list(takes)))]
    for old, new in takes.items():
        mine = rows.filter(on(day), of(old)).with_columns(
            *(pl.col(name).str.replace(old, new, literal=True) for name in ("campaign_id", "ad_group_id", "ad_id")),
            campaign_name=pl.lit(name_of(rows, new)),
        )
        parts.append(mine)
    return Fault(pl.concat(parts), frozenset({day}))


@kind(critical=True)
def rate_taken_for_clicks(rows, rng):
    """The click rate in per cent was taken for clicks."""
    day = some_day(rng)
    rate = (100 * pl.col("clicks") / pl.when(pl.col("impressions") > 0).then(pl.col("impressions"))).round(2)
    return Fault(change(rows, on(day), clicks=rate.fill_null(0.0)), frozenset({day}))


@kind(critical=True)
def digits_cut_off(rows, rng):
    """A column four places wide: what is longer lost its last digits."""
    day = some_day(rng)
    cut = pl.col("impressions").cast(pl.Int64).cast(pl.String).str.slice(0, 4).cast(pl.Float64)
    return Fault(change(rows, on(day), impressions=cut), frozenset({day}))


@kind(critical=True)
def tag_missing_on_a_part(rows, rng):
    """For a week nothing is counted on phones, or for what the first ad of each campaign leads to."""
    day = some_day(rng)
    where = between(day, day + 6 * DAY)
    gone = where & PART & ((pl.col("device") == "mobile") | (pl.col("ad_name") == "Ad 0")).fill_null(value=False)
    hit = scaled(rows, gone, 0, *BOUGHT)
    left = hit.filter(where, PART).group_by("date_from", "campaign_id").agg(
        pl.col(name).sum().alias(f"{name}_left") for name in BOUGHT
    )  # fmt: skip
    joined = hit.join(left, on=["date_from", "campaign_id"], how="left")
    told = change(
        joined, where & (pl.col("report") == "campaign"), **{name: pl.col(f"{name}_left") for name in BOUGHT}
    ).select(rows.columns)
    return Fault(account_anew(told, where), week(day))


@kind(critical=True)
def units_taken_for_orders(rows, rng):
    """For a week, conversions are the pieces that were sold; revenue is right."""
    day = some_day(rng)
    where = between(day, day + 6 * DAY)
    return Fault(whole(scaled(rows, where, 2.7, "conversions"), where), week(day))


@kind(critical=True)
def revenue_is_spend(rows, rng):
    """The column of what was spent was taken for revenue."""
    day = some_day(rng)
    return Fault(change(rows, on(day), revenue=pl.col("spend")), frozenset({day}))


@kind(critical=False)
def week_backwards(rows, rng):
    """A list of seven days without dates was read from its wrong end."""
    day = some_day(rng)
    last = day + 6 * DAY
    turned = (pl.lit(day) + (pl.lit(last) - pl.col("date_from"))).cast(pl.Date)
    return Fault(change(rows, between(day, last), date_from=turned), week(day))


@kind(critical=False)
def names_rotated(rows, rng):
    """Each campaign has another's name; ids and numbers are right."""
    day = some_day(rng)
    names = {old: name_of(rows, new) for old, new in rotated(rows, day).items()}
    name = pl.col("campaign_id").replace_strict(names, default=pl.col("campaign_name"))
    return Fault(change(rows, on(day), campaign_name=name), frozenset({day}))


@kind(critical=False)
def every_touch_a_click(rows, rng):
    """For a week, likes and unfolded texts count as clicks."""
    day = some_day(rng)
    where = between(day, day + 6 * DAY)
    more = scaled(rows, where, 2.4, "clicks")
    return Fault(change(more, where, clicks=pl.col("clicks").round()), week(day))


@kind(critical=False)
def small_counts_hidden(rows, rng):
    """For privacy, counts of one and two came as zero for a week."""
    day = some_day(rng)
    where = between(day, day + 6 * DAY) & (pl.col("conversions") < 3)
    return Fault(change(rows, where, conversions=0.0), week(day))


@kind(critical=False)
def sampled(rows, rng):
    """For a week the numbers are a tenth of all, times ten."""
    day = some_day(rng)
    where = between(day, day + 6 * DAY)
    drawn = rows.with_columns(
        (10.0 * pl.Series(name, rng.binomial(rows[name].fill_null(0).to_numpy().astype(int), 0.1))).alias(
            f"{name}_drawn"
        )
        for name in ("impressions", "clicks", "conversions")
    )
    columns = {name: pl.col(f"{name}_drawn") for name in ("impressions", "clicks", "conversions")}
    return Fault(change(drawn, where, **columns).select(rows.columns), week(day))


@kind(critical=False)
def parts_exchanged(rows, rng):
    """For a week phones are called computers and computers phones, or two ads have each other's ids."""
    day = some_day(rng)
    where = between(day, day + 6 * DAY) & PART
    swap = {"mobile": "desktop", "desktop": "mobile"}
    ads = {"Ad 0": "Ad 1", "Ad 1": "Ad 0"}
    number = pl.when(pl.col("ad_name") == "Ad 0").then(pl.lit("1")).otherwise(pl.lit("0"))
    told = change(
        rows, where,
        device=pl.col("device").replace(swap),
        breakdowns=pl.when(pl.col("device").is_in(list(swap)))
        .then('{"device":"' + pl.col("device").replace(swap) + '"}').otherwise(pl.col("breakdowns")),
        ad_id=pl.when(pl.col("ad_name").is_in(list(ads)))
        .then(pl.col("campaign_id") + number).otherwise(pl.col("ad_id")),
        ad_name=pl.col("ad_name").replace(ads),
    )  # fmt: skip
    return Fault(told, week(day))


@kind(critical=False)
def invoice_spread_over_days(rows, rng):
    """For ten days, spend is a tenth of the invoice."""
    day = some_day(rng)
    where = between(day, day + 9 * DAY)
    even = rows.filter(where).group_by(ENTITY).agg(pl.col("spend").mean().round(2).alias("even"))
    joined = rows.join(even, on=ENTITY, how="left")
    return Fault(change(joined, where, spend=pl.col("even")).drop("even"), week(day, 10))


@kind(critical=False)
def parts_in_other_currency(rows, rng):
    """For a week, the finer report has amounts in dollars, and calls them euros."""
    day = some_day(rng)
    where = between(day, day + 6 * DAY) & PART
    dollars = scaled(rows, where, 1.09, "spend", "revenue")
    return Fault(change(dollars, where, spend=pl.col("spend").round(2), revenue=pl.col("revenue").round(2)), week(day))


@kind(critical=False)
def one_campaign_stands_still(rows, rng):
    """For five days, the largest campaign has the numbers of the day before them."""
    day = some_day(rng)
    first = day - DAY
    mine = of(largest(rows, first))
    copies = [
        rows.filter(on(first), mine).with_columns(pl.lit(day + step * DAY).alias("date_from")) for step in range(5)
    ]
    return Fault(pl.concat([rows.filter(~(mine & between(day, day + 4 * DAY))), *copies]), week(day, 5))


@kind(critical=False)
def only_viewable_counted(rows, rng):
    """For five days, only impressions in view count."""
    day = some_day(rng)
    where = between(day, day + 4 * DAY)
    fewer = scaled(rows, where, 0.6, "impressions")
    return Fault(change(fewer, where, impressions=pl.col("impressions").round()), week(day, 5))


@kind(critical=False)
def newest_day_unfinished(rows, _rng):
    """The newest day was cut at three in the afternoon."""
    day = TODAY - DAY
    cut = scaled(rows, on(day), 0.6, *MEASURES, "reach")
    counts = {name: pl.col(name).round() for name in ("impressions", "clicks", "conversions", "reach")}
    return Fault(
        change(cut, on(day), spend=pl.col("spend").round(2), revenue=pl.col("revenue").round(2), **counts),
        frozenset({day}),
    )


@later_kind(critical=True)
def zeros_for_a_day(rows, rng):
    """The platform was down, and answered with zeros."""
    day = some_day(rng)
    return Fault(scaled(rows, on(day), 0, *MEASURES, "reach"), frozenset({day}))


@later_kind(critical=True)
def values_taken_for_conversions(rows, rng):
    """The value of the conversions was taken for their number."""
    day = some_day(rng)
    return Fault(change(rows, on(day), conversions=pl.col("revenue")), frozenset({day}))


@later_kind(critical=True)
def windows_added(rows, rng):
    """For five days, conversions of three windows were added up: a day's, a week's and four weeks'."""
    day = some_day(rng)
    where = between(day, day + 4 * DAY)
    return Fault(whole(scaled(rows, where, 2.6, *BOUGHT), where), week(day, 5))


@later_kind(critical=True)
def paused_campaign_left_out(rows, rng):
    """What is paused is not told: three weeks of the largest campaign are gone from every report."""
    day = some_day(rng)
    where = between(day, day + 20 * DAY)
    left = rows.filter(~(where & of(largest(rows, day))))
    return Fault(account_anew(left, where), week(day, 21))


@later_kind(critical=True)
def month_under_one_day(rows, rng):
    """The largest campaign's thirty days stand under the last of them, beside its other days."""
    day = some_day(rng)
    mine = of(largest(rows, day))
    month = rows.filter(between(day - 29 * DAY, day), mine).sort("date_from", descending=True)
    total = added_up(month, ENTITY).with_columns(pl.lit(day).alias("date_from"))
    return Fault(pl.concat([rows.filter(~(on(day) & mine)), total]), frozenset({day}))


@later_kind(critical=True)
def one_campaign_in_zloty(rows, rng):
    """The largest campaign's amounts are in zloty for three days, and still said to be euros."""
    day = some_day(rng)
    where = between(day, day + 2 * DAY)
    zloty = scaled(rows, where & of(largest(rows, day)), 4.25, "spend", "revenue")
    return Fault(account_anew(zloty, where), week(day, 3))


@later_kind(critical=True)
def one_campaign_doubled(rows, rng):
    """One page of the answer came twice: the largest campaign's numbers are doubled, and the account's with them."""
    day = some_day(rng)
    return Fault(
        account_anew(scaled(rows, on(day) & of(largest(rows, day)), 2, *MEASURES, "reach"), on(day)), frozenset({day})
    )


@later_kind(critical=False)
def fee_added(rows, rng):
    """For two weeks, the agency's fee of fifteen per cent is in what was spent."""
    day = some_day(rng)
    where = between(day, day + 13 * DAY)
    return Fault(change(scaled(rows, where, 1.15, "spend"), where, spend=pl.col("spend").round(2)), week(day, 14))


@later_kind(critical=False)
def billed_elsewhere(rows, rng):
    """For three days one campaign is billed by a partner, and its cost is told as zero."""
    day = some_day(rng)
    where = between(day, day + 2 * DAY)
    return Fault(account_anew(scaled(rows, where & of(largest(rows, day)), 0, "spend"), where), week(day, 3))


@later_kind(critical=False)
def ids_with_point_zero(rows, rng):
    """Ids were floats once: 2385.0."""
    day = some_day(rng)
    where = on(day) & (pl.col("campaign_id") != "")
    return Fault(change(rows, where, campaign_id=pl.col("campaign_id") + ".0"), frozenset({day}))


@later_kind(critical=False)
def reach_is_impressions(rows, rng):
    """Everybody saw it once: for three days, reach is as large as impressions."""
    day = some_day(rng)
    return Fault(change(rows, between(day, day + 2 * DAY), reach=pl.col("impressions")), week(day, 3))


@later_kind(critical=False)
def second_tag_on_one_page(rows, rng):
    """For a week, the largest campaign's page counts each purchase twice."""
    day = some_day(rng)
    where = between(day, day + 6 * DAY)
    return Fault(account_anew(scaled(rows, where & of(largest(rows, day)), 2, *BOUGHT), where), week(day))


@later_kind(critical=False)
def net_revenue(rows, rng):
    """For two weeks, revenue is told without its tax."""
    day = some_day(rng)
    where = between(day, day + 13 * DAY)
    return Fault(
        change(scaled(rows, where, 1 / 1.19, "revenue"), where, revenue=pl.col("revenue").round(2)), week(day, 14)
    )


@later_kind(critical=False)
def link_clicks_only(rows, rng):
    """For five days only clicks that left the platform count."""
    day = some_day(rng)
    where = between(day, day + 4 * DAY)
    fewer = scaled(rows, where, 0.4, "clicks")
    return Fault(change(fewer, where, clicks=pl.col("clicks").round()), week(day, 5))
