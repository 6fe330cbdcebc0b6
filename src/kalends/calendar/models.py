"""The calendar's tables: what people decided. What follows from it, the days, lives in the warehouse."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kalends.base.database import Model

Instant = DateTime(timezone=True)


class Calendar(Model):
    """One master calendar of a tenant: by country, by brand. One of them is the default."""

    __tablename__ = "calendars"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    is_default: Mapped[bool]
    definition: Mapped[dict[str, Any]] = mapped_column(JSONB)
    row_version: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)


class CalendarVersion(Model):
    """A change of a calendar: the days it may touch, and when they were published (None: not yet)."""

    __tablename__ = "calendar_versions"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    calendar_id: Mapped[UUID]
    version: Mapped[int]
    reason: Mapped[str]
    first_day: Mapped[date]
    last_day: Mapped[date]
    created_at: Mapped[datetime] = mapped_column(Instant)
    published_at: Mapped[datetime | None] = mapped_column(Instant)
    days_written: Mapped[int | None]


class Event(Model):
    """The event that holds. `provenance` says which source each field came from; `row_version` counts its changes.

    `shows_from`, `shows_to`: first and last day of all occurrences of one that repeats; None for one that does not.
    """

    __tablename__ = "events"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    calendar_id: Mapped[UUID]
    source: Mapped[str]
    outside_key: Mapped[str | None]
    name: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    start_time: Mapped[time | None]
    end_time: Mapped[time | None]
    zone: Mapped[str | None]
    type: Mapped[str]
    impact: Mapped[str]
    direction: Mapped[str | None]
    status: Mapped[str]
    markets: Mapped[list[str]] = mapped_column(JSONB)
    brands: Mapped[list[str]] = mapped_column(JSONB)
    channels: Mapped[list[str]] = mapped_column(JSONB)
    description: Mapped[str]
    owner: Mapped[str]
    days_before: Mapped[int]
    days_after: Mapped[int]
    recurrence: Mapped[str]
    exdates: Mapped[list[str]] = mapped_column(JSONB)
    overrides: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    shows_from: Mapped[date | None]
    shows_to: Mapped[date | None]
    provenance: Mapped[dict[str, str]] = mapped_column(JSONB)
    row_version: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)
    deleted_at: Mapped[datetime | None] = mapped_column(Instant)


class SourceEvent(Model):
    """What one source said about an event, every version of it; `version` is the event's row_version it made."""

    __tablename__ = "source_events"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    event_id: Mapped[UUID]
    source: Mapped[str]
    version: Mapped[int]
    fields: Mapped[dict[str, Any]] = mapped_column(JSONB)
    is_deleted: Mapped[bool]
    undoes: Mapped[int | None]
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[UUID | None]
    label: Mapped[str]


class EventComment(Model):
    """What somebody said about an event. `mentions`: the people who are named in it."""

    __tablename__ = "event_comments"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    event_id: Mapped[UUID]
    author_id: Mapped[UUID | None]
    author: Mapped[str]
    body: Mapped[str]
    mentions: Mapped[list[str]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(Instant)
    edited_at: Mapped[datetime | None] = mapped_column(Instant)


class CalendarSource(Model):
    """One calendar as somebody keeps it: a file that is sent again, or an address that is read again.

    `etag`, `modified`: what the address answered last; `read_every`: minutes, as a person chose; `told_every`: as the
    calendar itself asks; `failures`: readings that failed in a row.
    """

    __tablename__ = "calendar_sources"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    calendar_id: Mapped[UUID]
    name: Mapped[str]
    label: Mapped[str]
    kind: Mapped[str]
    priority: Mapped[int]
    markets: Mapped[list[str]] = mapped_column(JSONB)
    settings: Mapped[dict[str, Any]] = mapped_column(JSONB)
    sealed_address: Mapped[bytes | None]
    address_host: Mapped[str | None]
    etag: Mapped[str | None]
    modified: Mapped[str | None]
    read_every: Mapped[int | None]
    told_every: Mapped[int | None]
    failures: Mapped[int] = mapped_column(default=0)
    quality: Mapped[float | None]
    read_at: Mapped[datetime | None] = mapped_column(Instant)
    next_read_at: Mapped[datetime | None] = mapped_column(Instant)
    problem: Mapped[str | None]
    row_version: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)
    removed_at: Mapped[datetime | None] = mapped_column(Instant)


