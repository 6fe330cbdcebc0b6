"""Industry patterns: the factors exactly as specified."""

from datetime import date

import polars as pl
import pytest

from kalends.calendar.errors import UnknownIndustryError
from kalends.calendar.moments import moment_book
from kalends.calendar.parts import part_columns
from kalends.calendar.seasonality import industries, industry_of, seasonality_columns

pytestmark = pytest.mark.unit


def factors(code):
    days = pl.date_range(date(2024, 1, 1), date(2024, 12, 31), eager=True).alias("date").to_frame()
    frame = seasonality_columns(days.with_columns(part_columns(is_southern=False)), industry=industry_of(code=code))
    return {row["date"]: row for row in frame.iter_rows(named=True)}


SPECIFIED = {
    "retail": {1: 0.7, 2: 0.7, 3: 1, 4: 1, 5: 1, 6: 0.8, 7: 0.8, 8: 1.2, 9: 1.2, 10: 1.4, 11: 1.4, 12: 1.4},
    "b2b_saas": {1: 1.3, 2: 1, 3: 1, 4: 1, 5: 1, 6: 0.9, 7: 0.9, 8: 0.9, 9: 1, 10: 1, 11: 1, 12: 1.1},
    # August is both the summer break and the first month of the semester: the patterns multiply.
    "education": {1: 1.2, 2: 1.2, 3: 1, 4: 1, 5: 1, 6: 0.3, 7: 0.3, 8: 0.45, 9: 1.5, 10: 1, 11: 1, 12: 0.5},
    "general": dict.fromkeys(range(1, 13), 1),
}


@pytest.mark.parametrize("code", SPECIFIED)
def test_day_factors(code):
    rows = factors(code)
    for month, expected in SPECIFIED[code].items():
        assert rows[date(2024, month, 10)]["day_seasonality_factor"] == pytest.approx(expected), month


def test_month_end_of_business_software():
    rows = factors("b2b_saas")
    assert rows[date(2024, 12, 24)]["day_seasonality_factor"] == pytest.approx(1.1)
    assert rows[date(2024, 12, 25)]["day_seasonality_factor"] == pytest.approx(1.1 * 1.15)
    assert rows[date(2024, 12, 25)]["industry_seasonality"] == '{"month_end_boost":1.15,"q4_boost":1.1}'
    assert rows[date(2024, 12, 1)]["month_seasonality_factor"] == pytest.approx(1.1 * (24 + 7 * 1.15) / 31)


def test_a_quarters_factor_is_the_mean_of_its_days():
    rows = factors("retail")
    assert rows[date(2024, 3, 1)]["quarter_seasonality_factor"] == pytest.approx((60 * 0.7 + 31) / 91)
    assert rows[date(2024, 11, 1)]["quarter_seasonality_factor"] == pytest.approx(1.4)
    assert rows[date(2024, 12, 1)]["seasonality_source"] == "pattern:retail"


def test_business_periods_may_run_over_new_year():
    rows = factors("retail")
    assert rows[date(2024, 11, 29)]["business_period"] == "holiday_peak"
    assert rows[date(2024, 12, 28)]["business_period"] == rows[date(2024, 1, 5)]["business_period"] == "clearance"
    assert rows[date(2024, 4, 5)]["business_period"] == "regular"


def test_templates_are_found_by_alias_and_name_known_moments():
    assert industry_of(code="saas").code == industry_of(code="b2b").code == "b2b_saas"
    for industry in industries().values():
        assert set(industry.moments) <= set(moment_book().moments), industry.code
    with pytest.raises(UnknownIndustryError, match="retail"):
        industry_of(code="alchemy")
