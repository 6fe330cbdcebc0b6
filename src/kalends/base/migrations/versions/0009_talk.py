"""Repeating events, and what people say about events."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from kalends.base.migrations.tables import foreign, reference, tenant_table, timestamp, words

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("events", words("recurrence", default=""))
    for name in ("exdates", "overrides"):
        op.add_column("events", sa.Column(name, pg.JSONB, nullable=False, server_default="[]"))
    for name in ("shows_from", "shows_to"):
        op.add_column("events", sa.Column(name, sa.Date, nullable=True))
    op.create_index(
        "ix_events_again",
        "events",
        ["tenant_id", "calendar_id", "shows_from", "shows_to"],
        postgresql_where=sa.text("recurrence <> ''"),
    )
    tenant_table(
        "event_comments",
        reference("event_id"),
        reference("author_id", nullable=True),
        words("author"),
        words("body"),
        sa.Column("mentions", pg.JSONB, nullable=False),
        timestamp("created_at"),
        timestamp("edited_at", nullable=True),
        foreign("event_id", "events"),
    )
    op.create_index("ix_event_comments_event", "event_comments", ["tenant_id", "event_id", "id"])


def downgrade() -> None:
    op.drop_table("event_comments")
    op.drop_index("ix_events_again", "events")
    for name in ("shows_to", "shows_from", "overrides", "exdates", "recurrence"):
        op.drop_column("events", name)
