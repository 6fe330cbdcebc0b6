"""What a fault is."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from .clean import FIRST, MEASURES, SALES, TODAY

DAY = timedelta(days=1)
ADDED = (*MEASURES, "reach")
"""What adds up."""
BOUGHT = ("conversions", "revenue")
"""What settles late."""
PART = pl.col("report").is_in(["ad", "campaign/device"])
"""Rows of what campaigns consist of."""
ENTITY = ["report", "campaign_id", "ad_id", "breakdowns"]
"""Whose numbers a row has, within an account."""

GROUPS = {
    "tuned": "thresholds were chosen with these in sight",
    "unseen": "put in when all thresholds stood; checks were widened for what was missed of them",
    "later": "written after that by somebody who had not read the checks' code; checks were then widened for them, too",
    "blind": "written by somebody who had read neither checks nor docs; after one look, two checks followed from them",
    "blind 2": "written with those and looked at once; checks were then loosened for what was missed of both",
    "blind 3": "written before that by somebody who knew no check, and looked at once; the profile followed",
    "blind 4": "written before the profile, by somebody who had read no check, and looked at once: nothing followed",
}


@dataclass(frozen=True)
class Fault:
    """An account's rows with a fault in them, the days on which it should be seen, and other accounts it touches."""

    rows: pl.DataFrame
    days: frozenset[date]
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kind:
    """One kind of fault, and the group that says when it was written: see `GROUPS`."""

    name: str
    is_critical: bool
    group: str
    inject: Callable

    @property
    def says(self):
        return self.inject.__doc__


def collector(group):
    """A decorator, and the list that it fills."""
    kinds = []

    def kind(*, critical):
        def declare(inject):
            kinds.append(Kind(inject.__name__, critical, group, inject))
            return inject

        return declare

    return kind, kinds


def some_day(rng, *, before=45, after=60):
    """A settled day with history on both sides, on which no sale is on."""
    while True:
        day = FIRST + timedelta(days=int(rng.integers(after, (TODAY - FIRST).days - before)))
        if not any(day + step * DAY in SALES for step in range(-1, 8)):
            return day


def week(first, days=7):
    """So many days from the first on."""
    return frozenset(first + step * DAY for step in range(days))


def on(day):
    return pl.col("date_from") == day


def between(first, last):
    return pl.col("date_from").is_between(first, last)


def change(rows, where, **columns):
    """The rows with columns changed where the condition holds."""
    return rows.with_columns(
        pl.when(where).then(value).otherwise(pl.col(name)).alias(name) for name, value in columns.items()
    )


def scaled(rows, where, factor, *names):
    return change(rows, where, **{name: pl.col(name) * factor for name in names})


def by_spend(rows, day):
    """The campaigns of the day, the largest first."""
    return rows.filter(on(day), pl.col("report") == "campaign").sort("spend", descending=True)["campaign_id"].to_list()


def largest(rows, day):
    """The campaign with the most spend on the day."""
    return by_spend(rows, day)[0]


def of(campaign):
    return pl.col("campaign_id") == campaign


def added_up(rows, by):
    """The rows of each group as one: measures and reach added up, the rest as its first row has it."""
    others = [name for name in rows.columns if name not in {*by, *ADDED}]
    total = rows.group_by(by).agg(*(pl.col(name).sum() for name in ADDED), *(pl.col(name).first() for name in others))
    return total.select(rows.columns)


def whole(rows, where):
    """Conversions and revenue as a platform tells them: in whole units, and in cents."""
    return change(rows, where, conversions=pl.col("conversions").round(), revenue=pl.col("revenue").round(2))


def account_anew(rows, where):
    """The account's own report, where there is one, added up anew from what the campaigns now say."""
    own = pl.col("report") == "account"
    fresh = rows.filter(where, pl.col("report") == "campaign").group_by("date_from").agg(
        pl.col(name).sum().alias(f"{name}_anew") for name in MEASURES
    )  # fmt: skip
    joined = rows.join(fresh, on="date_from", how="left")
    changed = change(joined, where & own, **{name: pl.col(f"{name}_anew") for name in MEASURES})
    return changed.select(rows.columns)


def as_told(rows, where):
    """What a platform itself has wrong, as it tells it: counts whole, money in cents, and sums that agree: a campaign's
    rows are the sums of its parts, and the account's of its campaigns'.
    """
    counts = {name: pl.col(name).round() for name in ("impressions", "clicks", "conversions")}
    told = change(rows, where, **counts, **{name: pl.col(name).round(2) for name in ("spend", "revenue")})
    parts = told.filter(where, PART).group_by("date_from", "campaign_id").agg(
        pl.col(name).sum().round(2).alias(f"{name}_anew") for name in MEASURES
    )  # fmt: skip
    joined = told.join(parts, on=["date_from", "campaign_id"], how="left")
    mine = where & (pl.col("report") == "campaign") & pl.col("spend_anew").is_not_null()
    summed = change(joined, mine, **{name: pl.col(f"{name}_anew") for name in MEASURES})
    return account_anew(summed.select(rows.columns), where)


def with_sums(rows, where, days, names, give):
    """The rows where the condition holds with measures as `give` makes them of what the same entity has on `days`."""
    other = rows.filter(days).group_by(ENTITY).agg(pl.col(name).sum().alias(f"{name}_there") for name in names)
    joined = rows.join(other, on=ENTITY, how="left")
    there = where & pl.col(f"{names[0]}_there").is_not_null()
    given = {name: give(pl.col(name), pl.col(f"{name}_there")) for name in names}
    return change(joined, there, **given).select(rows.columns)
