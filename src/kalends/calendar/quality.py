"""How good a consolidated calendar is: on the whole, by source, by group of fields, and how good a day is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from kalends.calendar.consolidation import GROUPS, Conflict, MasterEvent
from kalends.calendar.consolidation.claims import SEVERITY, WORDING
from kalends.methods.grades import Check, Grade, grade, mean

SEVERITY_WEIGHT: Final = {"low": 1.0, "medium": 2.0, "high": 4.0}
"""What a group of fields weighs by how much a difference about it matters; a critical difference has the gate, too."""
GROUP_WEIGHT: Final = {group: SEVERITY_WEIGHT[SEVERITY.get(group, "low")] for group in GROUPS if group not in WORDING}


@dataclass(frozen=True, slots=True)
class CalendarQuality:
    """How good a consolidation is: on the whole, by source, and by group of fields."""

    overall: Grade
    sources: Mapping[str, Grade] = field(default_factory=dict)
    fields: Mapping[str, Grade] = field(default_factory=dict)

    @property
    def score(self) -> float:
        """0 to 100; a consolidation that left no event has nothing wrong with it."""
        return 100.0 if self.overall.score is None else round(100 * self.overall.score, 2)

    def plain(self) -> dict[str, Any]:
        """As JSON values, 0 to 100."""
        return {
            "overall": self.overall.plain(),
            "sources": {name: each.plain() for name, each in sorted(self.sources.items())},
            "fields": {name: each.plain() for name, each in sorted(self.fields.items())},
        }


def consolidation_quality(events: Sequence[MasterEvent]) -> CalendarQuality:
    """How good the events are that a consolidation made."""
    sources = sorted({member.partition("/")[0] for event in events for member in event.members})
    return CalendarQuality(
        overall=mean(event_grade(event) for event in events),
        sources={source: source_grade(source, events) for source in sources},
        fields={group: field_grade(group, events) for group in GROUP_WEIGHT},
    )


def event_grade(event: MasterEvent) -> Grade:
    """What its unsettled differences leave of an event. Gate: no critical one is unsettled."""
    said, open_ = groups_of(event), {conflict.group: conflict for conflict in unsettled(event)}
    checks = [
        Check(group, weight, None if group not in said else float(group not in open_))
        for group, weight in GROUP_WEIGHT.items()
    ]
    is_critical = any(conflict.severity == "critical" for conflict in open_.values())
    return grade([*checks, Check("critical differences", 0.0, float(not is_critical), is_critical=True)])


def groups_of(event: MasterEvent) -> set[str]:
    """The groups of fields that anybody says something about."""
    return {group for group, fields in GROUPS.items() if any(name in event.provenance for name in fields)}


def unsettled(event: MasterEvent) -> list[Conflict]:
    """The differences about an event that wait for a person."""
    return [conflict for conflict in event.conflicts if conflict.state != "settled"]


def field_grade(group: str, events: Sequence[MasterEvent]) -> Grade:
    """The share of the events that mention a group of fields in which it is settled; coverage: how many mention it."""
    saying = [event for event in events if group in groups_of(event)]
    if not saying:
        return Grade(None, 0.0)
    open_ = sum(any(conflict.group == group for conflict in unsettled(event)) for event in saying)
    return Grade(1 - open_ / len(saying), len(saying) / len(events))


def source_grade(source: str, events: Sequence[MasterEvent]) -> Grade:
    """How a source does beside the others: how seldom it is overruled, and how seldom in an unsettled difference.

    Coverage falls where nobody else speaks of its events.
    """
    mine = [event for event in events if any(member.startswith(f"{source}/") for member in event.members)]
    shared = [event for event in mine if len({member.partition("/")[0] for member in event.members}) > 1]
    if not shared:
        return Grade(None, 0.0)
    lost = Counter[str]()
    for event in shared:
        differing = [c for c in event.conflicts if c.group not in WORDING and source in dict(c.values)]
        lost["open"] += any(conflict.state != "settled" for conflict in differing)
        lost["overruled"] += any(c.state == "settled" and dict(c.values)[source] != c.choice for c in differing)
    found = grade(
        [
            Check("not overruled", 2.0, 1 - lost["overruled"] / len(shared)),
            Check("settled", 1.0, 1 - lost["open"] / len(shared)),
        ]
    )
    return Grade(found.score, len(shared) / len(mine))
