"""What PostgreSQL keeps about the keeping of data: rules, holds, clearings, and who used what."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kalends.base.database import Model


class UsageDay(Model):
    """How often the holder of a label called a room of the house on one day. '' is people at pages."""

    __tablename__ = "usage_days"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[date]
    label: Mapped[str]
    room: Mapped[str]
    calls: Mapped[int]


class RuleSet(Model):
    """All rules of one kind as they were from `made_at` on. `version` counts the tenant's changes of every kind."""

    __tablename__ = "rule_sets"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    """channel_groups | names | conversions | settling"""
    version: Mapped[int]
    rules: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    note: Mapped[str]
    person_id: Mapped[UUID | None]
    made_at: Mapped[datetime]


class RetentionRule(Model):
    """How many months a class of data is kept; without a number, for ever."""

    __tablename__ = "retention_rules"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    data_class: Mapped[str]
    months: Mapped[int | None]
    person_id: Mapped[UUID | None]
    changed_at: Mapped[datetime]


class LegalHold(Model):
    """Something that must not go, whatever the rules say, until somebody lifts the hold."""

    __tablename__ = "legal_holds"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    subject_kind: Mapped[str]
    """batch | source"""
    subject: Mapped[str]
    reason: Mapped[str]
    person_id: Mapped[UUID | None]
    placed_at: Mapped[datetime]
    lifted_at: Mapped[datetime | None]


class RetentionRun(Model):
    """One clearing: what it would remove, and, once somebody has said yes, what it did remove."""

    __tablename__ = "retention_runs"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    state: Mapped[str]
    """planned -> confirmed -> done"""
    plan: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    removed: Mapped[dict[str, int] | None] = mapped_column(JSONB)
    person_id: Mapped[UUID | None]
    made_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
