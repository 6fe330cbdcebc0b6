"""Backup and restore in neutral formats: CSV for PostgreSQL's tables, Parquet for the warehouse's, payloads as given.

Each tenant's part is encrypted with that tenant's key, so erasing the key reaches old backups too. Keys are backed up
apart (`kalends.base.keybackup`): who holds only one of the two can read nothing. A tenant's two stores are copied at
one moment: its warehouse is locked against writes while PostgreSQL is read as of one instant. Every file is read back
before the backup counts as made; a restore checks every digest and leaves nothing half done.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, BinaryIO, cast
from uuid import UUID, uuid5

import ibis
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard
from psycopg import Connection, sql
from sqlalchemy import text
from sqlalchemy.orm import Session

from kalends.base import jobs
from kalends.base.database import SET_SCOPE
from kalends.base.durable import private_folder, write_atomically
from kalends.base.errors import BadInputError, ConflictError
from kalends.base.files import FileMissingError, FileStore, open_file_store
from kalends.base.keys import FileKeyStore, KeyMissingError
from kalends.base.keywrap import DamagedError
from kalends.base.scope import Scope
from kalends.base.warehouse import TenantWarehouse
from kalends.base.work import House

FORMAT = "kalends-backup-1"
POSTGRES, WAREHOUSE, FILES = "postgres", "warehouse", "files"
CHUNK_BYTES = 1 << 20
ROW_GROUP = 122_880  # DuckDB's own row group: a restore reads what it will write


class NotABackupError(BadInputError):
    """This folder holds no complete backup of Kalends."""

    code = "not_a_backup"


class BackupDamagedError(BadInputError):
    """A part of this backup is not what was written; nothing was restored from it."""

    code = "backup_damaged"


class BackupKeyMissingError(BadInputError):
    """The keys of this backup are not here; restore the key store from its own backup first."""

    code = "backup_key_missing"


class KeysElsewhereError(ConflictError):
    """The keys are not in the data folder but in a key service, which has a backup of its own."""

    code = "keys_elsewhere"


class NotEmptyError(ConflictError):
    """A restore goes into an empty installation only, and this one has data."""

    code = "not_empty"


class TargetNotEmptyError(ConflictError):
    """A backup goes into a new folder, and this one has something in it."""

    code = "target_not_empty"


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a tenant's backup: a table or a payload, with its content's digest in the clear."""

    tenant: str
    store: str
    name: str
    file: str
    size: int
    sha256: str
    schema: dict[str, str] | None = None
    """A warehouse table's column types, for Parquet knows no UUID."""


