"""Checks by size: days unlike the same weekdays around them, and days that are off by a unit.

What is on in the company's calendar is no fault, so special days are neither tested nor a standard for others; only a
price (per thousand impressions, per click, an order's value) that is off by a factor of five is a fault on any day.
Spend, impressions and clicks are tested two days later, conversions and revenue when they have settled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from kalends.marketing.quality.daychecks import Found, day_check
from kalends.marketing.quality.history import Bools, Floats, History, Setting
from kalends.methods.anomalies import Compared, alarms, compare, expected_of, median_of, p_values

RATE: Final = 0.2
"""Of clean account-months, about this share has any day called unusual (Benjamini and Hochberg over its tests)."""
BORNE_OF_CAMPAIGNS: Final = 15.0
"""By the heavy tails that are believed; by those that clean accounts have, one alarm in a year of an account."""
LEAST: Final = np.log(1.25)
"""A quarter more or less is not worth anybody's time, however sure."""
LEAST_OF_CAMPAIGN: Final = np.log(1.5)
"""Money is moved between campaigns every week, and a platform may spend a third more than a day's budget."""
SLIP, SLIP_SCORE = np.log(5.0), 6.0
"""A factor of ten with a bad day's noise in it is five at least; half of the spreads would be a day in centuries."""
VOLUMES: Final = ("spend", "impressions", "clicks", "conversions", "revenue")
LATE: Final = frozenset({"conversions", "revenue", "conversion rate"})
"""What goes on growing for weeks after the day."""
ENOUGH_DAYS: Final = 7
"""After these, what an order is worth can be told by those that are known."""


@day_check("plausibility", "critical", "A number is off by a factor of five or more, as by a wrong unit.")
def unit_slip(history: History, setting: Setting) -> Iterator[Found]:
    whole, parts = slips_of_account(history, setting), slips_of_campaigns(history, setting)
    running = np.isfinite(history.by_campaign["rows"]).sum(axis=1) if parts else np.zeros(history.size)
    for day in sorted({found.day for found in (*whole, *parts)}):
        mine = [found for found in parts if found.day == day]
        named = {found.subject.partition(" ")[0] for found in mine}
        # Of a slip in some campaigns, those are named; of one in all of them, the account.
        if mine and (len(named) < running[day] or not any(found.day == day for found in whole)):
            for campaign in sorted(named):
                yield told_once([found for found in mine if found.subject.startswith(f"{campaign} ")])
        else:
            yield told_once([found for found in whole if found.day == day])


def slips_of_account(history: History, setting: Setting) -> list[Found]:
    """Slips in the account's own numbers."""
    special = setting.is_special(history)
    return [
        found
        for name, compared in account_series(history, setting).items()
        for found in slipped(
            name, compared, (ripe(name, history, setting) & (~special | (name in PRICES)))[:, None], names=("",)
        )
    ]


def slips_of_campaigns(history: History, setting: Setting) -> list[Found]:
    """Slips in single campaigns' prices."""
    made: list[Found] = []
    series = campaign_series(history, setting)
    for name in PRICES if series else ():
        made += slipped(name, series[name], ripe(name, history, setting)[:, None], names=history.campaigns)
    return made


@lru_cache(maxsize=2)
def campaign_series(history: History, setting: Setting) -> dict[str, Compared]:
    """The volumes and prices (days, campaigns) of single campaigns, compared with the days around."""
    if not history.campaigns:
        return {}
    of, usable = history.by_campaign, ~setting.is_special(history)
    sure = np.full(of["spend"].shape, np.inf)
    series = {name: (of[name], of.get(VOLUME_COUNTS.get(name, ""), sure)) for name in VOLUMES}
    series |= {name: priced(of, name) for name in PRICES}
    values, counts = (np.concatenate([each[place] for each in series.values()], axis=1) for place in (0, 1))
    compared = compare(values, usable=usable, counts=np.nan_to_num(counts))
    return dict(zip(series, taken_apart(compared, len(series)), strict=True))


def taken_apart(compared: Compared, pieces: int) -> list[Compared]:
    """What was compared in one go, which is quicker, as so many equal pieces."""
    parts = [np.split(getattr(compared, each.name), pieces, axis=1) for each in fields(Compared)]
    return [Compared(*each) for each in zip(*parts, strict=True)]


