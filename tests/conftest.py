"""What every test may stand on: a real PostgreSQL, a real house over it, a tenant in it, and a clock that obeys.

Each test has a database of its own, cloned from one migrated template, so that nothing has to be cleaned up.
"""

import gc
import os
import shutil
import tempfile
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import hypothesis
import psycopg
import pytest
from psycopg import sql
from warehouses import open_duck

from kalends.base import bootstrap
from kalends.base.database import Database
from kalends.base.embedded import EmbeddedPostgres
from kalends.base.ids import new_id
from kalends.base.scope import Scope
from kalends.base.settings import Settings

# Tests' frames have a few rows, and a test process has one core of its own: to share them out among threads only costs.
# (Read when Polars is imported, which nothing above does.)
os.environ.setdefault("POLARS_MAX_THREADS", "1")

SECRET = b"tests only, thirty-two bytes ..."
OWNER, TEMPLATE = "kalends_owner", "kalends_template"
START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
"""A Monday morning: the instant at which every test begins."""

LONG = {"test_contract.py", "test_faults.py", "test_kill.py", "test_locks.py", "test_server.py", "test_syncs.py"}


def pytest_configure(config):
    """Where a test does not say how many examples it tries, they are 20; with KALENDS_PROVE, Hypothesis's own hundred.

    No example has a deadline: on a busy machine any of them may pass one. Until the tests are collected, nothing that is
    imported is garbage.
    """
    gc.disable()
    fewer = {} if os.environ.get("KALENDS_PROVE") else {"max_examples": 20}
    hypothesis.settings.register_profile("kalends", deadline=None, **fewer)
    hypothesis.settings.load_profile("kalends")


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items):
    """What a module makes once for its tests is made in one process; and the longest tests come first, after whole
    groups (xdist does that), so that at the end no process waits for another's.
    """
    for item in items:
        used = (found[-1].scope for found in item._fixtureinfo.name2fixturedefs.values() if found)
        if "module" in used and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(item.module.__name__))
    items.sort(key=lambda item: item.path.name not in LONG)


def pytest_collection_finish():
    """What has been imported lives to the end: the garbage collector need not go through it again and again.

    And a test makes more than the 700 new objects after which it would look: statements are trees of them.
    """
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)
    gc.enable()


def pytest_ignore_collect(collection_path, config):
    """With `-m unit`, leave modules without such tests alone: to import them takes as long as to run the others."""
    is_module = collection_path.name.startswith("test_") and collection_path.suffix == ".py"
    if config.option.markexpr == "unit" and is_module and "mark.unit" not in collection_path.read_text():
        return True
    return None


@dataclass
class SettableClock:
    """A clock that stands still until it is told to move."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> None:
        """Move on by `span`, as in `clock.advance(hours=2)`."""
        self.now += timedelta(**span)


@dataclass(frozen=True)
class TestServer:
    """The running PostgreSQL, and how to get at its databases as superuser or as their owner."""

    __test__ = False
    server: object

    def superuser(self, database: str = "postgres") -> psycopg.Connection:
        """A superuser's connection: for looking at catalogues and for making databases, never for serving."""
        return psycopg.connect(self.server.dsn_for(database=database), autocommit=True)

    def owner_url(self, database: str) -> str:
        """The URL of the role that owns and migrates `database`; it is no superuser, as in production."""
        password = bootstrap.role_password(SECRET, OWNER)
        return f"postgresql://{OWNER}:{password}@127.0.0.1:{self.server.port}/{database}"


@pytest.fixture(scope="session")
def postgres():
    """One embedded PostgreSQL per test process."""
    # Not in tmp_path: PostgreSQL runs as another user than root, to whom pytest's folders are closed.
    home = Path(tempfile.mkdtemp(prefix="kalends-test-"))
    home.chmod(0o755)
    with EmbeddedPostgres(home) as server:
        started = TestServer(server)
        with started.superuser() as connection:
            # What a test wrote need not survive a power cut.
            for costly in ("fsync", "full_page_writes", "synchronous_commit", "autovacuum"):
                connection.execute(f"ALTER SYSTEM SET {costly} = off")
            connection.execute("SELECT pg_reload_conf()")
            password = sql.Literal(bootstrap.role_password(SECRET, OWNER))
            connection.execute(sql.SQL("CREATE ROLE kalends_owner LOGIN CREATEROLE PASSWORD {}").format(password))
        yield started
    shutil.rmtree(home)


@pytest.fixture(scope="session")
def postgres_dsn(postgres):
    """Where warehouses may be kept in PostgreSQL: each tenant has a schema of its own, so all tests share it."""
    return postgres.server.dsn


