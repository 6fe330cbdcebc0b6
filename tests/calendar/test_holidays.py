"""Holidays and weekends by country, and what business days follow from them."""

import json
from datetime import date

import holidays as library
import polars as pl
import pytest

from kalends.calendar.business import business_columns
from kalends.calendar.definition import Market
from kalends.calendar.errors import UnknownCountryError
from kalends.calendar.holidays import category_days, days_between, holiday_columns, holidays_of, known_years, weekends

pytestmark = pytest.mark.unit


def business(*countries, first=date(2024, 1, 1), last=date(2024, 12, 31), paydays=(-1,)):
    frame = pl.date_range(first, last, eager=True).alias("date").to_frame()
    markets = [Market(country=country) for country in countries]
    frame = business_columns(frame, markets=markets, first=first, last=last, paydays=paydays)
    return {row["date"]: row for row in frame.iter_rows(named=True)}


def test_estimated_dates_keep_their_mark_and_lose_it_from_the_name():
    found = holidays_of(market=Market(country="AE"), first=date(2024, 1, 1), last=date(2030, 12, 31))
    eid = found.filter(pl.col("name") == "Eid al-Fitr").to_dicts()
    assert {row["date"].year: row["is_estimated"] for row in eid} == {
        2024: False, 2025: False, 2026: False, 2027: True, 2028: True, 2029: True, 2030: True,
    }  # fmt: skip
    assert found["name"].str.contains("estimated").sum() == 0


def test_weekends_differ_by_country_and_changed_in_the_emirates():
    friday, saturday, sunday = date(2021, 6, 4), date(2021, 6, 5), date(2021, 6, 6)
    before, _ = weekends(market=Market(country="AE"), first=date(2021, 1, 1), last=date(2022, 12, 31))
    assert friday in before
    assert saturday in before
    assert sunday not in before
    assert date(2022, 6, 3) not in before
    assert date(2022, 6, 5) in before


def test_a_weekend_day_may_be_a_working_day():
    # China makes up for its long holidays: Sunday 4 February 2024 was worked.
    day = business("CN")[date(2024, 2, 4)]
    assert day["is_weekend"]
    assert day["is_business_day"]


def test_several_markets_weigh_by_their_sales():
    markets = [Market(country="DE", sales_share=3), Market(country="US", sales_share=1)]
    found = {row["date"]: row for row in holiday_columns(
        markets=markets, first=date(2024, 1, 1), last=date(2024, 12, 31)).iter_rows(named=True)}  # fmt: skip
    both, american, german = found[date(2024, 12, 25)], found[date(2024, 7, 4)], found[date(2024, 10, 3)]
    assert both["holiday_share"] == pytest.approx(1)
    assert american["holiday_share"] == pytest.approx(0.25)
    assert american["holiday_name"] is None
    assert json.loads(american["holiday_markets"]) == {"US": "Independence Day"}
    assert german["holiday_share"] == pytest.approx(0.75)
    assert german["holiday_name"] == json.loads(german["holiday_markets"])["DE"]


def test_a_secondary_markets_holiday_is_not_the_primarys():
    assert not business("DE", "US")[date(2024, 7, 4)]["is_holiday"]
    assert business("DE", "US")[date(2024, 7, 4)]["is_business_day"]


def test_bridge_days():
    # Ascension Day is a Thursday; the Friday after it joins it to the weekend.
    days = business("DE")
    assert days[date(2024, 5, 10)]["is_bridge_day"]
    assert not days[date(2024, 5, 8)]["is_bridge_day"]
    assert [day for day, row in days.items() if row["is_bridge_day"]] == [
        date(2024, 5, 10),
        date(2024, 10, 4),
        date(2024, 12, 27),
    ]


def test_half_days_and_school_holidays_only_where_known():
    assert (
        category_days(market=Market(country="US"), first=date(2024, 1, 1), last=date(2024, 12, 31), category="school")
        is None
    )
    assert business("US")[date(2024, 7, 10)]["is_school_holiday"] is None
    assert business("DE")[date(2024, 7, 10)]["is_school_holiday"] is False
    half = [day for day, row in business("CH").items() if row["is_half_day"]]
    assert isinstance(half, list)
    assert [day for day, row in business("IT").items() if row["is_half_day"]] == sorted(
        category_days(market=Market(country="IT"), first=date(2024, 1, 1), last=date(2024, 12, 31), category="half_day")
    )


def test_business_days_are_counted_from_each_months_first():
    days = business("US")
    assert days[date(2024, 7, 3)]["business_day_of_month"] == 3
    assert days[date(2024, 7, 4)]["business_day_of_month"] is None
    assert days[date(2024, 7, 5)]["business_day_of_month"] == 4


def test_payday_windows():
    # 30 November 2024 is a Saturday: the last business day is Friday 29.
    window = [day.day for day, row in business("GB").items() if day.month == 11 and row["is_payday_window"]]
    assert window == [1, 2, 29, 30]
    # The 15th of June 2024 is a Saturday: paid on Friday 14.
    window = [
        day.day for day, row in business("GB", paydays=(15,)).items() if day.month == 6 and row["is_payday_window"]
    ]
    assert window == [14, 15, 16]


def test_an_unknown_country_or_part_of_one_is_refused():
    with pytest.raises(UnknownCountryError):
        known_years(market=Market(country="XX"))
    with pytest.raises(UnknownCountryError):
        holidays_of(market=Market(country="DE", subdivision="XX"), first=date(2024, 1, 1), last=date(2024, 12, 31))


def test_india_is_known_from_2001_to_2035_only():
    found = holidays_of(market=Market(country="IN"), first=date(1999, 1, 1), last=date(2040, 12, 31))
    assert (
        (found["date"].min().year, found["date"].max().year) == known_years(market=Market(country="IN")) == (2001, 2035)
    )


@pytest.mark.parametrize("country", ["AE", "CN", "IL", "IR", "NP", "SA", "TW", "US"])
def test_weekends_are_those_that_the_library_names_day_by_day(country):
    first, last = date(1997, 3, 5), date(2026, 10, 11)
    book = library.country_holidays(country, years=range(1996, 2028))
    named = {day for day in days_between(first, last) if book.is_weekend(day)}
    assert weekends(market=Market(country=country), first=first, last=last)[0] == named


def test_a_few_days_have_their_weekend():
    first, last = date(2026, 1, 2), date(2026, 1, 4)
    assert weekends(market=Market(country="US"), first=first, last=last)[0] == {date(2026, 1, 3), last}
