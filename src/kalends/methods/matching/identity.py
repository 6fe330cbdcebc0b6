"""Ids of events that stay the same from run to run, whatever sources come and go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence


def stable_ids(
    clusters: Sequence[Collection[str]], previous: Mapping[str, Collection[str]], *, new_id: Callable[[], str]
) -> dict[str, tuple[str, ...]]:
    """Id -> sorted members of each cluster; `previous` is what this gave the last time.

    An id goes to the cluster that has most of its former members: pairs of an id and a cluster are taken by the number
    of members that they share, then by id, then by the cluster's first member, and each id and cluster once. A cluster
    that shares no member with a free id gets `new_id()`, in order of first members. Neither order of input matters.
    Unlike an assignment of the greatest sum, a large cluster never gives its id away to help small ones.
    """
    ordered = sorted(tuple(sorted(cluster)) for cluster in clusters)
    before = {member: known for known, members in previous.items() for member in members}
    shared = Counter(
        (before[member], place) for place, cluster in enumerate(ordered) for member in cluster if member in before
    )
    given: dict[int, str] = {}
    taken: set[str] = set()
    for (known, place), _ in sorted(shared.items(), key=lambda pair: (-pair[1], pair[0])):
        if known not in taken and place not in given:
            given[place] = known
            taken.add(known)
    return {given[place] if place in given else new_id(): cluster for place, cluster in enumerate(ordered)}
