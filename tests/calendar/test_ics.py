"""Single points of RFC 5545 on which calendar programs differ, and what must come of each."""

from datetime import date

import pytest
from calendar_files import CRLF, days, only, read, vcalendar, vevent

from kalends.base.reading import EmptyPayloadError
from kalends.calendar.moments import moment_dates
from kalends.calendar.reading.ics import NotACalendarError

pytestmark = pytest.mark.unit


def one(*lines, **more):
    return only(read(vcalendar(vevent(*lines)), **more))


def span(entry):
    return entry.fields["starts_on"], entry.fields["ends_on"]


def times(entry):
    return tuple(entry.fields.get(name) for name in ("start_time", "end_time", "zone"))


@pytest.mark.parametrize(
    ("end", "last"),
    [
        ((), "2026-11-27"),
        (("DTEND;VALUE=DATE:20261128",), "2026-11-27"),
        (("DTEND;VALUE=DATE:20261201",), "2026-11-30"),
        (("DURATION:P1D",), "2026-11-27"),
        (("DURATION:P4D",), "2026-11-30"),
    ],
)
def test_the_end_of_days_is_the_day_after_the_last(end, last):
    entry, fate = one("DTSTART;VALUE=DATE:20261127", *end)
    assert span(entry) == ("2026-11-27", last)
    assert times(entry) == (None, None, None)
    assert (fate.outcome, fate.reasons, fate.name) == ("kept", (), "Launch")


def test_an_end_on_the_first_day_is_one_day_and_told():
    entry, fate = one("DTSTART;VALUE=DATE:20261127", "DTEND;VALUE=DATE:20261127")
    assert span(entry) == ("2026-11-27", "2026-11-27")
    assert fate.outcome == "mended"
    assert "one day" in fate.reasons[0]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("DTSTART;VALUE=DATE:20261127", "DTEND;VALUE=DATE:20261126"),
        ("DTSTART;VALUE=DATE:20261127", "DTEND;VALUE=DATE:20261101"),
        ("DTSTART:20261127T120000", "DTEND:20261127T115959"),
        ("DTSTART:20261127T120000", "DTEND:20261126T130000"),
    ],
)
def test_an_end_before_the_start_is_refused(start, end):
    reading = read(vcalendar(vevent(start, end), vevent("DTSTART;VALUE=DATE:20261127", uid="good")))
    assert [fate.outcome for fate in reading.fates] == ["refused", "kept"]
    assert "before it begins (2026-11-27" in reading.fates[0].reasons[0]
    assert [entry.key for entry in reading.entries] == ["good"]


def test_a_windows_zone_without_its_definition():
    entry, fate = one(
        "DTSTART;TZID=Pacific Standard Time:20261127T090000", "DTEND;TZID=Pacific Standard Time:20261127T170000"
    )
    assert times(entry) == ("09:00:00", "17:00:00", "America/Los_Angeles")
    assert fate.outcome == "kept"


def test_a_zone_that_nobody_knows_is_the_calendars_and_told():
    entry, fate = one(
        "DTSTART;TZID=Customized Time Zone:20261127T090000", "DTEND;TZID=Customized Time Zone:20261127T170000"
    )
    assert times(entry) == ("09:00:00", "17:00:00", "Europe/Berlin")
    assert fate.outcome == "mended"
    assert fate.reasons == ("The time zone 'Customized Time Zone' is unknown; its times were read as Europe/Berlin.",)


