"""The embedded warehouse: files that are encrypted, attached when needed, and survive a kill."""

import signal
import subprocess
import sys
from threading import Event, Thread

import duckdb
import ibis
import pyarrow as pa
import pytest

from kalends.base.ids import new_id
from kalends.base.warehouse import DuckWarehouse, UnsupportedWarehouseError, WarehouseBusyError, open_warehouse
from kalends.base.warehouse.duck import LONG_LOG, ROW_GROUP, SHORT_LOG, log_of

SCHEMA = ibis.schema({"name": "string"})
CANARY = "canary-4711-canary"


def fill(warehouse, tenant_id, *, names=(CANARY,)):
    with warehouse.tenant(tenant_id) as tenant:
        tenant.create("things", SCHEMA)
        tenant.append("things", pa.table({"name": list(names)}))


def read(warehouse, tenant_id):
    with warehouse.tenant(tenant_id) as tenant:
        return tenant.execute("SELECT name FROM things ORDER BY name").column("name").to_pylist()


def test_a_file_shows_nothing_without_its_key(duck, tmp_path, tenant_id):
    fill(duck, tenant_id)
    written = [path.read_bytes() for path in (tmp_path / "warehouse").glob(f"{tenant_id.hex}*")]
    duck.close()
    written += [duck.path(tenant_id).read_bytes()]
    assert len(written) == 3  # file and log while open, file when closed
    assert not [part for part in written if CANARY.encode() in part or b"things" in part]
    with pytest.raises(duckdb.Error):
        duckdb.connect(str(duck.path(tenant_id)))
    other = DuckWarehouse(folder=tmp_path / "warehouse", key_for=lambda _: b"wrong" * 8)
    with pytest.raises(duckdb.Error, match=r"(?i)key"), other.tenant(tenant_id):
        pass
    assert other.attached() == []
    other.close()


def test_what_does_not_fit_in_memory_is_spilled_encrypted(duck, tenant_id):
    with duck.tenant(tenant_id) as tenant:
        found = tenant.execute("SELECT value FROM duckdb_settings() WHERE name = 'temp_file_encryption'")
    assert found.column("value").to_pylist() == ["true"]


def test_a_short_log_stays_beside_a_closed_file_and_a_long_one_is_written_into_it(duck, key_for, tenant_id):
    log = log_of(duck.path(tenant_id))
    fill(duck, tenant_id)
    duck.close()
    assert 0 < log.stat().st_size <= SHORT_LOG
    again = DuckWarehouse(folder=log.parent, key_for=key_for)
    assert read(again, tenant_id) == [CANARY]
    fill(again, tenant_id, names=[f"{number:0200}" for number in range(20_000)])
    assert log.stat().st_size > SHORT_LOG
    again.close()
    assert not log.exists()
    third = DuckWarehouse(folder=log.parent, key_for=key_for)
    assert len(read(third, tenant_id)) == 20_001
    third.close()


def test_the_file_is_the_owners_alone(duck, tenant_id):
    fill(duck, tenant_id)
    assert duck.path(tenant_id).stat().st_mode & 0o077 == 0


def test_files_are_detached_least_recently_used_first(duck):
    ids = [new_id() for _ in range(5)]
    for tenant_id in ids:
        fill(duck, tenant_id)
    assert duck.attached() == ids[-3:]
    assert read(duck, ids[2]) == [CANARY]
    assert read(duck, ids[0]) == [CANARY]
    assert duck.attached() == [ids[4], ids[2], ids[0]]


def test_a_file_in_use_is_never_detached(duck):
    first = new_id()
    fill(duck, first)
    with duck.tenant(first) as held:
        others = [new_id() for _ in range(4)]
        for tenant_id in others:
            fill(duck, tenant_id)
        assert duck.attached() == [first, *others[-2:]]
        assert held.execute("SELECT name FROM things").num_rows == 1


