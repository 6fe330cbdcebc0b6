"""What Postgres decides about quality: the company's rules, how far scoring is, and what people called right."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from kalends.base.database import Model


class QualityRules(Model):
    """One version of the company's own rules, as they were written. The newest holds."""

    __tablename__ = "quality_rules"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    text: Mapped[str]
    person_id: Mapped[UUID | None]
    created_at: Mapped[datetime]


class QualityState(Model):
    """By which checks and rules everything has been scored, and the day on which days were last looked at anew."""

    __tablename__ = "quality_states"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    rules: Mapped[str]
    scored_on: Mapped[date | None]
    scored_version: Mapped[int]
    """The version of the data of which every change has been scored."""
    scored_at: Mapped[datetime]


class QualityAcknowledgement(Model):
    """Somebody has looked at a finding: the numbers are right. It counts no more; taken back, it counts again."""

    __tablename__ = "quality_acknowledgements"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    finding: Mapped[str]
    check_name: Mapped[str]
    data_source: Mapped[str]
    account_id: Mapped[str]
    date: Mapped[date]
    note: Mapped[str]
    person_id: Mapped[UUID | None]
    label: Mapped[str]
    said_at: Mapped[datetime]
