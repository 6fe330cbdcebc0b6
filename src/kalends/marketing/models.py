"""What Postgres decides about marketing data: which batches came, and which version is published."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kalends.base.database import Model


class Batch(Model):
    """One ingest, or one taking back of an earlier one. Batches are applied in the order of `seq`, none overtakes."""

    __tablename__ = "batches"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int]
    kind: Mapped[str]
    """upload | take_back | rates"""
    state: Mapped[str]
    """landed (acknowledged) -> applying -> published | failed"""
    data_source: Mapped[str]
    file_name: Mapped[str]
    file_id: Mapped[UUID | None]
    size: Mapped[int] = mapped_column(default=0)
    sha256: Mapped[str | None]
    options: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    """How to read it: date_range, columns (corrected guesses), complete_window ..."""
    idempotency_key: Mapped[str | None]
    person_id: Mapped[UUID | None]
    received_at: Mapped[datetime]
    reported_at: Mapped[datetime]
    """When the platform said it; decides which of two versions is the later one."""
    published_at: Mapped[datetime | None]
    looked_at: Mapped[datetime | None]
    """When somebody said that they have seen what went wrong with it."""
    retracts_seq: Mapped[int | None]
    retracted_by_seq: Mapped[int | None]
    received: Mapped[int | None]
    loaded: Mapped[int | None]
    unchanged: Mapped[int | None]
    quarantined: Mapped[int | None]
    report: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    error: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class DataState(Model):
    """One row per tenant: the next batch's number, and the newest published version. Its row lock orders batches."""

    __tablename__ = "data_states"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    next_seq: Mapped[int]
    data_version: Mapped[int]
    published_at: Mapped[datetime | None]


class Draft(Model):
    """An uploaded file that nobody has loaded yet: it lies in the file store, and how to read it is still open."""

    __tablename__ = "drafts"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID | None]
    file_name: Mapped[str]
    file_id: Mapped[UUID]
    size: Mapped[int]
    sha256: Mapped[str]
    data_source: Mapped[str]
    options: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    """As of a batch: date_range, columns, decimal_mark, day_order."""
    reported_at: Mapped[datetime]
    created_at: Mapped[datetime]


class ClaimResolution(Model):
    """What a person chose for one number on which sources disagree. It is superseded, never overwritten."""

    __tablename__ = "claim_resolutions"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    cell: Mapped[str]
    """The number it is about: metric|day|platform|channel|campaign."""
    metric: Mapped[str]
    day: Mapped[date]
    value: Mapped[Decimal | None]
    source: Mapped[str | None]
    strategy: Mapped[str | None]
    """One of the three: a value of one's own, what a source says, or another strategy."""
    note: Mapped[str]
    person_id: Mapped[UUID | None]
    label: Mapped[str]
    resolved_at: Mapped[datetime]
    superseded_at: Mapped[datetime | None]


class ClaimRule(Model):
    """How a metric's disagreements are settled ('' = all others). It is superseded, never overwritten."""

    __tablename__ = "claim_rules"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    metric: Mapped[str]
    strategy: Mapped[str]
    sources: Mapped[list[str]] = mapped_column(JSONB, default=list)
    weights: Mapped[dict[str, float]] = mapped_column(JSONB, default=dict)
    person_id: Mapped[UUID | None]
    label: Mapped[str]
    resolved_at: Mapped[datetime]
    superseded_at: Mapped[datetime | None]
