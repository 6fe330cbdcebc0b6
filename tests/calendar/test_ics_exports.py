"""Files with the habits of the programs that write most of them: Google Calendar, Outlook, Exchange, Apple, others."""

import gzip
import re

import pytest
from calendar_files import CRLF, only, read, vcalendar, vevent

from kalends.base.reading import PayloadTooLargeError
from kalends.calendar.reading import ics, icsparts

pytestmark = pytest.mark.unit


def fold(content: str) -> bytes:
    """Lines of at most 75 octets, cut wherever the 75th stands, also inside a character."""
    folded = []
    for line in content.encode().split(b"\r\n"):
        pieces = [line[:75], *(line[at : at + 74] for at in range(75, len(line), 74))]
        folded.append(b"\r\n ".join(pieces))
    return b"\r\n".join(folded)


def fates(reading, content):
    """The fates by name; there is one for each VEVENT, at the line where it begins."""
    begins = [f"line {n}" for n, line in enumerate(content.splitlines(), 1) if line.strip() == "BEGIN:VEVENT"]
    assert [fate.where for fate in reading.fates] == begins
    return {fate.name: (fate.outcome, fate.reasons) for fate in reading.fates}


KEPT = ("kept", ())
GOOGLE = """BEGIN:VCALENDAR
PRODID:-//Google Inc//Google Calendar 70.9054//EN
VERSION:2.0
CALSCALE:GREGORIAN
METHOD:PUBLISH
X-WR-CALNAME:Aurora\\, marketing
X-WR-TIMEZONE:America/New_York
X-WR-CALDESC:Launches\\nand sales
BEGIN:VTIMEZONE
TZID:America/New_York
X-LIC-LOCATION:America/New_York
BEGIN:DAYLIGHT
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
TZNAME:EDT
DTSTART:19700308T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
TZNAME:EST
DTSTART:19701101T020000
RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
DTSTART;VALUE=DATE:20261127
DTEND;VALUE=DATE:20261128
DTSTAMP:20260302T093000Z
UID:1a2b3c@google.com
CREATED:20260101T000000Z
DESCRIPTION:<b>Black&nbsp\\;Friday</b>\\, all markets\\nsee https://aurora.example/?a=1\\;b=2
LAST-MODIFIED:20260201T000000Z
LOCATION:
SEQUENCE:0
STATUS:CONFIRMED
SUMMARY:Black Friday\\; the whole range\\, 30 % off
TRANSP:TRANSPARENT
END:VEVENT
BEGIN:VEVENT
DTSTART:20261201T010000Z
DTEND:20261201T030000Z
DTSTAMP:20260302T093000Z
ORGANIZER;CN="Mira: brand, lead":mailto:mira@aurora.example
UID:4d5e6f@google.com
ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;CN="Lee;
 Jo: x";X-NUM-GUESTS=0:mailto:lee@aurora.example
X-GOOGLE-CONFERENCE:https://meet.example/abc
SUMMARY:Cyber Monday press dinner
TRANSP:OPAQUE
BEGIN:VALARM
ACTION:DISPLAY
DESCRIPTION:This is an event reminder
TRIGGER:-P0DT0H30M0S
END:VALARM
END:VEVENT
BEGIN:VEVENT
DTSTART;TZID=America/New_York:20261103T200000
DTEND;TZID=America/New_York:20261103T210000
RRULE:FREQ=WEEKLY;UNTIL=20261202T045959Z;BYDAY=TU
EXDATE;TZID=America/New_York:20261110T200000
EXDATE;TZID=America/New_York:20261124T200000
DTSTAMP:20260302T093000Z
UID:7g8h9i@google.com
SUMMARY:Newsletter
END:VEVENT
BEGIN:VEVENT
DTSTART;TZID=America/New_York:20261118T090000
DTEND;TZID=America/New_York:20261118T100000
DTSTAMP:20260302T093000Z
UID:7g8h9i@google.com
RECURRENCE-ID;TZID=America/New_York:20261117T200000
SUMMARY:Newsletter (moved)
END:VEVENT
END:VCALENDAR
"""


