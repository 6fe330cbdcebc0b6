"""What is wanted, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np

from kalends.methods.planning.grid import Bools, Floats, Grid, Ints
from kalends.methods.planning.rules import Rule

POINTS: Final = 10_000
"""Values are compared in this many steps of the greatest: finer than any value is known, and sums stay exact."""

Placement = Mapping[str, int]
"""Slot by want's id; who is not in it is not placed."""


@dataclass(frozen=True, slots=True)
class Want:
    """One thing that asks for a slot.

    `tags` is what rules speak about ("ppv", "account:7", "caption:12"); its own id is one of them. `curve` names the
    value of each slot for it. `worth` is gained by being placed at all, in the unit of the curve; None: no gain
    elsewhere is worth leaving it out.
    """

    id: str
    tags: frozenset[str]
    curve: str
    worth: float | None = None

    def answers(self, tag: str) -> bool:
        """Whether a rule about `tag` is about it."""
        return tag in self.tags or tag == self.id


@dataclass(frozen=True, eq=False)
class Problem:
    """Wants, slots, values and rules.

    `curves`: by name (slots,) values, 0 or more, in any unit; nan where the slot is no candidate. `fixed`: wants that
    stay where they are (sent already, locked, of the week before); others make way for them. The order of wants and
    rules does not matter.
    """

    grid: Grid
    wants: tuple[Want, ...]
    curves: Mapping[str, Floats]
    rules: tuple[Rule, ...] = ()
    fixed: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def by_id(self) -> dict[str, Want]:
        """Wants by id, in order of ids."""
        return {want.id: want for want in sorted(self.wants, key=lambda want: want.id)}

    @cached_property
    def points(self) -> dict[str, Ints]:
        """Curves as whole points: POINTS is the greatest value of all; -1 where the slot is no candidate."""
        top = max((float(np.nanmax(curve, initial=0.0)) for curve in self.curves.values()), default=0.0)
        scale = POINTS / top if top > 0 else 0.0
        return {
            name: np.where(np.isnan(curve), -1, np.rint(np.nan_to_num(curve) * scale)).astype(np.int64)
            for name, curve in self.curves.items()
        }

    def worth(self, want: Want) -> int:
        """What it is worth in points to have it placed; for those without a price more than all slots together."""
        if want.worth is None:
            return POINTS * len(self.wants) + 1
        top = max(float(np.nanmax(curve, initial=0.0)) for curve in self.curves.values())
        return round(want.worth * POINTS / top) if top > 0 else round(want.worth)

    def answering(self, tag: str, placement: Placement) -> list[str]:
        """Ids of placed wants that a rule about `tag` is about, in order of ids."""
        return sorted(each for each in placement if self.by_id[each].answers(tag))

    def offered(self, want: Want) -> Bools:
        """(slots,) whether the slot is a candidate for it."""
        return self.points[want.curve] >= 0


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that a want breaks in its slot, and the others who have part in it (none: the slot alone is forbidden)."""

    rule: Rule
    want: str
    slot: int
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unplaced:
    """Why a want has no slot, beside the others as they are planned.

    If `because` (one rule, wherever one suffices) were lifted, it could go to `slot`: of such slots the nearest to its
    best. Nothing in `because`: `slot` is legal, but not worth it. No slot: not one rule alone stands in its way;
    `because` are those that do at its best.
    """

    want: str
    because: tuple[Rule, ...]
    slot: int | None


@dataclass(frozen=True, slots=True)
class Plan:
    """Who goes where, and how sure it is that nothing better exists."""

    placement: Placement
    """Slot by want, the fixed ones too."""
    unplaced: tuple[Unplaced, ...]
    points: int
    """What was gained, in `Problem.points`."""
    bound: int
    """What no legal plan can exceed."""
    gap: float
    """(bound - points) / what the slots gave, worth of being placed left out; 0.0: proved to be the best."""
    seconds: float = field(compare=False)
    """Wall time: the only field that may differ between two runs."""

    @property
    def is_optimal(self) -> bool:
        """Whether it is proved that nothing better exists."""
        return self.points == self.bound
