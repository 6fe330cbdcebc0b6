"""From entries to clusters and questions, all at once or only where something changed."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import compress
from operator import attrgetter
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kalends.methods.matching.blocks import NEAR
from kalends.methods.matching.entries import ASK, MERGE, Answers, Entry, Matching
from kalends.methods.matching.likeness import Ints
from kalends.methods.matching.linkage import complete_linkage, reachable
from kalends.methods.matching.state import Links, Rules, State, days_of, in_order, links_of, matching_of

Rows = NDArray[np.bool_]
ID: Final = attrgetter("id")


def match(
    entries: Iterable[Entry],
    *,
    aliases: Mapping[str, str] | None = None,
    merge: float = MERGE,
    ask: float = ASK,
    answers: Answers | None = None,
) -> Matching:
    """Clusters of entries that are one event, and the pairs of clusters to ask a person about.

    `aliases`: phrase -> canonical word of titles (moments, the company's own names). A pair is scored if it shares a
    block (blocks.py), and clusters are made by complete linkage of pairs at or above `merge`. Two records of a source
    are in one cluster only if they cannot be told apart. An answer makes its pair's score 1 or 0 (for two clusters:
    answer every pair across). The order of the entries does not matter. Raises DuplicateIdError.
    """
    rules = Rules(aliases, merge, ask, dict(answers or {}))
    ordered = in_order(entries)
    links = links_of(ordered, rules)
    label = _clustered(len(ordered), links, rules)
    return matching_of(State(ordered, days_of(ordered), links, label, rules))


def rematch(
    matching: Matching, changed: Iterable[Entry], *, removed: Collection[str] = (), answers: Answers | None = None
) -> Matching:
    """What `match` would give after `changed` entries came or were edited and those with `removed` ids went.

    `answers` replaces all earlier ones; None keeps them. Only pairs with a changed entry are scored again, and only the
    clusters that such pairs lead to are made anew.
    """
    old: State = matching.state
    rules = old.rules if answers is None else Rules(old.rules.aliases, old.rules.merge, old.rules.ask, dict(answers))
    fresh = {entry.id: entry for entry in in_order(changed)}
    answered = _rows(old.entries, _answered_anew(old.rules.answers, rules.answers) - fresh.keys())
    keep = np.ones(len(old.entries), dtype=bool)
    keep[[*_rows(old.entries, fresh.keys() | set(removed)), *answered]] = False
    again = {old.entries[row].id: old.entries[row] for row in answered} | fresh
    came = [entry for key, entry in again.items() if key not in set(removed)]
    entries = tuple(sorted([*compress(old.entries, keep), *came], key=ID))
    touched = np.zeros(len(entries), dtype=bool)
    touched[_rows(entries, {entry.id for entry in came})] = True
    # Where each old row is now; -1: gone or changed, so that its links are not to be trusted.
    moved = np.full(keep.size, -1)
    moved[keep] = np.flatnonzero(~touched)
    days = np.empty((len(entries), 2), dtype=np.int64)
    days[~touched], days[touched] = old.days[keep], days_of([entries[row] for row in np.flatnonzero(touched)])
    fresh_links = _scored(entries, days, touched, rules)
    links = _moved(old.links, moved).joined(fresh_links, size=len(entries))
    return matching_of(State(entries, days, links, _label(old, moved, touched, links, rules), rules))


def _rows(entries: Sequence[Entry], ids: Collection[str]) -> list[int]:
    """The rows of those ids among entries that are in order; ids that are not there are passed over."""
    places = ((key, bisect_left(entries, key, key=ID)) for key in ids)
    return [row for key, row in places if row < len(entries) and entries[row].id == key]


def _answered_anew(before: Answers, after: Answers) -> set[str]:
    """The ids of entries that people's answers about have changed."""
    pairs = {pair for pair in before.keys() | after.keys() if before.get(pair) != after.get(pair)}
    return {key for pair in pairs for key in pair}


def _clustered(size: int, links: Links, rules: Rules) -> Ints:
    """The cluster of each row by its first row."""
    good = links.only(links.scores >= rules.merge)
    return complete_linkage(size=size, left=good.left, right=good.right, scores=good.scores)


def _moved(links: Links, moved: Ints) -> Links:
    """The links between rows that are still as they were, by their new rows. The order of ids is that of before."""
    left, right = moved[links.left], moved[links.right]
    keep = (left >= 0) & (right >= 0)
    return Links(left[keep], right[keep], links.scores[keep])


def _scored(entries: Sequence[Entry], days: Ints, touched: Rows, rules: Rules) -> Links:
    """The links of the touched rows, scored anew among all that could share a block with them."""
    rows = np.flatnonzero(touched | _around(entries, days, touched, rules.answers))
    links = links_of([entries[row] for row in rows.tolist()], rules, touching=touched[rows])
    return Links(rows[links.left], rows[links.right], links.scores)


def _around(entries: Sequence[Entry], days: Ints, touched: Rows, answers: Answers) -> Rows:
    """Rows (n,) that might share a block with a touched one, and more; `links_of` looks closer."""
    window = np.arange(-NEAR, NEAR + 1)
    around = np.isin(days[:, 0], days[touched, :1] + window) | np.isin(days[:, 1], days[touched, 1:] + window)
    centre = [entries[row] for row in np.flatnonzero(touched).tolist()]
    said = {value for entry in centre for value in (entry.moment, entry.key) if value}
    if said:
        around |= np.array([entry.moment in said or entry.key in said for entry in entries], dtype=bool)
    ids = {entry.id for entry in centre}
    around[_rows(entries, {key for pair in answers if not ids.isdisjoint(pair) for key in pair})] = True
    return around


def _label(old: State, moved: Ints, touched: Rows, links: Links, rules: Rules) -> Ints:
    """The cluster of each row: as before where no link leads to or led to what changed, else made anew."""
    good = links.only(links.scores >= rules.merge)
    redo = reachable(touched | _bereft(old, moved, touched.size), good.left, good.right)
    anew = _clustered(touched.size, good.only(redo[good.left]), rules)
    label = np.arange(touched.size)
    stays = np.flatnonzero(moved >= 0)
    label[moved[stays]] = moved[old.label[stays]]
    return np.where(redo, anew, label)


def _bereft(old: State, moved: Ints, size: int) -> Rows:
    """New rows (size,) that had a link that could merge to a row which has gone or changed."""
    links = old.links.only(old.links.scores >= old.rules.merge)
    left, right = moved[links.left], moved[links.right]
    bereft = np.zeros(size, dtype=bool)
    bereft[left[(left >= 0) & (right < 0)]] = True
    bereft[right[(right >= 0) & (left < 0)]] = True
    return bereft
