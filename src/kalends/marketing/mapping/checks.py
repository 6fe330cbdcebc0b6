# ruff: noqa: S608  # SQL is built of quoted column names and our own expressions; values are bound or escaped
"""What makes a row unfit for the facts: each rule is one bit of a row's `problems`, so a clean row costs nothing more.

A row that breaks a rule is quarantined with every rule it broke: which column, what stood there, what would be right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb

from kalends.marketing.mapping.cells import EMPTY_MARKS
from kalends.marketing.reading import FAULT, ROW, as_it_came, literal
from kalends.marketing.records import EARLIEST

SIGNED = frozenset({"revenue", "pipeline_value"})  # refunds and lost deals are negative, the others never are
MAX_RULES = 62  # bits of a BIGINT, sign apart
_EMPTY = "|".join(map(re.escape, EMPTY_MARKS))
DATES = ("date", "month", "month_end")
_RIGHT = {
    "date": "write it as 2024-03-31",
    "month": "write it as 2024-03",
    "month_end": "write it as 2024-03",
    "count": "write a whole number like 1234",
    "number": "write a number like 1234.5",
    "money": "write an amount like 1234.50",
    "micros": "write millionths of the currency like 1234500000",
    "rounded": "write a number like 1234",
    "share": "write a share like 0.12, or 12 %",
    "percent": "write a percentage like 12.5, or 12.5 %",
}


@dataclass(frozen=True)
class Rule:
    """`broken` is an SQL condition over a row. The message shows the cell in `column`, or what `value` is in SQL over
    the row's record.
    """

    column: str | None
    code: str
    right: str
    broken: str
    value: str | None = None


def unread(column: str, text: str, typed: str, kind: str) -> Rule:
    """A cell that holds something, and nothing could be read from it."""
    # Only cells of which nothing could be read come as far as the marks; NOT IN would join all of them with a list.
    broken = f"({typed} IS NULL AND {text} IS NOT NULL AND NOT regexp_full_match({text}, {literal(_EMPTY)}))"
    return Rule(column, f"unreadable_{'date' if kind in DATES else 'number'}", _RIGHT[kind], broken)


def number_rules(column: str, typed: str, target: str, kind: str) -> Iterator[Rule]:
    """Not a finite number; negative where nothing negative can be."""
    if kind in {"number", "share", "percent"}:
        yield Rule(column, "not_finite", _RIGHT[kind], f"NOT isfinite({typed})")
    if target not in SIGNED:
        right = f"{target.replace('_', ' ')} cannot be negative; send credits as revenue, or correct the row"
        yield Rule(column, f"negative_{target}", right, f"{typed} < 0")


def id_rule(column: str, text: str) -> Rule:
    """An id that a spreadsheet turned into 2.38E+16 has lost digits that nobody can give back."""
    # The cheap test stands first: a clean file never runs the regular expression.
    scientific = f"(contains({text}, '+') AND regexp_full_match({text}, '\\d(\\.\\d+)?[eE]\\+\\d+'))"
    broken = f"({scientific} OR contains({text}, chr(31)) OR contains({text}, chr(0)))"
    return Rule(column, "damaged_id", "export the column as text, with all its digits", broken)


def date_rules(column: str | None, today: date, unreadable: Sequence[Rule]) -> Iterator[Rule]:
    """On `date_from` and `date_to` as typed. Where one of `unreadable` is broken a date is there, if none to read."""
    latest = today + timedelta(days=1)  # an account east of UTC is a day ahead
    yield Rule(column, "missing_date", "give each row a date, or send date_range_start and date_range_end",
               " AND ".join(["date_from IS NULL", *(f"NOT {rule.broken}" for rule in unreadable)]))  # fmt: skip
    yield Rule(column, "future_date", f"facts end today, {today}", f"date_to > DATE '{latest}'",
               "CAST(date_to AS VARCHAR)")  # fmt: skip
    yield Rule(column, "implausible_date", f"the earliest day is {EARLIEST}", f"date_from < DATE '{EARLIEST}'",
               "CAST(date_from AS VARCHAR)")  # fmt: skip
    yield Rule(column, "dates_reversed", "the last day comes before the first", "date_to < date_from",
               "CAST(date_to AS VARCHAR)")  # fmt: skip


def problems_sql(rules: list[Rule]) -> str:
    """The rules a row breaks, one bit each, as SQL."""
    first, *others = rules
    bits = (f"CASE WHEN {rule.broken} THEN {1 << bit}::BIGINT ELSE 0::BIGINT END" for bit, rule in enumerate(others, 1))
    # A row that could not be read at all breaks that rule and no other. Most rows break none, and end at its ELSE.
    return (
        f"CASE WHEN {first.broken} THEN 1::BIGINT WHEN {' OR '.join(rule.broken for rule in others) or 'false'} "
        f"THEN {' + '.join(bits) or '0::BIGINT'} ELSE 0::BIGINT END"
    )


CREATE_QUARANTINE = (
    "CREATE OR REPLACE TEMP TABLE quarantined "
    "(source_row BIGINT, column_name VARCHAR, code VARCHAR, message VARCHAR, raw VARCHAR)"
)


def quarantine(con: duckdb.DuckDBPyConnection, *, table: str, row: str, rules: list[Rule], raw: str) -> int:
    """Move the rows of `table` that broke a rule into `quarantined`, one line per rule; returns the rows moved.

    `row` is a row's number, in SQL; `raw` the table in which the row as it came is found by its number in `__row`. It
    is read only where a rule is broken.
    """
    found = con.execute(f"SELECT bit_or(problems), count(*) FROM {table} WHERE problems <> 0").fetchone()
    mask, count = found or (0, 0)
    if not count:
        return 0
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE broken_rows AS SELECT {ROW} AS number, {FAULT} AS fault, "
        f"{as_it_came('r')} AS raw FROM (SELECT * FROM {raw}) AS r "
        f"WHERE {ROW} IN (SELECT {row} FROM {table} WHERE problems <> 0)"
    )
    for bit, rule in enumerate(rules):
        if mask >> bit & 1:
            con.execute(
                f"INSERT INTO quarantined SELECT number, ?, ?, {_message_sql(rule)}, raw "
                f"FROM (SELECT *, {row} AS place FROM {table} WHERE problems & {1 << bit} <> 0) AS t "
                "JOIN broken_rows ON number = place",
                [rule.column, rule.code],
            )
    con.execute(f"DELETE FROM {table} WHERE problems <> 0")
    return int(count)


def _message_sql(rule: Rule) -> str:
    what = rule.code.replace("_", " ")
    if rule.value is None and rule.column is None:
        return f"coalesce(fault, {literal(f'{what.capitalize()}: {rule.right}.')})"
    shown = rule.value or f"json_extract_string(raw, {literal(_pointer(rule.column or ''))})"
    where = f" in {rule.column}" if rule.column else ""
    before, after = literal(f"{what.capitalize()}{where}: "), literal(_sentence(rule.right))
    return f"{before} || '\"' || left(coalesce({shown}, ''), 200) || '\". ' || {after}"


def _pointer(name: str) -> str:
    """A member of a JSON object (RFC 6901): unlike a path, a pointer can name every one."""
    return "/" + name.replace("~", "~0").replace("/", "~1")


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."
