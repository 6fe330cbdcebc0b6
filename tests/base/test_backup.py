"""Backup and restore over whole houses: what comes back is what was there, row by row and byte by byte."""

import io
import json
import threading
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from sqlalchemy import text

import kalends.calendar.jobs
import kalends.marketing.jobs
from kalends import doctor
from kalends.base import backup, bootstrap, keybackup
from kalends.base.cache import Cache
from kalends.base.database import Database
from kalends.base.files import open_file_store
from kalends.base.ids import new_id
from kalends.base.keys import FileKeyStore, KeyErasedError
from kalends.base.scope import Scope
from kalends.base.settings import Settings
from kalends.base.warehouse import open_warehouse
from kalends.base.work import House
from kalends.base.worker import Worker, run_task, wait_until_idle
from kalends.calendar.events import EventFields
from kalends.calendar.planning import create_event
from kalends.identity.service import Door, add_person, create_tenant
from kalends.marketing import service

SECRET, OWNER = b"tests only, thirty-two bytes ...", "kalends_owner"
VERSION = "1.2.3"

assert kalends.calendar.jobs, kalends.marketing.jobs  # jobs are declared by importing them


@pytest.fixture
def open_house(postgres, template_database, tmp_path, clock):
    """`open_house("name")` opens an empty house of its own, on a database of its own; `engine` is its warehouse's."""
    with_ends = []

    def make(name, *, engine="duckdb"):
        held = opened(postgres, template_database, home=tmp_path / name, clock=clock, engine=engine)
        with_ends.append(held)
        return held.__enter__()

    yield make
    for held in with_ends:
        held.__exit__(None, None, None)


@contextmanager
def opened(postgres, template, *, home, clock, engine):
    name = f"test_{new_id().hex}"
    with postgres.superuser() as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} OWNER {OWNER} STRATEGY FILE_COPY")
        url = postgres.owner_url(name)
        access = bootstrap.access(bootstrap.driver_url(url), secret=SECRET)
        database, worker_database = Database(access.app), Database(access.worker, pool_size=4)
        keys = FileKeyStore(home / "keys")
        warehouse = open_warehouse(
            url=url if engine == "postgres" else None,
            folder=home / "warehouse",
            key_for=lambda tenant_id: keys.derive(tenant_id, "warehouse"),
        )
        house = House(
            settings=Settings(home=home, cache_url="mem://"),
            database=database,
            worker_database=worker_database,
            warehouse=warehouse,
            keys=keys,
            files=open_file_store(None, folder=home / "files", keys=keys),
            cache=Cache("mem://"),
            clock=clock,
        )
        yield house
        for part in (warehouse, database, worker_database, house.cache):
            part.close()
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def rows(*, day, count=5, spend=10):
    """Meta-like rows of one day as NDJSON; the last one is bad and goes into quarantine."""
    entries = [
        {
            "account_id": "act_1",
            "account_currency": "EUR",
            "campaign_id": f"c{place % 2}",
            "campaign_name": 'Käse, "Sommer"\nund mehr',
            "adset_id": "s1",
            "ad_id": f"ad{place}",
            "date_start": day.isoformat(),
            "date_stop": day.isoformat(),
            "spend": f"{spend + place}.25" if place < count - 1 else "-3",
            "impressions": str(1000 + place),
            "actions": [{"action_type": "purchase", "value": "2"}],
        }
        for place in range(count)
    ]
    return io.BytesIO("\n".join(map(json.dumps, entries)).encode())


def fill(house, tenant_id):
    """Something in every store: a person, an audit trail, two published batches, and one that waits."""
    scope = Scope(tenant_id=tenant_id, role="owner", label="test")
    door = Door(house=house, scope=scope, is_local=True)
    with house.work(scope) as work:
        add_person(work, email=f"{tenant_id.hex}@aurora.example", name='Zoë \\N, "quoted"', role="owner")
    for place in range(2):
        service.land_file(door, rows(day=date(2026, 2, 10 + place)), data_source="facebook_ads", file_name="ads.ndjson")
        work_off(house, scope)
    waiting = service.land_file(door, rows(day=date(2026, 2, 20)), data_source="facebook_ads", file_name="later.ndjson")
    return scope, waiting


