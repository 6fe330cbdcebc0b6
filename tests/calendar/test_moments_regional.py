"""Moments of single countries and of sport: years that are known, and what the `holidays` library says."""

import re
from datetime import date

import holidays
import pytest

from kalends.calendar.moments import moment_book, moment_dates
from kalends.calendar.rules import LUNAR

pytestmark = pytest.mark.unit


def spans(code, country, year):
    return [span for span, _ in moment_dates(code=code, country=country, year=year)]


KNOWN = {
    ("advent", "DE"): "2024-12-01 2025-11-30",
    ("academy_awards", "US"): "2024-03-10 2025-03-02",
    ("april_fools_day", "GB"): "2024-04-01 2025-04-01",
    ("bonfire_night", "GB"): "2024-11-05 2025-11-05",
    ("boxing_day", "GB"): "2024-12-26 2025-12-26",
    ("buen_fin", "MX"): "2021-11-10..2021-11-16 2023-11-17..2023-11-20 2024-11-15..2024-11-18 2025-11-13..2025-11-17",
    ("carnival", "BR"): "2024-02-10..2024-02-13 2025-03-01..2025-03-04",
    ("carnival", "DE"): "2024-02-08..2024-02-13 2025-02-27..2025-03-04",
    ("champions_league_final", "DE"): "2023-06-10 2024-06-01 2025-05-31",
    ("childrens_day_brazil", "BR"): "2024-10-12 2025-10-12",
    ("chuseok", "KR"): "2024-09-16..2024-09-18 2025-10-05..2025-10-07",
    ("cinco_de_mayo", "US"): "2024-05-05 2025-05-05",
    ("click_frenzy", "AU"): "2012-11-20..2012-11-21 2021-11-09..2021-11-11",
    ("cyber_day_chile", "CL"): "2022-05-30..2022-06-01 2023-05-29..2023-05-31 2025-06-02..2025-06-04",
    ("day_of_the_dead", "MX"): "2024-11-01..2024-11-02 2025-11-01..2025-11-02",
    ("dia_dos_namorados", "BR"): "2024-06-12 2025-06-12",
    ("double_nine", "SG"): "2024-09-09 2025-09-09",
    ("double_ten", "MY"): "2024-10-10 2025-10-10",
    ("double_twelve", "CN"): "2024-12-12 2025-12-12",
    ("eofy_sales", "AU"): "2024-06-01..2024-06-30 2025-06-01..2025-06-30",
    ("eurovision", "SE"): "2024-05-11 2025-05-17",
    ("football_euro", "DE"): "2016-06-10..2016-07-10 2021-06-11..2021-07-11 2024-06-14..2024-07-14",
    ("football_world_cup", "BR"): "2018-06-14..2018-07-15 2022-11-20..2022-12-18 2026-06-11..2026-07-19",
    ("golden_week", "JP"): "2024-04-29..2024-05-05 2025-04-29..2025-05-05",
    ("golden_week_china", "CN"): "2024-10-01..2024-10-07 2025-10-01..2025-10-07",
    ("green_monday", "US"): "2023-12-11 2024-12-09",
    ("hot_sale", "MX"): "2021-05-23..2021-05-31 2023-05-29..2023-06-06 2025-05-26..2025-06-03",
    ("hot_sale", "AR"): "2024-05-13..2024-05-15 2025-05-12..2025-05-14",
    ("i_love_you_day", "CN"): "2024-05-20 2025-05-20",
    ("kentucky_derby", "US"): "2020-09-05 2023-05-06 2024-05-04 2025-05-03",
    ("mardi_gras", "US"): "2024-02-13 2025-03-04",
    ("melbourne_cup", "AU"): "2023-11-07 2024-11-05",
    ("midyear_618", "CN"): "2024-06-18 2025-06-18",
    ("obon", "JP"): "2024-08-13..2024-08-16 2025-08-13..2025-08-16",
    ("oktoberfest", "DE"): "2023-09-16..2023-10-03 2024-09-21..2024-10-06",
    ("parents_day_korea", "KR"): "2024-05-08 2025-05-08",
    ("pepero_day", "KR"): "2024-11-11 2025-11-11",
    ("prime_big_deal_days", "US"): "2024-10-08..2024-10-09 2025-10-07..2025-10-08",
    ("qixi", "CN"): "2024-08-10 2025-08-29",
    ("saint_nicholas", "NL"): "2024-12-05 2025-12-05",
    ("saint_nicholas", "DE"): "2024-12-06 2025-12-06",
    ("small_business_saturday", "US"): "2024-11-30 2025-11-29",
    ("small_business_saturday", "GB"): "2023-12-02 2024-12-07 2025-12-06",
    ("summer_olympics", "FR"): "2021-07-23..2021-08-08 2024-07-26..2024-08-11",
    ("summer_sales_france", "FR"): "2023-06-28..2023-07-25 2024-06-26..2024-07-23 2025-06-25..2025-07-22",
    ("tax_day", "US"): "2023-04-18 2024-04-15",
    ("three_kings", "ES"): "2024-01-06 2025-01-06",
    ("tour_de_france", "FR"): "2024-06-29..2024-07-21 2025-07-05..2025-07-27",
    ("white_day", "JP"): "2024-03-14 2025-03-14",
    ("winter_olympics", "US"): "2022-02-04..2022-02-20 2026-02-06..2026-02-22",
    ("winter_sales_france", "FR"): "2023-01-11..2023-02-07 2024-01-10..2024-02-06 2025-01-08..2025-02-04",
    ("womens_world_cup", "US"): "2019-06-07..2019-07-07 2023-07-20..2023-08-20",
}


