"""Events that come again: rules, the days they give, one occurrence changed or all of them, and who else sees them."""

import time
from datetime import date, timedelta

import icalendar
import polars as pl
import pytest
import recurring_ical_events
from hypothesis import given, settings
from hypothesis import strategies as st

from kalends.calendar import service
from kalends.calendar.calendars import refresh_days
from kalends.calendar.errors import EventChangedError, EventError
from kalends.calendar.eventrows import fields_of
from kalends.calendar.events import DatedEvent, EventFields, event_columns, occurrences_of, touched
from kalends.calendar.repeating import (
    KINDS,
    OWN,
    Repeats,
    canonical_rule,
    days_of,
    kind_of,
    moved_rule,
    rule_of,
    rule_words,
)

FRIDAY = date(2026, 11, 27)
"""A fourth Friday of November: Black Friday of 2026."""
FOURTH_FRIDAYS = [date(2026, 11, 27), date(2027, 11, 26), date(2028, 11, 24), date(2029, 11, 23)]


def yearly(**more):
    given = {"name": "Our sale", "starts_on": FRIDAY, "ends_on": FRIDAY + timedelta(days=3), "impact": "high"}
    return EventFields(
        **{**given, "type": "promotional_period", "recurrence": "FREQ=YEARLY;BYMONTH=11;BYDAY=4FR"} | more
    )


@pytest.mark.unit
def test_the_fourth_friday_of_november():
    days = days_of("FREQ=YEARLY;BYMONTH=11;BYDAY=4FR", FRIDAY)
    assert list(days[:4]) == FOURTH_FRIDAYS
    assert len(days) == 10  # ten years are followed, not more
    assert rule_words("FREQ=YEARLY;BYMONTH=11;BYDAY=4FR", start=FRIDAY) == "every year on the fourth Friday of November"


@pytest.mark.unit
def test_the_first_day_counts_though_the_rule_would_not_have_it():
    assert days_of("FREQ=YEARLY;BYMONTH=11;BYDAY=4FR;COUNT=2", date(2026, 11, 20)) == (date(2026, 11, 20), FRIDAY)


@pytest.mark.unit
@pytest.mark.parametrize(
    ("kind", "second"),
    [
        ("daily", date(2026, 11, 28)),
        ("weekly", date(2026, 12, 4)),
        ("fortnightly", date(2026, 12, 11)),
        ("monthly", date(2026, 12, 27)),
        ("monthly_weekday", date(2026, 12, 25)),
        ("yearly", date(2027, 11, 27)),
        ("yearly_weekday", date(2027, 11, 26)),
    ],
)
def test_plain_kinds(kind, second):
    rule = rule_of(Repeats(kind, count=3), start=FRIDAY)
    assert canonical_rule(rule) == rule
    days = days_of(rule, FRIDAY)
    assert (len(days), days[1]) == (3, second)
    assert kind_of(rule, start=FRIDAY) == Repeats(kind, None, 3)
    assert rule_words(rule, start=FRIDAY).endswith(", 3 times")


@pytest.mark.unit
def test_a_fifth_weekday_is_the_last_one():
    fifth = date(2026, 7, 31)
    assert days_of(rule_of(Repeats("monthly_weekday"), start=fifth), fifth)[1] == date(2026, 8, 28)
    fourth_and_last = date(2026, 8, 28)
    assert kind_of("FREQ=MONTHLY;BYDAY=-1FR", start=fourth_and_last).kind == "monthly_weekday"
    assert rule_words("FREQ=MONTHLY;BYDAY=-1FR", start=fourth_and_last) == "every month on the last Friday"


@pytest.mark.unit
@settings(max_examples=60, deadline=None)
@given(
    start=st.dates(date(2020, 1, 1), date(2030, 12, 31)),
    kind=st.sampled_from(sorted(KINDS)),
    count=st.one_of(st.none(), st.integers(2, 30)),
)
def test_other_programs_read_the_same_days(start, kind, count):
    """Differential: `recurring_ical_events`, which calendars are read with."""
    rule = rule_of(Repeats(kind, count=count), start=start)
    event = icalendar.Event()
    event.add("uid", "x")
    event.add("dtstart", start)
    event.add("rrule", icalendar.vRecur.from_ical(rule))
    calendar = icalendar.Calendar()
    calendar.add_component(event)
    last = start + timedelta(days=800)
    theirs = [e["DTSTART"].dt for e in recurring_ical_events.of(calendar).between(start, last + timedelta(days=1))]
    assert [day for day in days_of(rule, start) if day <= last] == sorted(theirs)


