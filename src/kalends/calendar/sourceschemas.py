"""What goes into the API of sources, and what comes out."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from kalends.calendar.reading import Reading
from kalends.calendar.sourcereading import FATES_KEPT
from kalends.calendar.sources import FIRST_PRIORITY, SLOWEST, SourceChange, SourceSettings


class SettingsIn(BaseModel):
    """How a source is read. `columns`: a column -> the field that it is, or null to leave it out."""

    model_config = ConfigDict(extra="forbid")

    columns: dict[str, str | None] = Field(default_factory=dict)
    day_order: Literal["dmy", "mdy"] | None = None
    zone: str | None = None

    def told(self) -> SourceSettings:
        """As the source keeps it."""
        return SourceSettings(columns=self.columns, day_order=self.day_order, zone=self.zone)


Markets = Annotated[list[Annotated[str, Field(min_length=1, max_length=20)]], Field(max_length=60)]
Minutes = Annotated[int, Field(ge=0, le=SLOWEST)]


class SourceIn(BaseModel):
    """A new calendar source. `priority`: the smaller comes first where nothing else decides.

    `address`: of an .ics file or table that is read again by itself, every `read_every` minutes (15 at least; 0: as
    the calendar itself asks, else every hour). It is kept sealed and never shown again.
    """

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    label: str = Field(min_length=1, max_length=200)
    address: str | None = Field(default=None, min_length=1, max_length=2_000)
    priority: int = Field(default=FIRST_PRIORITY, ge=0, le=1_000)
    markets: Markets = Field(default_factory=list)
    settings: SettingsIn | None = None
    read_every: Minutes = 0
    calendar_id: UUID | None = None


class SourceChangeIn(BaseModel):
    """What to change about a source; what is left out stays. `row_version`: the version that was looked at."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    label: str | None = Field(default=None, min_length=1, max_length=200)
    address: str | None = Field(default=None, min_length=1, max_length=2_000)
    priority: int | None = Field(default=None, ge=0, le=1_000)
    markets: Markets | None = None
    settings: SettingsIn | None = None
    read_every: Minutes | None = None
    row_version: int | None = None

    def change(self) -> SourceChange:
        """As the service takes it."""
        return SourceChange(
            label=self.label,
            address=self.address,
            priority=self.priority,
            markets=self.markets,
            settings=self.settings.told() if self.settings else None,
            read_every=self.read_every,
        )


class RowsIn(BaseModel):
    """A table as JSON, all of it: what is not in it any more is gone. Each row is an object; columns are guessed."""

    model_config = ConfigDict(extra="forbid")

    rows: list[dict[str, Any]] = Field(min_length=1, max_length=100_000)


class SourceOut(BaseModel):
    """A calendar source; of its address only the host."""

    id: UUID
    calendar_id: UUID
    name: str
    label: str
    kind: str
    address_host: str | None
    read_every: int | None
    priority: int
    markets: list[str]
    settings: dict[str, Any]
    quality: float | None
    read_at: datetime | None
    next_read_at: datetime | None
    problem: str | None
    row_version: int


class SourcesOut(BaseModel):
    """Calendar sources."""

    sources: list[SourceOut]


class FateOut(BaseModel):
    """What became of one row or event that was not taken in just as it came."""

    where: str
    outcome: Literal["kept", "mended", "refused"]
    name: str
    reasons: list[str]
    entries: int
    days: str = ""


class ReadingOut(BaseModel):
    """How a reading went. kept + mended + refused is all that the file held; `fates` tells of the last two."""

    kept: int
    mended: int
    refused: int
    entries: int
    added: int
    changed: int
    removed: int
    fates: list[FateOut]
    notes: list[str]
    columns: dict[str, str]
    file_name: str
    read_at: datetime | None

    @classmethod
    def of_trial(cls, reading: Reading, *, file_name: str) -> Self:
        """What would become of the file: every fate, and nothing written."""
        return cls.model_validate(
            {
                **reading.counts(),
                "entries": len(reading.entries),
                "added": 0,
                "changed": 0,
                "removed": 0,
                "fates": [asdict(fate) for fate in reading.fates[:FATES_KEPT]],
                "notes": reading.notes,
                "columns": reading.columns,
                "file_name": file_name,
                "read_at": None,
            }
        )


class VisitOut(BaseModel):
    """How reading an address went; `reading` is null where the calendar has not changed since."""

    source: SourceOut
    reading: ReadingOut | None


class ReadingsOut(BaseModel):
    """Readings, newest first."""

    readings: list[ReadingOut]
