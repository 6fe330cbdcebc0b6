"""Events: named spans of days with a type, an impact and markets, and how several records become the one that holds.

Days are the local days of the event's own place, first and last both included (an .ics file's end is exclusive and is
converted on the way in). Times, where given, are wall times in the event's zone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any, Final
from zlib import crc32
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from kalends.calendar.definition import ALIASES
from kalends.calendar.occurrences import Direction, Impact, OccurrenceChange, Status
from kalends.calendar.repeating import MAX_TIMES, canonical_rule, days_of

MANUAL: Final = "manual"
SETUP: Final = "setup"
"""The source of the events that setting up makes."""
"""The source of what people write by hand; over another source's record it is an override, and wins."""

# Even steps from nothing to everything: the levels are an order, not a measurement.
IMPACT_SIZE: Final[dict[str, float]] = {"low": 0.25, "medium": 0.5, "high": 0.75, "critical": 1.0}
SIGN: Final[dict[str, float]] = {"up": 1.0, "down": -1.0, "none": 0.0}
TENTATIVE_WEIGHT: Final = 0.5
MAX_DAYS: Final = 3_660
"""Ten years: a longer event is a mistyped year."""


@dataclass(frozen=True, slots=True)
class EventType:
    """A kind of event; `direction` is what it usually does to demand, where nobody says."""

    code: str
    label: str
    direction: Direction
    colour: str
    """Its colour group in the look: launch, promotion, content, competitor, holiday, moment, other, own-1 to own-4."""


EVENT_TYPES: Final[dict[str, EventType]] = {
    kind.code: kind
    for kind in (
        EventType("product_launch", "Product launch", "up", "launch"),
        EventType("seasonal_campaign", "Seasonal campaign", "up", "promotion"),
        EventType("promotional_period", "Promotion", "up", "promotion"),
        EventType("competitor_event", "Competitor", "down", "competitor"),
        EventType("market_event", "Market event", "none", "other"),
        EventType("holiday", "Holiday", "none", "holiday"),
        EventType("pr_event", "Press and PR", "up", "content"),
        EventType("content_campaign", "Content campaign", "up", "content"),
        EventType("trade_show", "Trade show", "up", "launch"),
        EventType("other", "Other", "none", "other"),
    )
}


OWN_COLOURS: Final = 4


def event_type(code: str) -> EventType:
    """The type of that code; a company's own types have their own name, and a colour that follows from it."""
    colour = f"own-{crc32(code.encode()) % OWN_COLOURS + 1}"
    return EVENT_TYPES.get(code) or EventType(code, code.replace("_", " ").capitalize(), "none", colour)


