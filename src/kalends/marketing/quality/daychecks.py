"""Checks of an account's days: what no single row can show. Each is one function from a history to what it finds."""

# ruff: noqa: ARG001 -- every check is called alike, and some do not need the setting

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt

from kalends.marketing.quality.checks import Dimension, Severity
from kalends.marketing.quality.history import Bools, Floats, History, Setting
from kalends.methods.anomalies import median_around, median_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a check found on one day. `subject`: the campaign, the metric or whatever it is about."""

    day: int
    subject: str = ""
    report: str = ""
    observed: float | None = None
    expected: float | None = None
    detail: str = ""


Find = Callable[[History, Setting], Iterator[Found]]


@dataclass(frozen=True, slots=True)
class DayCheck:
    """One check of an account's days. `says`: what is wrong, in words for whoever reads the numbers."""

    name: str
    dimension: Dimension
    severity: Severity
    says: str
    find: Find


DAY_CHECKS: Final[list[DayCheck]] = []


def day_check(dimension: Dimension, severity: Severity, says: str) -> Callable[[Find], Find]:
    """Declare a check; it is called as its function is."""

    def declare(find: Find) -> Find:
        DAY_CHECKS.append(DayCheck(find.__name__, dimension, severity, says, find))
        return find

    return declare


LONGEST_GAP: Final = 14
"""Days; after that nobody forgot a file: the account was paused, which is said once."""
LONGEST_PAUSE: Final = 45
SAME_AGAIN: Final = np.log(1.5)
"""Who pauses a campaign gives it another budget later, mostly; a file that forgot it does not."""
NEIGHBOURS: Final = np.array([step * 7 for step in range(-6, 7) if step], dtype=np.int64)
MONTH: Final = np.array([step for step in range(-28, 29) if step], dtype=np.int64)


def usually(flags: Bools, *, least: int = 3) -> Bools:
    """Whether it is so on most days of the same weekday around each day."""
    share, known = median_around(flags.astype(float), steps=NEIGHBOURS, least=least)
    return (known & (share > 0.5)).astype(bool)


def runs(flags: Bools) -> Iterator[tuple[int, int]]:
    """The first and the last day of each run of true days."""
    padded = np.concatenate([[False], flags, [False]]).astype(np.int8)
    edges = np.diff(padded)
    for begin, end in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True):
        yield int(begin), int(end) - 1


def within(history: History) -> Bools:
    """Days from the account's first to its last."""
    first, last = history.ends
    days = np.arange(history.size)
    return (days >= first) & (days <= last)


# Completeness.


@day_check("completeness", "critical", "A day on which the account usually delivers has no rows at all.")
def day_missing(history: History, setting: Setting) -> Iterator[Found]:
    gaps = within(history) & ~history.present
    if not gaps.any():
        return
    expected = usually(history.present[:, None])[:, 0]
    for begin, end in runs(gaps):
        days = range(begin, end + 1) if end - begin < LONGEST_GAP else [begin]
        for day in days:
            if expected[day]:
                yield Found(day=day, detail=f"{end - begin + 1} days without rows" if end > begin else "")


@day_check("completeness", "major", "A report that usually comes is missing on this day.")
def report_missing(history: History, setting: Setting) -> Iterator[Found]:
    for report, told in history.reports.items():
        there = np.nan_to_num(told["rows"]) > 0
        if there.sum() < LONGEST_GAP:
            continue
        days = np.arange(history.size)
        known = (days >= np.flatnonzero(there)[0]) & history.present
        if not (known & ~there).any():
            continue
        expected = usually(there[:, None])[:, 0]
        for begin, end in runs(known & ~there):
            if end - begin < LONGEST_GAP:
                yield from (Found(day=day, report=report) for day in range(begin, end + 1) if expected[day])


