# ruff: noqa: S608  # SQL is built of quoted column names and our own patterns
"""Drift: a source's files change their shape. What is new, what is gone, what holds something else than before.

The shape of a table is its columns and what most of their cells look like. It is compared with what the last tables of
the same source and report looked like; of columns that came only now and then nothing is expected.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Dictionary
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, Literal

import duckdb

from kalends.base.errors import ConflictError
from kalends.base.reading.documents import snake
from kalends.marketing.mapping.cells import EMPTY_MARKS, NUMBER_TYPES
from kalends.marketing.mapping.fields import Mapping
from kalends.marketing.reading import FAULT, ROW, RawTable, as_it_came, literal, quoted

Mode = Literal["evolve", "freeze", "quarantine"]
Shape = dict[str, str]

# Read by Python and by DuckDB (RE2) alike. The first that fits a whole cell is what the cell is.
KINDS: Final = {
    "date": r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})(?:[T ].*)?",
    "number": (
        r"(?:[A-Z]{3} ?)?[-+(<]?[$€£¥]? ?[-+]?(?:\d[\d.,'\x{a0} ]*|[.,]\d+)"
        r"(?:[eE][-+]?\d{1,3})?\)? ?(?:%|[A-Z]{3}|[$€£¥])?"
    ),
    "flag": r"(?i:true|false|yes|no)",
    "list": r"(?s:\[.*\]|\{.*\})",
}
_PYTHON: Final = {kind: re.compile(pattern.replace(r"\x{a0}", "\xa0")) for kind, pattern in KINDS.items()}
_EMPTY: Final = "|".join(re.escape(mark) for mark in EMPTY_MARKS if mark != "[]")
"""An empty list says that the column holds lists."""
_EMPTY_CELL: Final = re.compile(_EMPTY)
ROWS_LOOKED_AT: Final = 400
"""Spread over the table: what is so of most of them is so of the column."""
FIRST_ROWS: Final = 20
MOST_COLUMNS: Final = 2_000
ALIKE: Final = 0.7
"""A table that has this share of the columns that a report always had is that report with some of them gone."""
EXAMPLES: Final = 3


class DriftRefusedError(ConflictError):
    """The file has another shape than those before it, and this source's contract is frozen. Nothing was loaded."""

    code = "drift_refused"


@dataclass(frozen=True, slots=True)
class Known:
    """What the last tables of a report looked like: every column with what it held last, and those that always came."""

    report: str
    columns: Dictionary[str, str]
    always: frozenset[str]
    batch_seq: int


