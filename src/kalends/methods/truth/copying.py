"""Which sources copy each other. To share what is right is no sign of it; to share what is wrong is one.

The test of Dong, Berti-Equille, Srivastava, VLDB 2009, section 3, without a direction: for the count it does not matter
who copies whom.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from kalends.methods.truth.table import Floats, Ints, Table
from kalends.methods.truth.trust import WRONG_VALUES, matrix_of

BEFORE: Final = float(np.log(0.1 / 0.9))
"""Logarithm of the odds of dependence before anything is known: one pair of ten."""
SURE: Final = float(np.log(0.9 / 0.1))
"""The same from which two count as one: a wrong suspicion silences an honest source."""
COPIED: Final = 0.8
"""Share of what a copier says that it copies, as in the paper."""


def joined(table: Table, group: Ints, *, trust: Floats, likely: Floats) -> Ints:
    """`group` (sources,) with the two groups made one that most surely copy each other; as it is where none does.

    One at a time: until a copy is known as such, its votes make truth of what it copied and suspects of the honest.
    """
    odds = np.triu(np.where(group[:, None] == group, -np.inf, dependence(table, trust=trust, likely=likely)), 1)
    odds[np.tril_indices(len(odds))] = -np.inf
    if not odds.size or odds.max() < SURE:
        return group
    a, b = divmod(int(odds.argmax()), len(odds))
    return np.where(group == max(group[a], group[b]), min(group[a], group[b]), group)


def dependence(table: Table, *, trust: Floats, likely: Floats) -> Floats:
    """Logarithm of the odds (sources, sources) that two sources depend on each other, by what they share.

    `likely` (c,): the chance of each value. What two share speaks against them as far as it is likely to be wrong, what
    they differ in speaks for them. (The paper counts shared truth as a weak sign, too; over hundreds of items that
    would make copiers of any two sources that are always right.)
    """
    said = matrix_of(table)
    odds = np.zeros((len(table.sources), len(table.sources)))
    for mine in range(len(table.sources)):
        both = (said >= 0) & (said[:, [mine]] >= 0)
        same = both & (said == said[:, [mine]])
        wrong = np.where(same, 1 - likely[said], 0.0).sum(axis=0)
        differ = (both & ~same).sum(axis=0)
        # To say the same wrong thing by chance, against to say it because the other said it.
        by_chance = (1 - trust[mine]) * (1 - trust) / WRONG_VALUES
        copied = COPIED * (1 - (trust[mine] + trust) / 2) + (1 - COPIED) * by_chance
        odds[mine] = BEFORE + wrong * np.log(copied / by_chance) + differ * np.log(1 - COPIED)
    return odds


def counted_once(table: Table, group: Ints) -> Floats:
    """What of each claim counts (m,): its support, of sources in one group that say the same only the greatest."""
    key = table.cell * max(len(table.sources), 1) + group[table.source]
    order = np.lexsort((table.source, -table.support, key))
    first = np.diff(key[order], prepend=-1) != 0
    counts = np.zeros(table.cell.size)
    counts[order[first]] = table.support[order[first]]
    return counts
