"""Webhooks that bring data, contracts with a source's shape, replays."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from kalends.base.migrations.tables import foreign, lookup, reference, tenant_table, timestamp, words

revision = "0015"
down_revision = "0014"

KIND = "ck_batches_kind"


def upgrade() -> None:
    op.add_column("batches", sa.Column("replays_seq", sa.BigInteger, nullable=True))
    op.add_column("batches", sa.Column("replayed_by_seq", sa.BigInteger, nullable=True))
    # The rooms know which kinds there are; a list here would have to be made anew with each one.
    op.execute("ALTER TABLE batches DROP CONSTRAINT IF EXISTS ck_batches_kind, DROP CONSTRAINT IF EXISTS kind")
    op.create_check_constraint(op.f(KIND), "batches", "kind ~ '^[a-z_]+$'")
    op.create_index("ix_batches_replays_seq", "batches", ["tenant_id", "replays_seq"])
    create_streams()
    create_hooks()
    create_contracts()


def create_streams() -> None:
    tenant_table(
        "ingest_streams",
        words("idempotency_key"),
        words("data_source"),
        words("file_name"),
        sa.Column("options", pg.JSONB, nullable=False, server_default="{}"),
        reference("person_id", nullable=True),
        timestamp("reported_at"),
        timestamp("touched_at"),
        # Who holds the newest connection: an older one that comes back may no longer write.
        sa.Column("attempt", sa.Integer, nullable=False, server_default="1"),
        reference("batch_id", nullable=True),
        sa.UniqueConstraint("tenant_id", "idempotency_key"),
    )
    tenant_table(
        "ingest_chunks",
        reference("stream_id"),
        sa.Column("number", sa.Integer, nullable=False),
        reference("file_id"),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=True),
        words("sha256"),
        sa.UniqueConstraint("tenant_id", "stream_id", "number"),
        foreign("stream_id", "ingest_streams"),
    )


def create_hooks() -> None:
    tenant_table(
        "hooks",
        words("label"),
        words("data_source"),
        sa.Column("options", pg.JSONB, nullable=False, server_default="{}"),
        sa.Column("sealed_secret", sa.LargeBinary, nullable=False),
        reference("person_id", nullable=True),
        timestamp("created_at"),
        timestamp("rotated_at", nullable=True),
        timestamp("paused_at", nullable=True),
    )
    tenant_table(
        "hook_deliveries",
        reference("hook_id"),
        timestamp("at"),
        sa.Column("is_accepted", sa.Boolean, nullable=False),
        words("code"),
        words("message"),
        sa.Column("size", sa.BigInteger, nullable=False),
        reference("batch_id", nullable=True),
        foreign("hook_id", "hooks"),
    )
    op.create_index("ix_hook_deliveries_hook", "hook_deliveries", ["tenant_id", "hook_id", "id"])
    lookup(
        "find_hook(uuid)",
        "uuid",
        "SELECT h.tenant_id FROM hooks h JOIN tenants t ON t.id = h.tenant_id WHERE h.id = $1 AND t.erased_at IS NULL",
        reads={"hooks": "tenant_id, id"},
    )


def create_contracts() -> None:
    tenant_table(
        "contracts",
        words("data_source"),
        words("mode"),
        words("told", default=""),
        timestamp("updated_at"),
        sa.UniqueConstraint("tenant_id", "data_source"),
        sa.CheckConstraint("mode IN ('evolve', 'freeze', 'quarantine')", name="mode"),
    )
    tenant_table(
        "shapes",
        words("data_source"),
        words("report"),
        sa.Column("batch_seq", sa.BigInteger, nullable=False),
        sa.Column("columns", pg.JSONB, nullable=False),
        timestamp("seen_at"),
        sa.UniqueConstraint("tenant_id", "data_source", "report", "batch_seq"),
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION find_hook(uuid)")
    for table in ("shapes", "contracts", "hook_deliveries", "hooks", "ingest_chunks", "ingest_streams"):
        op.drop_table(table)
    op.drop_index("ix_batches_replays_seq", "batches")
    op.drop_constraint(op.f(KIND), "batches")
    op.create_check_constraint(op.f(KIND), "batches", "kind IN ('upload', 'take_back', 'rates')")
    op.drop_column("batches", "replayed_by_seq")
    op.drop_column("batches", "replays_seq")
