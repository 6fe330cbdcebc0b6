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
    """upload | replay | take_back | rates | clearing"""
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
    replays_seq: Mapped[int | None]
    """The first reading of the same payload, which this one replaces."""
    replayed_by_seq: Mapped[int | None]
    """The latest reading of the same payload, once that is published."""
    received: Mapped[int | None]
    loaded: Mapped[int | None]
    unchanged: Mapped[int | None]
    quarantined: Mapped[int | None]
    report: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    error: Mapped[dict[str, Any] | None] = mapped_column(JSONB)

    @property
    def is_done(self) -> bool:
        """Whether nothing more will become of it."""
        return self.state in {"published", "failed"}


class DataState(Model):
    """One row per tenant: the next batch's number, and the newest published version. Its row lock orders batches."""

    __tablename__ = "data_states"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    next_seq: Mapped[int]
    data_version: Mapped[int]
    published_at: Mapped[datetime | None]
    known_since: Mapped[datetime | None]
    """Earlier versions than the one at this instant were removed by retention."""
    known_since_seq: Mapped[int] = mapped_column(default=0)


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


class IngestStream(Model):
    """A payload that comes chunk by chunk, under a key by which a cut connection is taken up again."""

    __tablename__ = "ingest_streams"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    idempotency_key: Mapped[str]
    data_source: Mapped[str]
    file_name: Mapped[str]
    options: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    person_id: Mapped[UUID | None]
    reported_at: Mapped[datetime]
    touched_at: Mapped[datetime]
    attempt: Mapped[int] = mapped_column(default=1)
    """Raised by every new connection: an older one that comes back may no longer write."""
    batch_id: Mapped[UUID | None]
    """What it became at its end."""


class IngestChunk(Model):
    """One acknowledged piece of a stream: `rows` where the format has lines."""

    __tablename__ = "ingest_chunks"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    stream_id: Mapped[UUID]
    number: Mapped[int]
    file_id: Mapped[UUID]
    size: Mapped[int]
    rows: Mapped[int | None]
    sha256: Mapped[str]


class Hook(Model):
    """An address to which a platform or a program posts rows, signed with the hook's secret."""

    __tablename__ = "hooks"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    label: Mapped[str]
    data_source: Mapped[str]
    options: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    sealed_secret: Mapped[bytes]
    person_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
    rotated_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]


class HookDelivery(Model):
    """What somebody posted to a hook, and what became of it; of each hook the last ones are kept."""

    __tablename__ = "hook_deliveries"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    hook_id: Mapped[UUID]
    at: Mapped[datetime]
    is_accepted: Mapped[bool]
    code: Mapped[str]
    message: Mapped[str]
    size: Mapped[int]
    batch_id: Mapped[UUID | None]


class Contract(Model):
    """What is done when the files of a source change their shape."""

    __tablename__ = "contracts"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    data_source: Mapped[str]
    mode: Mapped[str]
    """evolve | freeze | quarantine"""
    told: Mapped[str] = mapped_column(default="")
    """The digest of the change that the admins were told of last, so that they are told of it once."""
    updated_at: Mapped[datetime]


class SeenShape(Model):
    """The columns of one batch's table and what they held: column -> number, date, text ..."""

    __tablename__ = "shapes"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    data_source: Mapped[str]
    report: Mapped[str]
    batch_seq: Mapped[int]
    columns: Mapped[dict[str, str]] = mapped_column(JSONB)
    seen_at: Mapped[datetime]


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


class SeriesUnit(Model):
    """What a series is measured in, as people said: it holds for all values of the name, of whichever file."""

    __tablename__ = "series_units"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    unit: Mapped[str]


class MarketRow(Model):
    """A market as series name it in `geo`, the one that it lies in, and how many people live there."""

    __tablename__ = "markets"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    geo: Mapped[str]
    parent: Mapped[str | None]
    population: Mapped[int | None]
