"""The whole day frame: unique, without gaps, consistent, the same in every slice, fast."""

import calendar
import random
import time
import uuid
from datetime import date, timedelta

import ibis
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalends.calendar.days import DAY_COLUMNS, DAY_SCHEMA, VALUES, build_days
from kalends.calendar.definition import CalendarDefinition, Market
from kalends.calendar.errors import PeriodError, UnknownIndustryError
from kalends.calendar.events import DatedEvent, EventFields
from kalends.calendar.fiscal import MonthlyFiscalYears

pytestmark = pytest.mark.unit
CALENDAR = uuid.UUID("019300000000700080000000000000aa")


def definition(*countries, **more):
    settings = {
        "name": "Test",
        "markets": [Market(country=country) for country in countries or ("US",)],
        "industry": "retail",
        "fiscal": [MonthlyFiscalYears(start_month=2, named_by="end")],
        "first_day": date(2015, 1, 1),
        "last_day": date(2028, 12, 31),
    }
    return CalendarDefinition(**settings | more)


def build(*countries, events=(), first=None, last=None, **more):
    return build_days(
        calendar_id=CALENDAR, definition=definition(*countries, **more), events=events, first=first, last=last
    )


def by_date(frame):
    return {row["date"]: row for row in frame.iter_rows(named=True)}


@pytest.fixture(scope="module")
def us():
    return build()


@pytest.fixture(scope="module")
def rows(us):
    """The days of `us` by their date."""
    return by_date(us)


def test_every_day_once_without_gaps(us):
    expected = pl.date_range(date(2015, 1, 1), date(2028, 12, 31), eager=True)
    assert us["date"].to_list() == expected.to_list()


def test_the_frame_fits_the_declared_schema(us):
    found = ibis.memtable(us).schema()
    assert tuple(us.columns) == VALUES
    assert len(DAY_COLUMNS) == len({column.name for column in DAY_COLUMNS})
    for name in VALUES:
        declared = DAY_SCHEMA[name]
        assert found[name].copy(nullable=True) == declared.copy(nullable=True), name
        if not declared.nullable:
            assert us[name].null_count() == 0, name


def test_parts_agree_with_the_standard_library(us):
    for row in us.iter_rows(named=True):
        day = row["date"]
        year, week, weekday = day.isocalendar()
        assert (row["iso_year"], row["iso_week"], row["day_of_week"] + 1) == (year, week, weekday)
        assert row["week_of_year"] == week
        assert row["date_key"] == int(day.strftime("%Y%m%d"))
        assert row["day_of_year"] == day.timetuple().tm_yday
        assert (row["day_name"], row["month_name"]) == (
            calendar.day_name[day.weekday()],
            calendar.month_name[day.month],
        )
        quarter_first = date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
        assert row["day_of_quarter"] == (day - quarter_first).days + 1
        assert row["quarter_number"] == (day.month - 1) // 3 + 1
        tomorrow = day + timedelta(days=1)
        assert row["is_last_day_of_month"] == (tomorrow.day == 1)
        assert row["is_last_day_of_quarter"] == (tomorrow.day == 1 and tomorrow.month in (1, 4, 7, 10))
        assert row["is_last_day_of_year"] == (tomorrow.year > day.year)
        assert row["is_first_day_of_quarter"] == (day == quarter_first)
        assert row["is_first_day_of_year"] == (row["day_of_year"] == 1)


def test_iso_years_with_53_weeks():
    frame = build(first_day=date(2004, 1, 1), last_day=date(2037, 12, 31))
    long_years = sorted(set(frame.filter(pl.col("iso_week") == 53)["iso_year"]))
    assert long_years == [2004, 2009, 2015, 2020, 2026, 2032, 2037]


