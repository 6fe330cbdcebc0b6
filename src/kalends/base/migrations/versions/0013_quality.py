"""Rules of data quality, how far scoring is, and findings that people called right."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kalends.base.migrations.tables import reference, tenant_table, timestamp, words

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    tenant_table(
        "quality_rules",
        sa.Column("version", sa.Integer, nullable=False),
        words("text"),
        reference("person_id", nullable=True),
        timestamp("created_at"),
        sa.UniqueConstraint("tenant_id", "version"),
    )
    tenant_table(
        "quality_states",
        words("rules"),
        sa.Column("scored_on", sa.Date, nullable=True),
        sa.Column("scored_version", sa.BigInteger, nullable=False),
        timestamp("scored_at"),
        sa.UniqueConstraint("tenant_id"),
    )
    tenant_table(
        "quality_acknowledgements",
        words("finding"),
        words("check_name"),
        words("data_source"),
        words("account_id"),
        sa.Column("date", sa.Date, nullable=False),
        words("note"),
        reference("person_id", nullable=True),
        words("label"),
        timestamp("said_at"),
        sa.UniqueConstraint("tenant_id", "finding"),
    )


def downgrade() -> None:
    for table in ("quality_acknowledgements", "quality_states", "quality_rules"):
        op.drop_table(table)
