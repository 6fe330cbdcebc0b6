"""What a warehouse engine must be able to do; everything above it asks for no more."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from typing import Any, TypeAlias
from uuid import UUID

import duckdb
import ibis
import pyarrow as pa
from sqlglot import expressions as sge
from sqlglot import parse_one, to_identifier

from kalends.base.errors import KalendsError, UnavailableError

Rows: TypeAlias = "pa.Table | ibis.Table"
"""Rows to write: an Arrow table, or an expression over tables of the same tenant's backend."""

Predicate: TypeAlias = Callable[[ibis.Table], ibis.expr.types.BooleanValue]
"""Which rows: a function of the table, over that table's own columns and literals."""


class UnsupportedWarehouseError(KalendsError):
    """This warehouse engine is not supported."""

    status = 500
    code = "unsupported_warehouse"


class UnknownColumnsError(KalendsError):
    """Rows bring columns that the table does not have."""

    status = 500
    code = "unknown_columns"


class WarehouseBusyError(UnavailableError):
    """Somebody is still working in this warehouse; try again in a moment."""

    code = "warehouse_busy"


class Warehouse(ABC):
    """All tenants' warehouses in one engine. Safe to use from many threads."""

    engine: str
    """Of its tenants: 'duckdb' or 'postgres'."""

    @abstractmethod
    def tenant(self, tenant_id: UUID) -> AbstractContextManager[TenantWarehouse]:
        """The tenant's warehouse on a cursor of its own, made on first use. Temporary tables end with the context."""

    @abstractmethod
    def drop_tenant(self, tenant_id: UUID) -> None:
        """Remove the tenant's warehouse. Raises WarehouseBusyError while somebody works in it."""

    @abstractmethod
    def warm_up(self) -> None:
        """Do what the first user would wait for. Safe beside everything else; needs no tenant."""

    @abstractmethod
    def set_threads(self, threads: int) -> None:
        """Bound the threads of one query, where the engine runs in this process; elsewhere the server decides."""

    @abstractmethod
    def close(self) -> None:
        """Give every file and connection back."""