class EventFields(BaseModel):
    """What an event says. Every field can be overridden one by one."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    name: str = Field(min_length=1, max_length=300)
    starts_on: date
    ends_on: date
    """The last day, included."""
    start_time: time | None = None
    end_time: time | None = None
    zone: str | None = None
    type: str = Field(default="other", pattern=r"^[a-z][a-z0-9_]{0,59}$")
    impact: Impact = "medium"
    direction: Direction | None = None
    """None: what events of this type usually do."""
    status: Status = "confirmed"
    markets: tuple[str, ...] = ()
    """Country codes; empty means every market."""
    brands: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    description: str = Field(default="", max_length=20_000)
    owner: str = Field(default="", max_length=300)
    days_before: int = Field(default=0, ge=0, le=366)
    """How many days before the first it may already show."""
    days_after: int = Field(default=0, ge=0, le=366)
    """How many days after the last it may still show."""
    recurrence: str = Field(default="", max_length=300)
    """How it comes again: an RFC 5545 rule; `starts_on` to `ends_on` is its first occurrence. Empty: once."""
    exdates: tuple[date, ...] = Field(default=(), max_length=MAX_TIMES)
    """First days of occurrences that are left out."""
    overrides: tuple[OccurrenceChange, ...] = Field(default=(), max_length=MAX_TIMES)
    """What differs about single occurrences."""

    @field_validator("recurrence", mode="before")
    @classmethod
    def _known_rule(cls, rule: object) -> object:
        """A rule for days, in one spelling; none is empty."""
        return canonical_rule(rule) if isinstance(rule, str) else rule or ""

    @field_validator("exdates", "overrides", mode="before")
    @classmethod
    def _none_is_empty(cls, given: object) -> object:
        """JSON's null is no exception."""
        return () if given is None else given

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str | None) -> str | None:
        """An IANA zone."""
        if zone is not None:
            try:
                ZoneInfo(zone)
            except (ZoneInfoNotFoundError, ValueError, OSError) as error:
                raise ValueError(f"{zone!r} is not an IANA time zone such as Europe/Berlin") from error
        return zone

    @field_validator("markets", mode="before")
    @classmethod
    def _capitals(cls, markets: object) -> object:
        """Country codes in capitals, each once."""
        if not isinstance(markets, list | tuple):
            return markets
        codes = (str(market).strip().upper() for market in markets)
        return tuple(dict.fromkeys(ALIASES.get(code, code) for code in codes))

    @model_validator(mode="after")
    def _in_order(self) -> EventFields:
        """The end does not come before the start, and times come in pairs with a zone."""
        if self.ends_on < self.starts_on:
            raise ValueError(f"ends_on {self.ends_on} comes before starts_on {self.starts_on}")
        if (self.ends_on - self.starts_on).days >= MAX_DAYS:
            raise ValueError(f"an event lasts at most {MAX_DAYS} days; is a year mistyped?")
        if (self.start_time is None) != (self.end_time is None):
            raise ValueError("start_time and end_time come together, or neither for an all-day event")
        if self.start_time is not None and self.end_time is not None:
            if self.zone is None:
                raise ValueError("a timed event needs its zone, such as Europe/Berlin")
            if self.starts_on == self.ends_on and self.end_time <= self.start_time:
                raise ValueError(f"end_time {self.end_time} does not come after start_time {self.start_time}")
        return self

    @model_validator(mode="after")
    def _exceptions_make_sense(self) -> EventFields:
        """Exceptions are those of a rule, one for a day, and what each occurrence becomes is an event again."""
        if not self.recurrence:
            if self.exdates or self.overrides:
                raise ValueError("exdates and overrides belong to an event that repeats; give it a recurrence")
            return self
        changed = {change.on: change for change in self.overrides}
        if len(changed) < len(self.overrides):
            raise ValueError("overrides name a day twice")
        for on in changed.keys() & set(self.rule_days):
            self.at(on)
        return self

    @property
    def rule_days(self) -> tuple[date, ...]:
        """The days on which its occurrences begin, those left out included; of one that does not repeat, its first."""
        return days_of(self.recurrence, self.starts_on)

    def at(self, on: date) -> EventFields:
        """The occurrence that the rule has begin on `on` (one of `rule_days`), as an event of its own."""
        plain = {
            "starts_on": on, "ends_on": on + (self.ends_on - self.starts_on),
            "recurrence": "", "exdates": (), "overrides": (),
        }  # fmt: skip
        changes = next((change.changes() for change in self.overrides if change.on == on), None)
        if changes is None:
            return self.model_copy(update=plain)
        return EventFields.model_validate({**self.model_dump(), **plain, **changes})

    @property
    def effect(self) -> float:
        """The expected effect on demand, -1 to 1; a tentative event counts half, a cancelled one not at all."""
        weight = {"tentative": TENTATIVE_WEIGHT, "confirmed": 1.0, "cancelled": 0.0}[self.status]
        return weight * SIGN[self.direction or event_type(self.type).direction] * IMPACT_SIZE[self.impact]


EVENT_FIELDS: Final[tuple[str, ...]] = tuple(EventFields.model_fields)


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """What one source says about an event now: some of its fields, or that it is gone."""

    source: str
    fields: Mapping[str, Any]
    is_deleted: bool = False


@dataclass(frozen=True, slots=True)
class Merged:
    """The event that holds, and which source each field came from. `fields` is None when every record is gone."""

    fields: EventFields | None
    provenance: dict[str, str]


def merge(*, records: Sequence[SourceRecord]) -> Merged:
    """One event from its records: `manual` wins field by field, then the records in the order given.

    Only fields that a record holds count. An event is gone when its manual record says so, or when no other record is
    left that says it exists.
    """
    manual = [record for record in records if record.source == MANUAL]
    others = [record for record in records if record.source != MANUAL]
    living = [record for record in (*manual, *others) if not record.is_deleted]
    removed_by_hand = any(record.is_deleted for record in manual)
    only_patched = bool(others) and all(record.is_deleted for record in others)
    if removed_by_hand or only_patched or not living:
        return Merged(None, {})
    values: dict[str, Any] = {}
    provenance: dict[str, str] = {}
    for record in living:
        for name in record.fields.keys() - values.keys():
            values[name], provenance[name] = record.fields[name], record.source
    return Merged(EventFields.model_validate(values), provenance)


@dataclass(frozen=True, slots=True)
class DatedEvent:
    """An event as the days need it: one for each occurrence. `on`: the rule's day; None for what does not repeat.

    `is_open`, `is_critical`: sources differ about it and nothing is settled yet, and whether that is critical.
    """

    event_id: str
    fields: EventFields
    on: date | None = None
    is_open: bool = False
    is_critical: bool = False


def occurrences_of(fields: EventFields) -> list[tuple[date | None, EventFields]]:
    """(the rule's day, the occurrence) in the rule's order; (None, the event) for one that does not repeat."""
    if not fields.recurrence:
        return [(None, fields)]
    left_out = set(fields.exdates)
    return [(on, fields.at(on)) for on in fields.rule_days if on not in left_out]


