"""What a matching knows beside its clusters, so that the next one need not begin anew; and how it is read out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from kalends.methods.matching.blocks import candidates
from kalends.methods.matching.columns import columns_of
from kalends.methods.matching.entries import Answers, Ask, Entry, Matching
from kalends.methods.matching.likeness import Floats, Ints
from kalends.methods.matching.scoring import likenesses, values


class DuplicateIdError(ValueError):
    """Two entries bear the same id."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What was asked for, beside the entries."""

    aliases: Mapping[str, str] | None
    merge: float
    ask: float
    answers: Answers


@dataclass(frozen=True, slots=True)
class Links:
    """Pairs of rows, `left` < `right`, and their scores, all (E,); each pair once, in order."""

    left: Ints
    right: Ints
    scores: Floats

    def only(self, keep: NDArray[np.bool_]) -> Links:
        """Those that `keep` (E,) says."""
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
class State:
    """A matching's entries in order of their ids, the links at or above `ask`, each row's cluster by its first row."""

    entries: tuple[Entry, ...]
    days: Ints
    """First and last days (n, 2) as ordinals."""
    links: Links
    label: Ints
    rules: Rules


def days_of(entries: Sequence[Entry]) -> Ints:
    """First and last days (n, 2) as ordinals."""
    days = [(entry.first.toordinal(), entry.last.toordinal()) for entry in entries]
    return np.array(days, dtype=np.int64).reshape(-1, 2)


def in_order(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """The entries by id. Raises DuplicateIdError."""
    ordered = tuple(sorted(entries, key=attrgetter("id")))
    for before, after in pairwise(ordered):
        if before.id == after.id:
            raise DuplicateIdError(f"two entries have the id {after.id!r}: {before.title!r} and {after.title!r}")
    return ordered


def links_of(entries: Sequence[Entry], rules: Rules, *, touching: NDArray[np.bool_] | None = None) -> Links:
    """The links among entries that are in order; with `touching` (n,), those of such rows."""
    columns = columns_of(entries, aliases=rules.aliases)
    left, right = candidates(columns, touching=touching)
    links = Links(left, right, values(likenesses(columns, left, right)))
    told = _told(entries, rules.answers, touching)
    if told:
        is_told = np.isin(links.codes(len(entries)), [a * len(entries) + b for a, b in told])
        same = sorted(pair for pair, is_same in told.items() if is_same)
        rows = np.array(same, dtype=np.int64).reshape(-1, 2)
        links = links.only(~is_told).joined(Links(rows[:, 0], rows[:, 1], np.ones(len(same))), size=len(entries))
    return links.only(links.scores >= rules.ask)


def _told(
    entries: Sequence[Entry], answers: Answers, touching: NDArray[np.bool_] | None
) -> dict[tuple[int, int], bool]:
    """People's answers by rows, smaller first."""
    asked = {key for pair in answers for key in pair}
    place = {entry.id: row for row, entry in enumerate(entries) if entry.id in asked} if asked else {}
    rows = {
        (min(place[a], place[b]), max(place[a], place[b])): is_same
        for (a, b), is_same in answers.items()
        if a in place and b in place and a != b
    }
    return {pair: is_same for pair, is_same in rows.items() if touching is None or touching[list(pair)].any()}


def matching_of(state: State) -> Matching:
    """The clusters and questions of a state."""
    order = np.argsort(state.label, kind="stable")
    cuts = np.flatnonzero(np.diff(state.label[order])) + 1
    ids = [state.entries[row].id for row in order.tolist()]
    edges = [0, *cuts.tolist(), len(ids)]
    clusters = tuple(tuple(ids[start:stop]) for start, stop in pairwise(edges) if start < stop)
    return Matching(clusters=clusters, asks=tuple(_asks(state)), state=state)


def _asks(state: State) -> Iterator[Ask]:
    """The most alike pair of every two clusters that could still be one: none where a source has a record in both."""
    links = state.links.only(state.label[state.links.left] != state.label[state.links.right])
    first, second = state.label[links.left], state.label[links.right]
    codes = np.minimum(first, second) * state.label.size + np.maximum(first, second)
    # By pair of clusters, the best score first, then the first pair.
    order = np.lexsort((np.arange(codes.size), -links.scores, codes))
    best = np.sort(order[np.flatnonzero(np.diff(codes[order], prepend=-1))])
    best = best[~_share_source(state, first[best], second[best])]
    rows = (links.left[best].tolist(), links.right[best].tolist(), links.scores[best].tolist())
    return (Ask(state.entries[a].id, state.entries[b].id, score) for a, b, score in zip(*rows, strict=True))


def _share_source(state: State, first: Ints, second: Ints) -> NDArray[np.bool_]:
    """Whether (m,) two clusters hold a record of one source each."""
    known: dict[str, int] = {}
    source = np.array([known.setdefault(entry.source, len(known)) for entry in state.entries], dtype=np.int64)
    has = np.zeros((state.label.size if first.size else 0, len(known)), dtype=bool)
    if first.size:
        has[state.label, source] = True
    share: NDArray[np.bool_] = np.any(has[first] & has[second], axis=1)
    return share
