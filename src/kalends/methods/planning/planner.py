"""Makes a plan: coarse cells by CP-SAT, then minutes within them."""

from __future__ import annotations

from kalends.methods.planning.wants import Plan, Problem


class NoPlanInTimeError(RuntimeError):
    """The solver was given its full share of work and did not come back; something is wrong with the machine."""


def make_plan(problem: Problem, *, seed: int = 0, tolerance: float = 0.005, effort: float = 2.0) -> Plan:
    """The best plan (a sketch of the signature; the body follows).

    `seed`: which of equally good minutes are taken. `tolerance`: a gap that is good enough to stop at. `effort`: the
    solver's deterministic seconds.
    """
    raise NotImplementedError
