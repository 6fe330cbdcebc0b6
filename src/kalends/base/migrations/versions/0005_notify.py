"""What people are told: an inbox inside, an outbox to the world, and the webhooks it goes to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from kalends.base.migrations.tables import foreign, reference, tenant_table, timestamp, words

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    tenant_table(
        "inbox_entries",
        reference("person_id"),
        words("kind"),
        words("title"),
        words("body", default=""),
        words("href", default=""),
        timestamp("created_at"),
        timestamp("read_at", nullable=True),
        foreign("person_id", "people"),
    )
    op.create_index("ix_inbox_entries_person", "inbox_entries", ["tenant_id", "person_id", "id"])
    tenant_table(
        "webhooks",
        words("label"),
        words("url"),
        sa.Column("sealed_secret", sa.LargeBinary, nullable=False),
        timestamp("created_at"),
    )
    tenant_table(
        "outbox",
        words("channel"),
        words("address"),
        reference("webhook_id", nullable=True),
        words("subject", default=""),
        words("body", default=""),
        sa.Column("payload", pg.JSONB, nullable=True),
        words("once_key", nullable=True),
        words("state", default="pending"),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        words("error", nullable=True),
        timestamp("created_at"),
        timestamp("finished_at", nullable=True),
        sa.UniqueConstraint("tenant_id", "once_key"),
        sa.CheckConstraint("channel IN ('email', 'webhook')", name="channel"),
        sa.CheckConstraint("state IN ('pending', 'sent', 'failed')", name="state"),
        foreign("webhook_id", "webhooks"),
    )


def downgrade() -> None:
    for table in ("outbox", "webhooks", "inbox_entries"):
        op.drop_table(table)
