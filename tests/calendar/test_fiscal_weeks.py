"""Fiscal years of weeks: the retail calendar's published facts, and whatever scheme chance makes up."""

from datetime import date, timedelta

import polars as pl
import pytest
from pydantic import ValidationError

from kalends.calendar.fiscal import (
    WeeklyFiscalYears,
    fiscal_days,
)
from kalends.calendar.moments import moment_dates

pytestmark = pytest.mark.unit
ALL_DAYS = pl.date_range(date(1995, 1, 1), date(2045, 12, 31), eager=True)
WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
NRF = WeeklyFiscalYears(pattern="4-5-4", ends_on="saturday", end_month=1, rule="nearest", named_by="start")
LAST_SATURDAY = NRF.model_copy(update={"rule": "last"})


def row(scheme, day):
    return fiscal_days(dates=pl.Series("date", [day]), timeline=[scheme]).row(0, named=True)


def place(day, scheme=NRF):
    found = row(scheme, date.fromisoformat(day))
    return tuple(found[f"fiscal_{name}"] for name in ("year", "quarter", "period", "week"))


def years(scheme, days=ALL_DAYS):
    """The length in weeks of every fiscal year that lies wholly in `days`, by its name."""
    found = (
        fiscal_days(dates=days, timeline=[scheme])
        .group_by("fiscal_year")
        .agg(pl.col("date").min().alias("first"), pl.col("date").max().alias("last"), pl.len().alias("days"))
    )
    return {
        year["fiscal_year"]: year["days"] / 7
        for year in found.sort("first").iter_rows(named=True)
        if days[0] < year["first"] and year["last"] < days[-1]
    }


# Year ends of Target Corporation's annual reports (10-K), which follow the retail calendar.
YEAR_ENDS = [
    "2012-01-28", "2013-02-02", "2014-02-01", "2015-01-31", "2016-01-30", "2017-01-28", "2018-02-03", "2019-02-02",
    "2020-02-01", "2021-01-30", "2022-01-29", "2023-01-28", "2024-02-03", "2025-02-01", "2026-01-31", "2027-01-30",
    "2028-01-29", "2029-02-03",
]  # fmt: skip


@pytest.mark.parametrize(("fiscal_year", "end"), enumerate(YEAR_ENDS, start=2011))
def test_year_ends_of_the_retail_calendar(fiscal_year, end):
    assert NRF.bounds(fiscal_year)[1].isoformat() == end
    found = row(NRF, date.fromisoformat(end))
    assert (found["fiscal_year"], found["is_last_day_of_fiscal_year"]) == (fiscal_year, True)
    following = row(NRF, date.fromisoformat(end) + timedelta(days=1))
    assert (following["fiscal_year"], following["is_first_day_of_fiscal_year"]) == (fiscal_year + 1, True)


def test_retail_years_of_53_weeks():
    long = [1995, 2000, 2006, 2012, 2017, 2023, 2028, 2034, 2040]
    assert [year for year, weeks in years(NRF).items() if weeks == 53] == long
    assert (NRF.bounds(2045)[1] - NRF.bounds(2045)[0]).days + 1 == 371


def test_retail_years_of_53_weeks_have_four_january_days_after_week_52():
    for year in range(1995, 2060):
        first, last = NRF.bounds(year)
        after_52 = date(year + 1, 1, 31) - (first + timedelta(days=363))
        assert ((last - first).days == 370) == (after_52.days >= 4), year


def test_the_last_saturday_of_january_gives_other_long_years():
    # Named by their start; ends in the January after.
    long = [year for year, weeks in years(LAST_SATURDAY).items() if weeks == 53]
    assert [year for year in long if 1996 <= year <= 2031] == [1997, 2003, 2008, 2014, 2020, 2025, 2031]
    for year in range(1995, 2045):
        assert LAST_SATURDAY.bounds(year)[1].month == 1


def test_targets_fiscal_2023():
    first, last = NRF.bounds(2023)
    assert (first, last, (last - first).days + 1) == (date(2023, 1, 29), date(2024, 2, 3), 371)