@pytest.mark.unit
@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("every friday", "is no part of a rule"),
        ("FREQ=HOURLY", "a rule begins with FREQ=DAILY"),
        ("FREQ=WEEKLY;BYMONTHDAY=3", "BYMONTHDAY does not go with FREQ=WEEKLY"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "no such day"),
        ("FREQ=YEARLY;BYDAY=4FR", "needs its month"),
        ("FREQ=DAILY;COUNT=1001", "from 1 to 1,000"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20270101", "not both"),
        ("FREQ=DAILY;UNTIL=soon", "UNTIL is a day"),
        ("FREQ=MONTHLY;BYDAY=9FR", "BYDAY takes days"),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13;BYSETPOS=5", "BYSETPOS goes with weekdays"),
        ("FREQ=DAILY;FREQ=DAILY", "comes twice"),
    ],
)
def test_what_is_no_rule_is_refused_in_words(rule, words):
    with pytest.raises(ValueError, match=words):
        canonical_rule(rule)


@pytest.mark.unit
def test_no_rule_takes_long():
    """Those that never come true are the slow ones; and no rule gives more than a thousand days."""
    hard = ("FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=30", "FREQ=MONTHLY;INTERVAL=120;BYDAY=FR;BYSETPOS=5", "FREQ=DAILY")
    begun = time.perf_counter()
    assert max(len(days_of(canonical_rule(rule), date(2027, 2, 1))) for rule in hard) == 1000
    assert time.perf_counter() - begun < 5


@pytest.mark.unit
def test_occurrences_exceptions_and_what_they_touch():
    moved = {"on": "2027-11-26", "starts_on": "2027-11-22", "ends_on": "2027-11-29", "name": "A longer one"}
    fields = yearly(
        exdates=["2028-11-24"], overrides=[moved], recurrence="RRULE:FREQ=YEARLY;BYDAY=4FR;BYMONTH=11;COUNT=4"
    )
    found = dict(occurrences_of(fields))
    assert list(found) == [FOURTH_FRIDAYS[0], FOURTH_FRIDAYS[1], FOURTH_FRIDAYS[3]]
    assert found[FOURTH_FRIDAYS[1]].name == "A longer one"
    assert (found[FOURTH_FRIDAYS[3]].name, found[FOURTH_FRIDAYS[3]].ends_on) == ("Our sale", date(2029, 11, 26))
    assert touched(fields) == (FRIDAY, date(2029, 11, 26))
    assert EventFields.model_validate_json(fields.model_dump_json()) == fields


@pytest.mark.unit
@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"recurrence": "", "exdates": ["2026-11-27"]}, "belong to an event that repeats"),
        ({"overrides": [{"on": "2027-11-26", "ends_on": "2027-11-01"}]}, "comes before"),
        ({"overrides": [{"on": "2027-11-26"}, {"on": "2027-11-26"}]}, "a day twice"),
    ],
)
def test_exceptions_that_make_no_sense(more, words):
    with pytest.raises(ValueError, match=words):
        yearly(**more)


@pytest.mark.unit
def test_where_two_occurrences_meet_the_day_counts_once():
    fields = yearly(recurrence="FREQ=DAILY;COUNT=3")
    frame = pl.DataFrame({"date": [FRIDAY + timedelta(days=1)]})
    events = [DatedEvent("e", each, on) for on, each in occurrences_of(fields)]
    row = event_columns(frame, events=events).to_dicts()[0]
    assert (row["events"], row["event_impact"]) == ('["e"]', 0.75)


@pytest.mark.unit
@pytest.mark.parametrize("day", [date.min, date(1, 3, 1), date(9990, 1, 1), date.max])
def test_at_the_ends_of_time(day):
    """Refused or kept, never a crash."""
    for kind in KINDS:
        rule = rule_of(Repeats(kind, until=date.max), start=day)
        fields = EventFields(name="Odd", starts_on=day, ends_on=day, recurrence=rule, overrides=[{"on": date.max}])
        assert occurrences_of(fields)[0][0] == day
        assert kind_of(canonical_rule(rule), start=day).kind == kind
    assert canonical_rule("FREQ=DAILY;UNTIL=00010203") == "FREQ=DAILY;UNTIL=00010203"