def test_flags_are_consistent(us):
    assert us.filter(pl.col("is_weekday") == pl.col("is_weekend")).is_empty()
    assert us.filter(pl.col("is_holiday") != pl.col("holiday_name").is_not_null()).is_empty()
    assert us.filter(pl.col("is_business_day") & (pl.col("is_weekend") | pl.col("is_holiday"))).is_empty()
    assert us.filter(pl.col("is_business_day") != pl.col("business_day_of_month").is_not_null()).is_empty()
    assert us.filter(pl.col("is_bridge_day") & ~pl.col("is_business_day")).is_empty()
    assert us.filter(pl.col("is_black_friday") & pl.col("is_cyber_monday")).is_empty()
    assert us.filter(
        pl.col("is_black_friday") != pl.col("moments").str.contains('"black_friday"', literal=True)
    ).is_empty()
    assert us.group_by("year_number").agg(pl.col("is_black_friday").sum())["is_black_friday"].unique().to_list() == [1]


def test_comparisons_differ_on_purpose(rows):
    friday = rows[date(2024, 11, 29)]
    assert friday["same_day_last_year"] == date(2023, 11, 29)
    assert friday["same_weekday_last_year"] == date(2023, 12, 1)
    assert friday["comparable_event_day_last_year"] == date(2023, 11, 24)
    assert friday["same_fiscal_week_last_year"] == date(2023, 11, 30)
    leap = rows[date(2024, 2, 29)]
    assert leap["same_day_last_year"] == date(2023, 2, 28)


def test_easter_is_compared_with_easter(rows):
    assert rows[date(2025, 4, 20)]["comparable_event_day_last_year"] == date(2024, 3, 31)
    # Prime Day had two days in 2024 and four in 2025: the third has nothing to be compared with.
    assert rows[date(2025, 7, 8)]["comparable_event_day_last_year"] == date(2024, 7, 16)
    assert rows[date(2025, 7, 10)]["comparable_event_day_last_year"] is None


def test_prime_day_is_unknown_where_it_is_not_announced(rows):
    assert rows[date(2026, 6, 23)]["is_prime_day"] is True
    assert rows[date(2026, 12, 1)]["is_prime_day"] is False
    assert rows[date(2027, 7, 13)]["is_prime_day"] is None


def test_flags_are_the_primary_markets(us):
    rows = by_date(build("US", "IN", first=date(2020, 8, 6), last=date(2020, 8, 6)))
    assert rows[date(2020, 8, 6)]["is_prime_day"] is False
    assert '"prime_day"' in rows[date(2020, 8, 6)]["moments"]


def test_days_to_and_since_major_moments(rows):
    eve = rows[date(2024, 11, 30)]
    assert (eve["next_major_moment"], eve["days_to_next_major_moment"]) == ("cyber_monday", 2)
    assert (eve["last_major_moment"], eve["days_since_last_major_moment"]) == ("black_friday", 1)
    inside = rows[date(2025, 7, 10)]
    assert (inside["next_major_moment"], inside["days_to_next_major_moment"]) == ("prime_day", 0)
    assert inside["days_since_last_major_moment"] == 0


@pytest.mark.parametrize(
    ("day", "season"),
    [
        ("2024-11-25", "cyber_week"), ("2024-12-02", "cyber_week"), ("2024-12-03", "holiday_shopping"),
        ("2024-12-26", "year_end"), ("2024-01-10", "new_year"), ("2024-02-10", "valentines"), ("2024-03-25", "easter"),
        ("2024-05-05", "mothers_day"), ("2024-08-01", "back_to_school"), ("2024-10-20", "halloween"),
        ("2024-06-20", "summer"), ("2024-09-20", "autumn"),
    ],
)  # fmt: skip
def test_marketing_seasons(rows, day, season):
    assert rows[date.fromisoformat(day)]["marketing_season"] == season


def test_seasons_follow_the_hemisphere():
    july = date(2024, 7, 1)
    assert by_date(build("US", first=july, last=july))[july]["season"] == "summer"
    assert by_date(build("AU", first=july, last=july))[july]["season"] == "winter"
    assert by_date(build("AU", first=july, last=july, hemisphere="north"))[july]["season"] == "summer"


