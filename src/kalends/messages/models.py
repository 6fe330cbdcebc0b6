"""What Postgres keeps of messages: pages, captions, schedules, locks of captions. History is in the warehouse."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger
from sqlalchemy.dialects.postgresql import JSONB, TSTZRANGE, Range
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column

from kalends.base.database import Model


def _number(context: DefaultExecutionContext) -> int:
    """The row's id as a number, which exclusion constraints can hold: 62 of its random bits."""
    given = context.get_current_parameters()  # type: ignore[no-untyped-call]
    return UUID(str(given["id"])).int & (2**62 - 1)


class CreatorPage(Model):
    """A page that messages are sent from."""

    __tablename__ = "message_pages"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    page_no: Mapped[int] = mapped_column(BigInteger, default=_number)
    name: Mapped[str]
    external_id: Mapped[str | None]
    zone: Mapped[str]
    currency: Mapped[str]
    quiet_from: Mapped[time] = mapped_column(default=time(3))
    quiet_until: Mapped[time] = mapped_column(default=time(7))
    overrides: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    """What this page does otherwise than the company: ppvs, bumps, min_gap_minutes, follow_ups, webhook ..."""
    tier: Mapped[str | None]
    """The size of its last schedule: it changes only well beyond a threshold."""
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    idempotency_key: Mapped[str | None] = mapped_column(default=None)


class PagePerson(Model):
    """Somebody who works on a page. Below an administrator people see only their own pages."""

    __tablename__ = "message_page_people"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    page_id: Mapped[UUID]
    person_id: Mapped[UUID]
    assigned_at: Mapped[datetime]


class Caption(Model):
    """A text to send. `page_id`: the only page that may use it; shared where there is none."""

    __tablename__ = "captions"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    caption_no: Mapped[int] = mapped_column(BigInteger)
    """The company's own number of it, which imports keep."""
    lock_no: Mapped[int] = mapped_column(BigInteger, default=_number)
    page_id: Mapped[UUID | None]
    text: Mapped[str]
    price_tier: Mapped[str]
    """Budget | Mid | Premium | Free"""
    category: Mapped[str]
    has_urgency: Mapped[bool]
    language: Mapped[str]
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    idempotency_key: Mapped[str | None] = mapped_column(default=None)


class MessageSchedule(Model):
    """A page's week, whole or not at all."""

    __tablename__ = "message_schedules"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    page_id: Mapped[UUID]
    first_day: Mapped[date]
    days: Mapped[int] = mapped_column(default=7)
    zone: Mapped[str]
    seed: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str]
    """draft -> approved -> exported; replaced | discarded"""
    tier: Mapped[str]
    saturation_zone: Mapped[str]
    total_messages: Mapped[int]
    plan: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """The schedule as it was built: messages, totals, what could not be placed and why, what was relaxed."""
    analysis: Mapped[dict[str, Any]] = mapped_column(JSONB)
    inputs: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """Versions and digests of what it was built from: the same inputs and seed give the same schedule."""
    seconds: Mapped[float]
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
    approved_by: Mapped[UUID | None]
    approved_at: Mapped[datetime | None]
    superseded_at: Mapped[datetime | None]


class Assignment(Model):
    """One message of a schedule, as it stands now."""

    __tablename__ = "message_assignments"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    schedule_id: Mapped[UUID]
    page_id: Mapped[UUID]
    send_at: Mapped[datetime]
    message_type: Mapped[str]
    """PPV | Bump"""
    caption_id: Mapped[UUID]
    price: Mapped[Decimal | None]
    performance_score: Mapped[float]
    propensity: Mapped[float]
    """How probable this caption was under the policy that chose it: so that the choice can be judged afterwards."""
    follows_id: Mapped[UUID | None]
    why: Mapped[dict[str, Any]] = mapped_column(JSONB)
    is_edited: Mapped[bool] = mapped_column(default=False)
    sent_message_id: Mapped[str | None]
    """The message of the history that this one became."""
    removed_at: Mapped[datetime | None]
    """Taken out of the week; it can be put back."""


