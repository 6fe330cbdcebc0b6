"""An interval that stays right however often, and whenever, people look: a confidence sequence.

An interval meant for one reading, read every week until it is clear of zero, errs far more often than it says (measured
in docs/reference/trials.md). This one may be read after every block, and the trial stopped at will.

Exchanging the arms of a block changes the sign of its difference, and the lot makes both as likely. So, under a
supposed effect e, the differences less e are symmetric about 0, and with S their weighted sum and V the sum of their
squares, exp(k S - k^2 V / 2) is a supermartingale for every k, without any law of the outcomes (de la Pena, Ann. Prob.
27, 1999; Howard, Ramdas, McAuliffe, Sekhon, Ann. Stat. 49, 2021: the symmetric case). Mixed over k from a normal
distribution with variance 1 / r it gives |S| < ((V + r) ln((V + r) / (r a^2)))^0.5 for all times at once, but for a
share a of trials. Every supposed effect is a test of its own, so r may depend on it; what it may not depend on is the
trial's data.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from kalends.methods.trials.design import Design, Floats
from kalends.methods.trials.effects import Effect, block_means

HALVINGS: Final = 40
DOUBLINGS: Final = 40


@dataclass(frozen=True, slots=True)
class Scale:
    """What is expected of a trial, set before its start. Wrong values make the sequence wider, never wrong."""

    spread: float
    """Standard deviation of the difference of two units of a block, in the unit of the outcome, above 0."""
    blocks: int
    """Blocks that are planned."""
    usual: float = 1.0
    """The mean outcome of a unit; needed for the ratio only."""


@dataclass(frozen=True, slots=True)
class _Sequence:
    """Each block's weighted difference as a straight line in the supposed effect; arrays (blocks,)."""

    starts: Floats
    slopes: Floats
    scale: Scale
    null: float
    """No effect."""
    steepness: float
    """What a unit of the supposed effect changes in a block's difference, about."""
    level: float

    def evidence(self, effect: float) -> float:
        """The logarithm of the mixture: over ln(1 / level) the supposed effect is refused."""
        signed = self.starts + effect * self.slopes
        total, squares = float(signed.sum()), float(signed @ signed)
        away = (effect - self.null) * self.steepness
        tuning = sharpest_at(self.scale.blocks * (self.scale.spread**2 + away**2), self.level)
        found: float = total**2 / (2 * (squares + tuning)) - math.log((squares + tuning) / tuning) / 2
        return found

    def effect(self) -> Effect:
        """The estimate, and the effects that are not refused."""
        slope = float(self.slopes.sum())
        estimate = -float(self.starts.sum()) / slope if slope else math.nan
        chance = min(1.0, math.exp(-self.evidence(self.null)))
        if not math.isfinite(estimate):
            return Effect(math.nan, -math.inf, math.inf, chance)
        step = self.scale.spread / max(self.steepness, 1e-300) / 64
        low, high = (self._end(estimate, way * step) for way in (-1, 1))
        return Effect(estimate, low, high, chance)

    def _end(self, inside: float, step: float) -> float:
        """The outermost place where the evidence passes the bar; infinite where it has not at the end of the search."""
        bar = math.log(1 / self.level)
        steps = [step * 2**power for power in range(DOUBLINGS)]
        kept = [place for place, far in enumerate(steps) if self.evidence(inside + far) < bar]
        if kept and kept[-1] == DOUBLINGS - 1:
            return math.inf if step > 0 else -math.inf
        near, far = (steps[kept[-1]], steps[kept[-1] + 1]) if kept else (0.0, steps[0])
        for _ in range(HALVINGS):
            middle = (near + far) / 2
            near, far = (middle, far) if self.evidence(inside + middle) < bar else (near, middle)
        end: float = inside + far
        return end


def watch_difference(design: Design, outcome: Floats, *, scale: Scale, confidence: float = 0.95) -> Effect:
    """The effect in units of the outcome, from the blocks that are finished: give those only, whole.

    Below about ten blocks of 95 % the interval is infinite: so few signs come by chance when looked at again and again.
    The p-value holds at any time too. To take earlier values out, use `adjusted` with a slope set before the start: one
    learned from the trial's own outcomes would let later blocks change what earlier ones said.
    """
    new, old, weight = block_means(design, outcome)
    # Twice, so that a pair weighs 1.
    starts, slopes = 2 * weight * (new - old), -2 * weight
    return _Sequence(starts, slopes, scale, 0.0, 1.0, 1 - confidence).effect()


def watch_ratio(design: Design, outcome: Floats, *, scale: Scale, confidence: float = 0.95) -> Effect:
    """The effect as a factor, likewise; nan with an outcome below 0."""
    if (outcome < 0).any():
        return Effect(math.nan, 0.0, math.inf, watch_difference(design, outcome, scale=scale).p_value)
    new, old, weight = block_means(design, outcome)
    found = _Sequence(-2 * weight * old, 2 * weight * new, scale, 1.0, scale.usual, 1 - confidence).effect()
    if not found.estimate > 0:
        return Effect(math.nan, 0.0, math.inf, found.p_value)
    high = 1 / found.low if found.low > 0 else math.inf
    return Effect(1 / found.estimate, 1 / found.high, high, found.p_value)


def sharpest_at(variance: float, level: float) -> float:
    """R with which the boundary is nearest at a sum of squares of `variance` (Howard et al. 2021, 3.5, rounded)."""
    inverse = 2 * math.log(1 / level)
    return variance / (inverse + math.log(1 + inverse))


def reach(blocks: int, *, spread: float, effect: float, level: float) -> float:
    """How large a mean of so many pairs' differences refuses "no effect", if they spread so around a true `effect`.

    What the effect itself adds to the sum of squares widens the bound.
    """
    variance, tuning = blocks * (spread**2 + effect**2), sharpest_at(blocks * spread**2, level)
    return math.sqrt((variance + tuning) * math.log((variance + tuning) / (tuning * level**2))) / blocks


def evidence_limit(blocks: int, *, planned: int, level: float) -> float:
    """The evidence against an effect without bounds: below ln(1 / level) no interval has an end."""
    tuning = sharpest_at(float(planned), level)
    return blocks**2 / (2 * (blocks + tuning)) - math.log((blocks + tuning) / tuning) / 2
