"""What goes into matching and what comes out: entries, scores with their parts, clusters, questions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

MERGE: Final = 0.85
"""A pair at or above it is the same event."""
ASK: Final = 0.65
"""A pair from here up to `MERGE` is for a person to decide; below, the two are separate."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event as one source has it. None and an empty set mean: not said."""

    id: str
    """Unique among all entries, and the same from run to run."""
    source: str
    title: str
    first: date
    last: date
    """The last day, included."""
    key: str | None = None
    """The outside key (the UID of an .ics file) of this occurrence: a series' key with its recurrence id."""
    url: str | None = None
    """The event's own page."""
    type: str | None = None
    markets: frozenset[str] = frozenset()
    moment: str | None = None
    """The code of the moment that the title names, as the caller knows moments."""


@dataclass(frozen=True, slots=True)
class Part:
    """One reason for a score: how alike two entries are in it (0 to 1; None: not said), and its share of the score."""

    name: str
    likeness: float | None
    weight: float
    """Among the parts that are said; they sum to 1."""


@dataclass(frozen=True, slots=True)
class Score:
    """How alike two entries are, 0 to 1: the weighted mean of the parts that both say something about."""

    value: float
    parts: tuple[Part, ...]

    def __str__(self) -> str:
        """As in "0.91: title 0.86 x 0.61, interval 1.00 x 0.39"."""
        said = (
            f"{part.name} {part.likeness:.2f} x {part.weight:.2f}" for part in self.parts if part.likeness is not None
        )
        return f"{self.value:.2f}: {', '.join(said)}"


@dataclass(frozen=True, slots=True)
class Ask:
    """A question to a person: are the clusters of these two entries one event? `a` < `b` are their most alike pair."""

    a: str
    b: str
    score: float


@dataclass(frozen=True, slots=True)
class Matching:
    """Clusters of entry ids (each sorted, in order of their first id; every entry is in one), and what to ask."""

    clusters: tuple[tuple[str, ...], ...]
    asks: tuple[Ask, ...]
    state: Any = field(repr=False, compare=False)
    """What `rematch` needs to go on from here."""


Answers = Mapping[tuple[str, str], bool]
"""What people answered: a pair of entry ids -> whether they are one event."""
