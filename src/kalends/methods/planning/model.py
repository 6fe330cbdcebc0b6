"""The coarse problem as a CP-SAT model: one switch for each group and cell, rules as cliques of them.

What keeps it fast: that A and B lie apart is said of whole windows of cells ("at most one of these"), not of pairs. The
relaxation that the solver starts from is then nearly whole-numbered, and the proof needs hardly any search; so its
presolve, which would take longer than the solution, is off.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, takewhile
from typing import Any, Final

import numpy as np

from kalends.methods.planning.coarse import Cells, Group, gaps_of
from kalends.methods.planning.grid import DAY, MINUTE, Ints
from kalends.methods.planning.rules import After, Apart, AtMost, Differ, Rest
from kalends.methods.planning.wants import Problem


WEEK: Final = 7 * 1440


class NoPlanInTimeError(RuntimeError):
    """The planner did not come back within the time that is many times what its work takes: the machine is overloaded."""


@dataclass(frozen=True, slots=True)
class Solved:
    """What the solver found: (group, cell, how many), by time; and what nothing can exceed."""

    chosen: list[tuple[int, int, int]]
    bound: int
    effort: float


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


def solve(problem: Problem, groups: list[Group], cells: Cells, *, seed: int, effort: float, patience: float,
          hint: list[tuple[int, int, int]]) -> Solved:  # fmt: skip
    """Solve the coarse problem. `effort`: deterministic seconds; `patience`: seconds on the wall before giving up."""
    from ortools.sat.python import cp_model  # noqa: PLC0415 (takes a second to import, which only planners need wait)

    made = Model(problem, groups, cells, cp_model, cp_model.CpModel(), gaps_of(problem, [group.want for group in groups]),
                 first=cells.first.tolist(), last=cells.last.tolist(),
                 labels={name: cells.labels[name].tolist() for name in cells.labels if name != MINUTE})  # fmt: skip
    _switches(made)
    _apart(made)
    for rule in problem.rules:
        match rule:
            case Differ():
                _differ(made, rule)
            case AtMost():
                _at_most(made, rule)
            case Rest():
                _rest(made, rule)
            case After():
                _after(made, rule)
    _objective(made)
    _hint(made, hint)
    solver = cp_model.CpSolver()
    settings = solver.parameters
    settings.num_workers, settings.random_seed = 1, seed
    settings.max_deterministic_time, settings.max_time_in_seconds = effort, patience
    # The cliques are few and nearly all of them bind: handed over at once they are solved in half the time.
    settings.cp_model_presolve, settings.add_lp_constraints_lazily = False, False
    status = solver.solve(made.model)
    used = solver.response_proto.deterministic_time
    if status not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
        if used < effort:
            raise NoPlanInTimeError
        return Solved([], _most(made), used)
    if status == cp_model.FEASIBLE and used < effort:
        raise NoPlanInTimeError
    chosen = [
        (index, cell, times)
        for index, counts in enumerate(made.count)
        for cell, switch in counts.items()
        if (times := solver.value(switch))
    ]
    return Solved(chosen, int(np.floor(solver.best_objective_bound + 0.5)), used)


def _switches(made: Model) -> None:
    """One switch for each group and cell; a number where several of a group may share a cell."""
    spans = made.cells.last - made.cells.first
    for index, group in enumerate(made.groups):
        best = made.cells.best(made.problem.points[group.want.curve], group.free)
        own = int(made.gaps[index, index])
        on: dict[int, Any] = {}
        count: dict[int, Any] = {}
        for cell in np.flatnonzero(best >= 0).tolist():
            on[cell] = count[cell] = made.model.new_bool_var("")
            if group.size > 1 and spans[cell] >= own:
                count[cell] = made.model.new_int_var(0, group.size, "")
                made.model.add(count[cell] <= group.size * on[cell])
        made.on.append(on)
        made.count.append(count)
        made.best.append(best)
        if group.size < len(count) or group.size > 1:
            made.model.add(made.cp.LinearExpr.sum(list(count.values())) <= group.size)


def _windows(made: Model, cells: list[int], minutes: int) -> Iterator[list[int]]:
    """Longest runs of these cells of which every two slots are less than `minutes` apart."""
    last = [made.last[cell] for cell in cells]
    before = 0
    for start, cell in enumerate(cells):
        end = bisect_left(last, made.first[cell] + minutes)  # the first cell that reaches too far
        if end > max(start, before):
            yield cells[start:end]
        before = max(before, end)


def _apart(made: Model) -> None:
    """Gaps, the same tag on both sides or two."""
    for rule in made.problem.rules:
        if isinstance(rule, Apart):
            one, other = set(made.answering(rule.one)), set(made.answering(rule.other))
            both = one & other
            _within(made, sorted(both), rule.minutes)
            _between(made, sorted(both), sorted(one ^ other), rule.minutes)
            _between(made, sorted(one - both), sorted(other - both), rule.minutes)


def _within(made: Model, indices: list[int], minutes: int) -> None:
    """All wants of these groups are apart from each other: at most one in any window."""
    for window in _windows(made, made.used(indices), minutes):
        if len(switches := made.switches(indices, window)) > 1:
            made.model.add_at_most_one(switches)


def _between(made: Model, one: list[int], other: list[int], minutes: int) -> None:
    """Every want of `one` is apart from every want of `other`.

    A window of the side with the smaller gap of its own, and around it all cells of the other side that are too near to
    the whole window: as each side is a clique for itself, both together are one.
    """
    if not one or not other:
        return
    gaps = {side: made.own(side) for side in (tuple(one), tuple(other))}
    near, far = sorted((tuple(one), tuple(other)), key=lambda side: (gaps[side], side))
    theirs = made.used(far)
    first, last = [made.first[cell] for cell in theirs], [made.last[cell] for cell in theirs]
    for window in _both_ways(made, made.used(near), min(gaps[near], minutes)):
        # Too near to the whole window: to its first cell and to its last.
        low = bisect_right(first, made.last[window[-1]] - minutes)
        high = bisect_left(last, made.first[window[0]] + minutes)
        mine, alone = made.switches(near, window), made.across(window) < gaps[near]
        for start, end in _runs(first, last, low, high, gaps[far]):
            hers = made.switches(far, theirs[start:end])
            _cliques(made, mine, hers, is_clique=(alone, last[end - 1] - first[start] < gaps[far]))


def _cliques(made: Model, mine: list[Any], hers: list[Any], *, is_clique: tuple[bool, bool]) -> None:
    """None of `mine` together with one of `hers`; at most one of a side that is a clique by itself."""
    for left in [mine] if is_clique[0] else [[each] for each in mine]:
        for right in [hers] if is_clique[1] else [[each] for each in hers]:
            if left and right:
                made.model.add_at_most_one([*left, *right])


def _both_ways(made: Model, cells: list[int], minutes: int) -> list[list[int]]:
    """For each cell the longest window that begins with it, and the longest that ends with it; itself alone at least."""
    first, last = [made.first[cell] for cell in cells], [made.last[cell] for cell in cells]
    spans = dict.fromkeys((here, max(bisect_left(last, start + minutes), here + 1)) for here, start in enumerate(first))
    spans |= dict.fromkeys((min(bisect_right(first, end - minutes), here), here + 1) for here, end in enumerate(last))
    return [cells[start:end] for start, end in spans]


def _runs(first: list[int], last: list[int], low: int, high: int, minutes: int) -> Iterator[tuple[int, int]]:
    """Longest runs within [low, high) that are less than `minutes` across; single cells where they are longer."""
    reached = low
    for start in range(low, high):
        if reached == high:
            return
        end = min(high, max(bisect_left(last, first[start] + minutes), start + 1))
        if end > reached:
            yield start, end
            reached = end


def _differ(made: Model, rule: Differ) -> None:
    """In a window of times of day, at most so many days as have room there at their distance."""
    cells, minutes = made.cells, made.problem.grid.labels[MINUTE]
    indices = made.answering(rule.who)
    spans: dict[tuple[int, int], list[int]] = {}
    low, high = np.minimum.reduceat(minutes, cells.starts).tolist(), np.maximum.reduceat(minutes, cells.starts).tolist()
    for cell in made.used(indices):
        spans.setdefault((low[cell], high[cell]), []).append(cell)
    times = sorted(spans)
    for start, (begin, _) in enumerate(times):
        near = takewhile(lambda span: span[1] - begin < rule.minutes, islice(times, start, None))
        window = list(near) or [times[start]]
        across = max(end for _, end in window) - begin
        _days(made, indices, [cell for span in window for cell in spans[span]], across // rule.minutes + 1)


def _days(made: Model, indices: list[int], cells: list[int], most: int) -> None:
    """At most `most` days have anything in these cells."""
    by_day: dict[int, list[int]] = {}
    for cell in sorted(cells):
        by_day.setdefault(made.labels[DAY][cell], []).append(cell)
    if len(by_day) <= most:
        return
    own, flags = made.own(indices), []
    for mine in by_day.values():
        switches = made.switches(indices, mine)
        if made.across(mine) < own or len(switches) == 1:
            flags += switches
        else:
            flags.append(made.model.new_bool_var(""))
            for switch in switches:
                made.model.add_implication(switch, flags[-1])
    made.model.add(made.cp.LinearExpr.sum(flags) <= most)


def _at_most(made: Model, rule: AtMost) -> None:
    """Each label's share, less what the fixed have of it."""
    taken = made.problem.answering(rule.who, made.problem.fixed)
    labels = made.problem.grid.labels[rule.label] if rule.label else np.zeros(made.problem.grid.size, dtype=np.int64)
    used = [int(labels[made.problem.fixed[each]]) for each in taken]
    for value, counts in _by_label(made, rule.who, rule.label).items():
        most = max(0, rule.most - used.count(value))
        made.model.add(made.cp.LinearExpr.sum(counts) <= most)


