"""The embedded warehouse: DuckDB, one encrypted file per tenant, all attached to one in-memory root.

DuckDB lets one process open a file, so that process, the server, owns them all. Files are attached when first asked
for and the least recently used one is detached, because each costs a file descriptor and a share of memory.
"""

from __future__ import annotations

import importlib.util
import shutil
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import ibis
import pyarrow as pa

from kalends.base.errors import UnavailableError
from kalends.base.priority import give_way
from kalends.base.warehouse.contract import Rows, TenantWarehouse, Warehouse, WarehouseBusyError, names, quoted
from kalends.base.warehouse.parameters import used

LONG_LOG = 16 << 20
"""Bytes of a file's write-ahead log from which a checkpoint pays; DuckDB's own default."""
SHORT_LOG = 1 << 20
"""Bytes up to which a file's log stays beside it when the file is closed: to read it at the next opening takes less
than to write it into the file's columns now, and the next change would only begin another."""
ROW_GROUP = 40_960
"""Rows that are written as one. What a commit has less than that of goes through the write-ahead log, which takes
longer than a million rows lose by groups of a third of DuckDB's own size; and a query over a few days reads less.
"""
BLOCK = 65_536
"""Bytes of a block of a new file. A changed table holds one for each column until its file is closed: with DuckDB's own
size, four times this, a year's days take 40 MB, and 64 open files spill."""
MAX_ATTACHED = 24
"""Files open at once: 9 MB of changed days each, and three descriptors."""


class MissingCryptoError(UnavailableError):
    """DuckDB's secure cryptography is not installed: the package duckdb-extension-httpfs is missing or broken."""

    code = "missing_crypto"


@dataclass(slots=True)
class _File:
    """One tenant's file: who works in it, and the lock that lets one write at a time."""

    users: int = 0
    attached: bool = False
    opening: threading.Lock = field(default_factory=threading.Lock)
    """Held by whoever opens or closes it."""
    writing: threading.Lock = field(default_factory=threading.Lock)


def crypto_extension() -> Path:
    """The extension that brings DuckDB's secure cryptography, out of its wheel. Signed, so DuckDB checks it."""
    spec = importlib.util.find_spec("duckdb_extension_httpfs")
    found = [] if spec is None else list(Path(str(spec.origin)).parent.glob("extensions/*/httpfs.duckdb_extension"))
    if not found:
        raise MissingCryptoError
    return found[0]


