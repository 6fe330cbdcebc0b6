"""What goes into the API of sources and conflicts, and what comes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from kalends.calendar.consolidation import MasterCalendar, Policy, SourceCalendar, group_fields
from kalends.calendar.events import EventFields, canonical_fields
from kalends.calendar.reading import Reading, SourceEntry
from kalends.calendar.schemas import KeyedEventIn
from kalends.calendar.sources import FATES_KEPT, SourceSettings

Strategy = Literal["intelligent", "weighted_average", "highest_quality", "manual"]


class SettingsIn(BaseModel):
    """How a source is read. `columns`: a column -> the field that it is, or null to leave it out."""

    model_config = ConfigDict(extra="forbid")

    columns: dict[str, str | None] = Field(default_factory=dict)
    day_order: Literal["dmy", "mdy"] | None = None
    zone: str | None = None

    def told(self) -> SourceSettings:
        """As the source keeps it."""
        return SourceSettings(columns=self.columns, day_order=self.day_order, zone=self.zone)


class SourceIn(BaseModel):
    """A new calendar source. `priority`: the smaller comes first where nothing else decides."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    label: str = Field(min_length=1, max_length=200)
    priority: int = Field(default=100, ge=0, le=1_000)
    markets: list[str] = Field(default_factory=list, max_length=60)
    settings: SettingsIn | None = None
    calendar_id: UUID | None = None


class SourceOut(BaseModel):
    """A calendar source."""

    id: UUID
    calendar_id: UUID
    name: str
    label: str
    kind: str
    priority: int
    markets: list[str]
    settings: dict[str, Any]
    quality: float | None
    read_at: datetime | None
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


class ReadingsOut(BaseModel):
    """Readings, newest first."""

    readings: list[ReadingOut]


class SentSource(BaseModel):
    """A source that is only sent to be consolidated with others."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")
    priority: int = Field(default=100, ge=0, le=1_000)
    markets: list[str] = Field(default_factory=list, max_length=60)
    events: list[KeyedEventIn] = Field(max_length=10_000)

    def calendar(self) -> SourceCalendar:
        """As consolidation takes it: only fields that the request names are claims."""
        entries = [SourceEntry(event.key, said_fields(event)) for event in self.events]
        return SourceCalendar(self.name, entries, priority=self.priority, markets=tuple(self.markets))


def said_fields(event: KeyedEventIn) -> dict[str, Any]:
    """The event's fields that the request names."""
    plain = canonical_fields(event.fields())
    return {name: plain[name] for name in EventFields.model_fields if name in event.model_fields_set}


class ConsolidateIn(BaseModel):
    """What to consolidate. Without `sources`: what changed in the workspace's own."""

    model_config = ConfigDict(extra="forbid")

    sources: list[SentSource] | None = Field(default=None, min_length=1, max_length=50)
    strategy: Strategy = "intelligent"
    by_fields: dict[str, Strategy] = Field(default_factory=dict, max_length=20)
    calendar_id: UUID | None = None

    def policy(self) -> Policy:
        """How conflicts are resolved."""
        return Policy(strategy=self.strategy, by_group=dict(self.by_fields))

    def calendars(self) -> list[SourceCalendar]:
        """The sources sent."""
        return [source.calendar() for source in self.sources or ()]


class DoneOut(BaseModel):
    """What a consolidation of the workspace's sources did."""

    entries: int
    events: int
    conflicts: int


class HeldOut(BaseModel):
    """An event that holds, what it was made of, and where its sources differ."""

    id: str
    fields: dict[str, Any]
    provenance: dict[str, str]
    members: list[str]
    conflicts: list[dict[str, Any]]


class ConsolidatedOut(BaseModel):
    """A master calendar of the sources sent; `asks`: pairs that may be one event."""

    summary: str
    events: list[HeldOut]
    asks: list[dict[str, Any]]

    @classmethod
    def of(cls, master: MasterCalendar) -> Self:
        """The calendar as JSON values."""
        events = [
            HeldOut(
                id=event.id,
                fields=canonical_fields(event.fields),
                provenance=dict(event.provenance),
                members=list(event.members),
                conflicts=[_spelled(asdict(conflict)) for conflict in event.conflicts],
            )
            for event in master.events
        ]
        return cls(summary=str(master), events=events, asks=[asdict(ask) for ask in master.asks])


def _spelled(conflict: dict[str, Any]) -> dict[str, Any]:
    """A conflict with its values by field."""
    group: str = conflict["group"]
    values: Sequence[tuple[str, str]] = conflict["values"]
    return conflict | {
        "values": [{"source": source, "values": group_fields(group, value)} for source, value in values],
        "choice": group_fields(group, conflict["choice"]),
    }


class RunOut(BaseModel):
    """One consolidation. `sources`: name -> when it was read (Unix time); `quality_score`: 0 to 100, what unsettled
    conflicts left of the events that were worked out anew.
    """

    id: UUID
    created_at: datetime
    sources: dict[str, int | None]
    entries: int
    events: int
    conflicts: int
    settled: int
    quality_score: float
    seconds: float


class RunsOut(BaseModel):
    """Consolidations, newest first."""

    consolidations: list[RunOut]


class SaidOut(BaseModel):
    """What one source says."""

    source: str
    values: dict[str, Any]


class ConflictOut(BaseModel):
    """Sources that differ about some fields of an event; `confidence`: 0 to 1."""

    id: UUID
    event_id: UUID
    event_name: str
    fields: str
    said: list[SaidOut]
    choice: dict[str, Any]
    strategy: str
    reason: str
    confidence: float
    severity: Literal["low", "medium", "high", "critical"]
    state: Literal["open", "waiting", "settled", "decided"]
    decided_by: str | None
    decided_at: datetime | None
    found_at: datetime


class ConflictsOut(BaseModel):
    """Conflicts, and how many there are in each state."""

    conflicts: list[ConflictOut]
    counts: dict[str, int]


class DecisionIn(BaseModel):
    """A person's choice: what a source says, or other values; neither accepts what was chosen."""

    model_config = ConfigDict(extra="forbid")

    source: str | None = Field(default=None, max_length=100)
    values: dict[str, Any] | None = Field(default=None, max_length=3)


class AcceptedOut(BaseModel):
    """Which conflicts were accepted."""

    accepted: list[UUID]
