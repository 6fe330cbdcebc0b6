"""Numbers that were computed out of other numbers, not measured: they agree to the last digit, as nothing else does."""

# ruff: noqa: ARG001 -- every check is called alike

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from kalends.marketing.quality.daychecks import Found, day_check
from kalends.marketing.quality.history import Bools, Floats, History, Setting

MEANS: Final = {
    "the day before and the day after": (-1, 1),
    "the same weekday a week before and after": (-7, 7),
    "the three days before": (-1, -2, -3),
    "the seven days before": tuple(range(-7, 0)),
    "the four same weekdays before": (-7, -14, -21, -28),
}
"""By what people fill gaps with: the days that they average."""
EXACT: Final = {"spend": 0.011, "impressions": 1.001, "clicks": 1.001}
"""How far a mean may be off when it is rounded or cut off."""
LEAST_IMPRESSIONS: Final = 500
OFTEN: Final = 0.1
"""Of the days: what agrees more often mostly does, and is no mistake."""
MOST: Final = 40
"""Campaigns of an account that are compared with each other: the largest."""


@day_check("plausibility", "major", "Campaigns' numbers are exactly the mean of other days': they were filled in.")
def day_averaged(history: History, setting: Setting) -> Iterator[Found]:
    for says, steps in MEANS.items() if history.campaigns else ():
        exact: Bools = np.nan_to_num(history.by_campaign["impressions"]) >= LEAST_IMPRESSIONS
        for metric, least in EXACT.items():
            values = history.by_campaign[metric]
            others = np.stack([_moved(values, step) for step in steps])
            exact = exact & (np.abs(values - others.mean(axis=0)) <= least)
            if metric == "impressions":  # what stands still is its own mean, too, and is said elsewhere
                exact &= (others != values).any(axis=0)
        exact &= exact.sum(axis=0) <= OFTEN * history.size
        for day in np.flatnonzero(exact.any(axis=1)):
            mine = np.flatnonzero(exact[day])
            more = f"; {mine.size} campaigns" if mine.size > 1 else ""
            yield Found(day=int(day), subject=history.campaigns[mine[0]], detail=f"the mean of {says}{more}")


@day_check(
    "uniqueness", "critical", "A campaign has a fixed share of another's numbers: it is probably counted in both."
)
def campaign_within_another(history: History, setting: Setting) -> Iterator[Found]:
    of = history.by_campaign
    if len(history.campaigns) < 2:
        return
    largest = np.argsort(-np.nansum(of["impressions"], axis=0), kind="stable")[:MOST]
    for one in largest:
        same, factor = _same_share({name: of[name][:, largest] for name in (*EXACT, "revenue")},
                                   {name: of[name][:, [one]] for name in (*EXACT, "revenue")})  # fmt: skip
        seldom = same.sum(axis=0) <= OFTEN * history.size
        for day, place in np.argwhere(same & seldom):
            other = history.campaigns[largest[place]]
            yield Found(day=int(day), subject=history.campaigns[one], observed=round(float(factor[day, place]), 4),
                        detail=f"of every number of {other}")  # fmt: skip


def _same_share(whole: dict[str, Floats], part: dict[str, Floats]) -> tuple[Bools, Floats]:
    """Where all of a part's numbers (days, 1) are one share, below 1, of those of each whole (days, campaigns)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        factor = part["impressions"] / whole["impressions"]
        # Each part of a campaign may be rounded by itself.
        off = {"spend": 0.03, "clicks": 2.5, "revenue": 0.03}
        same = (part["impressions"] >= LEAST_IMPRESSIONS) & (factor < 0.99) & (part["clicks"] >= 10)
        for name, least in off.items():
            rounded = least + 3 * part[name] / part["impressions"]
            same &= np.nan_to_num(np.abs(part[name] - factor * whole[name]), nan=np.inf) <= rounded
        same &= (part["spend"] >= 5) & (part["revenue"] >= 5)
    return same, factor


def _moved(values: Floats, step: int) -> Floats:
    """What stands so many days later (before, where negative); nan outside."""
    moved = np.full(values.shape, np.nan)
    if abs(step) < len(values):
        source, target = (
            (slice(step, None), slice(None, -step)) if step > 0 else (slice(None, step), slice(-step, None))
        )
        moved[target] = values[source]
    return moved
