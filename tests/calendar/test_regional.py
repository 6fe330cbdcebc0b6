"""What differs in the further markets: days off, seasons, and seasonality by their own hemisphere."""

import json
from datetime import date
from uuid import UUID

import pytest

from kalends.calendar.days import build_days
from kalends.calendar.definition import CalendarDefinition, Market
from kalends.calendar.fiscal import MonthlyFiscalYears

pytestmark = pytest.mark.unit


def days(*markets, industry="retail", year=2024):
    definition = CalendarDefinition(
        name="Everywhere",
        markets=markets,
        industry=industry,
        fiscal=[MonthlyFiscalYears(start_month=1, named_by="end")],
        first_day=date(year, 1, 1),
        last_day=date(year, 12, 31),
    )
    rows = build_days(calendar_id=UUID(int=1), definition=definition).iter_rows(named=True)
    return {row["date"]: row for row in rows}


US, DE, BAVARIA, AU, AE = (
    Market(country="US"), Market(country="DE"), Market(country="DE", subdivision="BY"), Market(country="AU"),
    Market(country="AE"),
)  # fmt: skip


def test_one_market_needs_no_adjustment():
    assert {row["regional_adjustments"] for row in days(US).values()} == {"{}"}


def test_each_further_market_says_what_holds_there():
    found = days(US, AU, DE)
    said = {day: json.loads(row["regional_adjustments"]) for day, row in found.items()}
    assert all(list(one) == ["AU", "DE"] for one in said.values())
    # The fourth of July is a working day elsewhere; German Unity Day is none in Germany.
    assert said[date(2024, 7, 4)]["DE"] == {"is_business_day": True, "season": "summer", "seasonality_factor": 0.8}
    assert said[date(2024, 7, 4)]["AU"] == {"is_business_day": True, "season": "winter", "seasonality_factor": 1.0}
    assert said[date(2024, 10, 3)]["DE"]["is_business_day"] is False
    # Summer's dip comes half a year later in the south, and meets the year's last quarter there.
    assert said[date(2024, 12, 10)]["AU"]["seasonality_factor"] == pytest.approx(1.4 * 0.8)
    assert said[date(2024, 12, 10)]["DE"]["seasonality_factor"] == pytest.approx(1.4)


def test_a_part_of_a_country_has_its_own_days_off():
    said = json.loads(days(US, DE, BAVARIA)[date(2024, 5, 30)]["regional_adjustments"])
    assert (said["DE"]["is_business_day"], said["DE-BY"]["is_business_day"]) == (True, False)


def test_weekends_follow_the_market_and_its_year():
    friday = json.loads(days(US, AE, year=2021)[date(2021, 3, 5)]["regional_adjustments"])
    later = json.loads(days(US, AE)[date(2024, 3, 8)]["regional_adjustments"])
    assert (friday["AE"]["is_business_day"], later["AE"]["is_business_day"]) == (False, True)


def test_an_adjustment_agrees_with_a_calendar_of_that_market():
    both, alone = days(US, DE), days(DE)
    for day, row in both.items():
        said = json.loads(row["regional_adjustments"])["DE"]
        own = alone[day]
        assert (said["is_business_day"], said["season"]) == (own["is_business_day"], own["season"])
        assert said["seasonality_factor"] == pytest.approx(own["day_seasonality_factor"])


def test_a_company_in_the_south_has_its_summer_there():
    assert days(AU)[date(2024, 1, 10)]["day_seasonality_factor"] == pytest.approx(0.7 * 0.8)
    assert days(AU)[date(2024, 7, 10)]["day_seasonality_factor"] == pytest.approx(1.0)
