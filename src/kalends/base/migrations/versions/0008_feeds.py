"""Sources by address, and private addresses of feeds."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from kalends.base.migrations.tables import foreign, lookup, reference, tenant_table, timestamp, words

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    for column in address_columns():
        op.add_column("calendar_sources", column)
    op.execute("CREATE INDEX ix_calendar_sources_due ON calendar_sources (next_read_at) WHERE removed_at IS NULL")
    tenant_table(
        "calendar_feeds",
        reference("calendar_id"),
        # Null for a feed that the operator made on the machine itself.
        reference("person_id", nullable=True),
        sa.Column("secret_hash", sa.LargeBinary, nullable=False, unique=True),
        words("prefix"),
        words("label"),
        sa.Column("filters", pg.JSONB, nullable=False),
        timestamp("created_at"),
        timestamp("last_used_at", nullable=True),
        timestamp("revoked_at", nullable=True),
        foreign("calendar_id", "calendars"),
        foreign("person_id", "people"),
    )
    create_lookups()


def address_columns() -> list[sa.Column[Any]]:
    """How an address is read: what it answered last, how often it is asked (minutes), how often it failed in a row."""
    return [
        words("address_host", nullable=True),
        words("modified", nullable=True),
        sa.Column("read_every", sa.Integer, nullable=True),
        sa.Column("told_every", sa.Integer, nullable=True),
        sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    ]


def create_lookups() -> None:
    lookup(
        "find_due_sources(timestamptz)",
        "TABLE (tenant_id uuid)",
        "SELECT DISTINCT s.tenant_id FROM calendar_sources s JOIN tenants t ON t.id = s.tenant_id"
        " WHERE s.removed_at IS NULL AND s.next_read_at <= $1 AND t.erased_at IS NULL",
        reads={"calendar_sources": "tenant_id, next_read_at, removed_at"},
    )
    lookup(
        "find_feed(bytea)",
        "TABLE (tenant_id uuid, feed_id uuid, person_id uuid, role text, revoked_at timestamptz)",
        "SELECT f.tenant_id, f.id, p.id, p.role, f.revoked_at FROM calendar_feeds f"
        " LEFT JOIN people p ON p.tenant_id = f.tenant_id AND p.id = f.person_id JOIN tenants t ON t.id = f.tenant_id"
        " WHERE f.secret_hash = $1 AND p.disabled_at IS NULL AND t.erased_at IS NULL",
        reads={"calendar_feeds": "tenant_id, id, person_id, secret_hash, revoked_at"},
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION find_feed(bytea)")
    op.execute("DROP FUNCTION find_due_sources(timestamptz)")
    op.drop_table("calendar_feeds")
    op.execute("DROP POLICY lookup ON calendar_sources")
    op.drop_index("ix_calendar_sources_due", "calendar_sources")
    for column in address_columns():
        op.drop_column("calendar_sources", column.name)
