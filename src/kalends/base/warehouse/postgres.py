"""The warehouse on a PostgreSQL server: one schema per tenant, reached through a pool of connections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import duckdb
import ibis
import psycopg
import pyarrow as pa
from psycopg_pool import ConnectionPool

from kalends.base.warehouse.contract import Rows, TenantWarehouse, Warehouse, names, quoted
from kalends.base.warehouse.parameters import to_psycopg, used

# Arrow types of results, by PostgreSQL's type number; a numeric takes the scale that its values need.
ARROW_TYPES: dict[int, pa.DataType] = {
    16: pa.bool_(),
    20: pa.int64(),
    21: pa.int16(),
    23: pa.int32(),
    25: pa.string(),
    700: pa.float32(),
    701: pa.float64(),
    1043: pa.string(),
    1082: pa.date32(),
    1114: pa.timestamp("us"),
    1184: pa.timestamp("us", tz="UTC"),
    1700: pa.decimal128(38, 6),
    2950: pa.string(),
}
NUMERIC, UUID_TYPE = 1700, 2950


class PostgresWarehouse(Warehouse):
    """One schema per tenant in the database that `url` names; the role needs CREATE on it."""

    engine = "postgres"

    def __init__(self, *, url: str, pool_size: int = 10) -> None:
        """`url`: postgresql://USER:PASSWORD@HOST:PORT/DATABASE."""
        self._pool = ConnectionPool(
            url, min_size=1, max_size=pool_size, open=True, kwargs={"autocommit": True, "prepare_threshold": None}
        )

    @contextmanager
    def tenant(self, tenant_id: UUID) -> Iterator[PostgresTenant]:
        with self._pool.connection() as connection:
            schema = quoted(schema_of(tenant_id))
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
            connection.execute(f"SET search_path = {schema}")
            try:
                yield PostgresTenant(tenant_id=tenant_id, connection=connection)
            finally:
                if not connection.closed:
                    connection.rollback()
                    connection.execute("DISCARD ALL")  # the next tenant on this connection must inherit nothing

    def drop_tenant(self, tenant_id: UUID) -> None:
        with self._pool.connection() as connection:
            connection.execute(f"DROP SCHEMA IF EXISTS {quoted(schema_of(tenant_id))} CASCADE")

    def warm_up(self) -> None:
        with self._pool.connection() as connection:  # half of Ibis is imported when it is first used
            ibis.postgres.from_connection(connection).compile(ibis.range(3).unnest())

    def set_threads(self, threads: int) -> None:
        """The server decides by itself."""

    def close(self) -> None:
        self._pool.close()


class PostgresTenant(TenantWarehouse):
    """One tenant's schema on a connection of its own."""

    engine = "postgres"

    def __init__(self, *, tenant_id: UUID, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        super().__init__(tenant_id=tenant_id, backend=ibis.postgres.from_connection(connection))
        self._connection = connection

    def run(self, sql: str, params: Mapping[str, Any] | None = None) -> int:
        cursor = self._connection.execute(*_bound(sql, params))
        return max(cursor.rowcount, 0)

    def execute(self, sql: str, params: Mapping[str, Any] | None = None) -> pa.Table:
        cursor = self._connection.execute(*_bound(sql, params))
        rows = cursor.fetchall()
        described = cursor.description or []
        return pa.table(
            {column.name: _array([row[i] for row in rows], column.type_code) for i, column in enumerate(described)}
        )

    def stage(self, name: str, rows: Rows, *, schema: ibis.Schema | None = None) -> ibis.Table:
        self.run(f"DROP TABLE IF EXISTS pg_temp.{quoted(name)}")
        own = ibis.schema(rows.schema) if isinstance(rows, pa.Table) else rows.schema()
        self.run(self.create_sql(name, schema or own, temporary=True))
        if isinstance(rows, pa.Table):
            self._load(name, rows, rows.column_names)
        else:
            self.run(f"INSERT INTO {quoted(name)} ({names(rows.columns)}) {self.backend.compile(rows)}")
        self.run(f"ANALYZE {quoted(name)}")
        return self.table(name)

    def stage_query(self, name: str, sql: str) -> None:
        self.run(f"DROP TABLE IF EXISTS pg_temp.{quoted(name)}")
        self.run(f"CREATE TEMP TABLE {quoted(name)} AS {sql}")
        self.run(f"ANALYZE {quoted(name)}")

    @contextmanager
    def scratch(self) -> Iterator[duckdb.DuckDBPyConnection]:
        # Spilling to disk would be in clear text: without a folder to spill to, DuckDB says that memory is full.
        with duckdb.connect(config={"autoinstall_known_extensions": False, "temp_directory": ""}) as opened:
            yield opened

    def list_views(self) -> list[str]:
        rows = self.execute("SELECT viewname AS name FROM pg_views WHERE schemaname = current_schema() ORDER BY 1")
        return [str(name) for name in rows.column("name").to_pylist()]

    def list_columns(self, name: str) -> list[str]:
        return list(self.execute(f"SELECT * FROM {quoted(name)} LIMIT 0").column_names)  # noqa: S608 (quoted)

    def checkpoint(self) -> None:
        for name in self.list_tables():
            self.run(f"ANALYZE {quoted(name)}")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._connection.transaction():
            # Held until the end of the transaction, and by other processes too: one writer per tenant.
            self.run("SELECT pg_advisory_xact_lock(hashtextextended($lock, 0))", {"lock": schema_of(self.tenant_id)})
            yield

    def _begin(self) -> None:
        self.run("BEGIN ISOLATION LEVEL REPEATABLE READ")

    def _roll_back(self) -> None:
        self._connection.rollback()

    def _load(self, name: str, rows: pa.Table, columns: list[str]) -> int:  # noqa: ARG002 - COPY goes by name
        copy_sql = f"COPY {quoted(name)} ({names(rows.column_names)}) FROM STDIN"
        with self._connection.cursor() as cursor, cursor.copy(copy_sql) as copy:
            for batch in rows.to_batches(max_chunksize=10_000):
                for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    copy.write_row(row)
        return int(rows.num_rows)


def _bound(sql: str, params: Mapping[str, Any] | None) -> tuple[Any, Mapping[str, Any] | None]:
    """Statement and parameters as psycopg takes them; without parameters the text goes untouched."""
    given = used(sql, params)
    return (to_psycopg(sql), given) if given else (sql, None)


def _array(values: list[Any], type_code: int) -> pa.Array:
    if type_code == UUID_TYPE:
        values = [None if value is None else str(value) for value in values]
    if type_code == NUMERIC and any(value is not None for value in values):
        return pa.array(values)
    return pa.array(values, type=ARROW_TYPES.get(type_code))


def schema_of(tenant_id: UUID) -> str:
    """The tenant's schema."""
    return f"w_{tenant_id.hex}"
