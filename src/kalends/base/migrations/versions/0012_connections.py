"""Connections to platforms, their runs and slices, and how many calls they made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from kalends.base.migrations.tables import foreign, lookup, reference, tenant_table, timestamp, words

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    tenant_table(
        "connections",
        words("data_source"),
        words("label"),
        words("state", default="active"),
        sa.Column("options", pg.JSONB, nullable=False, server_default="{}"),
        sa.Column("accounts", pg.JSONB, nullable=False, server_default="[]"),
        sa.Column("seen", pg.JSONB, nullable=False, server_default="[]"),
        sa.Column("reports", pg.JSONB, nullable=False, server_default="[]"),
        sa.Column("sealed_secrets", sa.LargeBinary, nullable=False),
        sa.Column("sealed_token", sa.LargeBinary, nullable=True),
        timestamp("token_until", nullable=True),
        sa.Column("every", sa.Integer, nullable=False),
        sa.Column("reread", sa.Integer, nullable=True),
        sa.Column("history", sa.Integer, nullable=False),
        timestamp("next_sync_at", nullable=True),
        words("health", default="unknown"),
        words("problem", nullable=True),
        words("advice", nullable=True),
        timestamp("checked_at", nullable=True),
        sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
        reference("created_by", nullable=True),
        timestamp("created_at"),
        timestamp("updated_at"),
        timestamp("removed_at", nullable=True),
        sa.CheckConstraint("state IN ('active', 'paused')", name="state"),
        sa.CheckConstraint("health IN ('unknown', 'healthy', 'degraded', 'broken')", name="health"),
    )
    tenant_table(
        "sync_runs",
        reference("connection_id"),
        words("kind"),
        words("state"),
        sa.Column("date_from", sa.Date, nullable=True),
        sa.Column("date_to", sa.Date, nullable=True),
        reference("started_by", nullable=True),
        timestamp("started_at"),
        timestamp("finished_at", nullable=True),
        foreign("connection_id", "connections"),
        sa.CheckConstraint("kind IN ('sync', 'backfill')", name="kind"),
        sa.CheckConstraint("state IN ('running', 'paused', 'done', 'failed', 'cancelled')", name="state"),
    )
    op.create_index("ix_sync_runs_connection", "sync_runs", ["tenant_id", "connection_id", "started_at"])
    create_slices()
    tenant_table(
        "call_counts",
        words("data_source"),
        words("account"),
        words("quota"),
        sa.Column("counts", pg.JSONB, nullable=False, server_default="{}"),
        timestamp("updated_at"),
        sa.UniqueConstraint("tenant_id", "data_source", "account", "quota"),
    )
    lookup(
        "find_due_connections(timestamptz)",
        "TABLE (tenant_id uuid)",
        "SELECT DISTINCT tenant_id FROM connections"
        " WHERE removed_at IS NULL AND state = 'active' AND next_sync_at <= $1",
        reads={"connections": "tenant_id, removed_at, state, next_sync_at"},
    )


def create_slices() -> None:
    tenant_table(
        "sync_slices",
        reference("run_id"),
        reference("connection_id"),
        sa.Column("place", sa.Integer, nullable=False),
        words("account_id"),
        words("report"),
        sa.Column("date_from", sa.Date, nullable=False),
        sa.Column("date_to", sa.Date, nullable=False),
        words("state"),
        sa.Column("memo", pg.JSONB, nullable=False, server_default="{}"),
        timestamp("next_try_at", nullable=True),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("calls", sa.Integer, nullable=False, server_default="0"),
        sa.Column("pages", sa.Integer, nullable=False, server_default="0"),
        reference("batch_id", nullable=True),
        words("problem", nullable=True),
        words("advice", nullable=True),
        timestamp("finished_at", nullable=True),
        foreign("run_id", "sync_runs"),
        foreign("connection_id", "connections"),
        sa.CheckConstraint("state IN ('queued', 'waiting', 'landed', 'failed', 'cancelled')", name="state"),
    )
    op.create_index("ix_sync_slices_run", "sync_slices", ["tenant_id", "run_id", "place"])
    op.create_index(
        "ix_sync_slices_covered",
        "sync_slices",
        ["tenant_id", "connection_id", "account_id", "report", "date_to"],
        postgresql_where=sa.text("state = 'landed'"),
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION find_due_connections(timestamptz)")
    for table in ("call_counts", "sync_slices", "sync_runs", "connections"):
        op.drop_table(table)
