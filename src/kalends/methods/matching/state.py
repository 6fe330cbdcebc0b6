"""What a matching knows beside its clusters, so that the next one need not begin anew; and how it is read out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from kalends.methods.matching.blocks import candidates
from kalends.methods.matching.columns import Columns, columns_of
from kalends.methods.matching.entries import Answers, Ask, Entry, Matching
from kalends.methods.matching.likeness import Floats, Ints, Rows
from kalends.methods.matching.linkage import complete_linkage
from kalends.methods.matching.lots import entry_pairs, lots_of
from kalends.methods.matching.rivals import Links, Spans
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
class State:
    """A matching's entries in order of their ids, the links at or above `ask`, each row's cluster by its first row."""

    entries: tuple[Entry, ...]
    spans: Spans
    links: Links
    lifted: Floats
    """The links' scores, with those lifted that have no rival (rivals.py)."""
    label: Ints
    rules: Rules


def spans_of(entries: Sequence[Entry], sources: Mapping[str, int]) -> Spans:
    """The spans of entries; `sources` keep their codes."""
    known = dict(sources)
    source = [known.setdefault(entry.source, len(known)) for entry in entries]
    return Spans(
        first=np.array([entry.first.toordinal() for entry in entries], dtype=np.int64),
        last=np.array([entry.last.toordinal() for entry in entries], dtype=np.int64),
        source=np.array(source, dtype=np.int64),
        sources=known,
    )


def in_order(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """The entries by id. Raises DuplicateIdError."""
    ordered = tuple(sorted(entries, key=attrgetter("id")))
    for before, after in pairwise(ordered):
        if before.id == after.id:
            raise DuplicateIdError(f"two entries have the id {after.id!r}: {before.title!r} and {after.title!r}")
    return ordered


def links_of(entries: Sequence[Entry], rules: Rules, *, touching: Rows | None = None) -> Links:
    """The links among entries that are in order; with `touching` (n,), those of such rows."""
    told = _told(entries, rules.answers)
    same = sorted(pair for pair, is_same in told.items() if is_same)
    columns = columns_of(entries, aliases=rules.aliases, same=same)
    links = _alike(columns, rules.ask, touching)
    is_told = np.isin(links.codes(len(entries)), [a * len(entries) + b for a, b in told])
    rows = np.array(same, dtype=np.int64).reshape(-1, 2)
    if touching is not None:
        rows = rows[touching[rows].any(axis=1)]
    links = links.only(~is_told).joined(Links(rows[:, 0], rows[:, 1], np.ones(len(rows))), size=len(entries))
    return links.only(links.scores >= rules.ask)


def _alike(columns: Columns, ask: float, touching: Rows | None) -> Links:
    """The links among entries as far as their words go. Lots are scored, not entries: most entries repeat others."""
    lots, lot = lots_of(columns)
    some = None if touching is None else np.isin(np.arange(lots.first.size), lot[touching])
    left, right = candidates(lots, touching=some)
    scores = values(likenesses(lots, left, right))
    good = scores >= ask
    first, second, pair = entry_pairs(lot, left[good], right[good])
    keep = columns.of_sources(first, second)
    if touching is not None:
        keep &= touching[first] | touching[second]
    return Links(first, second, scores[good][pair]).only(keep)


def _told(entries: Sequence[Entry], answers: Answers) -> dict[tuple[int, int], bool]:
    """People's answers by rows, smaller first."""
    asked = {key for pair in answers for key in pair}
    place = {entry.id: row for row, entry in enumerate(entries) if entry.id in asked} if asked else {}
    return {
        (min(place[a], place[b]), max(place[a], place[b])): is_same
        for (a, b), is_same in answers.items()
        if a in place and b in place and a != b
    }


def clustered(size: int, links: Links, lifted: Floats, rules: Rules) -> Ints:
    """The cluster of each of `size` rows by its first row."""
    good = lifted >= rules.merge
    return complete_linkage(size=size, left=links.left[good], right=links.right[good], scores=lifted[good])


def matching_of(state: State) -> Matching:
    """The clusters and questions of a state."""
    order = np.argsort(state.label, kind="stable")
    cuts = np.flatnonzero(np.diff(state.label[order])) + 1
    ids = np.array([entry.id for entry in state.entries], dtype=object)[order].tolist()
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
    has = np.zeros((state.label.size if first.size else 0, len(state.spans.sources)), dtype=bool)
    if first.size:
        has[state.label, state.spans.source] = True
    share: NDArray[np.bool_] = np.any(has[first] & has[second], axis=1)
    return share
