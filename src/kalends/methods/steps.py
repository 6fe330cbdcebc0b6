"""Lasting steps of a ratio: two weeks before a day against the two weeks from it on, whole weeks on both sides.

A step is judged by how far weeks usually are from the week before them: of those, one step is in few. Where weeks are
independent of each other, the fortnights on its two sides differ by less than two weeks do.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from kalends.methods.anomalies import TO_SIGMA, Bools, Floats, median_of

SIDE: Final = 14
KNOWN: Final = 9
"""Of those, days that must be known."""
LEAST_STEPS: Final = 30
FLOOR: Final = 0.02


def lasting_steps(over: Floats, under: Floats, *, things: Floats) -> tuple[Floats, Floats]:
    """By how much (logarithm) the ratio of two sums (days, series) is larger from each day on, and in how many spreads.

    nan where either is not known. A step is only as large as the smaller one to each of the two weeks that follow.
    `things` (days, series): what is counted, which makes the ratio sure (Poisson).
    """
    known = np.isfinite(over) & np.isfinite(under) & (under > 0)
    # All four are added up in one go, and once.
    sides = [np.where(known, each, 0.0) for each in (over, under, things)]
    added = np.pad(np.stack([*sides, known.astype(float)], axis=1), ((SIDE + 1, SIDE), (0, 0), (0, 0))).cumsum(axis=0)

    def ratio(begin: int, end: int) -> Floats:
        over, under, _, days = _sums(added, begin, end)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(days >= KNOWN * (end - begin) / SIDE, np.log((over + 1e-9) / under), np.nan)

    before = ratio(-SIDE, 0)
    halves = np.stack([ratio(0, SIDE // 2), ratio(SIDE // 2, SIDE)]) - before
    is_one = np.sign(halves[0]) == np.sign(halves[1])
    smaller = np.sign(halves[0]) * np.minimum(*np.abs(halves))
    steps = np.where(np.isfinite(halves).all(axis=0), np.where(is_one, smaller, 0.0), np.nan)
    middle, count = median_of(np.abs(ratio(0, SIDE // 2) - ratio(-SIDE // 2, 0)))
    spread = np.where(count >= LEAST_STEPS, np.maximum(TO_SIGMA * middle, FLOOR), np.nan)
    few = 1 / np.maximum(_sums(added, -SIDE, 0)[2], 1) + 2 / np.maximum(_sums(added, 0, SIDE)[2], 1)
    return steps, steps / np.sqrt(spread**2 + few)


def peaks(scores: Floats, *, least: float) -> Bools:
    """Which scores (days, series) are at least so large, and larger than all of the fortnight on each side."""
    sizes = np.nan_to_num(np.abs(scores))
    padded = np.pad(sizes, ((SIDE, SIDE), (0, 0)))
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * SIDE + 1, axis=0).max(axis=-1)
    found: Bools = (sizes >= least) & (sizes == around)
    return found


def _sums(added: Floats, begin: int, end: int) -> Floats:
    """The sums (what, days, series) over the days from `begin` to before `end`, counted from each day."""
    days = np.arange(len(added) - 2 * SIDE - 1) + SIDE
    found: Floats = np.moveaxis(added[days + end] - added[days + begin], 1, 0)
    return found
