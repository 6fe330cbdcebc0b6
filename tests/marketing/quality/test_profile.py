"""Rows that are made unlike other days', numbers that were computed, counting that changed for good."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from kalends.marketing.quality import scoring
from kalends.marketing.quality.composed import campaign_within_another, day_averaged
from kalends.marketing.quality.history import METRICS, History, Setting
from kalends.marketing.quality.order import newest_too_complete
from kalends.marketing.quality.profile import profile_new, texture_new
from kalends.marketing.quality.spells import lasting_step
from kalends.marketing.quality.statistics import STATISTICS

pytestmark = pytest.mark.unit
DAYS, FIRST, SETTLING = 150, date(2026, 1, 5), 20
SETTING = Setting(today=FIRST + timedelta(days=DAYS), settling_days=SETTLING)
NEGATIVE = next(place for place, each in enumerate(STATISTICS) if each.says == "share of negative revenue")


def history(*, seed=3, size=DAYS):
    """Three campaigns, of which the newest days know few of their conversions."""
    rng = np.random.default_rng(seed)
    level = np.exp(rng.normal(0, 0.1, (DAYS, 3, 5)))
    of = {name: np.round(level[:, :, place] * unit * np.array([1, 0.8, 0.55]), 2 * (name in {"spend", "revenue"}))
          for place, (name, unit) in enumerate(zip(METRICS, (100, 20_000, 500, 30, 2000), strict=True))}  # fmt: skip
    known = 1 - np.exp(-np.arange(DAYS, 0, -1) / 6.0)
    of["conversions"] *= known[:, None]
    rows = np.full((DAYS, len(STATISTICS)), np.nan)
    profile = {"campaign": (rows.copy(), rows.copy())}
    profile["campaign"][0][:, NEGATIVE], profile["campaign"][1][:, NEGATIVE] = 0, 3
    return History(
        data_source="google_ads", account_id="1", first=FIRST, rows=np.full(size, 3.0),
        totals={name: values[:size].sum(axis=1) for name, values in of.items()}, reports={},
        campaigns=("1", "2", "3"), profile={name: (top[:size], of[:size]) for name, (top, of) in profile.items()},
        by_campaign={name: values[:size] for name, values in of.items()} | {"rows": np.ones((size, 3))},
    )  # fmt: skip


def totalled(made):
    """With the account's totals as its campaigns now are."""
    return replace(made, totals={name: made.by_campaign[name].sum(axis=1) for name in METRICS})


def found(check, made):
    return [(each.day, each.subject) for each in check(made, SETTING)]


def test_one_negative_row_is_news_and_says_how_much():
    made = history()
    assert found(profile_new, made) == []
    made.profile["campaign"][0][70, NEGATIVE] = 1
    (said,) = profile_new(made, SETTING)
    assert (said.day, said.subject, said.report) == (70, "share of negative revenue", "campaign")
    assert (said.observed, said.expected) == (pytest.approx(0.333, abs=1e-3), 0)
    assert "times its usual spread" in said.detail


def test_a_day_that_is_the_mean_of_its_neighbours():
    made = history()
    assert found(day_averaged, made) == []
    for values in made.by_campaign.values():
        values[70] = np.floor((values[69] + values[71]) / 2)
    made.by_campaign["spend"][70] = (made.by_campaign["spend"][69] + made.by_campaign["spend"][71]) / 2
    assert found(day_averaged, made) == [(70, "1")]


def test_a_campaign_that_is_half_of_another():
    made = history()
    assert found(campaign_within_another, made) == []
    for values in made.by_campaign.values():
        values[70:73, 2] = values[70:73, 0] / 2
    assert found(campaign_within_another, made) == [(day, "3") for day in (70, 71, 72)]


def test_a_count_that_changed_for_good_is_said_once():
    made = history()
    assert found(lasting_step, made) == []
    made.by_campaign["conversions"][80:] *= 0.6
    said = found(lasting_step, totalled(made))
    assert len(said) == 1
    assert abs(said[0][0] - 80) <= 1
    assert said[0][1] in {"conversion rate", "order value"}


def test_newest_days_that_know_too_much():
    made = history()
    assert found(newest_too_complete, made) == []
    made.by_campaign["conversions"][-3:] *= 6
    days = {day for day, _ in found(newest_too_complete, totalled(made))}
    assert set(range(DAYS - 3, DAYS)) <= days <= set(range(DAYS - 5, DAYS))


def test_campaigns_that_go_wild_at_once():
    made = history()
    wild = np.exp(np.random.default_rng(5).choice([-1.2, 1.2], (4, 3)))
    made.by_campaign["impressions"][70:74] *= wild
    assert {day for day, _ in found(texture_new, made)} & set(range(66, 78))


@pytest.mark.parametrize("size", [1, 2, 6, 13, 27, 28, 29, 42, 56])
def test_no_check_falls_over_a_short_history(size):
    made = replace(history(size=size), currencies=(frozenset({"EUR"}),) * size, read_at=(None,) * size)
    setting = Setting(today=FIRST + timedelta(days=size), settling_days=SETTLING,
                      special=frozenset(FIRST + timedelta(days=day) for day in range(0, size, 2)))  # fmt: skip
    assert scoring.examine(made, setting) == []
