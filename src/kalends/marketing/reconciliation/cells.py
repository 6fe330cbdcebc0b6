"""The values that reconciliation works on: cells, what sources say of them, rules, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple
from urllib.parse import quote, unquote

NORMAL: Final = 1.96
"""Standard errors on each side of a 95 % interval."""
STRATEGIES: Final = ("intelligent", "weighted_average", "highest_quality", "manual", "order", "weights")
"""`order` and `weights` are the company's own: its order of sources, or its weights for them."""
PLAIN: Final = " /+&.,()"
"""Marks that an id keeps as they are."""
TOGETHER: Final = "platforms"
"""The platforms' own numbers, added up, where another source says the total."""


class Cell(NamedTuple):
    """One number of one day. `platform`: whose delivery it is, '' for what is everybody's (sales). `channel` and
    `campaign` are '' unless the answer is cut by them.
    """

    metric: str
    day: date
    platform: str = ""
    channel: str = ""
    campaign: str = ""

    @property
    def id(self) -> str:
        """The cell as one text, as conflicts are called by; a bar in a channel's name is written as %7C."""
        parts = (quote(part, safe=PLAIN) for part in (self.platform, self.channel))
        return "|".join((self.metric, self.day.isoformat(), *parts, self.campaign))

    @classmethod
    def of(cls, text: str) -> Cell:
        """The cell that the text calls. Raises ValueError for a text that calls none."""
        metric, day, platform, channel, campaign = text.split("|", 4)
        return cls(metric, date.fromisoformat(day), unquote(platform), unquote(channel), campaign)


@dataclass(frozen=True, slots=True)
class Rule:
    """How a metric's disagreements are settled."""

    strategy: str = "intelligent"
    order: tuple[str, ...] = ()
    weights: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person chose for a cell: a value of their own, a source, or a strategy."""

    value: float | None = None
    source: str | None = None
    strategy: str | None = None
    note: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """What a source says of a cell: as it came (`value`), as it was compared (`compared`), and what became of it."""

    source: str
    value: float
    compared: float
    is_used: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What holds for a cell. `state`: single (one source), agreed, settled (someone was put aside), open, decided.

    `value` is None where it is open; `low` and `high` are then the least and the greatest that is said. Where one
    source alone speaks there is no interval: nothing says how far off it may be.
    """

    cell: Cell
    state: str
    value: float | None
    low: float | None
    high: float | None
    error: float | None
    reason: str
    said: tuple[Said, ...]
    strategy: str

    @property
    def is_conflict(self) -> bool:
        """Whether sources disagree here by more than their noise, or a person has settled that they do."""
        return self.state in {"settled", "open", "decided"}


@dataclass(frozen=True, slots=True)
class Reading:
    """How a source reads one metric (of one platform): its bias and noise in natural logarithms, and what was mended.

    `low` and `high`: where the bias lies with 95 %, None where too little is known. `bias_error`: its standard error.
    """

    metric: str
    platform: str
    source: str
    days: int
    bias: float = 0.0
    low: float | None = None
    high: float | None = None
    noise: float | None = None
    bias_error: float = 0.0
    twin_of: str = ""
    peers: int = 0
    """How many others speak of the same."""
    is_measure: bool = False
    """Whether the others are measured by it."""
    is_apart: bool = False
    """Whether it counts something else: it is beyond any bias, and moves nothing."""
    notes: tuple[str, ...] = field(default=())


def decided(cell: Cell, value: float, said: tuple[Said, ...], *, by: str, note: str) -> Outcome:
    """What a person said holds."""
    reason = f"{by or 'Somebody'} decided{': ' + note if note else '.'}"
    return Outcome(cell, "decided", value, value, value, None, reason, said, "person")