@pytest.mark.parametrize(
    ("start", "exdate"),
    [
        ("DTSTART;VALUE=DATE:20261102", "EXDATE:20261109T000000"),
        ("DTSTART;VALUE=DATE:20261102", "EXDATE;TZID=W. Europe Standard Time:20261109T000000"),
        ("DTSTART;VALUE=DATE:20261102", "EXDATE;VALUE=DATE:20261109"),
        ("DTSTART;TZID=Europe/Berlin:20261102T200000", "EXDATE;VALUE=DATE:20261109"),
        ("DTSTART;TZID=Europe/Berlin:20261102T200000", "EXDATE;TZID=Europe/Berlin:20261109T200000"),
        ("DTSTART;TZID=Europe/Berlin:20261102T200000", "EXDATE:20261109T190000Z"),
    ],
)
def test_a_day_taken_out_of_a_series_whatever_its_kind(start, exdate):
    reading = read(vcalendar(vevent(start, "RRULE:FREQ=WEEKLY;COUNT=4", exdate)))
    assert [first for first, _ in days(reading)] == ["2026-11-02", "2026-11-16", "2026-11-23"]


def test_until_as_a_day_keeps_the_last_evening():
    lines = "DTSTART;TZID=America/New_York:20261124T200000", "DTEND;TZID=America/New_York:20261124T220000"
    reading = read(vcalendar(vevent(*lines, "RRULE:FREQ=DAILY;UNTIL=20261127")))
    assert [first for first, _ in days(reading)] == ["2026-11-24", "2026-11-25", "2026-11-26", "2026-11-27"]
    [fate] = reading.fates
    assert (fate.outcome, fate.entries) == ("mended", 4)
    assert "UNTIL was a day" in fate.reasons[0]


@pytest.mark.parametrize(
    ("start", "until", "last"),
    [
        ("DTSTART;TZID=America/New_York:20261124T200000", "20261128T010000Z", "2026-11-27"),  # 20:00 on the 27th
        ("DTSTART;TZID=America/New_York:20261124T200000", "20261128T005959Z", "2026-11-26"),
        ("DTSTART;TZID=America/New_York:20261124T200000", "20261127T200000", "2026-11-27"),
        ("DTSTART:20261124T200000", "20261127T190000Z", "2026-11-27"),  # floating: Berlin's 20:00
        ("DTSTART:20261124T200000", "20261127T185959Z", "2026-11-26"),
        ("DTSTART;VALUE=DATE:20261124", "20261127", "2026-11-27"),
        ("DTSTART;VALUE=DATE:20261124", "20261127T235959Z", "2026-11-27"),
        ("DTSTART;TZID=America/New_York:20261124T200000", "99991231T235959Z", "2028-12-31"),
        ("DTSTART;TZID=America/New_York:20261124T200000", "99991231", "2028-12-31"),
        ("DTSTART;TZID=Asia/Tokyo:20261124T200000", "45010101", "2028-12-31"),
    ],
)
def test_until_of_every_kind(start, until, last):
    reading = read(vcalendar(vevent(start, f"RRULE:FREQ=DAILY;UNTIL={until}")))
    assert days(reading)[-1][0] == last


def test_a_time_that_the_clocks_leap_over_keeps_its_day():
    lines = "DTSTART;TZID=Europe/Berlin:20260328T023000", "DTEND;TZID=Europe/Berlin:20260328T033000"
    reading = read(vcalendar(vevent(*lines, "RRULE:FREQ=DAILY;COUNT=3")))
    assert days(reading) == [(day, day) for day in ("2026-03-28", "2026-03-29", "2026-03-30")]
    assert {times(entry)[0] for entry in reading.entries} == {"02:30:00"}


def test_an_hour_that_comes_twice_has_a_length():
    entry, fate = one("DTSTART:20261025T003000Z", "DTEND:20261025T011500Z")
    assert times(entry) == ("02:30:00", "03:15:00", "Europe/Berlin")
    assert "clocks go back" in fate.reasons[0]


SERIES = ("DTSTART;TZID=Europe/Berlin:20261102T100000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=4")