@day_check("completeness", "critical", "A campaign has no rows on a day between days on which it spends.")
def campaign_lost(history: History, setting: Setting) -> Iterator[Found]:
    spend = history.by_campaign.get("spend")
    if spend is None:
        return
    there = np.isfinite(spend) & (spend > 0)
    sums = np.nansum(spend, axis=1)
    for column, campaign in enumerate(history.campaigns):
        for begin, end in runs(~there[:, column] & there.any(axis=1)):
            before, after = slice(max(begin - 14, 0), begin), slice(end + 1, end + 8)
            if end - begin >= LONGEST_GAP or begin < 7:
                continue
            is_steady = there[before, column].mean() >= 0.9 and there[after, column].sum() >= min(3, history.size)
            share = np.nansum(spend[before, column]) / max(sums[before].sum(), 1e-9)
            if is_steady and share >= 0.03:
                for day in range(begin, end + 1):
                    yield Found(
                        day=day, subject=campaign, expected=round(float(np.nanmedian(spend[before, column])), 2)
                    )


@day_check("completeness", "minor", "A steady campaign has no rows for weeks, and then goes on as before.")
def campaign_paused(history: History, setting: Setting) -> Iterator[Found]:
    spend = history.by_campaign.get("spend")
    if spend is None or len(history.campaigns) < 2:
        return
    there = np.isfinite(spend) & (spend > 0)
    plain = np.where(setting.is_special(history)[:, None], np.nan, spend)
    for column, campaign in enumerate(history.campaigns):
        for begin, end in runs(~there[:, column] & there.any(axis=1)):
            before, after = slice(max(begin - 14, 0), begin), slice(end + 1, end + 15)
            if LONGEST_GAP <= end - begin < LONGEST_PAUSE and begin >= 7 and end + 7 < history.size:
                is_steady = all(there[part, column].mean() >= 0.9 for part in (before, after))
                both = [float(median_of(plain[part, column : column + 1])[0][0]) for part in (before, after)]
                if is_steady and abs(np.log(both[1] / both[0])) <= SAME_AGAIN:
                    yield Found(day=begin, subject=campaign, detail=f"{end - begin + 1} days without rows")


@day_check("completeness", "critical", "A metric that is usually told is missing on this day.")
def metric_missing(history: History, setting: Setting) -> Iterator[Found]:
    for metric, values in history.totals.items():
        told = np.isfinite(values)
        if not (history.present & ~told).any():
            continue
        expected = usually(np.where(history.present, told, False)[:, None])[:, 0]
        for day in np.flatnonzero(history.present & ~told & expected):
            yield Found(day=int(day), subject=metric)


@day_check("completeness", "critical", "A metric is zero on a day on which it should be far above zero.")
def metric_zero(history: History, setting: Setting) -> Iterator[Found]:
    ages = setting.ages(history)
    for metric, values in history.totals.items():
        if not (values == 0).any():
            continue
        expected, known = median_around(np.where(values > 0, values, np.nan)[:, None], steps=NEIGHBOURS, least=5)
        counted = history.totals["conversions"] if metric == "revenue" else values
        things, _ = median_around(np.where(counted > 0, counted, np.nan)[:, None], steps=NEIGHBOURS, least=5)
        # With 15 expected, chance gives none once in three million days.
        is_zero = known[:, 0] & (values == 0) & (np.nan_to_num(things[:, 0]) >= 15) & (ages >= 2) & history.present
        often = usually((values > 0)[:, None], least=5)[:, 0]
        for day in np.flatnonzero(is_zero & often):
            yield Found(day=int(day), subject=metric, observed=0, expected=round(float(expected[day, 0]), 2))


@day_check("completeness", "major", "A campaign's metric is zero on a day on which it should be far above zero.")
def campaign_zero(history: History, setting: Setting) -> Iterator[Found]:
    ages = setting.ages(history)
    for metric, values in history.by_campaign.items():
        if metric == "revenue" or not (values == 0).any():
            continue
        expected, _ = median_around(np.where(values > 0, values, np.nan), steps=NEIGHBOURS, least=5)
        is_zero = (values == 0) & (np.nan_to_num(expected) >= 15) & (ages >= 2)[:, None]
        other = history.by_campaign["impressions" if metric != "impressions" else "clicks"]
        is_zero &= other > 0
        for day, column in np.argwhere(is_zero & usually(values > 0, least=5)):
            yield Found(day=int(day), subject=f"{history.campaigns[column]} {metric}", observed=0,
                        expected=round(float(expected[day, column]), 2))  # fmt: skip


