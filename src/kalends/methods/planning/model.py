"""The coarse problem as a CP-SAT model: one switch for each group and cell, rules as cliques of them.

What keeps it fast: that A and B lie apart is said of whole windows of cells ("at most one of these"), not of pairs. The
relaxation that the solver starts from is then nearly whole-numbered, and the proof needs hardly any search; so its
presolve, which would take longer than the solution, is off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from kalends.methods.planning.coarse import Cells, Group, gaps_of
from kalends.methods.planning.gaps import keep_apart, windows
from kalends.methods.planning.grid import DAY, MINUTE
from kalends.methods.planning.rules import After, AtMost, Differ, Rest
from kalends.methods.planning.switches import Model
from kalends.methods.planning.wants import Problem


class NoPlanInTimeError(RuntimeError):
    """The planner did not come back in many times what its work takes: the machine is overloaded."""


@dataclass(frozen=True, slots=True)
class Solved:
    """What the solver found: (group, cell, how many), by time; and what nothing can exceed."""

    chosen: list[tuple[int, int, int]]
    bound: int
    effort: float


@dataclass(frozen=True, slots=True)
class Settings:
    """What the solver may do: `effort` in its deterministic seconds; `patience` on the wall, after which it raises."""

    seed: int
    effort: float
    patience: float


def solve(problem: Problem, groups: list[Group], cells: Cells, given: Settings, *,
          hint: list[tuple[int, int, int]]) -> Solved:  # fmt: skip
    """Solve the coarse problem; `hint` is a plan to start from, as (group, cell, how many)."""
    from ortools.sat.python import cp_model  # noqa: PLC0415 (takes a second to import, which only planners need wait)

    made = Model(
        problem, groups, cells, cp_model, cp_model.CpModel(),
        gaps=gaps_of(problem, [group.want for group in groups]),
        first=cells.first.tolist(),
        last=cells.last.tolist(),
        labels={name: labels.tolist() for name, labels in cells.labels.items()},
    )  # fmt: skip
    _switches(made)
    keep_apart(made)
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
    settings.num_workers, settings.random_seed = 1, given.seed
    settings.max_deterministic_time, settings.max_time_in_seconds = given.effort, given.patience
    # The cliques are few and nearly all of them bind: handed over at once they are solved in half the time.
    settings.cp_model_presolve, settings.add_lp_constraints_lazily = False, False
    status = solver.solve(made.model)
    used = solver.response_proto.deterministic_time
    if status not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
        if used < given.effort:
            raise NoPlanInTimeError
        return Solved([], _most(made), used)
    if status == cp_model.FEASIBLE and used < given.effort:
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
        beyond = next((at for at in range(start, len(times)) if times[at][1] - begin >= rule.minutes), len(times))
        window = times[start : max(beyond, start + 1)]
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
        runs = list(windows(made, mine, own))
        for window in runs:
            made.model.add_at_most_one([*made.switches(indices, window), is_free])
        for switch in made.switches(indices, sorted(set(mine).difference(*runs))):
            made.model.add_implication(switch, is_free.negated())


def _after(made: Model, rule: After) -> None:
    """A `then` needs a `first` in a cell from which it can be reached."""
    problem, cells = made.problem, made.cells
    fixed = [int(problem.grid.at[problem.fixed[each]]) for each in problem.answering(rule.first, problem.fixed)]
    firsts = made.answering(rule.first)
    _be_there(made, firsts)

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


def _be_there(made: Model, indices: list[int]) -> None:
    """Whoever is switched on is there: elsewhere a switch only says that there may be some."""
    for index in indices:
        for cell, switch in made.on[index].items():
            if (count := made.count[index][cell]) is not switch:
                made.model.add(count >= switch)


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
