"""Events as an iCalendar file (RFC 5545, RFC 7986) that other calendars subscribe to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import icalendar
from fastapi import Response

from kalends.calendar.events import DatedEvent, EventFields
from kalends.calendar.models import Event

CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
"""What a TEXT value may not hold (RFC 5545, 3.3.11)."""
MEDIA_TYPE: Final = "text/calendar; charset=utf-8"


@dataclass(frozen=True, slots=True)
class IcsEntry:
    """One VEVENT. `uid`: the same each time it is given; `sequence`: grows with each change."""

    uid: str
    fields: EventFields
    changed_at: datetime
    sequence: int = 0
    href: str = ""


def entry_of(event: Event, occurrence: DatedEvent, *, site: str = "") -> IcsEntry:
    """An event, or one occurrence of it, as an entry; `site`: where its page is."""
    which = f"-{occurrence.on:%Y%m%d}" if occurrence.on else ""
    href = f"{site}/calendar?date={occurrence.fields.starts_on}" if site else ""
    return IcsEntry(f"{event.id}{which}@kalends", occurrence.fields, event.updated_at, event.row_version, href)


def ics_text(name: str, entries: Sequence[IcsEntry], *, refresh: timedelta | None = None) -> bytes:
    """The entries as a file; `refresh`: how often it is worth reading again."""
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Kalends//Master calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("name", _clean(name))
    calendar.add("x-wr-calname", _clean(name))
    if refresh is not None:
        calendar.add("refresh-interval", refresh, parameters={"VALUE": "DURATION"})
        # What Outlook heeds.
        calendar.add("x-published-ttl", f"PT{refresh // timedelta(minutes=1)}M")
    for entry in entries:
        calendar.add_component(_vevent(entry))
    if any(entry.fields.start_time for entry in entries):
        days = [entry.fields.starts_on for entry in entries]
        # A time's zone must be in the file; a little room, so that its rules are in force on the first day.
        calendar.add_missing_timezones(first_date=min(days) - timedelta(days=366), last_date=_after(max(days)))
    return bytes(calendar.to_ical())


def _after(day: date) -> date:
    return day + timedelta(days=366)


def _vevent(entry: IcsEntry) -> icalendar.Event:
    """A day's end is the day after, as the standard wants it."""
    fields, made = entry.fields, icalendar.Event()
    made.add("uid", entry.uid)
    made.add("dtstamp", entry.changed_at)
    made.add("last-modified", entry.changed_at)
    made.add("sequence", entry.sequence)
    made.add("summary", _clean(fields.name))
    if fields.start_time is None or fields.end_time is None:
        made.add("dtstart", fields.starts_on)
        made.add("dtend", fields.ends_on + timedelta(days=1))
    else:
        zone = ZoneInfo(fields.zone or "UTC")
        made.add("dtstart", datetime.combine(fields.starts_on, fields.start_time, zone))
        made.add("dtend", datetime.combine(fields.ends_on, fields.end_time, zone))
    # A plan is nobody's appointment: it leaves their time free.
    made.add("transp", "TRANSPARENT")
    made.add("status", fields.status.upper())
    made.add("categories", [fields.type])
    if fields.description:
        made.add("description", _clean(fields.description))
    if entry.href:
        made.add("url", entry.href)
    return made


def _clean(text: str) -> str:
    """Lines end in line feeds, and no control character is left."""
    return CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def as_ics(name: str, found: Iterable[tuple[Event, DatedEvent]]) -> Response:
    """Events as a file to keep."""
    headers = {"Content-Disposition": 'attachment; filename="master-calendar.ics"'}
    content = ics_text(name, [entry_of(event, occurrence) for event, occurrence in found])
    return Response(content, media_type=MEDIA_TYPE, headers=headers)
