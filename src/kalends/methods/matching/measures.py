"""How good a matching is, against the known truth.

Pairs: Christen, Goiser, "Quality and complexity measures for data linkage and deduplication", 2007 (accuracy over all
pairs says nothing, because nearly all pairs are not one event). B-cubed: Bagga, Baldwin, LREC 1998.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from kalends.methods.matching.entries import Matching


@dataclass(frozen=True, slots=True)
class Agreement:
    """Precision, recall and F1 (0 to 1) over pairs, and B-cubed: the same as each single entry sees its cluster."""

    precision: float
    recall: float
    f1: float
    b_cubed_precision: float
    b_cubed_recall: float
    b_cubed_f1: float


def agreement(found: Sequence[Collection[str]], truth: Sequence[Collection[str]]) -> Agreement:
    """How far two ways to cluster the same ids agree. A share of nothing is 1."""
    at = {member: place for place, cluster in enumerate(truth) for member in cluster}
    cells = Counter((row, at[member]) for row, cluster in enumerate(found) for member in cluster)
    right = _pairs(cells.values())
    precision = _share(right, _pairs(len(cluster) for cluster in found))
    recall = _share(right, _pairs(len(cluster) for cluster in truth))
    whole = sum(cells.values())
    seen = _share(sum(size * size / len(found[row]) for (row, _), size in cells.items()), whole)
    kept = _share(sum(size * size / len(truth[place]) for (_, place), size in cells.items()), whole)
    return Agreement(precision, recall, harmonic(precision, recall), seen, kept, harmonic(seen, kept))


def share_asked(matching: Matching) -> float:
    """Share of the entries (0 to 1) whose cluster awaits an answer."""
    asked = {key for ask in matching.asks for key in (ask.a, ask.b)}
    waiting = sum(len(cluster) for cluster in matching.clusters if not asked.isdisjoint(cluster))
    return waiting / max(1, sum(map(len, matching.clusters)))


def harmonic(precision: float, recall: float) -> float:
    """F1: the harmonic mean."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _pairs(sizes: Iterable[int]) -> int:
    """Pairs inside clusters of these sizes."""
    return sum(size * (size - 1) // 2 for size in sizes)


def _share(part: float, whole: float) -> float:
    """`part` of `whole`; nothing of nothing is all of it."""
    return part / whole if whole else 1.0
