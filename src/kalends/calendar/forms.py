"""The event's form: texts from a browser in, fields or words beside the fields out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal

from pydantic import BaseModel, ValidationError

from kalends.base.errors import BadInputError
from kalends.base.pages import Choice
from kalends.calendar.events import EVENT_TYPES, EventFields, event_type
from kalends.calendar.repeating import KINDS, MAX_TIMES, OWN, Repeats, kind_of, rule_of
from kalends.calendar.shown import STATUSES

IMPACTS = {"low": "Low", "medium": "Medium", "high": "High", "critical": "Critical"}
DIRECTIONS = {"": "As usual for this kind", "up": "More demand", "down": "Less demand", "none": "Neither"}


class EventForm(BaseModel):
    """The form as it was sent: everything is a text."""

    name: str = ""
    starts_on: str = ""
    ends_on: str = ""
    start_time: str = ""
    end_time: str = ""
    type: str = "promotional_period"
    own_type: str = ""
    impact: str = "medium"
    direction: str = ""
    status: str = "confirmed"
    markets: str = ""
    description: str = ""
    days_before: str = "0"
    days_after: str = "0"
    repeats: str = ""
    until: str = ""
    times: str = ""
    scope: Literal["one", "all"] = "one"
    row_version: str = ""

    def values(self, *, zone: str) -> dict[str, Any]:
        """The event's fields as they were meant; `zone` is that of its times. Raises ValueError in words."""
        values: dict[str, Any] = self.model_dump(include=set(PLAIN))
        values["ends_on"] = values["ends_on"] or values["starts_on"]
        values["direction"] = values["direction"] or None
        values["markets"] = [code for code in values["markets"].replace(",", " ").split() if code]
        values["type"] = type_code(self.own_type) if self.own_type.strip() else self.type
        for name in ("days_before", "days_after"):
            values[name] = values[name] or "0"
        for name in ("start_time", "end_time"):
            values[name] = values[name] or None
        if values["start_time"]:
            values["zone"] = zone
        return values

    def repeating(self) -> Repeats:
        """How it repeats, as it was meant. Raises ValueError in words."""
        if not self.repeats:
            return Repeats("")
        if self.until and self.times:
            raise ValueError("it ends on a day or after a number of times, not both")
        if self.times and not (self.times.isdecimal() and 1 <= int(self.times) <= MAX_TIMES):
            raise ValueError(f"give a number of times from 1 to {MAX_TIMES:,}")
        until = date.fromisoformat(self.until) if self.until else None
        return Repeats(self.repeats, until, int(self.times) if self.times else None)

    def fields(self, *, zone: str) -> EventFields:
        """The event that the form makes. Raises ValueError."""
        fields = EventFields.model_validate(self.values(zone=zone))
        if self.repeats in ("", OWN):
            return fields
        rule = rule_of(self.repeating(), start=fields.starts_on)
        return EventFields.model_validate({**fields.model_dump(), "recurrence": rule})

    def changes(self, known: EventFields, *, on: date | None, zone: str) -> dict[str, Any]:
        """What the form changes in an event; `on`: the occurrence that was looked at, for one that repeats."""
        wanted, shown = EventFields.model_validate(self.values(zone=zone)), known.at(on) if on else known
        names = [*PLAIN, "zone"] if wanted.start_time else PLAIN
        found = {name: getattr(wanted, name) for name in names if getattr(wanted, name) != getattr(shown, name)}
        before = kind_of(known.recurrence, start=known.starts_on)
        if (on and self.scope == "one") or self.repeats == OWN or self.repeating() == before:
            return found
        start = known.starts_on + (wanted.starts_on - shown.starts_on)
        return found | {"recurrence": rule_of(self.repeating(), start=start)}

    def version(self) -> int | None:
        """The version that the person looked at."""
        return int(self.row_version) if self.row_version.isdigit() else None

    def errors(self, *, zone: str) -> dict[str, str]:
        """Field name -> what is wrong, in words; empty when the form can be kept."""
        try:
            self.fields(zone=zone)
        except ValidationError as error:
            return {_field(item["loc"], item["msg"]): _words(item) for item in error.errors()}
        except ValueError as error:
            return {"own_type" if "kind" in str(error) else "repeats": f"{str(error)[:1].upper()}{str(error)[1:]}."}
        return {}


PLAIN: Final = (
    "name", "starts_on", "ends_on", "start_time", "end_time", "type", "impact", "direction", "status", "markets",
    "description", "days_before", "days_after",
)  # fmt: skip
"""The form's fields that are the event's own."""


