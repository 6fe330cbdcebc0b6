"""Names of accounts, campaigns, ad groups and ads from files that hold names only, with every batch's word kept."""

from __future__ import annotations

import duckdb
import ibis

from kalends.base.warehouse import TenantWarehouse

TABLE = "entity_names"
SCHEMA = ibis.schema(
    {
        "level": "!string",
        "account_id": "!string",
        "entity_id": "!string",
        "name": "!string",
        "batch_seq": "!int64",
        "source_row": "!int64",
    }
)
KEY = ("level", "account_id", "entity_id")


def current(warehouse: TenantWarehouse, *, version: int) -> ibis.Table:
    """Per entity the name that the newest standing batch up to `version` gave it."""
    rows, retractions = warehouse.table(TABLE), warehouse.table("retractions")
    rows = rows.filter(rows.batch_seq <= version)
    retractions = retractions.filter(retractions.batch_seq <= version)
    standing = rows.anti_join(retractions, rows.batch_seq == retractions.retracted_seq)
    newest = ibis.window(group_by=list(KEY), order_by=ibis.desc("batch_seq"))
    numbered = standing.mutate(place=ibis.row_number().over(newest))
    return numbered.filter(numbered.place == 0).drop("place")


def apply(
    warehouse: TenantWarehouse, con: duckdb.DuckDBPyConnection, *, batch_seq: int, place: int | None = None
) -> int:
    """Write the staged names that are new; gives how many. What an earlier attempt wrote is removed first. `place`: the
    number of the batch whose payload is read again; what later ones said stays.
    """
    warehouse.create(TABLE, SCHEMA)
    warehouse.delete(TABLE, lambda table: table.batch_seq == batch_seq)
    rows = con.execute(
        "SELECT level, coalesce(account_id, '') AS account_id, entity_id, name, $seq::BIGINT AS batch_seq,"
        " min(source_row)::BIGINT AS source_row FROM named WHERE name IS NOT NULL GROUP BY ALL",
        {"seq": batch_seq},
    ).to_arrow_table()
    if not rows.num_rows:
        return 0
    warehouse.stage("incoming_names", rows, schema=SCHEMA)
    incoming = warehouse.table("incoming_names")
    known = current(warehouse, version=batch_seq - 1)
    later = known.filter(known.batch_seq > (batch_seq if place is None else place))
    incoming = incoming.anti_join(later, [incoming[column] == later[column] for column in KEY])
    same = [incoming[column] == known[column] for column in (*KEY, "name")]
    return warehouse.append(TABLE, warehouse.to_arrow(incoming.anti_join(known, same)))


def retract(warehouse: TenantWarehouse, *, batch_seq: int) -> int:
    """How many names no longer count because `batch_seq` was taken back (`retractions` says so already)."""
    if not warehouse.exists(TABLE):
        return 0
    rows = warehouse.table(TABLE)
    return int(rows.filter(rows.batch_seq == batch_seq).count().execute())
