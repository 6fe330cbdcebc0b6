"""Orders: the shop's own word on what was sold, with every batch's word kept.

What an order is now is what the newest standing batch said of it (a refund, a corrected amount: the file is loaded
again). A row that says what is so already is not written again.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import reduce
from operator import and_
from typing import Any, Final

import duckdb
import ibis
from ibis.expr import types as ir

from kalends.base.warehouse import TenantWarehouse

TABLE: Final = "orders"
_MONEY: Final = "decimal(18, 6)"
SCHEMA: Final = ibis.schema(
    {
        "order_id": "!string",
        "date": "!date",
        "ordered_at": "timestamp('UTC')",
        "market": "!string",
        "channel": "!string",
        "gross": _MONEY,
        "net": _MONEY,
        "refunds": _MONEY,
        "currency": "!string",
        "customer": "string",
        "batch_seq": "!int64",
        "source_row": "!int64",
    }
)
"""`date` is the shop's own day, as it wrote it; `ordered_at` the instant where it wrote an offset. `customer`: new,
returning or null. `channel`: the shop's hint at where the buyer came from."""
SAID: Final = tuple(name for name in SCHEMA if name not in {"order_id", "batch_seq", "source_row"})


def current(warehouse: TenantWarehouse, *, version: int | None = None) -> ir.Table:
    """The orders as known at `version` (now, without one): of each the newest standing batch's row."""
    rows, retractions = warehouse.table(TABLE), warehouse.table("retractions")
    if version is not None:
        rows = rows.filter(rows.batch_seq <= version)
        retractions = retractions.filter(retractions.batch_seq <= version)
    return _newest(rows, retractions)


def _newest(rows: ir.Table, retractions: ir.Table) -> ir.Table:
    standing = rows.anti_join(retractions, rows.batch_seq == retractions.retracted_seq)
    newest = ibis.window(group_by="order_id", order_by=ibis.desc("batch_seq"))
    numbered = standing.mutate(place=ibis.row_number().over(newest))
    return numbered.filter(numbered.place == 0).drop("place")


def apply(
    warehouse: TenantWarehouse,
    con: duckdb.DuckDBPyConnection,
    *,
    batch_seq: int,
    currency: str,
    place: int | None = None,
) -> int:
    """Write the staged orders that say something new; gives how many. `currency`: of orders that name none.

    What an earlier attempt of this batch wrote is removed first. `place`: the number of the batch whose payload is read
    again; what later ones said stays.
    """
    if warehouse.exists(TABLE):
        warehouse.delete(TABLE, lambda table: table.batch_seq == batch_seq)
    rows = con.execute(
        "SELECT * REPLACE (coalesce(currency, $currency) AS currency), $seq::BIGINT AS batch_seq FROM orders_staged",
        {"seq": batch_seq, "currency": currency},
    ).to_arrow_table()
    if not rows.num_rows:
        return 0
    warehouse.create(TABLE, SCHEMA)
    warehouse.stage("incoming_orders", rows.select(list(SCHEMA)), schema=SCHEMA)
    incoming = warehouse.table("incoming_orders")
    # Without what has been taken back since: a batch is written again when the one that it repeated is.
    earlier = warehouse.table(TABLE).filter(lambda table: table.batch_seq < batch_seq)
    known = _newest(earlier, warehouse.table("retractions"))
    is_said = reduce(and_, (incoming[column].identical_to(known[column]) for column in SAID))
    is_later = known.batch_seq > (batch_seq if place is None else place)
    fresh = incoming.anti_join(known, [incoming.order_id == known.order_id, is_said | is_later])
    return warehouse.append(TABLE, warehouse.to_arrow(fresh))


def retract(warehouse: TenantWarehouse, *, batch_seq: int) -> int:
    """How many rows no longer count because `batch_seq` was taken back (`retractions` says so already)."""
    if not warehouse.exists(TABLE):
        return 0
    rows = warehouse.table(TABLE)
    return int(rows.filter(rows.batch_seq == batch_seq).count().execute())


def by_day(warehouse: TenantWarehouse, *, first: date, last: date, version: int | None = None) -> list[dict[str, Any]]:
    """Sums per day, market, channel and currency, both days included: orders, new_customers, returning_customers,
    gross, net, refunds. An amount that no order of the group has is null.
    """
    if not warehouse.exists(TABLE):
        return []
    rows = current(warehouse, version=version)
    rows = rows.filter(rows.date >= first, rows.date <= last)
    sums = rows.group_by(["date", "market", "channel", "currency"]).aggregate(
        orders=rows.count(),
        new_customers=(rows.customer == "new").sum(),
        returning_customers=(rows.customer == "returning").sum(),
        **{name: rows[name].sum() for name in ("gross", "net", "refunds")},
    )
    found: list[dict[str, Any]] = warehouse.to_arrow(sums.order_by("date", "market", "channel", "currency")).to_pylist()
    return found


def revenue_of(row: dict[str, Any]) -> Decimal | None:
    """What a group of orders took: gross, which is what platforms count, too; net where the shop says only that."""
    amount: Decimal | None = row["gross"] if row["gross"] is not None else row["net"]
    return amount