def test_quality_falls_where_things_are_not_settled():
    def event(day, **more):
        return EventFields(name="Maybe", starts_on=date(2024, 4, day), ends_on=date(2024, 4, day), **more)

    events = [
        DatedEvent("1", event(16, status="tentative")),
        DatedEvent("2", event(17), is_open=True),
        DatedEvent("3", event(18), is_open=True, is_critical=True),
        DatedEvent("4", event(19, status="tentative"), is_open=True),
    ]
    rows = by_date(build("AE", first_day=date(2024, 1, 1), last_day=date(2030, 12, 31), events=events))
    quality = {day: row["quality_score"] for day, row in rows.items()}
    assert quality[date(2024, 6, 5)] == quality[date(2024, 5, 5)] == 1
    assert [quality[date(2024, 4, day)] for day in (16, 17, 18, 19)] == pytest.approx([0.95, 0.8, 0.5, 0.75])
    assert quality[date(2030, 4, 12)] == pytest.approx(0.85 if rows[date(2030, 4, 12)]["holiday_is_estimated"] else 0.9)
    far = by_date(build("IN", first_day=date(2036, 5, 5), last_day=date(2036, 5, 5)))
    assert far[date(2036, 5, 5)]["quality_score"] == pytest.approx(0.5)


DATES = st.dates(date(2015, 1, 1), date(2028, 12, 31))


@settings(max_examples=30, deadline=None)
@given(edges=st.tuples(DATES, DATES).map(sorted))
def test_a_slice_equals_the_same_days_of_the_whole(us, edges):
    first, last = edges
    assert build(first=first, last=last).equals(us.filter(pl.col("date").is_between(first, last)))


@settings(max_examples=25, deadline=None)
@given(
    countries=st.lists(
        st.sampled_from(["US", "DE", "GB", "FR", "IN", "JP", "AE", "SA", "CN", "IL", "BR", "AU", "ZA", "MX"]),
        min_size=1,
        max_size=4,
        unique=True,
    ),
    industry=st.sampled_from(["retail", "b2b_saas", "education", "general", "ecommerce", "saas"]),
    start=st.integers(1, 12),
    named_by=st.sampled_from(["start", "end"]),
)
def test_any_calendar_is_whole(countries, industry, start, named_by):
    frame = build(
        *countries,
        industry=industry,
        fiscal=[MonthlyFiscalYears(start_month=start, named_by=named_by)],
        first_day=date(2019, 3, 3),
        last_day=date(2023, 9, 9),
    )
    assert frame.height == (date(2023, 9, 9) - date(2019, 3, 3)).days + 1
    assert frame["date"].is_unique().all()
    assert frame["holiday_share"].is_between(0, 1).all()
    assert frame["quality_score"].is_between(0, 1).all()
    for column in frame.select([c.name for c in DAY_COLUMNS if not DAY_SCHEMA[c.name].nullable]).iter_columns():
        assert column.null_count() == 0, column.name


def test_refusals():
    with pytest.raises(PeriodError):
        build(first=date(2014, 12, 31), last=date(2015, 2, 1))
    with pytest.raises(PeriodError):
        build(first=date(2016, 2, 1), last=date(2016, 1, 1))
    with pytest.raises(UnknownIndustryError):
        build(industry="alchemy")


def test_thirty_years_five_countries_and_five_hundred_events_take_half_a_second():
    dice = random.Random(7)
    starts = [date(2005, 1, 1) + timedelta(days=dice.randrange(10_900)) for _ in range(500)]
    events = [
        DatedEvent(
            f"e{n}", EventFields(name=f"Event {n}", starts_on=day, ends_on=day + timedelta(days=dice.randrange(14)))
        )
        for n, day in enumerate(starts)
    ]
    plan = definition("US", "DE", "GB", "FR", "IN", first_day=date(2005, 1, 1), last_day=date(2034, 12, 31))
    seconds = []
    for _ in range(4):
        started = time.perf_counter()
        frame = build_days(calendar_id=CALENDAR, definition=plan, events=events)
        seconds.append(time.perf_counter() - started)
    assert frame.height == 10_957
    # The best of four: the machine is shared; the first one also loads the library's countries.
    assert min(seconds) <= 0.5
