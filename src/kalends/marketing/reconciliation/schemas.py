"""What goes into and out of reconciliation over HTTP."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Literal, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator

from kalends.marketing.mapping import canonical_source
from kalends.marketing.reconciliation.answers import Answer, Question, check_days
from kalends.marketing.reconciliation.behind import Behind
from kalends.marketing.reconciliation.cells import Outcome, Reading, Rule
from kalends.marketing.reconciliation.overlap import Claimed, Overlap
from kalends.marketing.reconciliation.sources import DEFINITIONS, MONEY, is_biased
from kalends.marketing.reconciliation.summing import Side, Total, bias_words
from kalends.marketing.words import source_name

Text = Annotated[str, Field(min_length=1, max_length=200)]
Cut = Literal["day", "week", "month", "channel", "campaign", "platform"]
Strategy = Literal["intelligent", "weighted_average", "highest_quality", "manual", "order", "weights"]


class RuleIn(BaseModel):
    """How disagreements are settled: a strategy; `order` needs the sources in order, `weights` a weight for each."""

    model_config = ConfigDict(extra="forbid")

    strategy: Strategy = "intelligent"
    sources: Annotated[list[Text], Field(max_length=100)] = []
    weights: Annotated[dict[Text, Annotated[FiniteFloat, Field(ge=0)]], Field(max_length=100)] = {}

    def rule(self) -> Rule:
        """As the engine takes it."""
        weights = {canonical_source(name): weight for name, weight in self.weights.items()}
        return Rule(self.strategy, tuple(map(canonical_source, self.sources)), tuple(sorted(weights.items())))

    @classmethod
    def of(cls, rule: Rule) -> Self:
        """The rule as an answer."""
        strategy: Any = rule.strategy
        return cls(strategy=strategy, sources=list(rule.order), weights=dict(rule.weights))


class AggregateIn(BaseModel):
    """Metrics over days, each once however many sources report it."""

    model_config = ConfigDict(extra="forbid")

    date_range_start: date
    date_range_end: date
    platforms: Annotated[list[Text], Field(max_length=100, description="Only these sources; none: all.")] = []
    metrics: Annotated[list[Text], Field(min_length=1, max_length=20)] = ["spend", "conversions", "revenue"]
    group_by: Annotated[list[Cut], Field(max_length=4)] = []
    strategy: Annotated[Strategy | None, Field(description="Instead of the company's own rule.")] = None
    order: Annotated[list[Text], Field(max_length=100, description="For the strategy `order`.")] = []
    weights: Annotated[
        dict[Text, Annotated[FiniteFloat, Field(ge=0)]], Field(max_length=100, description="For `weights`.")
    ] = {}
    currency: Annotated[str | None, Field(pattern="^[A-Z]{3}$", description="Else the company's own.")] = None
    as_of: Annotated[date | datetime | None, Field(description="As known at an instant, or at a day's end.")] = None

    @model_validator(mode="before")
    @classmethod
    def read_instants(cls, told: Any) -> Any:
        """A text with a time is an instant, one without is a day."""
        if isinstance(told, dict) and isinstance(text := told.get("as_of"), str) and len(text) > len("2026-03-31"):
            try:
                return {**told, "as_of": datetime.fromisoformat(text)}
            except ValueError:
                return told
        return told

    def question(self, *, zone: str) -> Question:
        """As the service takes it; a day or an instant without offset is the company's own."""
        rule = None
        if self.strategy is not None:
            rule = RuleIn(strategy=self.strategy, sources=self.order, weights=self.weights).rule()
        return Question(
            first=self.date_range_start,
            last=self.date_range_end,
            metrics=tuple(dict.fromkeys(self.metrics)),
            group_by=tuple(dict.fromkeys(self.group_by)),
            platforms=frozenset(map(canonical_source, self.platforms)),
            currency=self.currency,
            rule=rule,
            at=instant_of(self.as_of, zone=zone),
        )


