"""What every engine must do: the same tests on DuckDB files and on a PostgreSQL server."""

from datetime import UTC, date, datetime
from decimal import Decimal
from threading import Barrier, Thread
from uuid import UUID

import ibis
import pyarrow as pa
import pytest

from kalends.base.ids import new_id
from kalends.base.warehouse import UnknownColumnsError

SCHEMA = ibis.schema(
    {
        "day": "!date",
        "name": "!string",
        "spend": "decimal(18, 6)",
        "clicks": "int64",
        "share": "float64",
        "seen_at": "timestamp('UTC')",
        "key": "uuid",
        "kept": "boolean",
    }
)
KEY = UUID("00112233-4455-6677-8899-aabbccddeeff")
SEEN = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
ROW = {
    "day": date(2026, 3, 1),
    "name": "Größe 'x' $5 100%",
    "spend": Decimal("12.345678"),
    "clicks": 2**53 + 1,
    "share": 0.1,
    "seen_at": SEEN,
    "key": str(KEY),
    "kept": True,
}
EMPTY = dict.fromkeys(ROW) | {"day": date(2026, 3, 2), "name": ""}


def rows(*entries):
    return pa.Table.from_pylist(list(entries))


@pytest.fixture
def things(tenant):
    tenant.create("things", SCHEMA)
    tenant.append("things", rows(ROW, EMPTY))
    return tenant


def read(tenant, name="things"):
    return tenant.to_arrow(tenant.table(name).order_by("day", "name")).to_pylist()


def test_values_come_back_as_they_went_in(things):
    first, second = read(things)
    assert first == ROW
    assert second == EMPTY  # null stays null, and is not zero


def test_create_is_repeatable_and_tables_are_listed(things):
    things.create("things", SCHEMA)
    assert things.exists("things")
    assert not things.exists("nothing")
    assert things.list_tables() == ["things"]
    assert things.table("things").schema().names == SCHEMA.names


def test_append_counts_takes_columns_by_name_and_fills_the_missing(things):
    assert things.append("things", rows({"name": "b", "day": date(2026, 3, 3)})) == 1
    assert read(things)[-1] == EMPTY | {"name": "b", "day": date(2026, 3, 3)}


def test_append_refuses_unknown_columns_by_name(things):
    with pytest.raises(UnknownColumnsError, match="things has no column colour"):
        things.append("things", rows({"day": date(2026, 3, 3), "name": "b", "colour": "red"}))


def test_append_takes_an_expression(things):
    table = things.table("things")
    doubled = table.filter(table.clicks > 0).mutate(name=table.name + "!", clicks=table.clicks * 2)
    assert things.append("things", doubled) == 1
    assert [row["name"] for row in read(things)] == [ROW["name"], ROW["name"] + "!", ""]


def test_delete_removes_where_the_predicate_holds(things):
    assert things.delete("things", lambda t: (t.day == ROW["day"]) & (t.name == ROW["name"])) == 1
    assert read(things) == [EMPTY]


def test_replace_slice_replaces_only_the_slice(things):
    added = things.replace_slice("things", lambda t: t.day >= date(2026, 3, 2), rows(EMPTY | {"clicks": 7}))
    assert added == 1
    assert [row["clicks"] for row in read(things)] == [ROW["clicks"], 7]


def test_replace_slice_is_all_or_nothing(things):
    with pytest.raises(UnknownColumnsError):
        things.replace_slice("things", lambda t: t.day > date(2000, 1, 1), rows({"colour": "red"}))
    assert len(read(things)) == 2


def test_write_rolls_back_all_of_it(things):
    def delete_and_fail():
        with things.write():
            things.delete("things", lambda t: t.clicks > 0)
            with things.write():
                things.append("things", rows(EMPTY))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        delete_and_fail()
    assert read(things) == [ROW, EMPTY]
    things.append("things", rows(EMPTY))  # the lock was given back
    assert len(read(things)) == 3


def test_a_failed_statement_rolls_back_and_leaves_the_cursor_usable(things):
    def append_and_fail():
        with things.write():
            things.append("things", rows(EMPTY))
            things.run("SELECT no_such_column FROM things")

    with pytest.raises(Exception, match="no_such_column"):
        append_and_fail()
    assert len(read(things)) == 2
    things.append("things", rows(EMPTY))
    assert len(read(things)) == 3