@dataclass(frozen=True, slots=True)
class Terms:
    """What is done about drift, and what the source's files looked like so far."""

    mode: Mode = "evolve"
    known: tuple[Known, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """A column that holds something else than before. `stopped`: it feeds a number, so it was left out of it."""

    column: str
    was: str
    now: str
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Drift:
    """How a table differs from those before it."""

    report: str
    compared_with: int
    new: tuple[str, ...] = ()
    vanished: tuple[str, ...] = ()
    changed: tuple[Change, ...] = ()

    def __bool__(self) -> bool:
        """Whether it differs at all."""
        return bool(self.new or self.vanished or self.changed)

    def plain(self) -> dict[str, Any]:
        """It as JSON."""
        return asdict(self)

    def sentences(self) -> list[str]:
        """It in words."""
        said = [f"New column {name!r}: kept beside the rows." for name in self.new]
        said += [f"Column {name!r} is gone; it came with every file before." for name in self.vanished]
        for one in self.changed:
            end = "It was left out of the numbers and kept beside the rows." if one.stopped else ""
            said.append(f"Column {one.column!r} held {one.was} and now holds {one.now}. {end}".strip())
        return said


def kind_of(values: Iterable[str | None]) -> str:
    """What most cells of a column look like: number, date, flag, list or text; empty where there is nothing."""
    found = Counter(_kind(value.strip()) for value in values if value is not None and not is_empty(value))
    if not found:
        return "empty"
    kind, count = found.most_common(1)[0]
    return kind if count * 2 >= found.total() else "text"


def is_empty(cell: str) -> bool:
    """Whether a cell says nothing: '', '--', 'n/a'."""
    return not cell.strip() or bool(_EMPTY_CELL.fullmatch(cell.strip()))


def _kind(cell: str) -> str:
    return next((kind for kind, pattern in _PYTHON.items() if pattern.fullmatch(cell)), "text")


def report_of(table: RawTable, mapping: Mapping) -> str:
    """The report that a table holds, by its columns alone: the finest level, and the breakdowns."""
    names = {snake(column) for column in table.columns} | set(table.columns)
    level = next((level for level, columns in mapping.levels if not columns or names & set(columns)), "account")
    cuts = {cut for column in table.columns if (cut := mapping.breakdown_of(snake(column)))}
    parts = [table.stream, level, "+".join(sorted(cuts))]
    return "/".join(part for part in parts if part)


@dataclass
class Sample:
    """Rows from all over a table that is read in place, which pass by in parts."""

    table: RawTable
    parts: list[tuple[int, list[dict[str, str | None]]]] = field(default_factory=list)

    def advance(self) -> bool:
        """Put the table's next part in place, and look at it."""
        is_there = self.table.advance()
        if is_there:
            self.parts.append(self.table.spread(ROWS_LOOKED_AT))
        return is_there

    def rows(self) -> list[dict[str, str | None]]:
        """The first rows, and of each part as many as its size has a share in all."""
        found, total = list(self.table.head[:FIRST_ROWS]), sum(size for size, _ in self.parts)
        for size, rows in self.parts:
            wanted = max(1, ROWS_LOOKED_AT * size // total)
            found += rows[:: max(1, len(rows) // wanted)]
        return found


def shape_of(
    con: duckdb.DuckDBPyConnection, table: RawTable, mapping: Mapping, sample: Sample | None = None
) -> tuple[Shape, list[dict[str, Any]]]:
    """The columns that are news when they change, by their plain names, and some rows. One file may be read in place,
    the next one row by row: a plain name is the same in both.
    """
    columns = [column for column in table.columns if not mapping.is_ignored(snake(column))][:MOST_COLUMNS]
    if table.has_row:
        rows = _some_rows(con, table, columns)
    else:
        passing = table.head if sample is None else sample.rows()
        rows = [{snake(column): row.get(snake(column), row.get(column)) for column in columns} for row in passing]
    return {snake(column): kind_of(row.get(snake(column)) for row in rows) for column in columns}, rows


def _some_rows(con: duckdb.DuckDBPyConnection, table: RawTable, columns: Sequence[str]) -> list[dict[str, Any]]:
    if not columns:
        return []
    counted = con.execute(f"SELECT count(*) FROM {table.relation}").fetchone()
    step = max(1, (counted[0] if counted else 0) // ROWS_LOOKED_AT)
    names = ", ".join(map(quoted, columns))
    found = con.execute(
        f"SELECT {names} FROM {table.relation} WHERE {ROW} % {step} = 0 OR {ROW} <= {FIRST_ROWS}"
    ).fetchall()
    return [dict(zip(map(snake, columns), row, strict=True)) for row in found]


def nearest(known: Iterable[Known], *, report: str, columns: Iterable[str]) -> Known | None:
    """What the table is to be compared with: its own report, else the one that it is most like."""
    present, best = set(columns), (0.0, None)
    for one in known:
        if one.report == report:
            return one
        share = len(present & one.always) / len(one.always) if one.always else 0.0
        if share >= ALIKE and share > best[0]:
            best = (share, one)  # type: ignore[assignment]
    return best[1]


def differ(known: Known, shape: Shape, mapping: Mapping, *, report: str) -> Drift:
    """How a table differs from what is known. An empty column says nothing about what it holds."""
    feeding = numbers_of(mapping)
    changes = [
        Change(column, was, now, stopped=was in {"number", "list"} and column in feeding)
        for column, now in shape.items()
        if "empty" not in {was := known.columns.get(column, "empty"), now} and was != now
    ]
    return Drift(
        report=report,
        compared_with=known.batch_seq,
        new=tuple(sorted(shape.keys() - known.columns.keys())),
        vanished=tuple(sorted(known.always - shape.keys())),
        changed=tuple(sorted(changes, key=lambda one: one.column)),
    )


def numbers_of(mapping: Mapping) -> frozenset[str]:
    """The columns that feed a number of the record: without them a row is still a row."""
    found = {source for item in mapping.fields if item.kind in NUMBER_TYPES for source in item.sources}
    found |= {source for typed in mapping.typed for source in (*typed.counts, *typed.values)}
    if mapping.actions:
        found |= {mapping.actions.counts, mapping.actions.values}
    if mapping.events:
        found |= {*mapping.events.counts, *mapping.events.values}
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Examined:
    """A table held against its contract."""

    report: str
    shape: Shape
    drift: Drift | None

    @property
    def stopped(self) -> frozenset[str]:
        """Columns that may not feed their numbers."""
        return (
            frozenset(change.column for change in self.drift.changed if change.stopped) if self.drift else frozenset()
        )


def examine(
    con: duckdb.DuckDBPyConnection, table: RawTable, mapping: Mapping, terms: Terms, sample: Sample | None = None
) -> Examined:
    """Hold a table against the contract. Raises DriftRefusedError where that is frozen. Of a table that is read in
    place the first rows alone say nothing for sure: it is examined once more with the sample of all its parts.
    """
    shape, rows = shape_of(con, table, mapping, sample)
    report = report_of(table, mapping)
    known = nearest(terms.known, report=report, columns=shape)
    drift = differ(known, shape, mapping, report=report) if known else None
    if drift and terms.mode == "freeze" and (table.has_row or sample is not None):
        raise DriftRefusedError(
            f"{' '.join(drift.sentences())} This source's contract is frozen, so nothing was loaded.",
            **drift.plain(),
            examples=[_shown(row, drift) for row in rows[:EXAMPLES]],
        )
    return Examined(report, shape, drift or None)


def _shown(row: Dictionary[str, Any], drift: Drift) -> dict[str, Any]:
    """A row's cells that carry the drift, and enough others to know the row by."""
    told = {*drift.new, *(change.column for change in drift.changed)}
    named = [column for column in row if column in told] + [column for column in row if column not in told][:6]
    return {column: row[column] for column in named if row[column] is not None}


def set_aside(con: duckdb.DuckDBPyConnection, table: RawTable, drift: Drift, *, name: str) -> tuple[RawTable, int]:
    """Move the rows that carry the drift into `quarantined`, once for each column; gives what is left and how many
    went there.

    Where a column is gone, every row is without it.
    """
    con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM {table.relation}")
    cells = {snake(column): f"trim({quoted(column)})" for column in reversed(table.columns)}
    reasons = [(column, "is new", _filled(cells[column])) for column in drift.new]
    for one in drift.changed:
        cell = cells[one.column]
        other = _is(cell, one.now) if one.was == "text" else f"NOT {_is(cell, one.was)}"
        reasons.append((one.column, f"held {one.was} and now holds {one.now}", f"{_filled(cell)} AND {other}"))
    reasons += [(column, "is gone; it came with every file before", "true") for column in drift.vanished]
    for column, what, carries in reasons:
        message = literal(f"Drift: the column {column} {what}. Look at it, then load the file again.")
        con.execute(
            f"INSERT INTO quarantined SELECT {ROW}, {literal(column)}, 'drift', {message}, {as_it_came('t')}"
            f" FROM (SELECT * FROM {name} WHERE {FAULT} IS NULL AND ({carries})) AS t"
        )
    any_of = " OR ".join(f"({carries})" for _, _, carries in reasons)
    gone = con.execute(f"DELETE FROM {name} WHERE {FAULT} IS NULL AND ({any_of})").fetchone()
    return replace(table, relation=name), int(gone[0]) if gone else 0


def _filled(cell: str) -> str:
    return f"({cell} IS NOT NULL AND {cell} <> '' AND NOT regexp_full_match({cell}, {literal(_EMPTY)}))"


def _is(cell: str, kind: str) -> str:
    """That a cell looks like `kind`; any text is text."""
    return f"regexp_full_match({cell}, {literal(KINDS[kind])})" if kind in KINDS else "true"
