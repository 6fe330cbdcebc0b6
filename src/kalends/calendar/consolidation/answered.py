"""Matching that heeds what people answered: "one event" joins all that is known of both, "two events" parts them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import combinations, product
from typing import Final

from kalends.calendar.consolidation.sources import title_aliases
from kalends.methods.matching import ASK, Answers, Ask, Entry, Matching, match, rematch, score

SUCCESSOR_DAYS: Final = timedelta(days=31)
"""An entry that comes under another key is the old one, changed, only if it is the same occurrence."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A person's answer about two entries, and what each said when it was given."""

    left: Entry
    right: Entry
    is_same: bool

    @property
    def pair(self) -> tuple[str, str]:
        """The entries' ids."""
        return self.left.id, self.right.id


def matched(entries: Sequence[Entry], *, answers: Answers | None = None) -> Matching:
    """The clusters and questions for entries, and nothing that was answered is asked again.

    What is the same as one member of a cluster is the same as all of it, unless a source has a record on both sides:
    then only the two entries that the answer names are joined. The order of the entries does not matter.
    """
    told = answers or {}
    apart = {pair: is_same for pair, is_same in told.items() if not is_same}
    matching = match(entries, aliases=title_aliases(), answers=apart)
    joined = _joined(matching.clusters, told, {entry.id: entry.source for entry in entries})
    if joined:
        matching = rematch(matching, (), answers=apart | joined)
    return replace(matching, asks=tuple(_unanswered(matching, apart)))


def _joined(clusters: Sequence[Sequence[str]], told: Answers, source: Mapping[str, str]) -> dict[tuple[str, str], bool]:
    """Every pair of entries that is one event because of what was answered, across whole clusters where that works."""
    same = [(a, b) for (a, b), is_same in told.items() if is_same and a in source and b in source]
    apart = {frozenset(pair) for pair, is_same in told.items() if not is_same}
    cluster_of = {member: place for place, cluster in enumerate(clusters) for member in cluster}
    groups = _connected((cluster_of[a], cluster_of[b]) for a, b in same)
    pairs = dict.fromkeys(same, True)
    for group in groups:
        members = [member for place in group for member in clusters[place]]
        if len({source[member] for member in members}) < len(members):
            continue
        across = (pair for one, other in combinations(group, 2) for pair in product(clusters[one], clusters[other]))
        pairs |= {(min(pair), max(pair)): True for pair in across if frozenset(pair) not in apart}
    return pairs


def _connected(links: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Groups (sorted) of what links join; what no link names is in none."""
    group_of: dict[int, set[int]] = {}
    for a, b in links:
        group = group_of.get(a, {a}) | group_of.get(b, {b})
        group_of |= dict.fromkeys(group, group)
    return [sorted(group) for group in {min(group): group for group in group_of.values()}.values() if len(group) > 1]


def _unanswered(matching: Matching, apart: Answers) -> Iterable[Ask]:
    """The questions between clusters that nobody has called two events."""
    place_of = {member: place for place, cluster in enumerate(matching.clusters) for member in cluster}
    known = (pair for pair in apart if pair[0] in place_of and pair[1] in place_of)
    answered = {frozenset((place_of[a], place_of[b])) for a, b in known}
    return (ask for ask in matching.asks if frozenset((place_of[ask.a], place_of[ask.b])) not in answered)


def carried_over(answered: Iterable[Answered], *, gone: Collection[str], fresh: Sequence[Entry]) -> list[Answered]:
    """The answers of which an entry went, with the entry of the same source that took its place; without one, dropped.

    A table without ids knows its rows by what they say, so that a mended title makes another entry of the same event.
    """
    found: list[Answered] = []
    for answer in answered:
        left, right = (_successor(side, gone, fresh) for side in (answer.left, answer.right))
        if left is not None and right is not None and left.id != right.id:
            found.append(Answered(left, right, answer.is_same))
    return found


def _successor(entry: Entry, gone: Collection[str], fresh: Sequence[Entry]) -> Entry | None:
    """The entry itself while it is there; else the one most like it, near its days, that its source has new."""
    if entry.id not in gone:
        return entry
    near = [
        other for other in fresh if other.source == entry.source and abs(other.first - entry.first) <= SUCCESSOR_DAYS
    ]
    scores = sorted(((score(entry, other, aliases=title_aliases()).value, other.id) for other in near), reverse=True)
    if not scores or scores[0][0] < ASK or (len(scores) > 1 and scores[1][0] == scores[0][0]):
        return None
    return next(other for other in near if other.id == scores[0][1])
