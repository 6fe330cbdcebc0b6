"""A week of a page as it is planned in earnest: to the minute, legal, proved, the same every time, on any clock."""

import itertools
import os
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

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
    local_grid,
    make_plan,
    nearest,
    violations,
)

pytestmark = pytest.mark.unit
ZONES = ("America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns",
         "Pacific/Chatham", "America/Santiago", "Africa/Casablanca", "Asia/Tehran", "UTC")  # fmt: skip


def week(*, zone="America/New_York", monday=(2026, 11, 23), paid=10, bumps=32, followups=0, gap=135, cooling=2, seed=0):
    zone = ZoneInfo(zone)
    start = datetime(*monday, tzinfo=zone)
    grid = local_grid(start, datetime.combine(start.date() + timedelta(7), start.time(), zone), zone=zone)
    day, hour = grid.labels["day"] - start.toordinal(), grid.labels["minute"] // 60
    value = np.random.default_rng(seed).lognormal(0, 0.4, (7, 24))[day, hour]
    wants = [Want(f"{tag}{at:02}", frozenset({tag}), "value") for tag, many in
             (("paid", paid), ("bump", bumps), ("follow", followups)) for at in range(many)]  # fmt: skip
    rules = [Apart("paid", "paid", gap, "gap"), Apart("paid", "bump", 45), Apart("bump", "bump", 30),
             Differ("paid", 2), Differ("bump"), AtMost("bump", 6), After("paid", "follow", 15, 45),
             Apart("follow", "follow", 60), Apart("follow", "bump", 30),
             Rest("paid", cooling, frozenset(grid.labels["day"].tolist()))]  # fmt: skip
    for tag in ("paid", "bump", "follow"):
        rules += [Never(tag, "minute", frozenset(range(180, 420)), "quiet hours"),
                  Never(tag, "minute", frozenset(range(0, 1440, 15)), "quarter hours")]  # fmt: skip
    return Problem(grid, tuple(wants), {"value": value}, tuple(rules))


@pytest.mark.parametrize(
    "kind",
    [
        {},
        {"paid": 25, "bumps": 32, "gap": 75, "cooling": 0},
        {"paid": 12, "bumps": 10, "followups": 5, "cooling": 1},
        {"monday": (2026, 10, 26), "zone": "America/New_York"},  # the clock goes back in this week
        {"monday": (2026, 3, 23), "zone": "Europe/Berlin"},  # and forward in this one
    ],
)
def test_a_week_is_legal_and_proved(kind):
    problem = week(**kind)
    plan = make_plan(problem)
    assert violations(problem, plan.placement) == ()
    assert not plan.unplaced
    assert plan.is_optimal
    # Written without the rules: what somebody with a watch would see.
    local = {tag: sorted(problem.grid.instant(slot).astimezone(ZoneInfo(kind.get("zone", "America/New_York")))
                         for each, slot in plan.placement.items() if each.startswith(tag)) for tag in ("paid", "bump", "follow")}  # fmt: skip
    for moments in local.values():
        assert all(moment.minute % 15 and not 3 <= moment.hour < 7 for moment in moments)
        assert len({(moment.hour, moment.minute) for moment in moments}) == len(
            {(m.hour, m.minute, m.date()) for m in moments}
        )
    paid = [moment.astimezone(UTC) for moment in local["paid"]]
    gap = timedelta(minutes=kind.get("gap", 135))
    assert all(later - earlier >= gap for earlier, later in itertools.pairwise(paid))
    assert all(abs(moment - bump) >= timedelta(minutes=45) for moment in local["paid"] for bump in local["bump"])
    assert len({moment.date() for moment in local["paid"]}) <= 7 - kind.get("cooling", 2)
    for moment in local["follow"]:
        assert any(timedelta(minutes=15) <= moment - sent <= timedelta(minutes=45) for sent in local["paid"])


def test_what_does_not_fit_is_named_with_the_rule_and_the_nearest_slot():
    problem = week(paid=25, bumps=0, gap=24 * 60, cooling=0)
    plan = make_plan(problem)
    placed = len(plan.placement)
    assert placed == 7
    assert len(plan.unplaced) == 18
    for each in plan.unplaced:
        assert [rule.because for rule in each.because] == ["gap"]
        faults = check(problem, plan.placement, want=each.want, slot=each.slot)
        assert {fault.rule.because for fault in faults} == {"gap"}
        assert all(fault.others for fault in faults)
    assert nearest(problem, plan.placement, want=plan.unplaced[0].want, slot=5000) is None


def test_that_no_two_days_may_be_alike_is_part_of_the_proof():
    problem = week(paid=7, bumps=0, cooling=0)
    at = problem.grid.labels["minute"]
    value = np.where((at > 600) & (at < 603), 1.0, np.nan)
    problem = Problem(problem.grid, problem.wants, {"value": value}, (*problem.rules, AtMost("paid", 1)))
    plan = make_plan(problem)
    assert len(plan.placement) == 1, "601 and 602 are less than two minutes apart"
    assert plan.is_optimal


def test_fixed_wants_stay_and_others_make_way():
    problem = week(paid=6, bumps=4)
    plan = make_plan(problem)
    taken = plan.placement["paid02"]
    again = Problem(problem.grid, problem.wants, problem.curves, problem.rules, {"bump00": taken})
    other = make_plan(again)
    assert other.placement["bump00"] == taken
    assert violations(again, other.placement) == ()
    assert other.points < plan.points


SAME = """
from test_week import make_plan, week
print(sorted(make_plan(week(followups=3), seed=7).placement.items()))
"""


def test_another_process_makes_the_same_plan():
    runs = {subprocess.run([sys.executable, "-c", SAME], cwd=__file__.rsplit("/", 1)[0], env=_env(str(at)), check=True,
                           capture_output=True, text=True).stdout for at in (1, 2)}  # fmt: skip
    assert len(runs) == 1
    assert "paid00" in next(iter(runs))


def _env(hash_seed):
    return os.environ | {"PYTHONHASHSEED": hash_seed}


def test_the_seed_moves_minutes_and_not_what_they_are_worth():
    problem = week()
    one, other = make_plan(problem, seed=1), make_plan(problem, seed=2)
    assert one.points == other.points
    assert one.placement != other.placement


def test_a_drag_takes_milliseconds():
    problem = week(paid=25, bumps=32, gap=75, cooling=0)
    plan = make_plan(problem)
    began = time.process_time()
    for slot in range(0, problem.grid.size, 500):
        check(problem, plan.placement, want="paid00", slot=slot)
    assert (time.process_time() - began) / 21 < 0.05


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("start", [datetime(2026, 3, 20, tzinfo=UTC), datetime(2026, 9, 20, tzinfo=UTC)])
def test_the_grid_shows_what_the_clock_shows(zone, start):
    grid = local_grid(start, start + timedelta(days=45), zone=ZoneInfo(zone))
    for slot in range(0, grid.size, 7):
        local = grid.instant(slot).astimezone(ZoneInfo(zone))
        assert grid.labels["day"][slot] == local.date().toordinal()
        assert grid.labels["minute"][slot] == local.hour * 60 + local.minute


def test_a_day_of_25_hours_has_its_hour_twice():
    zone = ZoneInfo("America/New_York")
    grid = local_grid(datetime(2026, 11, 1, tzinfo=zone), datetime(2026, 11, 2, tzinfo=zone), zone=zone)
    assert grid.size == 25 * 60
    assert Counter(grid.labels["minute"].tolist())[90] == 2
    assert grid.slot(datetime(2026, 11, 1, 6, 30, tzinfo=UTC)) == 150
