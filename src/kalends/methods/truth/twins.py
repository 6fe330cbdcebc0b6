"""Which sources give the same numbers: two systems that count for themselves differ in the last digits, copies do not.

Small numbers may well be equal by chance or because both are right, so only numbers with several digits, and items on
which a third source says something else, count as evidence (for votes, copying.py makes the same distinction). Two
exact copies of one truth cannot be told from a copy; to count them once makes the interval wider, never narrower.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from kalends.methods.truth.robust import Bools
from kalends.methods.truth.table import Floats, Ints

LEAST_ITEMS: Final = 8
"""Items that two sources must share before anything is said of them."""
SHARE: Final = 0.8
"""Share of those on which they must agree: what a copier copies (Dong, Berti-Equille, Srivastava, VLDB 2009)."""
DIGITS: Final = 100.0
"""From this size on an equal number is no chance."""
SAME: Final = 1e-9
"""Relative distance of two numbers that are one, but for floating point."""


def same_numbers(values: Floats) -> Ints:
    """The place of the first twin of each source (sources,) of `values` (items, sources; NaN: nothing said)."""
    size = values.shape[1]
    first = np.arange(size)
    telling = np.abs(values) >= DIGITS
    for a in range(size):
        for b in range(a + 1, size):
            if first[b] == b and _are_twins(values, telling, a, b):
                first[b] = first[a]
    return first


def _are_twins(values: Floats, telling: Bools, a: int, b: int) -> bool:
    """Whether two sources agree to the last digit where others differ."""
    mine, theirs = values[:, a], values[:, b]
    with np.errstate(invalid="ignore"):
        differs = ~np.isnan(values) & (np.abs(values - mine[:, None]) > SAME * np.abs(mine[:, None]))
        same = np.abs(mine - theirs) <= SAME * np.abs(mine)
    differs[:, [a, b]] = False
    both = ~np.isnan(mine) & ~np.isnan(theirs) & (telling[:, a] | telling[:, b]) & differs.any(axis=1)
    return bool(both.sum() >= LEAST_ITEMS and same[both].mean() >= SHARE)
