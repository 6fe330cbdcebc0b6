"""From entries to clusters and questions, all at once or only where something changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from kalends.methods.matching.entries import ASK, MERGE, Entry, Matching


def match(
    entries: Iterable[Entry], *, aliases: Mapping[str, str] | None = None, merge: float = MERGE, ask: float = ASK
) -> Matching:
    """Clusters of entries that are one event, and the pairs of clusters to ask a person about."""
    raise NotImplementedError


def rematch(matching: Matching, changed: Iterable[Entry], *, removed: Collection[str] = ()) -> Matching:
    """What `match` would give after `changed` entries came or were edited and those with `removed` ids went."""
    raise NotImplementedError
