"""Fingerprints of a mapped row: which thing it is about (`key_hash`), and what it says (`row_hash`).

`key_hash` is the MD5 of all key columns, each preceded by its length in bytes, so that ('ab', 'c') and ('a', 'bc')
differ; it is the same on every engine. `row_hash` covers every other value and is compared only with rows of the same
key, so 64 bits are enough; each engine uses its own fast function, and a move between engines makes it anew.
"""

from __future__ import annotations

from functools import cache

import ibis

from kalends.base.warehouse import TenantWarehouse
from kalends.marketing.records import DATES, KEY, STAGED_SCHEMA, VALUES

BYTES = {"duckdb": "strlen", "postgres": "octet_length"}
DELETED = 0  # the row_hash of a tombstone


def key_hash(*, engine: str) -> str:
    """The key's hash as SQL over the key columns."""
    return f"CAST(md5({' || '.join(_part(column, engine=engine) for column in KEY)}) AS UUID)"


def row_hash(*, engine: str) -> str:
    """The hash of all other values as SQL over the value columns, which must have their declared types."""
    values = ", ".join(VALUES)
    if engine == "postgres":
        return f"hash_record_extended(ROW({values}), 0)"
    return f"CAST(hash({values}) >> 1 AS BIGINT)"  # unsigned there; a shift keeps it in range


@cache
def select_staged(source: str, *, engine: str) -> str:
    """A query that gives `source` (a table or a bracketed query with the KEY, VALUES and `source_row` columns) its
    declared types and its fingerprints: what `versions.apply_batch` takes.
    """
    columns = [column for column in STAGED_SCHEMA if column not in {"key_hash", "row_hash"}]
    typed = ", ".join(_typed(column, engine=engine) for column in columns)
    hashes = f"{key_hash(engine=engine)} AS key_hash, {row_hash(engine=engine)} AS row_hash"
    return f"SELECT {', '.join((*KEY, *VALUES))}, {hashes}, source_row FROM (SELECT {typed} FROM {source}) AS typed"  # noqa: S608 (declared names)


def stage(tenant: TenantWarehouse, *, source: str, name: str = "staged") -> None:
    """Put the rows of `source` (see `select_staged`) into the temporary table `name`."""
    tenant.stage_query(name, select_staged(source, engine=tenant.engine))


def _part(column: str, *, engine: str) -> str:
    """One part of the key as text of known length. A date's text has ten characters always."""
    if column in DATES:
        return f"CAST({column} AS VARCHAR)"
    return f"{BYTES[engine]}(coalesce({column}, '')) || ':' || coalesce({column}, '')"


def _typed(column: str, *, engine: str) -> str:
    (declared,) = ibis.schema({column: STAGED_SCHEMA[column]}).to_sqlglot_column_defs(engine)
    kind = declared.kind.sql(engine)
    if column in KEY and column not in DATES:
        return f"coalesce(CAST({column} AS {kind}), '') AS {column}"
    return f"CAST({column} AS {kind}) AS {column}"
