"""Makes a plan: cells by CP-SAT, slots within the cells, finer cells where that left a gap; reasons for the rest."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Final

import numpy as np

from kalends.methods.planning.checks import check, closest, legal
from kalends.methods.planning.coarse import Cells, Group, cells_of, groups_of, widths
from kalends.methods.planning.minutes import spread
from kalends.methods.planning.model import Settings, solve
from kalends.methods.planning.rules import After, Rule
from kalends.methods.planning.wants import Placement, Plan, Problem, Unplaced, Want

TOLERANCE: Final = 0.02
"""A gap that ends the search: no value is known to 2 %, and most plans are proved to 0 by then."""
LARGEST: Final = 60_000
"""Switches of a model: a larger one would take longer to write down than anybody waits."""


def make_plan(problem: Problem, *, seed: int = 0, tolerance: float = TOLERANCE, effort: float = 1.0,
              patience: float = 60.0) -> Plan:  # fmt: skip
    """The best legal plan, how good it is at most, and why what has no slot has none.

    The same problem and seed give the same plan, on any day and in any order of wants and rules. `seed`: which of
    equally good minutes are taken. `tolerance`: the gap (see `Plan.gap`) at which to stop. `effort`: what the solver
    may do, in its deterministic seconds (about two to ten of the wall's). `patience`: seconds on the wall after which
    it raises NoPlanInTimeError rather than give a plan that another day would not repeat.
    """
    began = time.perf_counter()
    problem = replace(problem, rules=tuple(sorted(problem.rules, key=_key)))
    groups = [group for group in groups_of(problem) if group.free.any()]
    settings = Settings(seed, effort, patience)
    placement, bound = dict(problem.fixed), 0
    for step, width in enumerate(widths(problem) if groups else ()):
        cells = cells_of(problem, width=width)
        if step and _size(groups, cells) > LARGEST:
            break
        solved = solve(problem, groups, cells, settings, hint=_as_hint(groups, cells, placement) if step else [])
        bound = min(bound, solved.bound) if step else solved.bound
        found = _named(problem, groups, spread(problem, groups, cells, solved.chosen, seed=seed))
        placement = max((placement, found), key=lambda each: gained(problem, each)) if step else found
        if _gap(problem, placement, bound) > tolerance and width > 1:
            placement = _polished(problem, _near(groups, cells, solved.chosen), placement, settings)
        if _gap(problem, placement, bound) <= tolerance:
            break
    _mend(problem, placement)
    return Plan(
        placement=dict(sorted(placement.items())),
        unplaced=_unplaced(problem, placement),
        points=gained(problem, placement),
        bound=bound,
        gap=_gap(problem, placement, bound),
        seconds=time.perf_counter() - began,
    )


def _size(groups: list[Group], cells: Cells) -> int:
    """Switches that a model would have."""
    return sum(np.unique(cells.of[group.free]).size for group in groups)


def _near(groups: list[Group], cells: Cells, chosen: list[tuple[int, int, int]]) -> list[Group]:
    """The groups, each confined to the cells that it was given."""
    mine: dict[int, list[int]] = {}
    for group, cell, _ in chosen:
        mine.setdefault(group, []).append(cell)
    confined = {index: groups[index].free & np.isin(cells.of, taken) for index, taken in mine.items()}
    return [replace(groups[index], free=free) for index, free in sorted(confined.items())]


def _polished(problem: Problem, groups: list[Group], placement: dict[str, int], settings: Settings) -> dict[str, int]:
    """The best to the minute within the cells that were chosen, where the quick search found no room or lost value."""
    cells = cells_of(problem, width=1)
    if _size(groups, cells) > LARGEST:
        return placement
    solved = solve(problem, groups, cells, settings, hint=_as_hint(groups, cells, placement))
    found = _named(problem, groups, spread(problem, groups, cells, solved.chosen, seed=settings.seed))
    return max((placement, found), key=lambda each: gained(problem, each))


def _mend(problem: Problem, placement: dict[str, int]) -> None:
    """Whoever was left out takes the best slot that is still legal."""
    for want in problem.by_id.values():
        if want.id not in placement and (free := legal(problem, placement, want=want.id)).any():
            placement[want.id] = int(np.argmax(np.where(free, problem.points[want.curve], -1)))


def gained(problem: Problem, placement: Placement) -> int:
    """Points of all that is placed and not fixed: worth and slots."""
    return sum(
        problem.worth(problem.by_id[each]) + int(problem.points[problem.by_id[each].curve][slot])
        for each, slot in placement.items()
        if each not in problem.fixed
    )


def _gap(problem: Problem, placement: Placement, bound: int) -> float:
    points = gained(problem, placement)
    slots = points - sum(problem.worth(problem.by_id[each]) for each in placement if each not in problem.fixed)
    return max(0, bound - points) / max(1, slots)


def _named(problem: Problem, groups: list[Group], slots: dict[int, list[int]]) -> dict[str, int]:
    """Slots given to ids: within a group the first id goes first. None at all where the cells were too coarse to see
    who leads a follower that is fixed: to the minute it is seen.
    """
    named = dict(problem.fixed)
    for group, mine in slots.items():
        named.update(zip(groups[group].ids, mine, strict=False))
    return named if _leads_the_fixed(problem, named) else dict(problem.fixed)


def _leads_the_fixed(problem: Problem, placement: Placement) -> bool:
    followed = [
        rule for rule in problem.rules if isinstance(rule, After) and problem.answering(rule.then, problem.fixed)
    ]
    leaders = [each for rule in followed for each in problem.answering(rule.first, placement)]
    planned = [each for each in leaders if each not in problem.fixed]
    return not any(check(problem, placement, want=each, slot=placement[each]) for each in planned)


def _as_hint(groups: list[Group], cells: Cells, placement: Placement) -> list[tuple[int, int, int]]:
    counts: dict[tuple[int, int], int] = {}
    for index, group in enumerate(groups):
        for each in group.ids:
            if each in placement:
                key = (index, int(cells.of[placement[each]]))
                counts[key] = counts.get(key, 0) + 1
    return [(group, cell, times) for (group, cell), times in sorted(counts.items())]


def _unplaced(problem: Problem, placement: Placement) -> tuple[Unplaced, ...]:
    """Reasons; wants that are alike share theirs."""
    return tuple(_reason(problem, placement, want) for want in problem.by_id.values() if want.id not in placement)


def _reason(problem: Problem, placement: Placement, want: Want) -> Unplaced:
    """The one rule without which it had a slot, the best such slot first; else all that block its best slot."""
    points, offered = problem.points[want.curve], problem.offered(want)
    if not offered.any():
        return Unplaced(want.id, (), None)
    best = int(np.argmax(points))
    blocks = [
        (rule, blocked) for rule in problem.rules if (blocked := rule.blocked(problem, placement, want)) is not None
    ]
    weight = sum((blocked.astype(np.int64) for _, blocked in blocks), np.zeros(points.size, dtype=np.int64))
    if (slot := closest(problem, offered & (weight == 0), best)) is not None:
        return Unplaced(want.id, (), slot)
    alone = [(closest(problem, offered & (weight == 1) & blocked, best), rule) for rule, blocked in blocks]
    found = [(-int(points[slot]), slot, rule) for slot, rule in alone if slot is not None]
    if not found:
        return Unplaced(want.id, tuple(rule for rule, blocked in blocks if blocked[best]), None)
    _, slot, rule = min(found, key=lambda each: each[:2])
    return Unplaced(want.id, (rule,), slot)


def _key(rule: Rule) -> tuple[str, str]:
    """What puts rules in an order that does not depend on how they were given."""
    told = [getattr(rule, name) for name in getattr(rule, "__slots__", ())]
    return type(rule).__name__, repr([sorted(one) if isinstance(one, frozenset) else one for one in told])
