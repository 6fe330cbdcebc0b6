"""Series: what is no platform's report (a KPI by week, a price index), with every batch's word kept.

The value now is what the newest standing batch said; see kalends.marketing.said.
"""

from __future__ import annotations

from typing import Final

import duckdb
import ibis
import pyarrow as pa

from kalends.base.warehouse import TenantWarehouse
from kalends.marketing import said
from kalends.marketing.records import SERIES_SCHEMA
from kalends.marketing.said import Kind

KIND: Final = Kind(
    table="series",
    schema=SERIES_SCHEMA,
    key=("name", "metric", "geo", "date_from", "date_to"),
    said=("role", "channel", "value", "unit"),
    counted="series",
)


def current(warehouse: TenantWarehouse, *, version: int | None = None) -> ibis.Table:
    """The series' rows as known at `version` (now, without one): per key the newest standing batch's."""
    return said.newest(warehouse, KIND, version=version)


def staged(con: duckdb.DuckDBPyConnection, *, batch_seq: int) -> pa.Table:
    """The staged series as rows of the batch."""
    return con.execute(
        "SELECT * REPLACE (coalesce(geo, '') AS geo), $seq::BIGINT AS batch_seq FROM series_staged", {"seq": batch_seq}
    ).to_arrow_table()


def apply(warehouse: TenantWarehouse, con: duckdb.DuckDBPyConnection, *, batch_seq: int) -> int:
    """Write the staged series that say something new, instead of what an earlier attempt wrote; gives how many of the
    file's rows brought some.
    """
    fresh = said.write(warehouse, KIND, staged(con, batch_seq=batch_seq), batch_seq=batch_seq)
    return len(set(fresh.column("source_row").to_pylist()))