def instant_of(told: date | datetime | None, *, zone: str) -> datetime | None:
    """The instant that is meant: a day's end, or a moment, in the company's zone where none is said."""
    if told is None:
        return None
    check_days(told.date() if isinstance(told, datetime) else told)
    if not isinstance(told, datetime):
        told = datetime.combine(told, time(), ZoneInfo(zone)) + timedelta(days=1, microseconds=-1)
    return (told if told.tzinfo else told.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


class SideOut(BaseModel):
    """What one source says: its own sum, on so many days, and on how many of them it was put aside. `share`: of the
    answer, where it speaks of a part (a platform's spend); `off`: where others speak of the same, 0.04 is 4 % more than
    what holds. `batches`: in which it says so; their lineage is at `/marketing/batches/{id}/lineage`.
    """

    source: str
    value: float
    days: int
    put_aside: int
    share: float | None
    off: float | None
    batches: list[UUID]

    @classmethod
    def of(cls, side: Side, *, behind: Behind) -> Self:
        """The side as an answer."""
        return cls(
            source=side.source,
            value=side.value,
            days=side.days,
            put_aside=side.put_aside,
            share=side.share,
            off=side.off,
            batches=behind.of(side.source, side.on),
        )


class ClaimedOut(BaseModel):
    """One platform's claim. `seen`: what an independent source counts for those of its campaigns that it knows by name;
    `compared`: the claim for these, on the days of both; `over`: 0.4 claims 40 % more than that; null: `why` says why.
    """

    platform: str
    value: float
    seen: float | None
    compared: float | None
    over: float | None
    why: str
    batches: list[UUID]

    @classmethod
    def of(cls, one: Claimed, *, batches: list[UUID]) -> Self:
        """The claim as an answer."""
        return cls(
            platform=one.platform,
            value=one.value,
            seen=one.seen.counted if one.seen else None,
            compared=one.seen.claimed if one.seen else None,
            over=one.over,
            why=one.why,
            batches=batches,
        )


class OverlapOut(BaseModel):
    """Platforms' claims of the same sales: their sum counts buyers twice. The distinct sales behind them lie between
    `low` and `high`; `deduplicated` takes the claims for independent, and is null where nobody counts all sales.

    Claims and sales are those of the `days` of which somebody counts all sales (0: nobody counts, all claims are here);
    `claimed_elsewhere`: claims of other days, with which nothing can be compared. `over`: 0.4 is 40 % more claimed than
    there can well have been; where it is null, `why` says why.
    """

    claimed: list[ClaimedOut]
    claimed_total: float
    deduplicated: float | None
    low: float
    high: float
    sold: float | None
    over: float | None
    why: str
    days: int
    claimed_elsewhere: float

    @classmethod
    def of(cls, told: Overlap, *, on: Mapping[str, frozenset[date]], behind: Behind) -> Self:
        """The overlap as an answer; `on`: the days of each platform's claims."""
        return cls(
            claimed=[ClaimedOut.of(one, batches=behind.of(one.platform, on[one.platform])) for one in told.claims],
            claimed_total=told.total,
            deduplicated=told.estimate,
            low=told.low,
            high=told.high,
            sold=told.sold,
            over=told.over,
            why=told.why,
            days=told.days,
            claimed_elsewhere=told.elsewhere,
        )


class CellOut(BaseModel):
    """One number with its 95 % interval. `state` measured: somebody counts the whole; claimed: only platforms speak.
    It is the sum of the `days` of which anything is said, of `asked_days`; `covers` says so in words where days lack.

    Without a value, sources disagree on `open_days` and nothing was chosen: `low` and `high` hold all that is said.
    No interval: one source alone speaks, and nothing tells how far off it may be.
    """

    metric: str
    group: dict[str, str]
    value: float | None
    low: float | None
    high: float | None
    unit: str | None
    state: str
    days: int
    asked_days: int
    covers: str
    open_days: int
    conflicts: int
    sources: list[SideOut]
    claims: OverlapOut | None

    @classmethod
    def of(cls, total: Total, *, answer: Answer) -> Self:
        """The total as an answer."""
        return cls(
            metric=total.metric,
            group=dict(zip(answer.question.group_by, total.key, strict=True)),
            value=total.value,
            low=total.low,
            high=total.high,
            unit=answer.currency if total.metric in MONEY else None,
            state=total.state,
            days=total.days,
            asked_days=total.asked_days,
            covers=total.covers,
            open_days=total.open_days,
            conflicts=total.conflicts,
            sources=[SideOut.of(side, behind=answer.behind) for side in total.sides],
            claims=(OverlapOut.of(total.overlap, on=total.claimed_on, behind=answer.behind) if total.overlap else None),
        )


class ReadingOut(BaseModel):
    """How a source reads a metric: its bias as a share (-0.08: 8 % low) with its 95 % interval, and its noise."""

    metric: str
    platform: str
    source: str
    definition: str | None
    days: int
    bias: float
    low: float | None
    high: float | None
    is_biased: bool
    noise: float | None
    quality: float | None
    repeats: str | None
    words: str
    notes: list[str]

    @classmethod
    def of(cls, reading: Reading, *, quality: float | None) -> Self:
        """The reading as an answer; logarithms become shares."""
        low, high = (None if edge is None else math.expm1(edge) for edge in (reading.low, reading.high))
        edges = (reading.low, reading.high) if reading.low is not None and reading.high is not None else None
        return cls(
            metric=reading.metric,
            platform=reading.platform,
            source=reading.source,
            definition=DEFINITIONS.get(reading.source),
            days=reading.days,
            bias=math.expm1(reading.bias),
            low=low,
            high=high,
            is_biased=is_biased(edges),
            noise=reading.noise,
            quality=quality,
            repeats=reading.twin_of or None,
            words=bias_words(reading, name=source_name(reading.source)),
            notes=list(reading.notes),
        )


class SaidOut(BaseModel):
    """What a source says, in which batches, and why it does not count where it does not."""

    source: str
    value: float
    used: bool
    reason: str
    batches: list[UUID]


class ConflictOut(BaseModel):
    """A number on which sources disagree by more than their noise. `state`: open (nothing was chosen), settled (by the
    strategy), decided (by a person).
    """

    id: str
    metric: str
    date: date
    platform: str
    channel: str
    campaign: str
    state: str
    value: float | None
    low: float | None
    high: float | None
    strategy: str
    reason: str
    said: list[SaidOut]

    @classmethod
    def of(cls, one: Outcome, *, behind: Behind) -> Self:
        """The outcome as an answer."""
        cell = one.cell
        said = [
            SaidOut(source=s.source, value=s.value, used=s.is_used, reason=s.note,
                    batches=behind.of(s.source, [cell.day]))
            for s in one.said
        ]  # fmt: skip
        return cls(
            id=cell.id,
            metric=cell.metric,
            date=cell.day,
            platform=cell.platform,
            channel=cell.channel,
            campaign=cell.campaign,
            state=one.state,
            value=one.value,
            low=one.low,
            high=one.high,
            strategy=one.strategy,
            reason=one.reason,
            said=said,
        )


class Aggregated(BaseModel):
    """The answer: cells, how each source reads, where they disagree, and of which state of the data."""

    cells: list[CellOut]
    sources: list[ReadingOut]
    conflicts: list[ConflictOut]
    conflicts_total: int
    currency: str
    missing_rates: dict[str, int]
    notes: list[str]
    data_version: int
    as_of: datetime | None


class Conflicts(BaseModel):
    """A page of conflicts: what waits for a person first, then the newest; and of which state of the data."""

    conflicts: list[ConflictOut]
    total: int
    counts: dict[str, int]
    data_version: int


class ResolveIn(BaseModel):
    """What holds for these numbers from now on: a value, a source, a strategy; or, with `reopen`, the rule's choice."""

    model_config = ConfigDict(extra="forbid")

    conflict_ids: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=600)]], Field(min_length=1, max_length=2000)
    ]
    value: FiniteFloat | None = None
    source: Text | None = None
    strategy: Strategy | None = None
    note: Annotated[str, Field(max_length=2000)] = ""
    reopen: bool = False

    @model_validator(mode="after")
    def check_choice(self) -> Self:
        """Exactly one of them."""
        given = [one for one in (self.value, self.source, self.strategy) if one is not None]
        if len(given) + self.reopen != 1:
            raise ValueError("give one of value, source and strategy, or reopen")
        return self


