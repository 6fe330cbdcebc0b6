"""Digits that were lost, and digits that never were there."""

import numpy as np
import pytest

from kalends.marketing.quality.digits import chance_of_zeros, zeros_at_ends

pytestmark = pytest.mark.unit


def test_zeros_at_the_ends_of_numbers():
    zeros, numbers = zeros_at_ends(np.array([[12_300.0, 10_000, 4_321, 900, np.nan]]))
    assert (zeros.tolist(), numbers.tolist()) == ([6], [3])


def test_the_chance_is_a_bound():
    rng = np.random.default_rng(3)
    numbers = 6
    drawn = rng.geometric(0.9, (200_000, numbers)).sum(axis=1) - numbers
    for zeros in (2, 3, 4, 5):
        bound = chance_of_zeros(np.array([float(zeros)]), np.array([float(numbers)]))[0]
        assert (drawn >= zeros).mean() <= bound <= 40 * (drawn >= zeros).mean()
    assert chance_of_zeros(np.array([0.0, 12.0]), np.array([6.0, 6.0])) == pytest.approx([1, 0], abs=1e-6)
