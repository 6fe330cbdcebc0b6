"""The company's own warehouse, which messages are read from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from kalends.base.migrations.tables import reference, tenant_table, timestamp, words

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    tenant_table(
        "message_sources",
        words("engine"),
        words("place"),
        sa.Column("sealed_access", sa.LargeBinary, nullable=False),
        words("mapping"),
        sa.Column("is_daily", sa.Boolean, nullable=False),
        timestamp("next_read_at", nullable=True),
        timestamp("watermark", nullable=True),
        timestamp("position", nullable=True),
        sa.Column("digests", pg.JSONB, nullable=False),
        sa.Column("latest", pg.JSONB, nullable=False),
        words("health"),
        words("problem", nullable=True),
        timestamp("checked_at", nullable=True),
        timestamp("read_at", nullable=True),
        timestamp("created_at"),
        timestamp("changed_at"),
        reference("changed_by", nullable=True),
        sa.UniqueConstraint("tenant_id"),
    )


def downgrade() -> None:
    op.drop_table("message_sources")
