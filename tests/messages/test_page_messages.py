"""The history's table, on every engine: written once, renewed by what is newer, never by what is older."""

import shutil
import tempfile
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from kalends.base.embedded import EmbeddedPostgres
from kalends.base.ids import new_id
from kalends.base.warehouse import DuckWarehouse, PostgresWarehouse
from kalends.messages import page_messages

SENT = datetime(2026, 2, 1, 18, 5, tzinfo=UTC)
STAGED = pa.schema([one for one in page_messages.SCHEMA.to_pyarrow() if one.name != "import_id"])


@pytest.fixture(scope="module")
def postgres_dsn():
    home = Path(tempfile.mkdtemp(prefix="kalends-test-"))  # not in tmp_path, which is closed to PostgreSQL's user
    home.chmod(0o755)
    with EmbeddedPostgres(home) as server:
        yield server.dsn
    shutil.rmtree(home)


@pytest.fixture(params=["duckdb", "postgres"])
def warehouse(request, tmp_path):
    if request.param == "duckdb":
        opened = DuckWarehouse(folder=tmp_path, key_for=lambda tenant_id: tenant_id.bytes * 2)
    else:
        opened = PostgresWarehouse(url=request.getfixturevalue("postgres_dsn"))
    with opened.tenant(new_id()) as made:
        yield made
    opened.close()


def row(message="m1", **said):
    usual = {"page_id": "p1", "sent_at": SENT, "type": "PPV", "caption_no": 7, "price": Decimal("9.99"),
             "recipients": 1000, "viewed": 400, "purchased": 12, "earnings": Decimal("119.88"), "currency": "USD",
             "source_row": 1}  # fmt: skip
    return usual | {"message_id": message} | said


def load(warehouse, *rows, import_id="a", replaces=()):
    staged = pa.Table.from_pylist(list(rows), schema=STAGED)
    done = page_messages.apply(warehouse, staged, import_id=import_id, replaces=replaces)
    return done.loaded, done.older


def known(warehouse, *names):
    rows = page_messages.history(warehouse, page_ids=["p1", "p2"]).to_pylist()
    return [tuple(one[name] for name in names) for one in rows]


def test_the_same_again_writes_nothing(warehouse):
    assert load(warehouse, row("m1"), row("m2", price=None, viewed=None)) == (2, 0)
    assert load(warehouse, row("m2", price=None, viewed=None), row("m1"), import_id="b") == (0, 0)
    assert known(warehouse, "message_id", "import_id") == [("m1", "a"), ("m2", "a")]


def test_a_cut_off_attempt_tells_the_same_when_repeated(warehouse):
    assert load(warehouse, row("m1"), row("m2")) == (2, 0)
    assert load(warehouse, row("m1"), row("m2")) == (2, 0)


def test_grown_counts_renew_and_older_ones_do_not(warehouse):
    load(warehouse, row("m1"))
    assert load(warehouse, row("m1", viewed=500, purchased=20, earnings=Decimal(200)), import_id="b") == (1, 0)
    assert load(warehouse, row("m1", viewed=450, purchased=20), import_id="c") == (0, 1)
    assert load(warehouse, row("m1", viewed=500, purchased=20, earnings=Decimal(180)), import_id="d") == (1, 0)
    assert known(warehouse, "viewed", "earnings", "import_id") == [(500, Decimal("180.000000"), "d")]


def test_what_was_not_known_is_filled_in(warehouse):
    load(warehouse, row("m1", viewed=None, purchased=None))
    assert load(warehouse, row("m1", viewed=3, purchased=0), import_id="b") == (1, 0)
    assert known(warehouse, "viewed", "purchased") == [(3, 0)]


def test_the_same_number_on_two_pages_is_two_messages(warehouse):
    assert load(warehouse, row("m1"), row("m1", page_id="p2")) == (2, 0)
    assert {one["page_id"]: one["messages"] for one in page_messages.counts(warehouse)} == {"p1": 1, "p2": 1}


def test_another_reading_takes_the_place_of_the_first(warehouse):
    load(warehouse, row("m1"), row("m2"))
    assert load(warehouse, row("m1", sent_at=SENT.replace(hour=23)), import_id="b", replaces=["a"]) == (1, 0)
    assert known(warehouse, "message_id", "import_id") == [("m1", "b")]


def test_the_view_has_the_names_in_use(warehouse):
    page_messages.set_names(warehouse, {"p1": "Luna", "p2": "Nova"})
    load(warehouse, row("m1"))
    load(warehouse, row("m1"))
    page_messages.set_names(warehouse, {"p1": "Luna Rose"})
    assert page_messages.VIEW in warehouse.list_views()
    asked = warehouse.execute("SELECT page_name, caption_id, message_type FROM mass_messages").to_pylist()
    assert asked == [{"page_name": "Luna Rose", "caption_id": 7, "message_type": "PPV"}]


def test_before_the_first_load_there_is_nothing(warehouse):
    assert known(warehouse, "message_id") == []
    assert page_messages.counts(warehouse) == []
    assert page_messages.take_back(warehouse, import_id="a") == 0