def span_of(fields: EventFields) -> tuple[date, date]:
    """The first and the last day of an event with all its occurrences; its own where every occurrence is left out."""
    found = [occurrence for _, occurrence in occurrences_of(fields)] or [fields]
    return min(each.starts_on for each in found), max(each.ends_on for each in found)


def touched(fields: EventFields) -> tuple[date, date]:
    """The first and the last day that an event shows on, its occurrences and its windows before and after included."""
    found = [occurrence for _, occurrence in occurrences_of(fields)] or [fields]
    return (
        min(each.starts_on - timedelta(days=each.days_before) for each in found),
        max(each.ends_on + timedelta(days=each.days_after) for each in found),
    )


DOUBTS: Final = ("tentative", "open", "critical")
"""What may not be settled about an event that is on."""


def event_columns(frame: pl.DataFrame, *, events: Sequence[DatedEvent]) -> pl.DataFrame:
    """`frame` (column `date`) with events, event_windows, event_impact, and has_tentative_event, has_open_event,
    has_critical_event for what is on.

    events, event_windows: canonical JSON lists of the ids that are on, or in their window before or after. Impacts of
    one direction combine as chances do (1 - product of 1 - x), so that they never pass 1; up and down are subtracted.
    """
    shown = [event for event in events if event.fields.status != "cancelled"]
    return _without_events(frame) if not shown else _with_events(frame, shown)


def _without_events(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(
        pl.lit("[]").alias("events"),
        pl.lit("[]").alias("event_windows"),
        pl.lit(0.0).alias("event_impact"),
        *(pl.lit(value=False).alias(f"has_{doubt}_event") for doubt in DOUBTS),
    )


def _with_events(frame: pl.DataFrame, events: Sequence[DatedEvent]) -> pl.DataFrame:
    days = _event_days(events)
    on, effect = pl.col("is_on"), pl.col("effect")
    # Events may come in any order; the ids are sorted so that the same events give the same text. Where two occurrences
    # of one event meet, the day counts once.
    daily = (
        days.sort("date", "event_id", "is_on", descending=[False, False, True])
        .unique(["date", "event_id"], keep="first", maintain_order=True)
        .group_by("date", maintain_order=True)
        .agg(
            _id_list(pl.col("event_id").filter(on)).alias("events"),
            _id_list(pl.col("event_id").filter(~on)).alias("event_windows"),
            (_combined(effect.filter(on), 1.0) - _combined(effect.filter(on), -1.0)).alias("event_impact"),
            *((pl.col(f"is_{doubt}") & on).any().alias(f"has_{doubt}_event") for doubt in DOUBTS),
        )
    )
    return frame.join(daily, on="date", how="left").with_columns(
        pl.col("events").fill_null("[]"),
        pl.col("event_windows").fill_null("[]"),
        pl.col("event_impact").fill_null(0.0),
        *(pl.col(f"has_{doubt}_event").fill_null(value=False) for doubt in DOUBTS),
    )


def _event_days(events: Sequence[DatedEvent]) -> pl.DataFrame:
    """One row per event and day that it touches."""
    rows = [
        (*touched(event.fields), event.fields.starts_on, event.fields.ends_on, event.event_id, event.fields.effect,
         event.fields.status == "tentative", event.is_open, event.is_critical)
        for event in events
    ]  # fmt: skip
    schema = {
        "from": pl.Date, "to": pl.Date, "starts_on": pl.Date, "ends_on": pl.Date, "event_id": pl.String,
        "effect": pl.Float64, **{f"is_{doubt}": pl.Boolean for doubt in DOUBTS},
    }  # fmt: skip
    spans = pl.DataFrame(rows, schema=schema, orient="row")
    exploded = spans.with_columns(pl.date_ranges("from", "to").alias("date")).explode("date")
    return exploded.with_columns(pl.col("date").is_between("starts_on", "ends_on").alias("is_on"))


def _combined(effects: pl.Expr, sign: float) -> pl.Expr:
    """The joint size (0 to 1) of the effects of one direction."""
    return 1.0 - (1.0 - (effects * sign).clip(lower_bound=0.0)).product()


def _id_list(ids: pl.Expr) -> pl.Expr:
    """Ids as a JSON list."""
    quoted = pl.concat_str(pl.lit('"'), ids, pl.lit('"'))
    return pl.concat_str(pl.lit("["), quoted.str.join(","), pl.lit("]"))


def canonical_fields(fields: EventFields) -> dict[str, Any]:
    """The fields as plain JSON values, the same for the same event."""
    plain: dict[str, Any] = json.loads(fields.model_dump_json())
    return plain
