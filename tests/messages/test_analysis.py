"""The eight sections: right on simulated pages, and quiet about what they cannot know."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kalends.messages.analysis import AnalysisSettings, PageFacts, analyze_page
from kalends.messages.history import HISTORY, PriceTier, empty
from kalends.messages.segments import MIXES, Segment
from kalends.messages.simulator import Audience, Habits, simulate
from kalends.messages.volume import Tier, Zone

pytestmark = pytest.mark.unit
AS_OF = datetime(2026, 3, 2, 12, tzinfo=UTC)
PAGE = PageFacts("page", "America/New_York", "USD")


@pytest.fixture(scope="module")
def made():
    audience = Audience(recipients=30_000, purchase_rate=0.02, caption_spread=0.3, category_spread=0.3)
    return simulate(seed=11, weeks=52, audience=audience, habits=Habits(paid=14))


@pytest.fixture(scope="module")
def analysis(made):
    return analyze_page(made.history, PAGE, as_of=made.as_of, captions=made.captions, moments=made.moments)


def rows(*given):
    """A history of these messages, each a paid one of an hour ago unless it says otherwise."""
    usual = {
        "page_id": "page",
        "sent_at": AS_OF - timedelta(hours=1),
        "type": "PPV",
        "caption_no": 1,
        "price": Decimal(10),
        "recipients": 100,
        "viewed": 50,
        "purchased": 2,
        "earnings": Decimal(20),
        "currency": "USD",
    }
    return pl.DataFrame([{"message_id": str(n)} | usual | one for n, one in enumerate(given)], schema=HISTORY)


def account(history, **given):
    page, rates = replace(PAGE, **given.pop("page", {})), given.pop("rates", None)
    return analyze_page(history, page, as_of=AS_OF, rates=rates).account


def test_every_section_has_its_sample(analysis):
    paid = analysis.saturation.sample
    assert paid > 300
    assert analysis.behaviour.sample == analysis.timing.sample == analysis.prices.sample == paid
    assert sum(hour.sample for hour in analysis.timing.hours) == paid
    assert sum(one.sample for one in analysis.categories) == paid
    assert sum(one.sample for one in analysis.captions) == paid
    assert sum(one.sample for one in analysis.prices.classes) == analysis.messages


def test_it_is_json_and_the_same_bytes(made, analysis):
    again = analyze_page(made.history, PAGE, as_of=made.as_of, captions=made.captions, moments=made.moments)
    assert again.as_json() == analysis.as_json()
    plain = analysis.as_dict()
    assert plain == json.loads(analysis.as_json())
    assert plain["account"]["tier"] == analysis.account.tier
    assert Decimal(plain["account"]["revenue_usd"]) == analysis.account.revenue_usd


def test_hours_are_found(analysis):
    """The best hour is 21:00 in the page's zone, the worst twelve hours from it."""
    best = [hour for hour in analysis.timing.hours if hour.hour in (20, 21, 22)]
    worst = [hour for hour in analysis.timing.hours if hour.hour in (8, 9, 10)]
    assert np.mean([hour.index for hour in best]) > 1.2
    assert np.mean([hour.index for hour in worst]) < 0.9
    assert np.mean([hour.index for hour in analysis.timing.hours]) == pytest.approx(1, abs=0.1)
    assert all(hour.low < hour.index < hour.high for hour in analysis.timing.hours)


def test_price_response_is_found(made, analysis):
    found = analysis.behaviour.price_response
    assert found.value == pytest.approx(made.audience.price_response, abs=0.25)
    assert analysis.behaviour.mix == MIXES[analysis.behaviour.segment]
    assert sum(analysis.behaviour.mix.values()) == pytest.approx(1)


def test_captions_are_ranked_by_their_true_appeal(made, analysis):
    appeal = dict(made.simulator.bank.select("caption_no", "appeal").iter_rows())
    often = [one for one in analysis.captions if one.sample >= 4]
    usual = dict(made.captions.select("caption_no", "price").iter_rows())
    truth = [appeal[one.caption_no] - 0.9 * np.log(usual[one.caption_no]) for one in often]
    assert np.corrcoef(truth, [np.log(one.purchase_rate.value) for one in often])[0, 1] > 0.85
    assert analysis.captions[0].performance == 1
    assert analysis.captions[-1].performance == 0


def test_categories_are_ranked(made, analysis):
    appeal = (
        made.simulator.bank.filter(pl.col("price_tier") != "Free").group_by("category").agg(pl.col("appeal").mean())
    )
    truth = dict(appeal.iter_rows())
    found = {one.name: np.log(one.index.value) for one in analysis.categories}
    assert np.corrcoef([truth[name] for name in found], list(found.values()))[0, 1] > 0.7


