"""Bring a PostgreSQL server to the state that this version of Kalends needs: roles, then migrations.

Three roles work here. The owner runs migrations and never serves a request. `kalends_app` serves requests,
`kalends_worker` runs jobs; both are bound by row-level security and own nothing. A fourth, `kalends_lookup`, owns the
few functions that must look something up before a tenant is known; nobody can sign in as it.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy import URL, Connection, create_engine, make_url

from kalends.base.errors import UnavailableError
from kalends.base.migrations import tables

MIGRATIONS = Path(tables.__file__).parent


class DatabaseTooNewError(UnavailableError):
    """The database was written by a newer version of Kalends; start that version, or restore a backup."""

    code = "database_too_new"


@dataclass(frozen=True, slots=True)
class Access:
    """SQLAlchemy URLs of the two roles that Kalends works as."""

    app: str
    worker: str


def driver_url(url: str) -> URL:
    """`url` with the driver that Kalends uses, whatever spelling of postgres it came with."""
    return make_url(url).set(drivername="postgresql+psycopg")


def prepare(owner_url: str, *, secret: bytes) -> Access:
    """Create the roles where missing, run the migrations, and say how to connect.

    `secret`: 32 bytes of this installation; the roles' passwords are derived from it, so that none is stored twice.
    """
    url = driver_url(owner_url)
    engine = create_engine(url, poolclass=None, pool_size=1)
    try:
        with engine.begin() as connection:
            for role in (tables.APP, tables.WORKER):
                create_role(connection, role, password=role_password(secret, role))
            create_role(connection, tables.LOOKUP, password=None)
        migrate(engine.connect())
    finally:
        engine.dispose()
    return access(url, secret=secret)


def access(owner_url: URL, *, secret: bytes) -> Access:
    """The two roles' URLs on the owner's server and database."""

    def as_role(role: str) -> str:
        return owner_url.set(username=role, password=role_password(secret, role)).render_as_string(hide_password=False)

    return Access(app=as_role(tables.APP), worker=as_role(tables.WORKER))


def role_password(secret: bytes, role: str) -> str:
    """HMAC-SHA256 (RFC 2104) of the role's name under the installation's secret, in hexadecimal."""
    return hmac.new(secret, role.encode(), hashlib.sha256).hexdigest()


def create_role(connection: Connection, role: str, *, password: str | None) -> None:
    """Make the role if it is missing; set its password either way, so that a restored server can be entered."""
    driver = connection.connection.driver_connection
    assert driver is not None
    name = sql.Identifier(role)
    if not driver.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
        driver.execute(sql.SQL("CREATE ROLE {} NOINHERIT NOCREATEDB NOCREATEROLE").format(name))
    if password is None:
        # The owner must be a member to hand functions over; the app and the worker never are.
        driver.execute(sql.SQL("GRANT {} TO current_user").format(name))
        return
    driver.execute(sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(name, sql.Literal(password)))
    driver.execute(sql.SQL("ALTER ROLE {} SET search_path = public, jobs").format(name))


def migrate(connection: Connection, *, to: str = "head") -> None:
    """Run the migrations up to `to` in the order of their numbers; refuse a database from the future."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with connection:
        config.attributes["connection"] = connection
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        current = MigrationContext.configure(connection).get_current_revision()
        if current is not None and current not in known:
            raise DatabaseTooNewError(found=current)
        connection.rollback()
        command.upgrade(config, to)
        connection.commit()
