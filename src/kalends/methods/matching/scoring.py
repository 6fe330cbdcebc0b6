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
from kalends.methods.matching.likeness import Floats, Ints, distinct_and_back, title_likeness

# Tuned on the tuning half of the labelled set (docs/reference/consolidation.md).
WEIGHTS: Final[dict[str, float]] = {
    "title": 0.50,
    "interval": 0.22,
    "key": 0.30,
    "type": 0.06,
    "market": 0.06,
    "moment": 0.16,
}
TOLERANCE: Final = 1
"""Days by which a first or last day may differ through time zones, or through an end that was meant to be exclusive."""
EXACT_SHARE: Final = 0.1
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
    key = (columns.key[left] == columns.key[right]) & (columns.key[left] >= 0)
    url = (columns.url[left] == columns.url[right]) & (columns.url[left] >= 0)
    return [
        _titles(columns, left, right),
        _intervals(columns, left, right),
        # Two systems give the same event two keys and two pages: only equality says something.
        np.where(key | url, 1.0, np.nan),
        _equal(columns.type[left], columns.type[right]),
        columns.overlap[columns.markets[left], columns.markets[right]],
        _equal(columns.moment[left], columns.moment[right]),
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
    """Likeness (P,) of the titles; every distinct pair of titles is looked at once."""
    size = len(columns.plain)
    first, second = columns.title[left], columns.title[right]
    codes, back = distinct_and_back(np.minimum(first, second) * size + np.maximum(first, second))
    return title_likeness(columns.titles, codes // size, codes % size)[back]


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
