"""Week-based fiscal years that chance makes up, one scheme after another, and how they are stored."""

from datetime import date
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from kalends.calendar.definition import CalendarDefinition
from kalends.calendar.fiscal import (
    FISCAL_COLUMNS,
    AnyFiscalYears,
    MonthlyFiscalYears,
    WeeklyFiscalYears,
    fiscal_days,
)

pytestmark = pytest.mark.unit
ALL_DAYS = pl.date_range(date(1995, 1, 1), date(2045, 12, 31), eager=True)
WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
PERIODS = {"4-4-5": [4, 4, 5] * 4, "4-5-4": [4, 5, 4] * 4, "5-4-4": [5, 4, 4] * 4, "13x4": [4] * 13}
NRF = WeeklyFiscalYears(pattern="4-5-4", ends_on="saturday", end_month=1, rule="nearest", named_by="start")


def row(scheme, day):
    return fiscal_days(dates=pl.Series("date", [day]), timeline=[scheme]).row(0, named=True)


SCHEMES = st.builds(
    WeeklyFiscalYears,
    pattern=st.sampled_from(list(PERIODS)),
    ends_on=st.sampled_from(WEEKDAYS),
    end_month=st.integers(1, 12),
    rule=st.sampled_from(["nearest", "last", "hard"]),
    named_by=st.sampled_from(["start", "end"]),
    week_53_in=st.none() | st.integers(1, 12),
    long_quarter=st.integers(1, 4),
)


@settings(max_examples=60, deadline=None)
@given(scheme=SCHEMES, back=st.integers(0, 400))
def test_every_year_is_whole_and_in_order(scheme, back):
    days = fiscal_days(dates=ALL_DAYS.slice(0, ALL_DAYS.len() - back), timeline=[scheme])
    assert days.columns == ["date", *FISCAL_COLUMNS]
    assert days["date"].to_list() == ALL_DAYS.to_list()[: days.height]
    assert (
        days.drop("same_fiscal_week_last_year", "same_fiscal_week_last_year_restated").null_count().sum_horizontal()[0]
        == 0
    )
    whole = [group for _, group in days.group_by("fiscal_year", maintain_order=True)][1:-1]
    for year, following in pairwise(whole):
        assert following["fiscal_year"][0] == year["fiscal_year"][0] + 1
    for year in whole[::7]:
        check_year(scheme, year)


def check_year(scheme, year):
    """Bounds, weeks, periods and quarters of one fiscal year."""
    assert (year["date"][0], year["date"][-1]) == scheme.bounds(year["fiscal_year"][0])
    assert year["fiscal_day_of_year"].to_list() == list(range(1, year.height + 1))
    assert year["is_first_day_of_fiscal_year"].to_list() == [True] + [False] * (year.height - 1)
    assert year["is_last_day_of_fiscal_year"].to_list() == [False] * (year.height - 1) + [True]
    for unit in ("fiscal_week", "fiscal_period", "fiscal_quarter"):
        steps = year[unit].diff().drop_nulls()
        assert year[unit][0] == 1
        assert set(steps) <= {0, 1}
    for whole, part in (("fiscal_quarter", "fiscal_period"), ("fiscal_period", "fiscal_week")):
        assert year.group_by(part).agg(pl.col(whole).n_unique())[whole].unique().to_list() == [1]
    assert year["fiscal_quarter"][-1] == 4
    assert year["fiscal_period"][-1] == len(PERIODS[scheme.pattern])
    sizes = PERIODS[scheme.pattern].copy()
    sizes[(scheme.week_53_in or len(sizes)) - 1] += year["fiscal_week"][-1] == 53
    found = year.group_by("fiscal_period", maintain_order=True).agg(pl.col("fiscal_week").n_unique())
    assert found["fiscal_week"].to_list() == sizes
    lengths = year.group_by("fiscal_week", maintain_order=True).len()["len"].to_list()
    if scheme.rule == "hard":
        assert set(lengths[1:-1]) == {7}
        assert (len(lengths), lengths[0] + lengths[-1]) == (53, year.height - 51 * 7)
    else:
        assert set(lengths) == {7}
        assert len(lengths) in (52, 53)
    weekday = WEEKDAYS.index(scheme.ends_on)
    ends = year.group_by("fiscal_week", maintain_order=True).agg(pl.col("date").last())["date"][:52]
    assert set(ends.dt.weekday()) == {weekday + 1}


@settings(max_examples=60, deadline=None)
@given(scheme=SCHEMES, day=st.dates(date(1997, 1, 1), date(2045, 1, 1)))
def test_last_years_day_has_the_same_weekday_week_and_is_a_year_back(scheme, day):
    now = row(scheme, day)
    for name, moved in (("same_fiscal_week_last_year", 0), ("same_fiscal_week_last_year_restated", 1)):
        if (before := now[name]) is None:
            continue
        then = row(scheme, before)
        first, last = scheme.bounds(then["fiscal_year"])
        is_restated = moved and scheme.rule != "hard" and (last - first).days == 370
        assert then["fiscal_year"] == now["fiscal_year"] - 1
        assert before.weekday() == day.weekday()
        assert then["fiscal_week"] == now["fiscal_week"] + is_restated
    if now["fiscal_week"] in range(2, 53):
        assert now["same_fiscal_week_last_year"] is not None


