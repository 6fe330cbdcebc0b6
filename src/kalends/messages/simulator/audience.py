"""The parameters of a simulated audience, and the ranges that they are drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

CATEGORIES: Final = ("Lifestyle", "Behind the scenes", "Workout", "Story", "Question", "Special", "Seasonal")


@dataclass(frozen=True, slots=True)
class Dip:
    """A time that comes every year in which the audience buys less, or more if `factor` is above 1."""

    name: str
    month: int
    day: int
    days: int
    factor: float


YEARLY: Final = (
    Dip("New Year", 12, 30, 5, 0.7),
    Dip("Valentine's Day", 2, 10, 5, 1.35),
    Dip("Easter", 4, 2, 5, 0.75),
    Dip("Summer break", 7, 20, 24, 0.72),
    Dip("Black Friday", 11, 22, 8, 1.3),
    Dip("Christmas", 12, 21, 7, 0.55),
)


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is there, what they bear, and what moves them. Rates are of a rested audience at an average hour.

    A message is bought by a recipient with the probability

        purchase_rate x hour x weekday x caption x price x moments x season x chance x (1 - fatigue)

    where fatigue = 1 - exp(-(load / capacity) ^ steepness) and the load is the number of paid messages a week, weighted
    by their age: a message's weight halves every `half_life_days`. At a steady load of `capacity` 63 % are lost; with a
    steepness of 1 that is where one message more earns nothing.
    """

    recipients: int = 5_000
    growth: float = 0.005
    """Of recipients a week; may be below zero."""
    turnover: float = 0.02
    """Share of recipients replaced by new ones a week, who are rested."""
    purchase_rate: float = 0.015
    view_rate: float = 0.45
    zone_name: str = "America/New_York"

    capacity: float = 16.0
    half_life_days: float = 9.0
    steepness: float = 1.0
    view_share: float = 0.5
    """The part of the (logarithmic) fatigue that views suffer; purchases suffer all of it."""
    bump_weight: float = 0.05
    """How much a bump tires, in paid messages."""

    reference_price: float = 12.0
    price_response: float = -0.9
    """Percent of purchases per percent of price, at the reference price."""
    price_curvature: float = -0.1
    """By how much more they respond to dear messages."""
    tier_taste: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Added to a caption's appeal by its tier: Budget, Mid, Premium."""

    peak_hour: float = 21.0
    hour_strength: float = 0.35
    """Logarithm of the best hour over the average one."""
    second_strength: float = 0.1
    """Of a second daily wave, twelve hours apart."""
    weekdays: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0, 0.1, 0.1, 0.0)
    """Logarithms, Monday first."""

    category_spread: float = 0.2
    caption_spread: float = 0.2
    wear: float = 0.35
    """What a caption loses when it is sent again at once ..."""
    wear_days: float = 30.0
    """... which fades by a factor of e in so many days."""

    season_strength: float = 0.1
    season_peak: int = 330
    """Day of the year."""
    moments: tuple[Dip, ...] = YEARLY

    message_noise: float = 0.2
    weekly_noise: float = 0.1
    noise_memory: float = 0.3
    """How much of a week's chance stays in the next."""
    shocks_per_year: float = 1.5
    """Times that nobody knows of: one to three weeks in which the audience buys 15 to 40 % less, or more."""


def draw_audience(rng: np.random.Generator) -> Audience:
    """An audience with parameters drawn from the ranges below."""

    def between(low: float, high: float) -> float:
        return float(rng.uniform(low, high))

    def across(low: float, high: float) -> float:
        """Even on a logarithmic scale."""
        return float(np.exp(rng.uniform(np.log(low), np.log(high))))

    return Audience(
        recipients=round(across(200, 50_000)),
        growth=between(-0.01, 0.02),
        turnover=between(0.005, 0.04),
        purchase_rate=across(0.005, 0.05),
        view_rate=between(0.3, 0.65),
        zone_name=str(rng.choice(["America/New_York", "America/Los_Angeles", "Europe/London", "Europe/Berlin"])),
        capacity=across(5, 45),
        half_life_days=across(4, 20),
        steepness=between(0.75, 1.5),
        view_share=between(0.35, 0.65),
        bump_weight=between(0.0, 0.1),
        reference_price=across(6, 25),
        price_response=between(-1.5, -0.4),
        price_curvature=between(-0.3, 0.1),
        tier_taste=(between(-0.2, 0.2), between(-0.2, 0.2), between(-0.2, 0.2)),
        peak_hour=between(18, 24),
        hour_strength=between(0.15, 0.5),
        second_strength=between(0.0, 0.2),
        weekdays=tuple(float(effect) for effect in rng.normal(0, 0.1, 7)),
        category_spread=between(0.1, 0.3),
        caption_spread=between(0.1, 0.3),
        wear=between(0.1, 0.5),
        wear_days=between(15, 45),
        season_strength=between(0.0, 0.2),
        season_peak=int(rng.integers(1, 366)),
        moments=tuple(
            Dip(dip.name, dip.month, dip.day, dip.days, float(dip.factor * np.exp(rng.normal(0, 0.15))))
            for dip in YEARLY
        ),
        message_noise=between(0.1, 0.3),
        weekly_noise=between(0.05, 0.15),
        noise_memory=between(0.0, 0.5),
        shocks_per_year=between(0.0, 3.0),
    )
