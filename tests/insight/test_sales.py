"""Each sale once: who counts a day, what takes its place, and what may be compared with what."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kalends.insight.comparisons import compare
from kalends.insight.periods import Period
from kalends.insight.sales import count_once
from kalends.marketing.reconciliation.cells import Cell
from kalends.marketing.reconciliation.counted import QUIET, Counted, by_day

pytestmark = pytest.mark.unit
FIRST = date(2026, 2, 2)
WEEK = Period(FIRST, FIRST + timedelta(days=6))
LAST_YEAR = compare("same_weekdays_last_year", period=WEEK)


def on(number, year=0):
    """A day by its number, so many years of weeks earlier."""
    return FIRST + timedelta(days=number - 364 * year)


def spoken(source, *days):
    return [(Cell("revenue", on(day), "", "", ""), source, 10.0 + day) for day in days]


def claims(days, revenue=30.0, spend=10.0, **more):
    return [
        {"date": on(day), "revenue": revenue, "spend": spend, "conversions": 3.0, "roas": revenue / spend,
         "revenue_before": 20.0, "spend_before": 10.0} | more
        for day in days
    ]  # fmt: skip


TOTALS = {"revenue": 210.0, "spend": 70.0, "roas": 3.0, "conversions": 21.0, "revenue_change": 0.5}


def once(counted, rows=None, totals=TOTALS):
    return count_once(rows or claims(range(7)), totals, counted, period=WEEK, compared=LAST_YEAR)


def test_the_most_direct_witness_of_a_day_is_heard():
    found = by_day(spoken("google_analytics", 0, 1, 2, 3) + spoken("orders", 1, 2), first=on(0), last=on(6))
    assert found.tellers == {on(0): "google_analytics", on(1): "orders", on(2): "orders", on(3): "google_analytics"}
    assert found.values == {on(0): 10.0, on(1): 11.0, on(2): 12.0, on(3): 13.0}


def test_a_quiet_day_is_counted_and_a_silence_is_not():
    found = by_day(spoken("orders", 0, QUIET, 2 * QUIET + 1), first=on(1), last=on(2 * QUIET + 1))
    assert set(found.tellers) == {*(on(day) for day in range(1, QUIET + 1)), on(2 * QUIET + 1)}
    assert set(found.values) == {on(QUIET), on(2 * QUIET + 1)}


def test_a_day_of_which_an_amount_is_left_out_is_not_counted_by_the_shop():
    told = spoken("orders", 0, 1) + spoken("google_analytics", 0, 1)
    assert by_day(told, first=on(0), last=on(1), unpriced={on(1)}).tellers == {
        on(0): "orders",
        on(1): "google_analytics",
    }
    assert by_day(spoken("orders", 0), first=on(0), last=on(1), unpriced={on(0)}) is None


def test_nothing_is_changed_where_nobody_counts():
    rows = claims(range(7))
    found = once({}, rows)
    assert [row | told for row, told in zip(found.rows, rows, strict=True)] == list(found.rows)
    assert (found.totals, found.notes) == (TOTALS, [])


def test_what_is_counted_takes_the_place_of_what_is_claimed():
    days = {on(day): "orders" for day in range(7)}
    found = once({"revenue": Counted(days, dict.fromkeys(days, 20.0))})
    assert (found.totals["revenue"], found.totals["roas"], found.totals["conversions"]) == (140.0, 2.0, 21.0)
    assert {row["revenue"] for row in found.rows} == {20.0}
    assert {row["roas"] for row in found.rows} == {2.0}
    assert found.notes == [
        "Revenue: every sale once, as counted by Shop orders.",
        "Together the platforms claim 50\u202f% more revenue.",
    ]


def test_metrics_that_one_counts_are_told_together():
    days = {on(day): "orders" for day in range(7)}
    held = Counted(days, dict.fromkeys(days, 1.0))
    assert once({"revenue": held, "conversions": held}).notes == [
        "Revenue and conversions: every sale once, as counted by Shop orders.",
        "Together the platforms claim 2,900\u202f% more revenue and 200\u202f% more conversions.",
    ]


def test_a_count_is_never_compared_with_a_claim():
    now = {on(day): "orders" for day in range(7)}
    found = once({"revenue": Counted(now, dict.fromkeys(now, 20.0))})
    assert (found.totals["revenue_change"], found.totals["roas_change"]) == (None, None)
    assert {row["revenue_before"] for row in found.rows} == {None}
    both = now | {on(day, year=1): "orders" for day in range(2)}
    values = dict.fromkeys(now, 20.0) | {on(day, year=1): 16.0 for day in range(2)}
    found = once({"revenue": Counted(both, values)})
    assert found.totals["revenue_change"] == pytest.approx(40 / 32 - 1)
    assert found.totals["roas_change"] == pytest.approx((40 / 20) / (32 / 20) - 1)


def test_days_that_nobody_has_counted_are_left_out_and_said():
    days = {on(day): "orders" for day in range(5)}
    found = once({"revenue": Counted(days, dict.fromkeys(days, 20.0))})
    assert (found.totals["revenue"], found.totals["roas"], found.totals["spend"]) == (100.0, 2.0, 70.0)
    assert [row["revenue"] for row in found.rows] == [20.0] * 5 + [None] * 2
    assert found.notes[0] == (
        "Revenue: every sale once, as counted by Shop orders; 2 days that nobody has counted yet left out."
    )


def test_a_few_counted_days_do_not_speak_for_all():
    days = {on(day): "orders" for day in range(3)}
    found = once({"revenue": Counted(days, dict.fromkeys(days, 20.0))})
    assert (found.totals, found.counted, list(found.notes)) == (TOTALS, (), [])


def test_days_that_only_the_shop_knows_are_shown():
    days = {on(5): "orders", on(6): "google_analytics"}
    found = once({"revenue": Counted(days, {on(6): 8.0})}, rows=claims(range(2)))
    assert [(row["date"], row["revenue"]) for row in found.rows] == [
        (on(0), None), (on(1), None), (on(5), None), (on(6), 8.0),
    ]  # fmt: skip
    assert found.rows[-1]["spend"] is None
    assert found.totals["revenue"] == 8.0
    assert "Shop orders (1 day) and Google Analytics (1 day); 2 days" in found.notes[0]


@given(
    st.dictionaries(st.integers(0, 6), st.floats(0, 100), max_size=7),
    st.dictionaries(st.integers(0, 6), st.floats(0, 100), max_size=7),
    st.sets(st.integers(0, 6)),
)
def test_the_total_is_of_what_was_counted_or_of_what_is_claimed(claimed, values, days):
    counted = Counted({on(day): "orders" for day in days}, {on(day): values[day] for day in days & values.keys()})
    rows = [{"date": on(day), "revenue": value, "revenue_before": None} for day, value in sorted(claimed.items())]
    totals = {"revenue": sum(claimed.values())}
    found = count_once(rows, totals, {"revenue": counted}, period=WEEK, compared=LAST_YEAR)
    each = {row["date"]: row["revenue"] for row in found.rows if row["revenue"] is not None}
    if found.counted:
        assert each == dict(counted.values)
        assert found.totals["revenue"] == (pytest.approx(sum(each.values())) if each else None)
    else:
        assert each == {on(day): value for day, value in claimed.items()}
        assert found.totals == totals
    assert bool(found.counted) == (bool(days) and len(days) >= len(claimed.keys() - days))