def test_nobody_sees_a_write_before_its_commit(things, warehouse, tenant_id):
    with things.write():
        things.delete("things", lambda t: t.day > date(2000, 1, 1))
        with warehouse.tenant(tenant_id) as other:
            assert len(read(other)) == 2
    assert read(things) == []


def test_a_frozen_tenant_reads_one_state_until_it_is_frozen_anew_or_writes(things, warehouse, tenant_id):
    with warehouse.tenant(tenant_id) as other:
        other.freeze()
        assert len(read(other)) == 2
        things.append("things", rows({**EMPTY, "name": "third"}))
        assert len(read(other)) == 2
        other.freeze()
        assert len(read(other)) == 3
        things.append("things", rows({**EMPTY, "name": "fourth"}))
        other.append("things", rows({**EMPTY, "name": "fifth"}))
        assert len(read(other)) == 5
        other.freeze()
    assert len(read(things)) == 5


def test_execute_takes_parameters_by_name(things):
    sql = "SELECT name, clicks, spend, '$5 100%' AS price FROM things WHERE day = $day AND name LIKE 'Gr%' AND name = $name"
    found = things.execute(sql, {"day": ROW["day"], "name": ROW["name"], "not_used": 1})
    assert found.to_pylist() == [
        {"name": ROW["name"], "clicks": ROW["clicks"], "spend": ROW["spend"], "price": "$5 100%"}
    ]
    assert things.execute(sql, {"day": EMPTY["day"], "name": ROW["name"]}).num_rows == 0
    with pytest.raises(KeyError, match="name"):
        things.execute(sql, {"day": ROW["day"]})


def test_execute_gives_every_type(things):
    found = things.execute("SELECT * FROM things WHERE clicks IS NOT NULL").to_pylist()
    assert found == [ROW | {"key": found[0]["key"]}]
    assert str(found[0]["key"]) == str(KEY)


def test_staged_rows_live_on_this_cursor_only(things, warehouse, tenant_id):
    things.stage("staged", rows(ROW))
    things.stage("staged", rows(ROW, EMPTY), schema=SCHEMA)
    assert read(things, "staged") == [ROW, EMPTY]
    things.stage("again", things.table("staged"))
    assert read(things, "again") == [ROW, EMPTY]
    things.stage_query("counted", "SELECT day, count(*) AS n FROM staged GROUP BY day ORDER BY day")
    assert things.execute("SELECT n FROM counted").column("n").to_pylist() == [1, 1]
    assert things.list_tables() == ["things"]
    with warehouse.tenant(tenant_id) as other, pytest.raises(Exception, match="staged"):
        other.execute("SELECT * FROM staged")


def test_views_are_listed_apart_from_tables(things):
    assert things.list_views() == []
    things.run("CREATE VIEW seen AS SELECT * FROM things")
    assert (things.list_views(), things.list_tables()) == (["seen"], ["things"])


def test_checkpoint_changes_nothing(things):
    things.checkpoint()
    assert read(things) == [ROW, EMPTY]


def test_tenants_do_not_see_each_other(things, warehouse, tenant_id):
    with warehouse.tenant(new_id()) as stranger:
        assert stranger.list_tables() == []
        stranger.create("things", SCHEMA)
        assert read(stranger) == []
    with warehouse.tenant(tenant_id) as again:
        assert len(read(again)) == 2


def test_a_dropped_tenant_is_gone_and_may_come_again(warehouse, tenant_id):
    with warehouse.tenant(tenant_id) as opened:
        opened.create("things", SCHEMA)
    warehouse.drop_tenant(tenant_id)
    with warehouse.tenant(tenant_id) as opened:
        assert opened.list_tables() == []


def test_writers_of_one_tenant_wait_for_each_other(warehouse, tenant_id):
    """Ten threads count up ten times; without the write lock an update would be lost or refused."""
    with warehouse.tenant(tenant_id) as opened:
        opened.create("counter", ibis.schema({"n": "int64"}))
        opened.append("counter", pa.table({"n": [0]}))
    start = Barrier(5)

    def count():
        start.wait()
        for _ in range(10):
            with warehouse.tenant(tenant_id) as mine, mine.write():
                (n,) = mine.execute("SELECT n FROM counter").column("n").to_pylist()
                mine.replace_slice("counter", lambda t: t.n >= 0, pa.table({"n": [n + 1]}))

    threads = [Thread(target=count) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with warehouse.tenant(tenant_id) as opened:
        assert opened.execute("SELECT n FROM counter").column("n").to_pylist() == [50]
