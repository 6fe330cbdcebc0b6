"""Clean accounts: believable numbers of every report that a platform gives, with nothing wrong in them.

Each account has a weekday rhythm, slow demand, noisy days, campaigns that begin and end, a sale that the calendar knows
of, and conversions that still grow at the end. All of it comes from one seeded generator.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import polars as pl

FIRST, TODAY = date(2025, 10, 1), date(2026, 3, 2)
DAYS = (TODAY - FIRST).days
SALES = {date(2025, 11, 24) + timedelta(days=step) for step in range(8)} | {
    date(2025, 12, 24) + timedelta(days=step) for step in range(9)
}
"""The week of Black Friday, and the holidays: both are in the calendar."""
DEVICES = {"desktop": 0.35, "mobile": 0.58, "tablet": 0.07}
LAG, SETTLED = 8.0, 30
"""Conversions become known with this mean delay in days, and are complete after these."""
HISTORY_DAYS = 14
"""The newest days came one by one, each on the morning after it; all before them in one go."""
MOST = 6
"""Campaigns of one account."""
MEASURES = ("spend", "impressions", "clicks", "conversions", "revenue")


@dataclass(frozen=True)
class Account:
    """One clean account: its rows, as `records` has them, with `read_at` beside them."""

    data_source: str
    account_id: str
    rows: pl.DataFrame


def make_account(rng: np.random.Generator, number: int, *, most: int = MOST) -> Account:
    """One account of three to `most` campaigns; the same generator and number give the same."""
    source = ("google_ads", "facebook_ads")[number % 2]
    account_id = str(4_000_000_000 + number * 7_919)
    days = np.arange(DAYS)
    level = _demand(rng)
    count = int(rng.integers(3, most + 1))
    budgets = rng.lognormal(5.0, 0.6, count)
    parts = []
    for place in range(count):
        numbers = _campaign(rng, level, budgets[place], place)
        parts.append(_rows(rng, numbers, days, source, account_id, number, place))
    rows = pl.concat(parts)
    totals = _summed(rows.filter(pl.col("report") == "campaign"), account_id)
    if number % 4 < 2:
        rows = pl.concat([rows, totals.select(rows.columns)])
    return Account(source, account_id, _read(rows))


def _demand(rng):
    """How busy each day is (days,): weekday rhythm, season, slow noise, and the sale."""
    weekday = np.exp(rng.normal(0, 0.12, 7))
    slow, shocks = np.zeros(DAYS), rng.normal(0, 0.05, DAYS)
    for day in range(1, DAYS):
        slow[day] = 0.6 * slow[day - 1] + shocks[day]
    trend = np.exp(rng.normal(0, 0.25) * np.arange(DAYS) / 365)
    season = 1 + 0.15 * np.sin(2 * np.pi * (np.arange(DAYS) / 365 + rng.random()))
    sale = np.array([1 + 1.6 * (FIRST + timedelta(days=int(day)) in SALES) for day in range(DAYS)])
    return weekday[(np.arange(DAYS) + FIRST.weekday()) % 7] * np.exp(slow) * trend * season * sale


def _campaign(rng, level, budget, place):
    """A campaign's five measures (days, 5); nan where it does not run."""
    spend = np.round(budget * level**0.6 * np.exp(rng.normal(0, 0.08, DAYS)), 2)
    impressions = np.round(spend / rng.uniform(4, 20) * 1000 * np.exp(rng.normal(0, 0.05, DAYS)))
    clicks = np.minimum(rng.poisson(impressions * rng.uniform(0.008, 0.04)), impressions)
    lag = 1 - np.exp(-np.arange(DAYS, 0, -1) / LAG)
    known = np.where(np.arange(DAYS, 0, -1) > SETTLED, 1.0, lag)
    conversions = np.minimum(rng.poisson(clicks * rng.uniform(0.02, 0.06) * level**0.2 * known), clicks)
    revenue = np.round(
        conversions * rng.uniform(50, 120) * np.exp(rng.normal(0, 0.25, DAYS) / np.sqrt(conversions + 1)), 2
    )
    numbers = np.stack([spend, impressions, clicks, conversions, revenue], axis=1).astype(float)
    begin = int(rng.integers(0, DAYS // 2)) if place > 1 and rng.random() < 0.3 else 0
    end = int(rng.integers(DAYS // 2, DAYS)) if place > 1 and rng.random() < 0.2 else DAYS
    numbers[:begin], numbers[end:] = np.nan, np.nan
    return numbers


def _rows(rng, numbers, days, source, account_id, number, place):
    """The campaign's rows of each report."""
    campaign = f"2385{number:06d}{place:02d}{rng.integers(10_000, 99_999)}"
    running = np.isfinite(numbers[:, 0])
    base = {
        "data_source": source, "account_id": account_id, "campaign_id": campaign, "account_name": f"Account {number}",
        "campaign_name": f"{('Brand', 'Generic', 'Video', 'Shopping', 'Retargeting', 'Reach')[place]} {number}",
        "currency": "EUR", "date_zone": "Europe/Berlin", "channel": "paid_search",
    }  # fmt: skip
    whole = _frame(base, days[running], numbers[running], "campaign")
    if source == "google_ads":
        split = _split(rng, numbers[running], np.array(list(DEVICES.values())))
        parts = [
            _frame(base | {"device": device, "breakdowns": f'{{"device":"{device}"}}'}, days[running],
                   split[:, :, column], "campaign/device")
            for column, device in enumerate(DEVICES)
        ]  # fmt: skip
    else:
        shares = rng.dirichlet([4.0] * int(rng.integers(2, 4)))
        split = _split(rng, numbers[running], shares)
        parts = [
            _frame(base | {"ad_id": f"{campaign}{column}", "ad_name": f"Ad {column}", "ad_group_id": f"{campaign}9"},
                   days[running], split[:, :, column], "ad")
            for column in range(shares.size)
        ]  # fmt: skip
    return pl.concat([whole, *parts])


def _split(rng, numbers, shares):
    """Each day's measures (days, 5) as parts (days, 5, k) that add up exactly; counts stay whole."""
    days = numbers.shape[0]
    noisy = shares * np.exp(rng.normal(0, 0.1, (days, shares.size)))
    noisy /= noisy.sum(axis=1, keepdims=True)
    split = np.empty((*numbers.shape, shares.size))
    for measure, unit in enumerate((100, 1, 1, 1, 100)):
        whole = np.round(numbers[:, measure] * unit)
        part = np.floor(whole[:, None] * noisy)
        part[:, 0] += whole - part.sum(axis=1)
        split[:, measure] = part / unit
    split[:, 2] = np.minimum(split[:, 2], split[:, 1])
    split[:, 4] = _by_orders(numbers[:, 4], split[:, 3])
    return split


def _by_orders(revenue, orders):
    """Revenue (days,) in the parts (days, k) that have orders; it adds up to the cent."""
    cents, every = np.round(revenue * 100), orders.sum(axis=1, keepdims=True)
    part = np.floor(cents[:, None] * orders / np.maximum(every, 1))
    first = orders.argmax(axis=1)
    part[np.arange(first.size), first] += cents - part.sum(axis=1)
    return part / 100


def _frame(base, days, numbers, report):
    frame = pl.DataFrame({"day": days} | {name: numbers[:, place] for place, name in enumerate(MEASURES)})
    blank = {"ad_group_id": "", "ad_id": "", "ad_name": None, "device": None, "breakdowns": "{}", "attribution": ""}
    reach = (pl.col("impressions") / 1.8).ceil()
    return frame.select(
        *(pl.lit(value, dtype=pl.String).alias(name) for name, value in (blank | base | {"report": report}).items()),
        (pl.lit(FIRST) + pl.duration(days=pl.col("day"))).cast(pl.Date).alias("date_from"),
        *MEASURES,
        reach.alias("reach"),
        pl.when(reach > 0).then(pl.col("impressions") / reach).alias("frequency"),
        pl.lit(0.4).alias("impression_share"),
    ).select(sorted({*blank, *base, "report", "date_from", *MEASURES, "reach", "frequency", "impression_share"}))


def _summed(rows, account_id):
    """The account's own report."""
    own = rows.group_by("date_from").agg(
        *(pl.col(name).sum() for name in (*MEASURES, "reach")),
        *(pl.col(name).first() for name in ("data_source", "account_name", "currency", "date_zone", "channel")),
    )
    texts = {"ad_group_id": "", "ad_id": "", "breakdowns": "{}", "attribution": "", "campaign_id": "",
             "account_id": account_id, "report": "account"}  # fmt: skip
    nothing = {"ad_name": pl.String, "device": pl.String, "campaign_name": pl.String, "impression_share": pl.Float64}
    return own.with_columns(
        *(pl.lit(value).alias(name) for name, value in texts.items()),
        *(pl.lit(None, dtype=kind).alias(name) for name, kind in nothing.items()),
        (pl.col("impressions") / pl.col("reach")).alias("frequency"),
    )


def _read(rows):
    """When each day was read: on the morning after it, or with the history."""
    newest = TODAY - timedelta(days=HISTORY_DAYS)
    morning = (pl.col("date_from") + pl.duration(days=1)).cast(pl.Datetime("us", "UTC")) + pl.duration(hours=6)
    history = pl.lit(morning_after(newest))
    return rows.with_columns(pl.when(pl.col("date_from") <= newest).then(history).otherwise(morning).alias("read_at"))


def morning_after(day):
    """Six o'clock UTC of the next day."""
    return datetime.combine(day + timedelta(days=1), time(6), tzinfo=UTC)
