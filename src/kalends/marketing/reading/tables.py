# ruff: noqa: S608  # SQL is built of quoted column names and our own expressions; values are bound or escaped
"""Rows into DuckDB: a payload becomes one raw table per stream, every column as text.

JSON lines, by far the largest payloads, are read in place (`lines`): nothing raw is stored. Everything else, and JSON
that is broken or oddly encoded, goes through `rows`: slower, but it knows every line's number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path

import duckdb
import pyarrow as pa

from kalends.base.reading.errors import EmptyPayloadError, PayloadTooLargeError
from kalends.base.reading.rows import Row, rows_of
from kalends.base.reading.sniff import sniff
from kalends.base.reading.unpack import Payload, Unpacking, is_plain_file
from kalends.marketing.reading.lines import in_place
from kalends.marketing.reading.parquet import parquet_table
from kalends.marketing.reading.parts import in_memory
from kalends.marketing.reading.raw import FAULT, RAW, ROW, Dialect, RawTable, UnseenColumnsError, Way, speakable, valid
from kalends.marketing.reading.shapes import quoted

ROWS_A_CHUNK = 20_000
MAX_COLUMNS = 20_000
PLAIN = Dialect()
"""That of whoever writes rows without an envelope."""


@dataclass(frozen=True)
class Raw:
    """All raw tables of one payload, with its format and what had to be mended."""

    format: str
    tables: tuple[RawTable, ...]
    notes: tuple[str, ...] = ()
    behind: Iterable[RawTable] = ()
    """More of them, which are there once all parts of one that is read in place were."""


@contextmanager
def open_raw(
    con: duckdb.DuckDBPyConnection,
    payload: Payload,
    *,
    way: Way = Way.PATTERN,
    columns: frozenset[str] = frozenset(),
    dialect: Dialect = PLAIN,
) -> Iterator[Raw]:
    """The payload as raw tables, while the block runs. `columns` are known to be somewhere in it, where each part is
    asked for its keys.

    Raises EmptyPayloadError, UnreadablePayloadError, PayloadTooLargeError for the payload as a whole; a table's
    `advance` raises SlowWayError and UnseenColumnsError, a query over its parts what `mismatch` means, and then it is
    to be opened again another way.
    """
    sniffed = sniff(payload)
    if way is not Way.ROWS:
        with in_place(con, payload, sniffed, way=way, columns=columns, dialect=dialect) as table:
            if table is not None:
                yield Raw(sniffed.format, (table,), behind=_behind(con, table))
                return
    if sniffed.format == "parquet":
        with _local(payload) as path:
            table, notes = parquet_table(con, path)
            yield Raw("parquet", (table,), tuple(notes))
    else:
        rows = rows_of(payload, sniffed, dialect.unwrap)
        tables = _loaded(con, rows, is_table=rows.is_table)
        yield Raw(sniffed.format, tables, tuple(rows.notes))


@contextmanager
def _local(payload: Payload) -> Iterator[Path]:
    """A file that can be read at any place, as Parquet needs."""
    if isinstance(payload, Path) and is_plain_file(payload):
        yield payload
        return
    with in_memory() as file:
        with open(file.handle, "wb", closefd=False) as out:
            out.writelines(Unpacking(payload))
        yield file.path


def _behind(con: duckdb.DuckDBPyConnection, table: RawTable) -> Iterator[RawTable]:
    """The tables of what was set aside while one was read in place."""
    if table.aside:
        yield from _loaded(con, table.aside, is_table=False)


def _loaded(con: duckdb.DuckDBPyConnection, rows: Iterable[Row], *, is_table: bool) -> tuple[RawTable, ...]:
    """The rows in one temp table per stream: in one pass where the first rows have all columns, else in three."""
    source = iter(rows)
    first = list(islice(source, ROWS_A_CHUNK))
    try:
        streams = _Streams(con, _columns_by_stream(first, is_table=is_table))
        streams.fill(chain(first, source))
    except UnseenColumnsError:
        streams = _Streams(con, _columns_by_stream(rows, is_table=is_table))
        streams.fill(rows)
    found = [
        RawTable(stream, table, tuple(streams.columns[stream]), is_table, has_row=True)
        for stream, table in streams.tables.items()
    ]
    return tuple(replace(table, head=_head(con, table)) for table in found)


class _Streams:
    """The temp tables of a payload's streams, `raw_0` and so on, empty at first; `columns` by stream, each with its
    name in the file.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, names: Mapping[str, tuple[str, ...]]) -> None:
        self._con = con
        self.columns = {stream: speakable(own) for stream, own in names.items()}
        self.tables = {stream: f"raw_{index}" for index, stream in enumerate(names)}
        self._known = {stream: frozenset(own) for stream, own in names.items()}
        for stream, table in self.tables.items():
            create_raw(con, table, self.columns[stream])

    def fill(self, rows: Iterable[Row]) -> None:
        """Insert all rows. Raises UnseenColumnsError where one of them has other columns."""
        source = iter(rows)
        while chunk := list(islice(source, ROWS_A_CHUNK)):
            held: dict[str, list[Row]] = {}
            for row in chunk:
                held.setdefault(row.stream, []).append(row)
            for stream, own in held.items():
                unseen = frozenset().union(*(row.cells for row in own)) - self._known.get(stream, frozenset())
                if unseen or stream not in self.tables:
                    raise UnseenColumnsError(unseen)
                self._con.register("incoming_rows", _arrow(own, self.columns[stream]))
                self._con.execute(f"INSERT INTO {self.tables[stream]} SELECT * FROM incoming_rows")
                self._con.unregister("incoming_rows")


