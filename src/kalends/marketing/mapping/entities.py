# ruff: noqa: S608  # SQL is built of quoted column names and our own expressions; values are bound or escaped
"""Rows that only name something: campaigns, ad sets, ads, accounts, flows. They give names, and what things are in,
never facts.
"""

from __future__ import annotations

from itertools import chain

import duckdb

from kalends.base.reading.documents import snake
from kalends.marketing.mapping.cells import TEXT_KINDS
from kalends.marketing.mapping.fields import Entity, Mapping
from kalends.marketing.reading import ROW, RawTable, as_it_came, quoted

CREATE_NAMED = (
    "CREATE OR REPLACE TEMP TABLE named "
    "(level VARCHAR, entity_id VARCHAR, account_id VARCHAR, name VARCHAR, source_row BIGINT)"
)


def entity_of(table: RawTable, mapping: Mapping) -> Entity | None:
    """What the table's rows name, told by their columns; None where they name nothing that is known."""
    names = {snake(column) for column in table.columns}
    for entity in mapping.entities:
        has_id, says = names & set(entity.entity_id), names & {*entity.name, *chain(*entity.above.values())}
        if has_id and says and names >= set(entity.needs) and not names & set(entity.without):
            return entity
    return None


def stage_names(con: duckdb.DuckDBPyConnection, table: RawTable, mapping: Mapping, entity: Entity) -> tuple[int, int]:
    """Fill `named`; returns the rows that name something and the rows (now in `quarantined`) that have no id."""
    by_name = {snake(column): column for column in table.columns}
    accounts = tuple(name for field in mapping.fields if field.target == "account_id" for name in field.sources)
    ids = _first(by_name, entity.entity_id, _kind(mapping, f"{entity.level}_id"))
    account = _first(by_name, accounts, _kind(mapping, "account_id"))
    said = {entity.level: _first(by_name, entity.name, "text")} | {
        f"{entity.level}.{column}": _first(by_name, sources, _kind(mapping, column))
        for column, sources in entity.above.items()
    }
    told = ", ".join(f"{value} AS {quoted(level)}" for level, value in said.items())
    source = (
        f"(SELECT {ids} AS entity_id, {account} AS account_id, {told}, {ROW} AS n, "
        f"{as_it_came('t')} AS raw FROM (SELECT * FROM {table.relation}) AS t)"
    )
    for level in said:
        named = con.execute(
            f"INSERT INTO named SELECT ?, entity_id, coalesce(account_id, ''), {quoted(level)}, n FROM {source} "
            "WHERE entity_id IS NOT NULL",
            [level],
        ).fetchone()
    unnamed = con.execute(
        f"INSERT INTO quarantined SELECT n, NULL, 'missing_id', 'Missing id: a name needs the id it belongs to.', raw "
        f"FROM {source} WHERE entity_id IS NULL"
    ).fetchone()
    return int(named[0]) if named else 0, int(unnamed[0]) if unnamed else 0


def _kind(mapping: Mapping, column: str) -> str:
    """How figures' rows read the ids of a column, so that names are of the same ids."""
    return next((field.kind for field in mapping.fields if field.target == column), "text")


def _first(by_name: dict[str, str], names: tuple[str, ...], kind: str) -> str:
    """The first of these columns that the table has and that is filled, read as a kind of text."""
    found = [TEXT_KINDS[kind].format(quoted(by_name[name])) for name in names if name in by_name]
    return f"coalesce({', '.join(found)})" if found else "NULL::VARCHAR"
