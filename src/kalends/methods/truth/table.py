"""Claims as arrays, in an order of their own: whoever speaks first, the same is found."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from kalends.methods.truth.claims import UNRESOLVED, Choice, Claim, Item, Losing

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Reason = Callable[[Sequence[str], float], str]
"""From the sources that agree and the share of what speaks for them to a sentence."""

UNANIMOUS: Final = "All say so."
DIGITS: Final = 9
"""Decimals of a share: what differs beyond them is a tie, whichever way it was added up."""


@dataclass(frozen=True, slots=True)
class Table:
    """m claims, each source's about an item once per value, sorted by item, value and source.

    A *cell* is one value of one item; the c cells are numbered in the same order.
    """

    items: tuple[Item, ...]
    sources: tuple[str, ...]
    values: tuple[Hashable, ...]
    source: Ints
    cell: Ints
    support: Floats
    """Of each claim (m,); a source that says k things about an item gives each a kth."""
    cell_item: Ints
    cell_value: Ints
    begins: Ints
    """The first cell of each item, and after the last one c."""

    @property
    def item(self) -> Ints:
        """The item of each claim (m,)."""
        return self.cell_item[self.cell]

    def per_cell(self, weights: Floats) -> Floats:
        """Sums (c,) of the claims' weights (m,)."""
        sums: Floats = np.bincount(self.cell, weights=weights, minlength=self.cell_item.size).astype(np.float64)
        return sums

    def per_item(self, of_cells: Floats) -> Floats:
        """Sums (items,) of what cells have (c,)."""
        sums: Floats = np.bincount(self.cell_item, weights=of_cells, minlength=len(self.items)).astype(np.float64)
        return sums


@dataclass(frozen=True, slots=True)
class Bars:
    """What a value must clear to be chosen, and what is said then and otherwise (`decide`)."""

    clear: float
    lead: float
    reason: Reason
    without: str


def table_of(claims: Iterable[Claim]) -> Table:
    """The arrays of some claims. The same claim twice counts once, with the greater support."""
    said = list(claims)
    item, items = _ranked([claim.item for claim in said])
    value, values = _ranked([claim.value for claim in said])
    source, sources = _ranked([claim.source for claim in said])
    support = np.array([claim.support for claim in said], dtype=np.float64)
    order = np.lexsort((-support, source, value, item))
    item, value, source, support = item[order], value[order], source[order], support[order]
    keys = np.column_stack([item, value, source])
    once = np.flatnonzero(np.any(np.diff(keys, axis=0, prepend=-1) != 0, axis=1))
    item, value, source, support = item[once], value[once], source[once], support[once]
    begins_cell = np.diff(item * max(len(values), 1) + value, prepend=-1) != 0
    said_by = item * max(len(sources), 1) + source
    cell_item = item[begins_cell]
    return Table(
        items=tuple(items),
        sources=tuple(sources),
        values=tuple(values),
        source=source,
        cell=np.cumsum(begins_cell) - 1,
        support=support / np.bincount(said_by)[said_by] if said_by.size else support,
        cell_item=cell_item,
        cell_value=value[begins_cell],
        begins=np.searchsorted(cell_item, np.arange(len(items) + 1)),
    )


def _ranked(values: Sequence[Any]) -> tuple[Ints, list[Any]]:
    """The place (m,) of each value among the distinct ones, and those in order of what they look like."""
    distinct = sorted(dict.fromkeys(values), key=lambda value: (type(value).__name__, repr(value)))
    place = {value: rank for rank, value in enumerate(distinct)}
    return np.array([place[value] for value in values], dtype=np.int64), distinct


def decide(
    table: Table, shares: Floats, *, clear: float = 0.0, lead: float = 0.5, reason: Reason, without: str
) -> Mapping[Item, Choice]:
    """A choice per item from the share (c,), 0 to 1, of what speaks for each value.

    The greatest share is chosen if it is at least `clear`, at least `lead` of itself and the next one together, and no
    other is as great. What all say is always chosen. `without`: what is said of an item that stays open.
    """
    told = _told_by(table)
    return {
        item: _choice(table, slice(start, stop), shares, told, Bars(clear, lead, reason, without))
        for item, start, stop in zip(table.items, table.begins.tolist(), table.begins[1:].tolist(), strict=False)
    }


def _told_by(table: Table) -> list[tuple[str, ...]]:
    """The sources of each cell, in order of their names."""
    told: list[list[str]] = [[] for _ in range(table.cell_item.size)]
    for cell, source in zip(table.cell.tolist(), table.source.tolist(), strict=True):
        told[cell].append(table.sources[source])
    return [tuple(names) for names in told]


def _choice(
    table: Table,
    cells: slice,
    shares: Floats,
    told: Sequence[tuple[str, ...]],
    bars: Bars,
) -> Choice:
    """The choice of one item."""
    values = [table.values[value] for value in table.cell_value[cells].tolist()]
    losing = [Losing(value, names) for value, names in zip(values, told[cells], strict=True)]
    if len(values) == 1:
        return Choice(values[0], 1.0, UNANIMOUS)
    mine = shares[cells].round(DIGITS).tolist()
    best = max(range(len(mine)), key=mine.__getitem__)
    second = sorted(mine)[-2]
    if mine[best] < bars.clear or mine[best] == second or mine[best] < bars.lead * (mine[best] + second):
        return Choice(UNRESOLVED, 0.0, bars.without, tuple(losing))
    chosen = losing.pop(best)
    return Choice(chosen.value, min(mine[best], 1.0), bars.reason(chosen.sources, mine[best]), tuple(losing))