def plan(house, scope):
    """An event, and with it twenty years of calendar days."""
    with house.work(scope) as work:
        create_event(
            work, fields=EventFields(name='Sale,\n"big"', starts_on=date(2026, 3, 2), ends_on=date(2026, 3, 4))
        )


def work_off(house, scope):
    """Run the waiting tasks as the worker would."""
    with house.work(scope) as work:
        waiting = work.session.execute(text("SELECT id FROM tasks WHERE state = 'queued' ORDER BY id")).scalars().all()
    for task_id in waiting:
        run_task(house, scope.tenant_id, task_id)


def postgres_rows(house, tenant_id):
    """Table -> the tenant's rows, as the backup's own list of tables has them."""
    with house.database.transaction(Scope(tenant_id=tenant_id, role="owner")) as session:
        return {
            table: session.execute(text(f'SELECT * FROM "{table}" ORDER BY 1, 2')).all()
            for table in backup.tables(session)
        }


def warehouse_rows(house, tenant_id):
    """Table -> its column types and its rows, in an order of their own."""
    with house.warehouse.tenant(tenant_id) as warehouse:
        return {
            name: (
                backup.types_of(warehouse, name),
                sorted(map(repr, warehouse.to_arrow(warehouse.table(name)).to_pylist())),
            )
            for name in warehouse.list_tables()
        }


def payloads(house, tenant_id):
    """File id -> content in the clear."""
    found = {}
    for file_id in house.files.list(tenant_id):
        with house.files.open(tenant_id, file_id) as clear:
            found[file_id] = clear.read()
    return found


def everything(house, tenant_id):
    return postgres_rows(house, tenant_id), warehouse_rows(house, tenant_id), payloads(house, tenant_id)


def back_up(house, folder, clock):
    """The backup's folder and its keys' file."""
    backup.backup(house, folder / "data", now=clock(), version=VERSION)
    keybackup.backup(house.keys, folder / "keys.json")
    return folder / "data", folder / "keys.json"


def stored_parts(data):
    return sorted(path for path in (data / "parts").rglob("*") if path.is_file())


@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
def test_two_companies_come_back_whole_and_go_on_working(open_house, tmp_path, clock, engine):
    first, second = open_house("first", engine=engine), open_house("second", engine=engine)
    companies = [create_tenant(first, name=name) for name in ("Aurora", "Borealis")]
    plan(first, Scope(tenant_id=companies[0], role="owner", label="test"))
    filled = [fill(first, tenant_id) for tenant_id in companies]
    before = [everything(first, tenant_id) for tenant_id in companies]
    data, keys = back_up(first, tmp_path / "backup", clock)

    keybackup.restore(second.keys, keys)
    backup.restore(second, data)

    assert second.tenants() == first.tenants()
    assert [everything(second, tenant_id) for tenant_id in companies] == before
    assert len(before[0][0]["events"]) == 1
    assert len(before[0][1]["calendar_days"][1]) > 7000
    for (tables, counted, files), (scope, _) in zip(before, filled, strict=True):
        assert {len(tables[name]) for name in ("tenants", "people", "data_states")} == {1}
        assert len(tables["batches"]) == len(files) == 3
        assert len(counted["facts"][1]) == 8
        assert len(counted["quarantine"][1]) == 2
        assert scope.tenant_id in second.keys.tenants()
    run_what_waited(second, filled)


def run_what_waited(house, filled):
    """The batch that was acknowledged but not applied when the backup was made is applied after the restore."""
    worker = Worker(house)
    worker.start(alone=True)
    try:
        for scope, waiting in filled:
            assert wait_until_idle(house, scope.tenant_id, timeout=30)
            with house.work(scope) as work:
                assert service.describe(work, batch_id=waiting).loaded == 4
            assert len(warehouse_rows(house, scope.tenant_id)["facts"][1]) == 12
    finally:
        worker.stop()


