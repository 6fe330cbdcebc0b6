"""Sales that several platforms claim at once: how many there can have been, and who claims too much.

Platforms' claims are never added up as if distinct: Google Ads and Meta both count the buyer who clicked on both.
Whatever the overlap, the claimed sales together are at least the greatest single claim and at most the sum (Fréchet's
bounds for a union), and never more than were sold at all, where a shop, a CRM or an analytics tool says how many. The
estimate between the bounds takes the claims for independent of each other: of n sales, those that nobody claims are
n (1 - c1/n) (1 - c2/n) ... That is an assumption, and said to be one: retargeting makes claims overlap more, ads for
different people less.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import fsum, prod


@dataclass(frozen=True, slots=True)
class Seen:
    """Of the campaigns that an independent source knows, on the days of both: what is claimed and what is counted."""

    claimed: float
    counted: float


@dataclass(frozen=True, slots=True)
class Claimed:
    """One platform's claim; and what an independent source counts for the same campaigns, if one does."""

    platform: str
    value: float
    seen: Seen | None = None

    @property
    def why(self) -> str:
        """Why nobody can say whether it is too much; empty where it is said."""
        return "" if self.over is not None else "Nobody but the platform counts the sales of its campaigns by name."

    @property
    def over(self) -> float | None:
        """0.4: claims 40 % more than was counted for its campaigns."""
        return self.seen.claimed / self.seen.counted - 1 if self.seen and self.seen.counted else None


@dataclass(frozen=True, slots=True)
class Overlap:
    """Claims together: their sum, and between which bounds the distinct sales behind them lie.

    `estimate` is None where nobody counts all sales. `over`: by which share the sum is more than the estimate.
    `days`: of which somebody counts all sales, and of which alone this is; `elsewhere`: claims of the other days.
    """

    claims: tuple[Claimed, ...]
    total: float
    low: float
    high: float
    estimate: float | None
    sold: float | None
    days: int = 0
    elsewhere: float = 0.0

    @property
    def why(self) -> str:
        """Why nobody can say how much of the sum is too much; empty where it is said."""
        if self.over is not None:
            return ""
        return "Nothing is claimed on these days." if self.days else "Nobody counts all sales that are claimed here."

    @property
    def over(self) -> float | None:
        """0.4: together they claim 40 % more than there can well have been."""
        return self.total / self.estimate - 1 if self.estimate else None


def overlap(
    claims: Mapping[str, float], *, sold: float | None = None, seen: Mapping[str, Seen] | None = None
) -> Overlap:
    """The claims of each platform together; `sold`: all sales, if known; `seen`: by platform."""
    total, greatest = fsum(claims.values()), max(claims.values(), default=0.0)
    told = tuple(
        Claimed(platform, value, (seen or {}).get(platform))
        for platform, value in sorted(claims.items(), key=lambda pair: (-pair[1], pair[0]))
    )
    if sold is None:
        return Overlap(told, total, greatest, total, None, None)
    low, high = min(greatest, sold), min(total, sold)
    unclaimed = prod(1 - min(value / sold, 1.0) for value in claims.values()) if sold > 0 else 1.0
    return Overlap(told, total, low, high, min(max(sold * (1 - unclaimed), low), high), sold)