class CalendarFeed(Model):
    """A private address under which other calendars subscribe to the master calendar; only its digest is kept."""

    __tablename__ = "calendar_feeds"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    calendar_id: Mapped[UUID]
    person_id: Mapped[UUID | None]
    secret_hash: Mapped[bytes]
    prefix: Mapped[str]
    label: Mapped[str]
    filters: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_used_at: Mapped[datetime | None] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)


class SourceReading(Model):
    """How one reading of a source went: what came in, and the fate of what did not."""

    __tablename__ = "source_readings"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    source_id: Mapped[UUID]
    kept: Mapped[int]
    mended: Mapped[int]
    refused: Mapped[int]
    entries: Mapped[int]
    added: Mapped[int]
    changed: Mapped[int]
    removed: Mapped[int]
    fates: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    notes: Mapped[list[str]] = mapped_column(JSONB)
    columns: Mapped[dict[str, str]] = mapped_column(JSONB)
    file_name: Mapped[str]
    read_at: Mapped[datetime] = mapped_column(Instant)


class StoredEntry(Model):
    """What a source says now; `is_pending`: not consolidated yet. Its earlier versions are in `source_events`."""

    __tablename__ = "source_entries"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    calendar_id: Mapped[UUID]
    source_id: Mapped[UUID]
    key: Mapped[str]
    fields: Mapped[dict[str, Any]] = mapped_column(JSONB)
    url: Mapped[str | None]
    support: Mapped[float]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    event_id: Mapped[UUID | None]
    is_pending: Mapped[bool]
    is_gone: Mapped[bool]


class StoredConflict(Model):
    """Sources that differ about a group of an event's fields, what was chosen, why, and by whom."""

    __tablename__ = "conflicts"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    calendar_id: Mapped[UUID]
    event_id: Mapped[UUID]
    field_group: Mapped[str]
    said: Mapped[list[dict[str, str]]] = mapped_column(JSONB)
    choice: Mapped[str]
    strategy: Mapped[str]
    reason: Mapped[str]
    confidence: Mapped[float]
    severity: Mapped[str]
    state: Mapped[str]
    decided_by: Mapped[UUID | None]
    decided_label: Mapped[str | None]
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    approved_by: Mapped[UUID | None]
    approved_label: Mapped[str | None]
    approved_at: Mapped[datetime | None] = mapped_column(Instant)
    found_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)


class Consolidation(Model):
    """One run: which sources at which reading, what came of it, how good it is (0 to 100), how long it took."""

    __tablename__ = "consolidations"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    calendar_id: Mapped[UUID]
    sources: Mapped[dict[str, Any]] = mapped_column(JSONB)
    entries: Mapped[int]
    events: Mapped[int]
    conflicts: Mapped[int]
    settled: Mapped[int]
    quality_score: Mapped[float]
    quality: Mapped[dict[str, Any]] = mapped_column(JSONB)
    seconds: Mapped[float]
    created_at: Mapped[datetime] = mapped_column(Instant)


class CalendarPolicy(Model):
    """How a calendar's differences are settled: a strategy, and others for single groups of fields."""

    __tablename__ = "calendar_policies"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    calendar_id: Mapped[UUID]
    strategy: Mapped[str]
    by_group: Mapped[dict[str, str]] = mapped_column(JSONB)
    row_version: Mapped[int]
    updated_at: Mapped[datetime] = mapped_column(Instant)


class EventPair(Model):
    """Two entries that may be one event, what a person answered, and which entry belonged to which event before."""

    __tablename__ = "event_pairs"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    calendar_id: Mapped[UUID]
    left_entry: Mapped[str]
    right_entry: Mapped[str]
    said: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """`left` and `right`: what each entry said when it was last looked at."""
    score: Mapped[float | None]
    parts: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    state: Mapped[str]
    events: Mapped[dict[str, str]] = mapped_column(JSONB)
    """Entry -> the event that it belonged to when it was called the same."""
    answered_by: Mapped[UUID | None]
    answered_label: Mapped[str | None]
    answered_at: Mapped[datetime | None] = mapped_column(Instant)
    found_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)


class Setup(Model):
    """Setting the calendar up: what a person said so far, step by step, and the plan once it was built."""

    __tablename__ = "calendar_setups"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID | None]
    step: Mapped[str]
    said: Mapped[dict[str, Any]] = mapped_column(JSONB)
    plan: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    started_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)


class LearnedFactors(Model):
    """What a calendar's company taught about its seasons; `factors` is None while there is not a year of facts."""

    __tablename__ = "calendar_factors"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    calendar_id: Mapped[UUID]
    factors: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    learned_at: Mapped[datetime] = mapped_column(Instant)