@pytest.mark.parametrize(("where", "expected"), KNOWN.items(), ids=":".join)
def test_known_years(where, expected):
    for text in expected.split():
        first, last = date.fromisoformat(text[:10]), date.fromisoformat(text[-10:])
        assert (first, last) in spans(*where, first.year), text


# Day by day what the library calls it there; 2015 to 2030.
IN_THE_LIBRARY = [
    ("anzac_day", "NZ", "Anzac Day", {}),
    ("australia_day", "AU", "Australia Day", {}),
    ("bastille_day", "FR", "National Day", {}),
    ("canada_day", "CA", "Canada Day", {}),
    ("christmas", "US", "Christmas Day", {}),
    ("chuseok", "KR", "Chuseok", {}),
    ("columbus_day", "US", "Columbus Day", {}),
    ("dragon_boat", "HK", "Dragon Boat Festival", {}),
    ("dussehra", "IN", "Dussehra", {}),
    ("fathers_day", "TH", "National Father's Day", {}),
    ("good_friday", "GB", "Good Friday", {}),
    ("good_friday", "GR", "Good Friday", {}),
    ("juneteenth", "US", "Juneteenth National Independence Day", {}),
    ("labor_day", "US", "Labor Day", {}),
    ("labour_day", "DE", "Labor Day", {}),
    ("lunar_new_year", "KR", "Korean New Year", {}),
    ("lunar_new_year", "VN", "Lunar New Year", {}),
    ("melbourne_cup", "AU", "Melbourne Cup Day", {"subdiv": "VIC"}),
    ("memorial_day", "US", "Memorial Day", {}),
    ("mlk_day", "US", "Martin Luther King Jr. Day", {}),
    ("mothers_day", "CR", "Mother's Day", {}),
    ("mothers_day", "PA", "Mother's Day", {}),
    ("mothers_day", "TH", "National Mother's Day", {}),
    ("mothers_day", "US", "Mother's Day", {"categories": ["unofficial"]}),
    ("fathers_day", "US", "Father's Day", {"categories": ["unofficial"]}),
    ("orthodox_christmas", "RU", "Christmas Day", {}),
    ("passover", "IL", "Pesach", {}),
    ("presidents_day", "US", "Washington's Birthday", {}),
    ("raksha_bandhan", "IN", "Raksha Bandhan", {"categories": ["optional"]}),
    ("rosh_hashanah", "IL", "Rosh Hashanah", {}),
    ("songkran", "TH", "Songkran Festival", {}),
    ("thanksgiving", "CA", "Thanksgiving Day", {"subdiv": "ON"}),
    ("thanksgiving", "US", "Thanksgiving Day", {}),
    ("veterans_day", "US", "Veterans Day", {}),
]


