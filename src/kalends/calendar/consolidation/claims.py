"""What sources claim about an event, field by field, and how much it matters when they differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import orjson

from kalends.calendar.consolidation.sources import Spoken, plain_title
from kalends.methods.truth import Claim

Severity = Literal["low", "medium", "high", "critical"]

GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "days": ("starts_on", "ends_on"),
    "times": ("start_time", "end_time", "zone"),
    "name": ("name",),
    "type": ("type",),
    "impact": ("impact",),
    "direction": ("direction",),
    "status": ("status",),
    "markets": ("markets",),
    "brands": ("brands",),
    "channels": ("channels",),
    "description": ("description",),
    "owner": ("owner",),
    "days_before": ("days_before",),
    "days_after": ("days_after",),
    "recurrence": ("recurrence", "exdates", "overrides"),
}
"""Fields that are decided together: one source's first day and another's last would make a span that nobody said."""
LISTS: Final = frozenset({"markets", "brands", "channels"})
WORDING: Final = frozenset({"name", "description", "owner", "brands", "channels"})
"""Differing words are no contradiction: the preferred source's are taken."""
SEVERITY: Final[dict[str, Severity]] = {"days": "high", "status": "high", "times": "medium", "markets": "medium",
                                        "type": "medium", "impact": "medium", "direction": "medium"}  # fmt: skip


def group_value(group: str, fields: Mapping[str, Any]) -> str | None:
    """What the fields say of a group, as canonical JSON; None where they do not mention it."""
    values = [fields.get(name) for name in GROUPS[group]]
    if values.count(None) == len(values):
        return None
    if group in LISTS:  # their order says nothing
        values = [sorted(value) for value in values if value is not None]
    return orjson.dumps(values).decode()


def group_fields(group: str, value: str) -> dict[str, Any]:
    """The fields of a group's value, those that are said."""
    pairs = zip(GROUPS[group], orjson.loads(value), strict=True)
    return {name: item for name, item in pairs if item is not None}


GROUP_OF: Final = {field: group for group, fields in GROUPS.items() for field in fields}

Claims = Mapping[str, Sequence[Claim]]
"""Group of fields -> what sources claim about it."""


def claims_about(event_id: str, said: Sequence[Spoken]) -> dict[str, list[Claim]]:
    """What an event's entries claim, by group, in GROUPS' order. What people wrote by hand is no claim: it holds."""
    found: dict[str, list[Claim]] = {group: [] for group in GROUPS}
    items = {group: (event_id, group) for group in GROUPS}
    for spoken in said:
        if spoken.is_by_hand:
            continue
        source, fields = spoken.source, spoken.fields
        for group in {GROUP_OF[name] for name in fields if name in GROUP_OF}:
            value = group_value(group, fields)
            if value is not None:
                support = spoken.entry.support if group == "days" else 1.0
                of_source = (source.priority, source.quality, source.freshness)
                found[group].append(Claim(items[group], source.name, value, support, *of_source))
    return {group: claims for group, claims in found.items() if claims}


def preferred(claims: Sequence[Claim]) -> Claim:
    """The claim of the source that comes first: by the user's order, then quality, then the one that says more."""
    return min(claims, key=lambda c: (c.priority or 0, -(c.quality or 0.0), -len(str(c.value)), c.source))


def disagree(group: str, claims: Sequence[Claim]) -> bool:
    """Whether the claims differ in more than wording."""
    values = {str(claim.value) for claim in claims}
    if group == "name":
        values = {plain_title(group_fields("name", value)["name"]) for value in values}
    return len(values) > 1


def severity_of(group: str, *, impact: str) -> Severity:
    """How much a difference matters: days and status of a critical event are critical."""
    severity = SEVERITY.get(group, "low")
    return "critical" if severity == "high" and impact == "critical" else severity