class Resolved(BaseModel):
    """The numbers as they stand now; `resolved_at` takes them back together."""

    resolved: int
    conflicts: list[ConflictOut]
    resolved_at: datetime


class RulesOut(BaseModel):
    """How disagreements are settled, by metric; '' is for all that have no rule of their own."""

    rules: dict[str, RuleIn]
    strategies: list[str]


class RulesIn(BaseModel):
    """The rules by metric ('' for all others); a metric that is not named keeps its own, null takes it away."""

    model_config = ConfigDict(extra="forbid")

    rules: Annotated[dict[Annotated[str, Field(max_length=40)], RuleIn | None], Field(min_length=1, max_length=40)]


class Orders(BaseModel):
    """A shop's orders: id, time, market, channel, gross, net, refunds, currency, customer (new or returning)."""

    model_config = ConfigDict(extra="forbid")

    orders: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=100_000)]
    currency: Annotated[str | None, Field(pattern="^[A-Z]{3}$", description="Of orders that name none.")] = None


class OrderDay(BaseModel):
    """Sums of a day's orders in one market, channel and currency; what no order says is null."""

    date: date
    market: str
    channel: str
    currency: str
    orders: int
    new_customers: int | None
    returning_customers: int | None
    gross: str | None
    net: str | None
    refunds: str | None


class OrderDays(BaseModel):
    """Orders by day."""

    days: list[OrderDay]
