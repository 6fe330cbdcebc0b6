"""Exchange rates by day, each with its source. A day without a rate has none: amounts stay null, never rate 1.

Rates come as a batch of their own, so that they have a version and a payload to trace them to. Of several rates for one
day, pair and source the newest batch's holds; which of two in one payload is right, nobody can tell: neither counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

import ibis
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


def told_apart(rows: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], dict[int, dict[str, Any]]]:
    """Rates (date, base, quote, rate, source), each once; and, by their number, those beside which another one says
    something else.
    """
    said: dict[tuple[str, ...], set[Decimal]] = {}
    for row in rows:
        said.setdefault(_key(row), set()).add(Decimal(str(row["rate"])))
    once = {_key(row): row for row in rows if len(said[_key(row)]) == 1}
    return list(once.values()), {n: row for n, row in enumerate(rows, 1) if len(said[_key(row)]) > 1}


def _key(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(row[name] for name in KEY)


def apply(warehouse: TenantWarehouse, told: Sequence[dict[str, Any]], *, batch_seq: int) -> int:
    """Write the rates that say something new; gives how many. What an earlier attempt of this batch wrote is removed
    first.
    """
    warehouse.create(TABLE, SCHEMA)
    warehouse.delete(TABLE, lambda table: table.batch_seq == batch_seq)
    rows = pa.Table.from_pylist([{**row, "batch_seq": batch_seq} for row in told], schema=TEXT_SCHEMA)
    warehouse.stage("incoming_rates", rows, schema=SCHEMA)
    incoming = warehouse.table("incoming_rates")
    newest = ibis.window(group_by=list(KEY), order_by=ibis.desc("batch_seq"))
    numbered = warehouse.table(TABLE).mutate(place=ibis.row_number().over(newest))
    known = numbered.filter(numbered.place == 0)
    same = [incoming[column] == known[column] for column in (*KEY, "rate")]
    fresh = warehouse.to_arrow(incoming.anti_join(known, same))
    return warehouse.append(TABLE, fresh)
