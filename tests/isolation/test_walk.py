"""A long random walk of three companies over a pool of two connections: nobody ever meets a row of somebody else.

Threads share the connections, transactions fail in the middle, settings are left behind where they can be. The whole
walk has 5,000 steps and more; without KALENDS_PROVE (a fraction, 1 for all) a part of it runs.
"""

import concurrent.futures
import os
import random

import pytest
from proof import proof
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kalends.base.database import Database
from kalends.base.ids import new_id
from kalends.base.scope import Scope
from kalends.identity.service import add_person, create_key, create_tenant, invite, list_people, open_session
from kalends.notify.service import send_email, tell_person

WHOLE, SEED, THREADS = 6000, 20260302, 4
STEPS = max(240, round(WHOLE * float(os.environ.get("KALENDS_PROVE", "0"))))

TENANT_TABLES = text(
    "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'"
    " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1"
)


class DeliberateError(Exception):
    """What a request meets when it fails half-way."""


@pytest.fixture
def crowded(house, access):
    """The house with room for two at once: connections change hands between tenants all the time."""
    house.database = Database(access.app, pool_size=2)
    yield house
    house.database.close()


@pytest.fixture
def tenants(crowded):
    return [create_tenant(crowded, name=name) for name in ("Aurora", "Borealis", "Cirrus")]


class Walker:
    """One thread of the walk, with a generator of its own."""

    def __init__(self, house, tenants, seed):
        self.house, self.tenants, self.random = house, tenants, random.Random(seed)
        self.foreign: list[str] = []
        with house.database.lookup() as session:
            self.tables = list(session.execute(TENANT_TABLES).scalars())

    def walk(self, steps):
        actions = [self.write, self.write, self.look, self.look, self.look_up, self.fail, self.trespass, self.meddle]
        for _ in range(steps):
            self.random.choice(actions)(self.random.choice(self.tenants))
        return self.foreign

    def scope(self, tenant):
        return Scope(tenant_id=tenant, role="owner", label="walk")

    def write(self, tenant):
        """Rows in many tables, each made the way the product makes it."""
        name = new_id().hex
        with self.house.work(self.scope(tenant)) as work:
            person = add_person(work, email=f"{name}@x.example", name=name, role="editor")
            self.random.choice(
                [
                    lambda: open_session(work, person_id=person.id),
                    lambda: create_key(work, label=name, role="viewer"),
                    lambda: invite(work, email=f"{name}@y.example", role="viewer"),
                    lambda: tell_person(work, person_id=person.id, kind="walk", title=name),
                    lambda: send_email(work, to=f"{name}@z.example", subject=name, body=""),
                ]
            )()

    def look(self, tenant):
        """Every table of every room, read without a condition."""
        with self.house.work(self.scope(tenant)) as work:
            for table in self.tables:
                self.note(work, tenant, f"SELECT count(*) FROM {table} WHERE tenant_id <> :own")
            self.note(work, tenant, "SELECT count(*) FROM tenants WHERE id <> :own")

    def note(self, work, tenant, query):
        if work.session.execute(text(query), {"own": tenant}).scalar():
            self.foreign.append(f"{tenant}: {query}")

    def look_up(self, tenant):
        """Before a tenant is known nothing is there."""
        with self.house.database.lookup() as session:
            for table in self.tables:
                if session.execute(text(f"SELECT count(*) FROM {table}")).scalar():
                    self.foreign.append(f"no tenant: {table}")

    def fail(self, tenant):
        """A request that dies after it has written: nothing of it may be seen, and its tenant is forgotten."""
        name = new_id().hex
        with pytest.raises((DeliberateError, DBAPIError)):
            self.die(tenant, name)
        with self.house.work(self.scope(tenant)) as work:
            if any(person.name == name for person in list_people(work)):
                self.foreign.append(f"{tenant}: a rolled-back person is there")

    def die(self, tenant, name):
        with self.house.work(self.scope(tenant)) as work:
            add_person(work, email=f"{name}@x.example", name=name, role="viewer")
            if self.random.random() < 0.5:
                work.session.execute(text("SELECT 1 / 0"))
            raise DeliberateError

    def trespass(self, tenant):
        """Ask for another tenant's row by its id, change it, and write one there."""
        other = self.random.choice([one for one in self.tenants if one != tenant])
        with self.house.work(self.scope(other)) as work:
            target = add_person(work, email=f"{new_id().hex}@x.example", name="target", role="viewer").id
        with self.house.work(self.scope(tenant)) as work:
            touched = [
                work.session.execute(text(sql), {"id": target}).rowcount
                for sql in ("SELECT 1 FROM people WHERE id = :id", "UPDATE people SET name = 'x' WHERE id = :id",
                            "DELETE FROM people WHERE id = :id")
            ]  # fmt: skip
        if any(touched):
            self.foreign.append(f"{tenant}: reached a person of {other}")
        with pytest.raises(DBAPIError, match="row-level security"), self.house.work(self.scope(tenant)) as work:
            work.session.execute(
                text("INSERT INTO announcements (tenant_id, id, name, payload, announced_at)"
                     " VALUES (:other, :id, 'x', '{}', now())"),
                {"other": other, "id": new_id()},
            )  # fmt: skip

    def meddle(self, tenant):
        """Leave a transaction's settings changed behind: the next one on this connection must not inherit them."""
        other = self.random.choice(self.tenants)
        with self.house.work(self.scope(tenant)) as work:
            work.session.execute(text("SELECT set_config('kalends.tenant', :other, true)"), {"other": str(other)})
        self.look_up(tenant)


def test_nobody_meets_a_row_of_somebody_else(crowded, tenants):
    walkers = [Walker(crowded, tenants, SEED + number) for number in range(THREADS)]
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(lambda walker: walker.walk(STEPS // THREADS), walkers))
    assert [fault for faults in found for fault in faults] == []
    proof("isolation, steps without a foreign row", f"{STEPS // THREADS * THREADS}, seed {SEED}")


def test_the_walk_would_notice(postgres, database_name, crowded, tenants):
    with postgres.superuser(database_name) as connection:
        connection.execute("ALTER POLICY tenant ON people USING (true)")
    walker = Walker(crowded, tenants, SEED)
    walker.write(tenants[0])
    walker.look(tenants[1])
    assert walker.foreign == [f"{tenants[1]}: SELECT count(*) FROM people WHERE tenant_id <> :own"]