def test_a_moved_occurrence_keeps_the_key_of_its_day():
    moved = vevent("RECURRENCE-ID;TZID=Europe/Berlin:20261109T100000", "DTSTART;TZID=Europe/Berlin:20261111T150000")
    reading = read(vcalendar(vevent(*SERIES), moved))
    found = {entry.key: entry.fields["starts_on"] for entry in reading.entries}
    assert found == {
        "e1@2026-11-02": "2026-11-02",
        "e1@2026-11-09": "2026-11-11",
        "e1@2026-11-16": "2026-11-16",
        "e1@2026-11-23": "2026-11-23",
    }
    assert [fate.entries for fate in reading.fates] == [4, 0]


def test_a_move_that_is_told_in_utc_keeps_the_key_of_the_local_day():
    start = "DTSTART;TZID=America/New_York:20261102T203000"
    moved = vevent("RECURRENCE-ID:20261110T013000Z", "DTSTART;TZID=America/New_York:20261111T150000")
    reading = read(vcalendar(vevent(start, "RRULE:FREQ=WEEKLY;COUNT=2"), moved))
    found = {entry.key: entry.fields["starts_on"] for entry in reading.entries}
    assert found == {"e1@2026-11-02": "2026-11-02", "e1@2026-11-09": "2026-11-11"}


def test_this_and_future():
    later = vevent(
        "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20261116T100000",
        "DTSTART;TZID=Europe/Berlin:20261117T140000",
        "DURATION:PT2H",
        summary="Launch, later",
    )
    reading = read(vcalendar(vevent(*SERIES), later))
    assert [first for first, _ in days(reading)] == ["2026-11-02", "2026-11-09", "2026-11-17", "2026-11-24"]
    assert [entry.fields["name"] for entry in reading.entries][2:] == ["Launch, later", "Launch, later"]


def test_a_moved_occurrence_that_is_wrong_costs_itself_only():
    wrong = vevent(
        "RECURRENCE-ID;TZID=Europe/Berlin:20261109T100000", "DTSTART:20261111T150000", "DTEND:20261110T150000"
    )
    reading = read(vcalendar(vevent(*SERIES), wrong))
    assert [first for first, _ in days(reading)] == ["2026-11-02", "2026-11-09", "2026-11-16", "2026-11-23"]
    assert [fate.outcome for fate in reading.fates] == ["kept", "refused"]


def test_a_changed_occurrence_without_its_series_stands_for_itself():
    alone = vevent("RECURRENCE-ID;VALUE=DATE:20261109", "DTSTART;VALUE=DATE:20261111")
    entry, fate = only(read(vcalendar(alone)))
    assert (entry.key, span(entry), fate.entries) == ("e1@2026-11-09", ("2026-11-11", "2026-11-11"), 1)


@pytest.mark.parametrize("status", ["CANCELLED", "cancelled", " Cancelled "])
def test_a_cancelled_event_stays_and_says_so(status):
    entry, fate = one("DTSTART;VALUE=DATE:20261127", f"STATUS:{status}")
    assert entry.fields["status"] == "cancelled"
    assert fate.outcome == "kept"


def test_a_cancelled_occurrence_says_so_alone():
    gone = vevent("RECURRENCE-ID;TZID=Europe/Berlin:20261109T100000", "DTSTART:20261109T100000", "STATUS:CANCELLED")
    reading = read(vcalendar(vevent(*SERIES), gone))
    said = {entry.key: entry.fields.get("status") for entry in reading.entries}
    assert said == {f"e1@2026-11-{day}": "cancelled" if day == "09" else None for day in ("02", "09", "16", "23")}


def test_what_is_not_said_is_no_claim():
    entry, _ = one("DTSTART;VALUE=DATE:20261127")
    assert set(entry.fields) == {"name", "starts_on", "ends_on", "type"}  # "Launch" says the type


def test_two_events_of_one_uid_are_both_kept_and_told():
    first = vevent("DTSTART;VALUE=DATE:20261127", summary="Black Friday")
    second = vevent("DTSTART;VALUE=DATE:20261224", summary="Christmas Eve")
    for order in ((first, second), (second, first)):
        reading = read(vcalendar(*order))
        assert {entry.key: entry.fields["name"] for entry in reading.entries} == {
            "e1": "Black Friday",
            "e1#2": "Christmas Eve",
        }
        assert [fate.outcome for fate in reading.fates] == ["kept", "mended"]
        assert reading.fates[1].reasons == ("Another event has the same UID; both were kept.",)


