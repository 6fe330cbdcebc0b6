"""The company's own warehouse: a real PostgreSQL database and a real DuckDB file, entered, tested, read and read on."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import duckdb
import pytest
from sqlalchemy import text

from kalends.base.ids import new_id
from kalends.base.jobs import JobRun
from kalends.base.outside import InnerAddressError
from kalends.base.scope import Scope
from kalends.base.settings import Settings
from kalends.base.worker import run_task
from kalends.identity.service import Door, create_tenant
from kalends.messages import captions, creator_pages, jobs, page_messages
from kalends.messages.models import MessageSource
from kalends.messages.page_schemas import PageIn
from kalends.messages.source import reading, sources
from kalends.messages.source.engines import Access, BadSourceError, engine_of, place, said

FIRST = datetime(2026, 2, 1, 18, 5, tzinfo=UTC)
MAPPING = """
history:
  table: sales.mass_messages
  columns: {page: creator, type: kind}
  where: {is_test: false}
captions:
  table: sales.bank
  columns: {text: words, price_tier: tier}
"""
TABLES = """
CREATE SCHEMA sales;
CREATE TABLE sales.mass_messages (message_id bigint, creator text, sent_at timestamptz, kind text, caption_id bigint,
    price numeric(10, 2), recipients bigint, viewed bigint, purchased bigint, earnings double precision, is_test boolean);
CREATE TABLE sales.bank (caption_id bigint, words text, tier text);
INSERT INTO sales.bank VALUES (1, 'Come and see', 'Mid'), (2, 'Only today', 'Gold');
"""
SECRET = "s3cret-pass"


@pytest.fixture
def door(house, scope):
    with house.work(scope) as work:
        for name in ("Luna", "Nova"):
            creator_pages.add_page(work, PageIn(name=name, zone="America/New_York", currency="USD"))
    return Door(house=house, scope=scope, is_local=True)


@pytest.fixture
def shop(postgres, database_name):
    """A database of the company's own, with a user who may only read; gives its address and a connection."""
    name = f"shop_{new_id().hex}"
    with postgres.superuser() as con:
        con.autocommit = True
        con.execute(f"CREATE DATABASE {name}")
    con = postgres.superuser(name)
    con.autocommit = True
    con.execute(TABLES)
    con.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{SECRET}'")
    con.execute(f"GRANT USAGE ON SCHEMA sales TO {name}; GRANT SELECT ON ALL TABLES IN SCHEMA sales TO {name}")
    parts = urlsplit(postgres.owner_url(name))
    yield f"postgresql://{name}:{SECRET}@{parts.hostname}:{parts.port}/{name}", con
    con.close()
    with postgres.superuser() as con:
        con.autocommit = True
        con.execute(f"DROP DATABASE {name} WITH (FORCE)")
        con.execute(f"DROP ROLE {name}")


def message(number, *, days=0, creator="Luna", kind="ppv", purchased=10, is_test=False):
    return (
        number,
        creator,
        FIRST + timedelta(days=days, minutes=number),
        kind,
        1,
        9.99,
        1000,
        400,
        purchased,
        99.9,
        is_test,
    )


def sell(con, *rows):
    with con.cursor() as cursor:
        cursor.executemany(f"INSERT INTO sales.mass_messages VALUES ({', '.join(['%s'] * 11)})", rows)


def connect(door, url, mapping=MAPPING, **more):
    with door.work() as work:
        sources.connect(work, url=url, mapping=mapping, is_local=True, **more)


def run_jobs(door):
    assert jobs.read_source.queue == "heavy"
    house, tenant_id = door.house, door.scope.tenant_id
    scope = Scope(tenant_id=tenant_id, role="worker", label="job")
    while True:
        with house.work(scope) as work:
            waiting = (
                work.session.execute(text("SELECT id FROM tasks WHERE state = 'queued' ORDER BY id")).scalars().all()
            )
        if not waiting:
            return
        for task_id in waiting:
            run_task(house, tenant_id, task_id)


