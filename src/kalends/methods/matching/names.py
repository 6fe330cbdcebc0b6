"""Names of one event: entries that bear the same key, or that a person has called one, lend each other their titles.

An entry that is like one of them under any of its names is like it: so a calendar that imported another one and
translated its titles bridges to a third that never saw the import.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from kalends.methods.matching.entries import Answers, Entry


def name_sets(
    entries: Sequence[Entry], titles: Sequence[int], *, same: Iterable[tuple[int, int]] = ()
) -> list[tuple[int, ...]]:
    """The titles of each entry, its own and what it is lent, sorted; `same`: rows that a person has called one."""
    root = list(range(len(entries)))
    by_key: dict[str, int] = {}
    for row, entry in enumerate(entries):
        if entry.key:
            root[row] = by_key.setdefault(entry.key, row)
    for a, b in same:
        high, low = sorted((_top(root, a), _top(root, b)))
        root[low] = high
    names: dict[int, set[int]] = {}
    tops = [_top(root, row) for row in range(len(entries))]
    for top, title in zip(tops, titles, strict=True):
        names.setdefault(top, set()).add(title)
    ordered = {top: tuple(sorted(found)) for top, found in names.items()}
    return [ordered[top] for top in tops]


def _top(root: Sequence[int], row: int) -> int:
    """The first row of the group that a row is in."""
    while root[row] != row:
        row = root[row]
    return row


def with_companions(entries: Sequence[Entry], rows: NDArray[np.bool_], answers: Answers) -> NDArray[np.bool_]:
    """`rows` (n,) and all that lend them titles."""
    found = rows.copy()
    links = [pair for pair, is_same in answers.items() if is_same]
    while True:
        before = np.count_nonzero(found)
        chosen = [entries[row] for row in np.flatnonzero(found).tolist()]
        keys = {entry.key for entry in chosen if entry.key}
        ids = {entry.id for entry in chosen}
        linked = {key for pair in links if not ids.isdisjoint(pair) for key in pair} - ids
        if keys or linked:
            found |= np.array([entry.key in keys or entry.id in linked for entry in entries], dtype=bool)
        if np.count_nonzero(found) == before:
            return found
