"""Trials of one way against another: fair lots, intervals that hold, and no answer where there is none."""

from kalends.methods.trials.carryover import CarryOver, carry_over
from kalends.methods.trials.design import Design, draw_lots, pair_alike, pair_weeks
from kalends.methods.trials.effects import Effect, Effects, adjusted, effects
from kalends.methods.trials.power import Rule, blocks_needed, detectable, spread_within
from kalends.methods.trials.reading import Answer, Plan, Reading, read
from kalends.methods.trials.watching import Scale, watch_difference, watch_ratio

__all__ = [
    "Answer",
    "CarryOver",
    "Design",
    "Effect",
    "Effects",
    "Plan",
    "Reading",
    "Rule",
    "Scale",
    "adjusted",
    "blocks_needed",
    "carry_over",
    "detectable",
    "draw_lots",
    "effects",
    "pair_alike",
    "pair_weeks",
    "read",
    "spread_within",
    "watch_difference",
    "watch_ratio",
]
