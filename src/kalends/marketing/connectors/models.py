"""What Postgres decides about platforms: who is connected, what was asked, and how much of it is here."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kalends.base.database import Model


class Connection(Model):
    """A platform as one customer has connected it. Its secrets and its token are sealed with the tenant's key."""

    __tablename__ = "connections"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    data_source: Mapped[str]
    label: Mapped[str]
    state: Mapped[str] = mapped_column(default="active")
    """active | paused"""
    options: Mapped[dict[str, str]] = mapped_column(JSONB, default=dict)
    """What was entered that is no secret."""
    accounts: Mapped[list[dict[str, str]]] = mapped_column(JSONB, default=list)
    """The chosen ones: id, name, currency, zone."""
    seen: Mapped[list[dict[str, str]]] = mapped_column(JSONB, default=list)
    """Those that could be seen when it was last tested."""
    reports: Mapped[list[str]] = mapped_column(JSONB, default=list)
    attributions: Mapped[list[str]] = mapped_column(JSONB, default=list)
    """The attribution windows that each report is asked for under, beside the accounts' own setting."""
    sealed_secrets: Mapped[bytes]
    sealed_token: Mapped[bytes | None]
    token_until: Mapped[datetime | None]
    every: Mapped[int]
    """Minutes between two syncs."""
    reread: Mapped[int | None]
    """Days that are asked for again; None: as the platform restates them."""
    history: Mapped[int]
    """Days that the first sync brings."""
    next_sync_at: Mapped[datetime | None]
    health: Mapped[str] = mapped_column(default="unknown")
    """unknown | healthy | degraded | broken"""
    problem: Mapped[str | None]
    advice: Mapped[str | None]
    checked_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]


class PlatformApp(Model):
    """What a platform gave a company for the app by which its people sign in there. Sealed with the tenant's key."""

    __tablename__ = "platform_apps"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    data_source: Mapped[str]
    sealed_keys: Mapped[bytes]
    changed_by: Mapped[UUID | None]
    changed_at: Mapped[datetime]


class PlatformSignIn(Model):
    """A person who has gone to a platform's page and not come back yet; it is gone once it was used."""

    __tablename__ = "platform_sign_ins"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    data_source: Mapped[str]
    person_id: Mapped[UUID]
    session_id: Mapped[UUID]
    """The browser in which it was begun."""
    sealed_plan: Mapped[bytes]
    """What is to be connected when the person comes back."""
    ends_at: Mapped[datetime]


class SyncRun(Model):
    """One time that a connection is brought up to date, or a stretch of its past is fetched."""

    __tablename__ = "sync_runs"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    connection_id: Mapped[UUID]
    kind: Mapped[str]
    """sync | backfill"""
    state: Mapped[str]
    """running | paused | done | failed | cancelled"""
    date_from: Mapped[date | None]
    date_to: Mapped[date | None]
    started_by: Mapped[UUID | None]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class SyncSlice(Model):
    """One question of a run. That it is landed, and its batch, are one transaction: this is the cursor."""

    __tablename__ = "sync_slices"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    run_id: Mapped[UUID]
    connection_id: Mapped[UUID]
    place: Mapped[int]
    account_id: Mapped[str]
    report: Mapped[str]
    attribution: Mapped[str] = mapped_column(default="")
    """The window that is asked for; empty: the account's own setting."""
    date_from: Mapped[date]
    date_to: Mapped[date]
    state: Mapped[str]
    """queued | waiting (until `next_try_at`) | landed | failed | cancelled"""
    memo: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    """What it must not forget when it is cut off, such as the job that the platform works on."""
    next_try_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    calls: Mapped[int] = mapped_column(default=0)
    pages: Mapped[int] = mapped_column(default=0)
    batch_id: Mapped[UUID | None]
    problem: Mapped[str | None]
    advice: Mapped[str | None]
    finished_at: Mapped[datetime | None]


class CallCount(Model):
    """How many calls of a kind were made on an account of late."""

    __tablename__ = "call_counts"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    data_source: Mapped[str]
    account: Mapped[str]
    quota: Mapped[str]
    counts: Mapped[dict[str, int]] = mapped_column(JSONB, default=dict)
    updated_at: Mapped[datetime]
