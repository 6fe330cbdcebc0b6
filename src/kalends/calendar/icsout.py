"""Events as an iCalendar file (RFC 5545, RFC 7986) that other calendars subscribe to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import icalendar
from fastapi import Response

from kalends.calendar.eventrows import fields_of
from kalends.calendar.events import EventFields
from kalends.calendar.models import Event


def ics_text(name: str, events: Sequence[Event]) -> bytes:
    """The events; a day's end is the day after, as the standard wants it."""
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Kalends//Master calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    for event in events:
        for component in _vevents(event):
            calendar.add_component(component)
    return bytes(calendar.to_ical())


def _vevents(event: Event) -> list[icalendar.Event]:
    """The event; of one that repeats also what differs about single occurrences, as the standard tells it."""
    fields = fields_of(event)
    made = _vevent(event, fields)
    if fields.recurrence:
        made.add("rrule", _rule(fields))
    if fields.exdates:
        made.add("exdate", [_moment(fields, day) for day in fields.exdates])
    found = [made]
    for change in fields.overrides:
        differing = _vevent(event, fields.at(change.on))
        differing.add("recurrence-id", _moment(fields, change.on))
        found.append(differing)
    return found


def _vevent(event: Event, fields: EventFields) -> icalendar.Event:
    made = icalendar.Event()
    made.add("uid", f"{event.id}@kalends")
    made.add("dtstamp", event.updated_at)
    made.add("summary", fields.name)
    made.add("dtstart", _moment(fields, fields.starts_on))
    if fields.end_time is None:
        made.add("dtend", fields.ends_on + timedelta(days=1))
    else:
        made.add("dtend", datetime.combine(fields.ends_on, fields.end_time, ZoneInfo(fields.zone or "UTC")))
    made.add("status", fields.status.upper())
    made.add("categories", [fields.type])
    made.add("sequence", event.row_version)
    if fields.description:
        made.add("description", fields.description)
    return made


def _moment(fields: EventFields, day: date) -> date:
    """That day as the event's beginnings are written: a day, or a time in its zone."""
    if fields.start_time is None:
        return day
    return datetime.combine(day, fields.start_time, ZoneInfo(fields.zone or "UTC"))


def _rule(fields: EventFields) -> icalendar.vRecur:
    """The rule; the end of one with times is an instant in UTC (RFC 5545, 3.3.10)."""
    rule: icalendar.vRecur = icalendar.vRecur.from_ical(fields.recurrence)
    if fields.start_time is not None and "UNTIL" in rule:
        ends = datetime.combine(rule["UNTIL"][0], time.max.replace(microsecond=0), ZoneInfo(fields.zone or "UTC"))
        rule["UNTIL"] = [ends.astimezone(UTC)]
    return rule


def as_ics(name: str, events: Sequence[Event]) -> Response:
    """The events as an answer."""
    headers = {"Content-Disposition": 'attachment; filename="master-calendar.ics"'}
    return Response(ics_text(name, events), media_type="text/calendar; charset=utf-8", headers=headers)
