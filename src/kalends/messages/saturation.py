"""The saturation score: the share of a rested audience's purchases that is lost to fatigue, 0 to 1.

At 0.40 a paid message sells 40 % less than the same message, at the same hour and price, would sell to an audience that
has had a rest. If the loss grows as 1 - exp(-load / capacity), one message more earns nothing at 0.63: hence RED.

How it is learned. Purchases and views per recipient are each regressed on hour, weekday, price, category, the
calendar's moments and season, and a slow drift (`regressors`, `response`); a week's chance is a random effect. What
is left over is compared with the load: paid messages a week, a message's weight halving every 3 to 21 days
(`features.loads`). For every half-life, steepness, capacity and share of the fatigue that views suffer (a grid), the
likelihood of both is known in closed form; with the beliefs below it gives the chance of each, and so of each score.
That is what happens to the score when data is thin: the beliefs stay, and the interval is wide.

What it can know: how much of the page's own response came and went with its own load. What it cannot know:

- how tired an audience is that was always sent the same number: only changes of volume tell. Then the score is little
  more than the load over what a usual audience bears, and its interval says so;
- a decline that neither load nor calendar explains: bad content, a competitor, another kind of new fans. It is shown
  (`decline_*`) and is not in the score, because sending less would not mend it;
- a dip that the calendar does not know, while it is young: a week of it is taken for chance, but pulls a little;
- people: it is a mean over the audience, not one person's patience; and free bumps are taken as no load at all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from kalends.messages.features import Floats, Paid, loads
from kalends.messages.regressors import Layout, Priors, lay_out
from kalends.messages.response import Evidence, Fit, Terms, evidence, fit
from kalends.messages.sections import Saturation
from kalends.messages.volume import DEFAULTS, VolumeSettings, Zone, zone_of

WEEK, MONTH = 7, 28
UNIT: Final = 16.0
"""Paid messages a week in which loads are measured inside."""
HALF_LIVES: Final = np.array([3.0, 5.0, 8.0, 13.0, 21.0])
STEEPNESS: Final = np.array([0.75, 1.0, 1.4])
CAPACITIES: Final[Floats] = np.exp(np.linspace(np.log(3), np.log(150), 40))
VIEW_SHARES: Final = np.array([0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8])
TYPICAL: Final = (HALF_LIVES.size // 2) * STEEPNESS.size + 1
"""The candidate that stands for load while all else is fitted: half-life 8 days, steepness 1."""
FEWEST: Final = 5
"""Messages with known counts under which they are not looked at."""
INSUFFICIENT: Final = "insufficient data"


@dataclass(frozen=True, slots=True)
class SaturationSettings:
    """What is believed of an audience before it is looked at, and how much must be known to name a zone."""

    capacity: float = 18.0
    """Paid messages a week at which a usual audience loses 63 %."""
    capacity_spread: float = 0.7
    """Of its logarithm: two audiences of three bear between 9 and 36."""
    view_share: float = 0.5
    """The part of the (logarithmic) fatigue that views suffer."""
    view_share_spread: float = 0.12
    trust: float = 0.4
    """The power of the likelihood. Below 1, because no audience is quite as the formula has it: with 1, intervals of
    80 % held the truth of 65 % of the simulated pages that were tuned with; so they hold four in five."""
    least_messages: int = 20
    least_purchases: int = 60
    least_weeks: int = 5
    """Between the first and the last paid message."""
    widest: float = 0.2
    """The standard error of the score above which it names no zone."""


@dataclass(frozen=True, slots=True)
class Believed:
    """The chances of all points of the grid, and the fatigue over the last seven days that each would mean."""

    chances: Floats
    fatigues: Floats
    capacities: Floats

    @property
    def mean(self) -> float:
        """The best guess."""
        return float(self.chances @ self.fatigues)

    @property
    def sd(self) -> float:
        """Its standard error."""
        return math.sqrt(max(float(self.chances @ (self.fatigues - self.mean) ** 2), 0.0))

    @property
    def capacity(self) -> float:
        """Paid messages a week that the audience bears: the geometric mean."""
        return math.exp(float((self.chances * np.log(self.capacities)).sum()))

    def above(self, bound: float) -> float:
        """The chance that fatigue is at least the bound."""
        return float(min(self.chances[self.fatigues >= bound].sum(), 1.0))

    def quantile(self, chance: float) -> float:
        """The fatigue that is not exceeded with the chance."""
        order: npt.NDArray[np.int64] = np.argsort(self.fatigues, kind="stable")
        place = int(np.searchsorted(np.cumsum(self.chances[order]), chance))
        return float(self.fatigues[order[min(place, order.size - 1)]])


@dataclass(frozen=True, slots=True)
class Measured:
    """One kind of count, regressed."""

    fitted: Fit
    terms: Terms
    known: npt.NDArray[np.bool_]
    """Of the paid messages."""
    conditions: Floats
    """Logarithm of what hour, price, category and moment do, for all paid messages."""


@dataclass(frozen=True, slots=True)
class Learned:
    """All that the regressions say of a page; other sections build on it."""

    paid: Paid
    layout: Layout
    believed: Believed
    purchases: Measured | None
    views: Measured | None


def learn(
    paid: Paid,
    moments: pl.DataFrame | None = None,
    *,
    settings: SaturationSettings | None = None,
    priors: Priors | None = None,
) -> Learned:
    """Look at the page; without paid messages only the beliefs are left."""
    settings, layout = settings or SaturationSettings(), lay_out(paid, moments, priors or Priors())
    weekly = loads(paid.ages, paid.ages, half_lives=HALF_LIVES) / UNIT
    candidates = (weekly[:, None, :] ** STEEPNESS[None, :, None]).reshape(HALF_LIVES.size * STEEPNESS.size, paid.size).T
    purchases = _measure(paid, layout, candidates, views=False, usual=-1.0)
    views = _measure(paid, layout, candidates, views=True, usual=-settings.view_share)
    said = [
        evidence(one.fitted, one.terms, candidates[one.known]) if one else Evidence(*np.zeros((2, candidates.shape[1])))
        for one in (purchases, views)
    ]
    return Learned(paid, layout, _believe(paid, said[0], said[1], settings), purchases, views)


def saturation_of(
    learned: Learned, *, settings: SaturationSettings | None = None, volume: VolumeSettings = DEFAULTS
) -> Saturation:
    """The score and its zone, with what it rests on."""
    settings = settings or SaturationSettings()
    paid, believed = learned.paid, learned.believed
    bought = int(np.nansum(paid.purchased))
    weeks = float(np.ptp(paid.ages)) / WEEK if paid.size else 0.0
    is_known = (
        learned.purchases is not None
        and int(np.isfinite(paid.purchased).sum()) >= settings.least_messages
        and bought >= settings.least_purchases
        and weeks >= settings.least_weeks
        and believed.sd <= settings.widest
    )
    red = volume.of_zone(Zone.RED).score_from
    return Saturation(
        score=believed.mean,
        sd=believed.sd,
        low=believed.quantile(0.1),
        high=believed.quantile(0.9),
        zone=zone_of(believed.mean, settings=volume) if is_known else Zone.GREEN,
        is_known=is_known,
        note="" if is_known else INSUFFICIENT,
        tired_chance=believed.above(red),
        sample=paid.size,
        purchases=bought,
        decline_purchases=_decline(paid, learned.purchases),
        decline_views=_decline(paid, learned.views),
        decline_earnings=_decline_of_earnings(paid, learned.purchases),
        weekly_paid=_now(paid, np.array([8.0]))[0].mean().item(),
        bearable=believed.capacity if is_known else None,
    )


def _measure(paid: Paid, layout: Layout, candidates: Floats, *, views: bool, usual: float) -> Measured | None:
    """Regress counts on all terms and, so that the rest is fitted rightly, a typical load of a `usual` effect."""
    counts = paid.viewed if views else paid.purchased
    known = np.isfinite(counts)
    if known.sum() < FEWEST:
        return None
    counts, trials = counts[known], paid.recipients[known]
    terms = layout.of(known, views=views)
    fitted = fit(
        counts,
        trials,
        _with(terms, candidates[known, TYPICAL], mean=usual, spread=0.6),
        week=np.floor(paid.ages[known] / WEEK).astype(np.int64),
        dispersion=max(1 - float(counts.sum() / trials.sum()), 0.05),
    )
    return Measured(fitted, terms, known, layout.conditions(layout.terms.columns, fitted.beta))


def _with(terms: Terms, column: Floats, *, mean: float, spread: float) -> Terms:
    many = terms.means.size
    precision = np.zeros((many + 1, many + 1))
    precision[:many, :many] = terms.precision
    precision[many, many] = 1 / spread**2
    return Terms(np.column_stack([terms.columns, column]), np.append(terms.means, mean), precision)


def _believe(paid: Paid, purchases: Evidence, views: Evidence, settings: SaturationSettings) -> Believed:
    """Likelihood times belief on the grid (half-life and steepness, capacity, share of views)."""
    effect = (UNIT / CAPACITIES)[None, :] ** np.tile(STEEPNESS, HALF_LIVES.size)[:, None]
    of_views = effect[:, :, None] * VIEW_SHARES
    logs = settings.trust * (-purchases.pull[:, None] * effect - purchases.push[:, None] * effect**2 / 2)
    logs = logs - np.log(CAPACITIES / settings.capacity) ** 2 / settings.capacity_spread**2 / 2
    shared = settings.trust * (-views.pull[:, None, None] * of_views - views.push[:, None, None] * of_views**2 / 2)
    shared = shared - (VIEW_SHARES - settings.view_share) ** 2 / settings.view_share_spread**2 / 2
    both = logs[:, :, None] + shared
    chances = np.exp(both - both.max()).sum(axis=2)
    load = _now(paid, HALF_LIVES)[:, None, None, :] / CAPACITIES[None, None, :, None]
    fatigues = (1 - np.exp(-(load ** STEEPNESS[None, :, None, None]))).mean(axis=-1)
    return Believed(
        chances=(chances / chances.sum()).ravel(),
        fatigues=fatigues.ravel(),
        capacities=np.broadcast_to(CAPACITIES, effect.shape).ravel(),
    )


def _now(paid: Paid, half_lives: Floats) -> Floats:
    """The load over the last seven days, twice a day."""
    return loads(np.arange(0.25, WEEK, 0.5), paid.ages, half_lives=half_lives)


def _decline(paid: Paid, measured: Measured | None) -> float | None:
    """The last 28 days against the days before, at equal conditions, from -1."""
    if measured is None:
        return None
    is_late = paid.ages[measured.known] <= MONTH
    if is_late.sum() < FEWEST or (~is_late).sum() < FEWEST:
        return None
    left = measured.fitted.working - measured.conditions[measured.known]
    weights = measured.fitted.weights
    late, early = (float(np.average(left[those], weights=weights[those])) for those in (is_late, ~is_late))
    return float(np.expm1(np.clip(late - early, -10, 10)))


def _decline_of_earnings(paid: Paid, measured: Measured | None) -> float | None:
    """The same for earnings per recipient: what came over what hour, price, category and moment let expect."""
    if measured is None:
        return None
    hoped = paid.recipients * paid.prices * np.exp(measured.conditions)
    known = np.isfinite(hoped) & np.isfinite(paid.earnings)
    is_late = paid.ages <= MONTH
    late, early = known & is_late, known & ~is_late
    if late.sum() < FEWEST or early.sum() < FEWEST or not paid.earnings[early].sum():
        return None
    return float(paid.earnings[late].sum() / hoped[late].sum() / (paid.earnings[early].sum() / hoped[early].sum())) - 1
