"""What a page's week must look like: the volume of its analysis, changed by the company, the page and a template.

A template says more than the page, the page more than the company. Values only, so that a stored week can be checked
years later by the rules it was made with.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field

from kalends.messages.sections import PageAnalysis
from kalends.messages.volume import DEFAULTS, VolumeSettings

DAY_MINUTES: Final = 24 * 60


class TemplateRules(BaseModel):
    """What a saved template says of a week; what it does not say is as usual."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ppvs: Annotated[int, Field(ge=0, le=100, description="Paid messages a week.")] | None = None
    bumps: Annotated[int, Field(ge=0, le=100, description="Free messages a week.")] | None = None
    min_gap_minutes: Annotated[int, Field(ge=15, le=DAY_MINUTES)] | None = None
    follow_ups: Annotated[bool, Field(description="Whether a reminder follows each paid message.")] | None = None
    cooldown_days: Annotated[int, Field(ge=0, le=730)] | None = None
    days_off: Annotated[tuple[Annotated[int, Field(ge=0, le=6)], ...], Field(description="Weekdays without any "
                        "message, Monday 0.")] = ()  # fmt: skip


@dataclass(frozen=True, slots=True)
class Habits:
    """The company's numbers that are not in the tables of volume."""

    bump_ppv_minutes: int = 45
    bump_bump_minutes: int = 30
    follow_ups: bool = False
    follow_up_from_minutes: int = 15
    follow_up_until_minutes: int = 45
    cooldown_days: int = 30
    shared_one_at_a_time: bool = False
    urgency_share: float = 0.3
    uniform_share: float = 0.1
    half_life_days: int = 90


@dataclass(frozen=True, slots=True)
class WeekRules:
    """Everything that a week's times and numbers must obey."""

    first_day: date
    days: int
    zone_name: str
    ppv: int
    bumps: int
    """Free messages in all, follow-ups among them."""
    gap_minutes: int
    """Between two paid messages, the zone's extension included."""
    cooling_days: int
    quiet_from: int
    """Minutes since local midnight; quiet hours may pass midnight; equal ends: none."""
    quiet_until: int
    bump_ppv_minutes: int = 45
    bump_bump_minutes: int = 30
    follow_ups: int = 0
    follow_from: int = 15
    follow_until: int = 45
    days_off: tuple[int, ...] = ()
    """Weekdays, Monday 0."""
    not_before: datetime | None = None
    """Of a week that has begun: nothing is planned before."""

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        plain = asdict(self)
        plain["first_day"] = self.first_day.isoformat()
        plain["days_off"] = list(self.days_off)
        plain["not_before"] = self.not_before.isoformat() if self.not_before else None
        return plain

    @classmethod
    def of(cls, plain: dict[str, Any]) -> Self:
        """What `as_dict` gave."""
        instant = plain["not_before"]
        changed = {
            "first_day": date.fromisoformat(plain["first_day"]),
            "days_off": tuple(plain["days_off"]),
            "not_before": datetime.fromisoformat(instant) if instant else None,
        }
        return cls(**{**plain, **changed})


@dataclass(frozen=True, slots=True)
class PageHabits:
    """What the page itself says: its clock, its quiet hours, and what it does otherwise than the company."""

    zone_name: str
    quiet_from: time = time(3)
    quiet_until: time = time(7)
    ppvs: int | None = None
    bumps: int | None = None
    min_gap_minutes: int | None = None
    follow_ups: bool | None = None
    cooldown_days: int | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What a week is to be."""

    first_day: date
    days: int = 7
    template: TemplateRules = field(default_factory=TemplateRules)
    share: float = 1.0
    """Of the week that is still to come."""
    not_before: datetime | None = None
    before_trial: TemplateRules | None = None
    """What the template said before a trial had its say in it; null: no trial has the week."""
    trial_name: str = ""


def week_rules(
    analysis: PageAnalysis, page: PageHabits, habits: Habits, wish: Wish, *, tables: VolumeSettings = DEFAULTS
) -> WeekRules:
    """The rules of one week. A gap of the page's own is extended by the saturation zone like a tier's."""
    volume, own = analysis.volume, wish.template
    ppv = _share(_first(own.ppvs, page.ppvs, volume.ppv), wish.share)
    bumps = _share(_first(own.bumps, page.bumps, volume.bumps), wish.share)
    gap = _first(own.min_gap_minutes, page.min_gap_minutes)
    extra = tables.of_zone(volume.zone).extra_gap_minutes
    gap_minutes = volume.gap_minutes if gap is None else gap + extra
    # A reminder is as far from the next paid message as any bump: so it must come early where gaps are short.
    latest = min(habits.follow_up_until_minutes, gap_minutes - habits.bump_ppv_minutes)
    follows = _first(own.follow_ups, page.follow_ups, habits.follow_ups) and latest >= habits.follow_up_from_minutes
    return WeekRules(
        first_day=wish.first_day,
        days=wish.days,
        zone_name=page.zone_name,
        ppv=ppv,
        bumps=bumps,
        gap_minutes=gap_minutes,
        cooling_days=min(volume.cooling_days, max(wish.days - 1, 0)),
        quiet_from=_minutes(page.quiet_from),
        quiet_until=_minutes(page.quiet_until),
        bump_ppv_minutes=habits.bump_ppv_minutes,
        bump_bump_minutes=habits.bump_bump_minutes,
        follow_ups=min(ppv, bumps) if follows else 0,
        follow_from=habits.follow_up_from_minutes,
        follow_until=max(latest, habits.follow_up_from_minutes),
        days_off=tuple(sorted(set(own.days_off))),
        not_before=wish.not_before,
    )


def cooldown_of(page: PageHabits, habits: Habits, wish: Wish) -> int:
    """Days until the page may send a caption again."""
    days: int = _first(wish.template.cooldown_days, page.cooldown_days, habits.cooldown_days)
    return days


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute


def _share(count: int, share: float) -> int:
    return count if share >= 1 else int(count * share)
