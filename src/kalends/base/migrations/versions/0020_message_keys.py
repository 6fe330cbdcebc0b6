"""Pages and captions that were added under an idempotency key: the same key again adds none."""

from __future__ import annotations

from alembic import op

from kalends.base.migrations.tables import words

revision = "0020"
down_revision = "0019"

TABLES = ("message_pages", "captions")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, words("idempotency_key", nullable=True))
        op.create_unique_constraint(f"uq_{table}_key", table, ["tenant_id", "idempotency_key"])


def downgrade() -> None:
    for table in TABLES:
        op.drop_constraint(f"uq_{table}_key", table)
        op.drop_column(table, "idempotency_key")
