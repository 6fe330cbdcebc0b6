"""Calendar sources: what each says now, how its readings went, where sources differ and what was chosen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from kalends.base.migrations.tables import foreign, reference, tenant_table, timestamp, words

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    tenant_table(
        "calendar_sources",
        reference("calendar_id"),
        words("name"),
        words("label"),
        words("kind"),
        sa.Column("priority", sa.Integer, nullable=False, server_default="100"),
        sa.Column("markets", pg.JSONB, nullable=False),
        sa.Column("settings", pg.JSONB, nullable=False),
        sa.Column("sealed_address", sa.LargeBinary, nullable=True),
        words("etag", nullable=True),
        sa.Column("quality", sa.Float, nullable=True),
        timestamp("read_at", nullable=True),
        timestamp("next_read_at", nullable=True),
        words("problem", nullable=True),
        sa.Column("row_version", sa.Integer, nullable=False, server_default="1"),
        timestamp("created_at"),
        timestamp("updated_at"),
        timestamp("removed_at", nullable=True),
        foreign("calendar_id", "calendars"),
        sa.CheckConstraint("kind IN ('file', 'address')", name="kind"),
    )
    op.execute(
        "CREATE UNIQUE INDEX uq_calendar_sources_name ON calendar_sources (tenant_id, calendar_id, name)"
        " WHERE removed_at IS NULL"
    )
    tenant_table(
        "source_readings",
        reference("source_id"),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("kept", "mended", "refused")),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("entries", "added", "changed", "removed")),
        *(sa.Column(name, pg.JSONB, nullable=False) for name in ("fates", "notes", "columns")),
        words("file_name", default=""),
        timestamp("read_at"),
        foreign("source_id", "calendar_sources"),
    )
    create_entries()
    create_outcomes()


def create_entries() -> None:
    tenant_table(
        "source_entries",
        reference("calendar_id"),
        reference("source_id"),
        words("key"),
        sa.Column("fields", pg.JSONB, nullable=False),
        words("url", nullable=True),
        sa.Column("support", sa.Float, nullable=False, server_default="1"),
        sa.Column("starts_on", sa.Date, nullable=False),
        sa.Column("ends_on", sa.Date, nullable=False),
        reference("event_id", nullable=True),
        sa.Column("is_pending", sa.Boolean, nullable=False, server_default="true"),
        sa.Column("is_gone", sa.Boolean, nullable=False, server_default="false"),
        foreign("calendar_id", "calendars"),
        foreign("source_id", "calendar_sources"),
        sa.UniqueConstraint("tenant_id", "source_id", "key"),
    )
    op.create_index("ix_source_entries_span", "source_entries", ["tenant_id", "calendar_id", "starts_on", "ends_on"])
    op.create_index("ix_source_entries_event", "source_entries", ["tenant_id", "event_id"])
    op.execute("CREATE INDEX ix_source_entries_pending ON source_entries (tenant_id, calendar_id) WHERE is_pending")


def create_outcomes() -> None:
    tenant_table(
        "conflicts",
        reference("calendar_id"),
        reference("event_id"),
        words("field_group"),
        sa.Column("said", pg.JSONB, nullable=False),
        words("choice"),
        words("strategy"),
        words("reason"),
        sa.Column("confidence", sa.Float, nullable=False),
        words("severity"),
        words("state"),
        reference("decided_by", nullable=True),
        words("decided_label", nullable=True),
        timestamp("decided_at", nullable=True),
        timestamp("found_at"),
        timestamp("updated_at"),
        foreign("calendar_id", "calendars"),
        foreign("event_id", "events"),
        sa.UniqueConstraint("tenant_id", "event_id", "field_group"),
        sa.CheckConstraint("state IN ('settled', 'open', 'waiting', 'decided')", name="state"),
    )
    op.create_index("ix_conflicts_state", "conflicts", ["tenant_id", "calendar_id", "state"])
    tenant_table(
        "consolidations",
        reference("calendar_id"),
        sa.Column("sources", pg.JSONB, nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("entries", "events", "conflicts", "settled")),
        sa.Column("quality_score", sa.Float, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        timestamp("created_at"),
        foreign("calendar_id", "calendars"),
    )


def downgrade() -> None:
    for table in ("consolidations", "conflicts", "source_entries", "source_readings", "calendar_sources"):
        op.drop_table(table)
