"""What another policy would have earned, from the log of the one that chose.

A log has decisions (a page's week), each with one or more picks; a pick has the propensity that it was chosen with, the
probability that the other policy would choose it in the same decision, and what it earned. The value of a policy is
what a decision's picks earn together, on average. Earnings of a pick must not depend on the other picks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from kalends.methods.bandits.beliefs import Floats, Ints
from kalends.methods.student import t_quantile

LEAST_EFFECTIVE: Final = 30.0
"""Effective picks below which no estimate is to be believed: a few of them carry all the weight, and an interval from
few heavy weights is too short, not too long."""


@dataclass(frozen=True, slots=True)
class Log:
    """What was chosen and came of it; arrays (picks,)."""

    decision: Ints
    """The decision of each pick, numbered from 0 without gaps."""
    rewards: Floats
    propensities: Floats
    """Under the policy that chose, above 0."""
    targets: Floats
    """Under the policy that is judged; 0 where it never would."""

    @property
    def weights(self) -> Floats:
        """How many times more often the judged policy chooses it."""
        weight: Floats = self.targets / self.propensities
        return weight

    @property
    def decisions(self) -> int:
        """How many there are."""
        return int(self.decision.max(initial=-1)) + 1


@dataclass(frozen=True, slots=True)
class Estimate:
    """The value of a policy per decision, in the unit of rewards."""

    value: float
    error: float
    """Standard error, from the differences between decisions."""
    low: float
    high: float
    effective: float
    """Picks that would say as much if the judged policy had chosen itself: (sum w)^2 / sum w^2 (Kish, 1965)."""

    @property
    def is_sound(self) -> bool:
        """Whether enough effective picks stand behind it to be told to anyone."""
        return self.effective >= LEAST_EFFECTIVE


def weighted(log: Log, *, confidence: float = 0.95) -> Estimate:
    """Inverse propensity weighting (Horvitz and Thompson, JASA 47, 1952): unbiased, but wide with large weights."""
    return _mean(_sums(log, log.weights * log.rewards), log, confidence)


def normalised(log: Log, *, confidence: float = 0.95) -> Estimate:
    """Self-normalised weighting (Swaminathan and Joachims, NeurIPS 2015): divided by the sum of weights.

    So an unlucky sum does not move it. A little biased, by the order of 1 / decisions; error by linearisation.
    """
    if not (total := float(log.weights.sum())) > 0:
        return Estimate(np.nan, np.inf, -np.inf, np.inf, 0.0)
    mean = float((log.weights * log.rewards).sum()) / total
    picks = log.decision.size / log.decisions
    # Both policies pick as many, so a decision is worth picks x mean; its weights' sum should be picks on average.
    scale = picks * log.decisions / total
    return _mean(picks * mean + scale * _sums(log, log.weights * (log.rewards - mean)), log, confidence)


def doubly_robust(log: Log, *, predicted: Floats, promised: Floats, confidence: float = 0.95) -> Estimate:
    """A model's promise, corrected by weighted errors (Dudik, Langford, Li, ICML 2011).

    Right if either of the model and the propensities is, and narrow if the model is good.

    `predicted` (picks,): the model's reward of each logged pick, made without that pick's reward. `promised`
    (decisions,): the sum over all arms of the judged policy's probability times the model's reward.
    """
    return _mean(promised + _sums(log, log.weights * (log.rewards - predicted)), log, confidence)


def _sums(log: Log, each: Floats) -> Floats:
    """The sum of each decision."""
    return np.bincount(log.decision, weights=each, minlength=log.decisions).astype(np.float64)


def _mean(values: Floats, log: Log, confidence: float) -> Estimate:
    """The mean of decisions with Student's interval; picks of one decision are not taken as independent."""
    count = values.size
    if count < 2:
        return Estimate(float(values.mean()) if count else np.nan, np.inf, -np.inf, np.inf, _effective(log))
    mean = float(values.mean())
    error = float(values.std(ddof=1)) / float(np.sqrt(count))
    reach = t_quantile(confidence, freedom=count - 1) * error
    return Estimate(mean, error, mean - reach, mean + reach, _effective(log))


def _effective(log: Log) -> float:
    squares = float((log.weights**2).sum())
    return float(log.weights.sum()) ** 2 / squares if squares > 0 else 0.0