def open_root(*, folder: Path, memory_limit: str, threads: int | None) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB that can attach encrypted files and fetches nothing from the network.

    It spills into `folder`, which no other process uses. What a killed one left there is removed: nobody will read it,
    and DuckDB refuses to encrypt beside it. Its own default, `.tmp` in the working directory, may hold a stranger's.
    """
    spill = folder / "spill"
    if spill.exists():
        shutil.rmtree(spill)
    spill.mkdir(parents=True, mode=0o700)
    root = duckdb.connect(
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "temp_directory": str(spill),
        }
    )
    root.execute(f"LOAD '{crypto_extension()}'")
    root.execute("SET temp_file_encryption = true")  # what does not fit in memory would be spilled in clear text
    # A checkpoint may take seconds, and a commit that makes one holds up whoever waits for the data: `checkpoint` makes
    # it when nobody waits. This bound is for those who never call that.
    root.execute("SET checkpoint_threshold = '1GB'")
    root.execute(f"SET default_block_size = {BLOCK}")
    root.execute("SET allocator_background_threads = true")
    root.execute("SET allocator_flush_threshold = '16MB'")
    root.execute(f"SET memory_limit = {literal(memory_limit)}")
    if threads is not None:
        root.execute(f"SET threads = {int(threads)}")
    return root


def literal(text: object) -> str:
    """A text as a SQL literal."""
    return "'" + str(text).replace("'", "''") + "'"


class DuckWarehouse(Warehouse):
    """One encrypted DuckDB file per tenant in `folder`, its key from `key_for(tenant_id)`."""

    engine = "duckdb"

    def __init__(
        self,
        *,
        folder: Path,
        key_for: Callable[[UUID], bytes],
        memory_limit: str = "740MB",
        threads: int | None = None,
        max_attached: int = MAX_ATTACHED,
        patience: float = 10.0,
        root: duckdb.DuckDBPyConnection | None = None,
    ) -> None:
        """`memory_limit`: DuckDB's buffers over all tenants; `threads`: of one query, all cores if None;
        `patience`: seconds that dropping a tenant waits for its readers; `root`: an open root that outlives this
        warehouse, its limits included, because others use it too: to load its cryptography takes 0.15 s.
        """
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._key_for = key_for
        self._max_attached = max_attached
        self._patience = patience
        if root is not None:
            self._root = root.cursor()
        else:
            # DuckDB's own threads work for whoever has work: mostly an ingest. A page's query has its own thread too.
            with ThreadPoolExecutor(1, initializer=give_way) as opener:
                opening = opener.submit(open_root, folder=folder, memory_limit=memory_limit, threads=threads)
            self._root = opening.result()
        self._files: OrderedDict[UUID, _File] = OrderedDict()  # least recently used first
        self._lock = threading.RLock()

    def path(self, tenant_id: UUID) -> Path:
        """Where the tenant's file is."""
        return self._folder / f"{tenant_id.hex}.duckdb"

    @contextmanager
    def tenant(self, tenant_id: UUID) -> Iterator[DuckTenant]:
        file = self._take(tenant_id)
        try:
            self._close_surplus()
            cursor = self._root.cursor()
            try:
                cursor.execute(f"USE {catalog(tenant_id)}")
                yield DuckTenant(tenant_id=tenant_id, cursor=cursor, path=self.path(tenant_id), writing=file.writing)
            finally:
                cursor.close()
        finally:
            with self._lock:
                file.users -= 1

    def attached(self) -> list[UUID]:
        """Tenants whose file is open now, least recently used first."""
        with self._lock:
            return [tenant_id for tenant_id, file in self._files.items() if file.attached]

    def drop_tenant(self, tenant_id: UUID) -> None:
        deadline = time.monotonic() + self._patience
        while not self._try_drop(tenant_id):
            if time.monotonic() > deadline:
                raise WarehouseBusyError
            time.sleep(0.05)

    def warm_up(self) -> None:
        # Half of Ibis, pandas and half of Arrow are imported when they are first used.
        with suppress(duckdb.Error), self._root.cursor() as cursor:
            cursor.register("_rows", pa.Table.from_pylist([{"number": 1}]))
            backend = ibis.duckdb.from_connection(cursor)
            cursor.execute(backend.compile(ibis.range(3).unnest())).to_arrow_table().to_pylist()

    def set_threads(self, threads: int) -> None:
        with self._lock:
            self._root.execute(f"SET threads = {int(threads)}")

    def set_memory_limit(self, memory_limit: str) -> None:
        """Bound DuckDB's buffers over all tenants, such as '900MB'."""
        with self._lock:
            self._root.execute(f"SET memory_limit = {literal(memory_limit)}")

    def close(self) -> None:
        with self._lock:
            for tenant_id in self.attached():
                with self._files[tenant_id].opening:
                    self._detach(tenant_id)
            self._root.close()

    def _take(self, tenant_id: UUID) -> _File:
        """The tenant's file, attached and counted as in use."""
        with self._lock:
            file = self._files.setdefault(tenant_id, _File())
            self._files.move_to_end(tenant_id)
            file.users += 1
            try:
                with file.opening:
                    if not file.attached:
                        self._attach(tenant_id)
                        file.attached = True
            except BaseException:
                file.users -= 1
                raise
            return file

    def _attach(self, tenant_id: UUID) -> None:
        path, key = literal(self.path(tenant_id)), self._key_for(tenant_id).hex()
        options = f"ENCRYPTION_KEY '{key}', ROW_GROUP_SIZE {ROW_GROUP}"
        self._root.execute(f"ATTACH {path} AS {catalog(tenant_id)} ({options})")
        self.path(tenant_id).chmod(0o600)

    def _detach(self, tenant_id: UUID) -> None:
        """Close the tenant's file if it is open; a long log is written into it first. The caller holds `opening`."""
        if self._files[tenant_id].attached:
            is_short = size_of(log_of(self.path(tenant_id))) <= SHORT_LOG
            with self._root.cursor() as cursor:
                cursor.execute(f"PRAGMA {'disable' if is_short else 'enable'}_checkpoint_on_shutdown")
                cursor.execute(f"DETACH {catalog(tenant_id)}")
            self._files[tenant_id].attached = False

    def _close_surplus(self) -> None:
        """Close least recently used files above the bound; one in use is never closed, so the bound may be passed."""
        with self._lock:
            attached = self.attached()
            idle = [tenant_id for tenant_id in attached if not self._files[tenant_id].users]
            surplus = idle[: max(0, len(attached) - self._max_attached)]
            # Counted as in use, so that nobody else closes or drops them.
            for tenant_id in surplus:
                self._files[tenant_id].users += 1
        for tenant_id in surplus:
            self._close_counted(tenant_id)

    def _close_counted(self, tenant_id: UUID) -> None:
        """Close a file that only we have counted as in use; that takes a while, and others need not wait for it."""
        file = self._files[tenant_id]
        try:
            # Whoever asks for it from here on waits for `opening`, and opens it again.
            with file.opening:
                if file.users == 1:
                    self._detach(tenant_id)
        finally:
            with self._lock:
                file.users -= 1

    def _try_drop(self, tenant_id: UUID) -> bool:
        with self._lock:
            file = self._files.get(tenant_id)
            if file is not None and file.users:
                return False
            if file is not None:
                with file.opening:
                    self._detach(tenant_id)
            self._files.pop(tenant_id, None)
            self.path(tenant_id).unlink(missing_ok=True)
            log_of(self.path(tenant_id)).unlink(missing_ok=True)
            return True


