import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kalends.demo.amounts import Counts, as_known, known_share, split, split_counts

pytestmark = pytest.mark.unit


@given(
    total=st.lists(st.integers(0, 10**9), min_size=1, max_size=20),
    weights=st.lists(st.floats(0.01, 100), min_size=1, max_size=6),
    unit=st.sampled_from([1, 100]),
)
def test_parts_add_up_to_their_total_in_whole_units(total, weights, unit):
    totals = np.array(total) * unit
    parts = split(total=totals, weights=np.array(weights), unit=unit)
    assert (parts.sum(axis=1) == totals).all()
    assert (parts >= 0).all()
    assert (parts % unit == 0).all()


def test_parts_are_within_one_unit_of_their_share():
    parts = split(total=np.array([1000, 7]), weights=np.array([0.66, 0.28, 0.06]))
    assert np.abs(parts - np.array([[660, 280, 60], [4.62, 1.96, 0.42]])).max() <= 1


def counts(*, conversions: list[int], revenue: list[int]) -> Counts:
    size = len(conversions)
    return Counts(np.full(size, 500), np.full(size, 900), np.full(size, 30), np.array(conversions), np.array(revenue))


def test_no_part_earns_without_having_sold():
    parts = split_counts(
        counts=counts(conversions=[100, 300, 0], revenue=[9_900, 31_001, 0]),
        traffic=np.array([0.5, 0.5]),
        orders=np.array([0.5, 0.5]),
        unit=100,
    )
    assert (parts.revenue[parts.conversions == 0] == 0).all()
    assert parts.revenue.sum(axis=1).tolist() == [9_900, 31_001, 0]


def test_knowledge_grows_with_age_and_is_whole_once_settled():
    share = known_share(age=np.arange(1, 40), after_a_day=0.66, lag_days=6.0, settled_after=28)
    assert share[0] == pytest.approx(0.66)
    assert (np.diff(share[:28]) > 0).all()
    assert (share[:28] < 1).all()
    assert (share[28:] == 1).all()


def test_what_is_settled_is_the_truth_and_what_is_not_is_less():
    whole = counts(conversions=[1_000, 1_000], revenue=[90_000, 90_000]).each(lambda measure: measure[:, None])
    seen = as_known(counts=whole, known=np.array([0.5, 1.0]), unit=100)
    assert seen.conversions.ravel().tolist() == [500, 1_000]
    assert seen.revenue.ravel().tolist() == [45_000, 90_000]
    assert (seen.spend == whole.spend).all()
