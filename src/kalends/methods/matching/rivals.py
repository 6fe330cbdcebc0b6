"""Links between entries, and which of the doubtful ones are settled by there being no other that could be meant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kalends.methods.matching.likeness import Floats, Ints, ranges


@dataclass(frozen=True, slots=True)
class Links:
    """Pairs of rows, `left` < `right`, and their scores, all (E,); each pair once, in order."""

    left: Ints
    right: Ints
    scores: Floats

    def only(self, keep: NDArray[np.bool_] | Ints) -> Links:
        """Those that `keep` says, by a truth value (E,) or by their places."""
        return Links(self.left[keep], self.right[keep], self.scores[keep])

    def codes(self, size: int) -> Ints:
        """One number (E,) per pair among `size` rows."""
        return self.left * size + self.right

    def joined(self, other: Links, *, size: int) -> Links:
        """Both; they share no pair."""
        left, right = np.concatenate([self.left, other.left]), np.concatenate([self.right, other.right])
        order = np.argsort(left * size + right, kind="stable")
        return Links(left[order], right[order], np.concatenate([self.scores, other.scores])[order])


@dataclass(frozen=True, slots=True)
class Spans:
    """First and last days as ordinals and the code of the source (all (n,)) of entries; `sources` gives the codes."""

    first: Ints
    last: Ints
    source: Ints
    sources: Mapping[str, int]


def without_rival(spans: Spans, links: Links, *, merge: float) -> Floats:
    """The links' scores (E,), where a doubtful one is lifted to `merge` because nothing else can be meant.

    That is so where neither entry is linked to another one of the other's source, and either both last the very same
    days or a third entry is the same as each of them.
    """
    unrivalled = np.flatnonzero(_is_only(spans, links) & (links.scores < merge))
    left, right = links.left[unrivalled], links.right[unrivalled]
    same_days = (spans.first[left] == spans.first[right]) & (spans.last[left] == spans.last[right])
    lifted = links.scores.copy()
    lifted[unrivalled[same_days]] = merge
    rest = unrivalled[~same_days]
    lifted[rest[_have_third(links.only(lifted >= merge), links.only(rest), size=spans.first.size)]] = merge
    return lifted


def _is_only(spans: Spans, links: Links) -> NDArray[np.bool_]:
    """Whether (E,) each end of a link has no other link to the source of the other end."""
    width = len(spans.sources)
    ours = links.left * width + spans.source[links.right]
    theirs = links.right * width + spans.source[links.left]
    partners = np.bincount(np.concatenate([ours, theirs]), minlength=spans.first.size * width)
    is_only: NDArray[np.bool_] = (partners[ours] == 1) & (partners[theirs] == 1)
    return is_only


def _have_third(sure: Links, doubtful: Links, *, size: int) -> NDArray[np.bool_]:
    """Whether (D,) some entry has a sure link to both ends of a doubtful one."""
    is_asked = np.zeros(size, dtype=bool)
    is_asked[doubtful.left] = True
    near = sure.only(is_asked[sure.left] | is_asked[sure.right])
    start, end = np.concatenate([near.left, near.right]), np.concatenate([near.right, near.left])
    order = np.argsort(start, kind="stable")
    start, end = start[order], end[order]
    begins = np.searchsorted(start, doubtful.left)
    counts = np.searchsorted(start, doubtful.left, side="right") - begins
    thirds = end[ranges(begins, counts)]
    asked = np.repeat(np.arange(doubtful.left.size), counts)
    other = doubtful.right[asked]
    wanted, codes = np.minimum(thirds, other) * size + np.maximum(thirds, other), sure.codes(size)
    place = np.minimum(np.searchsorted(codes, wanted), max(codes.size - 1, 0))
    found = np.zeros(doubtful.left.size, dtype=bool)
    found[asked[codes[place] == wanted] if codes.size else asked] = True
    return found
