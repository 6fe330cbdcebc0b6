"""The budget: never one call too many in any window, and nearly all that is allowed is used."""

import random
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as some
from proof import proof

from kalends.demo.standin.truth import Truth
from kalends.marketing.connectors.budget import taken, used, wait_of
from kalends.marketing.connectors.declared import Account, Quota, Slice
from kalends.marketing.connectors.registry import CONNECTORS
from kalends.marketing.connectors.slicing import due_spans, windows

pytestmark = pytest.mark.unit

START = 1_770_000_000.0


def busy(quota, seconds, draw, *, pause):
    """Times at which somebody calls who always wants to."""
    now, counts, times = START, {}, []
    while now < START + seconds:
        wait = wait_of(quota, counts, now)
        if wait > 0:
            now += wait
            continue
        counts = taken(quota, counts, now)
        times.append(now)
        now += draw.random() * pause
    return times


def most_in_any_window(times, seconds):
    """The most calls in any window of that many seconds."""
    most, first = 0, 0
    for last, time in enumerate(times):
        while times[first] <= time - seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


@given(
    calls=some.integers(1, 60),
    seconds=some.sampled_from([1, 6, 60, 900, 3600]),
    seed=some.integers(0, 10**6),
    eagerness=some.sampled_from([0.0, 0.2, 0.9, 3.0]),
)
def test_never_a_call_too_many(calls, seconds, seed, eagerness):
    quota = Quota("", calls, seconds)
    times = busy(quota, 4 * seconds, random.Random(seed), pause=max(eagerness * seconds / calls, 1e-4 * seconds))
    assert most_in_any_window(times, seconds) <= calls


@pytest.mark.parametrize("quota", [Quota("", 12, 6), Quota("", 600, 60), Quota("", 60, 3600), Quota("", 250, 900)])
def test_uses_what_is_allowed(quota):
    windows_of_time = 40
    times = busy(quota, windows_of_time * quota.seconds, random.Random(1), pause=0.01 * quota.seconds / quota.calls)
    share = len(times) / (quota.calls * windows_of_time)
    proof(f"share of {quota.calls} calls in {quota.seconds} s that is used", round(share, 3))
    assert share >= 0.9


def test_tells_what_is_used():
    quota, counts = Quota("", 10, 60), {}
    for place in range(4):
        counts = taken(quota, counts, START + place)
    assert used(quota, counts, START + 5) == 4
    assert used(quota, counts, START + 200) == 0


@given(first=some.dates(date(2020, 1, 1), date(2026, 1, 1)), length=some.integers(0, 400), days=some.integers(1, 100))
def test_windows_cover_each_day_once(first, length, days):
    last = date.fromordinal(first.toordinal() + length)
    found = list(windows(first, last, days=days))
    covered = [day for start, end in found for day in range(start.toordinal(), end.toordinal() + 1)]
    assert sorted(covered) == list(range(first.toordinal(), last.toordinal() + 1))
    assert found[0][1] == last, "the newest come first"
    assert all((end - start).days < days for start, end in found)


@given(length=some.integers(2, 400))
def test_halves_are_the_whole(length):
    whole = Slice(Account("a"), "campaign", date(2026, 1, 1), date.fromordinal(date(2026, 1, 1).toordinal() + length))
    older, newer = whole.halves()
    assert older.days + newer.days == whole.days


def test_asks_again_for_what_may_be_restated():
    today, here = date(2026, 3, 31), (date(2026, 1, 1), date(2026, 3, 30))
    assert due(today, 90) == [(date(2026, 1, 1), today)]
    assert due(today, 90, here) == [(date(2026, 3, 1), today)]
    assert due(today, 9, (date(2026, 3, 20), here[1])) == [(date(2026, 3, 20), today)]
    # A connection that rested for longer than the platform restates has a gap to fill, were it longer than the history.
    assert due(today, 90, (date(2026, 1, 1), date(2026, 1, 15))) == [(date(2026, 1, 16), today)]
    assert due(today, 9, (date(2026, 1, 1), date(2026, 1, 15))) == [(date(2026, 1, 16), today)]
    assert due(today, 90, here, reread=3) == [(date(2026, 3, 28), today)]


def test_asks_for_what_never_came_of_the_days_that_are_wanted():
    today = date(2026, 3, 31)
    here = [(date(2026, 1, 21), date(2026, 1, 25)), (date(2026, 2, 1), date(2026, 3, 30))]
    assert due(today, 90, *here, reread=3) == [
        (date(2026, 1, 1), date(2026, 1, 20)), (date(2026, 1, 26), date(2026, 1, 31)), (date(2026, 3, 28), today)
    ]  # fmt: skip
    assert due(today, 60, *here, reread=3) == [(date(2026, 1, 31), date(2026, 1, 31)), (date(2026, 3, 28), today)]
    assert due(today, 5, *here, reread=3) == [(date(2026, 3, 28), today)]


def due(today, history, *landed, reread=None):
    google = CONNECTORS["google_ads"]
    return due_spans(google, google.reports[0], landed=landed, today=today, history=history, reread=reread)


def test_the_truth_is_the_same_each_time():
    first, last = date(2026, 1, 1), date(2026, 1, 31)
    one, other = Truth(seed=3), Truth(seed=3)
    assert list(one.days(one.account_ids[0], first, last)) == list(other.days(other.account_ids[0], first, last))
    assert int(one.account_ids[0]) > 2**53 > 0