def test_google():
    reading = read(fold(GOOGLE.replace("\n", CRLF)))
    assert (reading.title, reading.zone, reading.notes) == ("Aurora, marketing", "America/New_York", [])
    assert [fate.outcome for fate in reading.fates] == ["kept"] * 4
    friday, dinner, *letters = reading.entries
    assert friday.key == "1a2b3c@google.com"
    assert friday.fields == {
        "name": "Black Friday; the whole range, 30 % off",
        "starts_on": "2026-11-27",
        "ends_on": "2026-11-27",
        "description": "<b>Black&nbsp;Friday</b>, all markets\nsee https://aurora.example/?a=1;b=2",
        "status": "confirmed",
        "type": "promotional_period",
    }
    assert dinner.fields["owner"] == "Mira: brand, lead"
    assert "description" not in dinner.fields  # the alarm's text is not the event's
    when = [dinner.fields[name] for name in ("starts_on", "start_time", "end_time", "zone")]
    assert when == ["2026-11-30", "20:00:00", "22:00:00", "America/New_York"]
    assert {entry.key: (entry.fields["starts_on"], entry.fields["name"]) for entry in letters} == {
        "7g8h9i@google.com@2026-11-03": ("2026-11-03", "Newsletter"),
        "7g8h9i@google.com@2026-11-17": ("2026-11-18", "Newsletter (moved)"),
        "7g8h9i@google.com@2026-12-01": ("2026-12-01", "Newsletter"),
    }


OUTLOOK = """BEGIN:VCALENDAR
PRODID:-//Microsoft Corporation//Outlook 16.0 MIMEDIR//EN
VERSION:2.0
METHOD:PUBLISH
X-WR-RELCALID:{0000002E-1234-5678-9ABC-DEF012345678}
X-WR-CALNAME:Marketingplan 2026
X-PRIMARY-CALENDAR:TRUE
X-MS-OLK-FORCEINSPECTOROPEN:TRUE
BEGIN:VTIMEZONE
TZID:Mitteleuropäische Zeit
BEGIN:STANDARD
DTSTART:16011028T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010325T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
CLASS:PUBLIC
CREATED:20260302T093000Z
DESCRIPTION:Größe M bis XL\\n\\nhttps://aurora.example/großer-verkauf-im-frühling/übersicht
\t?seite=1\\n
DTEND;TZID="Mitteleuropäische Zeit":20260613T000000
DTSTAMP:20260302T093000Z
DTSTART;TZID="Mitteleuropäische Zeit":20260608T000000
LAST-MODIFIED:20260302T093000Z
LOCATION:Köln
PRIORITY:5
SEQUENCE:0
SUMMARY;LANGUAGE=de:Messe Köln
TRANSP:TRANSPARENT
UID:040000008200E00074C5B7101A82E00800000000A0B1C2D3E4F5DA01000000000000000
\t010000000AABBCCDDEEFF
X-ALT-DESC;FMTTYPE=text/html:<!DOCTYPE HTML><html><body><p style='margin:0'>Gr
\töße: M\\, L\\; XL</p></body></html>
X-MICROSOFT-CDO-BUSYSTATUS:FREE
X-MICROSOFT-CDO-IMPORTANCE:1
X-MICROSOFT-CDO-ALLDAYEVENT:TRUE
X-MICROSOFT-DISALLOW-COUNTER:FALSE
BEGIN:VALARM
TRIGGER:-PT1080M
ACTION:DISPLAY
DESCRIPTION:Reminder
END:VALARM
END:VEVENT
BEGIN:VEVENT
DTSTAMP:20260302T093000Z
DTSTART;TZID="Mitteleuropäische Zeit":20261125T180000
DTEND;TZID="Mitteleuropäische Zeit":20261126T000000
ORGANIZER;CN=Kim:invalid:nomail
SUMMARY;LANGUAGE=de:Presseabend
UID:040000008200E00074C5B7101A82E0080000000002
RRULE:FREQ=WEEKLY;COUNT=3;BYDAY=WE
EXDATE;TZID="Mitteleuropäische Zeit":20261202T180000,20261209T180000
END:VEVENT
BEGIN:VEVENT
DTSTAMP:20260302T093000Z
DTSTART;VALUE=DATE:20261224
DTEND;VALUE=DATE:20261227
ORGANIZER:invalid:nomail
SUMMARY;LANGUAGE=de:Abgesagt: Weihnachten
STATUS:CANCELLED
UID:040000008200E00074C5B7101A82E0080000000003
END:VEVENT
END:VCALENDAR
"""


