"""The saturation score against audiences whose fatigue is known: seeds that were never looked at while it was made."""

import os
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from audiences import HELD_OUT, TIRED, study, verdict
from hypothesis import given, settings
from hypothesis import strategies as st
from proof import proof

from kalends.messages.features import loads, paid_messages
from kalends.messages.history import empty, of_page
from kalends.messages.saturation import learn, saturation_of
from kalends.messages.simulator import Habits, simulate
from kalends.messages.volume import Zone

PAGES = max(24, round(500 * float(os.environ.get("KALENDS_PROVE", "0"))))
AS_OF = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def studied():
    return {kind: [study(HELD_OUT + n, kind) for n in range(PAGES)] for kind in ("no holiday", "holiday", "price rise")}


@pytest.mark.parametrize("kind", ["no holiday", "holiday", "price rise"])
def test_it_ranks_audiences_as_they_are_tired(studied, kind):
    one = verdict(studied[kind])
    proof(f"saturation, {kind}: rank correlation, AUC", f"{one.spearman:.3f}, {one.auc:.3f} ({PAGES} pages)")
    assert one.spearman >= 0.85
    assert one.auc >= 0.9


def test_pages_with_and_without_a_holiday_or_a_rise_are_ranked_together(studied):
    """What befalls all pages alike cannot change their ranks; what befalls a third of them can."""
    one = verdict([studied[kind][n] for n, kind in zip(range(PAGES), list(studied) * PAGES, strict=False)])
    proof("saturation, a third each: rank correlation, AUC", f"{one.spearman:.3f}, {one.auc:.3f} ({PAGES} pages)")
    assert one.spearman >= 0.85
    assert one.auc >= 0.9


@pytest.mark.parametrize("kind", ["holiday", "price rise"])
def test_a_dip_or_a_price_rise_alone_makes_nobody_tired(studied, kind):
    fresh = [n for n, one in enumerate(studied["no holiday"]) if one.truth < TIRED]
    false = {name: np.mean([studied[name][n].score >= TIRED for n in fresh]) for name in ("no holiday", kind)}
    proof(f"saturation, {kind}: falsely tired, and without", f"{false[kind]:.3f}, {false['no holiday']:.3f}")
    assert false[kind] <= false["no holiday"] + max(0.03, 1.5 / len(fresh))


def test_simple_trends_do_worse(studied):
    # The test of the tests: were the audiences easy, a raw trend would do.
    one = verdict(studied["holiday"])
    for name, (correlation, _) in one.rivals.items():
        assert correlation < one.spearman, name
    assert one.rivals["purchase rate, 28 days over the past"][0] < one.spearman - 0.15


def test_it_is_the_calendar_that_takes_a_holiday_out(studied):
    """Hidden from the calendar, the same holiday moves the scores of the same pages by more."""
    hidden = [study(HELD_OUT + n, "hidden holiday").score for n in range(12)]
    without = np.array([one.score for one in studied["no holiday"][:12]])
    known = np.abs([one.score for one in studied["holiday"][:12]] - without).mean()
    assert known < 0.03
    assert known < 0.7 * np.abs(hidden - without).mean()


@pytest.mark.unit
def test_little_data_is_green_and_says_so():
    made = simulate(seed=1, weeks=52, habits=Habits(paid=30))
    own = of_page(made.history, page_id="page", as_of=made.as_of)
    few = own.tail(25)
    said = saturation_of(learn(_paid(few, made.as_of)))
    assert (said.zone, said.is_known, said.note) == (Zone.GREEN, False, "insufficient data")
    assert said.score > 0, "the best guess is still told"


@pytest.mark.unit
def test_nothing_is_not_an_error():
    said = saturation_of(learn(_paid(empty(), AS_OF)))
    assert (said.score, said.zone, said.sample, said.decline_purchases) == (0.0, Zone.GREEN, 0, None)


@pytest.mark.unit
def test_unknown_is_not_zero():
    """Messages whose purchases were not reported change the load, and nothing that is believed of purchases."""
    made = simulate(seed=5, weeks=40)
    own = of_page(made.history, page_id="page", as_of=made.as_of)
    full = _paid(own, made.as_of)
    gaps = np.arange(full.size) % 3 == 0
    unknown = replace(full, purchased=np.where(gaps, np.nan, full.purchased))
    zeros = replace(full, purchased=np.where(gaps, 0.0, full.purchased))
    score = {name: learn(paid).believed.mean for name, paid in (("full", full), ("unknown", unknown))}
    assert score["unknown"] == pytest.approx(score["full"], abs=0.1)
    assert learn(zeros).purchases.fitted.eta.mean() < learn(unknown).purchases.fitted.eta.mean() - 0.1


@pytest.mark.unit
def test_purchases_are_read_from_earnings_where_only_those_are_known():
    made = simulate(seed=5, weeks=30)
    own = of_page(made.history, page_id="page", as_of=made.as_of)
    blind = own.with_columns(pl.lit(None, pl.Int64).alias("purchased"))
    assert _paid(blind, made.as_of).purchased == pytest.approx(_paid(own, made.as_of).purchased, abs=0.01)


@pytest.mark.unit
def test_more_load_is_more_fatigue_at_the_same_beliefs():
    scores = []
    for paid in (4, 10, 25):
        made = simulate(seed=7, weeks=4, habits=Habits(paid=paid, change_every=0, jitter=0.0))
        scores.append(learn(_paid(of_page(made.history, page_id="page", as_of=made.as_of), made.as_of)).believed.mean)
    assert scores == sorted(scores)


@pytest.mark.unit
@settings(deadline=None, max_examples=50)
@given(
    sent=st.lists(st.floats(0.1, 600), min_size=1, max_size=40),
    at=st.lists(st.floats(0, 600), min_size=1, max_size=10),
    half_life=st.floats(2, 30),
)
def test_load_is_the_sum_of_what_is_left_of_each_message(sent, at, half_life):
    ages, when = np.sort(sent)[::-1], np.array(at)
    told = loads(when, ages, half_lives=np.array([half_life]))[0]
    past = ages[None, :] - when[:, None]
    left = np.where(past > 0, 0.5 ** (past.clip(0) / half_life), 0.0).sum(axis=1)
    assert told == pytest.approx(left * 7 * np.log(2) / half_life, rel=1e-6, abs=1e-9)


def _paid(own, as_of):
    return paid_messages(own, as_of=as_of, zone_name="UTC", captions=None)