# Consistency.


@day_check("consistency", "critical", "Rows are in another currency than the account's.")
def currency_differs(history: History, setting: Setting) -> Iterator[Found]:
    told = [day for day in history.currencies if day]
    every = {currency for day in told for currency in day}
    usual = {currency for currency in every if sum(currency in day for day in told) > 0.5 * len(told)}
    if not usual:
        return
    for index, day in enumerate(history.currencies):
        for other in sorted(day - usual):
            yield Found(day=index, subject=other, detail=f"usually {', '.join(sorted(usual))}")


@day_check(
    "consistency", "major", "Most of the money is under campaigns that were never seen before: have ids changed?"
)
def campaigns_changed(history: History, setting: Setting) -> Iterator[Found]:
    spend = history.by_campaign.get("spend")
    if spend is None or len(history.campaigns) < 2:
        return
    there = np.isfinite(spend) & (spend > 0)
    sums = np.nansum(spend, axis=1)
    begun = np.where(there.any(axis=0), there.argmax(axis=0), history.size)
    first = history.ends[0]
    for day in np.unique(begun[begun < history.size]):
        new = np.flatnonzero((begun == day) & there[day])
        before = history.present[max(day - 21, 0) : day].sum()
        share = np.nansum(spend[day, new]) / max(sums[day], 1e-9)
        if day >= first + 14 and before >= 10 and share >= 0.5:
            yield Found(day=int(day), observed=round(float(share), 3), detail=f"{new.size} new campaigns")


# Uniqueness.


@day_check("uniqueness", "critical", "The day has exactly the numbers of another day.")
def day_copied(history: History, setting: Setting) -> Iterator[Found]:
    seen: dict[tuple[float, ...], int] = {}
    sums = np.stack([history.totals[metric] for metric in ("spend", "impressions", "clicks")], axis=1)
    for day in np.flatnonzero(history.present & (np.nan_to_num(sums[:, 1]) >= 100)):
        told = tuple(sums[day][np.isfinite(sums[day])].tolist())
        if told in seen and len(told) > 1 and day - seen[told] <= 35:
            yield Found(day=int(day), detail=f"as on {history.day(seen[told])}")
        seen[told] = int(day)


# Validity.


@day_check("validity", "minor", "Amounts that usually have cents have none.")
def cents_missing(history: History, setting: Setting) -> Iterator[Found]:
    spend = history.by_campaign.get("spend")
    if spend is None or len(history.campaigns) < 2:
        return
    paid = np.nan_to_num(spend) > 0
    whole = np.isclose(np.nan_to_num(spend), np.round(np.nan_to_num(spend)), atol=1e-6)
    is_whole = (paid & whole).sum(axis=1) >= np.maximum(paid.sum(axis=1), 2)
    if not is_whole.any():
        return
    usual = usually(is_whole[:, None])[:, 0]
    for day in np.flatnonzero(is_whole & ~usual & (np.nansum(spend, axis=1) >= 50)):
        yield Found(day=int(day))


# Timeliness.


@day_check("timeliness", "critical", "The account is read every day, and its newest days are missing.")
def account_late(history: History, setting: Setting) -> Iterator[Found]:
    _, last = history.ends
    if last < 0 or not history.read_days:
        return
    newest = max(history.read_days)
    is_live = sum(newest - timedelta(days=10) < day <= newest for day in history.read_days) >= 4
    age = (setting.today - history.day(last)).days
    usual_age = 1
    if is_live and usual_age + 2 <= age <= 30 and last + 1 < history.size:
        yield Found(day=last + 1, observed=age, expected=usual_age, detail=f"nothing after {history.day(last)}")


