"""The shop's own numbers: what was really sold, which no advertising platform knows.

Two spreadsheets as a finance department keeps them. The daily one is long, in the columns of a series; the weekly one
is wide, a column a number, as marketing-mix data sets are.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import polars as pl

from kalends.demo.reported import DemoFile
from kalends.demo.truth import ShopTruth

# Dates and amounts as people mistype them; neither has one right reading.
BAD_LINES = ("shop_revenue,kpi,revenue,,31.13.2025,31.13.2025,DE,23114.10,EUR",
             "shop_orders,kpi,orders,,2025-11-04,2025-11-04,AT,n/a,orders")  # fmt: skip


def daily_file(*, shops: Sequence[ShopTruth], end: date) -> DemoFile:
    """Revenue and orders of each shop and day, in the shop's currency."""
    frame = pl.concat([_daily(shop=shop, name=name) for shop in shops for name in ("revenue", "orders")])
    text = frame.write_csv() + "\n".join(BAD_LINES) + "\n"
    return _file(name="shop_daily.csv", text=text, shops=shops, end=end, rows=frame.height + 2, bad_rows=2)


def weekly_file(*, shops: Sequence[ShopTruth], end: date) -> DemoFile:
    """Whole ISO weeks (named by their Monday), one column per shop and number; a shop not yet open is empty."""
    frame = pl.DataFrame({"week": pl.Series([], dtype=pl.Date)})
    for shop in shops:
        frame = frame.join(_weekly(shop=shop), on="week", how="full", coalesce=True)
    return _file(
        name="shop_weekly_kpi.csv", text=frame.sort("week").write_csv(), shops=shops, end=end, rows=frame.height
    )


def _file(*, name: str, text: str, shops: Sequence[ShopTruth], end: date, rows: int, bad_rows: int = 0) -> DemoFile:
    first = min(shop.days[0].item() for shop in shops)
    reported_at = datetime.combine(end + timedelta(days=1), time(0, 15, tzinfo=UTC))
    return DemoFile("file", name, reported_at, text.encode(), (first, end), rows, bad_rows)


def _daily(*, shop: ShopTruth, name: str) -> pl.DataFrame:
    values = shop.revenue / 100 if name == "revenue" else shop.orders.astype(np.float64)
    days = pl.Series(shop.days.astype("datetime64[D]"))
    return pl.DataFrame({"date_from": days, "date_to": days, "value": values}).select(
        pl.lit(f"shop_{name}").alias("name"),
        pl.lit("kpi").alias("role"),
        pl.lit(name).alias("metric"),
        pl.lit(None, dtype=pl.String).alias("channel"),
        "date_from",
        "date_to",
        pl.lit(shop.shop.market).alias("geo"),
        "value",
        pl.lit(shop.shop.currency if name == "revenue" else "orders").alias("unit"),
    )


def _weekly(*, shop: ShopTruth) -> pl.DataFrame:
    market = shop.shop.market.lower()
    days = pl.DataFrame({"day": shop.days.astype("datetime64[D]"), "revenue": shop.revenue, "orders": shop.orders})
    weeks = days.group_by(week=pl.col("day").dt.truncate("1w")).agg(
        (pl.col("revenue").sum() / 100).alias(f"revenue_{market}"),
        pl.col("orders").sum().alias(f"orders_{market}"),
        pl.len().alias("days"),
    )
    return weeks.filter(pl.col("days") == 7).drop("days")
