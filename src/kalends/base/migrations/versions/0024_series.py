"""What people say of series: the unit of each, and the markets with what they lie in and how many people live there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kalends.base.migrations.tables import tenant_table, words

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    tenant_table("series_units", words("name"), words("unit"), sa.UniqueConstraint("tenant_id", "name"))
    tenant_table(
        "markets",
        words("geo"),
        words("parent", nullable=True),
        sa.Column("population", sa.BigInteger, sa.CheckConstraint("population >= 0"), nullable=True),
        sa.UniqueConstraint("tenant_id", "geo"),
    )


def downgrade() -> None:
    op.drop_table("markets")
    op.drop_table("series_units")
