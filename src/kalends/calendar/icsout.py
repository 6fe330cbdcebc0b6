"""Events as an iCalendar file (RFC 5545, RFC 7986) that other calendars subscribe to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
from fastapi import Response

from kalends.calendar.eventrows import fields_of
from kalends.calendar.models import Event


def ics_text(name: str, events: Sequence[Event]) -> bytes:
    """The events; a day's end is the day after, as the standard wants it."""
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Kalends//Master calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    for event in events:
        calendar.add_component(_vevent(event))
    return bytes(calendar.to_ical())


def _vevent(event: Event) -> icalendar.Event:
    fields, made = fields_of(event), icalendar.Event()
    made.add("uid", f"{event.id}@kalends")
    made.add("dtstamp", event.updated_at)
    made.add("summary", fields.name)
    if fields.start_time is None or fields.end_time is None:
        made.add("dtstart", fields.starts_on)
        made.add("dtend", fields.ends_on + timedelta(days=1))
    else:
        zone = ZoneInfo(fields.zone or "UTC")
        made.add("dtstart", datetime.combine(fields.starts_on, fields.start_time, zone))
        made.add("dtend", datetime.combine(fields.ends_on, fields.end_time, zone))
    made.add("status", fields.status.upper())
    made.add("categories", [fields.type])
    made.add("sequence", event.row_version)
    if fields.description:
        made.add("description", fields.description)
    return made


def as_ics(name: str, events: Sequence[Event]) -> Response:
    """The events as an answer."""
    headers = {"Content-Disposition": 'attachment; filename="master-calendar.ics"'}
    return Response(ics_text(name, events), media_type="text/calendar; charset=utf-8", headers=headers)
