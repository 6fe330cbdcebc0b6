"""Roles and migrations on a real server: made once, made again without harm, and never taken from the future."""

import psycopg
import pytest
from psycopg import sql

from kalends.base import bootstrap
from kalends.base.ids import new_id
from kalends.base.migrations import tables

SECRET = b"tests only, thirty-two bytes ..."
OWNER = "kalends_owner"


@pytest.fixture
def empty(postgres):
    """The owner's URL of a database with nothing in it."""
    name = f"test_{new_id().hex}"
    with postgres.superuser() as connection:
        connection.execute(f"CREATE DATABASE {name} OWNER {OWNER}")
        yield postgres.owner_url(name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def one(url, query):
    """The query's single value, as whoever `url` names."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        return connection.execute(query).fetchone()[0]


def test_an_empty_database_gets_tables_and_roles_that_can_sign_in(empty):
    access = bootstrap.prepare(empty, secret=SECRET)
    assert one(access.app, "SELECT current_user") == tables.APP
    assert one(access.worker, "SELECT current_user") == tables.WORKER
    assert one(access.app, "SELECT count(*) FROM tenants") == 0
    assert one(empty, "SELECT count(*) FROM alembic_version") == 1


def test_preparing_again_changes_nothing(empty):
    first = bootstrap.prepare(empty, secret=SECRET)
    before = catalogue(empty)
    assert bootstrap.prepare(empty, secret=SECRET) == first
    assert catalogue(empty) == before


def catalogue(url):
    """Every relation with its owner and its rights."""
    with psycopg.connect(url) as connection:
        return connection.execute(
            "SELECT relname, relkind, pg_get_userbyid(relowner), relacl::text FROM pg_class"
            " WHERE relnamespace IN ('public'::regnamespace, 'jobs'::regnamespace) ORDER BY 1, 2"
        ).fetchall()


@pytest.mark.parametrize("role", [tables.APP, tables.WORKER])
def test_those_who_serve_own_nothing_and_cannot_pass_policies_by(empty, role):
    bootstrap.prepare(empty, secret=SECRET)
    with psycopg.connect(empty) as connection:
        flags = connection.execute(
            "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication FROM pg_roles WHERE rolname = %s",
            [role],
        ).fetchone()
        owned = connection.execute("SELECT count(*) FROM pg_class WHERE relowner = %s::regrole", [role]).fetchone()
    assert not any(flags)
    assert owned == (0,)
    with psycopg.connect(
        getattr(bootstrap.access(bootstrap.driver_url(empty), secret=SECRET), role_name(role)).replace("+psycopg", "")
    ) as connection:
        for forbidden in (
            "CREATE TABLE mine (id int)",
            "ALTER TABLE tenants DISABLE ROW LEVEL SECURITY",
            f"SET ROLE {OWNER}",
            f"SET ROLE {tables.LOOKUP}",
            "TRUNCATE tenants",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(forbidden)
            connection.rollback()


def role_name(role):
    return role.removeprefix("kalends_")


def test_a_database_from_the_future_is_refused_and_left_alone(empty):
    bootstrap.prepare(empty, secret=SECRET)
    with psycopg.connect(empty) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    before = catalogue(empty)
    with pytest.raises(bootstrap.DatabaseTooNewError) as refused:
        bootstrap.prepare(empty, secret=SECRET)
    assert refused.value.details["found"] == "9999"
    assert catalogue(empty) == before


def test_a_password_follows_the_installations_secret(empty):
    bootstrap.prepare(empty, secret=SECRET)
    other = bytes(32)
    access = bootstrap.prepare(empty, secret=other)
    try:
        assert one(access.app, "SELECT 1") == 1
        with pytest.raises(psycopg.OperationalError):
            one(bootstrap.access(bootstrap.driver_url(empty), secret=SECRET).app, "SELECT 1")
    finally:
        # Roles belong to the whole server, which the other tests share.
        bootstrap.prepare(empty, secret=SECRET)
    assert bootstrap.role_password(SECRET, "a") != bootstrap.role_password(SECRET, "b")


def test_any_spelling_of_postgres_is_understood():
    for scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        found = bootstrap.driver_url(f"{scheme}://owner:p%40ss@db.example:5433/kalends")
        assert (found.drivername, found.host, found.port, found.password) == (
            "postgresql+psycopg", "db.example", 5433, "p@ss",
        )  # fmt: skip


def test_every_migration_can_be_taken_back_and_made_again(empty):
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine

    bootstrap.prepare(empty, secret=SECRET)
    before = catalogue(empty)
    config = Config()
    config.set_main_option("script_location", str(bootstrap.MIGRATIONS))
    engine = create_engine(bootstrap.driver_url(empty))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        connection.commit()
    engine.dispose()
    with psycopg.connect(empty) as connection:
        left = connection.execute(
            sql.SQL("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'")
        ).fetchall()
    assert left == [("alembic_version",)]
    bootstrap.prepare(empty, secret=SECRET)
    assert catalogue(empty) == before