class TenantWarehouse(ABC):
    """One tenant's warehouse on one cursor. Not to be shared between threads.

    `backend` is an Ibis backend whose current schema is the tenant's; `engine` is its dialect, 'duckdb' or 'postgres'.
    Texts of SQL are in that dialect and take parameters written `$name`.
    """

    engine: str

    def __init__(self, *, tenant_id: UUID, backend: Any) -> None:
        self.tenant_id = tenant_id
        self.backend = backend
        self._depth = 0
        self._is_frozen = False

    # What an engine provides.

    @abstractmethod
    def run(self, sql: str, params: Mapping[str, Any] | None = None) -> int:
        """Execute one statement; gives the number of rows it wrote or removed (0 where that means nothing)."""

    @abstractmethod
    def execute(self, sql: str, params: Mapping[str, Any] | None = None) -> pa.Table:
        """Execute one (cached, compiled) query; gives its rows."""

    @abstractmethod
    def stage(self, name: str, rows: Rows, *, schema: ibis.Schema | None = None) -> ibis.Table:
        """Put rows into the temporary table `name`, replacing it; `schema` as declared, else the rows' own."""

    @abstractmethod
    def stage_query(self, name: str, sql: str) -> None:
        """Put the rows of a query into the temporary table `name`, replacing it."""

    @abstractmethod
    def scratch(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """A DuckDB to read and map raw files in. Where the engine is DuckDB it is this cursor, so its temporary tables
        are this tenant's too; elsewhere it is one in memory that ends with the block.
        """

    @abstractmethod
    def list_views(self) -> list[str]:
        """The names of the tenant's views, sorted."""

    @abstractmethod
    def list_columns(self, name: str) -> list[str]:
        """The names of a table's columns, in order. Ibis would read all their types, too, which takes longer."""

    @abstractmethod
    def checkpoint(self) -> None:
        """Bring the store into the shape that reads fastest, after a large write."""

    @abstractmethod
    def _transaction(self) -> AbstractContextManager[None]:
        """The tenant's write lock and one transaction."""

    @abstractmethod
    def _begin(self) -> None:
        """Begin a transaction in which every statement sees what was committed before the first of them."""

    @abstractmethod
    def _roll_back(self) -> None:
        """End that transaction."""

    @abstractmethod
    def _load(self, name: str, rows: pa.Table, columns: list[str]) -> int:
        """Append Arrow rows whose columns are all among the table's `columns`; gives how many."""

    # What follows from it.

    def freeze(self) -> None:
        """Read one state from the next statement on, the newest there is: whatever others commit is not seen until this
        is called again, something is written, or the tenant is given back.
        """
        self._thaw()
        self._begin()
        self._is_frozen = True

    def _thaw(self) -> None:
        if self._is_frozen:
            self._is_frozen = False
            self._roll_back()

    @contextmanager
    def write(self) -> Iterator[None]:
        """One transaction under the tenant's write lock; inside another `write` it joins that one."""
        self._thaw()
        self._depth += 1
        try:
            if self._depth > 1:
                yield
            else:
                with self._transaction():
                    yield
        finally:
            self._depth -= 1

    def list_tables(self) -> list[str]:
        """The names of the tenant's tables, sorted; temporary ones are not among them."""
        rows = self.execute(
            "SELECT table_name AS name FROM information_schema.tables WHERE table_catalog = current_database()"
            " AND table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY 1"
        )
        return [str(name) for name in rows.column("name").to_pylist()]

    def exists(self, name: str) -> bool:
        """Whether the tenant has a table of this name."""
        return name in self.list_tables()

    def table(self, name: str) -> ibis.Table:
        """The table (or temporary table) as an Ibis expression."""
        return self.backend.table(name)

    def create(self, name: str, schema: ibis.Schema) -> None:
        """Make the table with these columns unless it is there."""
        self.run(self.create_sql(name, schema))

    def create_sql(self, name: str, schema: ibis.Schema, *, temporary: bool = False) -> str:
        """The statement that makes a table of `schema`, in the engine's own types."""
        return create_sql(self.engine, name, schema, temporary=temporary)

    def append(self, name: str, rows: Rows) -> int:
        """Add rows; gives how many. Columns go by name: one that is missing becomes null, an unknown one is refused."""
        given = rows.column_names if isinstance(rows, pa.Table) else rows.columns
        columns = self.list_columns(name)
        _refuse_unknown(name, given, columns)
        with self.write():
            if isinstance(rows, pa.Table):
                return self._load(name, rows, columns)
            return self.run(f"INSERT INTO {quoted(name)} ({names(given)}) {self.backend.compile(rows)}")

    def delete(self, name: str, where: Predicate) -> int:
        """Remove the rows for which `where` holds; gives how many."""
        with self.write():
            return self.run(f"DELETE FROM {quoted(name)} WHERE {self._condition(name, where)}")  # noqa: S608 (quoted)

    def replace_slice(self, name: str, where: Predicate, rows: Rows) -> int:
        """Remove the rows for which `where` holds and add `rows`, in one transaction; gives how many were added."""
        with self.write():
            self.delete(name, where)
            return self.append(name, rows)

    def to_arrow(self, rows: ibis.Table) -> pa.Table:
        """The rows of an expression. UUIDs come as text, which every reader of Arrow knows."""
        uuids = [name for name, kind in rows.schema().items() if kind.is_uuid()]
        return (
            rows.mutate(**{name: rows[name].cast("string") for name in uuids}).to_pyarrow()
            if uuids
            else rows.to_pyarrow()
        )

    def _condition(self, name: str, where: Predicate) -> str:
        """`where` as SQL over bare column names, which is what DELETE takes in every dialect."""
        table = self.table(name)
        query = parse_one(self.backend.compile(table.select(kept=where(table))), read=self.backend.dialect)
        condition = query.expressions[0].this
        for column in condition.find_all(sge.Column):
            column.set("table", None)
        return str(condition.sql(self.backend.dialect))


def _refuse_unknown(name: str, given: list[str] | tuple[str, ...], columns: list[str]) -> None:
    unknown = sorted(set(given) - set(columns))
    if unknown:
        raise UnknownColumnsError(f"The table {name} has no column {', '.join(unknown)}.", table=name, columns=unknown)


@lru_cache(maxsize=256)
def create_sql(dialect: str, name: str, schema: ibis.Schema, *, temporary: bool = False) -> str:
    """The statement that makes a table. Kept: to write it takes twenty times as long as to run it where the table is
    there.
    """
    columns = sge.Schema(
        this=sge.Table(this=to_identifier(name, quoted=True)), expressions=schema.to_sqlglot_column_defs(dialect)
    )
    properties = sge.Properties(expressions=[sge.TemporaryProperty()]) if temporary else None
    return str(sge.Create(kind="TABLE", this=columns, exists=True, properties=properties).sql(dialect))


def quoted(name: str) -> str:
    """A table's or column's name, quoted."""
    return '"' + name.replace('"', '""') + '"'


def names(columns: list[str] | tuple[str, ...]) -> str:
    """Column names, quoted, for a list in SQL."""
    return ", ".join(quoted(column) for column in columns)
