"""What every migration says about a tenant's table, said once."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

APP, WORKER, LOOKUP = "kalends_app", "kalends_worker", "kalends_lookup"

TENANT = "(SELECT nullif(current_setting('kalends.tenant', true), ''))::uuid"


def tenant_table(
    name: str,
    *columns: sa.schema.SchemaItem,
    append_only: bool = False,
) -> None:
    """Create a table keyed by (tenant_id, id), closed to every other tenant, row by row.

    `append_only` leaves the app without UPDATE and DELETE: an audit trail that the program itself cannot rewrite.
    """
    op.create_table(
        name,
        sa.Column("tenant_id", pg.UUID(as_uuid=True), nullable=False),
        sa.Column("id", pg.UUID(as_uuid=True), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("tenant_id", "id"),
    )
    secure(name, append_only=append_only)


def secure(name: str, *, column: str = "tenant_id", append_only: bool = False) -> None:
    """Force row-level security on `name`: only rows whose `column` is the transaction's tenant exist."""
    op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant ON {name} USING ({column} = {TENANT}) WITH CHECK ({column} = {TENANT})")
    verbs = "SELECT, INSERT" if append_only else "SELECT, INSERT, UPDATE, DELETE"
    op.execute(f"GRANT {verbs} ON {name} TO {APP}, {WORKER}")


def lookup(signature: str, returns: str, body: str, *, reads: dict[str, str]) -> None:
    """Create a look-up that runs before a tenant is known (sign-in, session, key, invite, list of tenants).

    It runs as a role of its own which may read just the columns in `reads` (table -> column list) and which nobody
    can become. These functions are the only exemptions of the isolation sweep.
    """
    for table, columns in reads.items():
        op.execute(f"GRANT SELECT ({columns}) ON {table} TO {LOOKUP}")
        op.execute(
            f"DO $$ BEGIN CREATE POLICY lookup ON {table} FOR SELECT TO {LOOKUP} USING (true);"
            " EXCEPTION WHEN duplicate_object THEN NULL; END $$"
        )
    op.execute(
        f"CREATE FUNCTION {signature} RETURNS {returns} LANGUAGE sql STABLE SECURITY DEFINER"
        f" SET search_path = public, pg_temp AS $$ {body} $$"
    )
    name = signature
    op.execute(f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {name} TO {APP}, {WORKER}")
    op.execute(f"GRANT CREATE ON SCHEMA public TO {LOOKUP}")
    op.execute(f"ALTER FUNCTION {name} OWNER TO {LOOKUP}")
    op.execute(f"REVOKE CREATE ON SCHEMA public FROM {LOOKUP}")


def timestamp(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    """An instant."""
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def words(name: str, *, nullable: bool = False, default: str | None = None) -> sa.Column[Any]:
    """A text column."""
    return sa.Column(name, sa.Text, nullable=nullable, server_default=default)


def reference(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    """A column that holds another row's id; pair it with `foreign`."""
    return sa.Column(name, pg.UUID(as_uuid=True), nullable=nullable)


def foreign(column: str, table: str, *, on_delete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    """A foreign key that cannot leave the tenant."""
    return sa.ForeignKeyConstraint(["tenant_id", column], [f"{table}.tenant_id", f"{table}.id"], ondelete=on_delete)
