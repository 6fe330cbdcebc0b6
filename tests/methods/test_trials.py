"""Trials: the lot is fair, errors come at the stated rate, however often people look, and thin data gives no answer."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalends.methods.student import t_quantile, t_within
from kalends.methods.trials import (
    Answer,
    Design,
    Plan,
    Rule,
    Scale,
    blocks_needed,
    carry_over,
    detectable,
    draw_lots,
    effects,
    pair_alike,
    pair_weeks,
    read,
    spread_within,
    watch_difference,
    watch_ratio,
)
from kalends.methods.trials.design import lots
from kalends.methods.trials.watching import _Sequence

pytestmark = pytest.mark.unit


def difference(*data, **more):
    return effects(*data, **more).difference


def ratio(*data, **more):
    return effects(*data, **more).ratio


PAIRS = np.repeat(np.arange(12), 2)
seeds = st.integers(0, 2**32 - 1)


def dice(seed=1):
    return np.random.default_rng(seed)


def drawn(seed=1, *, block=PAIRS, effect=0.0, noise=1.0):
    """A design and outcomes with heavy tails around blocks that differ."""
    rng = dice(seed)
    design = draw_lots(block, dice=rng)
    outcome = 20 + 3 * rng.normal(size=block.max() + 1)[block] + noise * rng.standard_t(4, block.size)
    return design, outcome + effect * design.treated


@given(st.lists(st.integers(0, 5), min_size=1, max_size=40), seeds)
def test_each_block_is_halved_and_a_seed_says_how(blocks, seed):
    block = np.array(blocks)
    design = draw_lots(block, dice=dice(seed))
    for one in set(blocks):
        treated = design.treated[block == one]
        assert abs(2 * treated.sum() - treated.size) <= 1
    assert (draw_lots(block, dice=dice(seed)).treated == design.treated).all()


def test_every_unit_has_an_even_chance_and_a_lot_is_as_likely_as_its_opposite():
    block = np.array([0, 0, 0, 1, 1, 2])
    many = lots(block, dice=dice(), draws=20_000)
    assert many.mean(axis=0) == pytest.approx(np.full(6, 0.5), abs=0.02)
    kinds, counts = np.unique(many @ (2 ** np.arange(6)), return_counts=True)
    said = dict(zip(kinds.tolist(), counts.tolist(), strict=True))
    assert len(said) == 6 * 2 * 2
    assert all(abs(count - said[63 - kind]) < 5 * math.sqrt(2 * count) for kind, count in said.items())


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9)), unique=True, min_size=1, max_size=40), st.randoms())
def test_weeks_are_paired_within_a_page_in_their_order(rows, random):
    page, week = np.array(rows).T
    block = pair_weeks(page, week)
    for one in set(block.tolist()):
        assert len(set(page[block == one])) == 1
        assert (block == one).sum() <= 2
    for one in set(page.tolist()):
        assert (np.diff(block[page == one][np.argsort(week[page == one])]) >= 0).all()
    order = random.sample(range(len(rows)), len(rows))
    assert (pair_weeks(page[order], week[order]) == block[order]).all()


def test_like_is_paired_with_like():
    assert pair_alike(np.array([5.0, 1.0, 2.0, 9.0, 6.0])).tolist() == [1, 0, 0, 1, 1]


@given(seeds, st.floats(-1e3, 1e3), st.floats(0.01, 100))
@settings(max_examples=25)
def test_units_and_levels_do_not_matter(seed, level, unit):
    design, outcome = drawn(seed)
    one = difference(design, outcome, dice=dice(3), draws=200)
    other = difference(design, level + unit * outcome, dice=dice(3), draws=200)
    assert other.p_value == one.p_value
    near = pytest.approx
    assert (other.low, other.estimate, other.high) == (
        near(unit * one.low, abs=1e-5 * unit),
        near(unit * one.estimate, abs=1e-5 * unit),
        near(unit * one.high, abs=1e-5 * unit),
    )
    shifted = difference(design, outcome + 7 * design.treated, dice=dice(3), draws=200)
    assert shifted.low == near(one.low + 7, abs=1e-5)


@given(seeds)
@settings(max_examples=25)
def test_arms_exchanged_turn_the_sign_and_the_order_of_units_does_not_matter(seed):
    design, outcome = drawn(seed)
    one = watch_difference(design, outcome, scale=Scale(2.0, 12))
    turned = watch_difference(Design(design.block, 1 - design.treated), outcome, scale=Scale(2.0, 12))
    assert (turned.low, turned.high) == (pytest.approx(-one.high), pytest.approx(-one.low))
    order = dice(seed).permutation(outcome.size)
    mixed = watch_difference(Design(design.block[order], design.treated[order]), outcome[order], scale=Scale(2.0, 12))
    assert mixed.low == pytest.approx(one.low)
    assert difference(design, outcome, dice=dice(4)).estimate == pytest.approx(one.estimate)


def test_a_known_effect_is_found_exactly_where_nothing_else_differs():
    design = draw_lots(PAIRS, dice=dice())
    level = 10 + np.arange(12.0)[PAIRS]
    by = difference(design, level + 3 * design.treated, dice=dice())
    assert (by.low, by.estimate, by.high) == (pytest.approx(3), pytest.approx(3), pytest.approx(3))
    times = ratio(design, level * 1.25**design.treated, dice=dice())
    assert (times.low, times.estimate, times.high) == (pytest.approx(1.25),) * 3
    assert times.p_value < 0.01


@given(
    st.lists(st.floats(0.01, 50), min_size=1, max_size=8),
    st.floats(0.1, 20),
    st.integers(1, 40),
    st.floats(-3, 3),
)
@settings(max_examples=60)
def test_evidence_is_a_fair_bet_whatever_the_sizes_of_the_differences(sizes, spread, planned, effect):
    # All signs that the lot could have given: on average the wager, exp(evidence), is not above its stake.
    scale = Scale(spread, planned)
    signs = np.array(list(itertools.product((-1, 1), repeat=len(sizes))))
    wagers = [
        math.exp(
            _Sequence(effect + np.array(sizes) * row, np.full(len(sizes), -1.0), scale, 0.0, 1.0, 0.05).evidence(effect)
        )
        for row in signs
    ]
    assert np.mean(wagers) <= 1 + 1e-9


def test_few_blocks_give_no_interval_and_many_do():
    widths = []
    for blocks in (4, 8, 40, 400):
        design, outcome = drawn(2, block=np.repeat(np.arange(blocks), 2), effect=2.0)
        found = watch_difference(design, outcome, scale=Scale(2.0, 40, 20.0))
        times = watch_ratio(design, outcome, scale=Scale(2.0, 40, 20.0))
        widths.append(found.high - found.low)
        assert times.low <= 1.1 <= times.high
        assert (times.low > 1) == (found.low > 0), "both say the same of no effect"
    assert widths[:2] == [math.inf, math.inf]
    assert widths[3] < widths[2] / 2 < math.inf


def test_how_many_blocks_are_needed():
    for rule in Rule:
        enough = blocks_needed(effect=1.0, spread=2.0, rule=rule)
        assert detectable(blocks=enough, spread=2.0, rule=rule) <= 1.0
        assert detectable(blocks=enough - 1, spread=2.0, rule=rule) > 1.0
    assert blocks_needed(effect=1e-9, spread=2.0) is None
    assert detectable(blocks=4, spread=1.0) == math.inf
    assert spread_within(np.repeat(np.arange(900), 2), dice().normal(0, 3, 1800)) == pytest.approx(3 * 2**0.5, rel=0.1)
    assert math.isnan(spread_within(np.arange(4), np.arange(4.0)))


def test_an_answer_is_given_only_where_there_is_one():
    def answer(effect, *, noise=0.1, rule=Rule.AT_THE_END, planned=12, blocks=12):
        design, outcome = drawn(5, block=np.repeat(np.arange(blocks), 2), effect=effect, noise=noise)
        return read(Plan(Scale(max(noise, 0.1) * 2, planned, 20.0), rule), design, outcome, dice=dice())

    assert answer(2.0).answer is Answer.BETTER
    assert answer(-2.0).answer is Answer.WORSE
    assert answer(0.0).answer is Answer.ALIKE
    assert answer(0.0, noise=10).answer is Answer.TOO_LITTLE
    early = answer(2.0, planned=13)
    assert early.answer is Answer.NOT_YET
    assert math.isnan(early.difference.estimate), "numbers before the end would be looked at"
    assert answer(2.0, planned=40, rule=Rule.AT_ANY_TIME, blocks=30).answer is Answer.BETTER
    assert answer(2.0, planned=40, rule=Rule.AT_ANY_TIME, blocks=5).answer is Answer.TOO_LITTLE


def test_a_block_with_something_unknown_is_left_out_whole():
    design, outcome = drawn(6, effect=2.0)
    outcome[4] = np.nan
    got = read(Plan(Scale(2.0, 11, 20.0)), design, outcome, dice=dice())
    assert (got.blocks, got.units) == (11, 22)
    kept = design.block != 2
    alone = read(
        Plan(Scale(2.0, 11, 20.0)), Design(design.block[kept], design.treated[kept]), outcome[kept], dice=dice()
    )
    assert got == alone
    nothing = read(Plan(Scale(2.0, 0)), design, np.full(24, np.nan), dice=dice())
    assert nothing.answer is Answer.TOO_LITTLE
    with pytest.raises(ValueError, match="one number for each unit"):
        read(Plan(Scale(2.0, 1)), design, outcome[:-1], dice=dice())
    with pytest.raises(ValueError, match="0 or 1"):
        Design(np.zeros(2, dtype=np.int64), np.array([0, 2]))


def test_losses_have_no_ratio():
    design, outcome = drawn(7)
    got = read(Plan(Scale(2.0, 12, 20.0)), design, outcome - 30, dice=dice())
    assert math.isnan(got.ratio.estimate)
    assert math.isfinite(got.difference.low)


def test_what_carries_over_is_seen():
    rng = dice(8)
    page, week = (part.ravel() for part in np.meshgrid(np.arange(20), np.arange(10), indexing="ij"))
    seen = alarms = 0
    for _ in range(60):
        design = draw_lots(pair_weeks(page, week), dice=rng)
        last = np.where(week > 0, np.roll(design.treated, 1), 0)
        outcome = page + 0.5 * week + rng.normal(0, 1, page.size) + 2 * design.treated
        alarms += carry_over(page=page, week=week, treated=design.treated, outcome=outcome).is_seen
        lasting = carry_over(page=page, week=week, treated=design.treated, outcome=outcome - last)
        seen += lasting.is_seen and lasting.estimate < 0
    assert seen > 50
    assert alarms < 15
    alone = carry_over(page=page[:1], week=week[:1], treated=np.array([1]), outcome=np.array([1.0]))
    assert not alone.is_seen
    assert alone.high == math.inf


@pytest.mark.parametrize(
    ("freedom", "table"), [(1, 12.7062), (2, 4.30265), (3, 3.18245), (7, 2.36462), (30, 2.04227), (1000, 1.96234)]
)
def test_students_t(freedom, table):
    assert t_quantile(0.95, freedom=freedom) == pytest.approx(table, abs=2e-5)
    assert t_within(table, freedom=freedom) == pytest.approx(0.95, abs=1e-6)


def test_student_without_freedom_and_with_much():
    assert t_quantile(0.95, freedom=0) == math.inf
    assert t_quantile(0.95, freedom=5000) == pytest.approx(1.96, abs=1e-3)
