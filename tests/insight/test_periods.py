"""Spans of days in words, on a Thursday in a leap year, and what they are compared with."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kalends.insight.comparisons import KINDS, UnknownComparisonError, compare, stands_for
from kalends.insight.periods import FiscalDay, Period, UnknownPeriodError, add_months, resolve

pytestmark = pytest.mark.unit
TODAY = date(2024, 2, 29)


def fiscal_days():
    """Fiscal years from July, named by the year in which they end."""
    for n in range(366 * 3):
        day = date(2022, 7, 1) + timedelta(days=n)
        month = (day.month - 7) % 12 + 1
        yield FiscalDay(day, day.year + (day.month >= 7), (month + 2) // 3, month)


@pytest.mark.parametrize(
    ("words", "start", "end"),
    [
        ("2024-01-01..2024-01-31", "2024-01-01", "2024-01-31"),
        ("2024-01-01 to 2024-01-31", "2024-01-01", "2024-01-31"),
        ("2024-01-01/2024-01-31", "2024-01-01", "2024-01-31"),
        ("2023", "2023-01-01", "2023-12-31"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2023-Q4", "2023-10-01", "2023-12-31"),
        ("Q1 2024", "2024-01-01", "2024-03-31"),
        ("2020-W53", "2020-12-28", "2021-01-03"),
        ("2024-02-29", "2024-02-29", "2024-02-29"),
        ("yesterday", "2024-02-28", "2024-02-28"),
        ("last 30 days", "2024-01-30", "2024-02-28"),
        ("past 30 days", "2024-01-31", "2024-02-29"),
        ("last 2 weeks", "2024-02-12", "2024-02-25"),
        ("Last  1 month", "2024-01-01", "2024-01-31"),
        ("last 3 months", "2023-11-01", "2024-01-31"),
        ("past 12 months", "2023-03-01", "2024-02-29"),
        ("last week", "2024-02-19", "2024-02-25"),
        ("this week", "2024-02-26", "2024-02-29"),
        ("last quarter", "2023-10-01", "2023-12-31"),
        ("this quarter", "2024-01-01", "2024-02-29"),
        ("year to date", "2024-01-01", "2024-02-29"),
        ("this fiscal year", "2023-07-01", "2024-02-29"),
        ("last fiscal year", "2022-07-01", "2023-06-30"),
        ("last fiscal quarter", "2023-10-01", "2023-12-31"),
        ("fiscal quarter to date", "2024-01-01", "2024-02-29"),
        ("fiscal 2024", "2023-07-01", "2024-06-30"),
        ("fiscal year 2024-q1", "2023-07-01", "2023-09-30"),
    ],
)
def test_words(words, start, end):
    found = resolve(words, today=TODAY, fiscal=fiscal_days())
    assert (str(found.start), str(found.end)) == (start, end)
    assert found.label


@pytest.mark.parametrize(
    "words",
    [
        "",
        "soon",
        "2024-13",
        "2024-02-30",
        "2021-W53",
        "last 0 days",
        "last 99999 years",
        "2024-02-02..2024-02-01",
        "fiscal 1999",
    ],
)
def test_what_is_not_understood_is_refused(words):
    with pytest.raises(UnknownPeriodError):
        resolve(words, today=TODAY, fiscal=fiscal_days())


def test_a_month_before_has_that_months_own_length():
    march = Period(date(2024, 3, 1), date(2024, 3, 31))
    before = compare("previous_period", period=march)
    assert (before.period.start, before.period.end) == (date(2024, 2, 1), date(2024, 2, 29))
    april = Period(date(2024, 4, 1), date(2024, 4, 30))
    longer = compare("previous_period", period=april)
    assert stands_for(date(2024, 3, 31), comparison=longer, period=april) == april.end


def test_last_years_dates_weekdays_and_events_differ():
    easter = Period(date(2024, 3, 25), date(2024, 4, 1))
    same = {
        kind: compare(kind, period=easter, anchors=(date(2024, 3, 31), date(2023, 4, 9))).period.start for kind in KINDS
    }
    assert same == {
        "previous_period": date(2024, 3, 17),
        "same_dates_last_year": date(2023, 3, 25),
        "same_weekdays_last_year": date(2023, 3, 27),
        "event": date(2023, 4, 3),
    }
    with pytest.raises(UnknownComparisonError):
        compare("event", period=easter)


days = st.dates(date(1990, 1, 1), date(2040, 12, 31))


@given(start=days, length=st.integers(0, 800), kind=st.sampled_from(KINDS[:3]))
def test_every_compared_day_answers_to_a_day_of_the_period(start, length, kind):
    period = Period(start, start + timedelta(days=length))
    found = compare(kind, period=period)
    moved = [stands_for(day, comparison=found, period=period) for day in found.period.dates()]
    assert moved == sorted(moved)
    assert (moved[0], moved[-1]) == (period.start, period.end) or period.start.day == 29 or period.end.day == 29


@given(day=days, months=st.integers(-300, 300))
def test_months_are_added_on_the_calendar(day, months):
    moved = add_months(day, months)
    assert (moved.year * 12 + moved.month) - (day.year * 12 + day.month) == months
    assert moved.day <= day.day
