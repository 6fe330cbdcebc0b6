"""The seasons that a company's own facts teach: learned once there is a year, and then in the calendar's days."""

from datetime import date, timedelta

import pytest
from sqlalchemy import text

from kalends.base.worker import run_task
from kalends.calendar import service as calendar
from kalends.insight.jobs import learn, look_for_new_lessons
from kalends.insight.learning import learn_seasons
from kalends.marketing import jobs

TODAY = date(2026, 3, 2)
"""The day on which the tests' clock stands."""
BUSY = {7: "300.00"}
assert learn.kind  # declared by importing them
assert jobs.apply_batches.kind


def row(day, *, campaign="c1", value):
    return {
        "account_id": "act_1", "account_currency": "EUR", "campaign_id": campaign, "campaign_name": campaign.upper(),
        "adset_id": "s1", "ad_id": f"{campaign}-1", "date_start": day, "date_stop": day, "spend": "10.00",
        "impressions": "1000", "clicks": "20", "actions": [{"action_type": "purchase", "value": "2"}],
        "action_values": [{"action_type": "purchase", "value": value}],
    }  # fmt: skip


def days_of(count, *, until=TODAY):
    """Revenue of the last `count` days: July sells three times as much."""
    found = (until - timedelta(days=back) for back in range(1, count + 1))
    return [row(day.isoformat(), value=BUSY.get(day.month, "100.00")) for day in found]


def july(house, scope):
    with house.work(scope) as work:
        frame = calendar.days(work, first=date(2026, 7, 15), last=date(2026, 7, 15)).frame
        return frame.row(0, named=True)


def run_waiting(house, scope):
    with house.work(scope) as work:
        waiting = work.session.execute(text("SELECT id FROM tasks WHERE state = 'queued' ORDER BY id")).scalars().all()
    for task in waiting:
        run_task(house, scope.tenant_id, task)
    return len(waiting)


def test_a_year_of_facts_teaches_and_the_days_follow(house, scope, ingest):
    before = july(house, scope)
    assert before["seasonality_source"] == "pattern:general"
    ingest(*days_of(420))
    look_for_new_lessons(house)
    assert run_waiting(house, scope) == 1
    assert run_waiting(house, scope) == 1  # the days
    after = july(house, scope)
    assert after["seasonality_source"].startswith("learned:")
    # Three times as much in one of twelve months is 3 / (14 / 12) of the mean; a year has two thirds of the say.
    assert after["month_seasonality_factor"] == pytest.approx(2 / 3 * 3 / (14 / 12) + 1 / 3, rel=0.15)
    assert after["week_seasonality_factor"] > 1.5
    with house.work(scope) as work:
        assert calendar.days(work, first=date(2026, 7, 1), last=date(2026, 7, 1)).version > 1


def test_less_than_a_year_teaches_nothing(house, scope, ingest):
    ingest(*days_of(200))
    with house.work(scope) as work:
        assert not learn_seasons(work)
    assert july(house, scope)["seasonality_source"] == "pattern:general"


def test_within_a_day_and_without_new_facts_nothing_is_learned_again(house, scope, clock, ingest):
    ingest(*days_of(400))
    look_for_new_lessons(house)
    assert run_waiting(house, scope) == 1
    run_waiting(house, scope)
    clock.advance(hours=1)
    ingest(row("2025-07-01", campaign="c2", value="9000.00"))
    look_for_new_lessons(house)
    assert run_waiting(house, scope) == 0  # a day has not passed
    clock.advance(hours=21)
    look_for_new_lessons(house)
    assert run_waiting(house, scope) == 1
    run_waiting(house, scope)
    clock.advance(hours=21)
    look_for_new_lessons(house)
    assert run_waiting(house, scope) == 0  # nothing new came in


def test_a_company_without_facts_is_left_alone(house, scope):
    look_for_new_lessons(house)
    assert run_waiting(house, scope) == 0


def test_what_hardly_differs_does_not_rebuild_the_calendar(house, scope, clock, ingest):
    ingest(*days_of(400))
    with house.work(scope) as work:
        assert learn_seasons(work)
    clock.advance(hours=21)
    ingest(row("2025-07-01", campaign="c2", value="1.00"))
    with house.work(scope) as work:
        assert not learn_seasons(work)
