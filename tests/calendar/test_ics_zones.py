"""Time zones of calendar files: described by rules, named in many ways, unknown, or said by the header alone."""

import pytest
from calendar_files import CRLF, only, read, vcalendar, vevent

pytestmark = pytest.mark.unit

KEPT = ("kept", ())
CUSTOM = """BEGIN:VTIMEZONE
TZID:Customized Time Zone
BEGIN:STANDARD
DTSTART:16010101T{fall}
TZOFFSETFROM:{summer}
TZOFFSETTO:{winter}
RRULE:FREQ=YEARLY;{fall_rule}
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T{spring}
TZOFFSETFROM:{winter}
TZOFFSETTO:{summer}
RRULE:FREQ=YEARLY;{spring_rule}
END:DAYLIGHT
END:VTIMEZONE
""".replace("\n", CRLF)
EUROPE = {
    "fall": "030000", "spring": "020000", "summer": "+0200", "winter": "+0100",
    "fall_rule": "BYDAY=-1SU;BYMONTH=10", "spring_rule": "BYDAY=-1SU;BYMONTH=3",
}  # fmt: skip
AMERICA = {
    "fall": "020000", "spring": "020000", "summer": "-0700", "winter": "-0800",
    "fall_rule": "BYDAY=1SU;BYMONTH=11", "spring_rule": "BYDAY=2SU;BYMONTH=3",
}  # fmt: skip
SYDNEY = {
    "fall": "030000", "spring": "020000", "summer": "+1100", "winter": "+1000",
    "fall_rule": "BYDAY=1SU;BYMONTH=4", "spring_rule": "BYDAY=1SU;BYMONTH=10",
}  # fmt: skip
NOWHERE = EUROPE | {"summer": "+0217", "winter": "+0117"}
MEETING = vevent("DTSTART;TZID=Customized Time Zone:20261127T090000", "DTEND;TZID=Customized Time Zone:20261127T100000")


@pytest.mark.parametrize(
    ("rules", "own", "zone"),
    [
        (EUROPE, "Europe/Paris", "Europe/Paris"),  # of the zones with these hours, the calendar's
        (EUROPE, "America/New_York", "Europe/Budapest"),  # else the first of those that Windows knows
        (AMERICA, "Europe/Berlin", "America/Los_Angeles"),
        (SYDNEY, "Europe/Berlin", "Australia/Sydney"),
    ],
)
def test_exchanges_customized_zone_is_told_by_its_hours(rules, own, zone):
    entry, fate = only(read(vcalendar(CUSTOM.format(**rules), MEETING), zone=own))
    assert (entry.fields["start_time"], entry.fields["zone"]) == ("09:00:00", zone)
    assert (fate.outcome, fate.reasons) == KEPT


@pytest.mark.parametrize("year", ["0001", "1601", "1883", "1970", "2007", "2024"])
def test_a_zone_may_begin_whenever_it_likes(year):
    zone = CUSTOM.format(**AMERICA).replace("1601", year)
    assert only(read(vcalendar(zone, MEETING)))[0].fields["zone"] == "America/Los_Angeles"


def test_a_zone_with_rules_that_ended():
    ended = CUSTOM.format(**EUROPE).replace("RRULE:FREQ=YEARLY;", "RRULE:FREQ=YEARLY;UNTIL=20071028T030000Z;")
    fixed = ["BEGIN:STANDARD", "DTSTART:20080330T020000", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0300", "END:STANDARD", ""]
    zone = ended.replace("END:VTIMEZONE", CRLF.join(fixed) + "END:VTIMEZONE")
    assert only(read(vcalendar(zone, MEETING), zone="Europe/Istanbul"))[0].fields["zone"] == "Europe/Istanbul"


def test_a_zone_with_hours_that_nobody_keeps_is_told():
    entry, fate = only(read(vcalendar(CUSTOM.format(**NOWHERE), MEETING)))
    assert (entry.fields["start_time"], entry.fields["zone"]) == ("09:00:00", "Europe/Berlin")
    assert "'Customized Time Zone' is unknown" in fate.reasons[0]


@pytest.mark.parametrize(
    "rule", ["BYDAY=1SU;BYMONTH=11;INTERVAL=0", "BYDAY=SU;BYHOUR=1,2", "BYYEARDAY=1,2,3", "BYMONTH=nothing"]
)
def test_a_zone_whose_rule_would_take_long_is_unknown(rule):
    entry, fate = only(read(vcalendar(CUSTOM.format(**EUROPE | {"fall_rule": rule}), MEETING)))
    assert entry.fields["zone"] == "Europe/Berlin"
    assert fate.outcome == "mended"
    secondly = CUSTOM.format(**EUROPE).replace("YEARLY", "SECONDLY")
    assert only(read(vcalendar(secondly, MEETING)))[1].outcome == "mended"


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("America/New_York", "America/New_York"),
        ("america/new_york", "America/New_York"),
        ("/freeassociation.sourceforge.net/Tzfile/America/New_York", "America/New_York"),
        ("/mozilla.org/20050126_1/America/New_York", "America/New_York"),
        ('"America/New_York"', "America/New_York"),
        ("Eastern Standard Time", "America/New_York"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("US/Eastern", "US/Eastern"),
        ("UTC", "Europe/Vienna"),  # the calendar's own
        ("Etc/UTC", "Europe/Vienna"),
        ("tzone://Microsoft/Utc", "Europe/Vienna"),
        ("GMT", "Europe/Vienna"),
    ],
)
def test_names_of_zones(name, zone):
    lines = f"DTSTART;TZID={name}:20261127T090000", f"DTEND;TZID={name}:20261127T100000"
    entry, fate = only(read(vcalendar(vevent(*lines)), zone="Europe/Vienna"))
    start = "10:00:00" if zone == "Europe/Vienna" else "09:00:00"
    assert (entry.fields["start_time"], entry.fields["zone"], fate.outcome) == (start, zone, "kept")


def test_outlooks_long_zone_names_with_and_without_quotes():
    name = "(UTC+01:00) Amsterdam, Berlin, Bern"
    zone = CUSTOM.format(**EUROPE).replace("Customized Time Zone", name.replace(",", "\\,"))
    for written in (f'"{name}"', name, name.replace(",", "\\,")):
        event = MEETING.replace("Customized Time Zone", written)
        entry, fate = only(read(vcalendar(zone, event)))
        assert (entry.fields["zone"], entry.fields["start_time"], fate.outcome) == ("Europe/Berlin", "09:00:00", "kept")


def test_a_header_in_utc_says_nothing_about_where_people_are():
    event = vevent("DTSTART:20261127T090000Z", "DTEND:20261127T100000Z")
    entry, _ = only(read(vcalendar(event, head="X-WR-TIMEZONE:UTC\r\n")))
    assert (entry.fields["start_time"], entry.fields["zone"]) == ("10:00:00", "Europe/Berlin")


def test_a_header_with_a_zone_that_nobody_knows_is_told():
    reading = read(vcalendar(head="X-WR-TIMEZONE:Middle Earth\r\n"))
    assert (reading.zone, reading.notes) == (None, ["The calendar's time zone 'Middle Earth' is unknown."])