# Changed by hand.


def shown(work, first=date(2026, 1, 1), last=date(2030, 12, 31)):
    return [
        (each.fields.starts_on, each.fields.ends_on, each.fields.name)
        for _, each in service.list_occurrences(work, first=first, last=last)
    ]


def test_the_days_of_every_occurrence_know_the_event(work):
    event = service.create_event(work, fields=yearly())
    refresh_days(work, calendar_id=event.calendar_id)
    for first in FOURTH_FRIDAYS:
        days = service.days(work, first=first - timedelta(days=1), last=first).frame
        assert days["events"].to_list() == ["[]", f'["{event.id}"]']
        assert days["event_impact"].to_list() == [0.0, 0.75]


def test_one_occurrence_moves_alone_and_comes_back(work):
    event = service.create_event(work, fields=yearly(recurrence="FREQ=YEARLY;BYMONTH=11;BYDAY=4FR;COUNT=3"))
    changes = {"starts_on": date(2027, 11, 22), "ends_on": date(2027, 11, 29)}
    service.change_occurrence(work, event_id=event.id, on=FOURTH_FRIDAYS[1], changes=changes, row_version=1)
    assert [(first, last) for first, last, _ in shown(work)] == [
        (date(2026, 11, 27), date(2026, 11, 30)), (date(2027, 11, 22), date(2027, 11, 29)),
        (date(2028, 11, 24), date(2028, 11, 27)),
    ]  # fmt: skip
    with pytest.raises(EventChangedError):
        service.change_occurrence(work, event_id=event.id, on=FRIDAY, changes=changes, row_version=1)
    back = {"starts_on": FOURTH_FRIDAYS[1], "ends_on": FOURTH_FRIDAYS[1] + timedelta(days=3)}
    service.change_occurrence(work, event_id=event.id, on=FOURTH_FRIDAYS[1], changes=back)
    assert fields_of(event).overrides == ()
    service.undo_event(work, event_id=event.id)
    assert shown(work)[1][0] == date(2027, 11, 22)


def test_one_occurrence_is_left_out(work):
    event = service.create_event(work, fields=yearly())
    service.leave_out(work, event_id=event.id, on=FOURTH_FRIDAYS[1])
    assert [first for first, _, _ in shown(work)] == [FOURTH_FRIDAYS[0], *FOURTH_FRIDAYS[2:], date(2030, 11, 22)]
    assert list(service.list_events(work, first=date(2027, 1, 1), last=date(2027, 12, 31))) == []
    service.undo_event(work, event_id=event.id)
    assert len(shown(work)) == 5


def test_all_move_with_one_and_exceptions_stay_with_their_occurrence(work):
    event = service.create_event(work, fields=yearly(exdates=["2028-11-24"]))
    service.change_occurrence(work, event_id=event.id, on=FOURTH_FRIDAYS[3], changes={"name": "Jubilee"})
    to = FOURTH_FRIDAYS[1] - timedelta(days=1)
    changes = {"starts_on": to, "ends_on": to + timedelta(days=1), "impact": "critical"}
    service.change_series(work, event_id=event.id, on=FOURTH_FRIDAYS[1], changes=changes)
    fields = fields_of(event)
    assert (fields.recurrence, fields.impact) == ("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", "critical")
    assert [(first, name) for first, _, name in shown(work, last=date(2029, 12, 31))] == [
        (date(2026, 11, 26), "Our sale"), (date(2027, 11, 25), "Our sale"), (date(2029, 11, 22), "Jubilee"),
    ]  # fmt: skip


def test_what_does_not_work_is_refused_in_words(work):
    event = service.create_event(work, fields=yearly(recurrence="FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-1"))
    known = days_of(event.recurrence, FRIDAY)[1]
    assert kind_of(event.recurrence, start=FRIDAY).kind == OWN
    moved = {"starts_on": known + timedelta(days=1), "ends_on": known + timedelta(days=1)}
    with pytest.raises(EventError, match="rule of its own"):
        service.change_series(work, event_id=event.id, on=known, changes=moved)
    with pytest.raises(EventError, match="nearest one is"):
        service.leave_out(work, event_id=event.id, on=date(2027, 1, 1))
    fine = service.create_event(work, fields=yearly())
    nowhere = {"starts_on": date.min, "ends_on": date.min}
    with pytest.raises(EventError, match="beyond the days"):
        service.change_series(work, event_id=fine.id, on=FOURTH_FRIDAYS[1], changes=nowhere)
    with pytest.raises(EventError, match="cannot differ"):
        service.change_occurrence(work, event_id=event.id, on=known, changes={"owner": "Ada"})