def test_a_warehouse_moves_to_another_engine_by_a_backup(open_house, tmp_path, clock):
    first, second = open_house("first"), open_house("second", engine="postgres")
    tenant_id = create_tenant(first, name="Aurora")
    fill(first, tenant_id)
    data, keys = back_up(first, tmp_path / "backup", clock)
    keybackup.restore(second.keys, keys)
    backup.restore(second, data)
    assert everything(second, tenant_id) == everything(first, tenant_id)


@pytest.mark.parametrize("harm", ["flip", "cut", "remove", "swap"])
def test_a_damaged_part_is_found_before_anything_is_written(open_house, tmp_path, clock, harm):
    first, second = open_house("first"), open_house("second")
    tenant_id = create_tenant(first, name="Aurora")
    fill(first, tenant_id)
    data, keys = back_up(first, tmp_path / "backup", clock)
    keybackup.restore(second.keys, keys)
    HARM[harm](stored_parts(data))
    with pytest.raises(backup.BackupDamagedError, match=str(tenant_id)):
        backup.restore(second, data)
    assert second.tenants() == []
    assert list(second.files.list(tenant_id)) == []
    assert list((tmp_path / "second" / "warehouse").glob("*.duckdb")) == []


def flip(parts):
    content = bytearray(parts[-1].read_bytes())
    content[len(content) // 2] ^= 1
    parts[-1].write_bytes(content)


def cut(parts):
    parts[-1].write_bytes(parts[-1].read_bytes()[:-20])


def swap(parts):
    one, other = parts[0].read_bytes(), parts[-1].read_bytes()
    parts[0].write_bytes(other)
    parts[-1].write_bytes(one)


HARM = {"flip": flip, "cut": cut, "remove": lambda parts: parts[-1].unlink(), "swap": swap}


def test_an_erased_company_stays_erased_and_its_parts_are_noise(open_house, tmp_path, clock):
    first, second, third = open_house("first"), open_house("second"), open_house("third")
    kept, gone = (create_tenant(first, name=name) for name in ("Aurora", "Borealis"))
    for tenant_id in (kept, gone):
        fill(first, tenant_id)
    data, old_keys = back_up(first, tmp_path / "backup", clock)
    first.keys.erase(gone)
    keybackup.backup(first.keys, tmp_path / "new-keys.json")

    keybackup.restore(second.keys, tmp_path / "new-keys.json")
    keybackup.restore(third.keys, old_keys, erased=first.keys.erased())
    for house in (second, third):
        parts = backup.restore(house, data)
        assert {part.tenant for part in parts} == {str(kept)}
        assert house.tenants() == [kept]
        store = open_file_store(None, folder=data / "parts", keys=house.keys)
        _, written = backup.read_manifest(data)
        assert [part for part in written if part.tenant == str(gone)]
        for part in written:
            if part.tenant == str(gone):
                with pytest.raises(KeyErasedError):
                    backup.check(store, part)


def test_without_the_keys_a_backup_shows_nothing(open_house, tmp_path, clock):
    first, second = open_house("first"), open_house("second")
    tenant_id = create_tenant(first, name="Aurora")
    fill(first, tenant_id)
    data, _ = back_up(first, tmp_path / "backup", clock)
    content = b"".join(path.read_bytes() for path in stored_parts(data))
    for word in (b"aurora.example", b"act_1", b"PAR1", b"Sale", b"tenant_id"):
        assert word not in content
    with pytest.raises(backup.BackupKeyMissingError, match=str(tenant_id)):
        backup.restore(second, data)
    assert second.tenants() == []


def test_a_restore_goes_into_an_empty_installation_only(open_house, tmp_path, clock):
    first, second = open_house("first"), open_house("second")
    fill(first, create_tenant(first, name="Aurora"))
    data, keys = back_up(first, tmp_path / "backup", clock)
    stranger = create_tenant(second, name="Somebody else")
    before = everything(second, stranger)
    keybackup.restore(second.keys, keys)
    with pytest.raises(backup.NotEmptyError):
        backup.restore(second, data)
    assert second.tenants() == [stranger]
    assert everything(second, stranger) == before


def test_a_restore_that_was_cut_off_can_be_repeated(open_house, tmp_path, clock, monkeypatch):
    first, second = open_house("first"), open_house("second")
    companies = [create_tenant(first, name=name) for name in ("Aurora", "Borealis")]
    for tenant_id in companies:
        fill(first, tenant_id)
    data, keys = back_up(first, tmp_path / "backup", clock)
    keybackup.restore(second.keys, keys)

    requeue, left = backup.jobs.requeue, iter([True])

    def cut_off(session, *, tenant_id):
        requeue(session, tenant_id=tenant_id)
        if tenant_id == companies[1] and next(left, False):
            raise ConnectionResetError("cut off")

    monkeypatch.setattr(backup.jobs, "requeue", cut_off)
    with pytest.raises(ConnectionResetError):
        backup.restore(second, data)
    assert second.tenants() == []
    backup.restore(second, data)
    assert [everything(second, one) for one in companies] == [everything(first, one) for one in companies]


def test_a_folder_that_is_no_backup_is_refused(open_house, tmp_path, clock):
    house = open_house("first")
    fill(house, create_tenant(house, name="Aurora"))
    with pytest.raises(backup.NotABackupError, match="nowhere"):
        backup.read_manifest(tmp_path / "nowhere")
    data, _ = back_up(house, tmp_path / "backup", clock)
    with pytest.raises(backup.TargetNotEmptyError):
        backup.backup(house, data, now=clock(), version=VERSION)
    manifest = json.loads((data / "manifest.json").read_text())
    assert (manifest["version"], manifest["format"]) == (VERSION, backup.FORMAT)
    (data / "manifest.json").write_text(json.dumps(manifest | {"format": "kalends-backup-99"}))
    with pytest.raises(backup.NotABackupError, match="kalends-backup-99"):
        backup.read_manifest(data)


def test_a_backup_taken_while_data_comes_in_restores_to_a_sound_state(open_house, tmp_path, clock):
    first, second = open_house("first"), open_house("second")
    tenant_id = create_tenant(first, name="Aurora")
    door = Door(house=first, scope=Scope(tenant_id=tenant_id, role="owner", label="test"), is_local=True)
    worker, stopped = Worker(first), threading.Event()

    def keep_loading():
        place = 0
        while not stopped.is_set():
            day = date(2026, 1, 1) + timedelta(days=place % 20)
            service.land_file(door, rows(day=day, spend=place), data_source="facebook_ads", file_name="ads.ndjson")
            place += 1
            stopped.wait(0.25)

    loading = threading.Thread(target=keep_loading)
    worker.start(alone=True)
    loading.start()
    try:
        backups = [back_up(first, tmp_path / f"backup{place}", clock) for place in range(2)]
    finally:
        stopped.set()
        loading.join()
        assert wait_until_idle(first, tenant_id, timeout=60)
        worker.stop()

    data, keys = backups[-1]
    keybackup.restore(second.keys, keys)
    backup.restore(second, data)
    assert "broken" not in states(doctor.examine(second))
    finish(second, tenant_id)


def states(findings):
    return {finding.state for finding in findings if finding.check != "disk encryption"}


def finish(house, tenant_id):
    """Let the restored house apply what it had acknowledged; then nothing may be open, missing or twice."""
    worker = Worker(house)
    worker.start(alone=True)
    try:
        assert wait_until_idle(house, tenant_id, timeout=60)
    finally:
        worker.stop()
    assert states(doctor.examine(house)) == {"ok"}
    with house.work(Scope(tenant_id=tenant_id, role="owner")) as work:
        found = work.session.execute(text("SELECT seq, state FROM batches ORDER BY seq")).all()
    assert len(found) >= 1
    assert [row.seq for row in found] == list(range(1, len(found) + 1))
    assert {row.state for row in found} == {"published"}
