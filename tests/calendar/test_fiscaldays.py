"""Several fiscal schemes of one calendar, side by side."""

from datetime import date
from uuid import UUID

import ibis
import polars as pl
import pytest
from pydantic import ValidationError

from kalends.calendar.days import build_days
from kalends.calendar.definition import CalendarDefinition
from kalends.calendar.errors import PeriodError
from kalends.calendar.fiscal import FISCAL_COLUMNS, MonthlyFiscalYears, WeeklyFiscalYears
from kalends.calendar.fiscaldays import FISCAL_DAY_VALUES, FISCAL_DAYS_SCHEMA, build_fiscal_days

pytestmark = pytest.mark.unit
CALENDAR = UUID("019300000000700080000000000000aa")
APRIL = MonthlyFiscalYears(start_month=4, named_by="start")
RETAIL = WeeklyFiscalYears(pattern="4-5-4", ends_on="saturday", end_month=1, rule="nearest", named_by="start")
LATER = MonthlyFiscalYears(start_month=10, named_by="end", valid_from=date(2024, 10, 1))


def definition(**more):
    return CalendarDefinition(
        name="Test",
        markets=[{"country": "US"}],
        fiscal=[MonthlyFiscalYears(start_month=7, named_by="end")],
        first_day=date(2023, 1, 1),
        last_day=date(2026, 12, 31),
        **more,
    )


def build(first=None, last=None, **more):
    return build_fiscal_days(calendar_id=CALENDAR, definition=definition(**more), first=first, last=last)


def test_one_row_per_day_and_scheme():
    days = build(other_fiscal={"trade": [RETAIL], "parent": [APRIL, LATER]})
    assert days.columns == list(FISCAL_DAY_VALUES)
    assert days["scheme"].unique(maintain_order=True).to_list() == ["parent", "primary", "trade"]
    assert days.select("scheme", "date").is_duplicated().sum() == 0
    assert days.height == 3 * 1461
    assert days.equals(days.sort("scheme", "date"))


def test_each_scheme_says_its_own():
    days = build(first=date(2024, 2, 3), last=date(2024, 2, 3), other_fiscal={"trade": [RETAIL], "parent": [APRIL]})
    found = dict(days.select("scheme", "fiscal_label").iter_rows())
    assert found == {"parent": "FY2023 (2023/24)", "primary": "FY2024 (2023/24)", "trade": "FY2023 (2023/24)"}
    assert dict(days.select("scheme", "fiscal_week").iter_rows()) == {"parent": 45, "primary": 32, "trade": 53}


def test_the_primary_scheme_is_the_days_own():
    days = build(other_fiscal={"trade": [RETAIL]}).filter(pl.col("scheme") == "primary")
    own = build_days(calendar_id=CALENDAR, definition=definition())
    assert days.select("calendar_id", "date", *FISCAL_COLUMNS).equals(
        own.select("calendar_id", "date", *FISCAL_COLUMNS)
    )


def test_the_frame_fits_the_declared_schema():
    days = build(other_fiscal={"trade": [RETAIL]})
    found = ibis.memtable(days).schema()
    assert [*FISCAL_DAY_VALUES, "version_from", "version_to"] == list(FISCAL_DAYS_SCHEMA.names)
    for name in FISCAL_DAY_VALUES:
        assert found[name].copy(nullable=True) == FISCAL_DAYS_SCHEMA[name].copy(nullable=True), name
        assert FISCAL_DAYS_SCHEMA[name].nullable or days[name].null_count() == 0, name


def test_a_slice_equals_the_same_days_of_the_whole():
    first, last = date(2024, 9, 29), date(2025, 2, 2)
    whole = build(other_fiscal={"parent": [APRIL, LATER], "trade": [RETAIL]})
    part = build(first=first, last=last, other_fiscal={"parent": [APRIL, LATER], "trade": [RETAIL]})
    assert part.equals(whole.filter(pl.col("date").is_between(first, last)))


def test_definitions_stored_before_there_were_others_have_none():
    stored = definition().model_dump(mode="json")
    del stored["other_fiscal"]
    assert CalendarDefinition.model_validate(stored).other_fiscal == {}
    assert build()["scheme"].unique().to_list() == ["primary"]
    several = definition(other_fiscal={"parent": [APRIL, LATER]})
    assert CalendarDefinition.model_validate(several.model_dump(mode="json")) == several


@pytest.mark.parametrize("name", ["primary", "Trade", "a b", "", "1st", "trade-2", "x" * 41])
def test_names_are_slugs_and_primary_is_taken(name):
    with pytest.raises(ValidationError):
        definition(other_fiscal={name: [RETAIL]})


def test_other_timelines_are_checked_too():
    for timeline in ([], [LATER], [APRIL, RETAIL]):
        with pytest.raises(PeriodError):
            definition(other_fiscal={"parent": timeline})


def test_a_span_outside_the_calendar_is_refused():
    for first, last in ((date(2022, 12, 31), None), (None, date(2027, 1, 1)), (date(2025, 1, 2), date(2025, 1, 1))):
        with pytest.raises(PeriodError):
            build(first=first, last=last)
