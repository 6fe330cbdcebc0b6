"""Which sources copy each other. To share what is right is no sign of it; to share what is wrong is one.

The test of Dong, Berti-Equille, Srivastava, VLDB 2009, section 3, without a direction: for the count it does not matter
who copies whom.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from kalends.methods.truth.table import Floats, Ints, Table
from kalends.methods.truth.trust import WRONG_VALUES, matrix_of

COPIES: Final = 0.1
"""Chance that two sources depend on each other, before anything is known of them."""
LOG_ODDS: Final = float(np.log(COPIES / (1 - COPIES)))
COPIED: Final = 0.8
"""Share of what a copier says that it copies, as in the paper."""
SURE: Final = 0.9
"""From this chance on two sources count as one: a wrong suspicion silences an honest source."""


def groups(table: Table, *, trust: Floats, likely: Floats) -> Ints:
    """The group (sources,) of each source by its first one: those that copy each other, also by way of a third."""
    depend = dependence(table, trust=trust, likely=likely) >= SURE
    group = np.arange(len(table.sources))
    for a, b in np.argwhere(np.triu(depend, 1)).tolist():
        low, high = sorted((group[a], group[b]))
        group[group == high] = low
    return group


def dependence(table: Table, *, trust: Floats, likely: Floats) -> Floats:
    """Chance (sources, sources) that two sources depend on each other, by what they share.

    `likely` (c,): the chance of each value. What two share speaks against them as far as it is likely to be wrong, what
    they differ in speaks for them. (The paper counts shared truth as a weak sign, too; over hundreds of items that
    would make copiers of any two sources that are always right.)
    """
    said = matrix_of(table)
    chance = np.zeros((len(table.sources), len(table.sources)))
    for mine in range(len(table.sources)):
        both = (said >= 0) & (said[:, [mine]] >= 0)
        same = both & (said == said[:, [mine]])
        wrong = np.where(same, 1 - likely[said], 0.0).sum(axis=0)
        differ = (both & ~same).sum(axis=0)
        # To say the same wrong thing by chance, against to say it because the other said it.
        by_chance = (1 - trust[mine]) * (1 - trust) / WRONG_VALUES
        copied = COPIED * (1 - (trust[mine] + trust) / 2) + (1 - COPIED) * by_chance
        odds = LOG_ODDS + wrong * np.log(copied / by_chance) + differ * np.log(1 - COPIED)
        chance[mine] = 1 / (1 + np.exp(-np.clip(odds, -700, 700)))
        chance[mine, mine] = 0.0
    return chance


def counted_once(table: Table, group: Ints) -> Floats:
    """What of each claim counts (m,): its support, of sources in one group that say the same only the greatest."""
    key = table.cell * max(len(table.sources), 1) + group[table.source]
    order = np.lexsort((table.source, -table.support, key))
    first = np.diff(key[order], prepend=-1) != 0
    counts = np.zeros(table.cell.size)
    counts[order[first]] = table.support[order[first]]
    return counts
