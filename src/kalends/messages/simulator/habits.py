"""Operators as they are: how many messages a week, at which hours and prices, which captions; and a year of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from kalends.messages.simulator.audience import Audience, draw_audience
from kalends.messages.simulator.bank import draw_bank
from kalends.messages.simulator.world import Sent, Simulator

MINUTE: Final = 60_000_000
"""Microseconds."""
TRUTH: Final = pl.Schema(
    {
        "monday": pl.Date(),
        "fatigue": pl.Float64(),
        "expected": pl.Float64(),
        "paid": pl.Int64(),
        "recipients": pl.Int64(),
    }
)
STARTS_ON: Final = date(2024, 9, 2)
"""A Monday."""
HOURS: Final = np.array([1, 1, 0.3, 0, 0, 0, 0.2, 0.5, 1, 2, 3, 3, 4, 3, 3, 3, 4, 5, 7, 8, 9, 9, 7, 4.0])
"""How often operators send at each local hour, over their sum."""


@dataclass(frozen=True, slots=True)
class Habits:
    """What an operator does, whatever the audience bears."""

    paid: float = 9.0
    """Paid messages a week at first."""
    bumps: float = 6.0
    change_every: float = 8.0
    """Weeks, on average, after which the volume is changed; 0: never."""
    change: float = 0.5
    """Standard deviation of the logarithm of a change."""
    jitter: float = 0.2
    """The same from week to week."""
    price_rises: tuple[tuple[int, float], ...] = ()
    """(from which week of the history on, times the price)."""
    price_jitter: float = 0.15
    bounds: tuple[float, float] = (1.5, 60.0)
    """Paid messages a week, at the least and at the most."""


def draw_habits(rng: np.random.Generator, *, audience: Audience, weeks: int) -> Habits:
    """Habits drawn from a wide range, around what the audience bears: who sends much has, as a rule, who bears much.

    So volume alone says little of fatigue; drawn apart from the audience, it would say nearly all.
    """
    rises = [(int(rng.integers(4, weeks)), float(rng.uniform(1.1, 1.5))) for _ in range(rng.poisson(weeks / 52))]
    return Habits(
        paid=audience.capacity * float(np.exp(rng.uniform(np.log(0.2), np.log(1.3)))),
        bumps=float(rng.uniform(3, 14)),
        change_every=float(rng.uniform(5, 14)),
        change=float(rng.uniform(0.35, 0.65)),
        jitter=float(rng.uniform(0.1, 0.3)),
        price_rises=tuple(sorted(rises)),
        price_jitter=float(rng.uniform(0.05, 0.25)),
    )


@dataclass(frozen=True, slots=True)
class Simulated:
    """A page's past and the truth behind it."""

    audience: Audience
    history: pl.DataFrame
    truth: pl.DataFrame
    """By week: `monday`, `fatigue` (mean of the week), `expected` (earnings, chance aside), `paid`, `recipients`."""
    captions: pl.DataFrame
    moments: pl.DataFrame
    as_of: datetime
    """The Monday after the last week, 00:00 in the page's zone."""
    page_id: str
    simulator: Simulator = field(repr=False)
    """To go on from there."""


def simulate(
    *,
    seed: int,
    weeks: int = 52,
    audience: Audience | None = None,
    habits: Habits | None = None,
    page_id: str = "page",
    starts_on: date = STARTS_ON,
    before: int = 10,
) -> Simulated:
    """Let an operator's habits meet an audience for so many weeks; what is not given is drawn by the seed.

    `before`: weeks of the same habits that the history does not show; 0: a new page, whose audience was rested.
    """
    who_rng, habit_rng, bank_rng, plan_rng = (np.random.default_rng([seed, part]) for part in range(10, 14))
    audience = audience or draw_audience(who_rng)
    habits = habits or draw_habits(habit_rng, audience=audience, weeks=weeks)
    habits = replace(habits, price_rises=tuple((week + before, rise) for week, rise in habits.price_rises))
    bank = draw_bank(audience, rng=bank_rng)
    world = Simulator(audience, bank=bank, seed=seed, starts_on=starts_on - timedelta(weeks=before), page_id=page_id)
    moments = world.moments(rng=bank_rng)
    truth, weeks_came = [], []
    for week, (paid, bumps) in enumerate(_volumes(habits, before + weeks, plan_rng)):
        monday, recipients = world.monday, world.recipients
        came = world.meet(plan_week(world, habits, paid=paid, bumps=bumps, rng=plan_rng))
        if week < before:
            continue
        weeks_came.append(came)
        truth.append((monday, came.fatigue, float(came.expected.sum()), paid, recipients))
    return Simulated(
        audience=audience,
        history=world.history(weeks_came),
        truth=pl.DataFrame(truth, schema=TRUTH, orient="row"),
        captions=bank.drop("appeal"),
        moments=moments,
        as_of=datetime.combine(world.monday, datetime.min.time(), ZoneInfo(audience.zone_name)),
        page_id=page_id,
        simulator=world,
    )


def plan_week(world: Simulator, habits: Habits, *, paid: int, bumps: int, rng: np.random.Generator) -> Sent:
    """A week as the operator would send it: hours by habit, captions at random, prices near the captions' own."""
    total = paid + bumps
    days, hours = rng.integers(0, 7, total), rng.choice(24, size=total, p=HOURS / HOURS.sum())
    instants = world.midnights[days] + (hours * 60 + rng.integers(0, 60, total)) * MINUTE
    rows = np.concatenate(
        [
            rng.choice(np.flatnonzero(~world.is_free), size=paid),
            rng.choice(np.flatnonzero(world.is_free), size=bumps),
        ]
    )
    times = np.prod([factor for start, factor in habits.price_rises if world.week >= start])
    prices = world.usual_prices[rows] * times * np.exp(rng.normal(0, habits.price_jitter, total))
    order = np.argsort(instants, kind="stable")
    is_paid = (np.arange(total) < paid)[order]
    return Sent(instants[order], is_paid, rows[order], np.where(is_paid, prices[order].round(2), 0.0))


def _volumes(habits: Habits, weeks: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """(paid, bumps) by week."""
    low, high = np.log(habits.bounds)
    level, counts = np.log(habits.paid), []
    for _ in range(weeks):
        if habits.change_every and rng.random() < 1 / habits.change_every:
            level = np.clip(level + rng.normal(0, habits.change), low, high)
        paid = np.exp(np.clip(level + rng.normal(0, habits.jitter), low, high))
        counts.append((round(float(paid)), round(float(habits.bumps * np.exp(rng.normal(0, habits.jitter))))))
    return counts