def _by_label(made: Model, who: str, label: str | None) -> dict[int, list[Any]]:
    """Numbers of those who answer, by the value of a label."""
    found: dict[int, list[Any]] = {}
    for index in made.answering(who):
        for cell, count in made.count[index].items():
            found.setdefault(made.labels[label][cell] if label else 0, []).append(count)
    return found


def _rest(made: Model, rule: Rest) -> None:
    """A switch for each day that is kept free."""
    problem, indices = made.problem, made.answering(rule.who)
    labels = problem.grid.labels[rule.label]
    used = {int(labels[problem.fixed[each]]) for each in problem.answering(rule.who, problem.fixed)}
    free = {value: made.model.new_bool_var("") for value in sorted(rule.among - used)}
    made.model.add(made.cp.LinearExpr.sum(list(free.values())) >= min(rule.free, len(free)))
    own = made.own(indices)
    cells = made.used(indices)
    for value, is_free in free.items():
        mine = [cell for cell in cells if made.labels[rule.label][cell] == value]
        windows = list(_windows(made, mine, own))
        for window in windows:
            made.model.add_at_most_one([*made.switches(indices, window), is_free])
        for switch in made.switches(indices, sorted(set(mine).difference(*windows))):
            made.model.add_implication(switch, is_free.negated())