class DuckTenant(TenantWarehouse):
    """One tenant's file on a cursor of its own."""

    engine = "duckdb"

    def __init__(
        self, *, tenant_id: UUID, cursor: duckdb.DuckDBPyConnection, path: Path, writing: threading.Lock
    ) -> None:
        super().__init__(tenant_id=tenant_id, backend=ibis.duckdb.from_connection(cursor))
        self._cursor = cursor
        self._log = log_of(path)
        self._writing = writing

    def run(self, sql: str, params: Mapping[str, Any] | None = None) -> int:
        done = self._cursor.execute(sql, used(sql, params) or None)
        answer = done.fetchone() if done.description and done.description[0][0] == "Count" else None
        return int(answer[0]) if answer else 0

    def execute(self, sql: str, params: Mapping[str, Any] | None = None) -> pa.Table:
        return self._cursor.execute(sql, used(sql, params) or None).to_arrow_table()

    def stage(self, name: str, rows: Rows, *, schema: ibis.Schema | None = None) -> ibis.Table:
        self.run(f"DROP TABLE IF EXISTS temp.{quoted(name)}")
        columns = rows.column_names if isinstance(rows, pa.Table) else rows.columns
        if schema is not None:
            self.run(self.create_sql(name, schema, temporary=True))
        with self._source(rows) as source:
            if schema is None:
                self.run(f"CREATE TEMP TABLE {quoted(name)} AS SELECT * FROM {source}")  # noqa: S608 (quoted)
            else:
                listed = names(columns)
                self.run(f"INSERT INTO temp.{quoted(name)} ({listed}) SELECT {listed} FROM {source}")  # noqa: S608
        return self.table(name)

    def stage_query(self, name: str, sql: str) -> None:
        self.run(f"DROP TABLE IF EXISTS temp.{quoted(name)}")
        self.run(f"CREATE TEMP TABLE {quoted(name)} AS {sql}")

    @contextmanager
    def scratch(self) -> Iterator[duckdb.DuckDBPyConnection]:
        yield self._cursor

    def list_views(self) -> list[str]:
        # The information schema would count the rows of every tenant's every table first.
        rows = self.execute(
            "SELECT view_name AS name FROM duckdb_views() WHERE database_name = current_database()"
            " AND NOT internal ORDER BY 1"
        )
        return [str(name) for name in rows.column("name").to_pylist()]

    def list_columns(self, name: str) -> list[str]:
        # A fifth of the time that a query without rows takes, which is planned column by column.
        rows = self._cursor.execute(f"SELECT name FROM pragma_table_info({literal(quoted(name))})").fetchall()  # noqa: S608
        return [str(column) for (column,) in rows]

    def checkpoint(self) -> None:
        if size_of(self._log) < LONG_LOG:
            return
        # Refused while another tenant's transaction is open here: DuckDB then does it by itself at a later commit.
        with suppress(duckdb.TransactionException):
            self.run(f"CHECKPOINT {catalog(self.tenant_id)}")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._writing:
            self._begin()
            try:
                yield
            except BaseException:
                self._roll_back()
                raise
            self._cursor.commit()

    def _begin(self) -> None:
        self._cursor.begin()

    def _roll_back(self) -> None:
        # A statement that failed badly has ended the transaction already.
        with suppress(duckdb.TransactionException):
            self._cursor.rollback()

    def _load(self, name: str, rows: pa.Table, columns: list[str]) -> int:
        # As a relation, which goes by the order of columns: to register a view of a small table takes a fifth longer.
        given = set(rows.column_names)
        ordered = [rows.column(column) if column in given else pa.nulls(rows.num_rows) for column in columns]
        self._cursor.from_arrow(pa.table(ordered, names=columns)).insert_into(quoted(name))
        return int(rows.num_rows)

    @contextmanager
    def _source(self, rows: Rows) -> Iterator[str]:
        """What to put after FROM for these rows."""
        if not isinstance(rows, pa.Table):
            yield f"({self.backend.compile(rows)})"
            return
        self._cursor.register("_rows", rows)
        try:
            yield "_rows"
        finally:
            self._cursor.unregister("_rows")


def log_of(path: Path) -> Path:
    """The write-ahead log of a tenant's file."""
    return path.with_name(f"{path.name}.wal")


def size_of(path: Path) -> int:
    """Bytes of a file; 0 where there is none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def catalog(tenant_id: UUID) -> str:
    """The name under which the tenant's file is attached."""
    return f"w_{tenant_id.hex}"