def test_dates_in_any_order_far_apart_or_none():
    dates = pl.Series("date", [date(2024, 2, 3), date(1850, 5, 5), date(2024, 2, 4)])
    found = fiscal_days(dates=dates, timeline=[NRF])
    assert found["date"].to_list() == dates.to_list()
    assert found["fiscal_year"].to_list() == [2023, 1850, 2024]
    assert fiscal_days(dates=dates.clear(), timeline=[NRF]).height == 0


def test_from_months_to_weeks_with_a_short_year_between():
    timeline = [
        MonthlyFiscalYears(start_month=7, named_by="end"),
        NRF.model_copy(update={"valid_from": date(2018, 2, 4)}),
        MonthlyFiscalYears(start_month=2, named_by="end", valid_from=date(2021, 2, 1)),
    ]
    days = fiscal_days(dates=ALL_DAYS, timeline=timeline)
    assert days["date"].to_list() == ALL_DAYS.to_list()
    by_date = {found["date"]: found for found in days.iter_rows(named=True)}
    # The old-style year that began in July 2017 is cut short after seven months, the last week-based one after a day.
    assert by_date[date(2018, 2, 3)]["fiscal_label"] == "FY2018 (2017/18)"
    assert by_date[date(2018, 2, 4)]["fiscal_label"] == "FY2018 (2018/19)"
    assert by_date[date(2018, 2, 3)]["is_last_day_of_fiscal_year"]
    assert by_date[date(2018, 2, 4)]["is_first_day_of_fiscal_year"]
    assert by_date[date(2018, 2, 4)]["fiscal_week"] == 1
    assert by_date[date(2021, 1, 30)]["fiscal_year"] == 2020
    assert by_date[date(2021, 1, 31)]["is_first_day_of_fiscal_year"]
    assert by_date[date(2021, 2, 1)]["fiscal_scheme"] == "months:2:end"
    firsts = days.filter("is_first_day_of_fiscal_year").height
    assert firsts - days.filter("is_last_day_of_fiscal_year").height in (-1, 0, 1)


def test_a_change_must_begin_with_a_year():
    values = NRF.model_dump()
    for begins in (date(2018, 2, 4), date(2023, 1, 29)):
        assert WeeklyFiscalYears(**values | {"valid_from": begins}).valid_from == begins
    december = values | {"end_month": 12, "valid_from": date(2023, 12, 31)}
    assert WeeklyFiscalYears(**december).bounds(2024)[0] == date(2023, 12, 31)
    with pytest.raises(ValidationError, match="as 2017-01-29 or 2018-02-04 do"):
        WeeklyFiscalYears(**values | {"valid_from": date(2018, 2, 1)})


def test_the_53rd_week_needs_a_period_that_exists():
    assert NRF.model_copy(update={"pattern": "13x4", "week_53_in": 13}).week_53_in == 13
    with pytest.raises(ValidationError, match="one of the 12 periods"):
        WeeklyFiscalYears(**NRF.model_dump() | {"week_53_in": 13})


def test_codes_say_what_differs_from_the_usual():
    assert NRF.code == "weeks:4-5-4:nearest:saturday:1:start"
    unusual = WeeklyFiscalYears(**NRF.model_dump() | {"pattern": "13x4", "week_53_in": 4, "long_quarter": 1})
    assert unusual.code == "weeks:13x4:nearest:saturday:1:start:53in4:long1"


def test_schemes_are_told_apart_by_kind_and_old_ones_are_months():
    adapter = TypeAdapter(AnyFiscalYears)
    old = {"start_month": 2, "named_by": "end"}
    assert adapter.validate_python(old) == MonthlyFiscalYears(start_month=2, named_by="end")
    assert (
        adapter.validate_json('{"kind":"months","start_month":2,"named_by":"end","valid_from":null}').start_month == 2
    )
    assert adapter.validate_python(NRF.model_dump(mode="json")) == NRF
    with pytest.raises(ValidationError, match="moons"):
        adapter.validate_python({"kind": "moons"})


def test_a_definition_keeps_both_kinds_through_storage():
    definition = CalendarDefinition(
        name="Both",
        markets=[{"country": "US"}],
        fiscal=[{"start_month": 1, "named_by": "end"}, NRF.model_dump() | {"valid_from": "2018-02-04"}],
        first_day=date(2015, 1, 1),
        last_day=date(2020, 1, 1),
    )
    assert [scheme.kind for scheme in definition.fiscal] == ["months", "weeks"]
    assert CalendarDefinition.model_validate(definition.model_dump(mode="json")) == definition
