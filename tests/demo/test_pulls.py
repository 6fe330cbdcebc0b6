from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kalends.demo.pulls import Pull, fresh_pulls, month_start, settled_pulls

pytestmark = pytest.mark.unit

LAG = 28
ENDS = st.dates(date(2025, 1, 1), date(2032, 12, 31))


def covered(pulls: tuple[Pull, ...]) -> list[date]:
    return [pull.first + timedelta(days=day) for pull in pulls for day in range((pull.last - pull.first).days + 1)]


def whole_span(first: date, end: date) -> list[date]:
    return [first + timedelta(days=day) for day in range((end - first).days + 1)]


@given(end=ENDS, history=st.integers(380, 1200), joined_months=st.integers(1, 14))
def test_every_unsettled_day_is_read_again(end, history, joined_months):
    first, joined = end - timedelta(days=history), month_start(end, months=-joined_months)
    pulls = fresh_pulls(first=first, end=end, joined=joined, reread=LAG)
    assert sorted(set(covered(pulls))) == whole_span(first, end)
    last_read = {day: pull.day for pull in pulls for day in covered((pull,))}
    settled = end + timedelta(days=1) - timedelta(days=LAG)
    assert all((read - day).days > LAG for day, read in last_read.items() if day < settled)


@given(end=ENDS, history=st.integers(380, 1200))
def test_settled_reports_hold_each_day_once_and_only_settled_ones_before_the_last_pull(end, history):
    first, joined = end - timedelta(days=history), month_start(end, months=-12)
    pulls = settled_pulls(first=first, end=end, joined=joined, settle=LAG)
    assert covered(pulls) == whole_span(first, end)
    assert all((pull.day - pull.last).days > LAG for pull in pulls if pull.day == joined)


@given(end=ENDS)
def test_a_pull_knows_only_days_that_are_over(end):
    pulls = fresh_pulls(first=end - timedelta(days=500), end=end, joined=month_start(end, months=-12), reread=LAG)
    assert all(pull.last < pull.day for pull in pulls)
    assert pulls[-1].reported_at == datetime(*(end + timedelta(days=1)).timetuple()[:3], 0, 15, tzinfo=UTC)


def test_a_young_account_has_no_backfill():
    pulls = fresh_pulls(first=date(2026, 6, 10), end=date(2026, 8, 3), joined=date(2026, 1, 1), reread=LAG)
    assert pulls == (
        Pull(date(2026, 7, 1), date(2026, 6, 10), date(2026, 6, 30)),
        Pull(date(2026, 8, 1), date(2026, 6, 10), date(2026, 7, 31)),
        Pull(date(2026, 8, 4), date(2026, 7, 4), date(2026, 8, 3)),
    )


def test_months_are_counted_over_the_turn_of_the_year():
    assert month_start(date(2026, 2, 17), months=-12) == date(2025, 2, 1)
    assert month_start(date(2026, 11, 30), months=2) == date(2027, 1, 1)