def test_outlook():
    reading = read(fold(OUTLOOK.replace("\n", CRLF)), zone="America/New_York")
    assert reading.title == "Marketingplan 2026"
    fair, evening, gone = reading.entries
    assert fair.key == "040000008200E00074C5B7101A82E00800000000A0B1C2D3E4F5DA01000000000000000010000000AABBCCDDEEFF"
    assert fair.fields == {
        "name": "Messe Köln",
        "starts_on": "2026-06-08",
        "ends_on": "2026-06-12",
        "description": "Größe M bis XL\n\nhttps://aurora.example/großer-verkauf-im-frühling/übersicht?seite=1",
        "type": "trade_show",
    }
    assert evening.fields == {
        "name": "Presseabend",
        "starts_on": "2026-11-25",
        "ends_on": "2026-11-25",
        "start_time": "18:00:00",
        "end_time": "23:59:59",
        "zone": "Europe/Budapest",  # it has the same hours, and the file does not name its city
        "type": "pr_event",
        "owner": "Kim",
    }
    assert (gone.fields["status"], gone.fields["ends_on"]) == ("cancelled", "2026-12-26")
    assert "owner" not in gone.fields
    assert fates(reading, fold(OUTLOOK.replace("\n", CRLF)).decode("latin-1")) == {
        "Messe Köln": ("mended", ("It ran from midnight to midnight; it was read as whole days.",)),
        "Presseabend": KEPT,
        "Abgesagt: Weihnachten": KEPT,
    }


APPLE = """BEGIN:VCALENDAR
CALSCALE:GREGORIAN
PRODID:-//Apple Inc.//macOS 14.5//EN
VERSION:2.0
X-APPLE-CALENDAR-COLOR:#1BADF8
X-WR-CALNAME:Kampagnen
BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:DAYLIGHT
DTSTART:19810329T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
TZNAME:MESZ
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:19961027T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
TZNAME:MEZ
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
CREATED:20260302T093000Z
DTEND;TZID=Europe/Berlin:20260901T120000
DTSTAMP:20260302T093001Z
DTSTART;TZID=Europe/Berlin:20260901T090000
LAST-MODIFIED:20260302T093000Z
LOCATION:Messe Berlin\\nMessedamm 22\\, 14055 Berlin
SEQUENCE:1
SUMMARY:IFA
TRANSP:OPAQUE
UID:11111111-2222-3333-4444-555555555555
URL;VALUE=URI:https://ifa.example/?q=a;b
X-APPLE-CREATOR-IDENTITY:com.apple.calendar
X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-ADDRESS="Messedamm 22: Halle 3; Ost";X-AP
 PLE-RADIUS=70.5;X-TITLE=Messe Berlin:geo:52.50,13.27
X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC
BEGIN:VALARM
ACTION:AUDIO
ATTACH;VALUE=URI:Basso
TRIGGER:-PT15M
UID:AAAAAAAA-0000-0000-0000-000000000000
X-WR-ALARMUID:AAAAAAAA-0000-0000-0000-000000000000
BEGIN:VLOCATION
NAME:Inside
END:VLOCATION
END:VALARM
END:VEVENT
BEGIN:VEVENT
DTSTAMP:20260302T093001Z
DTSTART;VALUE=DATE:16040510
RRULE:FREQ=YEARLY
SUMMARY:Mira’s birthday 🎂
UID:66666666-2222-3333-4444-555555555555
X-APPLE-DEFAULT-ALARM:TRUE
END:VEVENT
BEGIN:VTODO
SUMMARY:Order flyers
UID:77777777-2222-3333-4444-555555555555
END:VTODO
END:VCALENDAR
"""


