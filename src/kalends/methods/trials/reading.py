"""What a trial says, in the words of its plan: an answer only where there is one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from kalends.methods.trials.design import Design, Floats
from kalends.methods.trials.effects import Effect, adjusted, block_means, effects
from kalends.methods.trials.power import Rule
from kalends.methods.trials.watching import Scale, watch_difference, watch_ratio

NO_EFFECT: Final = Effect(np.nan, -np.inf, np.inf, 1.0)


class Answer(StrEnum):
    """What may be said."""

    BETTER = "better"
    WORSE = "worse"
    ALIKE = "alike"
    """The whole interval is nearer to no effect than what would matter."""
    TOO_LITTLE = "not enough data"
    NOT_YET = "not finished"
    """Planned for one reading at the end, which is not reached: numbers before it would mislead, so there are none."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What was set before the start, and is not changed after it."""

    scale: Scale
    """Spread of the difference of two units, planned blocks, and the usual outcome (> 0) of a unit."""
    rule: Rule = Rule.AT_THE_END
    smallest: float = 0.05
    """The least effect that would matter, as a share of the usual outcome."""
    confidence: float = 0.95
    slope: float = 0.0
    """What a unit more before the trial foretells of the outcome; used when read at any time."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a trial says."""

    answer: Answer
    difference: Effect
    """In the unit of the outcome."""
    ratio: Effect
    """New over old; nan where outcomes below 0, or none at all, make it meaningless."""
    blocks: int
    """Finished blocks with both arms."""
    units: int


def read(
    plan: Plan, design: Design, outcome: Floats, *, dice: np.random.Generator, before: Floats | None = None
) -> Reading:
    """Read a trial. `outcome`, `before` (units,) of finished blocks only; nan is not known, and takes its block out.

    A block is left out whole when one of its units is not known: leaving out the unit alone would let who answers
    decide. Raises ValueError where lengths differ.
    """
    if outcome.shape != design.block.shape or (before is not None and before.shape != outcome.shape):
        raise ValueError("outcome and before must have one number for each unit of the design")
    design, outcome, before = _known(design, outcome, before)
    blocks = block_means(design, outcome)[0].size
    if plan.rule is Rule.AT_THE_END and blocks < plan.scale.blocks:
        return Reading(Answer.NOT_YET, NO_EFFECT, NO_EFFECT, blocks, outcome.size)
    if not blocks:
        return Reading(Answer.TOO_LITTLE, NO_EFFECT, NO_EFFECT, 0, outcome.size)
    if plan.rule is Rule.AT_THE_END:
        found = effects(design, outcome, dice=dice, before=before, confidence=plan.confidence)
        by, times = found.difference, found.ratio
    else:
        if before is not None:
            outcome = adjusted(design, outcome, before, slope=plan.slope)
        by = watch_difference(design, outcome, scale=plan.scale, confidence=plan.confidence)
        times = watch_ratio(design, outcome, scale=plan.scale, confidence=plan.confidence)
    return Reading(_answer(by, plan.smallest * plan.scale.usual), by, times, blocks, outcome.size)


def _known(design: Design, outcome: Floats, before: Floats | None) -> tuple[Design, Floats, Floats | None]:
    """Without blocks that have something unknown."""
    unknown = ~np.isfinite(outcome)
    if before is not None:
        unknown |= ~np.isfinite(before)
    kept = ~np.isin(design.block, design.block[unknown])
    return Design(design.block[kept], design.treated[kept]), outcome[kept], None if before is None else before[kept]


def _answer(effect: Effect, matters: float) -> Answer:
    if effect.low > 0:
        return Answer.BETTER
    if effect.high < 0:
        return Answer.WORSE
    return Answer.ALIKE if -matters < effect.low and effect.high < matters else Answer.TOO_LITTLE
