"""On problems small enough to try everything: the plan is legal, nothing is better, and what it says is true."""

import itertools
import os
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kalends.methods.planning import (
    After,
    Apart,
    AtMost,
    Differ,
    Grid,
    Never,
    Only,
    Problem,
    Rest,
    Want,
    check,
    legal,
    make_plan,
    nearest,
    violations,
)
from kalends.methods.planning.planner import gained

pytestmark = pytest.mark.unit
MONDAY = date(2026, 11, 23).toordinal()
TAGS = ("paid", "free")
SLOTS = 6
tags = st.sampled_from(TAGS)
spans = st.sampled_from([5, 15, 30, 60, 75, 200, 1430])
SHARE = float(os.environ.get("KALENDS_PROVE", "0.02"))
quick = settings(max_examples=max(10, int(2000 * SHARE)), deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def rules(draw):
    days = st.frozensets(st.integers(MONDAY, MONDAY + 2), max_size=3)
    return draw(
        st.one_of(
            st.builds(Apart, tags, tags, spans),
            st.builds(Differ, tags, st.sampled_from([1, 5, 15, 90])),
            st.builds(AtMost, tags, st.integers(0, 2), st.sampled_from(["day", None])),
            st.builds(Rest, tags, st.integers(0, 2), days),
            st.builds(After, st.sampled_from(["paid", "w0"]), st.sampled_from(["free", "w1"]), st.integers(1, 60),
                      st.none() | st.integers(60, 1500)),
            st.builds(Never, tags, st.just("minute"), st.frozensets(st.integers(0, 1439), max_size=3)),
            st.builds(Only, tags, st.just(((0, 1440), (1500, 9000)))),
        )
    )  # fmt: skip


@st.composite
def problems(draw, wants=3):
    # Few distinct times of day near each other, so that days do resemble each other and gaps do bite.
    moments = st.builds(lambda day, hour, minute: day * 1440 + hour * 60 + minute,
                        st.integers(0, 2), st.sampled_from([0, 1, 23]), st.sampled_from([0, 7, 20]))  # fmt: skip
    at = np.array(sorted(draw(st.sets(moments, min_size=3, max_size=SLOTS))), dtype=np.int64)
    values = st.lists(st.sampled_from([0.0, 1.0, 2.5, 4.0, 4.0, float("nan")]), min_size=at.size, max_size=at.size)
    names = [f"w{number}" for number in range(wants)]
    return Problem(
        Grid(at, {"day": at // 1440 + MONDAY, "minute": at % 1440}),
        tuple(
            Want(name, frozenset(draw(st.sampled_from([{"paid"}, {"free"}, {"paid", "free"}]))), draw(st.sampled_from(["x", "y"])),
                 draw(st.sampled_from([None, None, None, 0.0, 3.0])))
            for name in names
        ),
        {"x": np.array(draw(values)), "y": np.array(draw(values))},
        tuple(draw(st.lists(rules(), min_size=1, max_size=3, unique=True))),
        draw(st.dictionaries(st.sampled_from(names), st.integers(0, at.size - 1), max_size=1)),
    )  # fmt: skip


def is_legal(problem, placement):
    """No want that is planned has a part in a fault, or is where it is no candidate."""
    faults = [fault for fault in violations(problem, placement) if fault.want not in problem.fixed]
    planned = [each for each in placement if each not in problem.fixed]
    return not faults and all(problem.offered(problem.by_id[each])[placement[each]] for each in planned)


def placements(problem):
    """Every way to place some of the wants."""
    free = [want.id for want in problem.wants if want.id not in problem.fixed]
    for slots in itertools.product([None, *range(problem.grid.size)], repeat=len(free)):
        chosen = {each: slot for each, slot in zip(free, slots, strict=True) if slot is not None}
        yield {**problem.fixed, **chosen}


@quick
@given(problem=problems())
def test_the_plan_is_the_best_of_all_legal_placements(problem):
    plan = make_plan(problem, tolerance=0.0)
    assert is_legal(problem, plan.placement), violations(problem, plan.placement)
    best = max(gained(problem, each) for each in placements(problem) if is_legal(problem, each))
    assert plan.points == best
    assert plan.bound == best
    assert plan.is_optimal
    assert plan.gap == 0.0
    rough = make_plan(problem, tolerance=9.0)
    assert is_legal(problem, rough.placement)
    assert rough.points <= best <= rough.bound


@quick
@given(problem=problems(wants=4))
def test_reasons_are_true(problem):
    plan = make_plan(problem, tolerance=0.0)
    missing = {each.id for each in problem.wants} - set(plan.placement)
    assert {each.want for each in plan.unplaced} == missing
    for each in plan.unplaced:
        if each.slot is None:
            continue
        faults = check(problem, plan.placement, want=each.want, slot=each.slot)
        assert {fault.rule for fault in faults} == set(each.because)
        assert len(each.because) <= 1


@quick
@given(problem=problems(wants=4), data=st.data())
def test_the_order_of_what_is_given_changes_nothing(problem, data):
    other = Problem(
        problem.grid,
        tuple(data.draw(st.permutations(problem.wants))),
        dict(reversed(problem.curves.items())),
        tuple(data.draw(st.permutations(problem.rules))),
        problem.fixed,
    )
    assert make_plan(problem) == make_plan(other)


@quick
@given(problem=problems(), data=st.data())
def test_a_move_is_legal_where_the_list_of_faults_finds_no_new_one(problem, data):
    placement = data.draw(st.dictionaries(st.sampled_from(["w0", "w1", "w2"]), st.integers(0, problem.grid.size - 1)))
    want = data.draw(st.sampled_from(["w0", "w1", "w2"]))
    free = legal(problem, placement, want=want)
    for slot in range(problem.grid.size):
        faults = check(problem, placement, want=want, slot=slot)
        moved = [fault for fault in violations(problem, {**placement, want: slot}) if fault.want == want]
        assert sorted(map(repr, faults)) == sorted(map(repr, moved))
        assert free[slot] == (not faults and problem.offered(problem.by_id[want])[slot])
    to = nearest(problem, placement, want=want, slot=0)
    assert to == (int(np.flatnonzero(free)[0]) if free.any() else None)


def alike(at, *rules, wants=("w0", "w1", "w2"), fixed=None):
    """Wants of one kind in slots that are all worth the same."""
    at = np.array(at, dtype=np.int64)
    return Problem(
        Grid(at, {"day": at // 1440 + MONDAY, "minute": at % 1440}),
        tuple(Want(name, frozenset({"paid"}), "x", None) for name in wants),
        {"x": np.zeros(at.size)}, rules, fixed or {},
    )  # fmt: skip


def test_a_leader_goes_before_the_follower_that_is_fixed():
    problem = alike([1440, 1447, 1460, 1500, 2880], After("w0", "w1", 1), fixed={"w1": 1})
    plan = make_plan(problem, tolerance=0.0)
    assert plan.placement["w0"] == 0
    assert is_legal(problem, plan.placement)


def test_rules_of_one_kind_may_come_in_any_order():
    problem = alike([0, 7, 20, 60, 67, 1440])
    other = Want("w2", frozenset({"paid"}), "y", None), Want("w3", frozenset({"free", "paid"}), "x", None)
    problem = replace(problem, wants=(*problem.wants[:2], *other), curves=problem.curves | {"y": problem.curves["x"]})
    rules = (Differ("paid", 1), Differ("paid", 15), Apart("paid", "free", 5))
    plans = [make_plan(replace(problem, rules=each)).placement for each in itertools.permutations(rules)]
    assert all(plan == plans[0] for plan in plans)


@pytest.mark.parametrize(("fixed", "best"), [({}, 100_003), ({"w1": 1}, 70_002)])
def test_who_leads_is_there(fixed, best):
    problem = alike([0, 7, 20, 60, 1440], After("paid", "free", 1), fixed=fixed)
    late = problem.curves | {"y": np.array([0.0, 0.0, 0.0, 0.0, 1.0])}
    wants = (Want("w0", frozenset({"paid"}), "y", None), Want("w1", frozenset({"free"}), "x", None),
             Want("w2", frozenset({"paid"}), "y", None))  # fmt: skip
    plan = make_plan(replace(problem, wants=wants, curves=late), tolerance=0.0)
    assert (plan.points, plan.bound) == (best, best)
