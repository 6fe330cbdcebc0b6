"""Where the numbers of a week come from, kept with it: settings may be others by the time that somebody asks."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from kalends.messages.volume import Tier, TierRule, VolumeSettings, Zone, ZoneRule
from kalends.messages.weekrules import PageHabits, Wish


@dataclass(frozen=True, slots=True)
class Own:
    """Numbers that somebody said; null: left as they were."""

    ppvs: int | None = None
    bumps: int | None = None
    min_gap_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Origins:
    """Who said how many messages, each over the one before: the tables, the page, a template, a trial."""

    size: TierRule
    zone: ZoneRule
    page: Own = Own()
    template: Own = Own()
    trial: Own | None = None
    """The numbers that its way sends; null: no trial has the week."""
    trial_name: str = ""
    share: float = 1.0
    """Of the week that was still to come."""

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        plain = asdict(self)
        plain["size"]["revenue_from"] = str(self.size.revenue_from)
        return plain


def origins_of(
    tier: Tier, zone: Zone, *, tables: VolumeSettings, page: PageHabits | None = None, wish: Wish | None = None
) -> Origins:
    """Of a page's week; without a page, of what is usual for the size and the zone."""
    said, size, mood = Own(), tables.of_tier(tier), tables.of_zone(zone)
    own = Own(page.ppvs, page.bumps, page.min_gap_minutes) if page else said
    if wish is None:
        return Origins(size, mood, own)
    now = wish.template
    template = wish.before_trial or now
    return Origins(
        size,
        mood,
        own,
        Own(template.ppvs, template.bumps, template.min_gap_minutes),
        Own(now.ppvs, now.bumps) if wish.before_trial is not None else None,
        wish.trial_name,
        wish.share,
    )
