"""Batches of platform data, and which version of the data is published."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from kalends.base.migrations.tables import reference, tenant_table, timestamp, words

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    tenant_table(
        "batches",
        sa.Column("seq", sa.BigInteger, nullable=False),
        words("kind"),
        words("state"),
        words("data_source"),
        words("file_name"),
        reference("file_id", nullable=True),
        sa.Column("size", sa.BigInteger, nullable=False, server_default="0"),
        words("sha256", nullable=True),
        sa.Column("options", pg.JSONB, nullable=False, server_default="{}"),
        words("idempotency_key", nullable=True),
        reference("person_id", nullable=True),
        timestamp("received_at"),
        timestamp("reported_at"),
        timestamp("published_at", nullable=True),
        timestamp("looked_at", nullable=True),
        sa.Column("retracts_seq", sa.BigInteger, nullable=True),
        sa.Column("retracted_by_seq", sa.BigInteger, nullable=True),
        *(
            sa.Column(count, sa.BigInteger, nullable=True)
            for count in ("received", "loaded", "unchanged", "quarantined")
        ),
        sa.Column("report", pg.JSONB, nullable=True),
        sa.Column("error", pg.JSONB, nullable=True),
        sa.UniqueConstraint("tenant_id", "seq"),
        sa.UniqueConstraint("tenant_id", "idempotency_key"),
        sa.CheckConstraint("kind IN ('upload', 'take_back', 'rates')", name="kind"),
        sa.CheckConstraint("state IN ('landed', 'applying', 'published', 'failed')", name="state"),
    )
    op.create_index(
        "ix_batches_pending",
        "batches",
        ["tenant_id", "seq"],
        postgresql_where=sa.text("state IN ('landed', 'applying')"),
    )
    op.create_index("ix_batches_published_at", "batches", ["tenant_id", "published_at"])
    tenant_table(
        "data_states",
        sa.Column("next_seq", sa.BigInteger, nullable=False, server_default="1"),
        sa.Column("data_version", sa.BigInteger, nullable=False, server_default="0"),
        timestamp("published_at", nullable=True),
        sa.UniqueConstraint("tenant_id"),
    )
    tenant_table(
        "drafts",
        reference("person_id", nullable=True),
        words("file_name"),
        reference("file_id"),
        sa.Column("size", sa.BigInteger, nullable=False),
        words("sha256"),
        words("data_source"),
        sa.Column("options", pg.JSONB, nullable=False, server_default="{}"),
        timestamp("reported_at"),
        timestamp("created_at"),
    )
    op.create_index("ix_drafts_created_at", "drafts", ["tenant_id", "created_at"])


def downgrade() -> None:
    op.drop_table("drafts")
    op.drop_table("data_states")
    op.drop_table("batches")
