"""Simulated audiences do what their parameters say, and the same seed is the same world whatever is sent."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalends.messages.history import HISTORY, MOMENTS
from kalends.messages.simulator import SCHEDULE, Audience, Habits, Simulator, draw_audience, draw_bank, simulate

pytestmark = pytest.mark.unit
MONDAY = date(2025, 1, 6)
CALM = Audience(
    shocks_per_year=0, weekly_noise=0.0, message_noise=0.0, season_strength=0.0, moments=(), growth=0.0, wear=0.0
)


def world(audience=CALM, *, seed=1):
    return Simulator(audience, bank=draw_bank(audience, rng=np.random.default_rng(0)), seed=seed, starts_on=MONDAY)


def week(at, *, start=MONDAY, caption=1, price=10.0):
    """A schedule of paid messages at these hours of the week, in UTC."""
    begin = datetime.combine(start, time(), UTC)
    return pl.DataFrame(
        {
            "sent_at": [begin + timedelta(hours=hour) for hour in at],
            "type": ["PPV"] * len(at),
            "caption_no": [caption] * len(at),
            "price": [price] * len(at),
        },
        schema=SCHEDULE,
    )


def test_the_same_seed_is_the_same_history():
    one, other = simulate(seed=3, weeks=6), simulate(seed=3, weeks=6)
    assert one.history.equals(other.history)
    assert one.truth.equals(other.truth)
    assert not one.history.equals(simulate(seed=4, weeks=6).history)


def test_it_speaks_the_frames_of_the_room():
    made = simulate(seed=2, weeks=8)
    assert made.history.schema == HISTORY
    assert made.moments.schema == MOMENTS
    assert made.history["message_id"].is_unique().all()
    assert made.history["sent_at"].is_sorted()
    bumps = made.history.filter(pl.col("type") == "Bump")
    assert bumps["price"].null_count() == bumps["purchased"].null_count() == bumps.height
    assert (made.history["viewed"] <= made.history["recipients"]).all()
    assert (made.history["purchased"].drop_nulls() >= 0).all()
    assert made.truth.height == 8
    assert made.truth["fatigue"].is_between(0, 1).all()


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 2**31))
def test_audiences_are_drawn_from_the_ranges(seed):
    audience = draw_audience(np.random.default_rng(seed))
    assert 200 <= audience.recipients <= 50_000
    assert 0.005 <= audience.purchase_rate <= 0.05


def test_what_is_sent_tires_and_rest_heals():
    there = world()
    tired = [there.send(week([24 + 5 * n for n in range(20)])).fatigue]
    after = there.fatigue
    tired.extend(there.send(week([30], start=there.monday)).fatigue for _ in range(4))
    assert after > tired[0] > 0
    assert tired[1:] == sorted(tired[1:], reverse=True)
    assert there.fatigue < after / 2


def test_a_steady_load_of_the_capacity_loses_what_it_says():
    audience = replace(CALM, capacity=14.0, half_life_days=5.0, turnover=0.0)
    habits = Habits(paid=14, bumps=0, change_every=0, jitter=0.0)
    made = simulate(seed=1, weeks=10, audience=audience, habits=habits, before=20)
    assert made.truth["fatigue"].mean() == pytest.approx(1 - np.exp(-1), abs=0.05)


def test_tired_audiences_buy_less_by_just_that():
    audience = replace(CALM, recipients=50_000, purchase_rate=0.05)
    rested, tired = world(audience), world(audience)
    tired._stock = 20.0
    fresh, sold = (float(one.expected(week([40]))[0]) for one in (rested, tired))
    assert sold / fresh == pytest.approx(np.exp(np.log1p(-tired._lost(tired._stock * np.exp(-tired._decay * 35 / 24)))))


def test_dear_messages_and_bad_hours_sell_less():
    there = world()
    prices = [float(there.expected(week([40], price=price))[0]) / price for price in (5, 10, 20)]
    assert prices == sorted(prices, reverse=True)
    # 21:00 in New York is 02:00 UTC in winter.
    best, worst = (float(there.expected(week([hour]))[0]) for hour in (48 + 2, 48 + 14))
    assert best > 1.3 * worst


def test_expected_is_what_comes_on_average():
    audience = replace(CALM, recipients=20_000, message_noise=0.2, weekly_noise=0.1, noise_memory=0.0)
    schedule = week([20, 50, 80, 110])
    came = [world(audience, seed=seed).send(schedule) for seed in range(150)]
    earned = np.mean([float(one.history["earnings"].cast(pl.Float64).sum()) for one in came])
    # Growth is a chance of its own, of a percent a week.
    assert earned == pytest.approx(np.mean([one.expected.sum() for one in came]), rel=0.04)


def test_two_policies_meet_the_same_world():
    audience = draw_audience(np.random.default_rng(1))
    one, other = world(audience), world(audience)
    one.send(week([10]))
    other.send(week([20 + 3 * n for n in range(30)]))
    assert one.recipients == other.recipients
    assert np.array_equal(one._hidden, other._hidden)
    assert other.fatigue > one.fatigue


def test_a_fork_goes_its_own_way():
    made = simulate(seed=5, weeks=4)
    one, other = made.simulator.fork(), made.simulator.fork()
    schedule = week([10, 40], start=one.monday)
    many = week([10 + 3 * n for n in range(40)], start=one.monday)
    assert one.send(schedule).history.equals(made.simulator.fork().send(schedule).history)
    other.send(many)
    assert other.fatigue > one.fatigue
    assert made.simulator.fork().send(schedule).history.height == 2


def test_an_empty_week_is_a_week():
    there = world()
    assert there.send(week([])).history.height == 0
    assert there.week == 1
