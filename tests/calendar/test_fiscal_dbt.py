"""What dbt_date's macros define, written anew in plain Python, against the days of 1990 to 2050.

Where the two differ on purpose:

- The name of a fiscal year. dbt_date subtracts `shift_year` (1 unless said otherwise) from the year of the end month,
  also where that month is December, so that its default names the year 2024 "2023". We say named_by.
- The first fiscal year of a dbt_date table is missing, because its begin is read from the row before.
- dbt_date counts `day_of_week` from Sunday, 1 to 7; we count from Monday, 0 to 6.
- Its `week_of_year` is the warehouse's own; ours is the ISO week.
"""

from datetime import date, timedelta
from uuid import UUID

import polars as pl
import pytest

from kalends.calendar.days import build_days
from kalends.calendar.definition import CalendarDefinition, Market
from kalends.calendar.fiscal import WeeklyFiscalYears, fiscal_days
from kalends.calendar.parts import part_columns

pytestmark = pytest.mark.unit
DAYS = pl.date_range(date(1990, 1, 1), date(2050, 12, 31), eager=True).alias("date")
CALENDAR = UUID("019300000000700080000000000000aa")


def last_of_month(year, month):
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def fiscal_year_end(year, month, week_start):
    """Of the weeks that begin in the end month, the one whose end is closest to the month's last day."""
    last = last_of_month(year, month)
    begins = [last.replace(day=number) for number in range(1, last.day + 1)]
    ends = [begin + timedelta(days=6) for begin in begins if begin.weekday() == week_start]
    return min(ends, key=lambda end: abs((end - last).days))


def periods(week):
    """Week of the year -> quarter and period of the year: 4, 5 and 4 weeks, a 53rd one in the last period."""
    quarter = min((week - 1) // 13 + 1, 4)
    week_of_quarter = week - 13 * (quarter - 1)
    period = 1 if week_of_quarter <= 4 else 2 if week_of_quarter <= 9 else 3
    return quarter, 3 * (quarter - 1) + period


def dbt_fiscal_days(month, week_start):
    """(fiscal year with shift_year 1, quarter, period, week) by date, without the first year."""
    found = {}
    for year in range(1991, 2052):
        begin = fiscal_year_end(year - 1, month, week_start) + timedelta(days=1)
        length = (fiscal_year_end(year, month, week_start) - begin).days + 1
        for index in range(length):
            week = index // 7 + 1
            found[begin + timedelta(days=index)] = (year - 1, *periods(week), week)
    return found


@pytest.mark.parametrize("month", [1, 2, 6, 9, 12])
@pytest.mark.parametrize("week_start", [6, 0, 3])
def test_fiscal_periods(month, week_start):
    ends_on = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"][week_start]
    scheme = WeeklyFiscalYears(pattern="4-5-4", ends_on=ends_on, end_month=month, rule="nearest", named_by="start")
    theirs = dbt_fiscal_days(month, week_start)
    ours = fiscal_days(dates=DAYS, timeline=[scheme])
    compared = 0
    for found in ours.iter_rows(named=True):
        if (expected := theirs.get(found["date"])) is None:
            assert found["date"] < date(1991, 3, 5)
            continue
        year = found["fiscal_year"] - (month == 12)
        names = ("fiscal_quarter", "fiscal_period", "fiscal_week")
        assert (year, *(found[name] for name in names)) == expected, found["date"]
        compared += 1
    assert compared > 21_700


def test_date_parts():
    for found in DAYS.to_frame().with_columns(part_columns(is_southern=False)).iter_rows(named=True):
        day = found["date"]
        iso_year, iso_week, iso_weekday = day.isocalendar()
        assert (found["iso_year"], found["iso_week"], found["day_of_week"] + 1) == (iso_year, iso_week, iso_weekday)
        assert (found["year_number"], found["month_number"], found["day_of_month"]) == (day.year, day.month, day.day)
        assert found["day_of_year"] == int(day.strftime("%j"))
        assert (found["day_name"], found["month_name"]) == (day.strftime("%A"), day.strftime("%B"))
        quarter = (day.month - 1) // 3 + 1
        begin = date(day.year, 3 * quarter - 2, 1)
        assert (found["quarter_number"], found["day_of_quarter"]) == (quarter, (day - begin).days + 1)
        assert found["is_first_day_of_month"] == (day.day == 1)
        assert found["is_last_day_of_month"] == (day == last_of_month(day.year, day.month))
        assert found["is_last_day_of_quarter"] == (day == last_of_month(day.year, 3 * quarter))


def test_prior_year_days():
    plan = CalendarDefinition(
        name="Test",
        markets=[Market(country="US")],
        fiscal=[WeeklyFiscalYears(pattern="4-5-4", ends_on="saturday", end_month=1, rule="nearest", named_by="start")],
        first_day=date(1990, 1, 1),
        last_day=date(2050, 12, 31),
    )
    days = build_days(calendar_id=CALENDAR, definition=plan)
    assert days["date"].to_list() == DAYS.to_list()
    for found in days.select("date", "same_day_last_year", "same_weekday_last_year").iter_rows(named=True):
        day = found["date"]
        is_leap_day = (day.month, day.day) == (2, 29)
        assert found["same_day_last_year"] == day.replace(year=day.year - 1, day=28 if is_leap_day else day.day)
        assert found["same_weekday_last_year"] == day - timedelta(days=364)
