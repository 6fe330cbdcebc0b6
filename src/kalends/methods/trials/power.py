"""What a trial can find, said before it starts."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Final

import numpy as np

from kalends.methods.student import t_quantile
from kalends.methods.trials.design import Floats, Ints
from kalends.methods.trials.watching import evidence_limit, reach

MOST_BLOCKS: Final = 1_000_000
SETTLED: Final = 60
"""Rounds in which an effect and the bound that it must pass agree."""
HOPELESS: Final = 1000.0


class Rule(StrEnum):
    """When a trial may be read."""

    AT_THE_END = "at the end"
    """Once, when all planned blocks are finished."""
    AT_ANY_TIME = "at any time"
    """As often as people like; the price is a wider interval."""


def spread_within(block: Ints, before: Floats) -> float:
    """The standard deviation of the difference of two units of a block, from values (units,) of a time without a trial,
    in their unit; nan without blocks of two.
    """
    place, sizes = np.unique(block, return_inverse=True, return_counts=True)[1:]
    centred = before - (np.bincount(place, weights=before) / sizes)[place]
    freedom = int((sizes - 1).sum())
    return math.sqrt(2 * float(centred @ centred) / freedom) if freedom else math.nan


def detectable(
    *, blocks: int, spread: float, rule: Rule = Rule.AT_THE_END, confidence: float = 0.95, power: float = 0.8
) -> float:
    """The least effect, in the unit of `spread`, that so many pairs find with this power; infinite if they find none.

    At the end: (t for the confidence + t for the power) x spread / blocks^0.5, Student's with blocks - 1 degrees. At
    any time: the bound of the sequence at the last block in place of the first term, which is a little cautious, since
    it may be passed on the way.
    """
    if blocks < 2:
        return math.inf
    error = spread / math.sqrt(blocks)
    reserve = t_quantile(2 * power - 1, freedom=blocks - 1) * error
    if rule is Rule.AT_THE_END:
        # With n pairs there are 2^n lots, and no p-value below 2 / 2^n.
        is_possible = 2.0 ** (1 - blocks) <= 1 - confidence
        return t_quantile(confidence, freedom=blocks - 1) * error + reserve if is_possible else math.inf
    if evidence_limit(blocks, planned=blocks, level=1 - confidence) < math.log(1 / (1 - confidence)):
        return math.inf
    effect = 0.0
    for _ in range(SETTLED):
        effect = reach(blocks, spread=spread, effect=effect, level=1 - confidence) + reserve
        if effect > HOPELESS * spread:
            return math.inf
    return effect


def blocks_needed(
    *, effect: float, spread: float, rule: Rule = Rule.AT_THE_END, confidence: float = 0.95, power: float = 0.8
) -> int | None:
    """The fewest pairs that find an effect (> 0) of this size; None if a million do not."""

    def is_enough(blocks: int) -> bool:
        return detectable(blocks=blocks, spread=spread, rule=rule, confidence=confidence, power=power) <= effect

    high = 2
    while not is_enough(high):
        high *= 2
        if high > MOST_BLOCKS:
            return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high