def as_it_came(row: str) -> str:
    """A raw row, by its alias, as it was sent where nobody could read it, else as one JSON object, in SQL."""
    own = ", ".join(f'"{name}": null' for name in (ROW, FAULT, RAW))
    return f"coalesce({row}.{RAW}, CAST(json_merge_patch(to_json({row}), '{{{own}}}') AS VARCHAR))"


def create_raw(con: duckdb.DuckDBPyConnection, name: str, columns: Iterable[str]) -> None:
    """An empty temp table for raw rows with these columns."""
    cells = "".join(f"{quoted(column)} VARCHAR, " for column in columns)
    con.execute(f"CREATE OR REPLACE TEMP TABLE {name} ({cells}{ROW} BIGINT, {FAULT} VARCHAR, {RAW} VARCHAR)")


def _text(cells: list[str | None]) -> pa.Array:
    try:
        return pa.array(cells, pa.string())
    except UnicodeEncodeError:
        return pa.array([cell if cell is None else valid(cell) for cell in cells], pa.string())


def _head(con: duckdb.DuckDBPyConnection, table: RawTable) -> tuple[dict[str, str | None], ...]:
    # LIMIT would look each of ten thousand columns up by itself, which takes seconds.
    rows = con.execute(f"SELECT * FROM {table.relation} WHERE rowid < 200").fetchall()
    return tuple(dict(zip(table.columns, row, strict=False)) for row in rows)


def _columns_by_stream(rows: Iterable[Row], *, is_table: bool) -> dict[str, tuple[str, ...]]:
    """Each stream's columns: in objects sorted, so that the order of rows and keys does not matter."""
    columns: dict[str, dict[str, None]] = {}
    for row in rows:
        columns.setdefault(row.stream, {}).update(dict.fromkeys(row.cells))
    if not columns:
        raise EmptyPayloadError
    widest = max(map(len, columns.values()))
    if widest > MAX_COLUMNS:
        raise PayloadTooLargeError(
            f"The file has {widest} columns, more than {MAX_COLUMNS}; send fewer.", columns=widest
        )
    return {stream: tuple(names) if is_table else tuple(sorted(names)) for stream, names in columns.items()}


def _arrow(rows: list[Row], columns: dict[str, str]) -> pa.Table:
    text = {column: _text([row.cells.get(original) for row in rows]) for column, original in columns.items()}
    return pa.table(
        text
        | {
            ROW: pa.array([row.number for row in rows], pa.int64()),
            FAULT: pa.array([row.fault for row in rows], pa.string()),
            RAW: _text([row.raw for row in rows]),
        }
    )
