# ruff: noqa: S608  # SQL is built of quoted column names and our own expressions; values are bound or escaped
"""A wide table's number columns become rows of `series_staged`, each cell with its row's date and place."""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from dataclasses import dataclass

import duckdb

from kalends.marketing.mapping import notation
from kalends.marketing.mapping.cells import EMPTY_MARKS, date_sql
from kalends.marketing.mapping.notation import WrittenDays
from kalends.marketing.mapping.wide import Series, Wide, wide_layout
from kalends.marketing.reading import ROW, RawTable, literal, quoted

CREATE_SERIES = (
    "CREATE OR REPLACE TEMP TABLE series_staged (name VARCHAR, role VARCHAR, metric VARCHAR, channel VARCHAR, "
    "date_from DATE, date_to DATE, geo VARCHAR, value DOUBLE, unit VARCHAR, source_row BIGINT)"
)
MAX_WIDE_COLUMNS = 1_000  # every one of them becomes a row per date


@dataclass(frozen=True)
class Unpivoted:
    """Rows of the file, rows without a date or with an unreadable number, values that became series rows, and how days
    are written.
    """

    received: int
    quarantined: int
    series: int
    days: WrittenDays


def layout_of(con: duckdb.DuckDBPyConnection, table: RawTable, corrections: Dictionary[str, str | None]) -> Wide | None:
    """How the table is wide, if it is."""
    if not table.is_table or len(table.columns) > MAX_WIDE_COLUMNS:
        return None
    return wide_layout(table.columns, _numeric(con, table), corrections=corrections)


def _numeric(con: duckdb.DuckDBPyConnection, table: RawTable) -> frozenset[str]:
    """Columns with a number in at least nine of ten filled cells, and in one at least."""
    tests = ", ".join(
        f"count(TRY_CAST({quoted(c)} AS DOUBLE)) > 0 "
        f"AND count(TRY_CAST({quoted(c)} AS DOUBLE)) >= 0.9 * count({quoted(c)})"
        for c in table.columns
    )
    found = con.execute(f"SELECT {tests} FROM {table.relation}").fetchone() or ()
    return frozenset(column for column, is_numeric in zip(table.columns, found, strict=True) if is_numeric)


def stage_series(con: duckdb.DuckDBPyConnection, table: RawTable, wide: Wide, day_order: str | None) -> Unpivoted:
    """Fill `series_staged`; a row with an unreadable date or number is quarantined whole."""
    days = notation.written_days(con, table, [wide.date], told=day_order)
    day = date_sql(quoted(wide.date), days.orders.get(wide.date))
    place = f"coalesce({quoted(wide.place)}, '')" if wide.place else "''"
    fault = f"CASE WHEN {day} IS NULL THEN {literal(wide.date)} {_faults(wide.series)} END"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE wide_rows AS SELECT *, {day} AS __day, {place} AS __geo, {fault} AS __bad, "
        f"{ROW} AS __n FROM {table.relation}"
    )
    con.execute(
        "INSERT INTO quarantined SELECT __n, __bad, 'unreadable_cell', 'Unreadable cell in ' || __bad || "
        "': write a date like 2024-03-31 and numbers like 1234.5.', "
        f"CAST(to_json({{{', '.join(f'{literal(c)}: {quoted(c)}' for c in table.columns)}}}) AS VARCHAR) "
        "FROM wide_rows WHERE __bad IS NOT NULL"
    )
    last = _last_day(con)
    for series in wide.series:
        con.execute(
            f"INSERT INTO series_staged "
            f"SELECT ?, ?, ?, ?, __day, {last}, __geo, CAST({quoted(series.column)} AS DOUBLE), "
            f"?, __n FROM wide_rows WHERE __bad IS NULL AND TRY_CAST({quoted(series.column)} AS DOUBLE) IS NOT NULL",
            [series.column, series.role, series.metric, series.channel, series.unit],
        )
    counts = con.execute(
        "SELECT count(*), count(__bad), (SELECT count(*) FROM series_staged) FROM wide_rows"
    ).fetchone()
    received, quarantined, values = counts or (0, 0, 0)
    return Unpivoted(received, quarantined, values, days)


def _faults(series: tuple[Series, ...]) -> str:
    marks = ", ".join(map(literal, EMPTY_MARKS))
    tests = []
    for one in series:
        cell, number = quoted(one.column), f"TRY_CAST({quoted(one.column)} AS DOUBLE)"
        bad = f"({number} IS NULL AND {cell} NOT IN ({marks})) OR NOT isfinite({number})"
        tests.append(f"WHEN {bad} THEN {literal(one.column)}")
    return " ".join(tests)


def _last_day(con: duckdb.DuckDBPyConnection) -> str:
    """The last day of a row's span, from the smallest distance of two dates: a day, a week, or a month."""
    found = con.execute(
        "SELECT min(gap) FROM (SELECT __day - lag(__day) OVER (ORDER BY __day) AS gap "
        "FROM (SELECT DISTINCT __day FROM wide_rows WHERE __bad IS NULL))"
    ).fetchone()
    gap = found[0] if found and found[0] else 1
    if gap in range(28, 32):
        return "CAST(__day + INTERVAL 1 MONTH - INTERVAL 1 DAY AS DATE)"
    return f"__day + {6 if gap == 7 else 0}"  # a week