def _after(made: Model, rule: After) -> None:
    """A `then` needs a `first` in a cell from which it can be reached."""
    problem, cells = made.problem, made.cells
    fixed = [int(problem.grid.at[problem.fixed[each]]) for each in problem.answering(rule.first, problem.fixed)]
    firsts = made.answering(rule.first)

    def leaders(begin: int, end: int) -> list[Any]:
        """Switches of those who can lead something between these two moments."""
        low = 0 if rule.most is None else int(np.searchsorted(cells.last, begin - rule.most))
        high = int(np.searchsorted(cells.first, end - rule.least, side="right"))
        return [made.on[index][cell] for index in firsts for cell in range(low, high) if cell in made.on[index]]

    def is_led(begin: int, end: int) -> bool:
        return any(when <= end - rule.least and (rule.most is None or when >= begin - rule.most) for when in fixed)

    for index in made.answering(rule.then):
        for cell, switch in made.on[index].items():
            begin, end = int(cells.first[cell]), int(cells.last[cell])
            if not is_led(begin, end):
                made.model.add_bool_or([switch.negated(), *leaders(begin, end)])
    for each in problem.answering(rule.then, problem.fixed):
        when = int(problem.grid.at[problem.fixed[each]])
        if not is_led(when, when):
            for index in firsts:
                for switch in made.on[index].values():
                    made.model.add_bool_or([switch.negated(), *leaders(when, when)])


def _objective(made: Model) -> None:
    counts = [count for each in made.count for count in each.values()]
    points = [
        group.worth + int(best[cell])
        for group, best, each in zip(made.groups, made.best, made.count, strict=True)
        for cell in each
    ]
    made.model.maximize(made.cp.LinearExpr.weighted_sum(counts, points))


def _hint(made: Model, hint: list[tuple[int, int, int]]) -> None:
    """Start from a plan that is known."""
    known = {(index, cell): times for index, cell, times in hint}
    for index, counts in enumerate(made.count) if hint else ():
        for cell, count in counts.items():
            made.model.add_hint(count, known.get((index, cell), 0))


def _most(made: Model) -> int:
    """A bound without a solver: every want in its best slot."""
    return sum(
        max(0, group.size * (group.worth + int(best.max(initial=0))))
        for group, best in zip(made.groups, made.best, strict=True)
    )
