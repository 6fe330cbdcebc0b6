"""Unusual days: the tested day takes no part in its own standard, and alarms come at the stated rate."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kalends.methods.anomalies import alarms, compare, p_values

pytestmark = pytest.mark.unit
DAYS = 140


def series(rng, *, noise=0.1):
    """A month and a half each side of everything: weekday rhythm, growth, noise (days, 1)."""
    weekday = np.array([1, 1.1, 1.05, 1, 1.2, 0.7, 0.6])[np.arange(DAYS) % 7]
    return (1000 * weekday * 1.002 ** np.arange(DAYS) * np.exp(rng.normal(0, noise, DAYS)))[:, None]


@given(day=st.integers(60, 80), factor=st.floats(0.01, 1000).filter(lambda factor: abs(np.log(factor)) > 0.01))
def test_a_day_says_nothing_about_itself(day, factor):
    values = series(np.random.default_rng(1))
    before = compare(values)
    values[day] *= factor
    after = compare(values)
    assert after.expected[day] == pytest.approx(before.expected[day])
    assert after.differences[day] - before.differences[day] == pytest.approx(np.log(factor))
    # Other days' expectations may move by a rank, and the spread with them; it is never the day's own doing.
    ratio = (after.differences[day] / after.scores[day]) / (before.differences[day] / before.scores[day])
    assert 0.7 < ratio < 1.4


def test_half_of_the_days_around_may_be_wrong():
    values = series(np.random.default_rng(2))
    values[42:49] *= 1000
    values[91:98] *= 1000
    assert abs(compare(values).differences[70, 0]) < 0.5


def test_what_is_not_known_is_not_tested():
    values = series(np.random.default_rng(3))
    values[:, 0][np.arange(DAYS) % 2 == 0] = np.nan
    values[5] = 0
    compared = compare(values[:30])
    assert not np.isfinite(compared.scores).any(), "four weeks are too little to judge by"
    assert not np.isfinite(compare(values).scores[[0, 2, 4, 5], 0]).any()


def test_days_that_are_no_standard_are_none():
    values = series(np.random.default_rng(4))
    usable = np.ones(DAYS, dtype=bool)
    usable[40:90] = False
    values[40:90] *= 50
    compared = compare(values, usable=usable)
    assert compared.differences[70, 0] > 3


def test_students_t():
    # Tables of Student's distribution with 6 degrees of freedom.
    assert p_values(np.array([1.943, 2.447, 3.707, 5.959])) == pytest.approx([0.1, 0.05, 0.01, 0.001], rel=2e-3)
    assert p_values(np.array([-2.447, np.nan]))[0] == pytest.approx(0.05, rel=2e-3)


def test_where_nothing_is_wrong_alarms_come_at_the_stated_rate():
    rng = np.random.default_rng(5)
    families = [alarms(rng.random(200), rate=0.05).any() for _ in range(4000)]
    assert 0.04 < np.mean(families) < 0.06


def test_a_sure_one_among_many_is_found():
    chances = np.concatenate([[1e-9], np.random.default_rng(6).random(500), [np.nan]])
    found = alarms(chances, rate=0.05)
    assert found[0]
    assert not found[-1]
