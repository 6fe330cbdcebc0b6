"""The switches of a model: one for each group and cell, and how to name many of them at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from kalends.methods.planning.coarse import Cells, Group
from kalends.methods.planning.grid import Ints
from kalends.methods.planning.wants import Problem

WEEK: Final = 7 * 1440


@dataclass(slots=True)
class Model:
    """A model in the making. Switches are kept by group: {cell: switch}, whole numbers too where many share a cell."""

    problem: Problem
    groups: list[Group]
    cells: Cells
    cp: Any
    model: Any
    gaps: Ints
    """(groups, groups) minutes that must lie between."""
    on: list[dict[int, Any]] = field(default_factory=list)
    count: list[dict[int, Any]] = field(default_factory=list)
    best: list[Ints] = field(default_factory=list)
    first: list[int] = field(default_factory=list)
    """Of `cells`, as Python's own numbers: they are read one by one, thousands of times."""
    last: list[int] = field(default_factory=list)
    labels: dict[str, list[int]] = field(default_factory=dict)

    def answering(self, tag: str) -> list[int]:
        """Groups that a rule about `tag` is about."""
        return [index for index, group in enumerate(self.groups) if group.want.answers(tag)]

    def own(self, indices: Iterable[int]) -> int:
        """Minutes that lie between any two wants of these groups, at least."""
        mine = sorted(indices)
        return int(self.gaps[np.ix_(mine, mine)].min(initial=WEEK)) if mine else 0

    def across(self, cells: Sequence[int]) -> int:
        """Minutes from the first slot of these cells, which are in order, to the last."""
        return self.last[cells[-1]] - self.first[cells[0]]

    def used(self, indices: Iterable[int]) -> list[int]:
        """Cells in which any of these groups may be."""
        return sorted({cell for index in indices for cell in self.on[index]})

    def switches(self, indices: Iterable[int], cells: Sequence[int]) -> list[Any]:
        """Switches of these groups in these cells."""
        found = []
        for index in indices:
            on = self.on[index]
            found += [on[cell] for cell in cells if cell in on]
        return found
