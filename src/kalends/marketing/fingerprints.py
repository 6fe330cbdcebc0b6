"""Fingerprints of a mapped row: which thing it is about (`key_hash`), and what it says (`row_hash`).

`key_hash` is the MD5 of all key columns, each preceded by its length in bytes, so that ('ab', 'c') and ('a', 'bc')
differ, whatever characters the texts hold. `row_hash` covers every other value and is compared only with rows of the
same key, so 64 bits are enough. Both are made in DuckDB, where files are mapped whatever the warehouse: so they are the
same in every warehouse.
"""

from __future__ import annotations

from functools import cache

import ibis
import pyarrow as pa

from kalends.base.warehouse import TenantWarehouse
from kalends.marketing.records import DATES, KEY, STAGED_SCHEMA, VALUES

DELETED = 0  # the row_hash of a tombstone
_MADE = frozenset({"key_hash", "row_hash", "raw_hash"})


def key_hash() -> str:
    """The key's hash as DuckDB's SQL over the key columns."""
    return f"CAST(md5({' || '.join(_part(column) for column in KEY)}) AS UUID)"


def row_hash() -> str:
    """The hash of all other values as DuckDB's SQL over the value columns, which must have their declared types."""
    return f"CAST(hash({', '.join(VALUES)}) >> 1 AS BIGINT)"  # unsigned there; a shift keeps it in range


@cache
def select_staged(source: str) -> str:
    """A query that gives `source` (a table or a bracketed query with the KEY, VALUES and `source_row` columns) its
    declared types and its fingerprints: what `versions.apply_batch` takes.
    """
    typed = ", ".join(_typed(column) for column in STAGED_SCHEMA if column not in _MADE)
    hashes = f"{key_hash()} AS key_hash, {row_hash()} AS row_hash"
    own = f"{', '.join((*KEY, *VALUES))}, {hashes}, source_row, NULL::BIGINT AS raw_hash"
    return f"SELECT {own} FROM (SELECT {typed} FROM {source}) AS typed"  # noqa: S608 (declared names)


def stage(tenant: TenantWarehouse, *, rows: pa.Table, name: str = "staged") -> None:
    """Put `rows` (the KEY, VALUES and `source_row` columns) into the temporary table `name`, fingerprinted."""
    with tenant.scratch() as con:
        con.register("_unstamped", rows)
        try:
            stamped = con.execute(select_staged("_unstamped")).to_arrow_table()
        finally:
            con.unregister("_unstamped")
    tenant.stage(name, stamped, schema=STAGED_SCHEMA)


def _part(column: str) -> str:
    """One part of the key as text of known length. A date's text has ten characters always."""
    if column in DATES:
        return f"CAST({column} AS VARCHAR)"
    return f"strlen(coalesce({column}, '')) || ':' || coalesce({column}, '')"


def _typed(column: str) -> str:
    (declared,) = ibis.schema({column: STAGED_SCHEMA[column]}).to_sqlglot_column_defs("duckdb")
    kind = declared.kind.sql("duckdb")
    if column in KEY and column not in DATES:
        return f"coalesce(CAST({column} AS {kind}), '') AS {column}"
    return f"CAST({column} AS {kind}) AS {column}"
