"""How many messages a week: from what a page earns (its tier) and how tired its audience is (its zone).

Volume = floor(floor(middle of the tier's range) x the zone's percentage), for paid messages and for bumps. Every number
is in a table that a company can change: `VolumeSettings`. Ranges are [from, to): revenue of exactly a threshold belongs
to the higher tier, a score of exactly 0.60 is RED.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final


class Tier(StrEnum):
    """How large an account is, by the revenue of its last 30 days in US dollars."""

    MICRO = "MICRO"
    SMALL = "SMALL"
    MEDIUM = "MEDIUM"
    LARGE = "LARGE"
    MEGA = "MEGA"


class Zone(StrEnum):
    """How much the audience bears."""

    GREEN = "GREEN"
    YELLOW = "YELLOW"
    RED = "RED"


@dataclass(frozen=True, slots=True)
class Range:
    """So many messages a week, both ends included."""

    low: int
    high: int

    @property
    def middle(self) -> int:
        """The middle, rounded down."""
        return (self.low + self.high) // 2


@dataclass(frozen=True, slots=True)
class TierRule:
    """One row of the table of tiers."""

    tier: Tier
    revenue_from: Decimal
    """US dollars in 30 days from which on an account is of this tier."""
    ppv: Range
    bumps: Range
    gap_minutes: int
    """The least time between two paid messages."""
    strategy: str


@dataclass(frozen=True, slots=True)
class ZoneRule:
    """One row of the table of zones."""

    zone: Zone
    score_from: float
    ppv_percent: int
    bump_percent: int
    extra_gap_minutes: int
    cooling_days: int
    """Days of the week without paid messages."""


@dataclass(frozen=True, slots=True)
class VolumeSettings:
    """The tables, lowest row first, and how far beyond a threshold revenue must be for the tier to change."""

    tiers: tuple[TierRule, ...] = (
        TierRule(Tier.MICRO, Decimal(0), Range(5, 7), Range(3, 5), 180, "Conservative"),
        TierRule(Tier.SMALL, Decimal(5_000), Range(7, 10), Range(5, 7), 150, "Balanced"),
        TierRule(Tier.MEDIUM, Decimal(25_000), Range(10, 14), Range(7, 10), 120, "Optimized"),
        TierRule(Tier.LARGE, Decimal(100_000), Range(14, 18), Range(10, 14), 90, "High-volume"),
        TierRule(Tier.MEGA, Decimal(500_000), Range(18, 25), Range(14, 18), 75, "Maximum"),
    )
    zones: tuple[ZoneRule, ...] = (
        ZoneRule(Zone.GREEN, 0.0, 100, 100, 0, 0),
        ZoneRule(Zone.YELLOW, 0.30, 75, 120, 30, 0),
        ZoneRule(Zone.RED, 0.60, 50, 200, 60, 2),
    )
    hysteresis: Decimal = Decimal("0.15")

    def of_tier(self, tier: Tier) -> TierRule:
        """The tier's row."""
        return next(rule for rule in self.tiers if rule.tier is tier)

    def of_zone(self, zone: Zone) -> ZoneRule:
        """The zone's row."""
        return next(rule for rule in self.zones if rule.zone is zone)


DEFAULTS: Final = VolumeSettings()


@dataclass(frozen=True, slots=True)
class Volume:
    """What a week holds, and the rows of the tables that say so."""

    tier: Tier
    zone: Zone
    strategy: str
    ppv: int
    bumps: int
    gap_minutes: int
    cooling_days: int


def tier_of(revenue: Decimal | None, *, last: Tier | None = None, settings: VolumeSettings = DEFAULTS) -> Tier:
    """The tier for the revenue of 30 days in US dollars, given the tier of the last schedule.

    A tier changes only when revenue is further beyond the threshold than the hysteresis, so that a page at a border
    keeps its volume from week to week. Revenue that is not known changes nothing; without a last tier, the lowest is
    assumed, which sends least.
    """
    if revenue is None:
        return last or settings.tiers[0].tier
    if last is None:
        return _highest(settings, revenue, scale=Decimal(1))
    order = [rule.tier for rule in settings.tiers]
    reached = _highest(settings, revenue, scale=1 + settings.hysteresis)
    kept = _highest(settings, revenue, scale=1 - settings.hysteresis)
    return max(reached, min(last, kept, key=order.index), key=order.index)


def zone_of(score: float, *, settings: VolumeSettings = DEFAULTS) -> Zone:
    """The zone of a saturation score."""
    return [rule.zone for rule in settings.zones if score >= rule.score_from or rule is settings.zones[0]][-1]


def volume_of(tier: Tier, zone: Zone, *, settings: VolumeSettings = DEFAULTS) -> Volume:
    """How many messages a week, and how far apart."""
    size, mood = settings.of_tier(tier), settings.of_zone(zone)
    return Volume(
        tier=tier,
        zone=zone,
        strategy=size.strategy,
        ppv=_share(size.ppv.middle, mood.ppv_percent),
        bumps=_share(size.bumps.middle, mood.bump_percent),
        gap_minutes=size.gap_minutes + mood.extra_gap_minutes,
        cooling_days=mood.cooling_days,
    )


def _highest(settings: VolumeSettings, revenue: Decimal, *, scale: Decimal) -> Tier:
    """The highest tier whose threshold, scaled, is reached; the lowest has none."""
    return [rule.tier for rule in settings.tiers if revenue >= rule.revenue_from * scale or rule is settings.tiers[0]][
        -1
    ]


def _share(count: int, percent: int) -> int:
    """So many percent, rounded down; in whole numbers, because 1.2 and 0.75 of a float may fall just short."""
    return count * percent // 100
