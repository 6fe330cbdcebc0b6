"""The event's form: texts from a browser in, fields or words beside the fields out."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from pydantic import BaseModel, ValidationError

from kalends.base.errors import BadInputError
from kalends.base.pages import Choice
from kalends.calendar.events import EVENT_TYPES, EventFields

IMPACTS = {"low": "Low", "medium": "Medium", "high": "High", "critical": "Critical"}
STATUSES = {"confirmed": "Confirmed", "tentative": "Not fixed yet", "cancelled": "Cancelled"}
DIRECTIONS = {"": "As usual for this kind", "up": "More demand", "down": "Less demand", "none": "Neither"}


class EventForm(BaseModel):
    """The form as it was sent: everything is a text."""

    name: str = ""
    starts_on: str = ""
    ends_on: str = ""
    type: str = "promotional_period"
    impact: str = "medium"
    direction: str = ""
    status: str = "confirmed"
    markets: str = ""
    description: str = ""
    days_before: str = "0"
    days_after: str = "0"
    row_version: str = ""

    def values(self) -> dict[str, Any]:
        """The event's fields as they were meant."""
        values: dict[str, Any] = self.model_dump(exclude={"row_version"})
        values["ends_on"] = values["ends_on"] or values["starts_on"]
        values["direction"] = values["direction"] or None
        values["markets"] = [code for code in values["markets"].replace(",", " ").split() if code]
        for name in ("days_before", "days_after"):
            values[name] = values[name] or "0"
        return values

    def version(self) -> int | None:
        """The version that the person looked at."""
        return int(self.row_version) if self.row_version.isdigit() else None

    def errors(self) -> dict[str, str]:
        """Field name -> what is wrong, in words; empty when the form can be kept."""
        try:
            EventFields.model_validate(self.values())
        except ValidationError as error:
            return {_field(item["loc"], item["msg"]): _words(item) for item in error.errors()}
        return {}


def form_of(fields: EventFields, *, row_version: int) -> EventForm:
    """The form filled with an event."""
    return EventForm(
        name=fields.name,
        starts_on=fields.starts_on.isoformat(),
        ends_on=fields.ends_on.isoformat(),
        type=fields.type,
        impact=fields.impact,
        direction=fields.direction or "",
        status=fields.status,
        markets=", ".join(fields.markets),
        description=fields.description,
        days_before=str(fields.days_before),
        days_after=str(fields.days_after),
        row_version=str(row_version),
    )


def choices(form: EventForm) -> dict[str, list[Choice]]:
    """What the form's select fields offer."""
    types = {code: kind.label for code, kind in EVENT_TYPES.items()} | (
        {} if form.type in EVENT_TYPES else {form.type: form.type}
    )
    offered = {"type": types, "impact": IMPACTS, "status": STATUSES, "direction": DIRECTIONS}
    return {
        name: [Choice(label=label, value=code, current=code == getattr(form, name)) for code, label in options.items()]
        for name, options in offered.items()
    }


def _field(place: tuple[int | str, ...], message: str) -> str:
    """The form's field that an error belongs to."""
    if place:
        return str(place[0])
    return "ends_on" if "ends_on" in message or "year mistyped" in message else ""


def _words(item: Any) -> str:
    """An error in the user's words."""
    kind, field = item["type"], str(item["loc"][0]) if item["loc"] else ""
    if field == "name":
        return "Give the event a name."
    if field in ("starts_on", "ends_on"):
        return "Give the day, for example 2026-11-27."
    if kind == "value_error" and "comes before" in item["msg"]:
        return "The last day comes before the first."
    return str(item["msg"]).removeprefix("Value error, ")


class Move(BaseModel):
    """A drag or a stretch as FullCalendar tells it: `end` is exclusive for all-day events, and may be missing."""

    start: str
    end: str | None = None
    all_day: bool = True

    def changes(self) -> dict[str, Any]:
        """The event's new days (and times, where it has some). Raises BadInputError for what is no day."""
        try:
            start = datetime.fromisoformat(self.start)
            end = datetime.fromisoformat(self.end) if self.end else None
        except ValueError as error:
            raise BadInputError(f"{error}. Right would be 2026-11-27 or 2026-11-27T09:00.") from error
        if self.all_day:
            last = end.date() - timedelta(days=1) if end else start.date()
            return {**_days(start.date(), max(last, start.date())), "start_time": None, "end_time": None}
        until = end or start + timedelta(hours=1)
        times = {"start_time": start.time().replace(tzinfo=None), "end_time": until.time().replace(tzinfo=None)}
        return {**_days(start.date(), until.date()), **times}


def _days(first: date, last: date) -> dict[str, Any]:
    """The fields that hold an event's days."""
    return {"starts_on": first, "ends_on": last}