def test_targets_quarters_of_fiscal_2024():
    days = fiscal_days(dates=ALL_DAYS, timeline=[NRF]).filter(pl.col("fiscal_year") == 2024)
    ends = days.group_by("fiscal_quarter").agg(pl.col("date").max()).sort("fiscal_quarter")["date"].to_list()
    assert ends == [date(2024, 5, 4), date(2024, 8, 3), date(2024, 11, 2), date(2025, 2, 1)]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2018-02-03", (2017, 4, 12, 53)),
        ("2018-02-04", (2018, 1, 1, 1)),
        ("2023-01-29", (2023, 1, 1, 1)),
        ("2024-02-03", (2023, 4, 12, 53)),
        ("2025-02-01", (2024, 4, 12, 52)),
        ("2026-02-01", (2026, 1, 1, 1)),
        # Black Friday.
        ("2023-11-24", (2023, 4, 10, 43)),
        ("2024-11-29", (2024, 4, 10, 43)),
        ("2025-11-28", (2025, 4, 10, 43)),
        ("2026-11-27", (2026, 4, 10, 43)),
    ],
)
def test_year_quarter_period_and_week(day, expected):
    assert place(day) == expected


def test_christmas_moves_by_a_week_after_a_long_year():
    assert place("2023-12-25")[-1] == 48
    assert place("2024-12-25")[-1] == 47


def test_restated_weeks_after_a_long_year():
    # Restated, week 43 of fiscal 2023 is 26 November to 2 December: week 1 is dropped, week 44 becomes 43.
    for offset in range(7):
        found = row(NRF, date(2024, 11, 24) + timedelta(days=offset))
        assert found["fiscal_week"] == 43
        assert found["same_fiscal_week_last_year"] == date(2023, 11, 19) + timedelta(days=offset)
        assert found["same_fiscal_week_last_year_restated"] == date(2023, 11, 26) + timedelta(days=offset)


def test_the_comparable_week_is_not_the_comparable_event():
    [((friday, _), _)] = moment_dates(code="black_friday", country="US", year=2024)
    [((before, _), _)] = moment_dates(code="black_friday", country="US", year=2023)
    found = row(NRF, friday)
    assert found["same_fiscal_week_last_year"] == before
    assert found["same_fiscal_week_last_year_restated"] == before + timedelta(days=7)


def test_week_53_has_no_week_to_be_compared_with_and_other_years_need_no_restating():
    week_53 = row(NRF, date(2024, 2, 1))
    assert week_53["same_fiscal_week_last_year"] is week_53["same_fiscal_week_last_year_restated"] is None
    found = row(NRF, date(2023, 6, 1))
    assert found["same_fiscal_week_last_year"] == found["same_fiscal_week_last_year_restated"] == date(2022, 6, 2)


def test_last_week_of_a_year_after_a_long_one_is_compared_with_week_53():
    found = row(NRF, date(2025, 2, 1))
    assert found["same_fiscal_week_last_year"] == date(2024, 1, 27)
    assert found["same_fiscal_week_last_year_restated"] == date(2024, 2, 3)


def test_the_name_is_never_guessed_and_both_years_are_printed():
    by_end = NRF.model_copy(update={"named_by": "end"})
    assert row(NRF, date(2024, 1, 31))["fiscal_label"] == "FY2023 (2023/24)"
    assert row(by_end, date(2024, 1, 31))["fiscal_label"] == "FY2024 (2023/24)"
    assert by_end.bounds(2024) == NRF.bounds(2023)
    with pytest.raises(ValidationError, match="named_by"):
        WeeklyFiscalYears(pattern="4-5-4", ends_on="saturday", end_month=1, rule="nearest")


def test_years_that_end_with_december_have_one_name_even_where_they_begin_in_the_old_year():
    for named_by in ("start", "end"):
        scheme = WeeklyFiscalYears(pattern="4-4-5", ends_on="saturday", end_month=12, rule="nearest", named_by=named_by)
        assert scheme.bounds(2024) == (date(2023, 12, 31), date(2024, 12, 28))
        found = row(scheme, date(2023, 12, 31))
        assert (found["fiscal_year"], found["fiscal_label"]) == (2024, "FY2024")
        # 2020 ended on 2 January 2021: a day belongs to the nominal year, not to the one on the wall.
        assert place("2021-01-02", scheme) == (2020, 4, 12, 53)


def test_iso_years_end_on_the_sunday_nearest_to_the_end_of_december():
    # ISO 8601: a year ends on the Sunday nearest to 31 December, so its years of 53 weeks are ours.
    iso = WeeklyFiscalYears(pattern="4-4-5", ends_on="sunday", end_month=12, rule="nearest", named_by="end")
    long = [year for year, weeks in years(iso).items() if weeks == 53 and 2004 <= year <= 2037]
    assert long == [2004, 2009, 2015, 2020, 2026, 2032, 2037]
    for found in fiscal_days(dates=ALL_DAYS, timeline=[iso]).iter_rows(named=True):
        assert (found["fiscal_year"], found["fiscal_week"]) == found["date"].isocalendar()[:2]


