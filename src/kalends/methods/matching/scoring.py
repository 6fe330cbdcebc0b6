"""How alike two entries are: a weighted mean of parts, each of which can be looked at.

What an entry does not say neither helps nor hurts: its part is left out and the other weights grow (the neutral
treatment of missing values in Fellegi and Sunter, "A theory for record linkage", JASA 1969).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from kalends.methods.matching.columns import Columns, columns_of
from kalends.methods.matching.entries import Entry, Part, Score
from kalends.methods.matching.likeness import CONTRADICTION, Floats, Ints, distinct_and_back, title_likeness

# Tuned on the tuning half of the labelled set (docs/reference/consolidation.md).
WEIGHTS: Final[dict[str, float]] = {
    "title": 0.50,
    "interval": 0.40,
    "key": 2.00,
    "url": 0.20,
    "type": 0.06,
    "market": 0.06,
    "moment": 0.16,
}
TOLERANCE: Final = 1
"""Days by which a first or last day may differ through time zones, or through an end that was meant to be exclusive."""
EXACT_SHARE: Final = 0.2
"""Of the interval's likeness that only the very same days get."""
DIGITS: Final = 6
"""Decimals of a score: what differs beyond them is a tie, whichever way it was added up."""


def score(a: Entry, b: Entry, *, aliases: Mapping[str, str] | None = None) -> Score:
    """How alike two entries are, with every part visible; the same for (b, a).

    Blocks are not looked at: two records of one source, or of two countries, can be alike and still never be merged.
    """
    columns = columns_of(sorted((a, b), key=lambda entry: entry.id), aliases=aliases)
    parts = likenesses(columns, np.array([0]), np.array([1]))
    said = [None if np.isnan(likeness) else float(likeness) for (likeness,) in parts]
    whole = sum(weight for weight, likeness in zip(WEIGHTS.values(), said, strict=True) if likeness is not None)
    return Score(
        value=float(values(parts)[0]),
        parts=tuple(
            Part(name, likeness, 0.0 if likeness is None else weight / whole)
            for (name, weight), likeness in zip(WEIGHTS.items(), said, strict=True)
        ),
    )


def likenesses(columns: Columns, left: Ints, right: Ints) -> list[Floats]:
    """How alike pairs of rows are in each part (P,), in the order of `WEIGHTS`; NaN where one does not say."""
    moment = _equal(columns.moment[left], columns.moment[right])
    return [
        # Two titles that name two moments are as far apart as two that contradict each other in words.
        _titles(columns, left, right) * np.where(moment == 0, CONTRADICTION, 1.0),
        _intervals(columns, left, right),
        _same(columns.key[left], columns.key[right]),
        _same(columns.url[left], columns.url[right]),
        _equal(columns.type[left], columns.type[right]),
        columns.overlap[columns.markets[left], columns.markets[right]],
        moment,
    ]


def values(parts: Sequence[Floats]) -> Floats:
    """Scores (P,) from the likenesses of each part."""
    above, below = np.zeros(parts[0].size), np.zeros(parts[0].size)
    for weight, likeness in zip(WEIGHTS.values(), parts, strict=True):
        is_said = ~np.isnan(likeness)
        above += np.where(is_said, weight * likeness, 0.0)
        below += weight * is_said
    return (above / below).round(DIGITS)


def _titles(columns: Columns, left: Ints, right: Ints) -> Floats:
    """Likeness (P,) of the titles, of the names most alike where there are several; equal pairs are looked at once."""
    size = len(columns.names)
    first, second = columns.name[left], columns.name[right]
    codes, back = distinct_and_back(np.minimum(first, second) * size + np.maximum(first, second))
    return _names(columns, codes // size, codes % size)[back]


def _names(columns: Columns, left: Ints, right: Ints) -> Floats:
    """Likeness (m,) of the most alike titles of sets of names."""
    counts = np.array([len(names) for names in columns.names], dtype=np.int64)
    starts = np.cumsum(counts) - counts
    titles = np.array([title for names in columns.names for title in names], dtype=np.int64)
    pairs = counts[left] * counts[right]
    begins = np.cumsum(pairs) - pairs
    place = np.arange(pairs.sum()) - np.repeat(begins, pairs)
    width = np.repeat(counts[right], pairs)
    first = titles[np.repeat(starts[left], pairs) + place // width]
    second = titles[np.repeat(starts[right], pairs) + place % width]
    size = len(columns.read)
    codes, back = distinct_and_back(np.minimum(first, second) * size + np.maximum(first, second))
    alike = title_likeness(columns.titles, codes // size, codes % size)[back]
    best: Floats = np.maximum.reduceat(alike, begins) if alike.size else alike
    return best


def _intervals(columns: Columns, left: Ints, right: Ints) -> Floats:
    """Jaccard coefficient (P,) of the days, where each end is forgiven `TOLERANCE` days for most of it."""
    starts = np.abs(columns.first[left] - columns.first[right])
    ends = np.abs(columns.last[left] - columns.last[right])
    latest, earliest = (
        np.maximum(columns.last[left], columns.last[right]),
        np.minimum(columns.first[left], columns.first[right]),
    )
    hull = latest - earliest + 1
    exact = np.clip(1 - (starts + ends) / hull, 0, 1)
    forgiving = np.clip(1 - (np.maximum(starts - TOLERANCE, 0) + np.maximum(ends - TOLERANCE, 0)) / hull, 0, 1)
    likeness: Floats = EXACT_SHARE * exact + (1 - EXACT_SHARE) * forgiving
    return likeness


def _equal(first: Ints, second: Ints) -> Floats:
    """1 where both say the same, 0 where they differ, NaN where one does not say."""
    return np.where((first < 0) | (second < 0), np.nan, (first == second).astype(float))


def _same(first: Ints, second: Ints) -> Floats:
    """1 where both say the same, else NaN: that two systems give one event two keys or two pages is no sign."""
    return np.where((first == second) & (first >= 0), 1.0, np.nan)