@pytest.fixture(scope="session")
def template_database(postgres):
    """The name of a migrated, empty database; nobody stays connected to it, so it can be cloned."""
    with postgres.superuser() as connection:
        connection.execute(f"CREATE DATABASE {TEMPLATE} OWNER {OWNER}")
    bootstrap.prepare(postgres.owner_url(TEMPLATE), secret=SECRET)
    return TEMPLATE


@pytest.fixture
def database_name(postgres, template_database):
    """A fresh clone of the migrated database, for this test alone."""
    name = f"test_{new_id().hex}"
    with postgres.superuser() as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template_database} OWNER {OWNER} STRATEGY FILE_COPY")
        yield name
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def access(postgres, database_name):
    """The URLs of the two roles that Kalends works as, on this test's database."""
    return bootstrap.access(bootstrap.driver_url(postgres.owner_url(database_name)), secret=SECRET)


@pytest.fixture
def database(access):
    """This test's database as the app sees it."""
    opened = Database(access.app)
    yield opened
    opened.close()


@pytest.fixture
def worker_database(access):
    """This test's database as the job worker sees it."""
    opened = Database(access.worker, pool_size=4)
    yield opened
    opened.close()


@pytest.fixture
def clock():
    """A clock that stands at START until `clock.advance(hours=1)`."""
    return SettableClock()


@pytest.fixture
def settings(tmp_path):
    """Settings of a house under tmp_path; the environment of whoever runs the tests has no say."""
    return Settings(home=tmp_path, cache_url="mem://", public_url="https://kalends.example", worker=False)


@pytest.fixture
def house(settings, database, worker_database, clock):
    """Everything a server holds open, all of it real."""
    from kalends.base.cache import Cache
    from kalends.base.files import open_file_store
    from kalends.base.keys import FileKeyStore
    from kalends.base.work import House

    keys = FileKeyStore(settings.home / "keys")
    cache = Cache(settings.cache_url)
    warehouse = open_duck(
        folder=settings.home / "warehouse", key_for=lambda tenant_id: keys.derive(tenant_id, "warehouse")
    )
    yield House(
        settings=settings,
        database=database,
        worker_database=worker_database,
        warehouse=warehouse,
        keys=keys,
        files=open_file_store(settings.files_url, folder=settings.home / "files", keys=keys),
        cache=cache,
        clock=clock,
    )
    warehouse.close()
    cache.close()


@pytest.fixture
def company(house):
    """The id of a company in the house; `create_tenant(house, name=...)` makes more."""
    from kalends.identity.service import create_tenant

    return create_tenant(house, name="Aurora Trading")


@pytest.fixture
def tenant(company):
    """The same, as most tests call it."""
    return company


@pytest.fixture
def scope(company):
    """The scope of an owner of `company` (no person behind it, as with the local owner token)."""
    return Scope(tenant_id=company, role="owner", label="test")


@pytest.fixture
def work(house, scope):
    """One open transaction of `tenant`; committed when the test ends well."""
    with house.work(scope) as opened:
        yield opened


@pytest.fixture(scope="session")
def wired():
    """The web application, wired once per process: to work out its five hundred routes takes a second and more."""
    from kalends.app import wire

    made = wire()
    gc.freeze()  # what that has imported
    return made


@pytest.fixture
def app(wired, house):
    """The whole web application over `house`."""
    from kalends.app import hand_over

    hand_over(wired, house)
    return wired


@pytest.fixture
def browser(app):
    """`browser()` makes an HTTP client with an empty cookie jar that speaks to `app` as a browser over TLS would."""
    with warnings.catch_warnings():
        # It asks for httpx2, a second HTTP client beside the one that the package itself uses.
        warnings.simplefilter("ignore")
        from starlette.testclient import TestClient

    opened = []

    def make(**headers: str) -> TestClient:
        client = TestClient(app, base_url="https://kalends.example", headers=headers, follow_redirects=False)
        client.__enter__()
        opened.append(client)
        return client

    yield make
    for client in opened:
        client.__exit__(None, None, None)


@pytest.fixture
def anonymous(browser):
    """A client that has not signed in."""
    return browser()


@pytest.fixture
def signed_in(house, tenant, browser):
    """`signed_in("analyst")` makes a client of a fresh person with that role: cookie set, CSRF token in its headers."""
    from kalends.identity.service import COOKIE, add_person, open_session

    def make(role: str = "owner", *, tenant_id=tenant):
        with house.work(Scope(tenant_id=tenant_id, role="owner", label="test")) as work:
            person = add_person(work, email=f"{new_id().hex}@aurora.example", name=role.title(), role=role)
            session = open_session(work, person_id=person.id)
        client = browser(**{"X-CSRF-Token": session.csrf})
        client.cookies.set(COOKIE, session.secret)
        return client

    return make


@pytest.fixture
def client(signed_in):
    """A client signed in as an owner of `tenant`."""
    return signed_in("owner")
