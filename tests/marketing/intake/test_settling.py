"""Settled and provisional days, and how a platform's numbers came in."""

from datetime import date, timedelta

import pytest
from intake_rows import FIRST, meta_rows

from kalends.marketing import settling
from kalends.marketing.connectors.registry import CONNECTORS
from kalends.marketing.mapping import MAPPINGS
from kalends.marketing.settling import BY_RULE

SHARES = [0.5, 0.8, 0.8, 1.0]
"""Of a day's final value that is known when it is 0, 1, 2 and 3 days old."""


def test_the_curve_is_what_was_known_at_each_age(room, client, clock):
    days = 10
    for step in range(days + len(SHARES)):
        today = FIRST + timedelta(days=step)
        told = []
        for age, share in enumerate(SHARES):
            day = today - timedelta(days=age)
            if FIRST <= day < FIRST + timedelta(days=days):
                spend = f"{100 * share:.2f}"
                told += meta_rows(1, date_start=f"{day}", date_stop=f"{day}", spend=spend, impressions="1000")
        if told:
            clock.now = clock.now.replace(year=today.year, month=today.month, day=today.day)
            room.load(told)
    # history that came when it was long settled says nothing about how days settle
    clock.now = clock.now.replace(month=3, day=20)
    room.load(meta_rows(1, date_start="2025-06-01", date_stop="2025-06-01", spend="5000"))
    [one] = client.get("/api/v1/marketing/settling").json()["sources"]
    assert (one["data_source"], one["trailing_days"], one["settled_until"]) == ("facebook_ads", 28, "2026-02-19")
    found = {curve["metric"]: curve for curve in one["curves"]}
    assert found["spend"]["shares"] == pytest.approx(SHARES)
    assert (found["spend"]["days"], found["spend"]["settles_at"]) == (10, 3)
    assert (set(found["impressions"]["shares"]), found["impressions"]["settles_at"]) == ({1.0}, 0)
    assert "revenue" not in found


def test_days_that_are_too_young_are_left_out(room, client, clock):
    day = clock.now.date() - timedelta(days=5)
    room.load(meta_rows(1, date_start=f"{day}", date_stop=f"{day}"))
    assert client.get("/api/v1/marketing/settling?data_source=meta").json()["sources"][0]["curves"] == []


def test_the_curve_on_each_engine(tenant_on, stage):
    from datetime import UTC, datetime
    from decimal import Decimal

    from kalends.marketing import versions

    for seq, (day, spend) in enumerate([(1, 50), (2, 80), (4, 100)], start=1):
        stage([{"data_source": "klaviyo", "report": "campaign", "account_id": "a", "campaign_id": "c",
                "date_from": date(2026, 1, 1), "date_to": date(2026, 1, 1), "spend": Decimal(spend)}])  # fmt: skip
        at = datetime(2026, 1, day, 12, tzinfo=UTC)
        versions.apply_batch(tenant_on, batch_seq=seq, reported_at=at, recorded_at=at)
    [curve] = settling.seen(tenant_on, data_source="klaviyo", today=date(2026, 2, 1)).whole
    assert curve.shares == pytest.approx((0.5, 0.8, 0.8, 1.0))
    [before] = settling.seen(tenant_on, data_source="klaviyo", today=date(2026, 2, 1), version=2).whole
    assert before.shares == pytest.approx((0.625, 1.0))


@pytest.mark.unit
def test_every_platform_says_how_long_its_days_change():
    assert all(mapping.trailing.why for mapping in MAPPINGS.values())
    told = {name: BY_RULE.days(name) for name in ("google_ads", "facebook_ads", "twitter_ads", "google_analytics")}
    assert told == {"google_ads": 30, "facebook_ads": 28, "twitter_ads": 14, "google_analytics": 90}
    assert BY_RULE.days("file") == 30


@pytest.mark.unit
def test_what_may_still_change_is_asked_for_again():
    assert all(one.reread == BY_RULE.days(one.data_source) for one in CONNECTORS.values())


@pytest.mark.unit
def test_a_day_is_provisional_until_it_is_old_enough():
    today = date(2026, 3, 2)
    assert BY_RULE.is_provisional("twitter_ads", last_day=date(2026, 2, 16), today=today)
    assert not BY_RULE.is_provisional("twitter_ads", last_day=date(2026, 2, 15), today=today)
