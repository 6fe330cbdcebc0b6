"""Moments and public holidays as one more voice about an event's days: when they speak, for whom, and when they do not."""

import random
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalends.calendar.consolidation import (
    Policy,
    SourceCalendar,
    Spoken,
    Tables,
    apply_resolution,
    conflict_patterns,
    consolidate,
    label_of,
    ruling_for,
    title_aliases,
)
from kalends.calendar.consolidation.tables import bare, moment_named
from kalends.calendar.definition import Market
from kalends.calendar.moments import moment_book
from kalends.calendar.reading import SourceEntry

pytestmark = pytest.mark.unit


def tables(*countries, without=()):
    return Tables(tuple(Market(country=country) for country in countries), frozenset(without))


US = tables("US")


def calendar(source, *rows, priority=100, **more):
    """A source of (name, first, last) or (name, day)."""
    said = [
        SourceEntry(str(number), {"name": row[0], "starts_on": row[1], "ends_on": row[-1], **more})
        for number, row in enumerate(rows)
    ]
    return SourceCalendar(source, said, priority=priority)


def held(*calendars, by=US, **more):
    [event] = consolidate(calendars, tables=by, **more).events
    return event


def days(event):
    return event.fields.starts_on.isoformat(), event.fields.ends_on.isoformat()


# The names.


@pytest.mark.parametrize(
    ("title", "code"),
    [
        ("Black Friday", "black_friday"), ("BLACK FRIDAY 2026", "black_friday"), ("Black Friday '26", "black_friday"),
        ("Black Friday (US)", "black_friday"), ("Schwarzer Freitag", "black_friday"), ("Mothers’ Day", "mothers_day"),
        ("Amazon Prime Day", "prime_day"), ("11.11", "singles_day"), ("Deepavali 2025", "diwali"), ("Christmas", "christmas"),
        ("Black Friday sale", None), ("Black Friday week", None), ("Cyber Week 2026", None), ("BFCM", None),
        ("Early Black Friday", None), ("Easter weekend", None), ("Back to School", None), ("Aurora launch", None),
    ],
)  # fmt: skip
def test_only_what_is_nothing_but_the_name_is_the_moment(title, code):
    assert moment_named(title) == code


def test_names_around_a_moment_still_match_it_and_are_not_its_own():
    for code, moment in moment_book().moments.items():
        for name in moment.around:
            assert title_aliases()[name] == code
            assert moment_named(name) is None
            assert bare(name) not in {bare(each) for each in moment.aliases}


# Prime Day and Black Friday on wrong days.


@pytest.mark.parametrize(
    ("name", "claimed", "true"),
    [
        ("Prime Day 2026", "2026-07-08", ("2026-06-23", "2026-06-26")),
        ("Prime Day", "2025-07-10", ("2025-07-08", "2025-07-11")),
        ("Black Friday", "2012-12-10", ("2012-11-23", "2012-11-23")),
        ("Black Friday", "2024-11-22", ("2024-11-29", "2024-11-29")),
        ("Cyber Monday", "2025-11-24", ("2025-12-01", "2025-12-01")),
        ("Prime Big Deal Days", "2025-10-08", ("2025-10-07", "2025-10-08")),
        ("Super Bowl", "2024-02-04", ("2024-02-11", "2024-02-11")),
        ("New Year", "2026-12-31", ("2027-01-01", "2027-01-01")),
    ],
)
def test_an_agency_with_the_wrong_day_is_told_the_right_one(name, claimed, true):
    event = held(calendar("agency", (name, claimed)))
    assert days(event) == true
    assert event.provenance["starts_on"] == "kalends:moments"
    [conflict] = event.conflicts
    assert (conflict.group, conflict.state, conflict.severity) == ("days", "settled", "high")
    assert dict(conflict.values).keys() == {"agency", "kalends:moments"}
    assert event.members == ("agency/0",)


