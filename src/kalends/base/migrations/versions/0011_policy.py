"""How conflicts are resolved and approved, pairs that may be one event, and how good a consolidation was."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from kalends.base.migrations.tables import APP, WORKER, foreign, reference, tenant_table, timestamp, words

revision = "0011"
down_revision = "0010"

METADATA = """
    CREATE VIEW calendar_consolidation_metadata WITH (security_invoker = true) AS
    SELECT id, id AS consolidation_id, sources AS source_calendars, settled AS conflicts_resolved, quality_score,
           created_at
    FROM consolidations
"""


def upgrade() -> None:
    tenant_table(
        "calendar_policies",
        reference("calendar_id"),
        words("strategy"),
        sa.Column("by_group", pg.JSONB, nullable=False),
        sa.Column("row_version", sa.Integer, nullable=False, server_default="1"),
        timestamp("updated_at"),
        foreign("calendar_id", "calendars"),
        sa.UniqueConstraint("tenant_id", "calendar_id"),
    )
    create_pairs()
    op.add_column("conflicts", reference("approved_by", nullable=True))
    op.add_column("conflicts", words("approved_label", nullable=True))
    op.add_column("conflicts", timestamp("approved_at", nullable=True))
    op.add_column("consolidations", sa.Column("quality", pg.JSONB, nullable=False, server_default="{}"))
    op.execute(METADATA)
    op.execute(f"GRANT SELECT ON calendar_consolidation_metadata TO {APP}, {WORKER}")


def create_pairs() -> None:
    tenant_table(
        "event_pairs",
        reference("calendar_id"),
        words("left_entry"),
        words("right_entry"),
        sa.Column("said", pg.JSONB, nullable=False),
        sa.Column("score", sa.Float, nullable=True),
        sa.Column("parts", pg.JSONB, nullable=False),
        words("state"),
        sa.Column("events", pg.JSONB, nullable=False),
        reference("answered_by", nullable=True),
        words("answered_label", nullable=True),
        timestamp("answered_at", nullable=True),
        timestamp("found_at"),
        timestamp("updated_at"),
        foreign("calendar_id", "calendars"),
        sa.UniqueConstraint("tenant_id", "calendar_id", "left_entry", "right_entry"),
        sa.CheckConstraint("state IN ('open', 'same', 'different')", name="state"),
        sa.CheckConstraint('left_entry < right_entry COLLATE "C"', name="sides"),
    )


def downgrade() -> None:
    op.execute("DROP VIEW calendar_consolidation_metadata")
    op.drop_column("consolidations", "quality")
    for name in ("approved_by", "approved_label", "approved_at"):
        op.drop_column("conflicts", name)
    for table in ("event_pairs", "calendar_policies"):
        op.drop_table(table)
