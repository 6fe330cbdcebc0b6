"""What goes into finding the truth and what comes out: claims of sources about items, and choices with their losers."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, NamedTuple


class Unresolved(Enum):
    """The answer where nothing gives a ground to choose; its one member is `UNRESOLVED`."""

    UNRESOLVED = "unresolved"


UNRESOLVED: Final = Unresolved.UNRESOLVED

Item = Hashable
"""What a claim is about: one field of one event, such as ("evt-7", "starts_on")."""


class Claim(NamedTuple):
    """What one source says about one item."""

    item: Item
    source: str
    value: Hashable
    """A number (int, float, Decimal) is averaged or compared by size; all else, dates too, is equal or not."""
    support: float = 1.0
    """How much this one claim counts: below 1 for an estimated date, above 1 where the weekday agrees with the date."""
    priority: int | None = None
    """The user's order of sources; the smallest comes first."""
    quality: float | None = None
    """How complete the source is, 0 to 1."""
    freshness: int | None = None
    """When the source said it, as any number that grows with time."""


@dataclass(frozen=True, slots=True)
class Losing:
    """A value that was not chosen, and who says so."""

    value: Hashable
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """What holds for one item, why, how surely (0 to 1), and what else was said (unresolved: every value)."""

    value: Hashable
    confidence: float
    reason: str
    losing: tuple[Losing, ...] = ()
    standard_error: float | None = None
    """Of a number that was averaged, in its own unit; None otherwise."""
    far: tuple[str, ...] = ()
    """Sources whose number was too far off to count at all."""

    @property
    def is_resolved(self) -> bool:
        """Whether a value was chosen."""
        return self.value is not UNRESOLVED


Choices = Mapping[Item, Choice]


@dataclass(frozen=True, slots=True)
class Learned:
    """What is known of sources from all that they have said (`learn`); of a source that is not there, nothing is.

    With it in hand, every item is chosen for itself: it does not matter which others are asked about in the same call.
    """

    trust: Mapping[str, float] = field(default_factory=dict)
    """Chance that what a source says is right."""
    weight: Mapping[str, float] = field(default_factory=dict)
    """Weight of a source's vote among values that are right or wrong."""
    group: Mapping[str, str] = field(default_factory=dict)
    """The first of the sources that copy each other."""
    bias: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """(field, source) -> how far its numbers lie above the others', in natural logarithms."""
    noise: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """(field, source) -> standard deviation of its numbers, in natural logarithms."""
    bias_range: Mapping[tuple[str, str], tuple[float, float]] = field(default_factory=dict)
    """(field, source) -> where that bias lies with 95 %, as far as the others are right together; only where enough is
    known to say so."""
    bias_error: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """(field, source) -> standard error of that bias: the same for all its numbers, so that no sum averages it away."""
    apart: frozenset[tuple[str, str]] = frozenset()
    """(field, source) whose numbers are so far from the others', always, that it counts something else."""
    twin: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(field, source) -> the first of the sources that give the same numbers, to the last digit: they are one."""


Strategy = Callable[[Sequence[Claim], Learned], Choices]
"""From claims and what is known of their sources to one choice per item. The order of the claims does not matter."""