def test_volume_follows_from_tier_and_zone(analysis):
    assert (analysis.volume.tier, analysis.volume.zone) == (analysis.account.tier, analysis.saturation.zone)


def test_other_pages_and_the_future_do_not_matter(made, analysis):
    other = made.history.with_columns(pl.lit("other").alias("page_id"), pl.col("message_id") + "-other")
    future = made.history.with_columns(pl.col("sent_at") + pl.duration(days=4000), pl.col("message_id") + "-later")
    mixed = pl.concat([future, other, made.history])
    again = analyze_page(mixed, PAGE, as_of=made.as_of, captions=made.captions, moments=made.moments)
    assert again.as_json() == analysis.as_json()


def test_revenue_is_in_dollars_by_the_day_s_rate():
    history = rows(
        {"currency": "EUR", "sent_at": AS_OF - timedelta(days=2)},
        {"currency": "EUR", "sent_at": AS_OF - timedelta(days=10)},
        {"currency": None},
        {"sent_at": AS_OF - timedelta(days=31)},
    )
    rates = pl.DataFrame(
        {
            "day": [date(2026, 2, 20), date(2026, 2, 28)],
            "currency": ["EUR"] * 2,
            "usd": [Decimal("1.1"), Decimal("1.2")],
        }
    )
    assert account(history, rates=rates).revenue_usd == Decimal("66.00")


def test_a_missing_rate_gives_no_revenue_and_keeps_the_tier():
    history = rows({"currency": "EUR"}, {})
    said = account(history, page={"last_tier": Tier.LARGE})
    assert (said.revenue_usd, said.tier, said.missing_rates) == (None, Tier.LARGE, ("EUR",))


def test_a_stale_rate_is_none():
    rates = pl.DataFrame({"day": [date(2026, 2, 1)], "currency": ["EUR"], "usd": [Decimal("1.1")]})
    assert account(rows({"currency": "EUR"}), rates=rates).revenue_usd is None


def test_unknown_earnings_are_counted_and_not_zero():
    assert account(rows({"earnings": None}, {})).revenue_usd == Decimal(20)
    assert account(rows({"earnings": None}, {})).unknown_earnings == 1
    assert account(rows({"earnings": None})).revenue_usd is None
    assert account(empty()).revenue_usd == 0


def test_price_tiers_by_thirds_by_settings_and_by_few_prices():
    def classes(prices, bounds=None):
        history = rows(*({"price": Decimal(price)} for price in prices))
        said = analyze_page(history, PAGE, as_of=AS_OF, settings=AnalysisSettings(price_bounds=bounds)).prices
        return {one.tier: one.sample for one in said.classes}

    budget, mid, premium, free = PriceTier.BUDGET, PriceTier.MID, PriceTier.PREMIUM, PriceTier.FREE
    assert classes([5, 6, 7, 8, 9, 10, 11, 12, 13]) == {budget: 3, mid: 3, premium: 3, free: 0}
    assert classes([5, 9, 30], (Decimal(10), Decimal(20))) == {budget: 2, mid: 0, premium: 1, free: 0}
    assert classes([5, 5]) == {budget: 0, mid: 2, free: 0}
    assert classes([5, 5, 9]) == {budget: 2, mid: 1, free: 0}


def test_lately():
    monday = datetime(2026, 3, 2, 10, tzinfo=UTC)
    history = rows(
        {"sent_at": monday, "type": "Bump"},
        {"sent_at": monday - timedelta(hours=3)},
        {"sent_at": monday - timedelta(hours=27)},
        {"sent_at": monday - timedelta(days=8)},
        {"sent_at": monday - timedelta(days=40)},
    )
    said = analyze_page(history, replace(PAGE, zone_name="UTC"), as_of=AS_OF).recent
    assert (said.ppv_last_week, said.bumps_last_week, said.ppv_per_week, said.sample) == (2, 1, 0.75, 4)
    assert (said.by_weekday, said.by_hour[7], said.same_times) == ((1, 0, 0, 0, 0, 0, 2), 2, 1.0)
    assert said.least_gap_hours == 24


def test_thin_data_is_said():
    said = analyze_page(rows({}), PAGE, as_of=AS_OF)
    assert (said.saturation.zone, said.saturation.note) == (Zone.GREEN, "insufficient data")
    assert said.behaviour.segment is Segment.UNKNOWN
    assert (said.volume.ppv, said.volume.bumps) == (6, 4)


