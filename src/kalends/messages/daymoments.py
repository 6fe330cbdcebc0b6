"""What the calendar's moments do to a day of a page: learned from the page's own past, 1 where nothing is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from kalends.messages.sections import MomentIndex, Timing

BOUNDS: Final = (0.5, 2.0)
"""A day beyond these rests on too little: a moment comes once or twice in the time that is looked at."""


@dataclass(frozen=True, slots=True)
class DayMoments:
    """What the master calendar knows of a day, and what the page has seen of it."""

    names: tuple[str, ...]
    factor: float = 1.0
    """How many times the usual response is expected."""
    known: tuple[MomentIndex, ...] = ()
    """Those of them that the page has sent paid messages on."""

    @classmethod
    def of(cls, names: Sequence[str], timing: Timing) -> Self:
        """The day of these moments. Their effects multiply, as in the regression that they were learned by."""
        known = tuple(each for each in timing.moments if each.name in names)
        low, high = BOUNDS
        return cls(tuple(names), min(max(math.prod(each.index for each in known), low), high), known)

    def words(self, weekday: str) -> list[str]:
        """What is said of a message on that day, a sentence for each moment."""
        seen = {each.name: each for each in self.known}
        return [_words(f"{weekday} is {name}", seen.get(name)) for name in self.names]


def _words(said: str, seen: MomentIndex | None) -> str:
    if seen is None:
        return f"{said}: nothing was sent here on such a day yet, so it counts as any other."
    sent = "1 paid message" if seen.sample == 1 else f"{seen.sample} paid messages"
    return (
        f"{said}: such days sell {seen.index:.2f} times as well as others here "
        f"({seen.low:.2f} to {seen.high:.2f}, from {sent})."
    )