def test_apple():
    reading = read(fold(APPLE.replace("\n", CRLF)))
    fair, *birthdays = reading.entries
    assert (fair.key, fair.url) == ("11111111-2222-3333-4444-555555555555", "https://ifa.example/?q=a;b")
    assert (fair.fields["start_time"], fair.fields["end_time"]) == ("09:00:00", "12:00:00")
    assert [entry.fields["starts_on"] for entry in birthdays] == [f"{year}-05-10" for year in range(2024, 2029)]
    assert birthdays[0].fields["name"] == "Mira’s birthday 🎂"
    assert [fate.outcome for fate in reading.fates] == ["kept", "kept"]
    assert reading.notes == ["It also holds 1 todos, which are not events."]


@pytest.mark.parametrize(
    ("lines", "span"),
    [
        (("DTSTART;TZID=Asia/Tokyo:20261127T000000", "DTEND;TZID=Asia/Tokyo:20261128T000000"), ("27", "27")),
        (("DTSTART;TZID=Asia/Tokyo:20261127T000000", "DURATION:P2D"), ("27", "28")),
        (("DTSTART:20261127T000000", "DTEND:20261129T000000"), ("27", "28")),
        (("DTSTART:20261127T000000Z", "DTEND:20261128T000000Z"), ("27", "27")),  # midnight as it was written
        (("DTSTART:20261126T230000Z", "DTEND:20261128T230000Z"), ("27", "28")),  # midnight where the calendar is
    ],
)
def test_midnight_to_midnight_is_whole_days(lines, span):
    entry, fate = only(read(vcalendar(vevent(*lines))))
    assert (entry.fields["starts_on"], entry.fields["ends_on"]) == tuple(f"2026-11-{day}" for day in span)
    assert "start_time" not in entry.fields
    assert (fate.outcome, fate.reasons[0][:31]) == ("mended", "It ran from midnight to midnigh")


def test_a_moment_without_length_is_a_minute():
    entry, fate = only(read(vcalendar(vevent("DTSTART:20261127T235930Z", "DTEND:20261127T235930Z"), head="")))
    assert (entry.fields["start_time"], entry.fields["end_time"]) == ("00:59:30", "01:00:30")
    assert fate.reasons == ("It had no length; it was read as one minute.",)
    entry, _ = only(read(vcalendar(vevent("DTSTART;TZID=Europe/Berlin:20261127T235930"))))
    assert (entry.fields["ends_on"], entry.fields["end_time"]) == ("2026-11-28", "00:00:30")


@pytest.mark.parametrize("name", ["NAME", "X-WR-CALNAME", "NAME;LANGUAGE=en"])
def test_the_calendars_name(name):
    assert read(vcalendar(head=f"{name}:Sales\\; and more\r\n")).title == "Sales; and more"


PLAIN = vcalendar(
    vevent("DTSTART;VALUE=DATE:20261127", "DESCRIPTION:Größe — 東京 🎉", summary="Soldes d’été, 30 €"),
    vevent("DTSTART;VALUE=DATE:20261224", uid="e2", summary="Noël"),
    head="X-WR-CALNAME:Été\r\n",
)


