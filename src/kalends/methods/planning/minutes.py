"""From cells to slots: each want takes a slot of its cell so that every rule holds to the minute."""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np

from kalends.methods.planning.coarse import Cells, Group, gaps_of, levels
from kalends.methods.planning.grid import DAY, MINUTE, Bools, Ints
from kalends.methods.planning.rules import After, Differ
from kalends.methods.planning.wants import Problem

STEPS: Final = 1_000
"""Slots that are tried before the search gives up on a set of cells; a plan of sixty takes about sixty."""


def spread(problem: Problem, groups: list[Group], cells: Cells, chosen: list[tuple[int, int, int]], *,
           seed: int) -> dict[int, list[int]]:  # fmt: skip
    """Slots by group, in order of time. Where a cell's slots leave no room, the want is left out."""
    level = levels(problem, groups)
    order = sorted(chosen, key=lambda each: (each[1], level[each[0]], each[0]))
    each_once = [(group, cell, turn) for group, cell, times in order for turn in range(times)]
    wants = [groups[group] for group, _, _ in each_once]
    best: list[int | None] = []
    # First minutes of their own for everybody; where that does not fit, one offset for all of a day: where gaps are
    # multiples of the cells' width, that always keeps them.
    for of_day in (False, True):
        slots = [
            _slots(problem, groups[group], cells, cell, seed=f"{seed}:" + (
                f"{cells.first[cell] // 1440}" if of_day else f"{groups[group].ids[0]}:{cell}:{turn}"))
            for group, cell, turn in each_once
        ]  # fmt: skip
        taken = Search(problem, wants, slots).run()
        if taken.count(None) < best.count(None) or not best:
            best = taken
        if None not in best:
            break
    found: dict[int, list[int]] = {}
    for (group, _, _), slot in zip(each_once, best, strict=True):
        if slot is not None:
            found.setdefault(group, []).append(slot)
    return {group: sorted(mine) for group, mine in found.items()}


def _slots(problem: Problem, group: Group, cells: Cells, cell: int, *, seed: str) -> Ints:
    """The free slots of a cell, the most valuable first, equals in an order of their own for each want."""
    span = cells.slots(cell)
    slots = np.arange(span.start, span.stop)[group.free[span]]
    points = problem.points[group.want.curve][slots]
    key = hashlib.blake2b(seed.encode(), digest_size=8).digest()
    mixed = np.random.default_rng(int.from_bytes(key)).permutation(slots.size)
    return slots[np.lexsort((mixed, -points))]


class Search:
    """Depth first in order of time; what is chosen decides what is left of the later ones.

    `choices`: for each group (one want) the slots of its cell, those to try first in front.
    """

    def __init__(self, problem: Problem, groups: list[Group], choices: list[Ints]) -> None:
        self.problem, self.choices = problem, choices
        wants = [group.want for group in groups]
        self.gaps = gaps_of(problem, wants)
        self.alike = np.zeros_like(self.gaps)
        for rule in problem.rules:
            if isinstance(rule, Differ):
                mine = np.array([want.answers(rule.who) for want in wants], dtype=bool)
                self.alike = np.maximum(self.alike, rule.minutes * np.outer(mine, mine))
        self.after = [
            (rule, np.array([want.answers(rule.first) for want in wants]),
             np.array([want.answers(rule.then) for want in wants]),
             np.array([problem.grid.at[problem.fixed[each]] for each in problem.answering(rule.first, problem.fixed)]))
            for rule in problem.rules if isinstance(rule, After)
        ]  # fmt: skip
        self.labels = (problem.grid.labels[DAY], problem.grid.labels[MINUTE]) if self.alike.any() else None
        self.taken = np.full(len(choices), -1)

    def run(self) -> list[int | None]:
        """A slot for each choice; None where it found none."""
        options: list[list[int]] = []
        turn, steps = 0, 0
        while turn < len(self.choices) and steps < STEPS:
            steps += 1
            if len(options) == turn:
                options.append(self._options(turn))
            if options[turn]:
                self.taken[turn] = options[turn].pop()
                turn += 1
            elif turn == 0:
                break
            else:
                self.taken[turn] = -1
                options.pop()
                turn -= 1
        if turn < len(self.choices):
            self._greedy()
        return [int(slot) if slot >= 0 else None for slot in self.taken]

    def _greedy(self) -> None:
        """Each in its turn, whoever finds nothing is left out."""
        self.taken[:] = -1
        for turn in range(len(self.choices)):
            options = self._options(turn)
            self.taken[turn] = options[-1] if options else -1

    def _options(self, turn: int) -> list[int]:
        """Legal slots beside those taken so far, the best last."""
        slots = self.choices[turn]
        placed = np.flatnonzero(self.taken[:turn] >= 0)
        others = self.taken[placed]
        at = self.problem.grid.at
        free: Bools = (np.abs(at[slots][:, None] - at[others]) >= self.gaps[turn, placed]).all(axis=1)
        if self.labels is not None:
            day, minute = self.labels
            near = np.abs(minute[slots][:, None] - minute[others]) < self.alike[turn, placed]
            free = free & ~(near & (day[slots][:, None] != day[others])).any(axis=1)
        for rule, firsts, thens, fixed in self.after:
            if thens[turn]:
                leaders = np.concatenate([at[others[firsts[placed]]], fixed])
                free &= _led(at[slots], leaders, rule)
        return [int(slot) for slot in slots[free][::-1]]


def _led(times: Ints, leaders: Ints, rule: After) -> Bools:
    since = times[:, None] - leaders
    near = (since >= rule.least) & (since <= (rule.most if rule.most is not None else since))
    return np.asarray(near.any(axis=1))
