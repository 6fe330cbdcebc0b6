# ruff: noqa: S608  # SQL is built of quoted column names and our own expressions; values are bound or escaped
"""Rows into DuckDB: a payload becomes one raw table per stream, every column as text.

NDJSON, by far the largest payloads, is read by DuckDB itself, one part after the other in memory: nothing raw is
stored. The first part tells the columns, and every later one is asked for its keys too, so that a field that first
shows up in the last row is not lost: then the caller begins again with all of them. A platform's answers go the same
way once their envelopes are off. Everything else, and JSON that is broken or oddly encoded, goes through `rows`:
slower, but it knows every line's number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from itertools import chain, count, islice
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pyarrow as pa

from kalends.base.reading.bare import FORMATS, BareRows, OddRowError
from kalends.base.reading.documents import Flat, Unwrap, flatten, is_airbyte, no_envelope
from kalends.base.reading.errors import EmptyPayloadError, PayloadTooLargeError
from kalends.base.reading.rows import Row, Rows, rows_of
from kalends.base.reading.sniff import HEAD_BYTES, Sniffed, sniff
from kalends.base.reading.unpack import Payload, Unpacking, is_plain_file
from kalends.marketing.reading.parts import IS_POSSIBLE, Parts, in_memory, in_parts
from kalends.marketing.reading.shapes import (
    LIST,
    PATTERN,
    Leaf,
    Pattern,
    Shape,
    are_distinct,
    listed,
    literal,
    name_of,
    quoted,
    relation_of,
)

ROWS_A_CHUNK = 20_000
HEAD_ROWS = 200
MAX_COLUMNS = 20_000
FAST_COLUMNS = 300  # read in place, all columns travel through the whole select, whose planning grows with their square
Chunks = Unpacking | BareRows
ROW, FAULT, RAW = "__row", "__fault", "__raw"  # bookkeeping columns of a raw table; a file has no such names


class Way(Enum):
    """How JSON lines are read, the fastest first. A payload that one of the first two does not suit takes the next."""

    PATTERN = "in place, each row held against what the first ones have"
    KEYS = "in place, each part asked for its keys first"
    ROWS = "row by row"


class PatternError(Exception):
    """The payload, read in place, has rows with more than its first ones, or with something else."""


class SlowWayError(Exception):
    """The payload, read in place, turned out to need rows that can be looked at more than once."""


class UnseenColumnsError(Exception):
    """A later part of the payload has columns that the first ones had not; `columns` are all there are."""

    def __init__(self, columns: frozenset[str]) -> None:
        super().__init__(columns)
        self.columns = columns


@dataclass(frozen=True)
class RawTable:
    """One stream's raw rows. `relation` is an SQL table expression with text columns `columns`.

    Where `has_row` is false, rows come in the payload's order and their place is their number, and the relation holds
    one part of the payload after another: `advance` puts the next one there, and is False at the end. `is_table`: the
    columns are fixed, so an empty cell is a value that is not there; in objects, a field that is not there is another
    shape of row. `head`: a few rows, to tune by; nothing that is decided by them changes a result.
    """

    stream: str
    relation: str
    columns: tuple[str, ...]
    is_table: bool
    has_row: bool
    head: tuple[dict[str, str | None], ...] = ()
    advance: Callable[[], bool] = lambda: False
    keep: Callable[[Iterable[int], int], bool] = lambda lines, count: False  # noqa: ARG005
    """Where it is read in place: leave only these rows of the part there, out of `count`; False where it cannot."""
    parsed: str = ""
    """Where it is read in place: `relation` with the columns `lists` parsed, which then are not written as text and
    read once more. A row of another shape fails the query, and means `mismatch`."""
    lists: frozenset[str] = frozenset()
    mismatch: type[Exception] = SlowWayError


@dataclass(frozen=True)
class Raw:
    """All raw tables of one payload, with its format and what had to be mended."""

    format: str
    tables: tuple[RawTable, ...]
    notes: tuple[str, ...] = ()


@contextmanager
def open_raw(
    con: duckdb.DuckDBPyConnection,
    payload: Payload,
    *,
    way: Way = Way.PATTERN,
    columns: frozenset[str] = frozenset(),
    lists: frozenset[str] = frozenset(),
    unwrap: Unwrap = no_envelope,
) -> Iterator[Raw]:
    """The payload as raw tables, while the block runs. `columns` are known to be somewhere in it, where each part is
    asked for its keys. `lists`: columns, by their plain names, that are wanted as parsed lists of actions. `unwrap`
    takes the platform's envelope off JSON.

    Raises EmptyPayloadError, UnreadablePayloadError, PayloadTooLargeError for the payload as a whole; a table's
    `advance` raises SlowWayError and UnseenColumnsError, a query over its parts what `mismatch` means, and then it is
    to be opened again another way.
    """
    sniffed = sniff(payload)
    items, chunks = ([], None) if way is Way.ROWS or not IS_POSSIBLE else _in_place(payload, sniffed, unwrap)
    if items and chunks is not None:
        with _Lines.opened(con, items, chunks, way=way, lists=lists) as lines:
            if lines.settle(columns):
                yield Raw(sniffed.format, (lines.table(tuple(map(flatten, items))),))
                return
    if sniffed.format == "parquet":
        with _local(payload) as path:
            yield Raw("parquet", (_parquet_table(con, path),))
    else:
        yield _loaded(con, rows_of(payload, sniffed, unwrap), sniffed.format)


def _in_place(payload: Payload, sniffed: Sniffed, unwrap: Unwrap) -> tuple[list[dict[str, Any]], Chunks | None]:
    """The first rows and all lines of JSON that can be read in place; nothing where it cannot."""
    if sniffed.format not in FORMATS or sniffed.encoding != "utf-8":
        return [], None
    if items := _plain_items(sniffed, unwrap):
        return items, Unpacking(payload)
    bare = BareRows(payload, sniffed, unwrap)
    try:
        return bare.head(HEAD_ROWS), bare
    except OddRowError:
        return [], None


def _plain_items(sniffed: Sniffed, unwrap: Unwrap) -> list[dict[str, Any]]:
    """The first rows of NDJSON whose lines are the rows; none where they are not."""
    if sniffed.format != "ndjson":
        return []
    lines = sniffed.head.splitlines()[:-1] if len(sniffed.head) >= HEAD_BYTES else sniffed.head.splitlines()
    try:
        items = [orjson.loads(line) for line in lines[:HEAD_ROWS] if line.strip()]
    except orjson.JSONDecodeError:
        return []
    return items if all(_is_plain(item, unwrap) for item in items) else []


def _is_plain(item: Any, unwrap: Unwrap) -> bool:
    return isinstance(item, dict) and (unwrap is no_envelope or unwrap(item) is None) and not is_airbyte(item)


@dataclass
class _Lines:
    """The parts of lines of JSON, and the columns of their rows."""

    parts: Parts[frozenset[Leaf]]
    shape: Shape
    chunks: Chunks
    pattern: Pattern | None
    lists: frozenset[str]
    leaves: frozenset[Leaf] = frozenset()
    is_fresh: bool = True

    @classmethod
    @contextmanager
    def opened(
        cls,
        con: duckdb.DuckDBPyConnection,
        items: list[dict[str, Any]],
        chunks: Chunks,
        *,
        way: Way,
        lists: frozenset[str],
    ) -> Iterator[_Lines]:
        """Lines that begin with the rows `items`; the first part is not yet in place."""
        shape = Shape.of(items)
        pattern = Pattern.of(items, shape, lists=lists) if way is Way.PATTERN else None
        with con.cursor() as beside:
            look = partial(shape.leaves, beside) if pattern is None else lambda _: pattern.leaves
            with in_parts(chunks, look, first=b"" if pattern is None else pattern.line()) as parts:
                yield cls(parts, shape, chunks, pattern, lists)

    def settle(self, known: frozenset[str]) -> bool:
        """Put the first part in place and settle the columns; False where the payload needs the slow way."""
        try:
            found = self._next_leaves() or frozenset()
        except SlowWayError:
            return False
        self.leaves = found | {self.shape.leaf(name) for name in known}
        names = self.names()
        return 0 < len(names) <= FAST_COLUMNS and tuple(speakable(names)) == names and are_distinct(self.leaves)

    def names(self) -> tuple[str, ...]:
        """The columns' names, sorted."""
        return tuple(sorted(map(name_of, self.leaves)))

    def table(self, head: tuple[Flat, ...]) -> RawTable:
        """All of it as a raw table."""
        lists = listed(self.leaves, self.lists)
        path, types = self.parts.path, dict.fromkeys(lists, LIST)
        return RawTable(
            self.chunks.stream or "" if isinstance(self.chunks, BareRows) else "",
            relation_of(path, self.leaves, {}),
            self.names(),
            is_table=False,
            has_row=False,
            head=head,
            advance=self.advance,
            keep=self.parts.keep,
            parsed=self.pattern.relation(path) if self.pattern else relation_of(path, self.leaves, types),
            lists=lists,
            mismatch=PatternError if self.pattern else SlowWayError,
        )

    def advance(self) -> bool:
        """Put the next part in place, which at first is there already; False at the end."""
        if self.is_fresh:
            self.is_fresh = False
            return True
        found = self._next_leaves()
        if found is None or found <= self.leaves:
            return found is not None
        for more in iter(self._next_leaves, None):
            found |= more
        raise UnseenColumnsError(frozenset(map(name_of, found | self.leaves)))

    def _next_leaves(self) -> frozenset[Leaf] | None:
        """The columns of the next part's rows; None at the end."""
        try:
            is_there = self.parts.advance()
        except (duckdb.Error, OddRowError) as error:
            # Not valid JSON somewhere: the slow way finds the line and keeps the others.
            raise SlowWayError from error
        if self.chunks.cut:
            raise SlowWayError
        return self.parts.seen if is_there else None


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


