"""From scored pairs to clusters: complete linkage, in which every two members of a cluster are alike enough.

Transitive closure would chain A = B = C although A and C are not alike, the more so the larger the data (Draisbach,
Naumann, "On choosing thresholds for duplicate detection", ICIQ 2013).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kalends.methods.matching.likeness import Floats, Ints


def reachable(start: NDArray[np.bool_], left: Ints, right: Ints) -> NDArray[np.bool_]:
    """The nodes (n,) of `start` and all that edges lead to from them."""
    reached = start.copy()
    while True:
        before = reached.sum()
        touched = reached[left] | reached[right]
        reached[left[touched]] = True
        reached[right[touched]] = True
        if reached.sum() == before:
            return reached


def complete_linkage(*, size: int, left: Ints, right: Ints, scores: Floats) -> Ints:
    """For each of `size` nodes the smallest node (size,) of its cluster, from the edges that are good enough to merge.

    `left` < `right` (E,), each edge once, in order. Round after round, every two clusters that are each other's best
    partner become one; how alike two clusters are is how alike their least alike members are, and clusters with two
    members that no edge joins stay apart. For complete linkage this ends as merging one pair at a time does (its
    reducibility: Murtagh, "A survey of recent advances in hierarchical clustering algorithms", 1983). Among equals,
    smaller nodes come first, so that the result depends on nothing but the edges, each connected part for itself.
    """
    label, sizes = np.arange(size), np.ones(size, dtype=np.int64)
    pairs = Edges(left, right, scores, np.ones(left.size, dtype=np.int64))
    while pairs.left.size:
        chosen = _best_partners(pairs, size)
        target = np.arange(size)
        target[pairs.right[chosen]] = pairs.left[chosen]
        sizes[pairs.left[chosen]] += sizes[pairs.right[chosen]]
        label = target[label]
        pairs = _between(pairs, target, sizes)
    return label


@dataclass(frozen=True, slots=True)
class Edges:
    """Pairs of clusters by their smallest nodes, in order; the worst score and the number of the edges between them."""

    left: Ints
    right: Ints
    scores: Floats
    counts: Ints


def _best_partners(pairs: Edges, size: int) -> Ints:
    """The rows of `pairs` in which each is the other's best partner; never none."""
    order = np.argsort(-pairs.scores, kind="stable")
    rank = np.arange(order.size)
    best = np.full(size, order.size)
    np.minimum.at(best, pairs.left[order], rank)
    np.minimum.at(best, pairs.right[order], rank)
    chosen: Ints = order[(best[pairs.left[order]] == rank) & (best[pairs.right[order]] == rank)]
    return chosen


def _between(pairs: Edges, target: Ints, sizes: Ints) -> Edges:
    """The pairs after every node's cluster has become `target` (size,): those with an edge between all members."""
    left, right = target[pairs.left], target[pairs.right]
    outside = np.flatnonzero(left != right)
    code = np.minimum(left, right)[outside] * sizes.size + np.maximum(left, right)[outside]
    order = np.argsort(code, kind="stable")
    starts = np.flatnonzero(np.diff(code[order], prepend=-1))
    if not starts.size:
        return Edges(pairs.left[:0], pairs.right[:0], pairs.scores[:0], pairs.counts[:0])
    rows, code = outside[order], code[order][starts]
    counts = np.add.reduceat(pairs.counts[rows], starts)
    joined = Edges(code // sizes.size, code % sizes.size, np.minimum.reduceat(pairs.scores[rows], starts), counts)
    whole = counts == sizes[joined.left] * sizes[joined.right]
    return Edges(joined.left[whole], joined.right[whole], joined.scores[whole], counts[whole])
