# ruff: noqa: S608  # SQL is built of quoted column names and our own expressions; values are bound or escaped
"""How a file as a whole writes numbers and dates, told by its own unambiguous cells.

Only cells that admit one reading count as evidence, over all rows, so the order of rows does not matter. Evidence for
both readings is no evidence: then only unambiguous cells are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from kalends.base.reading.documents import snake
from kalends.marketing.mapping.cells import NUMBER_TYPES, plain_sql
from kalends.marketing.mapping.fields import Mapping
from kalends.marketing.reading import RawTable, quoted

_POINT = r"^\D*\d+\.(\d{1,2}|\d{4,})\D*$|^\D*\d{1,3}(,\d{3})+\.\d+\D*$|^\D*\d{1,3}(,\d{3}){2,}\D*$"
_COMMA = r"^\D*\d+,(\d{1,2}|\d{4,})\D*$|^\D*\d{1,3}(\.\d{3})+,\d+\D*$|^\D*\d{1,3}(\.\d{3}){2,}\D*$"
_DAY_FIRST = r"^(1[3-9]|2\d|3[01])[/-]\d{1,2}[/-]\d{4}$"
_MONTH_FIRST = r"^\d{1,2}[/-](1[3-9]|2\d|3[01])[/-]\d{4}$"
_EITHER = r"\d{1,2}[/-]\d{1,2}[/-]\d{4}"


@dataclass(frozen=True)
class OpenDays:
    """Dates that can be read both ways where the file does not decide: how many, one of them, and the first and the
    last day by each reading.
    """

    count: int
    example: str
    day_first: tuple[date, date]
    month_first: tuple[date, date]

    def sentence(self) -> str:
        """It in words."""
        return (
            f"Day or month first? {self.count} dates such as {self.example} can be read both ways, and the file does "
            f"not decide: {' to '.join(map(str, self.day_first))} if the day stands first, "
            f"{' to '.join(map(str, self.month_first))} if the month does."
        )


def decimal_mark(con: duckdb.DuckDBPyConnection, table: RawTable, mapping: Mapping) -> str | None:
    """'.' or ',' where the file's number cells show it, else None."""
    point, comma = _evidence(con, table, _columns(table, mapping, frozenset(NUMBER_TYPES)), (_POINT, _COMMA))
    return None if point == comma else "." if point else ","


def day_order(con: duckdb.DuckDBPyConnection, table: RawTable, columns: list[str]) -> str | None:
    """'day_first' or 'month_first' where the cells of these columns show it, else None."""
    day, month = _evidence(con, table, columns, (_DAY_FIRST, _MONTH_FIRST))
    return None if day == month else "day_first" if day else "month_first"


def open_days(con: duckdb.DuckDBPyConnection, table: RawTable, columns: Sequence[str]) -> OpenDays | None:
    """The dates in these columns that can be read both ways; to be asked where `day_order` shows nothing."""
    if not columns:
        return None
    by_day, by_month = (
        f"CAST(try_strptime(replace(cell, '-', '/'), '{way}') AS DATE)" for way in ("%d/%m/%Y", "%m/%d/%Y")
    )
    found = con.execute(
        "SELECT count(*), min(cell), min(by_day), max(by_day), min(by_month), max(by_month) FROM "
        f"(SELECT cell, {by_day} AS by_day, {by_month} AS by_month FROM "
        f"(SELECT unnest([{', '.join(map(quoted, columns))}]) AS cell FROM {table.relation}) "
        "WHERE regexp_full_match(cell, ?)) WHERE by_day IS NOT NULL AND by_month IS NOT NULL",
        [_EITHER],
    ).fetchone()
    if not found or not found[0]:
        return None
    count, example, *days = found
    return OpenDays(count, example, (days[0], days[1]), (days[2], days[3]))


def date_columns(table: RawTable, mapping: Mapping) -> list[str]:
    """The table's columns that hold dates."""
    return _columns(table, mapping, frozenset({"date"}))


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
