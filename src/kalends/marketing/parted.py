# ruff: noqa: S608  # SQL is built of our own names, counts and the plan's select; values are bound or escaped
"""A table that is read in place, one part of its payload after the other, becomes staged rows."""

from __future__ import annotations

import duckdb

from kalends.marketing.known import KnownRows, numbered
from kalends.marketing.mapping.compiler import Plan
from kalends.marketing.reading import ROW, PatternError, RawTable, SlowWayError, create_raw

PLACE = "coalesce(source_row, rowid + 1)"
"""The number of a staged row in its payload: where it does not say, its place in the table is its place there."""


def stage_parts(con: duckdb.DuckDBPyConnection, name: str, table: RawTable, plan: Plan, known: KnownRows) -> None:
    """Make the temp table `name` of the plan's rows, all but those that are known, and `raw_broken` of the rows that
    broke a rule, as they came.

    Raises what the table's `mismatch` means, SlowWayError, UnseenColumnsError and NotKnownError: begin again.
    """
    create_raw(con, "raw_broken", table.columns)
    begin, before = f"CREATE OR REPLACE TEMP TABLE {name} AS", 0
    try:
        while table.advance():
            rows = f"SELECT *, NULL::BIGINT AS source_row FROM ({plan.select})"
            raw = f"SELECT *, {before} + row_number() OVER () AS {ROW} FROM {table.relation}"
            if before and known.are_most(name):
                if not known.leave_out(table, plan.select):
                    continue
                raw = numbered(table.relation)
                rows = f"SELECT * RENAME ({ROW} AS source_row) FROM ({numbered(f'({plan.select})')})"
            (added,) = con.execute(f"{begin} {rows}").fetchall()[0]
            _look_back(con, name, plan, raw, before=before)
            begin, before = f"INSERT INTO {name}", before + added
    except duckdb.InvalidInputException as error:
        raise table.mismatch from error  # a row is of another shape than the mapping reads in place
    except (duckdb.NotImplementedException, duckdb.BinderException) as error:
        if table.mismatch is PatternError:
            raise PatternError from error  # names that no type of DuckDB's can have, such as two that differ in case
        raise


def _look_back(con: duckdb.DuckDBPyConnection, name: str, plan: Plan, raw: str, *, before: int) -> None:
    """While the part is in place, keep the rows that broke a rule as they came, out of its rows `raw`. Nested cells,
    and cells that only the whole file's notation can settle, need the slow way. `before`: the rows of earlier parts.
    """
    new = f"FROM {name} WHERE rowid >= {before} AND problems <> 0"
    broken = con.execute(f"SELECT coalesce(bit_or(problems), 0) {new}").fetchall()[0][0]
    unread = sum(1 << bit for bit, rule in enumerate(plan.rules) if rule.code.startswith("unreadable"))
    if broken & (unread | plan.nested_bit):
        raise SlowWayError
    if broken:
        con.execute(f"INSERT INTO raw_broken BY NAME SELECT * FROM ({raw}) WHERE {ROW} IN (SELECT {PLACE} {new})")
