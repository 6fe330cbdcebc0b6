"""What the room's pages call things: zones, tiers, states, and the numbers behind a week in plain words."""

from __future__ import annotations

from typing import Any, Final

from kalends.base.pages.components import Tone
from kalends.messages.volume import DEFAULTS, Tier, VolumeSettings, Zone

ZONES: Final[dict[str, tuple[str, Tone]]] = {
    "GREEN": ("Rested", "good"),
    "YELLOW": ("Getting tired", "attention"),
    "RED": ("Tired", "bad"),
}
STATES: Final[dict[str, tuple[str, Tone]]] = {
    "none": ("None yet", "plain"),
    "draft": ("Draft", "attention"),
    "approved": ("Approved", "accent"),
    "exported": ("Exported", "good"),
}
SIGNS: Final = {"GREEN": "dot-good", "YELLOW": "dot-attention", "RED": "dot-bad"}
RULES: Final = {
    "variety": "Variety",
    "shared captions": "Shared captions",
    "price mix": "Price mix",
    "urgency": "Urgency",
    "fewer messages": "Fewer messages",
    "spread": "Even days",
}


def zone_words(zone: str | None, *, is_known: bool = True) -> str:
    """Rested, Getting tired, Tired; what is said of too little data."""
    if zone is None:
        return "Not looked at yet"
    return ZONES[zone][0] if is_known else "Not enough data"


def zone_tone(zone: str | None) -> Tone:
    """The colour of a zone's word."""
    return ZONES[zone][1] if zone else "plain"


def gap_words(minutes: int) -> str:
    """2 h 30 min."""
    hours, rest = divmod(minutes, 60)
    return " ".join(part for part in (f"{hours} h" if hours else "", f"{rest} min" if rest else "") if part) or "0 min"


def why_so_many(tier: str, zone: str, *, tables: VolumeSettings = DEFAULTS) -> list[str]:
    """The formula of the volume with its numbers, a sentence each."""
    size, mood = tables.of_tier(Tier(tier)), tables.of_zone(Zone(zone))

    def line(what: str, low: int, high: int, middle: int, percent: int) -> str:
        return f"{what}: the middle of {low} to {high} is {middle}, of which {percent} % are {middle * percent // 100}."

    more = f" and {gap_words(mood.extra_gap_minutes)} more for the zone" if mood.extra_gap_minutes else ""
    paid, free = (f"{each.low} to {each.high}" for each in (size.ppv, size.bumps))
    said = [
        f"{tier.capitalize()} accounts send {paid} paid messages a week and {free} free ones ({size.strategy}).",
        f"The audience is in the zone {zone}: {ZONES[zone][0].lower()}.",
        line("Paid messages", size.ppv.low, size.ppv.high, size.ppv.middle, mood.ppv_percent),
        line("Bumps", size.bumps.low, size.bumps.high, size.bumps.middle, mood.bump_percent),
        f"Between paid messages: {gap_words(size.gap_minutes)}{more}.",
    ]
    if mood.cooling_days:
        said.append(f"{mood.cooling_days} days without paid messages, so that the audience can rest.")
    return said


def score_words(score: float) -> str:
    """The performance score as a rank."""
    return f"better than {score:.0%} of the page's captions of its kind"


def chance_words(propensity: float) -> str:
    """The propensity in plain words."""
    if propensity >= 0.995:
        return "There was practically no other choice here."
    times = max(1, round(propensity * 100))
    return (
        "Had the week been built a hundred times from the same facts, this caption would have been chosen about "
        f"{times} {'time' if times == 1 else 'times'}. A small part of the choices is left to chance, so that the room "
        "keeps learning."
    )


def estimate(value: dict[str, Any] | None, *, digits: int = 2, percent: bool = False) -> str:
    """A learned number with its interval, in words."""
    if value is None:
        return "not enough data"
    scale, unit = (100, " %") if percent else (1, "")
    one, low, high = (f"{value[name] * scale:.{digits}f}" for name in ("value", "low", "high"))
    return f"{one}{unit} ({low} to {high}{unit})"
