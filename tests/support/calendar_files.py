"""Calendar files made in tests, and what reading them gives."""

from datetime import date
from io import BytesIO

from kalends.calendar.reading import read_ics, read_table

FIRST, LAST = date(2024, 1, 1), date(2028, 12, 31)
CRLF = "\r\n"


def vevent(*lines: str, uid: str = "e1", summary: str = "Launch") -> str:
    """One VEVENT."""
    return CRLF.join(["BEGIN:VEVENT", f"UID:{uid}", f"SUMMARY:{summary}", *lines, "END:VEVENT", ""])


def vcalendar(*parts: str, head: str = "") -> str:
    """A calendar of the parts, which end in a line end of their own."""
    return f"BEGIN:VCALENDAR{CRLF}VERSION:2.0{CRLF}PRODID:-//Aurora//EN{CRLF}{head}{''.join(parts)}END:VCALENDAR{CRLF}"


def read(content: str | bytes, *, zone: str = "Europe/Berlin", first: date = FIRST, last: date = LAST):
    """The reading of an .ics file; every event of it must have one fate."""
    raw = content if isinstance(content, bytes) else content.encode()
    reading = read_ics(lambda: BytesIO(raw), zone=zone, first=first, last=last)
    assert sum(fate.entries for fate in reading.fates) == len(reading.entries)
    return reading


def only(reading):
    """The one entry and the one fate of a reading."""
    [entry], [fate] = reading.entries, reading.fates
    return entry, fate


def days(reading) -> list[tuple[str, str]]:
    """First and last day of each entry, in order."""
    return sorted((entry.fields["starts_on"], entry.fields["ends_on"]) for entry in reading.entries)


def table(content: str | bytes, *, order="dmy", zone: str = "Europe/Berlin", **more):
    """The reading of a table."""
    raw = content if isinstance(content, bytes) else content.encode()
    reading = read_table(lambda: BytesIO(raw), zone=zone, order=order, **more)
    assert sum(fate.entries for fate in reading.fates) == len(reading.entries)
    return reading
