"""Sections 1 and 8: how large the page is, and what was sent lately."""

from __future__ import annotations

import bisect
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

import numpy as np
import polars as pl

from kalends.messages.features import days_and_hours
from kalends.messages.history import MessageType
from kalends.messages.sections import Account, Recent
from kalends.messages.volume import Tier, VolumeSettings, tier_of

REVENUE_DAYS: Final = 30
RECENT_DAYS: Final = 28
STALE: Final = timedelta(days=7)
"""The age from which a rate is none: weekends and holidays have no new ones, a week is a gap."""
DOLLAR: Final = "USD"


def account_of(
    own: pl.DataFrame,
    *,
    as_of: datetime,
    currency: str,
    rates: pl.DataFrame | None,
    last_tier: Tier | None,
    settings: VolumeSettings,
) -> Account:
    """The tier by the revenue of the last 30 days; what has no known earnings counts as unknown, never as zero."""
    late = (
        own.lazy()
        .filter(pl.col("sent_at") >= as_of - timedelta(days=REVENUE_DAYS))
        .select(pl.col("sent_at").dt.date().alias("day"), pl.col("currency").fill_null(currency), "earnings", "type")
        .collect()
    )
    earned = late.lazy().drop_nulls("earnings").group_by("day", "currency").agg(pl.col("earnings").sum()).collect()
    table = _Rates(rates)
    revenue, missing = Decimal(0), set()
    for day, code, amount in earned.iter_rows():
        rate = table.of(code, day)
        if rate is None:
            missing.add(code)
        else:
            revenue += amount * rate
    is_known = not missing and (earned.height > 0 or late.is_empty())
    usd = revenue.quantize(Decimal("0.01")) if is_known else None
    tier = tier_of(usd, last=last_tier, settings=settings)
    paid = own.filter((pl.col("type") == MessageType.PPV) & pl.col("recipients").is_not_null()).tail(1)
    return Account(
        tier=tier,
        strategy=settings.of_tier(tier).strategy,
        last_tier=last_tier,
        revenue_usd=usd,
        sample=late.height,
        unknown_earnings=late.filter((pl.col("type") == MessageType.PPV) & pl.col("earnings").is_null()).height,
        missing_rates=tuple(sorted(missing)),
        recipients=paid["recipients"][-1] if paid.height else None,
    )


def recent_of(own: pl.DataFrame, *, as_of: datetime, zone_name: str) -> Recent:
    """The last 28 days in numbers."""
    sent_at = pl.col("sent_at")
    late = (
        own.lazy()
        .filter(sent_at >= as_of - timedelta(days=RECENT_DAYS))
        .select(
            (pl.col("type") == MessageType.PPV).fill_null(value=False).alias("is_paid"),
            sent_at.dt.timestamp("us").alias("instant"),
            sent_at.dt.convert_time_zone(zone_name).dt.replace_time_zone(None).dt.timestamp("us").alias("wall"),
        )
        .collect()
    )
    is_paid, instants, wall = (column.to_numpy() for column in late.get_columns())
    days, hours = days_and_hours(wall[is_paid])
    is_last_week = instants >= (as_of - timedelta(days=7)).timestamp() * 1e6
    gaps = np.diff(instants[is_paid]) / 3_600e6
    weeks = RECENT_DAYS / 7
    return Recent(
        ppv_per_week=float(is_paid.sum()) / weeks,
        bumps_per_week=float((~is_paid).sum()) / weeks,
        ppv_last_week=int((is_paid & is_last_week).sum()),
        bumps_last_week=int((~is_paid & is_last_week).sum()),
        median_gap_hours=float(np.median(gaps)) if gaps.size else None,
        least_gap_hours=float(gaps.min()) if gaps.size else None,
        by_weekday=tuple(np.bincount((days + 3) % 7, minlength=7).tolist()),
        by_hour=tuple(np.bincount(hours.astype(np.int64), minlength=24).tolist()),
        same_times=_same_times(days.tolist(), hours.astype(np.int64).tolist()),
        last_sent_at=own["sent_at"][-1] if own.height else None,
        sample=late.height,
    )


class _Rates:
    """Dollars by currency and day: the last rate before or on the day, unless it is stale."""

    def __init__(self, rates: pl.DataFrame | None) -> None:
        self.days: dict[str, list[date]] = {}
        self.values: dict[str, list[Decimal]] = {}
        if rates is None:
            return
        for day, code, usd in rates.select("day", "currency", "usd").drop_nulls().sort("day").iter_rows():
            self.days.setdefault(code, []).append(day)
            self.values.setdefault(code, []).append(Decimal(str(usd)))

    def of(self, code: str, day: date) -> Decimal | None:
        if code == DOLLAR:
            return Decimal(1)
        days = self.days.get(code, [])
        place = bisect.bisect_right(days, day) - 1
        return self.values[code][place] if place >= 0 and day - days[place] < STALE else None


def _same_times(days: list[int], hours: list[int]) -> float | None:
    """Share of days whose hours of sending are those of the day before, of all that follow a day with messages."""
    by_day: dict[int, set[int]] = {}
    for day, hour in zip(days, hours, strict=True):
        by_day.setdefault(day, set()).add(hour)
    pairs = [by_day[day] == by_day[day - 1] for day in by_day if day - 1 in by_day]
    return sum(pairs) / len(pairs) if pairs else None
