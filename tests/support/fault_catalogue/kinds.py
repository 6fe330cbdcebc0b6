"""What a fault is."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from .clean import FIRST, MEASURES, SALES, TODAY

DAY = timedelta(days=1)
ENTITY = ["report", "campaign_id", "ad_id", "breakdowns"]
"""Whose numbers a row has, within an account."""

GROUPS = {
    "tuned": "thresholds were chosen with these in sight",
    "unseen": "put in when all thresholds stood; checks were widened for what was missed of them",
    "later": "written after that by somebody who had not read the checks' code; checks were then widened for them, too",
    "blind": "written by somebody who had read neither checks nor docs; after one look, two checks followed from them",
    "blind 2": "written with those and looked at once; checks were then loosened for what was missed of both",
    "blind 3": "written before that by somebody who knew no check, and looked at once, last of all: nothing followed",
    "blind 4": "written from the trade alone, before its author had read a check, and looked at once when all stood",
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


def largest(rows, day):
    """The campaign with the most spend on the day."""
    best = rows.filter(on(day), pl.col("report") == "campaign").sort("spend", descending=True)
    return best["campaign_id"][0]


def of(campaign):
    return pl.col("campaign_id") == campaign


def added_up(rows, by):
    """The rows of each group as one: measures and reach added up, the rest as its first row has it."""
    added = (*MEASURES, "reach")
    others = [name for name in rows.columns if name not in {*by, *added}]
    total = rows.group_by(by).agg(*(pl.col(name).sum() for name in added), *(pl.col(name).first() for name in others))
    return total.select(rows.columns)