@day_check("timeliness", "major", "The day was last read before it was over.")
def read_too_early(history: History, setting: Setting) -> Iterator[Found]:
    _, last = history.ends
    zone = zone_of(history.zone)
    for day, read in enumerate(history.read_at[: last + 1]):
        if read is None or not history.present[day] or setting.today <= history.day(day):
            continue
        over = datetime.combine(history.day(day + 1), time.min, tzinfo=zone or UTC)
        if read < over - (timedelta() if zone else timedelta(hours=14)):
            yield Found(day=day, detail=f"read {read:%Y-%m-%d %H:%M} UTC")


@day_check("timeliness", "minor", "The day was last read before its conversions had settled, and never again.")
def never_settled(history: History, setting: Setting) -> Iterator[Found]:
    if not np.isfinite(history.totals["conversions"]).any():
        return
    settled = setting.ages(history) > setting.settling_days
    for day in np.flatnonzero(settled & history.present):
        read = history.read_at[day] if history.read_at else None
        if read is not None and (read.date() - history.day(int(day))).days < min(setting.settling_days, 7):
            yield Found(day=int(day), observed=(read.date() - history.day(int(day))).days,
                        expected=setting.settling_days)  # fmt: skip


def zone_of(name: str | None) -> ZoneInfo | None:
    """The account's time zone, where it is known."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


# Plausibility by exact repetition; by size see `unusual`.

FROZEN: Final = {"impressions": 1000, "clicks": 300, "revenue": 100, "conversions": 300}
"""From which size on the same number three days running is no chance."""


@day_check("plausibility", "major", "A number has not moved for days.")
def frozen(history: History, setting: Setting) -> Iterator[Found]:
    for metric, least in FROZEN.items():
        for day in standing(history.totals[metric][:, None], least=least)[0]:
            yield Found(day=int(day), subject=metric, observed=float(history.totals[metric][day]))
    values = history.by_campaign.get("impressions")
    if values is not None:
        for day, column in zip(*standing(values, least=FROZEN["impressions"]), strict=True):
            yield Found(day=int(day), subject=history.campaigns[column], observed=float(values[day, column]))
    spend = history.by_campaign.get("spend")
    if spend is not None:
        days, columns = standing(spend, least=1)
        # A budget may be used up to the cent every day: then that is how the campaign's spend usually is.
        often = np.bincount(columns, minlength=spend.shape[1]) > np.isfinite(spend).sum(axis=0) / 5
        for day, column in zip(days[~often[columns]], columns[~often[columns]], strict=True):
            yield Found(day=int(day), subject=f"{history.campaigns[column]} spend", observed=float(spend[day, column]))


def standing(values: Floats, *, least: float) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Days and columns of values that are the same as on both days before."""
    same = np.zeros(values.shape, dtype=bool)
    same[2:] = (values[2:] == values[1:-1]) & (values[1:-1] == values[:-2]) & (values[2:] >= least)
    days, columns = np.nonzero(same)
    return days, columns


# Reconciliation.

FLOORS: Final = {"spend": 0.01, "impressions": 100.0, "clicks": 20.0, "conversions": 10.0, "revenue": 100.0}
"""From which total on a share of it tells something."""


@day_check("reconciliation", "major", "The parts no longer add up to the account's total as they usually do.")
def parts_differ(history: History, setting: Setting) -> Iterator[Found]:
    if not history.reports:
        return
    pairs = [(report, metric) for report in history.reports for metric in FLOORS]
    whole = np.stack([history.totals[metric] for _, metric in pairs], axis=1)
    parts = np.stack([history.reports[report][metric] for report, metric in pairs], axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(whole >= [FLOORS[metric] for _, metric in pairs], parts / whole, np.nan)
    usual, known = median_around(share, steps=MONTH, least=8)
    spread, _ = median_around(np.abs(share - usual), steps=MONTH, least=6)
    limit = np.maximum(0.02, 8 * 1.4826 * np.nan_to_num(spread))
    for day, column in np.argwhere(known & (np.abs(share - usual) > limit)):
        report, metric = pairs[column]
        yield Found(day=int(day), report=report, subject=metric, observed=round(float(share[day, column]), 4),
                    expected=round(float(usual[day, column]), 4))  # fmt: skip
