"""One difference settled by hand in a calendar that was consolidated, without doing the rest again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from kalends.calendar.consolidation.claims import GROUPS, group_fields, group_value
from kalends.calendar.consolidation.master import Conflict, MasterCalendar, MasterEvent
from kalends.calendar.events import EventFields


class NoSuchDifferenceError(LookupError):
    """The calendar has no difference like that: the text says which it has."""


def apply_resolution(
    calendar: MasterCalendar,
    *,
    event_id: str,
    group: str,
    source: str | None = None,
    values: Mapping[str, Any] | None = None,
) -> MasterCalendar:
    """The calendar with one conflict settled: by what `source` says, by `values` of one's own, or as it holds already.

    Raises NoSuchDifferenceError where the event, the group of fields or the source is not in conflict, ValueError for
    values that make no sense.
    """
    event = next((event for event in calendar.events if event.id == event_id), None)
    conflict = next((each for each in event.conflicts if each.group == group), None) if event else None
    if event is None or conflict is None:
        known = ", ".join(f"{each.event_id} {each.group}" for each in calendar.conflicts) or "none"
        raise NoSuchDifferenceError(f"no difference about {group!r} of {event_id!r}; there are: {known}")
    settled = _settled(event, conflict, _wanted(conflict, source, values), source)
    return replace(calendar, events=tuple(settled if each is event else each for each in calendar.events))


def _wanted(conflict: Conflict, source: str | None, values: Mapping[str, Any] | None) -> str:
    """The value that is to hold, as conflicts keep it."""
    if source is not None:
        said = dict(conflict.values)
        if source not in said:
            raise NoSuchDifferenceError(f"{source!r} says nothing about it; choose one of {', '.join(sorted(said))}")
        return said[source]
    if values is None:
        return conflict.choice
    wrong = sorted(values.keys() - set(GROUPS[conflict.group]))
    value = group_value(conflict.group, values)
    if wrong or value is None:
        raise ValueError(f"this difference is about {', '.join(GROUPS[conflict.group])}")
    return value


def _settled(event: MasterEvent, conflict: Conflict, value: str, source: str | None) -> MasterEvent:
    """The event with that value, and the conflict as a person's choice."""
    fields = group_fields(conflict.group, value)
    whole = event.fields.model_dump(exclude=set(GROUPS[conflict.group])) | fields
    said_by = source or next((name for name, said in conflict.values if said == value), "manual")
    chosen = replace(
        conflict, choice=value, strategy="person", reason="A person chose it.", confidence=1.0, state="settled"
    )
    return replace(
        event,
        fields=EventFields.model_validate(whole),
        provenance={**event.provenance, **dict.fromkeys(fields, said_by)},
        conflicts=tuple(chosen if each is conflict else each for each in event.conflicts),
    )
