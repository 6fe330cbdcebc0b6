"""Fiscal years with any first month, named by start or end, changing over time."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from kalends.calendar.errors import PeriodError
from kalends.calendar.fiscal import FISCAL_COLUMNS, MonthlyFiscalYears, fiscal_days

pytestmark = pytest.mark.unit
ALL_DAYS = pl.date_range(date(1995, 1, 1), date(2045, 12, 31), eager=True)

WALMART = MonthlyFiscalYears(start_month=2, named_by="end")
US_GOVERNMENT = MonthlyFiscalYears(start_month=10, named_by="end")


def row(scheme, day):
    return fiscal_days(dates=pl.Series("date", [day]), timeline=[scheme]).row(0, named=True)


def test_years_named_by_their_end():
    assert WALMART.bounds(2024) == (date(2023, 2, 1), date(2024, 1, 31))
    assert US_GOVERNMENT.bounds(2025) == (date(2024, 10, 1), date(2025, 9, 30))
    assert row(WALMART, date(2024, 1, 31))["fiscal_year"] == 2024
    assert row(WALMART, date(2024, 2, 1))["fiscal_year"] == 2025
    assert row(US_GOVERNMENT, date(2024, 10, 1))["fiscal_year"] == 2025


def test_the_same_months_named_by_their_start():
    retailer = MonthlyFiscalYears(start_month=2, named_by="start")
    assert row(retailer, date(2024, 1, 31))["fiscal_year"] == 2022 + 1
    assert retailer.bounds(2023) == WALMART.bounds(2024)


def test_both_years_are_printed():
    assert row(WALMART, date(2024, 1, 31))["fiscal_label"] == "FY2024 (2023/24)"
    assert row(MonthlyFiscalYears(start_month=1, named_by="end"), date(2024, 5, 5))["fiscal_label"] == "FY2024"
    assert (
        row(MonthlyFiscalYears(start_month=4, named_by="start"), date(1999, 5, 5))["fiscal_label"] == "FY1999 (1999/00)"
    )


def test_agrees_with_pandas_quarters_named_by_their_end():
    # pandas Q-JAN: 2024-02-01 is 2025Q1.
    pandas = pytest.importorskip("pandas")
    for start in range(1, 13):
        scheme = MonthlyFiscalYears(start_month=start, named_by="end")
        end_name = ["DEC", "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV"][start - 1]
        ours = fiscal_days(dates=ALL_DAYS, timeline=[scheme])
        theirs = pandas.PeriodIndex(pandas.DatetimeIndex(ALL_DAYS.to_list()), freq=f"Q-{end_name}")
        assert ours["fiscal_year"].to_list() == theirs.qyear.tolist()
        assert ours["fiscal_quarter"].to_list() == theirs.quarter.tolist()


@settings(max_examples=24, deadline=None)
@given(start=st.integers(1, 12), named_by=st.sampled_from(["start", "end"]))
def test_every_year_is_whole_and_in_order(start, named_by):
    scheme = MonthlyFiscalYears(start_month=start, named_by=named_by)
    days = fiscal_days(dates=ALL_DAYS, timeline=[scheme])
    assert days.columns == ["date", *FISCAL_COLUMNS]
    years = days.group_by("fiscal_year").agg(
        pl.len().alias("length"),
        pl.col("date").min().alias("first"),
        pl.col("date").max().alias("last"),
        pl.col("is_first_day_of_fiscal_year").sum().alias("firsts"),
        pl.col("is_last_day_of_fiscal_year").sum().alias("lasts"),
        pl.col("fiscal_week").max().alias("weeks"),
        pl.col("fiscal_month").n_unique().alias("months"),
    )
    whole = years.filter(~pl.col("fiscal_year").is_in([years["fiscal_year"].min(), years["fiscal_year"].max()]))
    for year in whole.iter_rows(named=True):
        assert (year["first"], year["last"]) == scheme.bounds(year["fiscal_year"])
        assert year["length"] in (365, 366)
        assert (year["firsts"], year["lasts"], year["weeks"], year["months"]) == (1, 1, 53, 12)


@settings(max_examples=50, deadline=None)
@given(start=st.integers(1, 12), day=st.dates(date(1996, 2, 1), date(2045, 1, 1)))
def test_last_years_fiscal_day_has_the_same_week_and_is_a_year_back(start, day):
    scheme = MonthlyFiscalYears(start_month=start, named_by="end")
    now = row(scheme, day)
    before = now["same_fiscal_week_last_year"]
    if now["fiscal_day_of_year"] == 366:
        assert before is None
        return
    then = row(scheme, before)
    assert then["fiscal_year"] == now["fiscal_year"] - 1
    assert then["fiscal_day_of_year"] == now["fiscal_day_of_year"]
    assert then["fiscal_week"] == now["fiscal_week"]


def test_a_company_that_changed_its_books():
    timeline = [
        MonthlyFiscalYears(start_month=1, named_by="end"),
        MonthlyFiscalYears(start_month=2, named_by="end", valid_from=date(2018, 2, 1)),
    ]
    days = fiscal_days(dates=ALL_DAYS, timeline=timeline)
    by_date = dict(zip(days["date"], days["fiscal_year"], strict=True))
    assert days["date"].to_list() == ALL_DAYS.to_list()
    assert by_date[date(2018, 1, 31)] == 2018
    assert by_date[date(2018, 2, 1)] == 2019
    assert by_date[date(2019, 1, 31)] == 2019


def test_a_change_must_begin_with_a_year():
    with pytest.raises(ValidationError, match="first day of month 2"):
        MonthlyFiscalYears(start_month=2, named_by="end", valid_from=date(2018, 1, 1))


def test_the_name_is_never_guessed():
    with pytest.raises(ValidationError, match="named_by"):
        MonthlyFiscalYears(start_month=2)


def test_a_timeline_without_a_beginning_or_out_of_order_is_refused():
    dated = [MonthlyFiscalYears(start_month=m, named_by="end", valid_from=date(2018 - m, m, 1)) for m in (2, 3)]
    for timeline in ([], dated[:1], [WALMART, *dated]):
        with pytest.raises(PeriodError):
            fiscal_days(dates=ALL_DAYS, timeline=timeline)