@pytest.mark.parametrize(("code", "country", "name", "options"), IN_THE_LIBRARY)
def test_agrees_with_the_holidays_library(code, country, name, options):
    compared = 0
    for year in range(2015, 2031):
        names = holidays.country_holidays(country, years=year, language="en_US", observed=False, **options)
        theirs = [day for day, words in names.items() if name in words.split("; ")]
        ours = spans(code, country, year)
        if ours and theirs:
            [(first, last)] = ours
            assert all(first <= day <= last for day in theirs), (year, theirs)
            compared += 1
    assert compared >= 2, names


def test_japans_golden_week_is_from_showa_day_to_childrens_day():
    for year in range(2015, 2031):
        days = holidays.country_holidays("JP", years=year, language="en_US")
        [(first, last)] = spans("golden_week", "JP", year)
        assert (days[first].split(";")[0], days[last].split(";")[0]) == ("Showa Day", "Children's Day")


def test_brazils_carnival_ends_on_the_librarys_tuesday():
    for year in range(2015, 2031):
        days = holidays.country_holidays("BR", years=year, language="en_US", categories=["optional"])
        assert max(day for day, name in days.items() if name == "Carnival") == spans("carnival", "BR", year)[0][1]


PARENTS = {
    # country: Mother's Day and Father's Day of 2024 and 2025
    "AR": ("2024-10-20 2025-10-19", "2024-06-16 2025-06-15"),
    "AU": ("2024-05-12 2025-05-11", "2024-09-01 2025-09-07"),
    "BE": ("2024-05-12 2025-05-11", "2024-06-09 2025-06-08"),
    "BR": ("2024-05-12 2025-05-11", "2024-08-11 2025-08-10"),
    "CA": ("2024-05-12 2025-05-11", "2024-06-16 2025-06-15"),
    "CH": ("2024-05-12 2025-05-11", "2024-06-02 2025-06-01"),
    "CN": ("2024-05-12 2025-05-11", "2024-06-16 2025-06-15"),
    "DE": ("2024-05-12 2025-05-11", "2024-05-09 2025-05-29"),
    "DO": ("2024-05-26 2025-05-25", ""),
    "ES": ("2024-05-05 2025-05-04", "2024-03-19 2025-03-19"),
    "FR": ("2024-05-26 2025-05-25", "2024-06-16 2025-06-15"),
    "GB": ("2024-03-10 2025-03-30", "2024-06-16 2025-06-15"),
    "ID": ("2024-12-22 2025-12-22", "2024-11-12 2025-11-12"),
    "IN": ("2024-05-12 2025-05-11", "2024-06-16 2025-06-15"),
    "IT": ("2024-05-12 2025-05-11", "2024-03-19 2025-03-19"),
    "JP": ("2024-05-12 2025-05-11", "2024-06-16 2025-06-15"),
    "LU": ("2024-06-09 2025-06-08", ""),
    "MX": ("2024-05-10 2025-05-10", "2024-06-16 2025-06-15"),
    "NL": ("2024-05-12 2025-05-11", "2024-06-16 2025-06-15"),
    "PL": ("2024-05-26 2025-05-26", "2024-06-23 2025-06-23"),
    "RO": ("2024-05-05 2025-05-04", ""),
    "RU": ("2024-11-24 2025-11-30", "2024-10-20 2025-10-19"),
    "SA": ("2024-03-21 2025-03-21", ""),
    "SE": ("2024-05-26 2025-05-25", "2024-11-10 2025-11-09"),
    "TH": ("2024-08-12 2025-08-12", "2024-12-05 2025-12-05"),
    "TR": ("2024-05-12 2025-05-11", "2024-06-16 2025-06-15"),
    "TW": ("2024-05-12 2025-05-11", "2024-08-08 2025-08-08"),
    "AE": ("2024-03-21 2025-03-21", "2024-06-21 2025-06-21"),
    "HR": ("2024-05-12 2025-05-11", "2024-03-19 2025-03-19"),
    "US": ("2024-05-12 2025-05-11", "2024-06-16 2025-06-15"),
}


