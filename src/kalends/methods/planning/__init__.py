"""Which of many wanted things takes which slot: values and rules in, the best legal plan out, with its proof or gap.

It knows neither messages nor posts. A caller makes a grid of instants (`local_grid`), says what it wants (`Want`), what
each slot is worth (`curves`) and what must hold (rules), and gets a `Plan`:

>>> from datetime import UTC, datetime
>>> from zoneinfo import ZoneInfo
>>> grid = local_grid(datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC), zone=ZoneInfo("UTC"))
>>> evening = 1.0 + (grid.labels["minute"] >= 18 * 60)
>>> wants = tuple(Want(f"paid {n}", frozenset({"paid"}), curve="evening") for n in (1, 2))
>>> rules = (Apart("paid", "paid", 240, because="four hours between paid messages"),
...          Never("paid", "minute", frozenset(range(0, 1440, 15)), because="no quarter hours"))
>>> problem = Problem(grid, wants, {"evening": evening}, rules)
>>> plan = make_plan(problem)
>>> plan.is_optimal, violations(problem, plan.placement)
(True, ())

A drag is judged by the same rules, in milliseconds: `check` says what it would break, `nearest` where it may go,
`legal` everywhere it may go. What depends on the order of things rather than on their times (no category twice running)
is the caller's: place first, then deal the contents out to the places.
"""

from kalends.methods.planning.checks import check, legal, nearest, violations
from kalends.methods.planning.grid import DAY, MINUTE, Grid, local_grid
from kalends.methods.planning.model import NoPlanInTimeError
from kalends.methods.planning.planner import make_plan
from kalends.methods.planning.rules import After, Apart, AtMost, Differ, Never, Only, Rest, Rule
from kalends.methods.planning.wants import Broken, Placement, Plan, Problem, Unplaced, Want

__all__ = [
    "DAY",
    "MINUTE",
    "After",
    "Apart",
    "AtMost",
    "Broken",
    "Differ",
    "Grid",
    "Never",
    "NoPlanInTimeError",
    "Only",
    "Placement",
    "Plan",
    "Problem",
    "Rest",
    "Rule",
    "Unplaced",
    "Want",
    "check",
    "legal",
    "local_grid",
    "make_plan",
    "nearest",
    "violations",
]
