"""Conflicts, pairs and policies in words, as their page shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from kalends.base.pages import Choice
from kalends.calendar.conflicts import ConflictView, plain_conflict
from kalends.calendar.consolidation import GROUPS, Policy, label_of
from kalends.calendar.events import EVENT_TYPES
from kalends.calendar.forms import DIRECTIONS, IMPACTS
from kalends.calendar.models import EventPair
from kalends.calendar.pairs import plain_pair
from kalends.calendar.policies import SETTLED_BY_STRATEGY
from kalends.calendar.shown import STATUSES
from kalends.methods.truth import STRATEGIES

TONES: Final = {"critical": "bad", "high": "attention", "medium": "plain", "low": "plain"}
CHOSEN_BY: Final = {
    "wording": "The words of the calendar that comes first.",
    "intelligent": "Chosen by weighing who is usually right.",
    "weighted_average": "Chosen by a vote, weighted by how reliable each calendar is.",
    "highest_quality": "Taken from the most complete calendar.",
    "fixed_priority": "Taken from the calendar that comes first in your order.",
    "majority": "What most calendars say.",
}
WAYS: Final = {
    "intelligent": "Weigh who is usually right",
    "highest_quality": "The most complete calendar",
    "weighted_average": "Vote, reliable ones count more",
    "majority": "What most of them say",
    "fixed_priority": "The first in my order decides",
    "manual": "Always ask a person",
}
FIELD_WORDS: Final = {"days": "Days", "times": "Times", "status": "Status", "type": "Type", "impact": "Impact",
                      "direction": "Expected effect", "markets": "Markets", "name": "Name",
                      "description": "Description", "owner": "Owner", "brands": "Brands", "channels": "Channels",
                      "days_before": "Days before", "days_after": "Days after", "recurrence": "Repeats"}  # fmt: skip
REASONS: Final = {"title": "Name", "interval": "Days", "key": "Same key", "url": "Same page", "type": "Type",
                  "market": "Markets", "moment": "Moment"}  # fmt: skip
OFFERED: Final = {
    "status": STATUSES,
    "impact": IMPACTS,
    "direction": {code: label for code, label in DIRECTIONS.items() if code},
    "type": {code: kind.label for code, kind in EVENT_TYPES.items()},
}
INPUTS: Final = {"starts_on": ("date", "First day"), "ends_on": ("date", "Last day"), "start_time": ("time", "From"),
                 "end_time": ("time", "Until"), "zone": ("text", "Time zone"), "markets": ("text", "Countries"),
                 "days_before": ("number", "Days before"), "days_after": ("number", "Days after"),
                 "name": ("text", "Name"), "owner": ("text", "Owner")}  # fmt: skip
"""Of the groups that a person may fill with a value of their own; the others are taken from a calendar."""


def shown(view: ConflictView, labels: Mapping[str, str]) -> dict[str, Any]:
    """A conflict, ready to be read; `labels`: what people call each source."""
    plain = plain_conflict(view)
    said = [
        {
            "source": one["source"],
            "label": labels.get(one["source"]) or label_of(one["source"]),
            "words": in_words(one["values"]),
        }
        for one in plain["said"]
    ]
    chosen = CHOSEN_BY.get(plain["strategy"], f"Chosen by the strategy “{plain['strategy']}”.")
    return plain | {
        "title": FIELD_WORDS[plain["fields"]],
        "tone": TONES[plain["severity"]],
        "choice": in_words(plain["choice"]),
        "chosen_by": chosen,
        "sure": round(100 * plain["confidence"]),
        "said": said,
        "about": in_words({"starts_on": view.event.starts_on.isoformat(), "ends_on": view.event.ends_on.isoformat()}),
        "inputs": own_inputs(plain["fields"], plain["choice"]),
    }


def own_inputs(group: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The fields of a form for a value of one's own, filled with what holds; none where that takes more than a form."""
    if not all(name in INPUTS or name in OFFERED for name in GROUPS[group]):
        return []
    return [_input(name, values.get(name)) for name in GROUPS[group]]


def _input(name: str, value: object) -> dict[str, Any]:
    """One field: its kind, label, value, and what is offered where it is a choice."""
    if name in OFFERED:
        offered = [Choice(label, value=code, current=code == value) for code, label in OFFERED[name].items()]
        return {"name": name, "type": "select", "label": FIELD_WORDS[name], "value": value, "offered": offered}
    kind, label = INPUTS[name]
    text = ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
    return {"name": name, "type": kind, "label": label, "value": text, "offered": []}


def own_values(group: str, form: Mapping[str, Any]) -> dict[str, Any]:
    """What such a form says, as the event's fields; empty ones are not said."""
    said = {name: str(form.get(name, "")).strip() for name in GROUPS[group]}
    values: dict[str, Any] = {name: text for name, text in said.items() if text}
    if "markets" in values:
        values["markets"] = values["markets"].replace(",", " ").split()
    return values


def pair_shown(pair: EventPair, labels: Mapping[str, str]) -> dict[str, Any]:
    """A pair, ready to be read: both sides, and why it may be one event."""
    plain = plain_pair(pair)
    sides = [
        {
            "label": labels.get(side["source"], "On the calendar"),
            "name": side["fields"].get("name", ""),
            "days": in_words({name: side["fields"].get(name) for name in GROUPS["days"]}),
            "more": [
                (FIELD_WORDS[name], in_words({name: side["fields"][name]}))
                for name in ("type", "impact", "status", "markets", "owner")
                if side["fields"].get(name)
            ],
        }
        for side in plain["entries"]
    ]
    reasons = [
        {"label": REASONS[each["name"]], "share": each["likeness"], "percent": round(100 * each["likeness"])}
        for each in plain["reasons"]
    ]
    return plain | {"sides": sides, "reasons": reasons, "percent": round(100 * (plain["score"] or 0))}


def policy_choices(policy: Policy) -> list[Choice]:
    """The strategies that there are, in words."""
    return [Choice(WAYS.get(name, name), value=name, current=name == policy.strategy) for name in _in_order()]


def field_choices(policy: Policy) -> list[tuple[str, str, list[Choice]]]:
    """For each group of fields its name, its words, and the strategies: first the one for all."""
    return [
        (
            group,
            FIELD_WORDS[group],
            [
                Choice("As above", value="", current=group not in policy.by_group),
                *(Choice(WAYS.get(name, name), value=name, current=policy.by_group.get(group) == name)
                  for name in _in_order()),
            ],
        )
        for group in SETTLED_BY_STRATEGY
    ]  # fmt: skip


def _in_order() -> Sequence[str]:
    """The strategies, those with words first."""
    return sorted(STRATEGIES, key=lambda name: (list(WAYS).index(name) if name in WAYS else len(WAYS), name))


def in_words(values: Mapping[str, Any]) -> str:
    """A group's values in a line: first to last, lists by commas, days as people write them."""
    said = [value for value in values.values() if value]
    parts = [", ".join(map(str, value)) if isinstance(value, list) else readable(str(value)) for value in said]
    return " – ".join(dict.fromkeys(parts))


def readable(text: str) -> str:
    """A day as '27 Nov 2026'; other texts as they are."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return text.replace("_", " ")
    return f"{day.day} {day:%b %Y}"
