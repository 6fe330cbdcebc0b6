"""How good and how quick is a week's plan? Paid messages and bumps to the minute, against two rivals in the same run.

    python benchmarks/planning.py [--pages 20]

Pages have values of their own by weekday and hour (log-normal, sigma 0.25, over a common evening peak), quiet hours
3 to 7, no quarter hours, gaps, cooling days, no day like another. Seconds are of one processor, so that others' work on
the machine is not counted.
Rivals: greedy (each want, paid ones first, takes the best legal minute; one that finds none takes its best and drives
out who stands in its way, who are placed again), and CP-SAT in its usual form (a start time and an interval for each
message, values by element), given fifty times our time.
"""

import argparse
import os
import statistics
import sys
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from bounds import Bound, judge
from kalends.methods.planning import (
    After,
    Apart,
    AtMost,
    Differ,
    Never,
    Problem,
    Rest,
    Want,
    check,
    legal,
    local_grid,
    make_plan,
    violations,
)
from kalends.methods.planning.planner import gained

ZONE = ZoneInfo("America/New_York")
MONDAY = datetime(2026, 11, 23, tzinfo=ZONE)
EVENING = 0.05 + np.array(
    [1, .7, .4, 0, 0, 0, 0, .3, .4, .5, .5, .6, .7, .7, .6, .6, .7, .8, .9, 1, 1.2, 1.4, 1.3, 1.1]
)  # fmt: skip
"""Relative value of each hour."""
SPREAD = 0.25
QUARTERS, QUIET = frozenset(range(0, 1440, 15)), frozenset(range(180, 420))


@dataclass(frozen=True)
class Kind:
    """How many messages a page sends in a week, and how far apart."""

    name: str
    paid: int
    bumps: int
    gap: int
    """Minutes between paid messages."""
    cooling: int = 0
    """Days without paid ones."""
    followups: int = 0


KINDS = (
    Kind("micro", 6, 4, 180),
    Kind("small", 8, 6, 150),
    Kind("medium, tired", 9, 9, 150),
    Kind("large, very tired", 8, 24, 150, cooling=2),
    Kind("mega, very tired", 10, 32, 135, cooling=2),
    Kind("mega", 21, 16, 75),
    Kind("mega, follow-ups", 21, 16, 75, followups=6),
    Kind("as many as may be", 25, 32, 75),
)


