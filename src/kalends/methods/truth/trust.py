"""How far a source can be trusted, learned from how often it agrees with what the others make likely.

Votes: Dong, Berti-Equille, Srivastava, "Integrating conflicting data: the role of source dependence", VLDB 2009
(AccuVote, and in copying.py its detection of copies). Losses: Li, Li, Gao, Zhao, Fan, Han, "Resolving conflicts in
heterogeneous data by truth discovery and source reliability estimation", SIGMOD 2014 (CRH).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from kalends.methods.truth.table import Floats, Ints, Table

TRUST: Final = 0.8
"""What a source is trusted before anything is known of it: the usual start in the papers above."""
TRUST_ITEMS: Final = 4.0
"""How many items that start counts for: a handful of agreements should not make a source infallible."""
VOTE: Final = 1.0
"""Weight of a source's vote before anything is known of it."""
WRONG_VALUES: Final = 5
"""How many wrong values an item could have: most errors in calendars are a day or two off, or last year's date."""
LEAST, MOST = 0.05, 0.98
"""Bounds of trust: no source is always wrong, none never."""
ROUNDS: Final = 20
"""Rounds of learning; on simulated calendars, trust moves by less than 0.001 after ten."""


def chances(table: Table, trust: Floats, counts: Floats) -> Floats:
    """Chance (c,) that each value is the true one, from the trust (sources,) and what of each claim counts (m,).

    A value collects ln(n A / (1 - A)) from each source that says it (AccuVote's votes, n wrong values, trust A); what
    nobody says has the votes 0.
    """
    votes = table.per_cell(counts * np.log(WRONG_VALUES * trust / (1 - trust))[table.source])
    # Shifted by the greatest of the item, so that no exponential overflows.
    top = np.maximum(_per_item_max(table, votes), 0.0)
    weights = np.exp(votes - top[table.cell_item])
    said = np.diff(table.begins)
    unsaid = np.maximum(WRONG_VALUES + 1 - said, 0) * np.exp(-top)
    shares: Floats = weights / (table.per_item(weights) + unsaid)[table.cell_item]
    return shares


def learned_trust(table: Table, likely: Floats) -> Floats:
    """Trust (sources,): the mean chance of what a source says, drawn towards `TRUST` where it says little."""
    size = len(table.sources)
    right = np.bincount(table.source, weights=likely[table.cell], minlength=size)
    said = np.bincount(table.source, minlength=size)
    return np.clip((right + TRUST * TRUST_ITEMS) / (said + TRUST_ITEMS), LEAST, MOST)


def losses(table: Table) -> Floats:
    """CRH's weights (sources,) for values that are right or wrong: -ln of the share of wrong claims, by turns."""
    size = len(table.sources)
    said = np.bincount(table.source, minlength=size)
    weights = np.full(size, VOTE)
    for _ in range(ROUNDS):
        shares = weighted_shares(table, weights)
        is_outvoted = shares < _per_item_max(table, shares)[table.cell_item] * (1 - 1e-9)
        # Half a wrong claim more than there are: a source without one is not infallible.
        wrong = np.bincount(table.source, weights=is_outvoted[table.cell].astype(float), minlength=size)
        weights = -np.log((wrong + 0.5) / (said + 1.0))
    return weights


def weighted_shares(table: Table, weights: Floats) -> Floats:
    """Share (c,) of each value in the votes about its item, by the weights (sources,) and the claims' support."""
    votes = table.per_cell(table.support * np.maximum(weights, 0.0)[table.source])
    shares: Floats = votes / np.maximum(table.per_item(votes), 1e-12)[table.cell_item]
    return shares


def _per_item_max(table: Table, votes: Floats) -> Floats:
    """The greatest votes (items,) of each item."""
    top: Floats = np.maximum.reduceat(votes, table.begins[:-1]) if votes.size else votes
    return top


def matrix_of(table: Table) -> Ints:
    """What each source says of each item (items, sources), by cell; -1: nothing. Of several values the last one."""
    said = np.full((len(table.items), len(table.sources)), -1)
    said[table.item, table.source] = table.cell
    return said
