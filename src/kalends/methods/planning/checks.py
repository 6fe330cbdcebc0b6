"""One drag, one plan, one slot: what it breaks. Pure, and no solver: a move takes milliseconds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from kalends.methods.planning.grid import Bools
from kalends.methods.planning.rules import Rule
from kalends.methods.planning.wants import Broken, Placement, Problem, Want


def check(problem: Problem, placement: Placement, *, want: str, slot: int) -> tuple[Broken, ...]:
    """What would be broken if `want` went (or stayed) at `slot`, all others standing as they do; () is a legal move.

    Only rules in which it has part are looked at: faults among others are theirs (`violations`).
    """
    mine, others = problem.by_id[want], {each: at for each, at in placement.items() if each != want}
    return tuple(
        Broken(rule, want, slot, _others(problem, others, mine, slot, rule))
        for rule, blocked in _blocks(problem, others, mine)
        if blocked[slot]
    )


def legal(problem: Problem, placement: Placement, *, want: str) -> Bools:
    """(slots,) where `want` may go, all others standing as they do: what a page need not grey out."""
    mine, others = problem.by_id[want], {each: at for each, at in placement.items() if each != want}
    free = problem.offered(mine).copy()
    for _, blocked in _blocks(problem, others, mine):
        free &= ~blocked
    return free


def nearest(problem: Problem, placement: Placement, *, want: str, slot: int) -> int | None:
    """The legal slot nearest in time to `slot` (the earlier of two), None if there is none."""
    return closest(problem, legal(problem, placement, want=want), slot)


def violations(problem: Problem, placement: Placement) -> tuple[Broken, ...]:
    """Everything that is broken in a placement, in order of rules and wants; two who break a rule are named twice."""
    found = [fault for want in problem.by_id if want in placement
             for fault in check(problem, placement, want=want, slot=placement[want])]  # fmt: skip
    return tuple(sorted(found, key=lambda fault: (problem.rules.index(fault.rule), fault.slot, fault.want)))


def closest(problem: Problem, among: Bools, slot: int) -> int | None:
    """The slot of `among` that is nearest in time to `slot`."""
    slots = np.flatnonzero(among)
    if not slots.size:
        return None
    return int(slots[np.argmin(np.abs(problem.grid.at[slots] - problem.grid.at[slot]))])


def _blocks(problem: Problem, others: Placement, want: Want) -> Iterator[tuple[Rule, Bools]]:
    """The rules that forbid something to `want`, and where."""
    for rule in problem.rules:
        blocked = rule.blocked(problem, others, want)
        if blocked is not None:
            yield rule, blocked


def _others(problem: Problem, others: Placement, want: Want, slot: int, rule: Rule) -> tuple[str, ...]:
    """Who has part in it: those who break the rule with it alone, or without whom it would not be broken."""

    def breaks(those: Placement) -> bool:
        blocked = rule.blocked(problem, those, want)
        return blocked is not None and bool(blocked[slot])

    if breaks({}):
        return ()
    return tuple(
        each
        for each in sorted(others)
        if breaks({each: others[each]}) or not breaks({key: at for key, at in others.items() if key != each})
    )
