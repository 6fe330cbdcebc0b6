"""Tenants, people, and the ways in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from kalends.base.migrations.tables import APP, foreign, lookup, reference, secure, tenant_table, timestamp, words

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
        timestamp("created_at"),
        timestamp("disabled_at", nullable=True),
        sa.UniqueConstraint("tenant_id", "email"),
    )
    op.create_index("ix_people_email", "people", ["email"])
    create_ways_in()
    create_attempts()
    create_lookups()


def create_ways_in() -> None:
    secret = sa.Column("secret_hash", sa.LargeBinary, nullable=False, unique=True)
    tenant_table(
        "sessions",
        reference("person_id"),
        secret.copy(),
        words("csrf"),
        timestamp("created_at"),
        timestamp("expires_at"),
        timestamp("seen_at"),
        foreign("person_id", "people"),
    )
    tenant_table(
        "api_keys",
        # Null for a key that the operator made on the machine itself.
        reference("person_id", nullable=True),
        secret.copy(),
        words("label"),
        words("prefix"),
        words("role"),
        timestamp("created_at"),
        timestamp("expires_at", nullable=True),
        timestamp("last_used_at", nullable=True),
        timestamp("revoked_at", nullable=True),
        foreign("person_id", "people"),
    )
    tenant_table(
        "invites",
        secret.copy(),
        words("email", nullable=True),
        words("role"),
        words("inviter", default=""),
        timestamp("created_at"),
        timestamp("expires_at"),
        timestamp("used_at", nullable=True),
    )


def create_attempts() -> None:
    """Tries to sign in, by the SHA-256 of what was tried. No tenant: they are counted before one is known, and for
    e-mails that nobody has.
    """
    op.create_table(
        "sign_in_attempts",
        sa.Column("subject", sa.LargeBinary, primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
        timestamp("last_at"),
        timestamp("locked_until", nullable=True),
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON sign_in_attempts TO {APP}")


def create_lookups() -> None:
    lookup(
        "list_tenants()",
        "TABLE (tenant_id uuid)",
        "SELECT id FROM tenants WHERE erased_at IS NULL ORDER BY id",
        reads={"tenants": "id, name, erased_at"},
    )
    lookup(
        "find_people(text)",
        "TABLE (tenant_id uuid, person_id uuid, password_hash text)",
        "SELECT p.tenant_id, p.id, p.password_hash FROM people p JOIN tenants t ON t.id = p.tenant_id"
        " WHERE p.email = $1 AND p.disabled_at IS NULL AND t.erased_at IS NULL ORDER BY p.tenant_id",
        reads={"people": "tenant_id, id, email, name, role, password_hash, disabled_at"},
    )
    lookup(
        "find_session(bytea)",
        "TABLE (tenant_id uuid, session_id uuid, person_id uuid, name text, role text, tenant_name text, csrf text,"
        " expires_at timestamptz, seen_at timestamptz)",
        "SELECT s.tenant_id, s.id, p.id, p.name, p.role, t.name, s.csrf, s.expires_at, s.seen_at FROM sessions s"
        " JOIN people p ON p.tenant_id = s.tenant_id AND p.id = s.person_id JOIN tenants t ON t.id = s.tenant_id"
        " WHERE s.secret_hash = $1 AND p.disabled_at IS NULL AND t.erased_at IS NULL",
        reads={"sessions": "tenant_id, id, person_id, secret_hash, csrf, expires_at, seen_at"},
    )
    lookup(
        "find_api_key(bytea)",
        "TABLE (tenant_id uuid, key_id uuid, person_id uuid, label text, role text, person_role text,"
        " tenant_name text, expires_at timestamptz, last_used_at timestamptz)",
        "SELECT k.tenant_id, k.id, p.id, k.label, k.role, p.role, t.name, k.expires_at, k.last_used_at FROM api_keys k"
        " LEFT JOIN people p ON p.tenant_id = k.tenant_id AND p.id = k.person_id JOIN tenants t ON t.id = k.tenant_id"
        " WHERE k.secret_hash = $1 AND k.revoked_at IS NULL AND p.disabled_at IS NULL AND t.erased_at IS NULL",
        reads={
            "api_keys": "tenant_id, id, person_id, secret_hash, label, role, expires_at, last_used_at, revoked_at",
        },
    )
    lookup(
        "find_invite(bytea)",
        "TABLE (tenant_id uuid, id uuid)",
        "SELECT i.tenant_id, i.id FROM invites i JOIN tenants t ON t.id = i.tenant_id"
        " WHERE i.secret_hash = $1 AND t.erased_at IS NULL",
        reads={"invites": "tenant_id, id, secret_hash"},
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
    for table in ("sign_in_attempts", "invites", "api_keys", "sessions", "people", "tenants"):
        op.drop_table(table)
