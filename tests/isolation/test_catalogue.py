"""Every table of every tenant is closed; and where one is not, the sweep says so."""

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kalends.base.ids import new_id
from kalends.base.scope import Scope
from kalends.identity.service import create_tenant
from kalends.notify.service import send_email

BREACHES = {
    "the policy is gone": "DROP POLICY tenant ON people",
    "row-level security is off": "ALTER TABLE people DISABLE ROW LEVEL SECURITY",
    "the owner is exempt": "ALTER TABLE people NO FORCE ROW LEVEL SECURITY",
    "the policy reads everything": "ALTER POLICY tenant ON people USING (true)",
    "the policy writes everywhere": "ALTER POLICY tenant ON people WITH CHECK (true)",
    "the policy compares another column": "ALTER POLICY tenant ON people USING (id::text = current_setting('kalends.tenant', true))",
    "the tenants' own table is open": "DROP POLICY tenant ON tenants",
    "a second policy opens it": "CREATE POLICY help ON people FOR SELECT USING (true)",
    "the look-up's policy writes": "DROP POLICY lookup ON people; CREATE POLICY lookup ON people FOR ALL TO kalends_lookup USING (true)",
    "a new table is bare": "CREATE TABLE notes (tenant_id uuid, body text)",
    "a new table has no tenant": "CREATE TABLE notes (body text)",
    "a view reads for its owner": "CREATE VIEW everybody AS SELECT * FROM people",
    "a view is materialized": "CREATE MATERIALIZED VIEW everybody AS SELECT * FROM people",
    "a key leaves the tenant": "ALTER TABLE people ADD UNIQUE (id); CREATE TABLE notes (tenant_id uuid, p uuid REFERENCES people (id))",
    "the app is above policies": "ALTER ROLE kalends_app BYPASSRLS",
    "the worker is a superuser": "ALTER ROLE kalends_worker SUPERUSER",
    "the app may become the look-up": "GRANT kalends_lookup TO kalends_app",
    "the look-up may sign in": "ALTER ROLE kalends_lookup LOGIN",
    "the app owns a table": "ALTER TABLE invites OWNER TO kalends_app",
    "the app may truncate": "GRANT TRUNCATE ON people TO kalends_app",
    "everybody may read": "GRANT SELECT ON people TO PUBLIC",
    "the app may read the queue": "GRANT SELECT ON jobs.procrastinate_jobs TO kalends_app",
    "the app may rewrite the trail": "GRANT UPDATE ON audit_entries TO kalends_app",
    "the app may make tables": "GRANT CREATE ON SCHEMA public TO kalends_app",
    "a new function has its owner's rights": "CREATE FUNCTION peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = public AS 'SELECT count(*) FROM people'",
    "a look-up trusts the caller's path": "ALTER FUNCTION find_people(text) RESET search_path",
    "a look-up belongs to a superuser": "ALTER FUNCTION find_people(text) OWNER TO postgres",
    "a look-up is gone": "DROP FUNCTION find_invite(bytea)",
}


@pytest.fixture
def catalogue(postgres, database_name):
    """A superuser's transaction on the test's database; nothing in it stays."""
    with postgres.superuser(database_name) as connection:
        connection.autocommit = False
        yield connection
        connection.rollback()


def test_all_tenants_are_apart(catalogue, sweep):
    assert sweep(catalogue) == []


@pytest.mark.parametrize("breach", BREACHES)
def test_the_sweep_notices_when(catalogue, sweep, breach):
    catalogue.execute(BREACHES[breach])
    assert sweep(catalogue) != []


@pytest.fixture
def two(house):
    """Two companies with a row in each table that this room can fill by itself."""
    made = [create_tenant(house, name=name) for name in ("Aurora", "Borealis")]
    for tenant in made:
        with house.work(Scope(tenant_id=tenant, role="owner")) as work:
            work.announce("test.said")
            work.audit("test.done", subject_kind="test", subject_id=tenant)
    return made


FORBIDDEN = {
    "become the owner": "SET ROLE kalends_owner",
    "become the look-up": "SET ROLE kalends_lookup",
    "become the worker": "SET SESSION AUTHORIZATION kalends_worker",
    "switch policies off": "ALTER TABLE people DISABLE ROW LEVEL SECURITY",
    "drop a policy": "DROP POLICY tenant ON people",
    "read past policies": "SET row_security = off; SELECT * FROM announcements",
    "truncate": "TRUNCATE announcements",
    "copy in past policies": "COPY announcements FROM STDIN",
    "rewrite the trail": "UPDATE audit_entries SET action = 'nothing'",
    "cut the trail": "DELETE FROM audit_entries",
    "read the queue": "SELECT * FROM jobs.procrastinate_jobs",
    "read passwords on disk": "SELECT * FROM pg_authid",
    "make a table": "CREATE TABLE public.loot (body text)",
    "make a function": "CREATE FUNCTION public.loot() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "read files": "SELECT pg_read_file('postgresql.conf')",
    "run programs": "COPY (SELECT 1) TO PROGRAM 'true'",
}


@pytest.mark.parametrize("attempt", FORBIDDEN)
def test_the_app_cannot(house, two, attempt):
    with pytest.raises(DBAPIError) as caught, house.database.transaction(Scope(two[0], "owner")) as session:
        session.connection().exec_driver_sql(FORBIDDEN[attempt])
    assert isinstance(caught.value.orig, psycopg.errors.InsufficientPrivilege | psycopg.errors.FeatureNotSupported)


def test_without_a_tenant_there_are_no_rows(house, two):
    with house.database.lookup() as session:
        for table in ("tenants", "announcements", "audit_entries"):
            assert session.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 0


def test_a_transactions_tenant_does_not_stay_on_the_connection(house, two):
    for tenant in two * 3:
        with house.database.transaction(Scope(tenant, "owner")) as session:
            assert session.execute(text("SELECT array_agg(id) FROM tenants")).scalar() == [tenant]
        with house.database.lookup() as session:
            assert session.execute(text("SELECT count(*) FROM tenants")).scalar() == 0


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO announcements (tenant_id, id, name, payload, announced_at) VALUES (:other, :id, 'x', '{}', now())",
        "UPDATE announcements SET tenant_id = :other",
    ],
)
def test_no_row_is_written_into_another_tenant(house, two, statement):
    with pytest.raises(DBAPIError, match="row-level security"), house.database.transaction(Scope(two[0], "owner")) as s:
        s.execute(text(statement), {"other": two[1], "id": new_id()})


def test_changing_everything_changes_only_ones_own(house, two):
    with house.database.transaction(Scope(two[0], "owner")) as session:
        assert session.execute(text("UPDATE announcements SET name = 'mine'")).rowcount == 2
        assert session.execute(text("DELETE FROM announcements")).rowcount == 2
    with house.database.transaction(Scope(two[1], "owner")) as session:
        names = session.execute(text("SELECT name FROM announcements ORDER BY id")).scalars().all()
    assert names == ["identity.tenant_created", "test.said"]


def test_the_app_gives_jobs_away_but_does_not_see_them(house, two):
    with house.work(Scope(two[0], "owner")) as work:
        send_email(work, to="ada@aurora.example", subject="Hello", body="")
    with house.worker_database.lookup() as session:
        assert session.execute(text("SELECT count(*) FROM jobs.procrastinate_jobs")).scalar() == 1
