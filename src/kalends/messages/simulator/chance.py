"""What moves an audience from outside, by day and by week: known moments and season, and what nobody knows."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt

from kalends.messages.simulator.audience import Audience, Dip

Floats = npt.NDArray[np.float64]

HORIZON: Final = 7 * 53 * 5
"""Days for which a world is drawn at its start; the same for every policy that is tried on it."""


def day_factors(audience: Audience, starts_on: date) -> dict[str, Floats]:
    """Logarithms by day from the start, of each moment and of the season."""
    days = [starts_on + timedelta(days=step) for step in range(HORIZON)]
    of_year = np.array([day.timetuple().tm_yday for day in days])
    season = audience.season_strength * np.cos(2 * np.pi * (of_year - audience.season_peak) / 365.25)
    return {"season": season} | {dip.name: _dip(dip, starts_on) for dip in audience.moments}


def _dip(dip: Dip, starts_on: date) -> Floats:
    effect = np.zeros(HORIZON)
    for year in range(starts_on.year - 1, starts_on.year + HORIZON // 365 + 2):
        first = (date(year, dip.month, dip.day) - starts_on).days
        effect[max(first, 0) : max(first + dip.days, 0)] = np.log(dip.factor)
    return effect


def hidden_weeks(audience: Audience, rng: np.random.Generator) -> Floats:
    """What nobody knows of the weeks: chance that stays a while, and shocks."""
    weeks = HORIZON // 7
    chance = rng.normal(0, audience.weekly_noise, weeks)
    for week in range(1, weeks):
        chance[week] = audience.noise_memory * chance[week - 1] + np.sqrt(1 - audience.noise_memory**2) * chance[week]
    for start in np.flatnonzero(rng.random(weeks) < audience.shocks_per_year / 52):
        size = rng.uniform(np.log(1 / 0.85), np.log(1 / 0.6)) * rng.choice([-1, 1])
        chance[start : start + rng.integers(1, 4)] += size
    hidden: Floats = np.exp(chance - audience.weekly_noise**2 / 2)
    return hidden
