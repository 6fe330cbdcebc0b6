"""Resolutions of platforms' claims that disagree, and the rules by which the rest is settled: both keep their past."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from kalends.base.migrations.tables import reference, tenant_table, timestamp, words

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    tenant_table(
        "claim_resolutions",
        words("cell"),
        words("metric"),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("value", sa.Numeric(24, 6), nullable=True),
        words("source", nullable=True),
        words("strategy", nullable=True),
        words("note"),
        *history("resolved"),
        sa.CheckConstraint("num_nonnulls(value, source, strategy) = 1", name="choice"),
    )
    op.create_index(
        "ix_claim_resolutions_standing",
        "claim_resolutions",
        ["tenant_id", "cell"],
        unique=True,
        postgresql_where=sa.text("superseded_at IS NULL"),
    )
    op.create_index("ix_claim_resolutions_day", "claim_resolutions", ["tenant_id", "day"])
    tenant_table(
        "claim_rules",
        words("metric"),
        words("strategy"),
        sa.Column("sources", pg.JSONB, nullable=False),
        sa.Column("weights", pg.JSONB, nullable=False),
        *history("resolved"),
    )
    op.create_index(
        "ix_claim_rules_standing",
        "claim_rules",
        ["tenant_id", "metric"],
        unique=True,
        postgresql_where=sa.text("superseded_at IS NULL"),
    )


def history(verb: str) -> tuple[sa.Column[object], ...]:
    """Who said so and when, and since when it no longer holds."""
    return (
        reference("person_id", nullable=True),
        words("label"),
        timestamp(f"{verb}_at"),
        timestamp("superseded_at", nullable=True),
    )


def downgrade() -> None:
    op.drop_table("claim_rules")
    op.drop_table("claim_resolutions")
