"""Spells that stand apart from before and after, and things that have each other's numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kalends.methods.anomalies import compare_spells
from kalends.methods.exchanges import exchanged

pytestmark = pytest.mark.unit
DAYS = 180
ALL = np.ones(DAYS, dtype=bool)
EVEN = np.ones((DAYS, 1))


def series(*, noise=0.1):
    weekday = np.array([1, 1.1, 1.05, 1, 1.2, 0.7, 0.6])[np.arange(DAYS) % 7]
    return (1000 * weekday * np.exp(np.random.default_rng(7).normal(0, noise, DAYS)))[:, None]


def spell(values, length, *, usable=ALL):
    (compared,) = compare_spells(values, EVEN, lengths=[length], usable=usable, of_over=np.array([True]))
    return compared


@given(first=st.integers(50, 120), length=st.sampled_from([3, 5, 7, 14]), factor=st.floats(1.4, 4))
def test_a_spell_is_found_with_its_factor(first, length, factor):
    values = series()
    values[first : first + length] *= factor
    compared = spell(values, length)
    assert np.nanargmax(compared.scores) == pytest.approx(first, abs=1)
    assert compared.differences[first, 0] == pytest.approx(np.log(factor), abs=0.2)


@given(first=st.integers(50, 120), factor=st.floats(1.4, 4))
def test_what_begins_and_stays_is_no_spell(first, factor):
    values = series()
    values[first:] *= factor
    usual = series()
    for length in (3, 7, 14):
        # Weekdays' medians around the step lie between the two levels, which bends it a little.
        assert np.nanmax(np.abs(spell(values, length).differences)) < np.log(factor) / 2 + np.nanmax(
            np.abs(spell(usual, length).differences)
        )


def test_one_wild_day_is_no_spell():
    values = series(noise=0.02)
    values[90] *= 20
    assert np.nanmax(spell(values, 7).differences) < 0.1


def test_a_spell_goes_on_over_days_that_are_left_out():
    values, usable = series(), ALL.copy()
    usable[93:97], values[93:97] = False, 1e9
    values[90:93] *= 2
    values[97:101] *= 2
    compared = spell(values, 7, usable=usable)
    assert compared.scores.shape[0] == usable.sum()
    assert np.nanargmax(compared.scores) == 90


FEATURES = 3


@given(
    order=st.permutations(range(5)),
    noise=st.lists(st.floats(-0.1, 0.1), min_size=5 * FEATURES, max_size=5 * FEATURES),
)
def test_exchanged_things_are_given_back(order, noise):
    expected = np.arange(5.0)[:, None] * np.array([1.0, -2.0, 0.5])
    values = expected[list(order)] + np.reshape(noise, (5, FEATURES))
    found = exchanged(values, expected=expected, spreads=np.full((5, FEATURES), 0.1))
    assert found == {one: other for one, other in enumerate(order) if one != other}


def test_what_only_looks_like_another_was_not_exchanged():
    expected = np.array([[0.0, 0, 0], [5, 5, 5], [9, 9, 9]])
    values = expected[[1, 1, 2]]
    assert exchanged(values, expected=expected, spreads=np.full((3, 3), 0.1)) == {}
    values = np.array([[5.0, 5, 5], [20, 20, 20], [9, np.nan, 9]])
    assert exchanged(values, expected=expected, spreads=np.full((3, 3), 0.1)) == {}
