"""Seasonal factors that were learned."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from kalends.base.migrations.tables import foreign, reference, tenant_table, timestamp

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    tenant_table(
        "calendar_factors",
        reference("calendar_id"),
        sa.Column("factors", pg.JSONB, nullable=True),
        timestamp("learned_at"),
        foreign("calendar_id", "calendars"),
        sa.UniqueConstraint("tenant_id", "calendar_id"),
    )


def downgrade() -> None:
    op.drop_table("calendar_factors")
