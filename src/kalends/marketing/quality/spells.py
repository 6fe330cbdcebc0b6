"""Spells: some days on which a number is off by a steady factor, and then is what it was before.

A price with tax in it for a week, an event counted twice for five days, a tag that was off: each single day might have
been, all of them together hardly. Prices are looked at, of the account and of its campaigns; volumes are not, since
money is given and taken every week. What begins and stays is not said to be a fault.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from kalends.marketing.quality.daychecks import Found, day_check
from kalends.marketing.quality.history import Bools, Floats, History, Setting
from kalends.marketing.quality.unusual import (
    PRICES,
    alarms_by_month,
    months_of,
    priced,
    ripe,
    standardised,
    told_once,
)
from kalends.methods.anomalies import Compared, compare_spells, p_values

Places = npt.NDArray[np.int64]

LENGTHS: Final = (3, 5, 7, 10, 14)
"""Days: a long week-end, the working days, a week, and up to what is compared with on each side."""
LEAST: Final = np.log(1.1)
"""The smallest tax that is added to money is larger, and a tenth for a week is worth a look."""
RATE: Final = 0.2
"""Spells that overlap are counted as tests each, so that far fewer clean months have an alarm than this."""
FREEDOM: Final = 12.0
"""Means of several days have lighter tails than days."""


@dataclass(frozen=True, slots=True)
class Spell:
    """Days on which one series stands apart."""

    series: int
    days: tuple[int, ...]
    factor: float


@day_check(
    "plausibility", "major", "For some days a number was off by a steady factor, and then it was what it was before."
)
def steady_shift(history: History, setting: Setting) -> Iterator[Found]:
    named, values, counts = _series(history, setting)
    usable = ~setting.is_special(history)
    compared = compare_spells(values, lengths=LENGTHS, usable=usable, counts=counts)
    days = np.flatnonzero(usable)
    of_account = np.array([not campaign for campaign, _ in named])
    found = [
        spell for family in (of_account, ~of_account) for spell in spells(compared, family, days, months_of(history))
    ]
    told = defaultdict[int, list[Found]](list)
    for spell in found:
        campaign, name = named[spell.series]
        said = f"{len(spell.days)} days from {history.day(spell.days[0])}"
        for day in spell.days:
            # What the account has as a whole is not said again of each campaign.
            if not campaign or not any(" " not in each.subject for each in told[day]):
                told[day].append(
                    Found(day=day, subject=f"{campaign} {name}".strip(), observed=round(spell.factor, 3), expected=1,
                          detail=said)
                )  # fmt: skip
    for day in sorted(told):
        yield told_once(told[day])


def _series(history: History, setting: Setting) -> tuple[list[tuple[str, str]], Floats, Floats]:
    """The account's prices and the campaigns': (campaign, name) of each, values and counts (days, series)."""
    named, values, counts = [], [], []
    for name in PRICES:
        known = ripe(name, history, setting)[:, None]
        whole, things = priced(history.totals, name)
        if len(history.campaigns) > 1:
            whole = np.where(np.isfinite(whole), standardised(history, name), np.nan)
            parts, of_parts = priced(history.by_campaign, name)
            named += [(campaign, name) for campaign in history.campaigns]
            values.append(np.where(known, parts, np.nan))
            counts.append(of_parts)
        named.append(("", name))
        values.append(np.where(known, whole[:, None], np.nan))
        counts.append(things[:, None])
    return named, np.concatenate(values, axis=1), np.concatenate(counts, axis=1)


def spells(compared: list[Compared], family: Bools, days: Places, months: Places) -> Iterator[Spell]:
    """The spells of one family of series that stand apart, the surest first; of one series, none overlaps another."""
    scores = np.stack([each.scores for each in compared])[:, :, family]
    sizes = np.stack([each.differences for each in compared])[:, :, family]
    chances = p_values(scores, freedom=FREEDOM)
    # One family by month, over all lengths.
    by_day = np.moveaxis(chances, 0, 1)
    is_alarm = np.moveaxis(alarms_by_month(by_day, months[days], rate=RATE), 0, 1)
    is_alarm &= np.abs(np.nan_to_num(sizes)) >= LEAST
    taken = np.zeros(scores.shape[1:], dtype=bool)
    places = np.argwhere(is_alarm)
    for place, first, column in places[np.argsort(-np.abs(scores[is_alarm]), kind="stable")]:
        mine = slice(first, first + LENGTHS[place])
        if not taken[mine, column].any():
            taken[mine, column] = True
            factor = float(np.exp(sizes[place, first, column]))
            yield Spell(int(np.flatnonzero(family)[column]), tuple(days[mine].tolist()), factor)