class CaptionLock(Model):
    """A caption that is reserved for a page and a span of time. `lane`: the page's number, or 0 for all pages."""

    __tablename__ = "caption_locks"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    schedule_id: Mapped[UUID]
    page_id: Mapped[UUID]
    caption_id: Mapped[UUID]
    lane: Mapped[int] = mapped_column(BigInteger)
    lock_no: Mapped[int] = mapped_column(BigInteger)
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    released_at: Mapped[datetime | None]


class ScheduleExport(Model):
    """Somebody took a schedule out, or it could not be built."""

    __tablename__ = "schedule_exports"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    schedule_id: Mapped[UUID | None]
    page_id: Mapped[UUID]
    person_id: Mapped[UUID | None]
    label: Mapped[str]
    way: Mapped[str]
    """build | csv | webhook"""
    exported_at: Mapped[datetime]
    rows: Mapped[int]
    seconds: Mapped[float]
    status: Mapped[str]
    """success | failed"""
    error: Mapped[str | None]


class ScheduleTemplate(Model):
    """Rules of a week that are used again: volumes, gaps, days, follow-ups."""

    __tablename__ = "schedule_templates"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    rules: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]


class MessageImport(Model):
    """One file of history, captions or pages."""

    __tablename__ = "message_imports"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    """history | captions | pages | schedule (an edited week that comes back)"""
    state: Mapped[str]
    """landed -> loaded | failed; loaded -> taken_back"""
    file_name: Mapped[str]
    file_id: Mapped[UUID | None]
    page_id: Mapped[UUID | None]
    options: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    received: Mapped[int | None]
    loaded: Mapped[int | None]
    unchanged: Mapped[int | None]
    rejected: Mapped[int | None]
    warnings: Mapped[list[str]] = mapped_column(JSONB, default=list)
    report: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    """How it was read: format, columns, notation, pages, span of time, how often which problem."""
    error: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    idempotency_key: Mapped[str | None]
    person_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class MessageSource(Model):
    """The company's own warehouse, which history, captions and pages are read from."""

    __tablename__ = "message_sources"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    engine: Mapped[str]
    """PostgreSQL | DuckDB | BigQuery | Snowflake"""
    place: Mapped[str]
    """Its address without user and password."""
    sealed_access: Mapped[bytes]
    mapping: Mapped[str]
    """YAML: which tables and columns are what."""
    is_daily: Mapped[bool]
    next_read_at: Mapped[datetime | None]
    watermark: Mapped[datetime | None]
    """When the latest message was sent that was read to the end of the table."""
    position: Mapped[datetime | None]
    """Where a reading goes on that has not come to the end."""
    digests: Mapped[dict[str, str]] = mapped_column(JSONB, default=dict)
    """Kind -> what the rows that were read last are known by."""
    latest: Mapped[list[str]] = mapped_column(JSONB, default=list)
    """The imports of the latest reading."""
    health: Mapped[str]
    """unknown | healthy | broken"""
    problem: Mapped[str | None]
    checked_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    changed_by: Mapped[UUID | None]


class ImportProblem(Model):
    """A row that was set aside, or that something is to be said of."""

    __tablename__ = "message_import_problems"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    import_id: Mapped[UUID]
    source_row: Mapped[int]
    column_name: Mapped[str | None]
    code: Mapped[str]
    message: Mapped[str]
    raw: Mapped[str]


class MessageAlert(Model):
    """Something is wrong with the building of weeks: from when, and until when."""

    __tablename__ = "message_alerts"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    """failing | slow | silent | noisy"""
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class MessageTrial(Model):
    """Two policies of volume or of captions against each other, between pages or weeks."""

    __tablename__ = "message_trials"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    """volume | captions"""
    state: Mapped[str]
    """running -> ended"""
    arms: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """old, new -> what each does."""
    plan: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """What was set before the start: way, reading, smallest effect that matters, spread, planned blocks."""
    blocks: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """Which page has which arm in which week: page_id, week (its number), block, is_new, usual."""
    seed: Mapped[int] = mapped_column(BigInteger)
    first_day: Mapped[date]
    weeks: Mapped[int]
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class MessageSettings(Model):
    """The company's thresholds and habits where they are not the usual ones."""

    __tablename__ = "message_settings"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    settings: Mapped[dict[str, Any]] = mapped_column(JSONB)
    changed_at: Mapped[datetime]
    changed_by: Mapped[UUID | None]