def test_the_reason_names_the_table_where_it_has_the_date_from_and_how_sure_it_is():
    [conflict] = held(calendar("agency", ("Black Friday", "2026-11-26"))).conflicts
    assert conflict.reason == (
        "93% likely, by who was right elsewhere: The trade's table. "
        "The trade's table: Black Friday is on 27 Nov 2026 (calculated: the day after US Thanksgiving)."
    )
    assert label_of("kalends:holidays:DE") == "Public holidays of Germany"
    assert label_of("agency") == "agency"


def test_who_agrees_is_in_no_conflict():
    for span in (("2026-11-27",), ("2026-11-27", "2026-11-30"), ("2026-11-20", "2026-11-27")):
        event = held(calendar("agency", ("Black Friday 2026", *span)))
        assert (days(event), event.conflicts, event.provenance["starts_on"]) == ((span[0], span[-1]), (), "agency")


def test_a_sale_keeps_its_days():
    for name in ("Black Friday sale", "Black Friday Week", "Our Black Friday", "Cyber Week"):
        event = held(calendar("team", (name, "2026-11-16", "2026-11-22")))
        assert (days(event), event.conflicts) == (("2026-11-16", "2026-11-22"), ())


def test_another_occasion_of_the_name_is_no_mistake():
    event = held(calendar("team", ("Independence Day", "2026-08-15")))
    assert (days(event), event.conflicts) == (("2026-08-15", "2026-08-15"), ())


def test_a_rule_that_repeats_is_left_alone():
    event = held(calendar("team", ("Black Friday", "2026-11-26"), recurrence="FREQ=YEARLY;COUNT=2"))
    assert (days(event), event.conflicts) == (("2026-11-26", "2026-11-26"), ())


def test_without_tables_nobody_speaks_and_no_event_comes_of_them():
    wrong = calendar("agency", ("Black Friday", "2026-11-26"))
    assert held(wrong, by=None).conflicts == ()
    assert held(wrong, by=tables("US", without=["black_friday"])).conflicts == ()
    assert consolidate([calendar("team", ("Aurora launch", "2026-11-27"))], tables=US).events[0].conflicts == ()
    assert consolidate([], tables=US).events == ()


# How much it counts.


def test_it_helps_the_one_that_is_right():
    right, wrong = calendar("team", ("Black Friday", "2026-11-27")), calendar("agency", ("Black Friday", "2026-11-26"))
    assert [c.state for c in held(right, wrong, by=None).conflicts] == ["open"]
    event = held(right, wrong)
    assert (days(event)[0], event.provenance["starts_on"]) == ("2026-11-27", "team")
    assert event.conflicts[0].state == "settled"


def test_longer_days_that_hold_the_moment_are_not_cut():
    team = calendar("team", ("Black Friday", "2026-11-27", "2026-11-30"))
    event = held(team, calendar("agency", ("Black Friday 2026", "2026-11-26")))
    assert (days(event), event.provenance["starts_on"]) == (("2026-11-27", "2026-11-30"), "team")
    [conflict] = event.conflicts
    assert dict(conflict.values).keys() == {"team", "agency"}
    assert "The trade's table: Black Friday is on 27 Nov 2026" in conflict.reason


def test_two_calendars_against_a_rule_are_put_to_a_person_and_three_overrule_it():
    said = [calendar(name, ("Black Friday", "2026-11-26")) for name in ("a", "b", "c")]
    two, three = held(*said[:2]), held(*said)
    assert (days(two)[0], two.conflicts[0].state) == ("2026-11-26", "open")
    assert (days(three)[0], three.conflicts[0].state) == ("2026-11-26", "settled")


def test_an_estimate_counts_less_than_a_calendar():
    event = held(calendar("team", ("Eid al-Fitr", "2026-03-21")), by=tables("SA"))
    assert (days(event)[0], event.provenance["starts_on"]) == ("2026-03-21", "team")
    [conflict] = event.conflicts
    assert conflict.state == "settled"
    assert "(estimated: " in conflict.reason


@pytest.mark.parametrize(
    ("strategy", "day", "state"),
    [("fixed_priority", "26", "settled"), ("highest_quality", "27", "settled"), ("weighted_average", "27", "settled"),
     ("majority", "26", "open"), ("manual", "26", "open")],
)  # fmt: skip
def test_every_strategy_takes_it_for_what_it_is(strategy, day, state):
    event = held(calendar("agency", ("Black Friday", "2026-11-26")), policy=Policy(strategy))
    assert (days(event)[0], event.conflicts[0].state) == (f"2026-11-{day}", state)


