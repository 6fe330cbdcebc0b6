"""Whole numbers that must add up: one day's counts, their split into parts, and what is known of them so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Days: TypeAlias = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True)
class Counts:
    """Five measures of one shape. Whole numbers, so that parts add up to their total exactly.

    `spend` and `revenue` in cents, `conversions` in hundredths (attribution makes them fractional), the rest as such.
    """

    spend: Ints
    impressions: Ints
    clicks: Ints
    conversions: Ints
    revenue: Ints

    def each(self, change: Callable[[Ints], Ints]) -> Counts:
        """The counts with `change` applied to every measure."""
        return Counts(**{field.name: change(getattr(self, field.name)) for field in fields(self)})


def split(*, total: Ints, weights: Floats, unit: int = 1) -> Ints:
    """`total` (n,) in parts (n, k) by `weights` (n, k) or (k,): multiples of `unit` that add up exactly.

    `total` must hold multiples of `unit`. Rounding the running sum instead of each part is what keeps the total.
    """
    shares = np.broadcast_to(weights, (total.size, weights.shape[-1]))
    running = np.cumsum(shares, axis=1) / shares.sum(axis=1, keepdims=True)
    edges = np.floor(running * (total // unit)[:, None] + 0.5).astype(np.int64)
    parts: Ints = np.diff(edges, axis=1, prepend=0) * unit
    return parts


def split_counts(*, counts: Counts, traffic: Floats, orders: Floats, unit: int) -> Counts:
    """One campaign's days (n,) in parts (n, k): spend, impressions and clicks by `traffic`, conversions by `orders`.

    Revenue follows the conversions, so that no part earns without having sold.
    """
    conversions = split(total=counts.conversions, weights=orders, unit=unit)
    sold = conversions.sum(axis=1, keepdims=True) > 0
    return Counts(
        spend=split(total=counts.spend, weights=traffic),
        impressions=split(total=counts.impressions, weights=traffic),
        clicks=split(total=counts.clicks, weights=traffic),
        conversions=conversions,
        revenue=split(total=counts.revenue, weights=np.where(sold, conversions, orders).astype(np.float64)),
    )


def known_share(*, age: Ints, after_a_day: float, lag_days: float, settled_after: int) -> Floats:
    """Share of a day's conversions that are attributed `age` days later (1 = the next day); 1 once settled."""
    growing = 1 - (1 - after_a_day) * np.exp(-(age - 1) / lag_days)
    return np.where(age > settled_after, 1.0, growing)


def as_known(*, counts: Counts, known: Floats, unit: int) -> Counts:
    """`counts` (n, k) as reported while only the share `known` (n,) of the conversions has been attributed."""
    share = known[:, None]
    conversions = (counts.conversions * share // unit).astype(np.int64) * unit
    revenue = np.where(conversions > 0, np.floor(counts.revenue * share), 0).astype(np.int64)
    return Counts(counts.spend, counts.impressions, counts.clicks, conversions, revenue)
