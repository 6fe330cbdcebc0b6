"""The ledger of sales: each order of a shop, once, with what brought the buyer and whether the analytics tag saw it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from kalends.demo.amounts import Floats, Ints
from kalends.demo.parameters import Parameters
from kalends.demo.truth import ShopTruth

OPEN, CLOSES = 6 * 3600, 24 * 3600
"""Seconds of the day between which people order; the night, in which clocks change, is left out."""
BASKET_SPREAD = 0.55
"""Of the logarithm of a basket: most are small, a few furnish a house."""
FIRST_BUYS = {"email": 0.08, "direct": 0.25, "organic": 0.5, "referral": 0.6}
"""Share of buyers who never bought before, by what brought them; of those whom ads brought:"""
FIRST_BUYS_BY_ADS = 0.58
FIRST_NUMBER = 100_001
"""Of an order; shops rarely begin with 1."""


def make_sales(
    *,
    rng: np.random.Generator,
    truth: ShopTruth,
    shares: Floats,
    channels: Sequence[str],
    seen: Floats,
    parameters: Parameters,
) -> pl.DataFrame:
    """A shop's orders, as many a day as the truth has, which bring what it says to the cent; one row each, by time.

    `shares` (n, k): what brings the orders of a day, `channels` (k,) of what kind that is; `seen` (n,): the chance that
    the analytics tag sees an order. Columns: order_id, market, currency, date, second (of the day), origin (index into
    the shares), channel, gross and refund in cents, refunded_on (null where nothing went back), is_new, is_seen.
    """
    size = int(truth.orders.sum())
    day = np.repeat(np.arange(truth.days.size), truth.orders)
    origin = _drawn(rng=rng, shares=shares, day=day)
    gross = _baskets(rng=rng, truth=truth, day=day)
    back = rng.choice([0.5, 1.0], size, p=[0.3, 0.7]) * (rng.random(size) < parameters.refunded)
    first_buys = np.array([FIRST_BUYS.get(channel, FIRST_BUYS_BY_ADS) for channel in channels])
    frame = pl.DataFrame(
        {
            "date": truth.days[day].astype("datetime64[D]"),
            "second": OPEN + (rng.beta(3, 2, size) * (CLOSES - OPEN - 1)).astype(np.int64),
            "origin": origin,
            "channel": np.array(channels)[origin],
            "gross": gross,
            "refund": np.floor(gross * back).astype(np.int64),
            "refund_after": rng.integers(*parameters.refunded_after_days, size),
            "is_new": rng.random(size) < first_buys[origin],
            "is_seen": rng.random(size) < seen[day],
        }
    ).sort("date", "second", maintain_order=True)
    return frame.select(
        pl.format("{}-{}", pl.lit(truth.shop.market), pl.int_range(pl.len()) + FIRST_NUMBER).alias("order_id"),
        pl.lit(truth.shop.market).alias("market"),
        pl.lit(truth.shop.currency).alias("currency"),
        pl.exclude("refund_after"),
        refunded_on=pl.when(pl.col("refund") > 0).then(pl.col("date") + pl.duration(days=pl.col("refund_after"))),
    )


def _drawn(*, rng: np.random.Generator, shares: Floats, day: Ints) -> Ints:
    """What brought each order (m,), by the shares of its day."""
    edges = np.cumsum(shares, axis=1)[:, :-1]
    drawn: Ints = (rng.random(day.size)[:, None] >= edges[day]).sum(axis=1)
    return drawn


def _baskets(*, rng: np.random.Generator, truth: ShopTruth, day: Ints) -> Ints:
    """What each order brought, in cents: unequal, and of a day together exactly what the day brought.

    Rounding the running sum instead of each basket is what keeps the total (as in `amounts.split`).
    """
    running = np.concatenate([[0.0], np.cumsum(rng.lognormal(0.0, BASKET_SPREAD, day.size))])
    ends = np.cumsum(truth.orders)
    before, after = running[ends - truth.orders][day], running[ends][day]
    upper, lower = (
        np.floor((edge - before) / (after - before) * truth.revenue[day] + 0.5).astype(np.int64)
        for edge in (running[1:], running[:-1])
    )
    baskets: Ints = upper - lower
    return baskets