def test_what_a_person_wrote_or_chose_stands():
    wrong = ("Black Friday", "2026-11-26")
    for name in ("manual", "setup"):
        assert (days(held(calendar(name, wrong)))[0], held(calendar(name, wrong)).conflicts) == ("2026-11-26", ())
    patch = Spoken(SourceCalendar("manual", ()), SourceEntry("override", {"impact": "high"}))
    spoken = [Spoken(calendar("agency"), entry) for entry in calendar("agency", wrong).entries]
    ruling = ruling_for([*spoken, patch], tables=US)
    assert ruling == ruling_for(spoken, tables=US)
    assert ruling is not None
    by_hand = held(calendar("agency", wrong), calendar("manual", ("Black Friday", "2026-11-28")))
    assert (days(by_hand)[0], by_hand.conflicts) == ("2026-11-28", ())
    made = consolidate([calendar("agency", wrong)], tables=US, new_id=lambda: "bf")
    chosen = apply_resolution(made, event_id="bf", group="days", source="agency").conflicts[0].choice
    event = held(calendar("agency", wrong), new_id=lambda: "bf", decisions={("bf", "days"): chosen})
    assert (days(event)[0], event.conflicts[0].strategy) == ("2026-11-26", "person")


def test_a_calendar_that_is_late_is_named_and_the_table_is_not():
    late = [("Black Friday", "2026-11-28"), ("Cyber Monday", "2026-12-01"), ("Christmas", "2026-12-26")]
    open_ = consolidate([calendar("agency", *late), calendar("shop", *late)], tables=US).conflicts
    assert {pattern.source for pattern in conflict_patterns(open_)} == {"agency"}


# By country.


@pytest.mark.parametrize(
    ("country", "other"), [("SA", False), ("TR", False), ("AE", False), ("SG", True), ("ID", True)]
)
def test_eid_is_on_another_day_in_other_countries(country, other):
    for day in ("2025-03-30", "2025-03-31"):
        event = held(calendar("agency", ("Eid al-Fitr", day), markets=[country]))
        assert days(event)[0] == ("2025-03-31" if other else "2025-03-30")
        assert bool(event.conflicts) == (event.fields.starts_on.isoformat() != day)


def test_where_no_market_is_named_any_of_the_calendars_may_be_meant():
    for day in ("2025-03-30", "2025-03-31"):
        assert held(calendar("agency", ("Eid", day)), by=tables("SA", "SG")).conflicts == ()
    assert held(calendar("agency", ("Eid", "2025-04-02")), by=tables("SA", "SG")).fields.starts_on == date(2025, 3, 31)
    assert held(calendar("agency", ("Eid", "2025-04-02")), by=tables("DE")).conflicts == ()


@pytest.mark.parametrize("kind", ["other", "holiday"])
@pytest.mark.parametrize(("claimed", "true"), [("2025-11-19", "2025-10-20"), ("2017-11-18", "2017-10-19")])
def test_diwali_a_month_off_is_put_right(kind, claimed, true):
    event = held(calendar("agency", ("Diwali", claimed), markets=["IN"], type=kind))
    assert (days(event)[0], event.provenance["starts_on"]) == (true, "kalends:moments")


def test_where_the_holidays_library_is_a_month_off_the_moments_table_knows_better():
    event = held(calendar("hr", ("Diwali", "2028-11-15"), markets=["SG"], type="holiday"))
    assert (days(event)[0], event.provenance["starts_on"]) == ("2028-10-17", "kalends:moments")


def test_the_church_calendar_of_a_country_is_its_own():
    for market, day in (("GR", "2026-04-10"), ("DE", "2026-04-03")):
        assert held(calendar("hr", ("Good Friday", day), markets=[market], type="holiday")).conflicts == ()


