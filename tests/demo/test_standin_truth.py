"""What a stand-in knows at one level is what it knows at any other: parts and breakdowns add up to the campaigns."""

from dataclasses import fields
from datetime import date

import pytest

from kalends.demo.standin.truth import Day, Truth

pytestmark = pytest.mark.unit
FIRST, LAST = date(2026, 1, 1), date(2026, 1, 31)
FIGURES = [one.name for one in fields(Day) if one.type == "int"]
COUNTRIES, DEVICES = ("DE", "AT", ""), ("phone", "desk")


def sums(days):
    """Figures by day."""
    found = {}
    for one in days:
        held = found.setdefault(one.day, dict.fromkeys(FIGURES, 0))
        for name in FIGURES:
            held[name] += getattr(one, name)
    return found


@pytest.mark.parametrize("cuts", [(), (COUNTRIES,), (COUNTRIES, DEVICES)])
@pytest.mark.parametrize("level", ["ad", "keyword", "ad_group", "campaign", "campaign_group", "account"])
def test_all_levels_and_breakdowns_add_up_to_the_same(level, cuts):
    truth = Truth(accounts=2)
    for account in truth.account_ids:
        days = truth.days(account, FIRST, LAST, level, cuts)
        assert sums(days) == sums(truth.days(account, FIRST, LAST))
        assert len({(one.campaign, one.below, one.day, one.cut) for one in days}) == len(days)
        assert all(one.impressions >= one.clicks >= one.conversions >= 0 for one in days)
        assert {one.campaign.account_id for one in days} == {account}


def test_nothing_is_in_two_campaigns():
    truth = Truth(accounts=2)
    things = [thing.id for held in (truth.below, truth.keywords) for some in held.values() for thing in some]
    assert len(set(things)) == len(things)
    groups = {(truth.group_of(one).id, one.account_id) for one in truth.all_campaigns}
    assert len({group for group, _ in groups}) == len(groups) == 4
