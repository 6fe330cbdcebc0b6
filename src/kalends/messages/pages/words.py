"""What the room's pages call things: zones, tiers, states, and the numbers behind a week in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from kalends.base.pages.components import Tone
from kalends.messages.weekrules import TemplateRules

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


def why_so_many(found: Mapping[str, Any]) -> list[str]:
    """Where a week's numbers come from (`Origins.as_dict`): the formula first, then who said otherwise."""
    size, mood, share = found["size"], found["zone"], float(found["share"])
    paid, free = (f"{size[kind]['low']} to {size[kind]['high']}" for kind in ("ppv", "bumps"))
    send = f"{size['tier'].capitalize()} accounts send"
    said = [
        f"{send} {paid} paid messages a week and {free} free ones ({size['strategy']}).",
        f"The audience is in the zone {mood['zone']}: {ZONES[mood['zone']][0].lower()}.",
        _formula("Paid messages", size["ppv"], mood["ppv_percent"]),
        _formula("Bumps", size["bumps"], mood["bump_percent"]),
        *_told("This page", found["page"]),
        *_told("The template", found["template"]),
    ]
    if found["trial"] is not None:
        name = f" “{found['trial_name']}”" if found["trial_name"] else ""
        said += _told(f"The trial{name} has this week by lot: its way", found["trial"])
    if share < 1:
        said.append(f"The week had begun: {share:.0%} of it was left, and so much of these numbers.")
    gaps = [found[who]["min_gap_minutes"] for who in ("template", "page") if found[who]["min_gap_minutes"] is not None]
    more = f" and {gap_words(mood['extra_gap_minutes'])} more for the zone" if mood["extra_gap_minutes"] else ""
    said.append(f"Between paid messages: {gap_words(gaps[0] if gaps else size['gap_minutes'])}{more}.")
    if days := mood["cooling_days"]:
        said.append(f"{days} days without paid messages, so that the audience can rest.")
    return said


def _formula(what: str, span: Mapping[str, int], percent: int) -> str:
    low, high = span["low"], span["high"]
    middle = (low + high) // 2
    return f"{what}: the middle of {low} to {high} is {middle}, of which {percent} % are {middle * percent // 100}."


def _told(who: str, own: Mapping[str, int | None]) -> list[str]:
    """What somebody said instead, if anything."""
    kinds = (("ppvs", "paid message", "paid messages"), ("bumps", "bump", "bumps"))
    parts = [f"{own[name]} {one if own[name] == 1 else many}" for name, one, many in kinds if own[name] is not None]
    return [f"{who} sends {' and '.join(parts)} a week instead."] if parts else []


WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def template_words(rules: TemplateRules) -> list[str]:
    """What a template says of a week, in a few words each."""
    parts = [
        f"{rules.ppvs} paid" if rules.ppvs is not None else "",
        f"{rules.bumps} bumps" if rules.bumps is not None else "",
        f"at least {gap_words(rules.min_gap_minutes)} apart" if rules.min_gap_minutes is not None else "",
        "" if rules.follow_ups is None else "with reminders" if rules.follow_ups else "without reminders",
        f"captions rest {rules.cooldown_days} days" if rules.cooldown_days is not None else "",
        f"nothing on {', '.join(WEEKDAYS[day] for day in rules.days_off)}" if rules.days_off else "",
    ]
    return [part for part in parts if part] or ["as usual"]


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
