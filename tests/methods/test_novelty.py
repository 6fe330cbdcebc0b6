"""What is new about a day, and steps that last."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kalends.methods.novelty import apart_from_weeks, novelties, rolled
from kalends.methods.steps import lasting_steps, peaks

pytestmark = pytest.mark.unit
DAYS = 150


def noise(*, series=5, seed=1):
    return np.random.default_rng(seed).normal(0, 1, (DAYS, series))


def scored(values):
    apart, _, spread = apart_from_weeks(values)
    return apart / spread


@given(day=st.integers(35, 110), length=st.integers(1, 10), far=st.floats(30, 100))
def test_days_that_are_unlike_are_new_and_no_others(day, length, far):
    values = noise()
    values[day : day + length, 2] += far
    found = novelties(scored(values), chance=1e-5)
    assert found[day : day + length, 2].all()
    assert found.sum() == length


@given(day=st.integers(35, 110))
def test_what_changes_and_stays_is_not_new(day):
    values = noise()
    values[day:, 2] += 50
    assert not novelties(scored(values), chance=1e-5).any()


def test_where_nothing_is_wrong_hardly_a_day_is_new():
    found = [novelties(scored(noise(series=40, seed=seed)), chance=1 / 500).any(axis=1).sum() for seed in range(40)]
    assert sum(found) / (40 * DAYS) < 3 / 500


@pytest.mark.parametrize("days", [1, 6, 8, 20])
def test_a_short_history_knows_nothing_new(days):
    values = np.zeros((days, 2))
    values[-1] = 9
    with np.errstate(invalid="ignore", divide="ignore"):
        assert not novelties(scored(values), chance=0.5).any()


def test_means_over_days_leave_out_what_is_not_known():
    values = np.array([[1.0], [2.0], [3.0], [np.nan], [5.0]])
    assert np.array_equal(rolled(values, 3)[:, 0], [np.nan, 2, np.nan, np.nan, np.nan], equal_nan=True)


@given(day=st.integers(40, 110), factor=st.sampled_from([0.5, 0.7, 1.4, 2.0]))
def test_a_lasting_step_is_found_on_its_day_with_its_factor(day, factor):
    over = 100 * np.exp(noise(series=2) * 0.05)
    over[day:, 1] *= factor
    steps, scores = lasting_steps(over, np.full(over.shape, 50.0), things=np.full(over.shape, 1e4))
    found = np.argwhere(peaks(scores, least=6))
    assert found[:, 1].tolist() == [1]
    assert abs(found[0, 0] - day) <= 1
    assert np.exp(steps[tuple(found[0])]) == pytest.approx(factor, rel=0.1)


def test_what_comes_and_goes_is_no_step_as_large():
    over = 100 * np.exp(noise(series=1) * 0.05)
    over[70:74] *= 3
    steps, _ = lasting_steps(over, np.ones(over.shape), things=np.full(over.shape, 1e4))
    assert np.nanmax(np.abs(steps)) < np.log(2)