def page(kind, *, seed, weeks=1, is_smooth=False):
    """One page's weeks as a problem."""
    rng = np.random.default_rng(seed)
    grid = local_grid(MONDAY, MONDAY + timedelta(weeks=weeks), zone=ZONE)
    day, hour = grid.labels["day"] - MONDAY.toordinal(), grid.labels["minute"] // 60
    value = (rng.lognormal(0, SPREAD, (7 * weeks, 24)) * EVENING)[day, hour]
    if is_smooth:
        value = np.convolve(value, np.ones(61) / 61, mode="same")
    numbers = (("paid", kind.paid * weeks, None), ("bump", kind.bumps * weeks, None), ("follow", kind.followups, 0.1))
    wants = tuple(Want(f"{tag} {at:03}", frozenset({tag}), "paid" if tag == "paid" else "bump", worth)
                  for tag, count, worth in numbers for at in range(count))  # fmt: skip
    days = frozenset(range(MONDAY.toordinal(), MONDAY.toordinal() + 7 * weeks))
    rules = [
        Apart("paid", "paid", kind.gap), Apart("paid", "bump", 45), Apart("bump", "bump", 30),
        Differ("paid", 2), Differ("bump", 2), AtMost("bump", -(-kind.bumps // 7) + 1),
        AtMost("paid", -(-kind.paid // (7 - kind.cooling)) + 1),
    ]  # fmt: skip
    tags = ("paid", "bump", "follow") if kind.followups else ("paid", "bump")
    rules += [Never(tag, "minute", minutes) for tag in tags for minutes in (QUARTERS, QUIET)]
    if kind.cooling:
        rules.append(Rest("paid", kind.cooling * weeks, days))
    if kind.followups:
        rules += [After("paid", "follow", 15, 45), Apart("follow", "follow", 60), Apart("follow", "bump", 30)]
    return Problem(grid, wants, {"paid": value, "bump": 0.2 * np.sqrt(value)}, tuple(rules))


def greedy(problem):
    """Each takes the best minute left to it, and drives others out where none is."""
    placement, tries = {}, 0
    waiting = sorted(problem.by_id, key=lambda each: (not each.startswith("paid"), each))
    while waiting and tries < 3 * len(problem.wants):
        tries += 1
        want = waiting.pop(0)
        points = problem.points[problem.by_id[want].curve]
        free = legal(problem, placement, want=want)
        if free.any():
            placement[want] = int(np.argmax(np.where(free, points, -1)))
            continue
        alone = legal(problem, {}, want=want)
        if not alone.any():
            continue
        slot = int(np.argmax(np.where(alone, points, -1)))
        driven = {each for fault in check(problem, placement, want=want, slot=slot) for each in fault.others}
        placement = {each: at for each, at in placement.items() if each not in driven} | {want: slot}
        waiting += sorted(driven)
    return placement


def by_intervals(problem, *, seconds):
    """CP-SAT as one would write it first; (points of the plan, bound), None where it found nothing."""
    from ortools.sat.python import cp_model

    model, starts, intervals, values = cp_model.CpModel(), {}, {}, []
    for want in problem.wants:
        points = problem.points[want.curve]
        free = legal(problem, {}, want=want.id)
        starts[want.id] = model.new_int_var_from_domain(cp_model.Domain.from_values(np.flatnonzero(free).tolist()), "")
        values.append(model.new_int_var(0, int(points.max()), ""))
        model.add_element(starts[want.id], points.tolist(), values[-1])
        intervals[want.id] = next(iter(want.tags))
    ids = {tag: [each for each in starts if intervals[each] == tag] for tag in ("paid", "bump")}
    for rule in problem.rules:
        if isinstance(rule, Apart) and rule.one == rule.other:
            model.add_no_overlap(
                [model.new_fixed_size_interval_var(starts[each], rule.minutes, "") for each in ids[rule.one]]
            )
            for before, after in zip(ids[rule.one], ids[rule.one][1:], strict=False):
                model.add(starts[before] < starts[after])
        elif isinstance(rule, Apart):
            for one in ids[rule.one]:
                for other in ids[rule.other]:
                    is_first = model.new_bool_var("")
                    model.add(starts[one] + rule.minutes <= starts[other]).only_enforce_if(is_first)
                    model.add(starts[other] + rule.minutes <= starts[one]).only_enforce_if(is_first.negated())
    model.maximize(sum(values))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers, solver.parameters.random_seed = 1, 1
    solver.parameters.max_time_in_seconds = seconds
    status = solver.solve(model)
    worth = sum(problem.worth(want) for want in problem.wants)
    if status not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
        return None
    return worth + int(solver.objective_value), worth + int(solver.best_objective_bound)


def timed(task):
    """(seconds of one processor, result)."""
    began = time.process_time()
    result = task()
    return time.process_time() - began, result


def slots_only(problem, points):
    """Points without the worth of being placed."""
    return points - sum(problem.worth(want) for want in problem.wants if want.worth is None)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--pages", type=int, default=20)
    options.add_argument("--rival-seconds", type=float, default=5.0)
    given = options.parse_args()
    make_plan(page(KINDS[0], seed=0))  # the import of the solver is not the plan's
    print(f"load {os.getloadavg()[0]:.1f}; milliseconds of one processor, the problem made anew each time")
    print(
        f"{'week':<20}{'wants':>6}{'p50':>6}{'p95':>6}{'proved':>8}{'gap %':>7}"
        f"{'greedy %':>10}{'greedy ms':>10}{'left out':>9}"
    )
    every, gaps, rivals, faults, missing = [], [], [], 0, 0
    for kind in KINDS:
        took, proved, theirs, their_time, left = [], 0, [], [], 0
        for seed in range(given.pages):
            seconds, (problem, plan) = timed(lambda kind=kind, seed=seed: planned(kind, seed))
            took.append(seconds)
            proved += plan.is_optimal
            gaps.append(plan.gap)
            faults += len(violations(problem, plan.placement))
            missing += sum(problem.by_id[each.want].worth is None for each in plan.unplaced)
            if seed < 5:
                seconds, placement = timed(lambda problem=problem: greedy(problem))
                their_time.append(seconds)
                left += len(problem.wants) - len(placement) - len(plan.unplaced)
                mine = slots_only(problem, gained(problem, placement))
                theirs.append(100 * mine / slots_only(problem, plan.points) if mine > 0 else 0.0)
        every += took
        rivals += theirs
        count = kind.paid + kind.bumps + kind.followups
        print(f"{kind.name:<20}{count:>6}{1000 * statistics.median(took):>6.0f}{1000 * np.quantile(took, 0.95):>6.0f}"
              f"{proved:>5}/{given.pages:<2}{100 * np.mean(gaps[-given.pages:]):>7.2f}{np.mean(theirs):>10.1f}"
              f"{1000 * np.mean(their_time):>10.0f}{left:>9}")  # fmt: skip
    smooth = [timed(lambda seed=seed: planned(KINDS[5], seed, is_smooth=True)) for seed in range(given.pages)]
    print(f"values that change by the minute: p50 {1000 * statistics.median(took for took, _ in smooth):.0f} ms, "
          f"gap {100 * np.mean([plan.gap for _, (_, plan) in smooth]):.2f} %")  # fmt: skip
    growth = {weeks: timed(lambda weeks=weeks: planned(KINDS[5], 1, weeks=weeks)) for weeks in (1, 2, 4)}
    for weeks, (seconds, (problem, plan)) in growth.items():
        print(
            f"{weeks} weeks: {problem.grid.size:,} slots, {len(problem.wants)} wants: "
            f"{seconds:.2f} s, gap {100 * plan.gap:.2f} %"
        )
    problem, plan = planned(KINDS[5], 1)
    theirs = by_intervals(problem, seconds=given.rival_seconds)
    ours = slots_only(problem, plan.points)
    if theirs:
        points, bound = (slots_only(problem, each) for each in theirs)
        share, gap = 100 * points / ours, 100 * (bound - points) / points
        print(f"CP-SAT by intervals, {given.rival_seconds:g} s: {share:.1f} % of our value, its gap {gap:.0f} %")
    else:
        print(f"CP-SAT by intervals found nothing in {given.rival_seconds:g} s")
    moves = [timed(lambda slot=slot: check(problem, plan.placement, want="paid 003", slot=slot))[0]
             for slot in range(0, problem.grid.size, 200)]  # fmt: skip
    print(f"a drag: p50 {1000 * statistics.median(moves):.1f} ms, p95 {1000 * np.quantile(moves, 0.95):.1f} ms")
    return judge(
        [
            Bound("rules broken", faults, at_most=0),
            Bound("messages left out", missing, at_most=0),
            Bound("p95 of all weeks, ms", 1000 * float(np.quantile(every, 0.95)), at_most=150),
            Bound("mean gap, %", 100 * float(np.mean(gaps)), at_most=0.1),
            Bound("greedy's value, % of ours", float(np.mean(rivals)), at_most=100),
            Bound("a drag, p95, ms", 1000 * float(np.quantile(moves, 0.95)), at_most=50),
        ]
    )


def planned(kind, seed, **options):
    """(problem, plan)."""
    problem = page(kind, seed=seed, **options)
    return problem, make_plan(problem)


if __name__ == "__main__":
    sys.exit(main())