def read(door, *, is_whole=False):
    """Read what is new; gives kind -> received, loaded, rejected of what came."""
    with door.work() as work:
        (sources.read_whole if is_whole else sources.start)(work)
    run_jobs(door)
    with door.work() as work:
        now = sources.state(work)
        assert not now.is_reading
        work.session.expunge_all()
    return now.source, {one.kind: (one.received, one.loaded, one.rejected) for one in now.imports}


def stored(door):
    with door.house.warehouse.tenant(door.scope.tenant_id) as warehouse, door.work() as work:
        ids = [str(page.id) for page in creator_pages.list_pages(work)]
        return page_messages.history(warehouse, page_ids=ids).to_pylist()


def test_history_and_captions_come_from_postgres_row_by_row_and_then_only_what_is_new(door, shop):
    url, con = shop
    sell(con, message(1), message(2, creator="Nova"), message(3, creator="Stella"), message(4, is_test=True),
         message(5, purchased=-1))  # fmt: skip
    connect(door, url)
    source, came = read(door)
    assert came == {"captions": (2, 1, 1), "history": (4, 2, 2)}
    assert (source.health, source.watermark) == ("healthy", FIRST + timedelta(minutes=5))
    rows = stored(door)
    assert [(row["message_id"], row["type"], row["sent_at"], row["purchased"], str(row["price"]), str(row["earnings"])) for row in rows] == [
        ("1", "PPV", FIRST + timedelta(minutes=1), 10, "9.990000", "99.900000"),
        ("2", "PPV", FIRST + timedelta(minutes=2), 10, "9.990000", "99.900000"),
    ]  # fmt: skip
    with door.work() as work:
        assert [(one.caption_no, one.text) for one in captions.list_captions(work)[1]] == [(1, "Come and see")]
    # Nothing new: no import is made of it.
    assert read(door)[1] == {}
    con.execute("UPDATE sales.mass_messages SET purchased = 12 WHERE message_id = 1")
    sell(con, message(6, days=20))
    assert read(door)[1]["history"] == (5, 2, 2)
    assert [row["purchased"] for row in stored(door)] == [12, 10, 10]
    # Older than the days that are read again: only a reading of everything finds it.
    sell(con, message(7, days=-100))
    con.execute("UPDATE sales.mass_messages SET purchased = 13 WHERE message_id = 6")
    assert read(door)[1]["history"] == (5, 1, 2)
    assert read(door, is_whole=True)[1]["history"] == (6, 1, 2)


