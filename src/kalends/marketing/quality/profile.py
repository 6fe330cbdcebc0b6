"""The profile: what each day's rows are made of, held against the account's other days (see `methods.novelty`).

Whatever the fault, rows are seldom made as they were: more of them are empty, zero, negative, whole or round, ids are
longer, parts are missing, one campaign has more of all, prices are closer together. Nobody needs to have thought of it.
Such statistics are also what Deequ (Schelter et al., "Automating Large-Scale Data Quality Verification", VLDB 2018)
computes once a partition; here one query does, for all accounts and reports.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from kalends.marketing.quality.daychecks import Found, day_check, runs
from kalends.marketing.quality.history import Floats, History, Setting
from kalends.marketing.quality.statistics import STATISTICS, Statistic
from kalends.marketing.quality.unusual import campaign_series, ripe
from kalends.methods.novelty import apart_from_weeks, novelties, rolled

CHANCE: Final = 1 / 500
"""By chance, so many of an account's days have a statistic like that; what clean accounts have is in the reference."""
CHANCE_OF_TEXTURE: Final = 1 / 200
"""Its statistics are means of many, with lighter tails than Gumbel's."""
GENERAL: Final = frozenset({"profile_new", "texture_new"})
"""Checks that know no name for what they find."""
LONGEST: Final = 14
"""Days; what goes on longer is said once."""
WINDOWS: Final = (1, 4, 8)
"""Days over which it is looked how far campaigns are from what they should be."""


@day_check(
    "plausibility", "major", "The day's rows are not made as the account's other days are: something new is in them."
)
def profile_new(history: History, setting: Setting) -> Iterator[Found]:
    scores, told = _of_rows(history, setting)
    for day, found in _days(scores, told, history, CHANCE):
        yield _said(day, found)


@day_check("plausibility", "major", "Campaigns are further from what they usually do, or nearer to it, than by chance.")
def texture_new(history: History, setting: Setting) -> Iterator[Found]:
    if not history.campaigns:
        return
    scores, told = _of_campaigns(history, setting)
    for day, found in _days(scores, told, history, CHANCE_OF_TEXTURE):
        yield _said(day, found)


@dataclass(frozen=True, slots=True)
class Told:
    """One statistic of one account, day by day."""

    says: str
    report: str
    values: Floats
    expected: Floats


def _said(day: int, found: list[tuple[float, Told, int]]) -> Found:
    """The statistic that is most unlike, how unlike, for how long, and which others are."""
    score, first, since = found[0]
    also = [each.says for _, each, _ in found[1:3]]
    words = [f"{abs(score):.0f} times its usual spread"]
    words += [f"for {since} days"] if since > 1 else []
    words += [f"also {', '.join(also)}"] if also else []
    return Found(
        day=day, subject=first.says, report=first.report, observed=round(float(first.values[day]), 4),
        expected=round(float(first.expected[day]), 4), detail=", ".join(words),
    )  # fmt: skip


def _days(
    scores: Floats, told: list[Told], history: History, chance: float
) -> Iterator[tuple[int, list[tuple[float, Told, int]]]]:
    """The days that are new, and what about them is, the most unlike first."""
    if not told:
        return
    found = novelties(scores, chance=chance)
    by_day: dict[int, list[tuple[float, Told, int]]] = {}
    newest = history.ends[1]
    for column in np.flatnonzero(found.any(axis=0)):
        for begin, end in runs(found[:, column]):
            # What has not ended may stay, and is said once, as what goes on for weeks is.
            days = [begin] if end >= newest or end - begin >= LONGEST else range(begin, end + 1)
            for day in days:
                by_day.setdefault(day, []).append((float(scores[day, column]), told[column], end - begin + 1))
    for day in sorted(by_day):
        yield day, sorted(by_day[day], key=lambda each: (-round(abs(each[0]), 6), each[1].report))


def _of_rows(history: History, setting: Setting) -> tuple[Floats, list[Told]]:
    """The scores (days, statistics) of what rows are made of, of all reports; only of what ever varies."""
    usable, settled = ~setting.is_special(history), setting.ages(history) > setting.settling_days
    young = setting.ages(history) < 1
    is_share, is_late, floors = (np.array(each) for each in zip(*map(_marks, STATISTICS), strict=True))
    tested = (usable & ~young)[:, None] & (settled[:, None] | ~is_late)
    made, about, sides = [np.zeros((history.size, 0))], [], [np.zeros((history.size, 0))]
    for report, (tops, ofs) in history.profile.items():
        with np.errstate(invalid="ignore", divide="ignore"):
            values = np.where(is_share, tops / ofs, np.log(tops))
        values = np.where(np.isfinite(values) & tested, values, np.nan)
        columns = np.flatnonzero(np.fmax.reduce(values) > np.fmin.reduce(values))
        made.append(values[:, columns])
        sides.append(np.where(is_share, ofs, np.nan)[:, columns])
        about += [(int(column), report) for column in columns]
    if not about:
        return made[0], []
    values, things, places = (np.concatenate(made, axis=1), np.concatenate(sides, axis=1), [each for each, _ in about])
    is_share, floors = is_share[places], floors[places]
    apart, expected, spread = apart_from_weeks(values)
    with np.errstate(invalid="ignore"):
        pooled = np.nansum(values * things, axis=0) / np.fmax(np.nansum(things, axis=0), 1)
    likely = np.clip(pooled, floors, 1 - floors)
    by_chance = np.where(is_share, np.sqrt(likely * (1 - likely) / np.fmax(things, 1)), 0.0)
    scores = apart / np.sqrt(np.maximum(spread, floors / 3) ** 2 + np.nan_to_num(by_chance) ** 2)
    scores = np.where(np.abs(apart) >= floors, scores, 0.0 * apart)
    given, usual = (np.where(is_share, each, np.exp(np.where(is_share, 0, each))) for each in (values, expected))
    return scores, [
        Told(STATISTICS[column].says, report, given[:, place], usual[:, place])
        for place, (column, report) in enumerate(about)
    ]


def _marks(each: Statistic) -> tuple[bool, bool, float]:
    return bool(each.of), each.is_late, each.floor


def _of_campaigns(history: History, setting: Setting) -> tuple[Floats, list[Told]]:
    """The scores of how far campaigns' volumes and prices are from what is expected of them, over some days each."""
    series, usable = campaign_series(history, setting), ~setting.is_special(history)
    sizes = []
    for name, compared in series.items():
        known = (ripe(name, history, setting) & usable)[:, None] & np.isfinite(compared.scores)
        count = known.sum(axis=1)
        far = np.where(known, np.minimum(np.abs(compared.scores), 6.0), 0.0).sum(axis=1)
        sizes.append(np.where(count > 0, far / np.maximum(count, 1), np.nan))
    one = np.stack(sizes, axis=1)
    values = np.log(np.concatenate([rolled(one, length) for length in WINDOWS], axis=1) + 0.05)
    apart, expected, spread = apart_from_weeks(values)
    names = [f"how far {name} is from what is expected of each campaign" for name in series]
    told = [
        Told(
            name if length == 1 else f"{name}, over {length} days",
            "",
            np.exp(values[:, place]),
            np.exp(expected[:, place]),
        )
        for place, (length, name) in enumerate((length, name) for length in WINDOWS for name in names)
    ]
    return apart / np.maximum(spread, 0.05), told
