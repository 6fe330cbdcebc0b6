"""Behavioural segments: how an audience buys, and which price tiers its paid captions should therefore come from.

| segment | who they are | how it is told | Budget | Mid | Premium |
| --- | --- | --- | --- | --- | --- |
| Bargain | a price rise costs more buyers than it brings | price response below -1, surely | 55 % | 35 % | 10 % |
| Browsers | they look and seldom buy | of 100 who viewed fewer than 2 bought, surely | 50 % | 35 % | 15 % |
| Balanced | neither is sure | all others with enough data | 35 % | 45 % | 20 % |
| Devoted | a price rise brings more than it costs | price response above -1, surely | 20 % | 45 % | 35 % |
| Unknown | too few messages, or never more than one price | | 35 % | 45 % | 20 % |

"Surely" is with a probability of 0.8. The price response is the percentage by which purchases change when a price
rises by one percent: at -1 earnings do not depend on the price. It is learned from the page's own paid messages at
equal hour, category and fatigue, and starts from what is usual (about -0.9), so a page with few prices is Balanced.
Bargain is tried first, then Browsers, then Devoted. Bumps are always of the tier Free.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from kalends.messages.history import PriceTier


class Segment(StrEnum):
    """How an audience buys."""

    BARGAIN = "Bargain"
    BROWSERS = "Browsers"
    BALANCED = "Balanced"
    DEVOTED = "Devoted"
    UNKNOWN = "Unknown"


Mix = dict[PriceTier, float]


def _mix(budget: float, mid: float, premium: float) -> Mix:
    return {PriceTier.BUDGET: budget, PriceTier.MID: mid, PriceTier.PREMIUM: premium}


@dataclass(frozen=True, slots=True)
class SegmentSettings:
    """The table above; a company can change it."""

    sure: float = 0.8
    few_buyers: float = 0.02
    """Purchases per view under which an audience only browses."""
    least_messages: int = 20


MIXES: Final[dict[Segment, Mix]] = {
    Segment.BARGAIN: _mix(0.55, 0.35, 0.10),
    Segment.BROWSERS: _mix(0.50, 0.35, 0.15),
    Segment.BALANCED: _mix(0.35, 0.45, 0.20),
    Segment.DEVOTED: _mix(0.20, 0.45, 0.35),
    Segment.UNKNOWN: _mix(0.35, 0.45, 0.20),
}
"""Share of the paid captions by price tier."""
