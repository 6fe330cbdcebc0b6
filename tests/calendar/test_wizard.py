"""A plan of a calendar: read from YAML, asked for in forms, turned into a definition and back. Pure functions."""

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from kalends.calendar.definition import CalendarDefinition, Market
from kalends.calendar.fiscal import MonthlyFiscalYears, WeeklyFiscalYears
from kalends.calendar.industry import industries, industry_of
from kalends.calendar.moments import moment_book
from kalends.calendar.places import countries, regions, zones
from kalends.calendar.wizard import Plan, as_yaml, definition_of_plan, plain_plan, plan_of, read_yaml, template_yaml
from kalends.calendar.wizard.forms import STEPS, checked_step, spans_two
from kalends.calendar.wizard.pictures import fiscal_picture
from kalends.calendar.wizard.plan import usual_moments
from kalends.calendar.wizard.written import PlanError

pytestmark = pytest.mark.unit

NRF = WeeklyFiscalYears(pattern="4-5-4", ends_on="saturday", end_month=1, rule="nearest", named_by="start")
BASE = CalendarDefinition(
    name="Before",
    markets=[Market(country="US")],
    fiscal=[MonthlyFiscalYears(start_month=1, named_by="end")],
    first_day=date(2011, 1, 1),
    last_day=date(2031, 12, 31),
)


def plan(**said):
    usual = {
        "name": "Aurora",
        "countries": ["DE"],
        "fiscal_year": {"kind": "months", "start_month": 2, "named_by": "end"},
    }
    return Plan.model_validate(usual | said)


fiscal_years = st.one_of(
    st.builds(MonthlyFiscalYears, start_month=st.integers(1, 12), named_by=st.sampled_from(["start", "end"])),
    st.builds(
        WeeklyFiscalYears,
        pattern=st.sampled_from(["4-4-5", "4-5-4", "5-4-4", "13x4"]),
        ends_on=st.sampled_from(["friday", "saturday", "sunday"]),
        end_month=st.integers(1, 12),
        rule=st.sampled_from(["nearest", "last", "hard"]),
        named_by=st.sampled_from(["start", "end"]),
    ),
)
days_of_year = st.dates(date(2024, 1, 1), date(2024, 12, 31)).map(lambda day: f"{day:%m-%d}")
plans = st.builds(
    plan,
    industry=st.sampled_from(sorted(industries())),
    countries=st.lists(st.sampled_from(["DE", "AT", "US-CA", "US", "GB", "AU"]), min_size=1, max_size=4, unique=True),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"]),
    fiscal_year=fiscal_years,
    periods=st.lists(
        st.fixed_dictionaries({"name": st.sampled_from(["Sale", "holiday_peak", "Lent"]), "first": days_of_year, "last": days_of_year}),
        max_size=4,
    ).map(tuple),
    moments=st.none() | st.lists(st.sampled_from(sorted(moment_book().moments)), unique=True, min_size=1).map(tuple),
    platforms=st.just(("google_ads", "klaviyo")),
)  # fmt: skip


@settings(deadline=None)
@given(plans)
def test_every_step_reads_what_it_was_filled_with(wanted):
    built = plan(name="nothing said yet")
    for step in STEPS:
        built, errors = checked_step(step, step.filled(wanted), base=built)
        assert errors == {}
    same_name = {"fiscal_year": built.fiscal_year.model_copy(update={"named_by": wanted.fiscal_year.named_by})}
    assert definition_of_plan(built.model_copy(update=same_name), base=BASE) == definition_of_plan(wanted, base=BASE)
    assert built.platforms == wanted.platforms


@settings(deadline=None)
@given(plans)
def test_a_definition_tells_the_plan_that_makes_it(wanted):
    definition = definition_of_plan(wanted, base=BASE)
    assert definition_of_plan(plan_of(definition), base=definition) == definition


@settings(deadline=None)
@given(plans)
def test_what_is_written_is_read(wanted):
    assert read_yaml(as_yaml(plain_plan(wanted))) == wanted


