"""The wizard's drafts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from kalends.base.migrations.tables import foreign, reference, tenant_table, timestamp, words

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    tenant_table(
        "calendar_setups",
        reference("person_id", nullable=True),
        words("step"),
        sa.Column("said", pg.JSONB, nullable=False),
        sa.Column("plan", pg.JSONB, nullable=True),
        timestamp("started_at"),
        timestamp("updated_at"),
        timestamp("finished_at", nullable=True),
        foreign("person_id", "people"),
    )
    op.execute(
        "CREATE UNIQUE INDEX uq_calendar_setups_open ON calendar_setups (tenant_id, person_id)"
        " NULLS NOT DISTINCT WHERE finished_at IS NULL"
    )


def downgrade() -> None:
    op.drop_table("calendar_setups")
