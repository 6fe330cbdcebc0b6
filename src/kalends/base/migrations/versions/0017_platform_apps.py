"""A company's own apps at platforms, and sign-ins there that are under way."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kalends.base.migrations.tables import reference, tenant_table, timestamp, words

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    tenant_table(
        "platform_apps",
        words("data_source"),
        sa.Column("sealed_keys", sa.LargeBinary, nullable=False),
        reference("changed_by", nullable=True),
        timestamp("changed_at"),
        sa.UniqueConstraint("tenant_id", "data_source"),
    )
    tenant_table(
        "platform_sign_ins",
        words("data_source"),
        reference("person_id"),
        reference("session_id"),
        sa.Column("sealed_plan", sa.LargeBinary, nullable=False),
        timestamp("ends_at"),
    )


def downgrade() -> None:
    for table in ("platform_sign_ins", "platform_apps"):
        op.drop_table(table)
