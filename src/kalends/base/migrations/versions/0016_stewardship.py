"""Retention, who used what, channel groups and campaign-name rules."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from kalends.base.migrations.tables import reference, tenant_table, timestamp, words

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    tenant_table(
        "usage_days",
        sa.Column("day", sa.Date, nullable=False),
        words("label"),
        words("room"),
        sa.Column("calls", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("tenant_id", "day", "label", "room"),
    )
    tenant_table(
        "rule_sets",
        words("kind"),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("rules", pg.JSONB, nullable=False),
        words("note"),
        reference("person_id", nullable=True),
        timestamp("made_at"),
        sa.UniqueConstraint("tenant_id", "version"),
        sa.CheckConstraint("kind IN ('channel_groups', 'names', 'conversions')", name="kind"),
        append_only=True,
    )
    tenant_table(
        "retention_rules",
        words("data_class"),
        sa.Column("months", sa.Integer, nullable=True),
        reference("person_id", nullable=True),
        timestamp("changed_at"),
        sa.UniqueConstraint("tenant_id", "data_class"),
        sa.CheckConstraint("months > 0", name="months"),
    )
    tenant_table(
        "legal_holds",
        words("subject_kind"),
        words("subject"),
        words("reason"),
        reference("person_id", nullable=True),
        timestamp("placed_at"),
        timestamp("lifted_at", nullable=True),
        sa.CheckConstraint("subject_kind IN ('batch', 'source')", name="subject_kind"),
    )
    tenant_table(
        "retention_runs",
        words("state"),
        sa.Column("plan", pg.JSONB, nullable=False),
        sa.Column("removed", pg.JSONB, nullable=True),
        reference("person_id", nullable=True),
        timestamp("made_at"),
        timestamp("finished_at", nullable=True),
        sa.CheckConstraint("state IN ('planned', 'confirmed', 'done')", name="state"),
    )
    op.add_column("data_states", sa.Column("known_since_seq", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("data_states", timestamp("known_since", nullable=True))


def downgrade() -> None:
    op.drop_column("data_states", "known_since")
    op.drop_column("data_states", "known_since_seq")
    for table in ("retention_runs", "legal_holds", "retention_rules", "rule_sets", "usage_days"):
        op.drop_table(table)