def type_code(words: str) -> str:
    """A kind of one's own as a code: "Pop-up store" is pop_up_store. Raises ValueError where no letter is left."""
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().casefold()
    code = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:60].strip("_")
    known = {kind.label.casefold(): kind.code for kind in EVENT_TYPES.values()}
    if words.strip().casefold() in known:
        return known[words.strip().casefold()]
    if not re.match(r"[a-z]", code):
        raise ValueError("a kind of your own begins with a letter from a to z")
    return code


def form_of(fields: EventFields, *, row_version: int, on: date | None = None) -> EventForm:
    """The form filled with an event, or with the occurrence of it that begins on `on`."""
    shown, repeats = fields.at(on) if on else fields, kind_of(fields.recurrence, start=fields.starts_on)
    return EventForm(
        name=shown.name,
        starts_on=shown.starts_on.isoformat(),
        ends_on=shown.ends_on.isoformat(),
        start_time=f"{shown.start_time:%H:%M}" if shown.start_time else "",
        end_time=f"{shown.end_time:%H:%M}" if shown.end_time else "",
        type=shown.type,
        impact=shown.impact,
        direction=shown.direction or "",
        status=shown.status,
        markets=", ".join(shown.markets),
        description=shown.description,
        days_before=str(shown.days_before),
        days_after=str(shown.days_after),
        repeats=repeats.kind,
        until=repeats.until.isoformat() if repeats.until else "",
        times=str(repeats.count) if repeats.count else "",
        row_version=str(row_version),
    )


def choices(form: EventForm, *, own: Mapping[str, str]) -> dict[str, list[Choice]]:
    """What the form's select fields offer; `own`: the kinds that the company has made up, code -> label."""
    types = {code: kind.label for code, kind in EVENT_TYPES.items()} | dict(own)
    types |= {} if form.type in types else {form.type: event_type(form.type).label}
    repeats = {"": "Never", **KINDS} | ({OWN: "By a rule of its own"} if form.repeats == OWN else {})
    offered = {"type": types, "impact": IMPACTS, "status": STATUSES, "direction": DIRECTIONS, "repeats": repeats}
    return {
        name: [Choice(label=label, value=code, current=code == getattr(form, name)) for code, label in options.items()]
        for name, options in offered.items()
    }


def _field(place: tuple[int | str, ...], message: str) -> str:
    """The form's field that an error belongs to."""
    if place:
        return str(place[0])
    if "end_time" in message or "timed event" in message:
        return "end_time"
    return "ends_on" if "ends_on" in message or "year mistyped" in message else ""


def _words(item: Any) -> str:
    """An error in the user's words."""
    kind, field = item["type"], str(item["loc"][0]) if item["loc"] else ""
    if field == "name":
        return "Give the event a name."
    if field in ("starts_on", "ends_on"):
        return "Give the day, for example 2026-11-27."
    if field in ("start_time", "end_time"):
        return "Give the time, for example 09:30."
    if kind == "value_error" and "end_time" in item["msg"]:
        return "Give both times, the end after the start; or neither for whole days."
    if kind == "value_error" and "comes before" in item["msg"]:
        return "The last day comes before the first."
    return str(item["msg"]).removeprefix("Value error, ")


class Move(BaseModel):
    """A drag or a stretch as FullCalendar tells it: `end` is exclusive for all-day events, and may be missing."""

    start: str
    end: str | None = None
    all_day: bool = True
    keep_times: bool = False
    """Only the days move: the times of day stay."""
    row_version: int | None = None
    scope: Literal["one", "all"] = "one"
    """Of an event that repeats: this occurrence, or all of them."""

    def changes(self) -> dict[str, Any]:
        """The event's new days (and times, where it has some). Raises BadInputError for what is no day."""
        try:
            start = datetime.fromisoformat(self.start)
            end = datetime.fromisoformat(self.end) if self.end else None
        except ValueError as error:
            raise BadInputError(f"{error}. Right would be 2026-11-27 or 2026-11-27T09:00.") from error
        if self.all_day:
            last = end.date() - timedelta(days=1) if end else start.date()
            times: dict[str, None] = {} if self.keep_times else {"start_time": None, "end_time": None}
            return {**_days(start.date(), max(last, start.date())), **times}
        until = end or start + timedelta(hours=1)
        wall = {"start_time": start.time().replace(tzinfo=None), "end_time": until.time().replace(tzinfo=None)}
        return {**_days(start.date(), until.date()), **wall}


def _days(first: date, last: date) -> dict[str, Any]:
    """The fields that hold an event's days."""
    return {"starts_on": first, "ends_on": last}
