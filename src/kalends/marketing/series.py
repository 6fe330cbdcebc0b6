"""Series: what is no platform's report (a KPI by week, a price index), with every batch's word kept.

The value now is what the newest standing batch said. A row that says what is so already is not written again.
"""

from __future__ import annotations

from functools import reduce
from operator import and_

import duckdb
import ibis

from kalends.base.warehouse import TenantWarehouse
from kalends.marketing.records import SERIES_SCHEMA

SERIES_KEY = ("name", "metric", "geo", "date_from", "date_to")
SAID = ("role", "channel", "value", "unit")


def current(warehouse: TenantWarehouse, *, version: int | None = None) -> ibis.Table:
    """The series' rows as known at `version` (now, without one): per key the newest standing batch's."""
    rows, retractions = warehouse.table("series"), warehouse.table("retractions")
    if version is not None:
        rows = rows.filter(rows.batch_seq <= version)
        retractions = retractions.filter(retractions.batch_seq <= version)
    return _newest(rows, retractions)


def _newest(rows: ibis.Table, retractions: ibis.Table) -> ibis.Table:
    standing = rows.anti_join(retractions, rows.batch_seq == retractions.retracted_seq)
    newest = ibis.window(group_by=list(SERIES_KEY), order_by=ibis.desc("batch_seq"))
    numbered = standing.mutate(place=ibis.row_number().over(newest))
    return numbered.filter(numbered.place == 0).drop("place")


def apply(
    warehouse: TenantWarehouse, con: duckdb.DuckDBPyConnection, *, batch_seq: int, place: int | None = None
) -> int:
    """Write the staged series that say something new; gives how many of the file's rows brought some.

    What an earlier attempt of this batch wrote is removed first. `place`: the number of the batch whose payload is read
    again; what later ones said stays.
    """
    warehouse.delete("series", lambda table: table.batch_seq == batch_seq)
    rows = con.execute(
        "SELECT * REPLACE (coalesce(geo, '') AS geo), $seq::BIGINT AS batch_seq FROM series_staged", {"seq": batch_seq}
    ).to_arrow_table()
    if not rows.num_rows:
        return 0
    warehouse.stage("incoming_series", rows, schema=SERIES_SCHEMA)
    incoming = warehouse.table("incoming_series")
    # Without what has been taken back since: a batch is written again when the one that it repeated is.
    earlier = warehouse.table("series").filter(lambda table: table.batch_seq < batch_seq)
    known = _newest(earlier, warehouse.table("retractions"))
    is_same = [incoming[column].identical_to(known[column]) for column in SERIES_KEY]
    is_said = reduce(and_, (incoming[column].identical_to(known[column]) for column in SAID))
    is_later = known.batch_seq > (batch_seq if place is None else place)
    fresh = warehouse.to_arrow(incoming.anti_join(known, [*is_same, is_said | is_later]))
    warehouse.append("series", fresh)
    return len(set(fresh.column("source_row").to_pylist()))


def retract(warehouse: TenantWarehouse, *, batch_seq: int) -> int:
    """How many rows no longer count because `batch_seq` was taken back (`retractions` says so already)."""
    rows = warehouse.table("series")
    return int(rows.filter(rows.batch_seq == batch_seq).count().execute())
