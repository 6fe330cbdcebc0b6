"""Which pairs of lots (lots.py) are worth a look. Two share a block if their markets do not keep them apart and they

- name the same moment or bear the same key, and begin within half a year: the same occurrence, not last year's; or
- begin, or end, within three days of each other, and share a page or the beginning or ending of a word.

A pair outside has no score that could reach a question, as only its dates would be alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import numpy as np

from kalends.methods.matching.columns import Columns
from kalends.methods.matching.likeness import Ints, Rows, distinct, ranges, word_weight

NEAR: Final = 3
"""Days: a time zone moves an event by one, a weekend that is or is not counted by two more."""
OCCURRENCE: Final = 183
"""Days: half a year, so that of two yearly occurrences at most one is as near."""
ENDING: Final = 3
"""Letters of a word's beginning and ending: one slip in the middle of a word spares both, elsewhere one of them."""
_FAR: Final = 10_000_000
"""Days between two groups, so that no window reaches from one into the next; years end at 9999."""
_CHUNK: Final = 2_000_000
"""Pairs at a time before those that markets keep apart are dropped: some hundred megabytes."""


def candidates(columns: Columns, *, touching: Rows | None = None) -> tuple[Ints, Ints]:
    """Rows `left` <= `right` (P,) of all pairs that share a block, sorted; a row is a pair with itself, too.

    `touching` (n,): only pairs of such rows.
    """
    groups, rows = _near_groups(columns)
    size = max(columns.first.size, 1)
    found = [
        _within(columns, rows, touching) * (size + 1),
        _said_pairs(columns, columns.moment, touching),
        _said_pairs(columns, columns.key, touching),
        *(_pairs(columns, groups, rows, day, NEAR, touching) for day in (columns.first, columns.last)),
    ]
    codes = distinct(np.concatenate(found))
    return codes // size, codes % size


def _within(columns: Columns, in_groups: Ints, touching: Rows | None) -> Ints:
    """The rows that are in some block."""
    is_in = (columns.moment >= 0) | (columns.key >= 0)
    is_in[in_groups] = True
    return np.flatnonzero(is_in if touching is None else is_in & touching)


def _near_groups(columns: Columns) -> tuple[Ints, Ints]:
    """Groups and the rows that are in them (both (m,)): one per page, one per beginning or ending of a word."""
    words, in_words = _word_groups(columns)
    in_pages = np.flatnonzero(columns.url >= 0)
    pages = columns.url[in_pages] + words.max(initial=0) + 1
    return np.concatenate([words, pages]), np.concatenate([in_words, in_pages])


def _word_groups(columns: Columns) -> tuple[Ints, Ints]:
    """A group per beginning and per ending of a word, and the rows that are in it (both (m,))."""
    known: dict[str, int] = {}
    of_title = [{known.setdefault(piece, len(known)) for piece in _pieces(*title)} for title in columns.read]
    of_name = [set[int]().union(*(of_title[title] for title in titles)) for titles in columns.names]
    sizes = np.array([len(pieces) for pieces in of_name], dtype=np.int64)
    flat = np.array([piece for pieces in of_name for piece in pieces], dtype=np.int64)
    starts = np.cumsum(sizes) - sizes
    counts = sizes[columns.name]
    rows = np.repeat(np.arange(columns.name.size), counts)
    return flat[ranges(starts[columns.name], counts)], rows


def _pieces(title: str, initials: str) -> set[str]:
    """Beginnings and endings of a title's telling words (of all its words if none is telling) and its initials."""
    words = title.split(" ")
    telling = [word for word in words if word_weight(word) >= 1] or words
    return {piece for word in (*telling, initials) if word for piece in (f"{word[:ENDING]}-", f"-{word[-ENDING:]}")}


def _said_pairs(columns: Columns, said: Ints, touching: Rows | None) -> Ints:
    """Codes of the pairs that say the same (m,) of the same occurrence."""
    rows = np.flatnonzero(said >= 0)
    return _pairs(columns, said[rows], rows, columns.first, OCCURRENCE, touching)


def _pairs(columns: Columns, groups: Ints, rows: Ints, day: Ints, span: int, touching: Rows | None) -> Ints:
    """Codes (left x n + right, each once) of the pairs of a group at most `span` days apart."""
    place = groups * _FAR + day[rows]
    order = np.argsort(place, kind="stable")
    place, rows = place[order], rows[order]
    counts = np.searchsorted(place, place + span, side="right") - np.arange(place.size) - 1
    found = [np.empty(0, dtype=np.int64)]
    for part in _parts(counts):
        first = np.repeat(np.arange(part.start, part.stop), counts[part])
        second = ranges(np.arange(part.start, part.stop) + 1, counts[part])
        left, right = np.minimum(rows[first], rows[second]), np.maximum(rows[first], rows[second])
        keep = columns.of_markets(left, right) & (left < right)
        if touching is not None:
            keep &= touching[left] | touching[right]
        found.append(distinct(left[keep] * columns.first.size + right[keep]))
    return np.concatenate(found)


def _parts(counts: Ints) -> Iterator[slice]:
    """Slices of rows with about `_CHUNK` pairs each."""
    whole = np.cumsum(counts)
    cuts = np.searchsorted(whole, np.arange(_CHUNK, whole[-1] if whole.size else 0, _CHUNK)) + 1
    edges = [0, *np.unique(cuts).tolist(), counts.size]
    return (slice(start, stop) for start, stop in pairwise(edges) if start < stop)
