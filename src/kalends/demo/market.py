"""What moves the market and is nobody's report: prices and the rivals' advertising, one line a week.

A spreadsheet as an agency keeps it. Its columns are controls: they explain sales, and are no part of them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Final

import numpy as np
import polars as pl

from kalends.demo.amounts import Days, Floats
from kalends.demo.events import DemoEvent
from kalends.demo.pulls import PULL_TIME
from kalends.demo.reported import DemoFile
from kalends.demo.truth import years_since_start

CONTROL: Final = "series:control"
SALES, RIVALS = frozenset({"promotional_period"}), frozenset({"competitor_event"})
"""Types of events in which prices fall, and in which rivals advertise."""
INFLATION, DISCOUNT = 0.03, 0.14
PUSH: Final = 0.9
"""By how much more the rivals advertise while they have something to sell."""


def market_file(*, rng: np.random.Generator, days: Days, events: Sequence[DemoEvent], end: date) -> DemoFile:
    """Whole ISO weeks, named by their Monday: the house's price index and the rivals' advertising, the first week's
    usual level being 100.
    """
    mondays = days[(days.astype("datetime64[D]").astype(np.int64) + 3) % 7 == 0]
    weeks = mondays[mondays + np.timedelta64(6, "D") <= np.datetime64(end)]
    years = years_since_start(days)[np.searchsorted(days, weeks)]
    price = 100 * (1 + INFLATION) ** years * (1 - DISCOUNT * _share(weeks, events, SALES))
    rivals = 100 * (1 + PUSH * _share(weeks, events, RIVALS)) * rng.lognormal(0.0, 0.08, weeks.size)
    frame = pl.DataFrame(
        {
            "week": weeks.astype("datetime64[D]"),
            "price_index": price * rng.normal(1.0, 0.004, weeks.size),
            "competitor_ads_index": rivals,
        }
    )
    return DemoFile(
        data_source="file",
        name="market_weekly.csv",
        reported_at=datetime.combine(end + timedelta(days=1), PULL_TIME),
        content=frame.write_csv(float_precision=1).encode(),
        date_range=(days[0].item(), end),
        rows=frame.height,
        columns=dict.fromkeys(frame.columns[1:], CONTROL),
    )


def _share(weeks: Days, events: Sequence[DemoEvent], types: Collection[str]) -> Floats:
    """The share (n,) of each week's days on which an event of such a type runs."""
    running = [(np.datetime64(one.start), np.datetime64(one.end)) for one in events if one.type in types]
    inside = np.zeros((weeks.size, 7), dtype=bool)
    days = weeks[:, None] + np.arange(7).astype("timedelta64[D]")
    for start, stop in running:
        inside |= (days >= start) & (days <= stop)
    share: Floats = inside.mean(axis=1)
    return share
