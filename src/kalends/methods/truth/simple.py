"""Choosing without learning: by count, by rank, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from kalends.methods.truth.claims import Choices, Claim, Learned
from kalends.methods.truth.table import Floats, Table, decide, table_of

NEVER: Final = 2.0
"""A share that nothing has."""


def majority(claims: Sequence[Claim], _: Learned) -> Choices:
    """What most sources say; a tie stays open."""
    table = table_of(claims)
    votes = table.per_cell(np.ones(table.cell.size))
    return decide(
        table,
        votes / table.per_item(votes)[table.cell_item],
        reason=lambda sources, share: f"{share:.0%} of the sources say so: {', '.join(sources)}.",
        without="As many sources say one thing as another.",
    )


def fixed_priority(claims: Sequence[Claim], _: Learned) -> Choices:
    """What the source says that comes first in the user's order; sources without a place come last."""
    return _by_rank(
        claims,
        rank=lambda claim: (float("inf") if claim.priority is None else claim.priority,),
        reason="The source that comes first in your order",
        without="The sources that come first in your order disagree.",
    )


def highest_quality(claims: Sequence[Claim], _: Learned) -> Choices:
    """What the most complete source says; of equally complete ones the freshest. Unknown comes after known."""
    return _by_rank(
        claims,
        rank=lambda claim: (
            -(claim.quality if claim.quality is not None else -1.0),
            float("inf") if claim.freshness is None else -claim.freshness,
        ),
        reason="The most complete, then freshest source",
        without="The most complete and freshest sources disagree.",
    )


def manual(claims: Sequence[Claim], _: Learned) -> Choices:
    """Nothing but what all say: the rest waits for a person."""
    table = table_of(claims)
    shares = np.zeros(table.cell_item.size)
    return decide(table, shares, clear=NEVER, reason=lambda *_: "", without="Waits for a person.")


def _by_rank(
    claims: Sequence[Claim], *, rank: Callable[[Claim], tuple[float, ...]], reason: str, without: str
) -> Choices:
    """What the sources with the smallest rank say of each item, if they say the same."""
    best: dict[object, tuple[float, ...]] = {}
    for claim in claims:
        mine = rank(claim)
        if claim.item not in best or mine < best[claim.item]:
            best[claim.item] = mine
    front = [claim for claim in claims if rank(claim) == best[claim.item]]
    table = table_of(claims)
    votes = _votes_of(table, front)
    return decide(
        table,
        votes,
        clear=1.0,
        reason=lambda sources, _: f"{reason} says so ({', '.join(sources)}).",
        without=without,
    )


def _votes_of(table: Table, front: Sequence[Claim]) -> Floats:
    """1 for a value (c,) that all claims in front say of its item; less where they differ."""
    place = {
        (table.items[item], table.values[value]): cell
        for cell, (item, value) in enumerate(zip(table.cell_item.tolist(), table.cell_value.tolist(), strict=True))
    }
    votes = np.zeros(table.cell_item.size)
    for cell in {place[claim.item, claim.value] for claim in front}:
        votes[cell] = 1.0
    return votes / np.maximum(table.per_item(votes), 1.0)[table.cell_item]