@pytest.mark.parametrize(
    "content",
    [
        PLAIN.encode(),
        fold(PLAIN),
        PLAIN.encode("utf-8-sig"),
        PLAIN.encode("utf-16"),
        PLAIN.encode("utf-16-le"),
        b"\xfe\xff" + PLAIN.encode("utf-16-be"),
        PLAIN.replace("\r\n", "\n").encode(),
        PLAIN.replace("\r\n", "\r").encode(),
        PLAIN.replace("\r\n", "\r\r\n").encode(),
        fold(PLAIN).replace(b"\r\n", b"\r\r\n"),
        fold(PLAIN).replace(b"\r\n ", b"\n\t").replace(b"\r\n", b"\n"),
        PLAIN.replace("\r\n", "\r\n\r\n").encode(),
        PLAIN.removesuffix("\r\n").encode(),
        re.sub("^(BEGIN|END|DTSTART|SUMMARY|UID)(?=[:;])", lambda m: m[1].lower(), PLAIN, flags=re.MULTILINE).encode(),
        gzip.compress(PLAIN.encode()),
    ],
)
def test_encodings_and_line_ends(content):
    reading = read(content)
    assert reading.title == "Été"
    assert [entry.fields["name"] for entry in reading.entries] == ["Soldes d’été, 30 €", "Noël"]
    assert reading.entries[0].fields["description"] == "Größe — 東京 🎉"
    assert [fate.outcome for fate in reading.fates] == ["kept", "kept"]
    assert reading.notes == []


@pytest.mark.parametrize("before", range(5))
def test_a_character_that_is_folded_in_its_middle(before):
    name = "a" * before + "é東🎉" * 30
    reading = read(fold(vcalendar(vevent("DTSTART;VALUE=DATE:20261127", summary=name))))
    assert (reading.entries[0].fields["name"], reading.notes) == (name, [])


def test_windows_1252_is_read_and_told():
    reading = read(PLAIN.replace("東京 🎉", "").encode("cp1252"))
    assert reading.entries[1].fields["name"] == "Noël"
    assert reading.notes == ["4 lines were not UTF-8 and were read as Windows-1252."]


def test_a_first_line_in_another_encoding_does_not_cost_the_file():
    first, _, rest = PLAIN.partition("\r\n")
    reading = read(first.encode("utf-16") + b"\r\n" + rest.encode())
    assert [entry.fields["name"] for entry in reading.entries] == ["Soldes d’été, 30 €", "Noël"]


def test_text_that_was_not_escaped_keeps_the_event():
    event = vevent(
        "DTSTART;VALUE=DATE:20261127", "DESCRIPTION:first, second; third", "a line of its own", "Note: bring it"
    )
    entry, fate = only(read(vcalendar(event)))
    assert entry.fields["description"] == "first, second; third"
    assert (fate.outcome, fate.reasons) == ("mended", ("A line could not be read and was left out.",))


def test_two_calendars_in_one_file():
    both = PLAIN + vcalendar(vevent("DTSTART;VALUE=DATE:20261231", uid="e3"))
    assert [fate.outcome for fate in read(both).fates] == ["kept"] * 3


def test_a_large_attachment_is_passed_over():
    attachment = "ATTACH;ENCODING=BASE64;VALUE=BINARY:" + "\r\n ".join(["QUJD" * 18] * 20_000)  # 1.5 MB
    entry, fate = only(read(vcalendar(vevent(attachment, "DTSTART;VALUE=DATE:20261127"))))
    assert (entry.fields["starts_on"], fate.outcome) == ("2026-11-27", "kept")


def test_a_file_larger_than_is_read(monkeypatch):
    monkeypatch.setattr(icsparts, "MAX_CHARACTERS", 1_000)
    with pytest.raises(PayloadTooLargeError, match="export it in several parts"):
        read(vcalendar(*(vevent("DTSTART;VALUE=DATE:20261127", uid=f"e{n}") for n in range(20))))


def test_an_event_of_more_lines_than_are_read(monkeypatch):
    monkeypatch.setattr(ics, "MAX_LINES", 100)
    many = vevent(
        "DTSTART;VALUE=DATE:20260101", *(f"EXDATE;VALUE=DATE:2026{n:04}" for n in range(101, 132) for _ in range(4))
    )
    reading = read(vcalendar(many, vevent("DTSTART;VALUE=DATE:20261127", uid="e2")))
    assert [fate.outcome for fate in reading.fates] == ["refused", "kept"]
    assert reading.fates[0].reasons == ("It has more than 100 lines.",)
