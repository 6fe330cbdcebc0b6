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
    """The event that holds. `provenance` says which source each field came from; `row_version` counts its changes."""

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