@pytest.mark.parametrize("country", PARENTS)
def test_mothers_and_fathers_days(country):
    for code, expected in zip(("mothers_day", "fathers_day"), PARENTS[country], strict=True):
        found = [span[0].isoformat() for year in (2024, 2025) for span in spans(code, country, year)]
        assert found == expected.split(), code


def test_the_biggest_markets_all_have_a_day_for_mothers():
    # The 25 largest economies of the World Bank's list, nominal; Korea has one day for both parents.
    biggest = "US CN JP DE IN GB FR IT BR CA RU AU ES MX ID TR NL SA CH PL TW SE BE AR".split()  # noqa: SIM905
    for country in biggest:
        assert len(spans("mothers_day", country, 2025)) == 1, country
    assert spans("mothers_day", "KR", 2025) == spans("fathers_day", "KR", 2025) == []
    assert spans("parents_day_korea", "KR", 2025) == [(date(2025, 5, 8), date(2025, 5, 8))]


def test_what_could_not_be_verified_is_an_estimate_or_absent():
    def certainty(code, country, year):
        return [sure for _, sure in moment_dates(code=code, country=country, year=year)]

    assert certainty("hot_sale", "MX", 2025) == certainty("buen_fin", "MX", 2025) == ["confirmed"]
    assert certainty("hot_sale", "MX", 2026) == certainty("buen_fin", "MX", 2026) == ["estimated"]
    assert certainty("prime_big_deal_days", "DE", 2025) == ["estimated"]
    assert certainty("click_frenzy", "AU", 2024) == certainty("football_euro", "DE", 2020) == []
    assert certainty("prime_big_deal_days", "US", 2026) == []


def test_every_regional_moment_has_known_years():
    """Two of them at least; those of the library are counted there."""
    tested = {code for code, _ in KNOWN} | {code for code, *_ in IN_THE_LIBRARY} | {"golden_week"}
    local = {
        code
        for code, moment in moment_book().moments.items()
        if not any("*" in when.markets for when in moment.when) or moment.kind == "sport"
    }
    elsewhere = {
        "super_bowl", "st_patricks_day", "holi", "diwali", "hanukkah", "halloween", "prime_day", "ramadan",
        "eid_al_fitr", "eid_al_adha", "back_to_school", "mid_autumn", "super_saturday", "independence_day_us",
    }  # fmt: skip
    assert local - tested - elsewhere == set()


def test_aliases_are_plain_and_mean_one_moment():
    owner = {}
    for code, moment in moment_book().moments.items():
        said = (*moment.aliases, *moment.around)
        for alias in {*said, moment.name.casefold()}:
            assert alias == alias.strip(), alias
            assert alias in (alias.lower(), alias.casefold()), alias
            assert not re.search(r"\b(19|20)\d\d\b", alias), alias
            assert owner.setdefault(alias, code) == code, alias
        assert len(set(said)) == len(said), code
        assert moment.name.casefold() not in said, code


@pytest.mark.parametrize(
    ("alias", "code"),
    [
        ("bfcm", "black_friday"), ("schwarzer freitag", "black_friday"), ("cyber week", "black_friday"),
        ("xmas", "christmas"), ("weihnachten", "christmas"), ("noël", "christmas"), ("muttertag", "mothers_day"),
        ("fête des mères", "mothers_day"), ("ostern", "easter"), ("rentrée", "back_to_school"),
        ("11.11", "singles_day"), ("superbowl", "super_bowl"), ("cny", "lunar_new_year"), ("silvester", "new_years_eve"),
        ("saint-valentin", "valentines_day"), ("prime days", "prime_day"), ("deepavali", "diwali"),
    ],
)  # fmt: skip
def test_what_people_write(alias, code):
    moment = moment_book().moments[code]
    assert alias in moment.aliases + moment.around


def test_every_lunar_table_is_used_and_known_for_years():
    used = {getattr(when.rule, "lunar", None) for moment in moment_book().moments.values() for when in moment.when}
    assert set(LUNAR) == used - {None}
    for name, table in LUNAR.items():
        assert {2024, 2025, 2026} <= set(table), name
