"""Spells: some days on which a number is off by a steady factor, and then is what it was before.

A price with tax in it for a week, an event counted twice for five days, a tag that was off: each single day might have
been, all of them together hardly. Prices are looked at, of the account, its campaigns and their parts (ads, values of
a breakdown), and what share each part has of its campaign. Volumes are not, since money is given and taken every week.
What begins and stays may be a decision: it is said once, of its first day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from kalends.marketing.quality.daychecks import Found, day_check
from kalends.marketing.quality.history import Floats, History, Setting
from kalends.marketing.quality.unusual import (
    COUNTED,
    PRICES,
    alarms_by_month,
    months_of,
    ripe,
    standardised,
    told_once,
)
from kalends.methods.anomalies import compare_spells, p_values
from kalends.methods.steps import SIDE, lasting_steps, peaks

PART_PRICES: Final = {
    "share of impressions": ("impressions", "whole"),
    "click rate": ("clicks", "impressions"),
    "conversion rate": ("conversions", "clicks"),
}
"""What is looked at of parts."""
LENGTHS: Final = (3, 5, 7, 10, 14)
"""Days: a long week-end, the working days, a week, and up to what is compared with on each side."""
LEAST: Final = np.log(1.1)
"""The smallest tax that is added to money is larger, and a tenth for a week is worth a look."""
RATE, BORNE = 0.2, 0.7
"""See `alarms`. Spells that overlap are counted as tests each, and each is off from both sides: far fewer clean months
have an alarm."""
STEP_SCORES, LEAST_STEP = (2.8, 4.5), np.log(1.08)
"""Of the account, and of the many campaigns: a price that takes a step is looked at once; below that it drifts."""
FREEDOM: Final = 12.0
"""Means of several days have lighter tails than days."""


@dataclass(frozen=True, slots=True)
class Series:
    """One ratio, day by day. `about`: the campaign or part; '' is the account. `of_over`: what is over is counted."""

    about: str
    name: str
    over: Floats
    under: Floats
    of_over: bool
    report: str = ""


@dataclass(frozen=True, slots=True)
class Spell:
    """Days on which one series stands apart."""

    series: Series
    days: tuple[int, ...]
    factor: float


@day_check(
    "plausibility", "major", "For some days a number was off by a steady factor, and then it was what it was before."
)
def steady_shift(history: History, setting: Setting) -> Iterator[Found]:
    told = defaultdict[int, list[Found]](list)
    # What the account has as a whole is not said again of each campaign, and of a campaign not of its parts.
    for family in families(history, setting):
        spoken_of = {day: {each.subject.partition(" ")[0] for each in found} for day, found in told.items()}
        for spell in spells(family, history, setting) if family else ():
            about = spell.series.about
            for day in spell.days:
                if about.partition(" ")[0] not in spoken_of.get(day, ()) and not told_of_account(told[day]):
                    told[day].append(found_of(spell, day, history))
    for day in sorted(told):
        if told[day]:
            yield told_once(told[day])


@day_check(
    "plausibility", "major", "From this day on a number is another by a steady factor: is it counted differently?"
)
def lasting_step(history: History, setting: Setting) -> Iterator[Found]:
    told: dict[int, list[Found]] = {}
    days = np.flatnonzero(~setting.is_special(history))
    for series, least in zip(families(history, setting), STEP_SCORES, strict=False):
        if not series or days.size < 2 * SIDE:
            continue
        over, under = (np.stack([getattr(each, side)[days] for each in series], axis=1) for side in ("over", "under"))
        sizes, scores = lasting_steps(over, under, things=np.where([each.of_over for each in series], over, under))
        is_step = peaks(scores, least=least) & (np.abs(np.nan_to_num(sizes)) >= LEAST_STEP)
        for place, column in np.argwhere(is_step):
            day = int(days[place])
            about, name = series[column].about, series[column].name
            near = [each for other in range(day - 3, day + 4) for each in told.get(other, ())]
            if not told_of_account(near) or not about:
                told.setdefault(day, []).append(Found(
                    day=day, subject=f"{about} {name}".strip(), expected=1,
                    observed=round(float(np.exp(sizes[place, column])), 3), detail="and it has stayed so",
                ))  # fmt: skip
    for day in sorted(told):
        yield told_once(told[day])


@lru_cache(maxsize=2)
def families(history: History, setting: Setting) -> tuple[list[Series], ...]:
    """The series of the account, of its campaigns, and of their parts."""
    return tuple(family(history, setting) for family in (_of_account, _of_campaigns, _of_parts))


def told_of_account(found: list[Found]) -> bool:
    return any(each.subject in PRICES for each in found)


def found_of(spell: Spell, day: int, history: History) -> Found:
    """What is said of one day of a spell."""
    return Found(
        day=day,
        subject=f"{spell.series.about} {spell.series.name}".strip(),
        report=spell.series.report,
        observed=round(spell.factor, 3),
        expected=1,
        detail=f"{len(spell.days)} days from {history.day(spell.days[0])}",
    )


def _of_account(history: History, setting: Setting) -> list[Series]:
    return [
        Series("", name, *_known(name, *standardised(history, name), history, setting), COUNTED[name] == over)
        for name, (over, _) in PRICES.items()
    ]


def _of_campaigns(history: History, setting: Setting) -> list[Series]:
    if len(history.campaigns) < 2:
        return []
    return _of_each(history.campaigns, history.by_campaign, PRICES, history, setting)


def _of_parts(history: History, setting: Setting) -> list[Series]:
    """The parts' rates, and their shares of what they are parts of."""
    parts = history.parts
    siblings = np.bincount(parts.whole)[parts.whole] > 1 if parts.names else np.zeros(0, dtype=bool)
    if not siblings.any():
        return []
    impressions = np.nan_to_num(parts.by_metric["impressions"])
    whole = np.stack([impressions[:, parts.whole == one].sum(axis=1) for one in range(parts.whole.max() + 1)], axis=1)
    values = {**parts.by_metric, "whole": whole[:, parts.whole]}
    made = _of_each(parts.names, values, PART_PRICES, history, setting, reports=parts.reports)
    return [each for place, each in enumerate(made) if siblings[place % siblings.size]]


