"""The shop system's export: one line an order, as every shop can give it away.

A file says what was refunded until it was made: of the last month's orders, some lamps will still come back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import polars as pl

from kalends.demo.parameters import Shop
from kalends.demo.pulls import Pull
from kalends.demo.reported import DemoFile


def orders_file(*, sales: pl.DataFrame, shops: Sequence[Shop], pull: Pull) -> DemoFile:
    """The orders of the pull's days in all shops, refunds as known on the day before the pull."""
    inside = sales.filter(pl.col("date").is_between(pull.first, pull.last))
    frame = pl.concat(_exported(inside.filter(pl.col("market") == shop.market), shop, pull) for shop in shops)
    return DemoFile(
        data_source="orders",
        name=f"shop_orders_{pull.first}_{pull.last}_exported_{pull.day}.csv",
        reported_at=pull.reported_at,
        content=frame.sort("created_at").write_csv(float_precision=2).encode(),
        date_range=(pull.first, pull.last),
        rows=frame.height,
    )


def _exported(sales: pl.DataFrame, shop: Shop, pull: Pull) -> pl.DataFrame:
    """One shop's lines; times on its own clock, with the distance to UTC."""
    clock = pl.col("date").cast(pl.Datetime("us")) + pl.duration(seconds=pl.col("second"))
    is_back = pl.col("refunded_on") <= pull.day - timedelta(days=1)
    return sales.select(
        "order_id",
        clock.dt.replace_time_zone(shop.zone).dt.strftime("%Y-%m-%dT%H:%M:%S%:z").alias("created_at"),
        "market",
        "channel",
        (pl.col("gross") / 100).alias("gross"),
        (pl.col("gross") / 100 / (1 + shop.tax)).round(2).alias("net"),
        pl.when(is_back).then(pl.col("refund") / 100).otherwise(0.0).alias("refunded"),
        "currency",
        pl.when("is_new").then(pl.lit("new")).otherwise(pl.lit("returning")).alias("customer_type"),
    )
