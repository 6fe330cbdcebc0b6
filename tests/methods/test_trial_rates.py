"""Trials, tried many times over: errors, coverage and power come at the stated rates, however often people look.

`KALENDS_PROVE` is the share of the full counts; a twentieth, or a hundred rounds, runs by default.
"""

import math
import os

import numpy as np
import pytest
from proof import proof

from kalends.methods.student import t_quantile
from kalends.methods.trials import (
    Answer,
    Design,
    Plan,
    Rule,
    Scale,
    adjusted,
    detectable,
    draw_lots,
    effects,
    read,
    watch_difference,
)

SHARE = float(os.environ.get("KALENDS_PROVE", "0.05"))


def rounds_of(whole):
    return max(100, round(SHARE * whole))


def dice(seed):
    return np.random.default_rng(seed)


def drawn(seed, *, block, effect=0.0):
    """A design and outcomes with heavy tails around blocks that differ."""
    rng = dice(seed)
    design = draw_lots(block, dice=rng)
    outcome = 20 + 3 * rng.normal(size=block.max() + 1)[block] + rng.standard_t(4, block.size)
    return design, outcome + effect * design.treated


def difference(*data, **more):
    return effects(*data, **more).difference


def ratio(*data, **more):
    return effects(*data, **more).ratio


def test_errors_of_both_kinds_come_at_the_stated_rate():
    rounds, refused, covered, times = rounds_of(2000), 0, 0, 0
    for seed in range(rounds):
        design, outcome = drawn(seed, block=np.repeat(np.arange(6), 4))
        refused += difference(design, outcome, dice=dice(seed + 10**6), draws=199).p_value <= 0.05
        by = difference(design, outcome + 2 * design.treated, dice=dice(seed + 10**6), draws=199)
        covered += by.low <= 2 <= by.high
        factor = ratio(design, np.abs(outcome) * 1.3**design.treated, dice=dice(seed + 10**6), draws=199)
        times += factor.low <= 1.3 <= factor.high
    proof("trials: refused without an effect", f"{refused / rounds:.1%} of {rounds}")
    proof("trials: differences covered", f"{covered / rounds:.1%}")
    proof("trials: ratios covered", f"{times / rounds:.1%}")
    # Three standard errors above 5 % and around 95 %.
    assert refused / rounds <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / rounds)
    assert abs(covered / rounds - 0.95) < 3 * math.sqrt(0.05 * 0.95 / rounds) + 0.005
    assert abs(times / rounds - 0.95) < 3 * math.sqrt(0.05 * 0.95 / rounds) + 0.005


def test_looking_every_week_does_not_make_false_alarms():
    rounds, weeks, alarms, naive = rounds_of(2000), 40, 0, 0
    for seed in range(rounds):
        design, outcome = drawn(seed, block=np.repeat(np.arange(weeks), 2))
        looks = [
            watch_difference(Design(design.block[:upto], design.treated[:upto]), outcome[:upto], scale=Scale(2.0, 40))
            for upto in range(16, 2 * weeks + 1, 8)
        ]
        alarms += any(look.low > 0 or look.high < 0 for look in looks)
        signed = (outcome * (2 * design.treated - 1)).reshape(-1, 2).sum(axis=1)
        naive += any(
            abs(signed[:n].mean()) > t_quantile(0.95, freedom=n - 1) * signed[:n].std(ddof=1) / math.sqrt(n)
            for n in range(6, weeks + 1, 2)
        )
    proof("trials: false alarms of the sequence, read at every look", f"{alarms / rounds:.1%} of {rounds}")
    proof("trials: false alarms of a fixed interval, read so", f"{naive / rounds:.1%}")
    assert alarms / rounds <= 0.05, "the sequence may be looked at as often as one likes"
    assert naive / rounds > 0.12, "a fixed interval may not: else this test would show nothing"


def test_the_sequence_covers_effects_far_from_none():
    missed, rounds = 0, rounds_of(1000)
    for seed in range(rounds):
        design, outcome = drawn(seed, block=np.repeat(np.arange(30), 2), effect=15.0)
        looks = (
            watch_difference(Design(design.block[:n], design.treated[:n]), outcome[:n], scale=Scale(2.0, 30))
            for n in range(20, 61, 8)
        )
        missed += any(not look.low <= 15 <= look.high for look in looks)
    proof("trials: effects ever missed by the sequence", f"{missed / rounds:.1%} of {rounds}")
    assert missed / rounds <= 0.05


def test_what_was_known_before_takes_noise_away_and_stays_fair():
    ratio_of_widths, refused, rounds = [], 0, rounds_of(2000)
    for seed in range(rounds):
        rng = dice(seed)
        block = np.repeat(np.arange(5), 8)
        before = rng.normal(20, 4, block.size)
        design = draw_lots(block, dice=rng)
        outcome = before + rng.normal(0, 1.5, block.size)
        plain = difference(design, outcome, dice=dice(seed + 10**6), draws=199)
        better = difference(design, outcome, dice=dice(seed), before=before, draws=199)
        ratio_of_widths.append((better.high - better.low) / (plain.high - plain.low))
        refused += better.p_value <= 0.05
    proof("trials: width left by what was known before", f"{np.mean(ratio_of_widths):.0%}")
    assert np.mean(ratio_of_widths) < 0.5
    assert refused / rounds <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / rounds)
    assert (adjusted(design, outcome, np.full(block.size, 3.0)) == outcome).all()


@pytest.mark.parametrize(("rule", "blocks"), [(Rule.AT_THE_END, 20), (Rule.AT_ANY_TIME, 40)])
def test_the_promised_power_is_had(rule, blocks):
    spread, rounds, found = 2.0, rounds_of(1500), 0
    effect = detectable(blocks=blocks, spread=spread, rule=rule)
    block = np.repeat(np.arange(blocks), 2)
    plan = Plan(Scale(spread, blocks, 10.0), rule)
    for seed in range(rounds):
        rng = dice(seed)
        design = draw_lots(block, dice=rng)
        outcome = 10 + rng.normal(0, spread / math.sqrt(2), block.size) + effect * design.treated
        found += read(plan, design, outcome, dice=rng).answer is Answer.BETTER
    proof(f"trials: power where 80 % is promised, {rule}", f"{found / rounds:.1%} of {rounds}")
    assert 0.7 < found / rounds < (0.9 if rule is Rule.AT_THE_END else 0.97)
