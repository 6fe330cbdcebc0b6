"""Attribution windows that a connection brings beside each account's own setting, and which one a slice is asked under."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from kalends.base.migrations.tables import words

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.add_column("connections", sa.Column("attributions", pg.JSONB, nullable=False, server_default="[]"))
    op.add_column("sync_slices", words("attribution", default=""))


def downgrade() -> None:
    op.drop_column("sync_slices", "attribution")
    op.drop_column("connections", "attributions")
