# ruff: noqa: S608  # SQL is built of quoted column names and our own expressions; values are bound or escaped
"""How a file as a whole writes numbers and dates, told by its own unambiguous cells.

Only cells that admit one reading count as evidence, over all rows, so the order of rows does not matter. Evidence for
both readings is no evidence: then only unambiguous cells are read.
"""

from __future__ import annotations

import duckdb

from kalends.base.reading.documents import snake
from kalends.marketing.mapping.cells import NUMBER_TYPES, plain_sql
from kalends.marketing.mapping.fields import Mapping
from kalends.marketing.reading import RawTable, quoted

_POINT = r"^\D*\d+\.(\d{1,2}|\d{4,})\D*$|^\D*\d{1,3}(,\d{3})+\.\d+\D*$|^\D*\d{1,3}(,\d{3}){2,}\D*$"
_COMMA = r"^\D*\d+,(\d{1,2}|\d{4,})\D*$|^\D*\d{1,3}(\.\d{3})+,\d+\D*$|^\D*\d{1,3}(\.\d{3}){2,}\D*$"
_DAY_FIRST = r"^(1[3-9]|2\d|3[01])[/-]\d{1,2}[/-]\d{4}$"
_MONTH_FIRST = r"^\d{1,2}[/-](1[3-9]|2\d|3[01])[/-]\d{4}$"


def decimal_mark(con: duckdb.DuckDBPyConnection, table: RawTable, mapping: Mapping) -> str | None:
    """'.' or ',' where the file's number cells show it, else None."""
    point, comma = _evidence(con, table, _columns(table, mapping, frozenset(NUMBER_TYPES)), (_POINT, _COMMA))
    return None if point == comma else "." if point else ","


def day_order(con: duckdb.DuckDBPyConnection, table: RawTable, mapping: Mapping) -> str | None:
    """'day_first' or 'month_first' where the file's date cells show it, else None."""
    day, month = _evidence(con, table, _columns(table, mapping, frozenset({"date"})), (_DAY_FIRST, _MONTH_FIRST))
    return None if day == month else "day_first" if day else "month_first"


def written_columns(
    con: duckdb.DuckDBPyConnection, table: RawTable, mapping: Mapping, mark: str | None
) -> frozenset[str]:
    """The columns with a cell that is not in plain notation; with a decimal comma, all number columns."""
    kinds = {source: item.kind for item in mapping.fields for source in item.sources}
    typed = {column: kinds.get(column) or kinds.get(snake(column)) or "text" for column in table.columns}
    numbers = frozenset(column for column, kind in typed.items() if kind in NUMBER_TYPES)
    asked = [column for column, kind in typed.items() if kind in NUMBER_TYPES or kind == "date"]
    tests = [
        f"coalesce(bool_or({plain_sql(quoted(c), typed[c])} IS NULL AND {quoted(c)} IS NOT NULL), false)" for c in asked
    ]
    found = con.execute(f"SELECT {', '.join(tests)} FROM {table.relation}").fetchone() if tests else ()
    written = frozenset(column for column, is_written in zip(asked, found or (), strict=True) if is_written)
    return written | numbers if mark == "," else written


def _columns(table: RawTable, mapping: Mapping, kinds: frozenset[str]) -> list[str]:
    wanted = {source for item in mapping.fields if item.kind in kinds for source in item.sources}
    return [column for column in table.columns if column in wanted or snake(column) in wanted]


def _evidence(
    con: duckdb.DuckDBPyConnection, table: RawTable, columns: list[str], patterns: tuple[str, str]
) -> tuple[bool, bool]:
    if not columns:
        return False, False
    tests = (" OR ".join(f"regexp_matches({quoted(column)}, ?)" for column in columns) for _ in patterns)
    first, second = (f"coalesce(bool_or({test}), false)" for test in tests)
    values = [pattern for pattern in patterns for _ in columns]
    found = con.execute(f"SELECT {first}, {second} FROM {table.relation}", values).fetchone()
    return (bool(found[0]), bool(found[1])) if found else (False, False)
