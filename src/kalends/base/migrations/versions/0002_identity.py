"""Tenants, people, and the ways in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from kalends.base.migrations.tables import foreign, lookup, reference, secure, tenant_table, timestamp, words

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "tenants",
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        words("name"),
        words("zone", default="UTC"),
        words("currency", default="EUR"),
        words("country", default="US"),
        words("industry", default="general"),
        timestamp("created_at"),
        timestamp("erased_at", nullable=True),
    )
    secure("tenants", column="id")
    tenant_table(
        "people",
        words("email"),
        words("name"),
        words("role"),
        words("password_hash", nullable=True),
        sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
        timestamp("locked_until", nullable=True),
        timestamp("created_at"),
        timestamp("disabled_at", nullable=True),
        sa.UniqueConstraint("tenant_id", "email"),
    )
    person_owned("sessions", words("csrf"), timestamp("created_at"), timestamp("expires_at"), timestamp("seen_at"))
    person_owned(
        "api_keys",
        words("label"),
        words("prefix"),
        words("role"),
        timestamp("created_at"),
        timestamp("expires_at", nullable=True),
        timestamp("last_used_at", nullable=True),
        timestamp("revoked_at", nullable=True),
    )
    tenant_table(
        "invites",
        sa.Column("secret_hash", sa.LargeBinary, nullable=False, unique=True),
        words("email", nullable=True),
        words("role"),
        timestamp("created_at"),
        timestamp("expires_at"),
        timestamp("used_at", nullable=True),
    )
    create_lookups()


def person_owned(name: str, *columns: sa.Column) -> None:
    """A table of secrets that belong to a person: found by the secret's SHA-256."""
    tenant_table(
        name,
        reference("person_id"),
        sa.Column("secret_hash", sa.LargeBinary, nullable=False, unique=True),
        *columns,
        foreign("person_id", "people"),
    )


def create_lookups() -> None:
    lookup(
        "list_tenants()",
        "TABLE (tenant_id uuid)",
        "SELECT id FROM tenants WHERE erased_at IS NULL ORDER BY id",
        reads={"tenants": "id, erased_at"},
    )
    lookup(
        "find_people(text)",
        "TABLE (tenant_id uuid, person_id uuid)",
        "SELECT tenant_id, id FROM people WHERE email = $1 AND disabled_at IS NULL ORDER BY tenant_id",
        reads={"people": "tenant_id, id, email, disabled_at"},
    )
    for name, table in (("find_session", "sessions"), ("find_api_key", "api_keys"), ("find_invite", "invites")):
        lookup(
            f"{name}(bytea)",
            "TABLE (tenant_id uuid, id uuid)",
            f"SELECT tenant_id, id FROM {table} WHERE secret_hash = $1",
            reads={table: "tenant_id, id, secret_hash"},
        )


def downgrade() -> None:
    for name in (
        "find_invite(bytea)",
        "find_api_key(bytea)",
        "find_session(bytea)",
        "find_people(text)",
        "list_tenants()",
    ):
        op.execute(f"DROP FUNCTION {name}")
    for table in ("invites", "api_keys", "sessions", "people", "tenants"):
        op.drop_table(table)
