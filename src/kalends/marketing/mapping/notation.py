# ruff: noqa: S608  # SQL is built of quoted column names and our own expressions; values are bound or escaped
"""How a file as a whole writes numbers and dates, told by its own unambiguous cells.

Only cells that admit one reading count as evidence, over all rows, so the order of rows does not matter. Evidence for
both readings is no evidence: then only unambiguous cells are read. Days are decided column by column, for two columns
of one file may come from two systems; a column that shows nothing is written as all that do show it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from kalends.base.reading.documents import snake
from kalends.marketing.mapping.cells import NUMBER_TYPES, plain_sql
from kalends.marketing.mapping.fields import Mapping
from kalends.marketing.reading import RawTable, quoted

_POINT = r"^\D*\d+\.(\d{1,2}|\d{4,})\D*$|^\D*\d{1,3}(,\d{3})+\.\d+\D*$|^\D*\d{1,3}(,\d{3}){2,}\D*$"
_COMMA = r"^\D*\d+,(\d{1,2}|\d{4,})\D*$|^\D*\d{1,3}(\.\d{3})+,\d+\D*$|^\D*\d{1,3}(\.\d{3}){2,}\D*$"
_DAY_FIRST = r"^(1[3-9]|2\d|3[01])[/-](0?[1-9]|1[0-2])[/-]\d{4}$"
_MONTH_FIRST = r"^(0?[1-9]|1[0-2])[/-](1[3-9]|2\d|3[01])[/-]\d{4}$"
ORDERS = ("day_first", "month_first")
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
        dates = "date" if self.count == 1 else "dates"
        return (
            f"Day or month first? {self.count} {dates} such as {self.example} can be read both ways, and the file does "
            f"not decide: {' to '.join(map(str, self.day_first))} if the day stands first, "
            f"{' to '.join(map(str, self.month_first))} if the month does."
        )


@dataclass(frozen=True)
class WrittenDays:
    """How the date columns of a file write days. `orders`: column -> 'day_first' or 'month_first', of columns that are
    all of one; `both`: column -> a clear date of either order, of columns that have both; `open_days`: what can be read
    both ways in the columns that have no one order.
    """

    orders: dict[str, str]
    both: dict[str, tuple[str, str]]
    open_days: OpenDays | None

    @property
    def order(self) -> str | None:
        """The one order of all columns; None where they differ, or show none."""
        found = set(self.orders.values())
        return found.pop() if len(found) == 1 and not self.both else None

    def sentences(self) -> Iterator[str]:
        """What is to be told of it."""
        firsts, months = ([column for column, own in self.orders.items() if own == order] for order in ORDERS)
        if firsts and months:
            yield (
                f"Days are written in two ways: {_listed(firsts)} with the day first, {_listed(months)} with the month "
                "first. Each column was read in its own."
            )
        for column, (day, month) in self.both.items():
            yield (
                f"{_listed([column])} holds dates with the day first ({day}) and with the month first ({month}). Those "
                "that can be read one way only were read so. If you choose an order, those of the other are set aside."
            )
        if self.open_days is not None:
            yield self.open_days.sentence()


def decimal_mark(con: duckdb.DuckDBPyConnection, table: RawTable, mapping: Mapping) -> str | None:
    """'.' or ',' where the file's number cells show it, else None."""
    point, comma = _evidence(con, table, _columns(table, mapping, frozenset(NUMBER_TYPES)), (_POINT, _COMMA))
    return None if point == comma else "." if point else ","


def written_days(
    con: duckdb.DuckDBPyConnection, table: RawTable, columns: Sequence[str], *, told: str | None
) -> WrittenDays:
    """How these columns write days: as `told`, else as their clear dates show."""
    if told:
        return WrittenDays(dict.fromkeys(columns, told), {}, None)
    clear = _clear_days(con, table, columns)
    orders = {column: ORDERS[0 if day else 1] for column, (day, month) in clear.items() if bool(day) != bool(month)}
    both = {column: (day, month) for column, (day, month) in clear.items() if day and month}
    if not both and len(shown := set(orders.values())) == 1:
        orders = dict.fromkeys(columns, *shown)
    undecided = [column for column in columns if column not in orders]
    return WrittenDays(orders, both, open_days(con, table, undecided))


def _clear_days(
    con: duckdb.DuckDBPyConnection, table: RawTable, columns: Sequence[str]
) -> dict[str, tuple[str | None, str | None]]:
    """Column -> one of its dates that can only have the day first, and one that can only have the month first."""
    tests = [
        f"min({quoted(column)}) FILTER (WHERE regexp_matches({quoted(column)}, '{pattern}'))"
        for column in columns
        for pattern in (_DAY_FIRST, _MONTH_FIRST)
    ]
    found = con.execute(f"SELECT {', '.join(tests)} FROM {table.relation}").fetchone() if tests else None
    cells = found or ()
    return dict(zip(columns, zip(cells[::2], cells[1::2], strict=True), strict=True))


def open_days(con: duckdb.DuckDBPyConnection, table: RawTable, columns: Sequence[str]) -> OpenDays | None:
    """The dates in these columns that are two days by their two readings; to be asked where nothing shows an order."""
    if not columns:
        return None
    by_day, by_month = (
        f"CAST(try_strptime(replace(cell, '-', '/'), '{way}') AS DATE)" for way in ("%d/%m/%Y", "%m/%d/%Y")
    )
    found = con.execute(
        "SELECT count(*), min(cell), min(by_day), max(by_day), min(by_month), max(by_month) FROM "
        f"(SELECT cell, {by_day} AS by_day, {by_month} AS by_month FROM "
        f"(SELECT unnest([{', '.join(map(quoted, columns))}]) AS cell FROM {table.relation}) "
        "WHERE regexp_full_match(cell, ?)) WHERE by_day <> by_month",
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


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(f"“{column}”" for column in columns)