def test_a_long_history_comes_in_parts_and_a_reading_that_is_cut_off_goes_on(door, shop, monkeypatch):
    url, con = shop
    sell(con, *(message(number, days=number // 4) for number in range(50)))
    connect(door, url)
    with door.work() as work:
        sources.start(work)
        task, source_id = work.session.execute(
            text("SELECT id, subject_id FROM tasks WHERE kind = :kind"), {"kind": sources.READ}
        ).one()
        work.session.execute(text("UPDATE tasks SET state = 'running', attempt = 1 WHERE id = :id"), {"id": task})
    run = JobRun(door.house, Scope(tenant_id=door.scope.tenant_id, role="worker", label="job"), task, 1, {})
    kept, write = [], type(door.house.files).write

    def cut(files, *told):
        kept.append(told[1])
        if len(kept) == 4:  # captions, two parts of the history, and then
            raise ConnectionResetError
        return write(files, *told)

    monkeypatch.setattr(type(door.house.files), "write", cut)
    with pytest.raises(ConnectionResetError):
        reading.read_source(run, source_id=source_id, most_rows=10)
    with door.work() as work:
        assert sources.get(work).position is not None
    reading.read_source(run, source_id=source_id, most_rows=10)
    with door.work() as work:
        found = sources.get(work)
        assert (found.position, found.watermark) == (None, FIRST + timedelta(days=12, minutes=49))
        work.session.execute(text("UPDATE tasks SET state = 'done' WHERE id = :id"), {"id": task})
    run_jobs(door)
    assert sorted(int(row["message_id"]) for row in stored(door)) == list(range(50))


def test_a_duckdb_file_is_read_and_closed_to_everything_else(door, tmp_path):
    folder = tmp_path.parent / f"{tmp_path.name}-shop"
    folder.mkdir()
    with duckdb.connect(str(folder / "shop.duckdb")) as con:
        con.execute("CREATE TABLE page_messages (message_id VARCHAR, page_name VARCHAR, sent_at TIMESTAMP, price DOUBLE,"
                    " recipients INT, purchased INT)")  # fmt: skip
        con.execute("INSERT INTO page_messages VALUES ('a', 'Luna', '2026-02-01 18:05', 9.5, 100, 3)")
        (folder / "other.csv").write_text("page_name,sent_at\nLuna,2026-02-01\n")
        con.execute(f"CREATE VIEW leak AS SELECT * FROM read_csv('{folder}/other.csv')")
    mapping = "history:\n  table: page_messages\nzone: Europe/Berlin\n"
    connect(door, f"duckdb://{folder}/shop.duckdb", mapping)
    assert read(door)[1] == {"history": (1, 1, 0)}
    assert [row["sent_at"] for row in stored(door)] == [datetime(2026, 2, 1, 17, 5, tzinfo=UTC)]
    connect(door, "", mapping.replace("page_messages", "leak"))
    assert "disabled" in sources.test(door).problem
    with door.work() as work, pytest.raises(sources.OtherDiskError):
        sources.connect(work, url=f"duckdb://{folder}/shop.duckdb")
    with pytest.raises(BadSourceError, match="own data folder"):
        connect(door, f"duckdb://{door.house.settings.home}/warehouse/{door.scope.tenant_id.hex}.duckdb")


def test_a_test_shows_what_would_be_read_and_says_what_is_wrong(door, shop):
    url, con = shop
    sell(con, message(1), message(2))
    connect(door, url)
    bank, sent = sources.test(door).seen
    assert (bank.columns, bank.rows, bank.not_used) == (
        {"caption_no": "caption_id", "text": "words", "price_tier": "tier"},
        2,
        (),
    )
    assert (sent.rows, sent.columns["page"], sent.not_used) == (2, "creator", ("is_test",))
    assert stored(door) == []
    connect(door, url, MAPPING.replace("sales.bank", "sales.banks"))
    assert sources.test(door).problem == "Line 7: captions: there is no table “sales.banks” (did you mean “bank”?)."
    connect(door, url.replace(SECRET, "wrong-pass"))
    problem = sources.test(door).problem
    assert "password authentication failed" in problem
    assert "wrong-pass" not in problem
    source, came = read(door)
    assert (source.health, source.problem, came) == ("broken", problem, {})
    with door.work() as work:
        told = work.session.execute(
            text("SELECT coalesce(string_agg(t::text, ''), '') FROM audit_entries AS t")
        ).scalar()
        kept = work.session.execute(text("SELECT string_agg(t::text, '') FROM message_sources AS t")).scalar()
    assert "wrong-pass" not in told + kept
    assert SECRET not in told + kept


def test_nothing_can_be_written_there(door, shop):
    url, con = shop
    con.execute("CREATE FUNCTION sales.bite() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS $$"
                " INSERT INTO sales.bank VALUES (9, 'bitten', 'Mid') RETURNING 9 $$;"
                " CREATE VIEW sales.trap AS SELECT sales.bite() AS caption_id, 'x' AS words, 'Mid' AS tier;"
                " GRANT SELECT ON sales.trap TO PUBLIC")  # fmt: skip
    connect(door, url, "captions:\n  table: sales.trap\n  columns: {text: words}\n")
    assert "read-only transaction" in sources.test(door).problem
    assert con.execute("SELECT count(*) FROM sales.bank").fetchone() == (2,)


@pytest.mark.parametrize(
    ("url", "key", "words"),
    [
        ("mysql://a:b@h/d", "", "no warehouse that can be read"),
        ("postgresql://h/d", "", "Name user, password"),
        ("postgresql://u:p@/d", "", "Name one host"),
        ("postgresql://u:p@a,b/d", "", "Name one host"),
        ("postgresql://u:p@a\x00b/d", "", "no address"),
        ("postgresql://u:p@h/\ud800", "", "no address"),
        ("bigquery://p/d", '{"type": "service_account", "private_key": "\ud800"}', "no key"),
        ("postgresql://u:p@h:x/d", "", "cannot be read"),
        ("postgresql://u:p@h/d?sslkey=/etc/passwd", "", "takes no sslkey"),
        ("postgresql://u:p@h/d?hostaddr=127.0.0.1", "", "takes no hostaddr"),
        ("postgresql://u:p@h/d?sslmode=no", "", "sslmode is one of"),
        ("duckdb://shop.duckdb", "", "whole path"),
        ("bigquery://project", "{}", "Name project and dataset"),
        ("bigquery://project/data", "", "service account"),
        ("bigquery://project/data", '{"type": "external_account"}', "service account"),
        (
            "bigquery://p/d",
            '{"type": "service_account", "private_key": "k", "token_uri": "http://10.0.0.1"}',
            "token_uri",
        ),
        ("snowflake://u:p@evil.com:80/d/s", "", "Name the account"),
        ("snowflake://u:p@acme/d/s?authenticator=http://10.0.0.1", "", "takes no authenticator"),
    ],
)
def test_an_address_is_refused_in_words(url, key, words):
    with pytest.raises(BadSourceError, match=words):
        engine_of(Access(url, key), Settings())


def test_a_hosted_server_calls_nothing_of_its_own_network(door, shop):
    url, _ = shop
    hosted = Settings(home=door.house.settings.home, host="0.0.0.0")
    connect(door, url)
    with door.work() as work:
        found = sources.mapping_of(sources.get(work))
    from kalends.messages.source.engines import opened
    from kalends.messages.source.looking import look

    with pytest.raises(InnerAddressError), opened(Access(url), hosted):
        pass
    assert "inside this server's own network" in look(Access(url), found, hosted).problem


def test_what_is_not_installed_is_said_with_what_to_install(door):
    key = '{"type": "service_account", "private_key": "very-long-private-key"}'
    connect(door, "bigquery://my-project/sales", key=key)
    assert sources.test(door).problem == (
        "BigQuery needs a package more on this server: pip install 'kalends[bigquery]'."
    )
    access = Access("postgresql://u:p%40ss-word@h/d", key)
    assert said(ValueError("p@ss-word of very-long-private-key"), access) == "… of …"
    assert place(access.url) == "postgresql://h/d"
    assert SECRET not in repr(access)


def test_weeks_are_built_from_what_bigquery_has_only_where_that_is_connected(door, shop):
    with pytest.raises(sources.NotBigQueryError):
        sources.read_before_building(door, project_id="p", dataset=None)
    connect(door, shop[0])
    with pytest.raises(sources.NotBigQueryError):
        sources.read_before_building(door, project_id="p", dataset=None)
    connect(door, "bigquery://my-project/sales", key='{"type": "service_account", "private_key": "k"}')
    with pytest.raises(sources.NotBigQueryError, match="my-project, dataset sales"):
        sources.read_before_building(door, project_id="other", dataset="sales")


def test_reading_comes_before_building(door, shop):
    url, con = shop
    sell(con, message(1))
    connect(door, url)
    # BigQuery cannot be had here: the same way, with what can.
    with door.work() as work:
        sources.get(work).engine, sources.get(work).place = "BigQuery", "bigquery://my-project/sales"
    door = replace(door, house=replace(door.house, sleep=lambda _: run_jobs(door)))
    sources.read_before_building(door, project_id="my-project", dataset=None)
    assert len(stored(door)) == 1
    con.execute("ALTER TABLE sales.mass_messages RENAME TO gone")
    with pytest.raises(sources.SourceFailedError, match="there is no table"):
        sources.read_before_building(door, project_id=None, dataset="sales")


def test_a_daily_reading_starts_when_its_day_has_come(door, shop, clock):
    connect(door, shop[0], is_daily=True)
    sell(shop[1], message(1))
    jobs.read_due_sources(door.house)
    run_jobs(door)
    assert stored(door) == []
    clock.advance(hours=25)
    jobs.read_due_sources(door.house)
    jobs.read_due_sources(door.house)
    run_jobs(door)
    assert len(stored(door)) == 1
    with door.work() as work:
        assert sources.get(work).next_read_at > clock()


def test_only_administrators_of_the_company_see_it(door, shop, house, client, signed_in):
    url, con = shop
    sell(con, message(1))
    at = "/api/v1/messages/source"
    assert client.get(at).json()["code"] == "no_source"
    described = client.get("/api/v1/openapi.json").json()["paths"][at]
    assert all("404" in described[method]["responses"] for method in ("get", "put", "delete"))
    assert client.put(at, json={"url": "duckdb:///data/shop.duckdb"}).json()["code"] == "other_disk"
    assert client.put(at, json={"url": url, "mapping": "history:\n  tabel: x"}).json()["line"] == 2
    made = client.put(at, json={"url": url, "mapping": MAPPING})
    assert (made.status_code, made.json()["engine"]) == (200, "PostgreSQL")
    assert SECRET not in made.text + client.get(at).text
    assert client.post(f"{at}/test").json()["problem"] == ""
    assert client.post(f"{at}/read").json()["is_reading"]
    editor, other = signed_in("editor"), signed_in("owner", tenant_id=create_tenant(house, name="Borealis"))
    for way, path in (("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/test"), ("POST", "/read")):
        assert editor.request(way, at + path, json={}).status_code == 403
        assert other.request(way, at + path, json={}).status_code == 404 or way == "PUT"
    assert client.delete(at).status_code == 204
    with door.work() as work:
        assert work.session.query(MessageSource).all() == []
    run_jobs(door)  # a reading that waited finds nothing to read
    assert stored(door) == []


def test_the_page_connects_tests_and_reads(door, shop, client, signed_in):
    url, con = shop
    sell(con, message(1))
    here = "/messages-warehouse"
    token = {"csrf_token": client.headers["X-CSRF-Token"]}
    assert "Which tables and columns" in client.get(here).text
    bad = client.post(here, data=token | {"url": url, "mapping": "history:\n  tabel: x"})
    assert bad.status_code == 422
    assert "did you mean “table”" in bad.text
    assert SECRET not in bad.text
    assert client.post(here, data=token | {"url": url, "mapping": MAPPING.replace("\n", "\r\n")}).status_code == 303
    tried = client.post(f"{here}/test", data=token)
    assert "It answers." in tried.text
    assert "Come and see" in tried.text
    assert client.post(f"{here}/read", data=token).status_code == 303
    run_jobs(door)
    assert "1 of 1 new" in client.get(here).text
    assert client.post(f"{here}/remove", data=token).status_code == 303
    assert signed_in("editor").get(here).status_code == 403


def test_a_table_without_timestamps_is_read_whole(door, shop):
    url, con = shop
    con.execute("CREATE TABLE sales.plain (id int, page text, sent_at text, price text)")
    con.execute(
        "GRANT SELECT ON sales.plain TO PUBLIC; INSERT INTO sales.plain VALUES (1, 'Luna', '2026-02-01T18:05:00Z', '9,5')"
    )
    connect(door, url, "history:\n  table: sales.plain\n")
    assert "no timestamp" in sources.test(door).seen[0].note
    assert read(door)[1] == {"history": (1, 1, 0)}
    assert read(door)[1] == {}


def test_io_is_not_left_open(door, shop):
    """A connection that is left open would keep the company's database from being dropped."""
    url, con = shop
    connect(door, url)
    sources.test(door)
    read(door)
    name = urlsplit(url).path[1:]
    count = con.execute("SELECT count(*) FROM pg_stat_activity WHERE usename = %s", [name]).fetchone()
    assert count == (0,)
