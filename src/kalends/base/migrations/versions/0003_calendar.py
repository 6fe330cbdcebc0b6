"""Calendars, what each source says about events, the events that hold, and the calendar's versions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from kalends.base.migrations.tables import foreign, reference, tenant_table, timestamp, words

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    tenant_table(
        "calendars",
        words("name"),
        sa.Column("is_default", sa.Boolean, nullable=False, server_default="false"),
        sa.Column("definition", pg.JSONB, nullable=False),
        sa.Column("row_version", sa.Integer, nullable=False, server_default="1"),
        timestamp("created_at"),
        timestamp("updated_at"),
        sa.UniqueConstraint("tenant_id", "name"),
    )
    op.execute("CREATE UNIQUE INDEX uq_calendars_default ON calendars (tenant_id) WHERE is_default")
    tenant_table(
        "calendar_versions",
        reference("calendar_id"),
        sa.Column("version", sa.BigInteger, nullable=False),
        words("reason"),
        sa.Column("first_day", sa.Date, nullable=False),
        sa.Column("last_day", sa.Date, nullable=False),
        timestamp("created_at"),
        timestamp("published_at", nullable=True),
        sa.Column("days_written", sa.Integer, nullable=True),
        foreign("calendar_id", "calendars"),
        sa.UniqueConstraint("tenant_id", "calendar_id", "version"),
    )
    create_events()


def create_events() -> None:
    tenant_table(
        "events",
        reference("calendar_id"),
        words("source"),
        words("outside_key", nullable=True),
        words("name"),
        sa.Column("starts_on", sa.Date, nullable=False),
        sa.Column("ends_on", sa.Date, nullable=False),
        sa.Column("start_time", sa.Time, nullable=True),
        sa.Column("end_time", sa.Time, nullable=True),
        words("zone", nullable=True),
        words("type"),
        words("impact"),
        words("direction", nullable=True),
        words("status"),
        *(sa.Column(name, pg.JSONB, nullable=False) for name in ("markets", "brands", "channels")),
        words("description"),
        words("owner"),
        sa.Column("days_before", sa.Integer, nullable=False),
        sa.Column("days_after", sa.Integer, nullable=False),
        sa.Column("provenance", pg.JSONB, nullable=False),
        sa.Column("row_version", sa.Integer, nullable=False),
        timestamp("created_at"),
        timestamp("updated_at"),
        timestamp("deleted_at", nullable=True),
        foreign("calendar_id", "calendars"),
        sa.UniqueConstraint("tenant_id", "calendar_id", "source", "outside_key"),
        sa.CheckConstraint("ends_on >= starts_on", name="in_order"),
    )
    op.create_index("ix_events_span", "events", ["tenant_id", "calendar_id", "starts_on", "ends_on"])
    tenant_table(
        "source_events",
        reference("event_id"),
        words("source"),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("fields", pg.JSONB, nullable=False),
        sa.Column("is_deleted", sa.Boolean, nullable=False),
        sa.Column("undoes", sa.Integer, nullable=True),
        timestamp("recorded_at"),
        reference("recorded_by", nullable=True),
        words("label"),
        foreign("event_id", "events"),
        sa.UniqueConstraint("tenant_id", "event_id", "source", "version"),
        append_only=True,
    )


def downgrade() -> None:
    for table in ("source_events", "events", "calendar_versions", "calendars"):
        op.drop_table(table)
