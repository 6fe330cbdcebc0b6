"""Lots: entries that say the very same. Calendars repeat each other, so what holds for one pair holds for hundreds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kalends.methods.matching.columns import Columns
from kalends.methods.matching.likeness import Ints, combined, distinct_and_back, ranges


def lots_of(columns: Columns) -> tuple[Columns, Ints]:
    """One row for each lot, and the lot of every entry (n,).

    The entries of a lot agree in all that blocks and scores look at; a key that nobody else bears says nothing there.
    """
    key = _shared(columns.key)
    said = (columns.name, columns.first, columns.last, columns.url, columns.type, columns.moment, columns.markets)
    _, lot = distinct_and_back(combined(*said, key))
    first = np.unique(lot, return_index=True)[1]
    return replace(columns, key=key).only(first), lot


def _shared(codes: Ints) -> Ints:
    """The codes that occur more than once; -1 for the others."""
    counts = np.bincount(codes[codes >= 0], minlength=1)
    return np.where((codes >= 0) & (counts[codes] > 1), codes, -1)


def entry_pairs(lot: Ints, left: Ints, right: Ints) -> tuple[Ints, Ints, Ints]:
    """The pairs of entries behind pairs of lots (P,): rows left < right, and the pair of lots that each comes from.

    A pair of a lot with itself stands for all pairs within it.
    """
    rows = np.argsort(lot, kind="stable")
    sizes = np.bincount(lot)
    starts = np.cumsum(sizes) - sizes
    counts = sizes[left] * sizes[right]
    pair = np.repeat(np.arange(left.size), counts)
    place = ranges(np.zeros_like(counts), counts)
    width = sizes[right][pair]
    a, b = rows[starts[left][pair] + place // width], rows[starts[right][pair] + place % width]
    once = (left != right)[pair] | (a < b)
    return np.minimum(a, b)[once], np.maximum(a, b)[once], pair[once]
