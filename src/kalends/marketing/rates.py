"""Exchange rates by day, each with its source. A day without a rate has none: amounts stay null, never rate 1.

Rates come as a batch of their own, so that they have a version and a payload to trace them to. Of several rates for one
day, pair and source the newest batch's holds.
"""

from __future__ import annotations

from typing import Any, Final

import ibis
import orjson
import pyarrow as pa

from kalends.base.warehouse import TenantWarehouse

TABLE: Final = "rates"
SCHEMA: Final = ibis.schema(
    {
        "date": "!date",
        "base": "!string",
        "quote": "!string",
        "rate": "!decimal(18, 9)",
        "source": "!string",
        "batch_seq": "!int64",
    }
)
"""`rate` units of `quote` for one unit of `base` on `date`."""
KEY: Final = ("date", "base", "quote", "source")
TEXT_SCHEMA: Final = pa.schema([(name, pa.int64() if name == "batch_seq" else pa.string()) for name in SCHEMA])


def apply(warehouse: TenantWarehouse, payload: bytes, *, batch_seq: int) -> tuple[int, int]:
    """Write the rates of a payload (JSON: a list of date, base, quote, rate, source); gives (received, new or changed).

    What an earlier attempt of this batch wrote is removed first.
    """
    warehouse.create(TABLE, SCHEMA)
    warehouse.delete(TABLE, lambda table: table.batch_seq == batch_seq)
    said: list[dict[str, Any]] = [{**row, "batch_seq": batch_seq} for row in orjson.loads(payload)]
    rows = pa.Table.from_pylist(said, schema=TEXT_SCHEMA)
    warehouse.stage("incoming_rates", rows, schema=SCHEMA)
    incoming = warehouse.table("incoming_rates")
    newest = ibis.window(group_by=list(KEY), order_by=ibis.desc("batch_seq"))
    numbered = warehouse.table(TABLE).mutate(place=ibis.row_number().over(newest))
    known = numbered.filter(numbered.place == 0)
    same = [incoming[column] == known[column] for column in (*KEY, "rate")]
    fresh = warehouse.to_arrow(incoming.anti_join(known, same))
    warehouse.append(TABLE, fresh)
    return rows.num_rows, fresh.num_rows