@day_check(
    "plausibility", "major", "The day is unlike the same weekdays around it, and nothing in the calendar says why."
)
def unusual(history: History, setting: Setting) -> Iterator[Found]:
    series, found = account_series(history, setting), unlike(history, setting)
    for day in np.flatnonzero(found.any(axis=1)):
        yield told_once([told(name, series[name], int(day), 0, "") for name in np.array(list(series))[found[day]]])


@lru_cache(maxsize=2)
def unlike(history: History, setting: Setting) -> Bools:
    """Which of the account's numbers are alarms (days, series), in the order of `account_series`."""
    special, series = setting.is_special(history), account_series(history, setting)
    chances = np.stack([p_values(compared.scores[:, 0]) for compared in series.values()], axis=1)
    tested = np.stack([ripe(name, history, setting) & ~special for name in series], axis=1)
    large = np.stack([np.abs(compared.differences[:, 0]) >= LEAST for compared in series.values()], axis=1)
    found: Bools = alarms_by_month(np.where(tested, chances, np.nan), months_of(history)) & large
    return found


@day_check("plausibility", "major", "One campaign's day is unlike its other days, and the account's is not.")
def campaign_unusual(history: History, setting: Setting) -> Iterator[Found]:
    if len(history.campaigns) < 2:
        return
    series, special = campaign_series(history, setting), setting.is_special(history)
    chances = np.stack([p_values(compared.scores) for compared in series.values()], axis=1)
    tested = np.stack([ripe(name, history, setting) & ~special for name in series], axis=1)
    chances = np.where(tested[:, :, None], chances, np.nan)
    found = alarms_by_month(chances.reshape(history.size, -1), months_of(history), borne=BORNE_OF_CAMPAIGNS)
    found = found.reshape(chances.shape)
    large = np.stack([np.abs(compared.differences) >= LEAST_OF_CAMPAIGN for compared in series.values()], axis=1)
    found &= large & ~unlike(history, setting)[:, :, None]
    for day, column in np.argwhere(found.any(axis=1)):
        mine = [name for place, name in enumerate(series) if found[day, place, column]]
        yield told_once([told(name, series[name], int(day), int(column), history.campaigns[column]) for name in mine])


def alarms_by_month(chances: Floats, months: npt.NDArray[np.int64], *, rate: float = RATE, borne: float = 0.0) -> Bools:
    """Which tests (days, ...) are alarms, when all of a month share one rate; see `alarms`."""
    found = np.zeros(chances.shape, dtype=bool)
    for month in np.unique(months):
        mine = chances[months == month]
        found[months == month] = alarms(mine.ravel(), rate=rate, borne=borne).reshape(mine.shape)
    return found


@lru_cache(maxsize=2)
def months_of(history: History) -> npt.NDArray[np.int64]:
    """The month (days,) of each day: its tests share one rate of false alarms."""
    return np.array([history.day(day).year * 12 + history.day(day).month for day in range(history.size)])


def told_once(found: list[Found]) -> Found:
    """Several numbers of one day that say the same: the first, with the others named."""
    first, *others = found
    names = [each.subject.removeprefix(f"{first.subject.partition(' ')[0]} ") for each in others]
    return replace(first, detail=f"also {', '.join(names)}") if others else first


PRICES: Final = {
    "cost per thousand impressions": ("spend", "impressions"),
    "cost per click": ("spend", "clicks"),
    "click rate": ("clicks", "impressions"),
    "conversion rate": ("conversions", "clicks"),
    "order value": ("revenue", "conversions"),
}
"""Ratios by name: what over what."""
COUNTED: Final = {
    "cost per thousand impressions": "impressions", "cost per click": "clicks", "click rate": "clicks",
    "conversion rate": "conversions", "order value": "conversions",
}  # fmt: skip
"""What decides how sure a ratio is: the rarer of its two counts."""
ENOUGH: Final = {
    "cost per thousand impressions": 200, "cost per click": 10, "click rate": 5, "conversion rate": 5, "order value": 1,
}  # fmt: skip
"""How many of those make a ratio worth a look. One order can be absurd by itself; that few are uncertain, the spread
knows."""
VOLUME_COUNTS: Final = {"clicks": "clicks", "conversions": "conversions", "revenue": "conversions"}


