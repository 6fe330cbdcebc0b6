"""Weeks in a wrong order, newest days that are cut short, parts that have each other's numbers, pauses that were none."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from kalends.marketing.quality.daychecks import campaign_paused
from kalends.marketing.quality.history import METRICS, History, Parts, Setting
from kalends.marketing.quality.order import days_disordered, newest_unfinished
from kalends.marketing.quality.spells import steady_shift

pytestmark = pytest.mark.unit
DAYS, FIRST = 150, date(2026, 1, 5)
WEEKDAYS = np.array([1, 1.1, 1.3, 1, 0.9, 0.6, 0.5])
SETTING = Setting(today=FIRST + timedelta(days=DAYS), settling_days=7)


def numbers(*, seed=3, noise=0.05):
    """What two campaigns have, by metric: (days, campaigns)."""
    rng = np.random.default_rng(seed)
    level = WEEKDAYS[np.arange(DAYS) % 7, None] * np.exp(rng.normal(0, noise, (DAYS, 2)))
    return {name: size * level for name, size in zip(METRICS, (100, 20_000, 500, 30, 2000), strict=True)}


def history(of, parts=None):
    return History(
        data_source="google_ads",
        account_id="1",
        first=FIRST,
        rows=np.full(DAYS, 2.0),
        totals={name: np.nansum(values, axis=1) for name, values in of.items()},
        reports={},
        campaigns=("1", "2"),
        by_campaign={**of, "rows": np.where(np.isfinite(of["spend"]), 1.0, np.nan)},
        parts=parts or Parts(),
    )


def days(check, made):
    return {found.day for found in check(made, SETTING)}


@pytest.mark.parametrize("turn", [lambda week: week[::-1], lambda week: np.roll(week, 1, axis=0)])
def test_a_week_in_a_wrong_order(turn):
    of = numbers()
    assert days(days_disordered, history(of)) == set()
    for values in of.values():
        values[70:77] = turn(values[70:77])
    assert days(days_disordered, history(of)) == {70}


@pytest.mark.parametrize("length", [1, 2, 6, 7, 20, 21, 22, 41, 48, 49, 50])
def test_a_short_history_says_nothing(length):
    whole = history(numbers())
    short = replace(
        whole,
        rows=whole.rows[:length],
        totals={name: values[:length] for name, values in whole.totals.items()},
        by_campaign={name: values[:length] for name, values in whole.by_campaign.items()},
    )
    setting = Setting(today=FIRST + timedelta(days=length), settling_days=7)
    for check in (days_disordered, newest_unfinished, campaign_paused, steady_shift):
        assert list(check(short, setting)) == []


def test_without_a_rhythm_there_is_no_order():
    of = {name: values / WEEKDAYS[np.arange(DAYS) % 7, None] for name, values in numbers().items()}
    for values in of.values():
        values[70:77] = values[70:77][::-1].copy()
    assert days(days_disordered, history(of)) == set()


def test_a_newest_day_that_is_cut_short():
    of = numbers()
    assert days(newest_unfinished, history(of)) == set()
    for values in of.values():
        values[-1] *= 0.6
    assert days(newest_unfinished, history(of)) == {DAYS - 1}


def test_a_campaign_that_ended_leaves_the_newest_day_complete():
    of = numbers()
    for values in of.values():
        values[-1, 0] = np.nan
    assert days(newest_unfinished, history(of)) == set()


def test_parts_that_have_each_others_numbers_for_a_week():
    of = numbers()
    shares = np.tile([0.6, 0.4], (DAYS, 1))

    def told():
        rng = np.random.default_rng(5)
        noisy = {name: values[:, :1] * shares * np.exp(rng.normal(0, 0.03, (DAYS, 2))) for name, values in of.items()}
        return Parts(names=("1 a", "1 b"), reports=("ad", "ad"), whole=np.zeros(2, dtype=np.int64), by_metric=noisy)

    assert days(steady_shift, history(of, told())) == set()
    shares[70:77] = shares[70:77, ::-1].copy()
    assert days(steady_shift, history(of, told())) >= set(range(71, 76))


def test_a_pause_after_which_all_is_as_before():
    of = numbers()
    for values in of.values():
        values[60:80, 1] = np.nan
    assert days(campaign_paused, history(of)) == {60}
    for values in of.values():
        values[80:, 1] *= 2
    assert days(campaign_paused, history(of)) == set()