def test_a_day_that_one_of_the_countries_is_sure_of_is_sure():
    [conflict] = held(calendar("agency", ("Prime Day", "2026-07-08")), by=tables("DE", "US")).conflicts
    assert (conflict.state, "(confirmed: " in conflict.reason) == ("settled", True)
    [conflict] = held(calendar("agency", ("Prime Day", "2026-07-08")), by=tables("DE")).conflicts
    assert (conflict.choice, "(estimated: " in conflict.reason) == ('["2026-07-08","2026-07-08"]', True)


# Public holidays.


def test_a_public_holiday_on_the_wrong_day():
    event = held(calendar("hr", ("German Unity Day", "2026-10-02"), markets=["DE"], type="holiday"))
    assert (days(event)[0], event.provenance["starts_on"]) == ("2026-10-03", "kalends:holidays:DE")
    assert "Public holidays of Germany: German Unity Day is on 3 Oct 2026 (calculated: holidays " in (
        event.conflicts[0].reason
    )


def test_a_holiday_of_a_part_of_a_country():
    for markets, day in ((["DE-BY"], "2026-01-06"), (["DE"], "2026-01-05")):
        event = held(calendar("hr", ("Epiphany", "2026-01-05"), markets=markets, type="holiday"))
        assert days(event)[0] == day


def test_what_is_no_holiday_by_type_is_not_looked_for_among_them():
    assert held(calendar("hr", ("German Unity Day", "2026-10-02"), markets=["DE"])).conflicts == ()


def test_a_day_on_which_a_holiday_is_kept_instead_is_right_too():
    for day in ("2026-07-03", "2026-07-04"):
        assert held(calendar("hr", ("Independence Day", day), type="holiday")).conflicts == ()
    for name in ("Independence Day", "Independence Day (observed)"):
        assert days(held(calendar("hr", (name, "2026-07-06"), type="holiday")))[0] == "2026-07-04"


def test_each_of_two_holidays_on_one_day_is_known():
    for name in ("All Saints' Day", "National Unity Day"):
        event = held(calendar("hr", (name, "2026-11-02"), markets=["IT"], type="holiday"))
        assert days(event)[0] == "2026-11-01"


def test_any_day_of_a_feast_may_be_entered():
    for span in (("2026-02-18",), ("2026-02-18", "2026-03-19"), ("2026-02-20", "2026-02-25")):
        assert held(calendar("team", ("Ramadan 2026", *span)), by=tables("SA")).conflicts == ()


def test_markets_that_no_table_knows_are_passed_over():
    event = held(calendar("hr", ("Founders Day", "2026-10-02"), markets=["EMEA", "QZ"], type="holiday"))
    assert event.conflicts == ()


# Order, and once more.

NAMES = ("Black Friday", "Black Friday 2026", "Black Friday Sale", "Thanksgiving", "Cyber Monday")


@st.composite
def calendars(draw):
    made = []
    for number in range(draw(st.integers(1, 4))):
        rows = []
        for name in draw(st.lists(st.sampled_from(NAMES), max_size=4)):
            first, length = draw(st.integers(24, 29)), draw(st.integers(0, 1))
            rows.append((name, f"2026-11-{first}", f"2026-11-{first + length}"))
        made.append(calendar(f"source-{number}", *rows, priority=draw(st.integers(1, 2))))
    return made


def outcome(master):
    return [(e.fields, dict(e.provenance), e.members, [(c.values, c.choice, c.reason) for c in e.conflicts])
            for e in master.events]  # fmt: skip


@settings(deadline=None)
@given(calendars(), st.randoms(use_true_random=False))
def test_the_order_of_sources_and_entries_does_not_matter(made, chance: random.Random):
    mixed = [
        SourceCalendar(source.name, chance.sample(source.entries, len(source.entries)), source.priority)
        for source in chance.sample(made, len(made))
    ]
    assert outcome(consolidate(mixed, tables=US)) == outcome(consolidate(made, tables=US))


@settings(deadline=None)
@given(calendars())
def test_once_more_changes_nothing_and_no_event_is_added(made):
    first = consolidate(made, tables=US)
    again = consolidate(made, tables=US, previous={event.id: event.members for event in first.events})
    assert again == first
    assert sorted(e.members for e in first.events) == sorted(e.members for e in consolidate(made).events)