def test_messages_to_nobody_say_nothing_of_sales():
    sent = [{"sent_at": AS_OF - timedelta(days=n)} for n in range(1, 13)]
    nobody = [
        {"sent_at": AS_OF - timedelta(hours=n), "recipients": 0, "purchased": 0, "viewed": 0} for n in range(1, 9)
    ]
    said = analyze_page(rows(*sent, *nobody), PAGE, as_of=AS_OF)
    assert (said.saturation.sample, said.timing.sample) == (20, 12)


INSTANTS = st.datetimes(datetime(2023, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))
COUNTS = st.none() | st.integers(-5, 10**9)
MONEY = st.none() | st.decimals(-10, 10**6, places=2)
MESSAGES = st.fixed_dictionaries(
    {
        "sent_at": st.none() | INSTANTS,
        "type": st.sampled_from(["PPV", "PPV", "Bump", "other", None]),
        "caption_no": st.none() | st.integers(-1, 5),
        "price": MONEY,
        "recipients": COUNTS,
        "viewed": COUNTS,
        "purchased": COUNTS,
        "earnings": MONEY,
        "currency": st.sampled_from(["USD", "EUR", None]),
    }
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(messages=st.lists(MESSAGES, max_size=25), has_captions=st.booleans())
def test_no_history_is_too_damaged(messages, has_captions):
    captions = None
    if has_captions:
        captions = pl.DataFrame({"caption_no": [1, 2, 2, None], "category": ["A", "B", None, "C"]})
    moments = pl.DataFrame(
        {"day": [date(2026, 1, 1), date(2026, 1, 1), None], "name": ["x", "y", "z"], "factor": [None, 0.5, 1.0]}
    )
    said = analyze_page(rows(*messages), PAGE, as_of=AS_OF, captions=captions, moments=moments)
    assert 0 <= said.saturation.score <= 1
    assert len(said.timing.hours) == 168
    json.loads(said.as_json())


def bumps(caption_no, *rates, people=1000, **more):
    """Free messages of a caption, one a day; null: not reported."""
    return [
        {"type": "Bump", "caption_no": caption_no, "price": None, "purchased": None, "earnings": None,
         "recipients": people, "viewed": None if rate is None else round(rate * people),
         "sent_at": AS_OF - timedelta(days=1 + at), **more}
        for at, rate in enumerate(rates)
    ]  # fmt: skip


def test_bumps_are_judged_by_who_looks():
    history = rows(*bumps(7, 0.5, 0.55, 0.45, 0.5), *bumps(8, 0.2, 0.22, 0.18, 0.2), *bumps(9, 0.65), *bumps(10, None))
    found = {one.caption_no: one for one in analyze_page(history, PAGE, as_of=AS_OF).bumps}
    assert list(found) == [7, 9, 8]
    assert [one.performance for one in found.values()] == [1.0, 0.5, 0.0]
    assert [one.view_rate.sample for one in found.values()] == [4, 1, 4]
    assert 0.35 < found[7].view_rate.value < 0.5
    assert 0.2 < found[8].view_rate.value < 0.35
    assert found[9].view_rate.value < 0.5  # one sending of 0.65 proves little
    assert found[9].view_rate.sd / found[9].view_rate.value > found[7].view_rate.sd / found[7].view_rate.value
    assert all(one.view_rate.low < one.view_rate.value < one.view_rate.high <= 1 for one in found.values())
    assert found[7].last_sent_at == AS_OF - timedelta(days=1)


def test_what_bumps_truly_show_is_found():
    """Seldom sent captions keep their order by and large, and four intervals of five hold the truth."""
    dice = np.random.default_rng(5)
    truth = np.exp(np.log(0.4) + dice.normal(0, 0.2, 60)).clip(0.05, 0.9)
    given = [
        row
        for number, rate in enumerate(truth.tolist())
        for row in bumps(number, *(rate * np.exp(dice.normal(0, 0.3, 4))).clip(0, 1).tolist(), people=5_000)
    ]
    found = {one.caption_no: one for one in analyze_page(rows(*given), PAGE, as_of=AS_OF).bumps}
    ranks = [found[number].performance for number in range(60)]
    assert np.corrcoef(np.argsort(np.argsort(truth)), ranks)[0, 1] > 0.7
    held = [one.view_rate.low <= truth[number] <= one.view_rate.high for number, one in found.items()]
    assert 0.65 < np.mean(held) < 0.95


def test_no_bumps_no_section():
    assert analyze_page(rows({}, *bumps(3, None)), PAGE, as_of=AS_OF).bumps == ()
    assert analyze_page(rows(*bumps(3, 0.5, people=0)), PAGE, as_of=AS_OF).bumps == ()
