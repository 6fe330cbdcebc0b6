"""Every exact fact about moments: announced dates, rules, and how sure each is."""

from datetime import date, timedelta

import pytest
from holidays.calendars.hindu import _HinduLunisolar

from kalends.calendar.moments import last_known_year, moment_book, moment_dates, occurrences

pytestmark = pytest.mark.unit


def only(code, year, country="US"):
    [(span, _)] = moment_dates(code=code, country=country, year=year)
    return span


def day(code, year, country="US"):
    first, last = only(code, year, country)
    assert first == last
    return first.isoformat()


BLACK_FRIDAYS = [
    "2015",
    "11-27/11-30",
    "2016",
    "11-25/11-28",
    "2017",
    "11-24/11-27",
    "2018",
    "11-23/11-26",
    "2019",
    "11-29/12-02",
    "2020",
    "11-27/11-30",
    "2021",
    "11-26/11-29",
    "2022",
    "11-25/11-28",
    "2023",
    "11-24/11-27",
    "2024",
    "11-29/12-02",
    "2025",
    "11-28/12-01",
    "2026",
    "11-27/11-30",
    "2027",
    "11-26/11-29",
    "2028",
    "11-24/11-27",
]


@pytest.mark.parametrize(("year", "days"), zip(BLACK_FRIDAYS[::2], BLACK_FRIDAYS[1::2], strict=True))
def test_black_friday_and_cyber_monday(year, days):
    friday, monday = days.split("/")
    for country in ("US", "DE"):
        assert day("black_friday", int(year), country) == f"{year}-{friday}"
        assert day("cyber_monday", int(year), country) == f"{year}-{monday}"


def test_black_friday_is_the_friday_between_the_23rd_and_the_29th():
    for year in range(1990, 2060):
        friday, _ = only("black_friday", year)
        assert (friday.month, friday.weekday()) == (11, 4)
        assert 23 <= friday.day <= 29


def test_days_from_thanksgiving_to_christmas():
    gaps = [(date(year, 12, 25) - only("thanksgiving", year)[0]).days for year in range(2015, 2027)]
    assert gaps == [29, 31, 32, 33, 27, 29, 30, 31, 32, 27, 28, 29]


PRIME_DAYS = {
    2015: ("07-15", "07-15"), 2016: ("07-12", "07-12"), 2017: ("07-11", "07-11"), 2018: ("07-16", "07-17"),
    2019: ("07-15", "07-16"), 2020: ("10-13", "10-14"), 2021: ("06-21", "06-22"), 2022: ("07-12", "07-13"),
    2023: ("07-11", "07-12"), 2024: ("07-16", "07-17"), 2025: ("07-08", "07-11"), 2026: ("06-23", "06-26"),
}  # fmt: skip


@pytest.mark.parametrize(("year", "days"), PRIME_DAYS.items())
def test_prime_day_in_the_us_is_confirmed(year, days):
    [(span, certainty)] = moment_dates(code="prime_day", country="US", year=year)
    assert [d.isoformat() for d in span] == [f"{year}-{d}" for d in days]
    assert certainty == "confirmed"


def test_prime_day_where_it_differed_or_is_not_verified():
    assert only("prime_day", 2020, "IN") == (date(2020, 8, 6), date(2020, 8, 7))
    assert moment_dates(code="prime_day", country="IN", year=2021) == []
    assert moment_dates(code="prime_day", country="CA", year=2021) == []
    [(_, certainty)] = moment_dates(code="prime_day", country="DE", year=2024)
    assert certainty == "estimated"
    assert moment_dates(code="prime_day", country="US", year=2027) == []
    assert last_known_year(code="prime_day", country="US") == 2026
    assert last_known_year(code="black_friday", country="US") is None


def test_the_fall_event_of_2026_is_not_known_and_so_not_written():
    assert only("prime_big_deal_days", 2022) == (date(2022, 10, 11), date(2022, 10, 12))
    assert only("prime_big_deal_days", 2023) == (date(2023, 10, 10), date(2023, 10, 11))
    certainties = [moment_dates(code="prime_big_deal_days", country=where, year=2024)[0][1] for where in ("US", "DE")]
    assert certainties == ["confirmed", "estimated"]
    assert moment_dates(code="prime_big_deal_days", country="US", year=2026) == []


def test_announced_dates_fall_on_weekdays_that_they_ever_fell_on():
    # Pages that copy an old year's dates give themselves away by the weekday.
    for year in PRIME_DAYS:
        assert only("prime_day", year)[0].weekday() in (0, 1, 2), year
    for year in range(2015, 2027):
        assert only("super_bowl", year)[0].weekday() == 6, year


SUPER_BOWLS = [
    "2015-02-01",
    "2016-02-07",
    "2017-02-05",
    "2018-02-04",
    "2019-02-03",
    "2020-02-02",
    "2021-02-07",
    "2022-02-13",
    "2023-02-12",
    "2024-02-11",
    "2025-02-09",
    "2026-02-08",
    "2027-02-14",
]


