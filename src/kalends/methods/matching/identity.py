"""Ids of events that stay the same from run to run, whatever sources come and go."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence


def stable_ids(
    clusters: Sequence[Collection[str]], previous: Mapping[str, Collection[str]], *, new_id: Callable[[], str]
) -> dict[str, tuple[str, ...]]:
    """Id -> sorted members of each cluster; `previous` is what this gave the last time."""
    raise NotImplementedError