def _of_each(
    names: Sequence[str],
    values: Mapping[str, Floats],
    prices: Mapping[str, tuple[str, str]],
    history: History,
    setting: Setting,
    *,
    reports: Sequence[str] = (),
) -> list[Series]:
    made = []
    for price, (over, under) in prices.items():
        known = _known(price, values[over], values[under], history, setting)
        of_over = COUNTED.get(price, over) == over
        made += [
            Series(name, price, known[0][:, place], known[1][:, place], of_over, reports[place] if reports else "")
            for place, name in enumerate(names)
        ]
    return made


def _known(name: str, over: Floats, under: Floats, history: History, setting: Setting) -> tuple[Floats, Floats]:
    """The two where the day is old enough."""
    is_ripe = ripe(name, history, setting).reshape(-1, *[1] * (over.ndim - 1))
    return np.where(is_ripe, over, np.nan), np.where(is_ripe, under, np.nan)


def spells(series: list[Series], history: History, setting: Setting) -> Iterator[Spell]:
    """The spells of one family of series that stand apart, the surest first; of one series, none overlaps another."""
    usable = ~setting.is_special(history)
    if not usable.any():
        return
    compared = compare_spells(
        np.stack([each.over for each in series], axis=1),
        np.stack([each.under for each in series], axis=1),
        lengths=LENGTHS,
        usable=usable,
        of_over=np.array([each.of_over for each in series]),
    )
    days = np.flatnonzero(usable)
    scores, sizes = (np.stack([getattr(each, part) for each in compared]) for part in ("scores", "differences"))
    # One family by month, over all lengths.
    by_day = np.moveaxis(p_values(scores, freedom=FREEDOM), 0, 1)
    is_alarm = np.moveaxis(alarms_by_month(by_day, months_of(history)[days], rate=RATE, borne=BORNE), 0, 1)
    is_alarm &= np.abs(np.nan_to_num(sizes)) >= LEAST
    taken = np.zeros(scores.shape[1:], dtype=bool)
    places = np.argwhere(is_alarm)
    for place, first, column in places[np.argsort(-np.abs(scores[is_alarm]), kind="stable")]:
        mine = slice(first, first + LENGTHS[place])
        if not taken[mine, column].any():
            taken[mine, column] = True
            factor = float(np.exp(sizes[place, first, column]))
            yield Spell(series[column], tuple(days[mine].tolist()), factor)