def backup(house: House, target: Path, *, now: datetime, version: str) -> list[Part]:
    """Write everything that `house` holds into the new folder `target`; gives the parts.

    `version`: the program's, so that a restore can tell what wrote it.
    """
    if any(private_folder(target).iterdir()):
        raise TargetNotEmptyError(f"{target} is not empty: name a new folder for the backup.")
    store = open_file_store(None, folder=target / "parts", keys=house.keys)
    parts = [part for tenant_id in house.tenants() for part in backup_tenant(house, tenant_id, store)]
    for part in parts:
        check(store, part)
    manifest = {"format": FORMAT, "made_at": now, "version": version, "parts": [asdict(part) for part in parts]}
    write_atomically(target / "manifest.json", orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
    return parts


def backup_tenant(house: House, tenant_id: UUID, store: FileStore) -> Iterator[Part]:
    """Copy one tenant's two stores and payloads as of one moment."""
    scope = Scope(tenant_id=tenant_id, role="worker", label="backup")
    put = Putter(tenant_id=tenant_id, store=store)
    with house.warehouse.tenant(tenant_id) as warehouse, warehouse.write():
        with house.database.transaction(scope, snapshot=True) as session:
            for table in tables(session):
                yield put(POSTGRES, table, partial(dump_table, driver(session), table))
        for table in warehouse.list_tables():
            part = put(WAREHOUSE, table, partial(dump_warehouse_table, warehouse, table))
            yield replace(part, schema=types_of(warehouse, table))
    for file_id in sorted(house.files.list(tenant_id)):
        with house.files.open(tenant_id, file_id) as clear:
            yield put.stream(FILES, str(file_id), clear)


@dataclass(frozen=True, slots=True)
class Putter:
    """Stores parts of one tenant, each under an id that follows from its name."""

    tenant_id: UUID
    store: FileStore

    def __call__(self, store: str, name: str, write: Callable[[BinaryIO], None]) -> Part:
        """Store what `write` writes."""
        with piped(write) as clear:
            return self.stream(store, name, clear)

    def stream(self, store: str, name: str, clear: BinaryIO) -> Part:
        """Store what `clear` reads."""
        file_id = uuid5(self.tenant_id, f"{store}/{name}")
        stored = self.store.write(self.tenant_id, file_id, clear)
        return Part(str(self.tenant_id), store, name, str(file_id), stored.size, stored.sha256)


@contextmanager
def piped(write: Callable[[BinaryIO], None]) -> Iterator[BinaryIO]:
    """What `write` writes, as a stream to read: clear text never touches the disk. Its error comes out here."""
    reading, writing = os.pipe()
    failure: list[BaseException] = []

    def run() -> None:
        try:
            with os.fdopen(writing, "wb") as out:
                write(out)
        except BaseException as error:  # noqa: BLE001 - raised again in the reader's thread
            failure.append(error)

    thread = threading.Thread(target=run, name="backup")
    thread.start()
    try:
        with os.fdopen(reading, "rb") as stream:
            yield stream
    finally:
        thread.join()
    if failure:
        raise failure[0]


def driver(session: Session) -> Connection[Any]:
    """The session's psycopg connection: COPY has no other door."""
    return cast("Connection[Any]", session.connection().connection.driver_connection)


TABLES = text(
    "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
    " AND relrowsecurity AND NOT relispartition ORDER BY relname"
)
REFERENCES = text(
    "SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint"
    " WHERE contype = 'f' AND connamespace = 'public'::regnamespace AND conrelid <> confrelid"
)


def tables(session: Session) -> list[str]:
    """Every tenant table, referenced tables before those that refer to them."""
    waiting = list(session.execute(TABLES).scalars())
    needs: dict[str, set[str]] = {name: set() for name in waiting}
    for child, parent in session.execute(REFERENCES):
        needs[child].add(parent)
    ordered: list[str] = []
    while waiting:
        ready = [name for name in waiting if needs[name] <= set(ordered)]
        ordered += ready
        waiting = [name for name in waiting if name not in ready]
    return ordered


def dump_table(connection: Connection[Any], table: str, out: BinaryIO) -> None:
    """The tenant's rows of `table` as CSV with a header, in the order of the primary key."""
    query = sql.SQL("COPY (SELECT * FROM {} ORDER BY {}) TO STDOUT (FORMAT csv, HEADER)").format(
        sql.Identifier(table), sql.SQL("id" if table == "tenants" else "tenant_id, id")
    )
    with connection.cursor().copy(query) as copy:
        out.writelines(copy)


def types_of(warehouse: TenantWarehouse, table: str) -> dict[str, str]:
    """Column -> Ibis type, as text that `ibis.schema` reads."""
    return {name: str(kind) for name, kind in warehouse.table(table).schema().items()}


def dump_warehouse_table(warehouse: TenantWarehouse, table: str, out: BinaryIO) -> None:
    """The table as Parquet, streamed by row groups."""
    rows = warehouse.table(table)
    uuids = [name for name, kind in rows.schema().items() if kind.is_uuid()]
    rows = rows.mutate(**{name: rows[name].cast("string") for name in uuids})
    batches = rows.to_pyarrow_batches(chunk_size=ROW_GROUP)
    # Engines differ in whether their batches say "not null"; the manifest's schema does, and a restore reads that.
    schema = pa.schema([column.with_nullable(True) for column in batches.schema])
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(pa.RecordBatch.from_arrays(batch.columns, schema=schema))


def check(store: FileStore, part: Part) -> None:
    """Read the part back; raises BackupDamagedError if it is not what was written."""
    digest = hashlib.sha256()
    try:
        with store.open(UUID(part.tenant), UUID(part.file)) as clear:
            while block := clear.read(CHUNK_BYTES):
                digest.update(block)
    except KeyMissingError:
        raise BackupKeyMissingError(f"The key of tenant {part.tenant} is missing.", tenant=part.tenant) from None
    except (DamagedError, FileMissingError, zstandard.ZstdError) as error:
        raise damaged(part) from error
    if digest.hexdigest() != part.sha256:
        raise damaged(part)


def damaged(part: Part) -> BackupDamagedError:
    """The error that names the part."""
    return BackupDamagedError(
        f"{part.store}/{part.name} of tenant {part.tenant} is damaged; nothing was restored.", part=asdict(part)
    )


def read_manifest(source: Path) -> tuple[dict[str, Any], list[Part]]:
    """The manifest and its parts, or NotABackupError."""
    try:
        manifest = orjson.loads((source / "manifest.json").read_bytes())
    except (FileNotFoundError, NotADirectoryError, orjson.JSONDecodeError):
        raise NotABackupError(f"{source} holds no complete backup of Kalends.") from None
    if manifest.get("format") != FORMAT:
        raise NotABackupError(f"{source} is of the format {manifest.get('format')!r}, not {FORMAT!r}.")
    return manifest, [Part(**part) for part in manifest["parts"]]


def own_keys(house: House) -> FileKeyStore:
    """The key store in the data folder. Raises KeysElsewhereError where another service holds the keys."""
    if not isinstance(house.keys, FileKeyStore):
        raise KeysElsewhereError
    return house.keys


def require_empty(house: House) -> None:
    """Raises NotEmptyError if there is any tenant."""
    if house.tenants():
        raise NotEmptyError


def restore(house: House, source: Path) -> list[Part]:
    """Bring everything back into an empty installation; gives the parts. Erased tenants stay erased.

    All parts are read and checked before the first one is written. Rows come last, all tenants' in one transaction:
    only then does any tenant exist, so a restore that was cut off can simply be repeated.
    """
    require_empty(house)
    _, parts = read_manifest(source)
    erased = {str(tenant_id) for tenant_id in house.keys.erased()}
    parts = [part for part in parts if part.tenant not in erased]
    store = open_file_store(None, folder=source / "parts", keys=house.keys)
    for part in parts:
        check(store, part)
    by_tenant = {UUID(tenant): list(group) for tenant, group in groupby(parts, key=lambda part: part.tenant)}
    for tenant_id, group in by_tenant.items():
        restore_files(house, tenant_id, store, group)
        restore_warehouse(house, tenant_id, store, group)
    with house.database.lookup() as session:
        for tenant_id, group in by_tenant.items():
            session.execute(SET_SCOPE, {"tenant": str(tenant_id), "person": "", "role": "worker"})
            restore_rows(session, tenant_id, store, group)
    return parts


def restore_files(house: House, tenant_id: UUID, store: FileStore, parts: list[Part]) -> None:
    """The tenant's payloads, instead of what an earlier restore left half done."""
    house.files.erase_tenant(tenant_id)
    for part in of_store(parts, FILES):
        with store.open(tenant_id, UUID(part.file)) as clear:
            house.files.write(tenant_id, UUID(part.name), clear)


def restore_warehouse(house: House, tenant_id: UUID, store: FileStore, parts: list[Part]) -> None:
    """The tenant's warehouse, instead of what an earlier restore left half done."""
    house.warehouse.drop_tenant(tenant_id)
    with house.warehouse.tenant(tenant_id) as warehouse:
        for part in of_store(parts, WAREHOUSE):
            with store.open(tenant_id, UUID(part.file)) as clear:
                load_warehouse_table(warehouse, part, clear)
        warehouse.checkpoint()


def restore_rows(session: Session, tenant_id: UUID, store: FileStore, parts: list[Part]) -> None:
    """The tenant's rows, and a job for every task that was not finished."""
    for part in of_store(parts, POSTGRES):
        with store.open(tenant_id, UUID(part.file)) as clear:
            load_table(driver(session), part.name, clear)
    jobs.requeue(session, tenant_id=tenant_id)


def of_store(parts: list[Part], store: str) -> list[Part]:
    """Those that belong to one store, in the order in which they were written."""
    return [part for part in parts if part.store == store]


def load_table(connection: Connection[Any], table: str, clear: BinaryIO) -> None:
    """Insert the CSV's rows. COPY into a table with row-level security is refused, so it goes by a temporary one."""
    name, temporary = sql.Identifier(table), sql.Identifier(f"restored_{table}")
    header = clear.readline().decode().strip()
    columns = sql.SQL(", ").join(sql.Identifier(column) for column in header.split(","))
    connection.execute(
        sql.SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS SELECT {} FROM {} LIMIT 0").format(temporary, columns, name)
    )
    with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN (FORMAT csv)").format(temporary)) as copy:
        while block := clear.read(CHUNK_BYTES):
            copy.write(block)
    connection.execute(sql.SQL("INSERT INTO {} ({}) SELECT * FROM {}").format(name, columns, temporary))
    connection.execute(sql.SQL("DROP TABLE {}").format(temporary))


def load_warehouse_table(warehouse: TenantWarehouse, part: Part, clear: BinaryIO) -> None:
    """Make the table with its declared types and fill it, row group by row group."""
    assert part.schema is not None
    with warehouse.write():
        warehouse.create(part.name, ibis.schema(part.schema))
        for batch in pq.ParquetFile(pa.BufferReader(clear.read())).iter_batches(batch_size=ROW_GROUP):
            warehouse.append(part.name, pa.Table.from_batches([batch]))