def test_the_example_is_read():
    found = read_yaml(template_yaml())
    assert (found.name, found.countries[1].country, found.countries[1].sales_share) == ("Aurora", "AT", 0.2)
    assert found.competitors[0].ends_on == date(2027, 3, 14)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name: Aurora\ncountries: [DE]\n", "line 1, fiscal_year: is missing"),
        ("name: A\ncountries: [DE]\nfiscal_year: {kind: months, start_month: 2}\n", "line 3, fiscal_year.named_by: is missing"),
        ("name: A\ncountries:\n  - DE\n  - XX\nfiscal_year: {kind: months, start_month: 1, named_by: end}\n", "line 2, countries: no holidays are known for the country 'XX'"),
        ("name: A\ncountries: [US-ZZ]\nfiscal_year: {kind: months, start_month: 1, named_by: end}\n", "US has no part 'ZZ'"),
        ("name: A\ncountries: [DE, DE]\nfiscal_year: {kind: months, start_month: 1, named_by: end}\n", "the country 'DE' is named twice"),
        ("name: A\ncolour: red\ncountries: [DE]\nfiscal_year: {kind: months, start_month: 1, named_by: end}\n", "line 2, colour: there is no such field"),
        ("name: A\ncountries: [DE]\nindustry: reteil\nfiscal_year: {kind: months, start_month: 1, named_by: end}\n", "line 3, industry: There is no template for 'reteil'"),
        ("name: A\ncountries: [DE]\nmoments: [black_fridy]\nfiscal_year: {kind: months, start_month: 1, named_by: end}\n", "there is no moment 'black_fridy'; is 'black_friday' meant?"),
        ("name: A\ncountries: [DE]\nzone: Berlin\nfiscal_year: {kind: months, start_month: 1, named_by: end}\n", "'Berlin' is not an IANA time zone such as Europe/Berlin"),
        ("name: A\n  countries: [DE\n", "line 2"),
        ("a: &a [1]\nb: *a\n", "line 2, column 4: references (*name) are not read here"),
        ("- just\n- a list\n", "A plan begins with lines such as"),
        ("", "A plan begins with lines such as"),
        ("name: " + "x" * 600_000, "at most 500,000 are read"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_by_line(text, words):
    with pytest.raises(PlanError) as told:
        read_yaml(text)
    assert words in told.value.message


def test_a_change_of_books_keeps_the_day_on_which_it_took_effect():
    changed = MonthlyFiscalYears(start_month=7, named_by="end", valid_from=date(2024, 7, 1))
    base = BASE.model_copy(update={"fiscal": (*BASE.fiscal, changed)})
    [first, second] = definition_of_plan(
        plan(fiscal_year={"kind": "months", "start_month": 7, "named_by": "start"}), base=base
    ).fiscal
    assert first == BASE.fiscal[0]
    assert (second.named_by, second.valid_from) == ("start", date(2024, 7, 1))


# Forms.


def read(which, /, **said):
    step = next(step for step in STEPS if step.name == which)
    return step.read({field: [value] if isinstance(value, str) else value for field, value in said.items()})


def test_the_name_of_a_year_over_two_calendar_years_is_asked_for():
    assert "named_by" in read("fiscal", books="months", start_month="4")[1]
    assert (
        "named_by" in read("fiscal", books="weeks", pattern="4-4-5", ends_on="saturday", end_month="1", rule="last")[1]
    )
    assert read("fiscal", books="months", start_month="4", named_by="start")[1] == {}
    # A year that ends with December has one name.
    assert read("fiscal", books="weeks", pattern="4-4-5", ends_on="saturday", end_month="12", rule="last")[1] == {}
    assert not spans_two({"books": ["calendar"]})


@pytest.mark.parametrize(
    ("name", "said", "field"),
    [
        ("business", {"name": "", "country": ["DE"]}, "name"),
        ("business", {"name": "A", "country": ["", ""]}, "country"),
        ("business", {"name": "A", "country": ["DE"], "share": ["most"]}, "share"),
        ("business", {"name": "A", "country": ["DE"], "share": ["-1"]}, "share"),
        ("periods", {"period": ["Sale"], "first_month": ["2"], "first_day": ["30"], "last_month": ["3"], "last_day": ["1"]}, "period"),
        ("periods", {"period": ["Sale"], "first_month": ["2"], "first_day": ["x"], "last_month": ["3"], "last_day": ["1"]}, "period"),
        ("market", {"competitor": ["Sale"], "starts_on": [""], "ends_on": [""]}, "competitor"),
        ("market", {"competitor": ["Sale"], "starts_on": ["2026-05-02"], "ends_on": ["2026-05-01"]}, "competitor"),
        ("market", {"competitor": [""], "starts_on": ["2026-05-02"], "ends_on": [""]}, "competitor"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_form_is_said_at_its_field(name, said, field):
    parts, errors = read(name, **said)
    assert list(errors) == [field]
    assert errors[field].endswith((".", "it."))
    assert isinstance(parts, dict)


def test_two_countries_alike_are_refused_at_the_country():
    step = STEPS[0]
    said = {
        "name": ["A"],
        "industry": ["retail"],
        "country": ["DE", "DE"],
        "region": ["", ""],
        "share": ["", ""],
        "zone": ["UTC"],
    }
    assert checked_step(step, said, base=plan())[1] == {"country": "the country 'DE' is named twice"}


def test_empty_rows_are_left_out():
    parts, errors = read(
        "market", moment=["easter"], competitor=["", "Sale"], starts_on=["", "2026-05-02"], ends_on=["", ""]
    )
    assert errors == {}
    assert [(event.name, event.ends_on) for event in parts["competitors"]] == [("Sale", date(2026, 5, 2))]


def test_a_period_that_was_not_renamed_keeps_its_code():
    step = STEPS[2]
    usual = plan(industry="retail", periods=industry_of(code="retail").peak_periods)
    form = step.filled(usual)
    assert form["period"][0] == "Holiday peak"
    assert step.read(form)[0]["periods"] == industry_of(code="retail").peak_periods
    renamed = dict(form) | {"period": ["Christmas trade", *form["period"][1:]]}
    assert step.read(renamed)[0]["periods"][0].name == "Christmas trade"


# Pictures.


def test_the_picture_of_the_retail_year():
    picture = fiscal_picture(NRF, day=date(2024, 1, 20))
    assert (picture.label, picture.first, picture.last) == ("FY2023 (2023/24)", date(2023, 1, 29), date(2024, 2, 3))
    assert (picture.weeks, picture.quarter, picture.week, picture.next_long) == (53, 4, 51, "FY2023")
    assert [[period.weeks for period in quarter] for quarter in picture.quarters] == [
        [4, 5, 4],
        [4, 5, 4],
        [4, 5, 4],
        [4, 5, 5],
    ]


@settings(deadline=None)
@given(fiscal_years, st.dates(date(1995, 1, 1), date(2045, 12, 31)))
def test_a_picture_has_every_day_of_its_year_once(years, day):
    picture = fiscal_picture(years, day=day)
    stretches = [period for quarter in picture.quarters for period in quarter]
    assert stretches[0].first == picture.first
    assert stretches[-1].last == picture.last
    assert all((after.first - before.last).days == 1 for before, after in pairwise(stretches))
    assert picture.first <= day <= picture.last
    assert sum(stretch.days for stretch in stretches) == (picture.last - picture.first).days + 1


# Places and templates.


def test_places_have_names_parts_and_zones():
    assert countries()["DE"] == "Germany"
    assert countries()["GB"] == "United Kingdom"
    assert regions(country="DE")["BY"] == "Bayern"
    assert regions(country="XX") == {}
    assert zones()["DE"][0] == "Europe/Berlin"
    assert list(countries().values()) == sorted(countries().values())


@pytest.mark.parametrize("code", sorted(industries()))
def test_what_every_template_suggests_makes_a_plan(code):
    industry = industry_of(code=code)
    made = plan(
        industry=code, periods=industry.peak_periods, fiscal_year=industry.fiscal_year, moments=usual_moments(industry)
    )
    assert set(industry.moments) <= set(made.moments)
    assert definition_of_plan(made, base=BASE).periods == industry.peak_periods


def test_a_plan_needs_a_country():
    with pytest.raises(ValidationError):
        plan(countries=[])