@pytest.mark.parametrize("variation", ["nearest", "last"])
@pytest.mark.parametrize("month", range(1, 13))
def test_year_ends_agree_with_pandas(variation, month):
    offsets = pytest.importorskip("pandas.tseries.offsets")
    pandas = pytest.importorskip("pandas")
    for number, weekday in enumerate(WEEKDAYS):
        scheme = WeeklyFiscalYears(pattern="4-5-4", ends_on=weekday, end_month=month, rule=variation, named_by="start")
        theirs = pandas.date_range(
            "1995-01-01",
            "2045-12-31",
            freq=offsets.FY5253(weekday=number, startingMonth=month, variation=variation),
        )
        ours = fiscal_days(dates=ALL_DAYS, timeline=[scheme]).filter("is_last_day_of_fiscal_year")["date"]
        assert ours.to_list() == [day.date() for day in theirs], weekday


PERIODS = {"4-4-5": [4, 4, 5] * 4, "4-5-4": [4, 5, 4] * 4, "5-4-4": [5, 4, 4] * 4, "13x4": [4] * 13}


@pytest.mark.parametrize("pattern", PERIODS)
@pytest.mark.parametrize("week_53_in", [None, 1, 6])
def test_weeks_of_each_period(pattern, week_53_in):
    scheme = WeeklyFiscalYears(
        pattern=pattern, ends_on="friday", end_month=6, rule="last", named_by="end", week_53_in=week_53_in
    )
    days = fiscal_days(dates=ALL_DAYS, timeline=[scheme])
    for year, weeks in years(scheme).items():
        sizes = PERIODS[pattern].copy()
        sizes[(week_53_in or len(sizes)) - 1] += weeks == 53
        found = (
            days.filter(pl.col("fiscal_year") == year).group_by("fiscal_period").agg(pl.col("fiscal_week").n_unique())
        )
        assert found.sort("fiscal_period")["fiscal_week"].to_list() == sizes


def test_the_quarter_of_thirteen_periods_that_has_four():
    usual = WeeklyFiscalYears(pattern="13x4", ends_on="sunday", end_month=8, rule="nearest", named_by="end")
    first = usual.model_copy(update={"long_quarter": 1})
    for scheme, expected in ((usual, [12, 12, 12, 16]), (first, [16, 12, 12, 12])):
        days = fiscal_days(dates=ALL_DAYS, timeline=[scheme]).filter(pl.col("fiscal_year") == 2019)
        weeks = days.group_by("fiscal_quarter").agg(pl.col("fiscal_week").n_unique()).sort("fiscal_quarter")
        assert weeks["fiscal_week"].to_list() == expected


def test_hard_edges_cut_the_first_and_the_last_week():
    scheme = WeeklyFiscalYears(pattern="4-4-5", ends_on="saturday", end_month=6, rule="hard", named_by="end")
    assert scheme.bounds(2025) == (date(2024, 7, 1), date(2025, 6, 30))
    # 1 July 2024 is a Monday: week 1 has six days, up to Saturday; 30 June 2025 is a Monday: week 53 has two.
    assert place("2024-07-01", scheme) == place("2024-07-06", scheme) == (2025, 1, 1, 1)
    assert place("2024-07-07", scheme) == (2025, 1, 1, 2)
    assert place("2025-06-28", scheme) == (2025, 4, 12, 52)
    assert place("2025-06-29", scheme) == place("2025-06-30", scheme) == (2025, 4, 12, 53)
    assert place("2025-07-01", scheme) == (2026, 1, 1, 1)
    # The year before began on a Saturday, so that its week 1 has no Monday.
    assert row(scheme, date(2024, 7, 1))["same_fiscal_week_last_year"] is None
    assert row(scheme, date(2024, 7, 6))["same_fiscal_week_last_year"] == date(2023, 7, 1)
    assert row(scheme, date(2024, 7, 8))["same_fiscal_week_last_year"] == date(2023, 7, 3)


def test_a_leap_year_with_hard_edges_never_has_a_54th_week():
    # 2028 begins on a Saturday: one day in week 1, 364 days to 29 December, and 30 and 31 December.
    scheme = WeeklyFiscalYears(pattern="4-4-5", ends_on="saturday", end_month=12, rule="hard", named_by="end")
    assert place("2028-01-01", scheme) == (2028, 1, 1, 1)
    assert place("2028-12-30", scheme) == place("2028-12-31", scheme) == (2028, 4, 12, 53)
