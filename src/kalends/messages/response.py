"""How an audience responds: a log-linear regression of counts with Gaussian priors, and what it says of one more cause.

    log E[count / trials] = offset + X beta + week's chance,     variance = dispersion x mean + spread^2 x mean^2

fitted by iteratively reweighted least squares (Nelder and Wedderburn, JRSS A 135, 1972). A week's chance is a random
effect, integrated out: without it ten messages of one odd week would count as ten witnesses. What only muddles
(hours, prices, categories, moments, slow drift) is marginalised as one Gaussian; `evidence` then gives, for any number
of candidate causes at once, the logarithm of the likelihood as a quadratic in the candidate's coefficient.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

ROUNDS: Final = 3
SPREAD, WEEK_SPREAD = 0.3, 0.12
"""Chance of a message and of a week, as standard deviations of logarithms, before anything is seen ..."""
SPREAD_WORTH, WEEK_WORTH = 10.0, 10.0
"""... and how many messages and weeks that belief is worth."""
FAR: Final = 4.0
"""Standard deviations beyond which a message's pull no longer grows (Huber): a wrong row must not move the page."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Regressors (messages, terms) with the mean and the precision matrix of their coefficients."""

    columns: Floats
    means: Floats
    precision: Floats


@dataclass(frozen=True, slots=True)
class Fit:
    """A regression that has settled."""

    beta: Floats
    covariance: Floats
    eta: Floats
    """Logarithm of the rate that was fitted, per message."""
    working: Floats
    """What the coefficients are fitted to, in the last round."""
    weights: Floats
    spread: float
    week_spread: float
    weeks: _Weeks


@dataclass(frozen=True, slots=True)
class Evidence:
    """log likelihood of a coefficient b of each candidate = pull x b - push x b^2 / 2, up to a constant."""

    pull: Floats
    push: Floats


class _Weeks:
    """Sums by week, and the weighted inner product in which a week's chance has been integrated out."""

    def __init__(self, week: Whole) -> None:
        is_first = np.diff(week, prepend=week[0] - 1) != 0
        self.starts = np.flatnonzero(is_first)
        self.index = np.cumsum(is_first) - 1

    def sums(self, values: Floats) -> Floats:
        """(weeks, columns) of (messages, columns)."""
        return np.add.reduceat(values, self.starts, axis=0)

    def chance(self, weights: Floats, spread: float) -> Floats:
        """By how much each week's own sum counts less."""
        shared: Floats = spread**2 / (1 + spread**2 * self.sums(weights))
        return shared


def fit(counts: Floats, trials: Floats, terms: Terms, *, week: Whole, dispersion: float = 1.0) -> Fit:
    """Fit the terms to known counts, at least one, those of a week side by side; trials are above 0."""
    columns, weeks = terms.columns, _Weeks(week)
    offset = np.log(trials)
    beta = terms.means.copy()
    beta[0] = np.log((counts.sum() + 0.5) / trials.sum()) - float((columns[:, 1:] @ beta[1:]).mean())
    spread, week_spread = SPREAD, WEEK_SPREAD
    prior = terms.precision @ terms.means
    for turn in range(ROUNDS):
        eta = np.clip(columns @ beta, -25, 3)
        mean = np.exp(eta + offset)
        variance = dispersion / mean + spread**2
        # A surprise of many times what was expected would throw the first rounds far out.
        surprise = np.clip((counts - mean) / mean, -1, 3 if turn < 2 else 20)
        distance = np.abs(surprise) / np.sqrt(variance)
        weights = np.minimum(1, FAR / np.maximum(distance, 1e-9)) / variance
        working = eta + surprise
        # A matrix times its own transpose is half the work of any other product.
        root = np.sqrt(weights)
        rooted = columns * root[:, None]
        by_week, chance = weeks.sums(rooted * root[:, None]), weeks.chance(weights, week_spread)
        shared = by_week * np.sqrt(chance)[:, None]
        precision = rooted.T @ rooted - shared.T @ shared + terms.precision
        target = rooted.T @ (root * working) - by_week.T @ (chance * weeks.sums(weights * working)) + prior
        beta = np.linalg.solve(precision, target).astype(np.float64)
        if turn >= 1:
            spread, week_spread = _spreads(np.clip(working - columns @ beta, -3, 3), dispersion / mean, weeks)
    covariance = np.linalg.inv(precision).astype(np.float64)
    return Fit(beta, covariance, columns @ beta, working, weights, spread, week_spread, weeks)


def evidence(fitted: Fit, terms: Terms, candidates: Floats) -> Evidence:
    """What the fitted counts say of each candidate (messages, candidates), the terms' coefficients integrated out.

    `terms` need not be all that was fitted with: around the fitted rates, counts are Gaussian whatever explains them.
    """
    weights, weeks = fitted.weights, fitted.weeks
    chance = weeks.chance(weights, fitted.week_spread)
    columns = np.concatenate([terms.columns, candidates], axis=1)
    rest = fitted.working - terms.columns @ terms.means
    root = np.sqrt(weights)
    rooted = columns * root[:, None]
    by_week = weeks.sums(rooted * root[:, None])
    shared = by_week * np.sqrt(chance)[:, None]
    inner = rooted.T @ rooted - shared.T @ shared
    toward = rooted.T @ (root * rest) - by_week.T @ (chance * weeks.sums(weights * rest))
    many = terms.columns.shape[1]
    nuisance = inner[:many, :many] + terms.precision
    cross = inner[:many, many:]
    solved = np.linalg.solve(nuisance, np.column_stack([cross, toward[:many]]))
    pull = toward[many:] - cross.T @ solved[:, -1]
    push = np.diagonal(inner[many:, many:]) - np.einsum("ij,ij->j", cross, solved[:, :-1])
    return Evidence(pull, np.maximum(push, 0.0))


def _spreads(residuals: Floats, noise: Floats, weeks: _Weeks) -> tuple[float, float]:
    """Chance of messages and of weeks by the method of moments, drawn to what was believed before."""
    weights = 1 / (noise + SPREAD**2)
    sure = (weights * SPREAD**2) ** 2
    total = weeks.sums(weights)
    of_week = weeks.sums(weights * residuals) / total
    within = residuals - of_week[weeks.index]
    per_message = float((sure * (within**2 - noise)).sum()) + SPREAD_WORTH * SPREAD**2
    spread2 = max(per_message / (float(sure.sum()) + SPREAD_WORTH), 0.05**2)
    inner = 1 / weeks.sums(1 / (noise + spread2))
    certain = (WEEK_SPREAD**2 / (WEEK_SPREAD**2 + inner)) ** 2
    per_week = float((certain * (of_week**2 - inner)).sum()) + WEEK_WORTH * WEEK_SPREAD**2
    week2 = max(per_week / (float(certain.sum()) + WEEK_WORTH), 0.03**2)
    return min(float(np.sqrt(spread2)), 1.0), min(float(np.sqrt(week2)), 0.5)