def test_an_event_without_a_uid_has_the_same_key_each_time():
    content = vcalendar(vevent("DTSTART;VALUE=DATE:20261127").replace("UID:e1\r\n", ""))
    keys = {only(read(content))[0].key for _ in range(2)}
    assert len(keys) == 1
    assert keys.pop().startswith("no-uid-")
    assert "no UID" in only(read(content))[1].reasons[0]


@pytest.mark.parametrize("rule", ["FREQ=YEARLY", "FREQ=YEARLY;BYMONTH=2"])
def test_the_29th_of_february_comes_in_leap_years_and_this_is_told(rule):
    reading = read(vcalendar(vevent("DTSTART;VALUE=DATE:20240229", f"RRULE:{rule}")), last=date(2033, 1, 1))
    assert [first for first, _ in days(reading)] == ["2024-02-29", "2028-02-29", "2032-02-29"]
    assert reading.fates[0].reasons == ("It repeats on 29 February: in leap years only.",)


def test_black_friday_as_a_rule_agrees_with_the_moments():
    rule = "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=FR;BYMONTHDAY=23,24,25,26,27,28,29"
    start = "DTSTART;VALUE=DATE:20151127"
    found = read(vcalendar(vevent(start, rule)), first=date(2015, 1, 1), last=date(2028, 12, 31))
    told = [moment_dates(code="black_friday", country="US", year=year)[0][0][0] for year in range(2015, 2029)]
    assert [first for first, _ in days(found)] == [day.isoformat() for day in told]
    assert found.fates[0].outcome == "kept"


def test_the_fourth_friday_is_not_black_friday_when_november_begins_on_one():
    fourth = read(
        vcalendar(vevent("DTSTART;VALUE=DATE:20151127", "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4FR")),
        first=date(2015, 1, 1),
    )
    told = {
        moment_dates(code="black_friday", country="US", year=year)[0][0][0].isoformat() for year in range(2015, 2029)
    }
    assert {first[:4] for first, _ in days(fourth) if first not in told} == {"2019", "2024"}


# What has no place in a marketing calendar, or none in time.


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("FREQ=SECONDLY", "It repeats secondly"),
        ("FREQ=HOURLY;COUNT=3", "It repeats hourly"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL must be 1 or more."),
        ("FREQ=DAILY;BYMONTH=13", "BYMONTH"),
        ("FREQ=SOMETIMES", "RRULE could not be read"),
        ("COUNT=3", "Its RRULE has no FREQ"),
        ("FREQ=DAILY;BYWEEKNO=60", "BYWEEKNO goes with FREQ=YEARLY, not with DAILY."),
        ("FREQ=DAILY;INTERVAL=2;BYMONTHDAY=31", "BYMONTHDAY goes with FREQ=MONTHLY or YEARLY, not with DAILY."),
        ("FREQ=DAILY;BYSETPOS=2", "BYSETPOS"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1,2,3,4,-1,-2", "BYSETPOS has more than 5 values."),
        (
            f"FREQ=DAILY;BYHOUR={','.join(map(str, range(24)))};BYMINUTE={','.join(map(str, range(60)))}",
            "1440 times a day",
        ),
        ("FREQ=DAILY;UNTIL=tomorrow", "RRULE could not be read"),
    ],
)
def test_rules_that_are_refused(rule, reason):
    reading = read(
        vcalendar(vevent("DTSTART:20260102T100000", f"RRULE:{rule}"), vevent("DTSTART:20260102", uid="good"))
    )
    assert [fate.outcome for fate in reading.fates] == ["refused", "kept"]
    assert reason in reading.fates[0].reasons[0]


