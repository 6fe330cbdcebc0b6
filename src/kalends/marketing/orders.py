"""Orders: the shop's own word on what was sold, with every batch's word kept.

What an order is now is what the newest standing batch said of it (a refund, a corrected amount: the file is loaded
again); see kalends.marketing.said.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Final

import duckdb
import ibis
import pyarrow as pa
from ibis.expr import types as ir

from kalends.base.warehouse import TenantWarehouse
from kalends.marketing import said
from kalends.marketing.said import Kind

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
KIND: Final = Kind(
    table=TABLE,
    schema=SCHEMA,
    key=("order_id",),
    said=tuple(name for name in SCHEMA if name not in {"order_id", "batch_seq", "source_row"}),
    counted="orders",
)


def current(warehouse: TenantWarehouse, *, version: int | None = None) -> ir.Table:
    """The orders as known at `version` (now, without one): of each the newest standing batch's row."""
    return said.newest(warehouse, KIND, version=version)


def staged(con: duckdb.DuckDBPyConnection, *, batch_seq: int, currency: str) -> pa.Table:
    """The staged orders as rows of the batch. `currency`: of orders that name none."""
    return con.execute(
        "SELECT * REPLACE (coalesce(currency, $currency) AS currency), $seq::BIGINT AS batch_seq FROM orders_staged",
        {"seq": batch_seq, "currency": currency},
    ).to_arrow_table()


def apply(warehouse: TenantWarehouse, con: duckdb.DuckDBPyConnection, *, batch_seq: int, currency: str) -> int:
    """Write the staged orders that say something new, instead of what an earlier attempt wrote; gives how many."""
    rows = staged(con, batch_seq=batch_seq, currency=currency)
    return len(said.write(warehouse, KIND, rows, batch_seq=batch_seq))


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