def test_another_rule_drops_the_exceptions_of_the_old_one(work):
    event = service.create_event(work, fields=yearly(exdates=["2028-11-24"]))
    service.change_event(work, event_id=event.id, changes={"recurrence": ""})
    assert (fields_of(event).exdates, event.shows_to) == ((), None)


def test_moved_rules():
    assert moved_rule("FREQ=WEEKLY;UNTIL=20270101", start=FRIDAY, to=FRIDAY + timedelta(days=1)) == (
        "FREQ=WEEKLY;UNTIL=20270102"
    )


# Over HTTP.

PLAIN = {"name": "Newsletter", "start": "2026-06-02", "end": "2026-06-02", "recurrence": "FREQ=WEEKLY;COUNT=5"}
JUNE = {"start": "2026-06-01", "end": "2026-06-30"}


def test_occurrences_over_the_api(client):
    made = client.post("/api/v1/calendar/events", json=PLAIN).json()
    once = client.get("/api/v1/calendar/events", params=JUNE).json()["events"]
    assert [(event["starts_on"], event["recurrence"]) for event in once] == [("2026-06-02", "FREQ=WEEKLY;COUNT=5")]
    address = f"/api/v1/calendar/events/{made['id']}/occurrences"
    moved = client.patch(f"{address}/2026-06-09", json={"start": "2026-06-10", "end": "2026-06-11"})
    assert moved.json()["overrides"] == [{"on": "2026-06-09", "starts_on": "2026-06-10", "ends_on": "2026-06-11"}]
    assert client.delete(f"{address}/2026-06-16").json()["exdates"] == ["2026-06-16"]
    each = client.get("/api/v1/calendar/events", params=JUNE | {"expand": "true"}).json()["events"]
    assert [(event["occurrence_on"], event["starts_on"]) for event in each] == [
        ("2026-06-02", "2026-06-02"), ("2026-06-09", "2026-06-10"), ("2026-06-23", "2026-06-23"),
        ("2026-06-30", "2026-06-30"),
    ]  # fmt: skip
    refused = client.post("/api/v1/calendar/events", json=PLAIN | {"recurrence": "FREQ=HOURLY"})
    assert (refused.status_code, "FREQ=DAILY" in refused.text) == (422, True)


def test_the_same_repeating_event_sent_again_changes_nothing(client):
    body = {"source": "crm", "events": [PLAIN | {"key": "n"}]}
    assert client.put("/api/v1/calendar/events", json=body).json()["created"] == 1
    assert client.put("/api/v1/calendar/events", json=body).json()["unchanged"] == 1


@pytest.mark.parametrize("times", [{}, {"start_time": "09:00", "end_time": "10:00", "zone": "Europe/Berlin"}])
def test_other_calendars_are_told_every_occurrence(client, times):
    """Differential: what another program expands from our file is what we show."""
    body = PLAIN | times | {"recurrence": "FREQ=WEEKLY;UNTIL=20260630", "exdates": ["2026-06-16"]}
    moved = {"on": "2026-06-09", "starts_on": "2026-06-10", "ends_on": "2026-06-10", "name": "Late one"}
    client.post("/api/v1/calendar/events", json=body | {"overrides": [moved]}).raise_for_status()
    file = client.get("/api/v1/calendar/events.ics", params={"from": "2026-06-01", "to": "2026-06-30"}).content
    found = recurring_ical_events.of(icalendar.Calendar.from_ical(file)).between(date(2026, 6, 1), date(2026, 7, 30))
    assert sorted((str(event["DTSTART"].dt)[:10], str(event["SUMMARY"])) for event in found) == [
        ("2026-06-02", "Newsletter"), ("2026-06-10", "Late one"), ("2026-06-23", "Newsletter"),
        ("2026-06-30", "Newsletter"),
    ]  # fmt: skip