def _parquet_table(con: duckdb.DuckDBPyConnection, path: Path) -> RawTable:
    source = f"read_parquet({literal(str(path))}, file_row_number=true)"
    described = con.execute(f"DESCRIBE SELECT * EXCLUDE (file_row_number) FROM {source}").fetchall()
    casts = [_parquet_text(name, kind) for name, kind, *_ in described]
    marks = f"file_row_number + 1 AS {ROW}, NULL::VARCHAR AS {FAULT}, NULL::VARCHAR AS {RAW}"
    relation = f"(SELECT {', '.join(casts)}, {marks} FROM {source})"
    return RawTable("", relation, tuple(name for name, *_ in described), is_table=True, has_row=True)


def _parquet_text(name: str, kind: str) -> str:
    column = quoted(name)
    is_nested = kind.endswith("[]") or kind.startswith(("STRUCT", "MAP"))
    text = f"to_json({column})" if is_nested else column
    return f"CAST({text} AS VARCHAR) AS {column}"


def _loaded(con: duckdb.DuckDBPyConnection, rows: Rows, name: str) -> Raw:
    """The rows in one temp table per stream: in one pass where the first rows have all columns, else in three."""
    source = iter(rows)
    first = list(islice(source, ROWS_A_CHUNK))
    try:
        streams = _Streams(con, _columns_by_stream(first, is_table=rows.is_table))
        streams.fill(chain(first, source))
    except UnseenColumnsError:
        streams = _Streams(con, _columns_by_stream(rows, is_table=rows.is_table))
        streams.fill(rows)
    found = [
        RawTable(stream, table, tuple(streams.columns[stream]), rows.is_table, has_row=True)
        for stream, table in streams.tables.items()
    ]
    return Raw(name, tuple(replace(table, head=_head(con, table)) for table in found), tuple(rows.notes))


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


def speakable(names: Iterable[str]) -> dict[str, str]:
    """Column names that DuckDB can have, each with the name in the file.

    There they are not empty, are valid Unicode, and do not differ in case alone: `a` beside `A` becomes `a (2)`.
    """
    found: dict[str, str] = {}
    taken = {ROW.lower(), FAULT.lower(), RAW.lower(), PATTERN.lower()}
    for name in names:
        plain = _valid(name.replace("\0", "")) or "unnamed"
        numbered = (f"{plain} ({number})" for number in count(2))
        free = next(one for one in chain([plain], numbered) if one.lower() not in taken)
        taken.add(free.lower())
        found[free] = name
    return found


def _valid(text: str) -> str:
    """The text with a question mark for what is half a character (JSON may hold lone surrogates)."""
    return text.encode(errors="replace").decode()


def _text(cells: list[str | None]) -> pa.Array:
    try:
        return pa.array(cells, pa.string())
    except UnicodeEncodeError:
        return pa.array([cell if cell is None else _valid(cell) for cell in cells], pa.string())


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
