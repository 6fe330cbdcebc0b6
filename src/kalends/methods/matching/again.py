"""A matching brought up to date: only what changed is scored again, only the clusters that it reaches are made anew."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from operator import attrgetter
from typing import Final

import numpy as np

from kalends.methods.matching.blocks import NEAR
from kalends.methods.matching.entries import Answers, Entry, Matching
from kalends.methods.matching.likeness import Floats, Ints, Rows
from kalends.methods.matching.linkage import reachable
from kalends.methods.matching.names import with_companions
from kalends.methods.matching.rivals import Links, Spans, without_rival
from kalends.methods.matching.state import Rules, State, clustered, in_order, links_of, matching_of, spans_of

ID: Final = attrgetter("id")


def rematch(
    matching: Matching, changed: Iterable[Entry], *, removed: Collection[str] = (), answers: Answers | None = None
) -> Matching:
    """What `match` would give after `changed` entries came or were edited and those with `removed` ids went.

    `answers` replaces all earlier ones; None keeps them.
    """
    old: State = matching.state
    rules = old.rules if answers is None else Rules(old.rules.aliases, old.rules.merge, old.rules.ask, dict(answers))
    fresh = {entry.id: entry for entry in in_order(changed) if entry.id not in set(removed)}
    gone = fresh.keys() | set(removed)
    entries = tuple(sorted([*(entry for entry in old.entries if entry.id not in gone), *fresh.values()], key=ID))
    changes = gone | _answered_anew(old.rules.answers, rules.answers)
    dirty = _with_companions(old.entries, changes, old.rules) | _with_companions(entries, changes, rules)
    keep, touched = ~_mask(old.entries, dirty), _mask(entries, dirty)
    # Where each old row is now; -1: gone or changed, so that its links are not to be trusted.
    moved = np.full(keep.size, -1)
    moved[keep] = np.flatnonzero(~touched)
    spans = _spans(old.spans, keep, entries, touched)
    anew = _scored(entries, spans, touched, rules)
    links = _moved(old.links, moved).joined(anew, size=len(entries))
    lifted = without_rival(spans, links, merge=rules.merge)
    # The scores that the same links had before; those of touched rows count as changed anyway.
    before = _moved(Links(old.links.left, old.links.right, old.lifted), moved).joined(anew, size=len(entries)).scores
    seeds = touched | _bereft(old, moved, touched.size) | _ends(links, lifted != before, touched.size)
    return matching_of(State(entries, spans, links, lifted, _label(old, moved, links, lifted, seeds), rules))


def _spans(old: Spans, keep: Rows, entries: Sequence[Entry], touched: Rows) -> Spans:
    """The spans of the entries: as they were, but for the touched rows."""
    new = spans_of([entries[row] for row in np.flatnonzero(touched).tolist()], old.sources)
    columns = [np.empty(touched.size, dtype=np.int64) for _ in range(3)]
    for column, before, after in zip(
        columns, (old.first, old.last, old.source), (new.first, new.last, new.source), strict=True
    ):
        column[~touched], column[touched] = before[keep], after
    return Spans(columns[0], columns[1], columns[2], new.sources)


def _with_companions(entries: Sequence[Entry], ids: Collection[str], rules: Rules) -> set[str]:
    """`ids` and those of all entries that they lend titles to."""
    rows = np.flatnonzero(with_companions(entries, _mask(entries, ids), rules.answers))
    return {*ids, *(entries[row].id for row in rows.tolist())}


def _mask(entries: Sequence[Entry], ids: Collection[str]) -> Rows:
    """Which rows (n,) have those ids."""
    mask = np.zeros(len(entries), dtype=bool)
    mask[_rows(entries, ids)] = True
    return mask


def _rows(entries: Sequence[Entry], ids: Collection[str]) -> list[int]:
    """The rows of those ids among entries that are in order; ids that are not there are passed over."""
    places = ((key, bisect_left(entries, key, key=ID)) for key in ids)
    return [row for key, row in places if row < len(entries) and entries[row].id == key]


def _answered_anew(before: Answers, after: Answers) -> set[str]:
    """The ids of entries that people's answers about have changed."""
    pairs = {pair for pair in before.keys() | after.keys() if before.get(pair) != after.get(pair)}
    return {key for pair in pairs for key in pair}


def _moved(links: Links, moved: Ints) -> Links:
    """The links between rows that are still as they were, by their new rows. The order of ids is that of before."""
    left, right = moved[links.left], moved[links.right]
    keep = (left >= 0) & (right >= 0)
    return Links(left[keep], right[keep], links.scores[keep])


def _scored(entries: Sequence[Entry], spans: Spans, touched: Rows, rules: Rules) -> Links:
    """The links of the touched rows, scored anew among all that could share a block with them."""
    rows = np.flatnonzero(with_companions(entries, touched | _around(entries, spans, touched), rules.answers))
    links = links_of([entries[row] for row in rows.tolist()], rules, touching=touched[rows])
    return Links(rows[links.left], rows[links.right], links.scores)


def _around(entries: Sequence[Entry], spans: Spans, touched: Rows) -> Rows:
    """Rows (n,) that might share a block with a touched one, and more; `links_of` looks closer."""
    window = np.arange(-NEAR, NEAR + 1)
    around = np.zeros(len(entries), dtype=bool)
    for days in (spans.first, spans.last):
        around |= np.isin(days, days[touched][:, None] + window)
    moments = {entries[row].moment for row in np.flatnonzero(touched).tolist()} - {None}
    if moments:
        around |= np.array([entry.moment in moments for entry in entries], dtype=bool)
    return around


def _label(old: State, moved: Ints, links: Links, lifted: Floats, seeds: Rows) -> Ints:
    """The cluster of each row: as before where no link leads to a seed, else made anew."""
    good = links.only(lifted >= old.rules.merge)
    redo = reachable(seeds, good.left, good.right)
    of_redo = redo[links.left]
    anew = clustered(seeds.size, links.only(of_redo), lifted[of_redo], old.rules)
    label = np.arange(seeds.size)
    stays = np.flatnonzero(moved >= 0)
    label[moved[stays]] = moved[old.label[stays]]
    return np.where(redo, anew, label)


def _bereft(old: State, moved: Ints, size: int) -> Rows:
    """Rows (size,) that have lost a link that merges, because the other end went or changed."""
    links = old.links.only(old.lifted >= old.rules.merge)
    left, right = moved[links.left], moved[links.right]
    bereft = np.zeros(size, dtype=bool)
    bereft[left[(left >= 0) & (right < 0)]] = True
    bereft[right[(right >= 0) & (left < 0)]] = True
    return bereft


def _ends(links: Links, which: Rows, size: int) -> Rows:
    """Rows (size,) at either end of some links."""
    ends = np.zeros(size, dtype=bool)
    ends[links.left[which]] = True
    ends[links.right[which]] = True
    return ends
