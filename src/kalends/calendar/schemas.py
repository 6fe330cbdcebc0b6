"""What goes into the calendar's API and what comes out."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any, Literal
from uuid import UUID

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from kalends.calendar.definition import CalendarDefinition
from kalends.calendar.events import EventFields
from kalends.calendar.occurrences import OccurrenceChange

Format = Literal["json", "csv", "parquet"]


class EventIn(EventFields):
    """A new event. `start` and `end` are accepted for starts_on and ends_on; the last day is included."""

    starts_on: date = Field(validation_alias=AliasChoices("starts_on", "start"))
    ends_on: date = Field(validation_alias=AliasChoices("ends_on", "end"))

    def fields(self) -> EventFields:
        """The event itself, without what only the request says."""
        return EventFields.model_validate(self.model_dump(include=set(EventFields.model_fields)))


class KeyedEventIn(EventIn):
    """An event under an outside system's own key."""

    key: str = Field(min_length=1, max_length=500)


class EventsIn(BaseModel):
    """Many events of one source."""

    model_config = ConfigDict(extra="forbid")

    source: str = Field(default="api", pattern=r"^[a-z][a-z0-9_.-]{0,59}$")
    calendar_id: UUID | None = None
    events: list[KeyedEventIn] = Field(max_length=10_000)


class UpsertedOut(BaseModel):
    """What was done; `ids` in the order of the request."""

    created: int
    updated: int
    unchanged: int
    ids: list[UUID]


class EventChange(BaseModel):
    """The fields to change. `row_version`: the version that was looked at, so that nobody is overwritten unseen."""

    model_config = ConfigDict(extra="forbid")

    row_version: int | None = None
    name: str | None = None
    starts_on: date | None = Field(default=None, validation_alias=AliasChoices("starts_on", "start"))
    ends_on: date | None = Field(default=None, validation_alias=AliasChoices("ends_on", "end"))
    start_time: time | None = None
    end_time: time | None = None
    zone: str | None = None
    type: str | None = None
    impact: Literal["low", "medium", "high", "critical"] | None = None
    direction: Literal["up", "down", "none"] | None = None
    status: Literal["tentative", "confirmed", "cancelled"] | None = None
    markets: list[str] | None = None
    brands: list[str] | None = None
    channels: list[str] | None = None
    description: str | None = None
    owner: str | None = None
    days_before: int | None = None
    days_after: int | None = None
    recurrence: str | None = None
    exdates: list[date] | None = None
    overrides: list[OccurrenceChange] | None = None

    def changes(self) -> dict[str, Any]:
        """Only what the request named; null is a value where the field may be empty."""
        return self.model_dump(exclude_unset=True, exclude={"row_version"})


class EventOut(BaseModel):
    """An event that holds. `provenance`: which source each field came from.

    `recurrence`: how it comes again (RFC 5545); starts_on to ends_on is the first occurrence. `occurrence_on`: the
    rule's day, where the answer has an entry for each occurrence.
    """

    id: UUID
    calendar_id: UUID
    source: str
    key: str | None
    name: str
    starts_on: date
    ends_on: date
    start_time: time | None
    end_time: time | None
    zone: str | None
    type: str
    impact: str
    direction: str | None
    status: str
    markets: list[str]
    brands: list[str]
    channels: list[str]
    description: str
    owner: str
    days_before: int
    days_after: int
    recurrence: str
    exdates: list[date]
    overrides: list[OccurrenceChange]
    occurrence_on: date | None = None
    provenance: dict[str, str]
    row_version: int
    created_at: datetime
    updated_at: datetime
    is_deleted: bool


class EventsOut(BaseModel):
    """Events of a calendar."""

    events: list[EventOut]


class HistoryEntry(BaseModel):
    """One version of what one source said; `undoes`: the version that it took back."""

    version: int
    source: str
    fields: dict[str, Any]
    is_deleted: bool
    undoes: int | None
    recorded_at: datetime
    recorded_by: UUID | None
    label: str


class HistoryOut(BaseModel):
    """An event's versions, newest first."""

    history: list[HistoryEntry]


class CommentIn(BaseModel):
    """What is said about an event; @name or @e-mail tells a person of the workspace."""

    model_config = ConfigDict(extra="forbid")

    body: str = Field(min_length=1, max_length=5_000)


class CommentOut(BaseModel):
    """What somebody said about an event. `mentions`: the people who were named."""

    id: UUID
    event_id: UUID
    author_id: UUID | None
    author: str
    body: str
    mentions: list[UUID]
    created_at: datetime
    edited_at: datetime | None


class CommentsOut(BaseModel):
    """What was said about an event, oldest first."""

    comments: list[CommentOut]


class CalendarOut(BaseModel):
    """A calendar and what it is defined by."""

    id: UUID
    name: str
    is_default: bool
    row_version: int
    definition: CalendarDefinition


class CalendarsOut(BaseModel):
    """The tenant's calendars, the default one first."""

    calendars: list[CalendarOut]


class CalendarChange(BaseModel):
    """Another definition for a calendar."""

    model_config = ConfigDict(extra="forbid")

    definition: CalendarDefinition
    row_version: int | None = None


class MomentOut(BaseModel):
    """A moment of the trade; `last` is included."""

    code: str
    name: str
    kind: str
    first: date
    last: date
    countries: tuple[str, ...]
    certainty: str
    source: str
    is_major: bool


class DaysOut(BaseModel):
    """Days of a calendar at a version, every column of the day."""

    calendar: CalendarOut
    version: int
    as_of: datetime | None
    days: list[dict[str, Any]]


class YearOut(DaysOut):
    """A year: its days, its events, its moments."""

    year: int
    events: list[EventOut]
    moments: list[MomentOut]
