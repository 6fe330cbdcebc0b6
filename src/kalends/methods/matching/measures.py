"""How good a matching is, against the known truth."""

from __future__ import annotations

from collections.abc import Collection, Sequence
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
    """How far two ways to cluster the same ids agree."""
    raise NotImplementedError


def share_asked(matching: Matching) -> float:
    """Share of the entries (0 to 1) whose cluster awaits an answer."""
    raise NotImplementedError