def test_a_rule_from_before_time_is_refused_and_outlooks_first_year_is_not():
    rule = "RRULE:FREQ=DAILY;BYDAY=MO"
    assert read(vcalendar(vevent("DTSTART;VALUE=DATE:00010101", rule))).fates[0].outcome == "refused"
    birthday = read(vcalendar(vevent("DTSTART;VALUE=DATE:16040510", "RRULE:FREQ=YEARLY")))
    assert [first for first, _ in days(birthday)] == [f"{year}-05-10" for year in range(2024, 2029)]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30,31",
        "FREQ=MONTHLY;BYMONTH=4,6;BYMONTHDAY=-31",
        "FREQ=MONTHLY;BYDAY=6MO,-7TU",
        "FREQ=DAILY;INTERVAL=14;BYDAY=TU",
        "FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS=3",
    ],
)
def test_a_rule_that_never_comes_true_is_its_first_day_and_told(rule):
    reading = read(vcalendar(vevent("DTSTART;VALUE=DATE:20260105", f"RRULE:{rule}")))
    assert days(reading) == [("2026-01-05", "2026-01-05")]
    assert reading.fates[0].reasons == ("Its rule never comes true; it was read as happening once.",)


@pytest.mark.parametrize(
    ("rule", "second"),
    [
        ("FREQ=YEARLY;BYMONTH=2,3;BYMONTHDAY=31", "2026-03-31"),
        ("FREQ=MONTHLY;BYDAY=5MO", "2026-03-30"),
        ("FREQ=YEARLY;BYDAY=20MO", "2026-05-18"),
        ("FREQ=DAILY;INTERVAL=14;BYDAY=MO", "2026-01-19"),
        ("FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS=2", "2026-01-06"),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "2026-01-30"),
    ],
)
def test_a_rule_that_comes_true_seldom(rule, second):
    assert days(read(vcalendar(vevent("DTSTART;VALUE=DATE:20260105", f"RRULE:{rule}"))))[1] == (second, second)


def test_daily_on_days_of_the_month_is_what_monthly_is():
    rules = ("FREQ=DAILY;BYMONTHDAY=13;BYDAY=FR", "FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR")
    found = [days(read(vcalendar(vevent("DTSTART;VALUE=DATE:20260213", f"RRULE:{rule}")))) for rule in rules]
    assert [first for first, _ in found[0]][:3] == ["2026-02-13", "2026-03-13", "2026-11-13"]
    assert found[0] == found[1]


def test_a_daily_habit_is_cut_after_a_thousand_days_and_told():
    reading = read(vcalendar(vevent("DTSTART;VALUE=DATE:20240101", "RRULE:FREQ=DAILY;COUNT=1000000000")))
    assert len(reading.entries) == 1000
    assert "more than 1,000 times" in reading.fates[0].reasons[0]


def test_a_series_that_is_over_is_told():
    reading = read(vcalendar(vevent("DTSTART;VALUE=DATE:20100101", "RRULE:FREQ=YEARLY;COUNT=3")))
    assert (reading.entries, reading.fates[0].entries) == ([], 0)
    assert reading.fates[0].reasons == ("It does not happen between 2024-01-01 and 2028-12-31.",)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ((), "It has no DTSTART"),
        (("DTSTART:tomorrow",), "DTSTART"),
        (("DTSTART;VALUE=DATE:20260230",), "DTSTART"),
        (("DTSTART;VALUE=DATE:20260101", "DTEND;VALUE=DATE:20261332"), "DTEND could not be read"),
        (("DTSTART;VALUE=DATE:20260101", "DURATION:a while"), "DURATION could not be read"),
        (("DTSTART;VALUE=DATE:20260101", "RRULE:FREQ=DAILY;COUNT=2", "EXDATE:never"), "EXDATE could not be read"),
        (("DTSTART;VALUE=DATE:99991231", "DURATION:P9999999D"), "could not be worked out"),
        (("DTSTART;VALUE=DATE:20260101", "DTEND;VALUE=DATE:20460101"), "at most 3660 days"),
        (("DTSTART;VALUE=DATE:20260101", "RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY"), "several RRULEs"),
    ],
)
def test_events_that_are_refused(lines, reason):
    reading = read(vcalendar(vevent(*lines), vevent("DTSTART;VALUE=DATE:20261127", uid="good")))
    assert [(fate.outcome, fate.name) for fate in reading.fates] == [("refused", "Launch"), ("kept", "Launch")]
    assert reason in reading.fates[0].reasons[0]
    assert [entry.key for entry in reading.entries] == ["good"]