@lru_cache(maxsize=2)
def account_columns(history: History, setting: Setting) -> tuple[tuple[str, ...], Floats, Floats]:
    """The account's own series: their names, their values (days, series), and how many things those count."""
    usable = ~setting.is_special(history)
    sums = history.totals
    expected = expected_of(np.stack([sums["clicks"], sums["conversions"]], axis=1), usable=usable)
    likely = {name: np.fmax(expected[:, place], 1.0) for place, name in enumerate(("clicks", "conversions"))}
    sure = np.full(history.size, np.inf)
    columns = {name: (sums[name], likely.get(VOLUME_COUNTS.get(name, ""), sure)) for name in VOLUMES}
    columns |= {name: priced(sums, name) for name in PRICES}
    values, counts = (np.stack([each[place] for each in columns.values()], axis=1) for place in (0, 1))
    return tuple(columns), values, counts


def priced(values: Mapping[str, Floats], name: str) -> tuple[Floats, Floats]:
    """A price where there is enough to tell it, and how many things tell it."""
    counts = np.nan_to_num(values[COUNTED[name]])
    return np.where(counts >= ENOUGH[name], ratio(values, *PRICES[name]), np.nan), counts


def standardised(history: History, name: str) -> tuple[Floats, Floats]:
    """The two sums (days,) of the account's price, the lower one weighted by what each campaign usually has: a campaign
    that begins or ends does not move their ratio.
    """
    if len(history.campaigns) < 2:
        return history.totals[PRICES[name][0]], history.totals[PRICES[name][1]]
    over, under = (history.by_campaign[metric] for metric in PRICES[name])
    usual = np.nan_to_num(median_of(ratio(history.by_campaign, *PRICES[name]))[0])
    known = np.isfinite(over) & np.isfinite(under) & (usual > 0)
    over, under = np.where(known, over, 0.0), np.where(known, under, 0.0)
    weighted = under * usual
    mean = weighted.sum() / max(under.sum(), 1e-9)
    none = ~known.any(axis=1)
    return np.where(none, np.nan, over.sum(axis=1)), np.where(none, np.nan, weighted.sum(axis=1) / max(mean, 1e-12))


@lru_cache(maxsize=2)
def account_series(history: History, setting: Setting) -> dict[str, Compared]:
    """Every series of the account's own, compared with the days around: all of them in one go, for all who ask."""
    names, values, counts = account_columns(history, setting)
    compared = compare(values, usable=~setting.is_special(history), counts=counts)
    return dict(zip(names, taken_apart(compared, len(names)), strict=True))


def ratio(values: Mapping[str, Floats], over: str, under: str) -> Floats:
    """One metric over another; nan where either is not known or zero."""
    with np.errstate(invalid="ignore", divide="ignore"):
        top, bottom = values[over], values[under]
        return np.where((top > 0) & (bottom > 0), top / bottom, np.nan)


def ripe(name: str, history: History, setting: Setting) -> Bools:
    """Whether a day is old enough for the series to be tested."""
    ages = setting.ages(history)
    if name == "order value":
        return ages >= ENOUGH_DAYS
    return (ages > setting.settling_days) if name in LATE else (ages >= 2)


def slipped(name: str, compared: Compared, tested: Bools, *, names: tuple[str, ...]) -> Iterator[Found]:
    """Days whose factor and score are both beyond doubt."""
    with np.errstate(invalid="ignore"):
        is_slip = (np.abs(compared.differences) >= SLIP) & (np.abs(compared.scores) >= SLIP_SCORE) & tested
    for day, column in np.argwhere(is_slip):
        yield told(name, compared, int(day), int(column), names[column])


def told(name: str, compared: Compared, day: int, column: int, campaign: str) -> Found:
    """A finding about one number of one day."""
    expected = float(compared.expected[day, column])
    observed = expected * float(np.exp(compared.differences[day, column]))
    per = 1000.0 if name == "cost per thousand impressions" else 1.0
    return Found(
        day=day,
        subject=f"{campaign} {name}".strip(),
        observed=round(observed * per, 4),
        expected=round(expected * per, 4),
    )
