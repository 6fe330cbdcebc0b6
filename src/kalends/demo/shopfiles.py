"""The shop's own numbers: what was really sold, which no advertising platform knows.

Two spreadsheets as a finance department keeps them, one line per shop and day, and one per week with a column per shop
and number, as marketing-mix data sets are. Their number columns are series, not claims of a platform, so that nobody
adds the shop's revenue to what the platforms say they brought.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import polars as pl

from kalends.demo.pulls import PULL_TIME
from kalends.demo.reported import DemoFile
from kalends.demo.truth import ShopTruth

# Days as people mistype them; neither has one right reading.
BAD_LINES = ("31.13.2025,DE,EUR,23114.1,238", "2025-02-30,AT,EUR,4120.55,41")
KPI = "series:kpi"  # what a person picks on the upload page for a column that is a result to be explained


def daily_file(*, shops: Sequence[ShopTruth], end: date) -> DemoFile:
    """Revenue and orders of each shop and day, in the shop's currency."""
    frame = pl.concat([_daily(shop=shop) for shop in shops])
    text = frame.write_csv() + "\n".join(BAD_LINES) + "\n"
    rows = frame.height + len(BAD_LINES)
    file = _file(name="shop_daily.csv", text=text, shops=shops, end=end, rows=rows, numbers=frame.columns[3:])
    return replace(file, bad_rows=len(BAD_LINES))


def weekly_file(*, shops: Sequence[ShopTruth], end: date) -> DemoFile:
    """Whole ISO weeks (named by their Monday), one column per shop and number; a shop not yet open is empty."""
    frame = pl.DataFrame({"week": pl.Series([], dtype=pl.Date)})
    for shop in shops:
        frame = frame.join(_weekly(shop=shop), on="week", how="full", coalesce=True)
    return _file(
        name="shop_weekly_kpi.csv",
        text=frame.sort("week").write_csv(),
        shops=shops,
        end=end,
        rows=frame.height,
        numbers=frame.columns[1:],
    )


def _file(
    *, name: str, text: str, shops: Sequence[ShopTruth], end: date, rows: int, numbers: Sequence[str]
) -> DemoFile:
    return DemoFile(
        data_source="file",
        name=name,
        reported_at=datetime.combine(end + timedelta(days=1), PULL_TIME),
        content=text.encode(),
        date_range=(min(shop.days[0].item() for shop in shops), end),
        rows=rows,
        columns=dict.fromkeys(numbers, KPI),
    )


def _daily(*, shop: ShopTruth) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "date": shop.days.astype("datetime64[D]"),
            "market": shop.shop.market,
            "currency": shop.shop.currency,
            "shop_revenue": shop.revenue / 100,
            "shop_orders": shop.orders,
        }
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