@pytest.mark.parametrize("expected", SUPER_BOWLS)
def test_super_bowl(expected):
    assert day("super_bowl", int(expected[:4])) == expected


def test_super_bowl_is_an_estimate_where_only_the_usual_sunday_is_known():
    assert moment_dates(code="super_bowl", country="US", year=2026)[0][1] == "confirmed"
    assert moment_dates(code="super_bowl", country="US", year=2027)[0][1] == "estimated"
    assert moment_dates(code="super_bowl", country="DE", year=2026) == []


def test_the_second_sunday_of_february_is_the_super_bowls_only_since_2022():
    for year in range(2015, 2028):
        is_second_sunday = 8 <= only("super_bowl", year)[0].day <= 14
        assert is_second_sunday == (year >= 2022), year


def test_diwali_is_not_the_librarys_other_table():
    # One library, two tables: a month apart in 2017, 2025 and 2028.
    other = _HinduLunisolar.DIWALI_DATES
    assert other[2025] == (11, 19)
    for year in (2017, 2025, 2028):
        diwali, _ = only("diwali", year, "IN")
        assert 28 <= (date(year, *other[year]) - diwali).days <= 31


@pytest.mark.parametrize(
    ("code", "country", "expected"),
    [
        ("singles_day", "CN", "2024-11-11"),
        ("mothers_day", "US", "2023-05-14 2024-05-12 2025-05-11 2026-05-10"),
        ("mothers_day", "GB", "2024-03-10 2025-03-30 2026-03-15"),
        ("fathers_day", "US", "2024-06-16 2025-06-15 2026-06-21"),
        (
            "easter",
            "US",
            (
                "2015-04-05 2016-03-27 2017-04-16 2018-04-01 2019-04-21 2020-04-12 2021-04-04 2022-04-17 2023-04-09"
                " 2024-03-31 2025-04-20 2026-04-05"
            ),
        ),
        (
            "lunar_new_year",
            "CN",
            "2020-01-25 2021-02-12 2022-02-01 2023-01-22 2024-02-10 2025-01-29 2026-02-17 2027-02-06",
        ),
        ("diwali", "IN", "2020-11-14 2021-11-04 2022-10-24 2023-11-12 2024-10-31 2025-10-20 2026-11-08"),
        ("eid_al_fitr", "SA", "2025-03-30"),
        ("eid_al_fitr", "TR", "2025-03-30"),
        ("eid_al_fitr", "AE", "2025-03-30"),
        ("eid_al_fitr", "SG", "2025-03-31"),
        ("eid_al_fitr", "ID", "2025-03-31"),
        ("halloween", "US", "2024-10-31"),
        ("valentines_day", "JP", "2024-02-14"),
        ("christmas", "US", "2024-12-25"),
        ("thanksgiving", "CA", "2024-10-14"),
        ("super_saturday", "US", "2024-12-21 2026-12-19 2027-12-18"),
    ],
)
def test_moments_by_country(code, country, expected):
    for text in expected.split():
        assert day(code, int(text[:4]), country) == text


def test_ramadan_starts_and_lasts_until_the_feast():
    starts = ["2022-04-02", "2023-03-23", "2024-03-11", "2025-03-01", "2026-02-18", "2027-02-08"]
    for text in starts:
        first, last = only("ramadan", int(text[:4]), "EG")
        assert first.isoformat() == text
        assert last - first in (timedelta(28), timedelta(29))
    assert moment_dates(code="ramadan", country="EG", year=2026)[0][1] == "estimated"


def test_the_year_2030_has_two_ramadans():
    assert [span[0] for span, _ in moment_dates(code="ramadan", country="EG", year=2030)] == [
        date(2030, 1, 5),
        date(2030, 12, 26),
    ]


def test_mothers_day_in_france_gives_way_to_whit_sunday():
    # 2023: Whit Sunday is 28 May, the last Sunday of May, so the feast is on 4 June; 2024 it is not.
    assert day("mothers_day", 2023, "FR") == "2023-06-04"
    assert day("mothers_day", 2024, "FR") == "2024-05-26"


def test_back_to_school_is_a_window_by_country():
    us, japan = only("back_to_school", 2025, "US"), only("back_to_school", 2025, "JP")
    assert us == (date(2025, 7, 15), date(2025, 9, 5))
    assert japan[0].month == 3


def test_every_moment_says_its_source_and_certainty():
    for moment in moment_book().moments.values():
        assert moment.source
        assert moment.when


def test_occurrences_share_days_among_countries_and_leave_out_what_is_off():
    found = occurrences(countries=("US", "GB"), first_year=2025, last_year=2025, without=frozenset({"easter"}))
    mothers = [(item.first, item.countries) for item in found if item.code == "mothers_day"]
    assert mothers == [(date(2025, 3, 30), ("GB",)), (date(2025, 5, 11), ("US",))]
    friday = next(item for item in found if item.code == "black_friday")
    assert friday.countries == ("US", "GB")
    assert "easter" not in {item.code for item in found}
