"""The tables of volume: the five rows, borders, and tiers that do not flap."""

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kalends.messages.volume import DEFAULTS, Range, Tier, Zone, tier_of, volume_of, zone_of

pytestmark = pytest.mark.unit
REVENUES = st.decimals(0, 2_000_000, places=2)
ORDER = list(Tier)


@pytest.mark.parametrize(
    ("tier", "score", "ppv", "bumps"),
    [
        (Tier.MICRO, 0.20, 6, 4),
        (Tier.SMALL, 0.20, 8, 6),
        (Tier.MEDIUM, 0.40, 9, 9),
        (Tier.LARGE, 0.70, 8, 24),
        (Tier.MEGA, 0.80, 10, 32),
    ],
)
def test_the_five_rows(tier, score, ppv, bumps):
    volume = volume_of(tier, zone_of(score))
    assert (volume.ppv, volume.bumps) == (ppv, bumps)


@pytest.mark.parametrize(
    ("tier", "zone", "gap", "cooling", "strategy"),
    [
        (Tier.MICRO, Zone.GREEN, 180, 0, "Conservative"),
        (Tier.SMALL, Zone.YELLOW, 180, 0, "Balanced"),
        (Tier.MEDIUM, Zone.RED, 180, 2, "Optimized"),
        (Tier.LARGE, Zone.GREEN, 90, 0, "High-volume"),
        (Tier.MEGA, Zone.YELLOW, 105, 0, "Maximum"),
    ],
)
def test_gaps_cooling_days_and_names(tier, zone, gap, cooling, strategy):
    volume = volume_of(tier, zone)
    assert (volume.gap_minutes, volume.cooling_days, volume.strategy) == (gap, cooling, strategy)


@pytest.mark.parametrize(
    ("score", "zone"),
    [(0.0, "GREEN"), (0.2999, "GREEN"), (0.3, "YELLOW"), (0.5999, "YELLOW"), (0.6, "RED"), (1.0, "RED")],
)
def test_zones_begin_at_their_thresholds(score, zone):
    assert zone_of(score) == zone


@pytest.mark.parametrize(
    ("revenue", "last", "tier"),
    [
        ("4999.99", None, Tier.MICRO),
        ("5000", None, Tier.SMALL),
        ("5749.99", Tier.MICRO, Tier.MICRO),
        ("5750", Tier.MICRO, Tier.SMALL),
        ("4250", Tier.SMALL, Tier.SMALL),
        ("4249.99", Tier.SMALL, Tier.MICRO),
        ("600000", Tier.MICRO, Tier.MEGA),
        ("26000", Tier.MICRO, Tier.SMALL),
        (None, Tier.LARGE, Tier.LARGE),
        (None, None, Tier.MICRO),
    ],
)
def test_tiers_and_their_inertia(revenue, last, tier):
    assert tier_of(revenue and Decimal(revenue), last=last) is tier


@given(revenue=REVENUES, last=st.none() | st.sampled_from(Tier))
def test_a_tier_stays_where_it_is(revenue, last):
    tier = tier_of(revenue, last=last)
    assert tier_of(revenue, last=tier) is tier


@given(revenue=REVENUES, last=st.sampled_from(Tier))
def test_inertia_is_never_more_than_the_hysteresis(revenue, last):
    near = [ORDER.index(tier_of(revenue * factor)) for factor in (Decimal("0.86"), Decimal("1.18"))]
    assert near[0] <= ORDER.index(tier_of(revenue, last=last)) <= near[1]


@given(
    revenue=REVENUES, last=st.sampled_from(Tier), wobble=st.lists(st.decimals("0.93", "1.07", places=3), max_size=20)
)
def test_noise_around_a_threshold_changes_the_tier_once_at_most(revenue, last, wobble):
    tiers = [tier_of(revenue, last=last)]
    for factor in wobble:
        tiers.append(tier_of(revenue * factor, last=tiers[-1]))
    assert sum(one is not other for one, other in pairwise(tiers)) <= 1


def test_a_company_can_change_the_tables():
    first = replace(DEFAULTS.tiers[0], ppv=Range(20, 22))
    own = replace(DEFAULTS, tiers=(first, *DEFAULTS.tiers[1:]))
    assert volume_of(Tier.MICRO, Zone.YELLOW, settings=own).ppv == 15
