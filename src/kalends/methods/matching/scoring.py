"""How alike two entries are."""

from __future__ import annotations

from collections.abc import Mapping

from kalends.methods.matching.entries import Entry, Score


def score(a: Entry, b: Entry, *, aliases: Mapping[str, str] | None = None) -> Score:
    """How alike two entries are, with every part visible; the same for (b, a)."""
    raise NotImplementedError
