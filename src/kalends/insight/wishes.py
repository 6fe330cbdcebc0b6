"""What a search in plain words asks for: words of names, levels, and a few words about performance.

Whatever is understood as more than a word of a name is declared in the answer, so that nobody is surprised:

- levels: campaigns, ad groups (ad sets), ads, accounts, flows, lists;
- "high performing", "worst performing", "best campaigns": an order;
- "most conversions", "lowest cpc": an order by that metric;
- "with conversions", "without revenue": the metric is above zero in the period, or is not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from kalends.insight.metrics import METRICS, UnknownMetricError, metric

Level = Literal["account", "campaign", "ad_group", "ad", "flow", "list"]
Rank = Literal["high", "low"]

LEVELS: Final[tuple[Level, ...]] = ("account", "campaign", "ad_group", "ad", "flow", "list")
_ONE: Final[Mapping[str, Level]] = {
    "account": "account", "campaign": "campaign", "ad group": "ad_group", "ad set": "ad_group", "adset": "ad_group",
    "adgroup": "ad_group", "ad": "ad", "flow": "flow", "list": "list",
}  # fmt: skip
_SPOKEN: Final[Mapping[str, Level]] = {**_ONE, **{f"{spoken}s": level for spoken, level in _ONE.items()}}
_HIGH: Final = frozenset({"high", "highest", "top", "best", "well", "good", "strong", "strongest"})
_LOW: Final = frozenset({"low", "lowest", "worst", "poor", "poorly", "bad", "badly", "weak", "weakest", "under"})
_RANKED: Final[Mapping[str, Rank]] = {**dict.fromkeys(_HIGH, "high"), **dict.fromkeys(_LOW, "low")}
_PERFORM: Final = frozenset({"performing", "performer", "performers", "performance"})
_MOST: Final[Mapping[str, Rank]] = {"highest": "high", "most": "high", "top": "high", "lowest": "low", "fewest": "low"}
_BESIDE: Final = frozenset({"best", "top", "worst"})
"""Before a level, "best" is an order; elsewhere it may be of a name."""
_HAVING: Final[Mapping[str, bool]] = {"with": True, "having": True, "without": False, "no": False}
_SMALL: Final = frozenset(
    {"a", "all", "an", "and", "any", "by", "find", "for", "from", "having", "in", "me", "my", "of", "on", "or", "our",
     "show", "that", "the", "to", "which", "with", "without"}
)  # fmt: skip
MOST_WORDS: Final = 12
"""A longer name is found by its first dozen words."""


@dataclass(slots=True)
class Wish:
    """What was understood. `having`: metric -> whether it must be above zero, or must not."""

    words: list[str] = field(default_factory=list)
    levels: list[Level] = field(default_factory=list)
    rank: Rank | None = None
    measure: str | None = None
    having: dict[str, bool] = field(default_factory=dict)

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that it speaks of."""
        return (*self.having, *([self.measure] if self.measure else []))


def understand(text: str, /) -> Wish:
    """Read the words from left to right; what is nothing else is a word of a name.

    >>> wish = understand("high performing campaigns with conversions")
    >>> wish.words, wish.levels, wish.rank, wish.having
    ([], ['campaign'], 'high', {'conversions': True})
    """
    wish, rest = Wish(), re.findall(r"[^\W_]+", text.casefold())
    while rest:
        taken = _rank(rest, wish) or _having(rest, wish) or _level(rest, wish)
        if not taken and rest[0] not in _SMALL and rest[0] not in wish.words:
            wish.words = [*wish.words, rest[0]][:MOST_WORDS]
        rest = rest[taken or 1 :]
    return wish


def _rank(rest: list[str], wish: Wish) -> int:
    """How many words say an order."""
    first, second = rest[0], rest[1] if len(rest) > 1 else ""
    if first in ("underperforming", "underperformers"):
        wish.rank = "low"
        return 1
    if first in _RANKED and second in _PERFORM:
        wish.rank = _RANKED[first]
        return 2
    name, length = _metric(rest[1:]) if first in _MOST else (None, 0)
    if name is not None:
        wish.rank, wish.measure = _MOST[first], name
        return 1 + length
    if first in _BESIDE and _spoken(rest[1:])[1]:
        wish.rank = _RANKED[first]
        return 1
    return 0


def _having(rest: list[str], wish: Wish) -> int:
    """How many words say that metrics must be there, or must not: "with clicks and conversions"."""
    taken = 0
    while len(rest) > taken and (rest[taken] in _HAVING if not taken else rest[taken] == "and"):
        name, length = _metric(rest[taken + 1 :])
        if name is None:
            break
        wish.having[name] = _HAVING[rest[0]]
        taken += 1 + length
    return taken


def _level(rest: list[str], wish: Wish) -> int:
    level, length = _spoken(rest)
    if level is not None and level not in wish.levels:
        wish.levels.append(level)
    return length


def _spoken(rest: list[str]) -> tuple[Level | None, int]:
    """The level that the next one or two words name, and how many they are."""
    for length in (2, 1):
        if " ".join(rest[:length]) in _SPOKEN:
            return _SPOKEN[" ".join(rest[:length])], min(length, len(rest))
    return None, 0


def _metric(rest: list[str]) -> tuple[str | None, int]:
    """The metric that the next words name, and how many they are; one that can be known of many rows."""
    for length in (3, 2, 1):
        try:
            name = metric(" ".join(rest[:length])).name if len(rest) >= length else ""
        except UnknownMetricError:
            continue
        if name and not METRICS[name].needs_one_row:
            return name, length
    return None, 0


def score(words: list[str], text: str, /) -> float:
    """How well a name fits, 0 to 1: each word counts whole as a word of it, half as a part of one.

    >>> score(["black", "fri"], "Black Friday 2024")
    0.75
    """
    folded = text.casefold()
    parts = set(re.findall(r"[^\W_]+", folded))
    return sum(1.0 if word in parts else 0.5 if word in folded else 0.0 for word in words) / max(len(words), 1)
