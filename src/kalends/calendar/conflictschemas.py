"""What goes into the API of consolidation, conflicts and policies, and what comes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from kalends.calendar.causes import Take
from kalends.calendar.consolidation import MasterCalendar, Policy, SourceCalendar, group_fields
from kalends.calendar.events import EventFields, canonical_fields
from kalends.calendar.pairs import Answer
from kalends.calendar.policies import SetPolicy, check_policy, plain_policy
from kalends.calendar.reading import SourceEntry
from kalends.calendar.schemas import KeyedEventIn
from kalends.methods.truth import STRATEGIES

Severity = Literal["low", "medium", "high", "critical"]
State = Literal["open", "waiting", "settled", "decided"]
PairState = Literal["open", "same", "different"]


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
    """What to consolidate. Without `sources`: what changed in the workspace's own, by the calendar's policy unless a
    `strategy` is given for this run alone.
    """

    model_config = ConfigDict(extra="forbid")

    sources: list[SentSource] | None = Field(default=None, min_length=1, max_length=50)
    strategy: str | None = Field(default=None, max_length=60)
    by_fields: dict[str, str] = Field(default_factory=dict, max_length=20)
    calendar_id: UUID | None = None

    def policy(self) -> Policy | None:
        """How conflicts are resolved this once; None where the request does not say. Raises BadPolicyError."""
        if self.strategy is None and not self.by_fields:
            return None
        policy = Policy(strategy=self.strategy or Policy().strategy, by_group=dict(self.by_fields))
        check_policy(policy)
        return policy

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
    """One consolidation. `sources`: name -> when it was read (Unix time); `quality_score`: 0 to 100, of the events that
    were worked out anew; `quality`: the same with its coverage, by source and by group of fields.
    """

    id: UUID
    created_at: datetime
    sources: dict[str, int | None]
    entries: int
    events: int
    conflicts: int
    settled: int
    quality_score: float
    quality: dict[str, Any]
    seconds: float


class RunsOut(BaseModel):
    """Consolidations, newest first."""

    consolidations: list[RunOut]


class SaidOut(BaseModel):
    """What one source says."""

    source: str
    values: dict[str, Any]


class ConflictOut(BaseModel):
    """Sources that differ about some fields of an event; `confidence`: 0 to 1; `needs_approval`: critical, and nobody
    who may approve (an administrator or an owner) has settled it.
    """

    id: UUID
    event_id: UUID
    event_name: str
    fields: str
    said: list[SaidOut]
    choice: dict[str, Any]
    strategy: str
    reason: str
    confidence: float
    severity: Severity
    state: State
    decided_by: str | None
    decided_at: datetime | None
    approved_by: str | None
    approved_at: datetime | None
    needs_approval: bool
    found_at: datetime


class ConflictsOut(BaseModel):
    """Conflicts, how many there are in each state, and how many of those that were asked for in `total`."""

    conflicts: list[ConflictOut]
    counts: dict[str, int]
    total: int


class DecisionIn(BaseModel):
    """A person's choice: what a source says, or other values; neither accepts what was chosen."""

    model_config = ConfigDict(extra="forbid")

    source: str | None = Field(default=None, max_length=100)
    values: dict[str, Any] | None = Field(default=None, max_length=3)


class AcceptedOut(BaseModel):
    """Which conflicts were accepted."""

    accepted: list[UUID]


class StrategyOut(BaseModel):
    """A way of settling differences."""

    name: str
    about: str


class PlaceOut(BaseModel):
    """A source's place; the smaller comes first where nothing else decides."""

    name: str
    label: str
    priority: int


class PolicyOut(BaseModel):
    """How a calendar's differences are settled. Critical ones always wait for an administrator or an owner."""

    calendar_id: UUID
    strategy: str
    by_fields: dict[str, str]
    critical_waits: Literal[True] = True
    row_version: int
    sources: list[PlaceOut]
    strategies: list[StrategyOut]

    @classmethod
    def of(cls, found: SetPolicy) -> Self:
        """A calendar's policy, and what may be chosen."""
        return cls(
            calendar_id=found.calendar.id,
            row_version=found.row_version,
            sources=[PlaceOut(name=s.name, label=s.label, priority=s.priority) for s in found.sources],
            strategies=[StrategyOut(name=name, about=about(name)) for name in STRATEGIES],
            **plain_policy(found.policy),
        )


def about(strategy: str) -> str:
    """What a strategy does, in a sentence: the first line of its docstring."""
    return (STRATEGIES[strategy].__doc__ or "").strip().partition("\n")[0]


class PolicyIn(BaseModel):
    """Another way of settling differences. `by_fields`: group of fields -> its own strategy; `priorities`: source ->
    its place. `critical_waits` cannot be switched off.
    """

    model_config = ConfigDict(extra="forbid")

    strategy: str = Field(default="intelligent", max_length=60)
    by_fields: dict[str, str] = Field(default_factory=dict, max_length=20)
    priorities: dict[str, int] = Field(default_factory=dict, max_length=200)
    critical_waits: Literal[True] = True
    row_version: int | None = Field(default=None, ge=0, le=2**31 - 1)
    calendar_id: UUID | None = None

    def policy(self) -> Policy:
        """As consolidation takes it."""
        return Policy(strategy=self.strategy, by_group=dict(self.by_fields))


class PolicySetOut(BaseModel):
    """The policy as it is now, and how many events were held anew."""

    policy: PolicyOut
    events: int


class ReasonOut(BaseModel):
    """One reason for a score: how alike the two are in it, 0 to 1, and its share of the score."""

    name: str
    likeness: float
    weight: float


class SideOut(BaseModel):
    """One of the two entries; `entry` is source/key."""

    entry: str
    source: str
    fields: dict[str, Any]


class PairOut(BaseModel):
    """Two entries that may be one event. `score`: 0 to 1, how alike they are."""

    id: UUID
    state: PairState
    score: float | None
    reasons: list[ReasonOut]
    entries: list[SideOut]
    answered_by: str | None
    answered_at: datetime | None
    found_at: datetime


class PairsOut(BaseModel):
    """Pairs, and how many there are in each state."""

    pairs: list[PairOut]
    counts: dict[str, int]


class AnswerIn(BaseModel):
    """Whether two entries are one event."""

    model_config = ConfigDict(extra="forbid")

    answer: Answer


class PairIn(AnswerIn):
    """Two entries by their ids, each as source/key."""

    entries: tuple[Annotated[str, Field(max_length=400)], Annotated[str, Field(max_length=400)]]
    calendar_id: UUID | None = None


class ReopenedOut(BaseModel):
    """A pair that is a question again."""

    pair: PairOut | None


class CauseOut(BaseModel):
    """A cause that several conflicts share: `count` of `of` conflicts of that source about those fields."""

    key: str
    source: str
    fields: str
    words: str
    count: int
    of: int
    event_ids: list[UUID]


class CausesOut(BaseModel):
    """Shared causes, the one that explains most first."""

    causes: list[CauseOut]


class CauseIn(BaseModel):
    """A cause, and whose word is to hold: the `others`', or after all the `source`'s own."""

    model_config = ConfigDict(extra="forbid")

    key: str = Field(max_length=400)
    take: Take = "others"
    calendar_id: UUID | None = None


class MetadataRow(BaseModel):
    """A row of the view `calendar_consolidation_metadata`. `quality_score`: 0 to 100."""

    id: UUID
    consolidation_id: UUID
    source_calendars: dict[str, int | None]
    conflicts_resolved: int
    quality_score: float
    created_at: datetime


class MetadataOut(BaseModel):
    """Consolidations by the view's names."""

    rows: list[MetadataRow]
