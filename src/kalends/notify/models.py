"""The tables of notify."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kalends.base.database import Model

Instant = DateTime(timezone=True)


class InboxEntry(Model):
    """Something that one person should know. `href` is the page on which to act."""

    __tablename__ = "inbox_entries"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID]
    kind: Mapped[str]
    title: Mapped[str]
    body: Mapped[str]
    href: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(Instant)
    read_at: Mapped[datetime | None] = mapped_column(Instant)


class Webhook(Model):
    """Where a tenant's messages are posted. The secret that signs them is sealed with the tenant's key."""

    __tablename__ = "webhooks"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    label: Mapped[str]
    url: Mapped[str]
    sealed_secret: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(Instant)


class Delivery(Model):
    """One message on its way out: pending, then sent or failed. `once_key` makes a repeated wish one message."""

    __tablename__ = "outbox"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    channel: Mapped[str]
    address: Mapped[str]
    webhook_id: Mapped[UUID | None]
    subject: Mapped[str]
    body: Mapped[str]
    payload: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    once_key: Mapped[str | None]
    state: Mapped[str]
    attempts: Mapped[int]
    error: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