def test_a_tenant_in_use_is_not_dropped(tmp_path, key_for, tenant_id):
    duck = DuckWarehouse(folder=tmp_path, key_for=key_for, patience=0.1)
    fill(duck, tenant_id)
    with duck.tenant(tenant_id), pytest.raises(WarehouseBusyError):
        duck.drop_tenant(tenant_id)
    duck.drop_tenant(tenant_id)
    assert not duck.path(tenant_id).exists()
    assert duck.attached() == []
    duck.close()


def test_threads_and_memory_are_bounded_while_running(duck, tenant_id):
    duck.set_threads(1)
    duck.set_memory_limit("256MB")
    with duck.tenant(tenant_id) as tenant:
        found = tenant.execute(
            "SELECT current_setting('threads') AS n, current_setting('memory_limit') AS m"
        ).to_pylist()
    assert found == [{"n": 1, "m": "244.1 MiB"}]


def test_readers_of_many_tenants_and_a_writer_at_once(duck):
    """Attach, detach, read and write from four threads over more tenants than may be attached."""
    ids = [new_id() for _ in range(6)]
    for tenant_id in ids:
        fill(duck, tenant_id)
    failures, stop = [], Event()

    def read_all():
        while not stop.is_set():
            failures.extend(tenant_id for tenant_id in ids if set(read(duck, tenant_id)) != {CANARY})

    threads = [Thread(target=read_all) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        for tenant_id in ids:
            fill(duck, tenant_id)
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert all(len(read(duck, tenant_id)) == 6 for tenant_id in ids)


KILLED = """
import sys
from pathlib import Path
from uuid import UUID
import ibis, pyarrow as pa
from kalends.base.warehouse import DuckWarehouse
warehouse = DuckWarehouse(folder=Path(sys.argv[1]), key_for=lambda tenant_id: tenant_id.bytes * 2)
with warehouse.tenant(UUID(sys.argv[2])) as tenant:
    tenant.create("pairs", ibis.schema({"n": "int64"}))
    for n in range(1_000_000):
        with tenant.write():
            tenant.append("pairs", pa.table({"n": [n]}))
            tenant.append("pairs", pa.table({"n": [n]}))
        print(n, flush=True)
"""


def test_a_killed_writer_loses_nothing_committed_and_leaves_nothing_half(tmp_path, key_for, tenant_id):
    folder = tmp_path / "warehouse"
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(folder), str(tenant_id)], stdout=subprocess.PIPE, text=True
    )
    acknowledged = [int(process.stdout.readline()) for _ in range(25)][-1]
    process.send_signal(signal.SIGKILL)
    acknowledged = max([acknowledged, *map(int, process.stdout.read().split("\n")[:-1])])
    process.wait()
    process.stdout.close()
    again = DuckWarehouse(folder=folder, key_for=key_for)
    with again.tenant(tenant_id) as tenant:
        counts = tenant.execute("SELECT n, count(*) AS c FROM pairs GROUP BY n").to_pylist()
    again.close()
    assert {row["c"] for row in counts} == {2}
    assert {row["n"] for row in counts} >= set(range(acknowledged + 1))


def test_an_engine_that_the_suite_has_not_run_on_is_refused(tmp_path):
    with pytest.raises(UnsupportedWarehouseError, match="'spark' is not supported"):
        open_warehouse(url="spark://localhost", folder=tmp_path, key_for=lambda _: b"")


def test_a_long_log_is_written_into_the_file_when_asked_and_not_by_a_commit(duck, tenant_id):
    names = [f"{number:0600}" for number in range(ROW_GROUP - 1)]  # less than a row group: it goes through the log
    log = duck.path(tenant_id).with_suffix(".duckdb.wal")
    fill(duck, tenant_id)
    with duck.tenant(tenant_id) as tenant:
        tenant.checkpoint()
        short = log.stat().st_size
        tenant.append("things", pa.table({"name": names}))
        long = log.stat().st_size
        tenant.checkpoint()
    assert 0 < short < LONG_LOG < long
    assert not log.exists() or log.stat().st_size < short
    assert len(read(duck, tenant_id)) == ROW_GROUP