# The parts of a damaged file.


def test_an_event_without_its_end_costs_nobody_else():
    open_ = vevent("DTSTART;VALUE=DATE:20261127").replace("END:VEVENT\r\n", "")
    reading = read(vcalendar(open_, vevent("DTSTART;VALUE=DATE:20261128", uid="e2")))
    assert [fate.outcome for fate in reading.fates] == ["mended", "kept"]
    assert len(reading.entries) == 2


def test_a_file_that_is_cut_off_keeps_what_it_has():
    whole = vcalendar(*(vevent(f"DTSTART;VALUE=DATE:202611{day}", uid=f"e{day}") for day in range(10, 20)))
    cut = whole[: whole.index("UID:e19") + 9]
    reading = read(cut)
    assert len(reading.entries) == 9
    assert [fate.outcome for fate in reading.fates] == ["kept"] * 9 + ["refused"]


def test_an_event_without_its_beginning_is_told():
    headless = vevent("DTSTART;VALUE=DATE:20261127").replace("BEGIN:VEVENT\r\n", "")
    reading = read(vcalendar(headless, vevent("DTSTART;VALUE=DATE:20261128", uid="e2")))
    assert [fate.outcome for fate in reading.fates] == ["refused", "kept"]
    assert "BEGIN:VEVENT is missing" in reading.fates[0].reasons[0]
    assert reading.fates[0].where == "line 7"


@pytest.mark.parametrize("missing", ["BEGIN:VALARM", "END:VALARM"])
def test_an_alarm_without_one_of_its_ends(missing):
    alarm = "BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT10M", "END:VALARM"
    own = ("DTSTART;VALUE=DATE:20261127",)
    event = vevent(*(own + alarm if missing.startswith("END") else alarm + own)).replace(missing + CRLF, "")
    reading = read(vcalendar(event, vevent("DTSTART;VALUE=DATE:20261128", uid="e2")))
    assert [fate.outcome for fate in reading.fates] == ["mended", "kept"]
    assert days(reading) == [("2026-11-27", "2026-11-27"), ("2026-11-28", "2026-11-28")]


def test_a_text_too_long_is_cut_and_told():
    entry, fate = one("DTSTART;VALUE=DATE:20261127", f"DESCRIPTION:{'a' * 30_000}")
    assert len(entry.fields["description"]) == 20_000
    assert fate.reasons == ("Its description was cut after 20,000 characters.",)
    long_name = read(vcalendar(vevent("DTSTART;VALUE=DATE:20261127", summary="n" * 400, uid="u" * 9_000)))
    entry, fate = only(long_name)
    assert (len(entry.fields["name"]), len(entry.key)) == (300, 133)
    assert fate.reasons == ("Its name was cut after 300 characters.",)


@pytest.mark.parametrize("content", [b"", b" \r\n\r\n"])
def test_an_empty_file(content):
    with pytest.raises(EmptyPayloadError):
        read(content)


@pytest.mark.parametrize("content", [b"name,start\nLaunch,2026-11-27\n", b"<html>Sign in</html>", b"\x89PNG\r\n\x1a\n"])
def test_a_file_that_is_no_calendar(content):
    with pytest.raises(NotACalendarError):
        read(content)


def test_a_calendar_without_events_is_empty_and_no_error():
    reading = read(vcalendar())
    assert (reading.entries, reading.fates) == ([], [])
