"""JSON lines, read in place by DuckDB, one part after the other in memory.

The first rows make a pattern, and every row is held against it as it is read: a field that first shows up in the last
row is not lost, for the query fails there. Then the payload is read once more: each part is asked for its keys before,
and where a later part has more than the first, the caller begins again with all of them. A platform's answers go the
same way once their envelopes are off.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import duckdb
import orjson

from kalends.base.reading.bare import FORMATS, BareRows, OddRowError
from kalends.base.reading.documents import Flat, Unwrap, flatten, is_airbyte, no_envelope
from kalends.base.reading.sniff import HEAD_BYTES, Sniffed
from kalends.base.reading.unpack import Payload, Unpacking
from kalends.marketing.reading.parts import IS_POSSIBLE, Parts, in_parts
from kalends.marketing.reading.raw import (
    Dialect,
    PatternError,
    RawTable,
    SlowWayError,
    UnseenColumnsError,
    Way,
    speakable,
)
from kalends.marketing.reading.shapes import (
    MAPS,
    Leaf,
    Pattern,
    Shape,
    are_distinct,
    listed,
    name_of,
    relation_of,
)

HEAD_ROWS = 200
MAX_DEPTH = 16  # of objects in each other: the time that DuckDB takes to plan grows with more than the square
FAST_COLUMNS = 300  # read in place, all columns travel through the whole select, whose planning grows with their square
Chunks = Unpacking | BareRows


@contextmanager
def in_place(
    con: duckdb.DuckDBPyConnection,
    payload: Payload,
    sniffed: Sniffed,
    *,
    way: Way,
    columns: frozenset[str],
    dialect: Dialect,
) -> Iterator[RawTable | None]:
    """The payload as a raw table, while the block runs; None where it cannot be read in place. See `open_raw`."""
    items, chunks = _bare(payload, sniffed, dialect) if IS_POSSIBLE else ([], None)
    shape = Shape.of(items)
    if not items or chunks is None or max(map(len, shape.objects), default=0) > MAX_DEPTH:
        yield None
        return
    with _Lines.opened(con, items, chunks, shape, way=way, lists=dialect.lists) as lines:
        yield lines.table(tuple(map(flatten, items))) if lines.settle(columns) else None


def _bare(payload: Payload, sniffed: Sniffed, dialect: Dialect) -> tuple[list[dict[str, Any]], Chunks | None]:
    """The first rows and all lines of JSON that can be read in place; nothing where it cannot."""
    if sniffed.format not in FORMATS or sniffed.encoding != "utf-8":
        return [], None
    if items := _plain_items(sniffed, dialect.unwrap):
        return items, Unpacking(payload)
    bare = BareRows(payload, sniffed, dialect.unwrap, dialect.envelope)
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
        shape: Shape,
        *,
        way: Way,
        lists: frozenset[str],
    ) -> Iterator[_Lines]:
        """Lines that begin with the rows `items`; the first part is not yet in place."""
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
        lists = dict.fromkeys(listed(self.leaves, self.lists), ())
        path, types = self.parts.path, dict.fromkeys(lists, MAPS)
        stream, aside = (self.chunks.stream, self.chunks.aside) if isinstance(self.chunks, BareRows) else ("", ())
        return RawTable(
            stream or "",
            relation_of(path, self.leaves, {}, mark=self.pattern.mark if self.pattern else ""),
            self.names(),
            is_table=False,
            has_row=False,
            head=head,
            advance=self.advance,
            keep=self.parts.keep,
            spread=self.spread,
            parsed=self.pattern.relation(path) if self.pattern else relation_of(path, self.leaves, types),
            lists=self.pattern.lists if self.pattern else lists,
            aside=aside,
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

    def spread(self, count: int) -> tuple[int, list[Flat]]:
        """The size of the part in place, and up to `count` of its rows."""
        size, lines = self.parts.spread(count)
        items = []
        for line in lines:
            with suppress(orjson.JSONDecodeError):  # DuckDB reads NaN; whoever reads all rows says what is no JSON
                items.append(orjson.loads(line))
        return size, [flatten(item) for item in items if isinstance(item, dict)]

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
