"""Industry patterns: the factors exactly as specified, and what a company's own facts put in their place."""

import json
from datetime import date, timedelta
from uuid import UUID

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from kalends.calendar.days import build_days
from kalends.calendar.definition import CalendarDefinition, Market
from kalends.calendar.errors import UnknownIndustryError
from kalends.calendar.events import EVENT_TYPES
from kalends.calendar.industry import PeakPeriod, industries, industry_of, is_known_industry
from kalends.calendar.moments import moment_book
from kalends.calendar.parts import part_columns
from kalends.calendar.seasonality import pattern_factors, seasonality_columns
from kalends.methods.seasonality import DAYS_OF_MONTHS, learn_seasonality

pytestmark = pytest.mark.unit


def factors(code):
    days = pl.date_range(date(2024, 1, 1), date(2024, 12, 31), eager=True).alias("date").to_frame()
    frame = seasonality_columns(days.with_columns(part_columns(is_southern=False)), industry=industry_of(code=code))
    return {row["date"]: row for row in frame.iter_rows(named=True)}


SPECIFIED = {
    "retail": {1: 0.7, 2: 0.7, 3: 1, 4: 1, 5: 1, 6: 0.8, 7: 0.8, 8: 1.2, 9: 1.2, 10: 1.4, 11: 1.4, 12: 1.4},
    "saas": {1: 1.3, 2: 1, 3: 1, 4: 1, 5: 1, 6: 0.9, 7: 0.9, 8: 0.9, 9: 1, 10: 1, 11: 1, 12: 1.1},
    "b2b": {1: 1.3, 2: 1, 3: 1, 4: 1, 5: 1, 6: 0.9, 7: 0.9, 8: 0.9, 9: 1, 10: 1, 11: 1, 12: 1.1},
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


def test_a_companys_own_periods_take_the_place_of_its_industrys():
    days = pl.date_range(date(2024, 1, 1), date(2024, 12, 31), eager=True).alias("date").to_frame()
    own = [
        PeakPeriod(name="Carnival", first="02-08", last="02-13"),
        PeakPeriod(name="Inventory", first="12-27", last="01-03"),
    ]
    frame = seasonality_columns(
        days.with_columns(part_columns(is_southern=False)), industry=industry_of(code="retail"), periods=own
    )
    found = dict(frame.select("date", "business_period").iter_rows())
    assert {found[date(2024, 2, 8)], found[date(2024, 2, 13)]} == {"Carnival"}
    assert found[date(2024, 12, 31)] == found[date(2024, 1, 3)] == "Inventory"
    assert found[date(2024, 11, 29)] == "regular"


@pytest.mark.parametrize("text", ["02-30", "13-01", "11/24"])
def test_a_period_begins_on_a_day_that_exists(text):
    with pytest.raises(ValidationError, match="first"):
        PeakPeriod(name="x", first=text, last="12-31")


# Codes of the platforms that records come from.
PLATFORMS = {
    "google_ads", "facebook_ads", "linkedin_ads", "twitter_ads", "tiktok_ads", "snapchat_ads", "pinterest_ads",
    "amazon_ads", "microsoft_ads", "apple_search_ads", "google_analytics", "adobe_analytics", "mixpanel", "amplitude",
    "salesforce", "hubspot", "klaviyo",
}  # fmt: skip
CODES = ["b2b", "ecommerce", "education", "financial", "general", "healthcare", "manufacturing", "retail", "saas"]


def test_there_are_eight_templates_and_the_general_one():
    assert sorted(industries()) == CODES
    names = [name for industry in industries().values() for name in (industry.code, *industry.aliases)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("code", CODES)
def test_templates_name_only_what_there_is(code):
    industry = industry_of(code=code)
    assert set(industry.moments) <= set(moment_book().moments)
    assert set(industry.event_types) <= set(EVENT_TYPES)
    assert set(industry.platforms) <= PLATFORMS
    for listed in (industry.moments, industry.event_types, industry.platforms):
        assert len(set(listed)) == len(listed) > 0
    assert industry.source
    assert code == "general" or industry.peak_periods


@pytest.mark.parametrize("code", CODES)
def test_a_calendar_builds_with_each_template(code):
    industry = industry_of(code=code)
    plan = CalendarDefinition(
        name=industry.name,
        markets=[Market(country="US")],
        industry=code,
        fiscal=[industry.fiscal_year],
        first_day=date(2023, 6, 1),
        last_day=date(2025, 2, 28),
    )
    days = build_days(calendar_id=UUID(int=1), definition=plan)
    assert days.height == 639
    assert set(days["seasonality_source"]) == {f"pattern:{code}"}
    peaks = {peak.name for peak in industry.peak_periods}
    assert set(days["business_period"]) == peaks | {"regular"}
    assert days["day_seasonality_factor"].is_between(0.2, 2).all()


def test_retailers_usually_keep_the_retail_calendar():
    scheme = industry_of(code="retail").fiscal_year
    assert scheme.bounds(2023) == (date(2023, 1, 29), date(2024, 2, 3))
    assert industry_of(code="education").fiscal_year.start_month == 7


def test_templates_are_found_by_alias():
    assert industry_of(code="b2b_saas").code == "saas"
    assert is_known_industry(code="b2b_saas")
    assert industry_of(code="saas").patterns == industry_of(code="b2b").patterns
    with pytest.raises(UnknownIndustryError, match="retail"):
        industry_of(code="alchemy")


@pytest.mark.parametrize("code", CODES)
def test_a_pattern_as_factors_averages_one_and_keeps_its_shape(code):
    found = pattern_factors(code=code)
    assert found.source == f"pattern:{code}"
    assert np.mean(found.weeks[:52]) == pytest.approx(1)
    assert np.average(found.months, weights=DAYS_OF_MONTHS) == pytest.approx(1)
    if code in SPECIFIED and code not in ("saas", "b2b"):
        specified = np.array(list(SPECIFIED[code].values()))
        assert np.array(found.months) / found.months[2] == pytest.approx(specified / specified[2])


def test_an_alias_gives_the_factors_of_its_industry():
    assert pattern_factors(code="b2b_saas") == pattern_factors(code="saas")


def sold(days, monthly):
    """A made-up series of so many days from 2021 on that sells as `monthly` says, and nothing else."""
    dates = [date(2021, 1, 1) + timedelta(days=number) for number in range(days)]
    return pl.DataFrame({"date": dates, "value": [100.0 * monthly[day.month - 1] for day in dates]})


UPSIDE_DOWN = [1.5, 1.4, 1.2, 1, 1, 1.1, 1.1, 0.8, 0.8, 0.7, 0.7, 0.7]


def build_learned(code, learned):
    plan = CalendarDefinition(
        name="Learned",
        markets=[Market(country="US")],
        industry=code,
        fiscal=[industry_of(code=code).fiscal_year],
        first_day=date(2024, 1, 1),
        last_day=date(2024, 12, 31),
    )
    return build_days(calendar_id=UUID(int=1), definition=plan, learned=learned)


def test_learned_factors_replace_the_pattern_and_say_so():
    learned = learn_seasonality(series=sold(1096, UPSIDE_DOWN), pattern=pattern_factors(code="retail"))
    days = build_learned("retail", learned)
    rows = {row["date"]: row for row in days.iter_rows(named=True)}
    winter, autumn = rows[date(2024, 1, 17)], rows[date(2024, 11, 13)]
    assert winter["seasonality_source"] == autumn["seasonality_source"] == "learned:1096"
    assert json.loads(winter["provenance"])["seasonality"] == "learned:1096"
    assert winter["week_seasonality_factor"] == pytest.approx(learned.weeks[2])
    assert winter["month_seasonality_factor"] == pytest.approx(learned.months[0])
    assert autumn["quarter_seasonality_factor"] == pytest.approx(learned.quarters[3])
    # The pattern would have it the other way round.
    assert winter["week_seasonality_factor"] > 1.2
    assert autumn["week_seasonality_factor"] < 0.9
    # What the pattern says stays beside it.
    assert autumn["industry_seasonality"] == '{"q4_boost":1.4}'
    assert autumn["business_period"] == "holiday_peak"


def test_a_learned_days_place_in_its_week_is_the_patterns():
    learned = learn_seasonality(series=sold(800, UPSIDE_DOWN), pattern=pattern_factors(code="saas"))
    days = build_learned("saas", learned)
    # Monday 22 April to Sunday 28 April: month's end begins on Thursday the 25th.
    week = days.filter(pl.col("iso_week") == 17)
    factors = week["day_seasonality_factor"].to_list()
    assert factors[3] / factors[2] == pytest.approx(1.15)
    assert np.mean(factors) == pytest.approx(learned.weeks[16])
    whole = (
        days.filter(pl.col("iso_year") == 2024)
        .group_by("iso_week")
        .agg(pl.col("day_seasonality_factor").mean(), pl.col("week_seasonality_factor").first(), pl.len())
    )
    whole = whole.filter(pl.col("len") == 7)
    assert whole["day_seasonality_factor"].to_list() == pytest.approx(whole["week_seasonality_factor"].to_list())


def test_a_part_of_a_learned_calendar_equals_the_same_days_of_the_whole():
    learned = learn_seasonality(series=sold(500, UPSIDE_DOWN), pattern=pattern_factors(code="general"))
    whole = build_learned("saas", learned)
    plan = CalendarDefinition(
        name="Learned",
        markets=[Market(country="US")],
        industry="saas",
        fiscal=[industry_of(code="saas").fiscal_year],
        first_day=date(2024, 1, 1),
        last_day=date(2024, 12, 31),
    )
    first, last = date(2024, 4, 24), date(2024, 5, 2)
    part = build_days(calendar_id=UUID(int=1), definition=plan, learned=learned, first=first, last=last)
    assert part.equals(whole.filter(pl.col("date").is_between(first, last)))
