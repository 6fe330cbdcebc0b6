"""What the sample company does and suffers in a year, and how much each event is truly worth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from kalends.demo.amounts import Days, Floats

MONDAY, TUESDAY, THURSDAY, SUNDAY = 0, 1, 3, 6


@dataclass(frozen=True, slots=True)
class DemoEvent:
    """An event as the calendar takes it. `start` and `end` are both inside; `key` is stable from run to run."""

    key: str
    name: str
    type: str
    start: date
    end: date
    impact: str
    direction: str
    status: str
    markets: tuple[str, ...]
    channels: tuple[str, ...]
    description: str


@dataclass(frozen=True, slots=True)
class Recipe:
    """One kind of event, every year anew.

    `lift` is the share of demand that it adds on each of its days (negative takes away); `dip` the share that the
    days after it lose, because people bought early (pull-forward), fading over `dip_days`; `budget` the factor on
    paid budgets while it runs. `every` = 2 means every other year.
    """

    slug: str
    name: str
    type: str
    impact: str
    starts: Callable[[int], date]
    days: int
    lift: float
    dip: float = 0.0
    dip_days: int = 0
    budget: float = 1.0
    every: int = 1
    markets: tuple[str, ...] = ("DE", "AT", "UK")
    channels: tuple[str, ...] = ()
    description: str = ""


@dataclass(frozen=True, slots=True)
class PlannedEvent:
    """An event with its truth: the recipe and the `lift` drawn for this year."""

    event: DemoEvent
    recipe: Recipe
    lift: float


def nth_weekday(*, year: int, month: int, weekday: int, nth: int) -> date:
    """The `nth` (1-based) `weekday` (Monday 0) of a month."""
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))


def black_friday(year: int) -> date:
    """The day after the fourth Thursday of November."""
    return nth_weekday(year=year, month=11, weekday=THURSDAY, nth=4) + timedelta(days=1)


PAID = ("paid_search", "paid_social")
RECIPES = (
    Recipe("winter-sale", "Winter sale", "promotional_period", "high", lambda y: date(y, 1, 3), 12, 0.35, 0.12, 10, 1.3,
           channels=(*PAID, "email"), description="Up to 40 % off indoor lights; ends the season's stock."),
    Recipe("light-fair", "Light + Building, Frankfurt", "trade_show", "low",
           lambda y: nth_weekday(year=y, month=3, weekday=SUNDAY, nth=2), 6, 0.03, every=2, markets=("DE",),
           description="The trade's fair, every even year."),
    Recipe("garden-launch", "Garden collection launch", "product_launch", "high",
           lambda y: nth_weekday(year=y, month=4, weekday=TUESDAY, nth=1), 14, 0.28, 0.06, 7, 1.35,
           channels=PAID, description="The year's outdoor range goes on sale."),
    Recipe("terrace-guide", "Terrace light guide", "content_campaign", "low",
           lambda y: nth_weekday(year=y, month=5, weekday=MONDAY, nth=2), 21, 0.05, channels=("email", "web"),
           description="Buying guide in six posts and three newsletters."),
    Recipe("design-award", "Design award for 'Fjord'", "pr_event", "medium", lambda y: date(y, 6, 18), 5, 0.09,
           every=2, markets=("DE", "AT"), description="Press and TV pick up the award for the pendant lamp."),
    Recipe("summer-sale", "Summer sale", "promotional_period", "medium",
           lambda y: nth_weekday(year=y, month=7, weekday=THURSDAY, nth=4), 10, 0.30, 0.10, 7, 1.2,
           channels=(*PAID, "email"), description="Clears the garden range."),
    Recipe("prime-day", "Amazon Prime Day", "competitor_event", "medium",
           lambda y: nth_weekday(year=y, month=7, weekday=TUESDAY, nth=2), 2, -0.14, -0.04, 3,
           description="Two days in which everybody looks elsewhere; a little comes back."),
    Recipe("lumenhaus", "Lumenhaus price cut", "competitor_event", "medium", lambda y: date(y, 9, 8), 16, -0.11,
           markets=("DE", "AT"), description="The main rival's autumn discount on ceiling lights."),
    Recipe("autumn-launch", "Nordic Evenings collection", "product_launch", "high",
           lambda y: nth_weekday(year=y, month=10, weekday=TUESDAY, nth=1), 12, 0.20, 0.04, 7, 1.25,
           channels=PAID, description="Indoor range for the dark months."),
    Recipe("black-week", "Black Week", "promotional_period", "critical",
           lambda y: black_friday(y) - timedelta(days=4), 4, 0.45, budget=1.5, channels=(*PAID, "email"),
           description="Early offers from Monday."),
    Recipe("black-friday", "Black Friday weekend", "promotional_period", "critical", black_friday, 4, 1.40, 0.24, 9,
           2.0, channels=(*PAID, "email"), description="The year's peak, Cyber Monday included."),
    Recipe("advent", "Advent lights", "seasonal_campaign", "high", lambda y: date(y, 12, 6), 13, 0.22, budget=1.2,
           channels=(*PAID, "email"), description="String lights and gifts until the last shipping day."),
    Recipe("shipping-end", "Too late for Christmas delivery", "other", "high", lambda y: date(y, 12, 20), 7, -0.42,
           budget=0.45, description="Nobody orders what cannot come in time."),
)  # fmt: skip


def plan_events(*, rng: np.random.Generator, first: date, end: date, until: date) -> tuple[PlannedEvent, ...]:
    """Every event that touches `first` .. `until`, in order of its start; after `end` it is a plan, without a truth.

    A year's lift lies within 15 % of the recipe's: sales are alike, not equal.
    """
    planned = [
        _planned(recipe=recipe, year=year, lift=recipe.lift * rng.uniform(0.85, 1.15), end=end)
        for year in range(first.year - 1, until.year + 1)
        for recipe in RECIPES
        if year % recipe.every == 0
    ]
    touching = [plan for plan in planned if plan.event.end >= first and plan.event.start <= until]
    return tuple(sorted(touching, key=lambda plan: (plan.event.start, plan.event.key)))


def single_events(*, uk_start: date, outage: tuple[date, date], pause: tuple[date, date]) -> tuple[DemoEvent, ...]:
    """What happens once: the UK opening and the two gaps in the data, so that a reader of a chart finds the reason."""
    return (
        DemoEvent("uk-opening", "UK shop opens", "market_event", uk_start, uk_start, "high", "up", "confirmed",
                  ("UK",), (), "First day of nordlicht.example/uk, in pounds."),
        DemoEvent("tag-outage", "Conversion tag lost", "other", *outage, "medium", "none", "confirmed",
                  ("DE",), PAID, "A release of the shop dropped the tag: clicks counted, conversions not."),
        DemoEvent("meta-uk-pause", "Meta UK paused", "other", *pause, "low", "down", "confirmed",
                  ("UK",), ("paid_social",), "An unpaid bill: no ads, hence no rows."),
    )  # fmt: skip


def effect_curve(*, days: Days, plan: PlannedEvent) -> Floats:
    """Factor (n,) on demand by day: 1 + lift while the event runs, below 1 in the dip after it, 1 elsewhere."""
    since_start = (days - np.datetime64(plan.event.start)).astype(np.int64)
    after = since_start - plan.recipe.days
    running = (since_start >= 0) & (after < 0)
    dipping = (after >= 0) & (after < plan.recipe.dip_days)
    fading = 1 - after / max(plan.recipe.dip_days, 1)
    return np.where(running, 1 + plan.lift, np.where(dipping, 1 - plan.recipe.dip * fading, 1.0))


def budget_curve(*, days: Days, plan: PlannedEvent) -> Floats:
    """Factor (n,) on paid budgets by day: the recipe's while the event runs, 1 elsewhere."""
    running = (days >= np.datetime64(plan.event.start)) & (days <= np.datetime64(plan.event.end))
    return np.where(running, plan.recipe.budget, 1.0)


def _planned(*, recipe: Recipe, year: int, lift: float, end: date) -> PlannedEvent:
    start = recipe.starts(year)
    event = DemoEvent(
        key=f"{recipe.slug}-{year}",
        name=f"{recipe.name} {year}",
        type=recipe.type,
        start=start,
        end=start + timedelta(days=recipe.days - 1),
        impact=recipe.impact,
        direction="up" if recipe.lift > 0 else "down",
        # What is far ahead is a pencil mark in every real calendar.
        status="confirmed" if start <= end + timedelta(days=60) else "tentative",
        markets=recipe.markets,
        channels=recipe.channels,
        description=recipe.description,
    )
    return PlannedEvent(event, recipe, lift)
