"""The problem made small without making it another one: wants that are alike become one group, minutes become cells.

A cell is a run of slots within `width` minutes that no counting rule tells apart. What is forbidden between two cells
is forbidden for every pair of their slots, and a cell is worth its best slot: so the coarse problem allows and promises
at least what the true one does, and its optimum is a bound. With gaps that are multiples of the width it loses nothing:
a plan of cells becomes one of minutes by the same offset in every cell.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from kalends.methods.planning.grid import DAY, Bools, Ints
from kalends.methods.planning.rules import After, Apart, AtMost, Differ, Never, Only, Rest, Rule
from kalends.methods.planning.wants import Problem, Want

WIDTH: Final = 15
"""Minutes of a cell at first: a week without its nights is 560 cells, which the solver sees through in a blink."""


@dataclass(frozen=True, eq=False)
class Group:
    """Wants that no rule and no value tells apart: who of them goes where does not matter."""

    ids: tuple[str, ...]
    want: Want
    """One of them, to ask rules about."""
    worth: int
    free: Bools
    """(slots,) candidates that neither a rule about the slot alone nor a fixed want forbids."""

    @cached_property
    def size(self) -> int:
        """How many they are."""
        return len(self.ids)


@dataclass(frozen=True, eq=False)
class Cells:
    """Runs of slots, in order of time."""

    starts: Ints
    """First slot of each."""
    first: Ints
    """When its first slot is, in the grid's minutes."""
    last: Ints
    """When its last slot is."""
    of: Ints
    """(slots,) the cell of each slot."""
    labels: dict[str, Ints]

    @property
    def count(self) -> int:
        """How many there are."""
        return int(self.starts.size)

    def slots(self, cell: int) -> slice:
        """The cell's slots."""
        end = int(self.starts[cell + 1]) if cell + 1 < self.count else self.of.size
        return slice(int(self.starts[cell]), end)

    def best(self, points: Ints, free: Bools) -> Ints:
        """(cells,) the most that a free slot of it gives, -1 where none is free."""
        return np.maximum.reduceat(np.where(free, points, -1), self.starts)


def cells_of(problem: Problem, *, width: int) -> Cells:
    """Cut the grid into cells of at most `width` minutes, within which all labels that rules count by are equal."""
    grid = problem.grid
    kinds = {rule.label for rule in problem.rules if isinstance(rule, AtMost | Rest) and rule.label}
    kinds |= {DAY} if any(isinstance(rule, Differ) for rule in problem.rules) else set()
    cut = np.diff(grid.at // width) != 0
    for kind in kinds:
        cut |= np.diff(grid.labels[kind]) != 0
    starts = np.concatenate([[0], np.flatnonzero(cut) + 1]).astype(np.int64)
    ends = np.concatenate([starts[1:], [grid.size]]) - 1
    of = np.zeros(grid.size, dtype=np.int64)
    of[starts[1:]] = 1
    labels = {kind: grid.labels[kind][starts] for kind in kinds}
    return Cells(starts, grid.at[starts], grid.at[ends], np.cumsum(of), labels)


def widths(problem: Problem) -> list[int]:
    """Widths to try, one after another, until the plan is good enough: the last is exact."""
    gaps = [rule.minutes for rule in problem.rules if isinstance(rule, Apart)]
    gaps += [gap for rule in problem.rules if isinstance(rule, After) for gap in (rule.least, rule.most or 0)]
    common = math.gcd(WIDTH, *gaps)
    step = int(np.diff(problem.grid.at).min(initial=WIDTH))
    tried = [width for width in (common if common >= WIDTH // 3 else WIDTH, WIDTH // 3, 1) if width > step]
    return [*sorted(set(tried) - {1}, reverse=True), 1]


def groups_of(problem: Problem) -> list[Group]:
    """All wants that are not fixed, those alike together, in order of their least id."""
    named = {tag for rule in problem.rules for tag in tags_of(rule)}
    alike: dict[object, list[Want]] = {}
    for want in problem.by_id.values():
        if want.id not in problem.fixed:
            mine = (want.tags | {want.id}) & named
            alike.setdefault((want.curve, want.worth, mine), []).append(want)
    return [
        Group(tuple(want.id for want in wants), wants[0], problem.worth(wants[0]), free_slots(problem, wants[0]))
        for wants in alike.values()
    ]


def free_slots(problem: Problem, want: Want) -> Bools:
    """(slots,) where the want may be when only those are placed who are fixed.

    Every rule but `After` forbids the more, the more is placed: what is forbidden now stays so.
    """
    free = problem.offered(want).copy()
    for rule in problem.rules:
        blocked = None if isinstance(rule, After) else rule.blocked(problem, problem.fixed, want)
        if blocked is not None:
            free &= ~blocked
    return free


def tags_of(rule: Rule) -> Iterable[str]:
    """The tags that a rule speaks about."""
    match rule:
        case Apart():
            return (rule.one, rule.other)
        case After():
            return (rule.first, rule.then)
        case Never() | Only() | AtMost() | Rest() | Differ():
            return (rule.who,)
        case _:
            raise TypeError(f"{type(rule).__name__} is no rule that the solver knows.")


def levels(problem: Problem, groups: list[Group]) -> list[int]:
    """For each group, how many others must come before it by `After`: leaders have smaller numbers than who follows."""
    after = [rule for rule in problem.rules if isinstance(rule, After)]
    level = [0] * len(groups)
    for _ in groups if after else ():
        for rule in after:
            top = max((level[i] for i, group in enumerate(groups) if group.want.answers(rule.first)), default=0)
            for i, group in enumerate(groups):
                if group.want.answers(rule.then) and not group.want.answers(rule.first):
                    level[i] = max(level[i], min(top + 1, len(groups)))
    return level


def gaps_of(problem: Problem, wants: Sequence[Want]) -> Ints:
    """(wants, wants) minutes that must lie between each two."""
    gaps = np.zeros((len(wants), len(wants)), dtype=np.int64)
    for rule in problem.rules:
        if isinstance(rule, Apart):
            one = np.array([want.answers(rule.one) for want in wants], dtype=bool)
            other = np.array([want.answers(rule.other) for want in wants], dtype=bool)
            met = np.outer(one, other)
            gaps = np.maximum(gaps, rule.minutes * (met | met.T))
    return gaps
