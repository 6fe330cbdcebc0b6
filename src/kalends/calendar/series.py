"""Events that repeat, changed by hand: one occurrence alone, or all of them by what happened to one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from kalends.base.work import Work
from kalends.calendar.changes import in_words
from kalends.calendar.errors import EventError
from kalends.calendar.eventrows import fields_of
from kalends.calendar.events import EventFields
from kalends.calendar.models import Event
from kalends.calendar.occurrences import OccurrenceChange
from kalends.calendar.planning import change_event, get_event
from kalends.calendar.repeating import days_of, moved_rule

ONE_BY_ONE = frozenset(OccurrenceChange.model_fields) - {"on"}


def change_occurrence(
    work: Work, *, event_id: UUID, on: date, changes: Mapping[str, Any], row_version: int | None = None
) -> Event:
    """Change the occurrence that the rule has begin on `on`, and no other. Raises EventError, EventChangedError."""
    fields = _repeating(work, event_id, on)
    others = tuple(change for change in fields.overrides if change.on != on)
    changed = changed_occurrence(fields, on, changes)
    overrides = others if changed is None else tuple(sorted((*others, changed), key=lambda change: change.on))
    return change_event(work, event_id=event_id, changes={"overrides": overrides}, row_version=row_version)


def leave_out(work: Work, *, event_id: UUID, on: date, row_version: int | None = None) -> Event:
    """Take one occurrence off the calendar."""
    fields = _repeating(work, event_id, on)
    changes = {
        "exdates": tuple(sorted({*fields.exdates, on})),
        "overrides": tuple(change for change in fields.overrides if change.on != on),
    }
    return change_event(work, event_id=event_id, changes=changes, row_version=row_version)


def change_series(
    work: Work, *, event_id: UUID, on: date, changes: Mapping[str, Any], row_version: int | None = None
) -> Event:
    """Change all occurrences by what is wanted of the one on `on`: where its days move, all move by as much."""
    fields = _repeating(work, event_id, on)
    return change_event(
        work, event_id=event_id, changes=series_changes(fields, on=on, changes=changes), row_version=row_version
    )


def _repeating(work: Work, event_id: UUID, on: date) -> EventFields:
    """The fields of an event that repeats and has an occurrence on that day."""
    fields = fields_of(get_event(work, event_id=event_id))
    known = fields.rule_days
    if not fields.recurrence or on not in known:
        near = min(known, key=lambda day: abs(day - on))
        raise EventError(
            f"The event has no occurrence on {on}; the nearest one is on {near}.", nearest=near.isoformat()
        )
    return fields


def changed_occurrence(fields: EventFields, on: date, changes: Mapping[str, Any]) -> OccurrenceChange | None:
    """What then differs about one occurrence; None where it is again as the others are."""
    if unknown := sorted(changes.keys() - ONE_BY_ONE):
        raise EventError(f"{', '.join(unknown)} cannot differ for one occurrence; change all of them.")
    was_timed = fields.start_time is not None
    if was_timed and changes.get("start_time", fields.start_time) is None:
        raise EventError("One occurrence of a timed event cannot become an all-day one; change all of them.")
    before = next((change.changes() for change in fields.overrides if change.on == on), {})
    wanted = before | {name: value for name, value in changes.items() if value is not None}
    try:
        said = OccurrenceChange(on=on, **wanted)
    except ValidationError as error:
        raise EventError(in_words(error)) from error
    plain = fields.model_copy(update={"overrides": ()}).at(on)
    differs = {name: value for name, value in said.changes().items() if value != getattr(plain, name)}
    return OccurrenceChange(on=on, **differs) if differs else None


def series_changes(fields: EventFields, *, on: date, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The changes of the series that give the occurrence on `on` what is wanted of it."""
    occurrence = fields.at(on)
    first, last = (changes.get(name, getattr(occurrence, name)) for name in ("starts_on", "ends_on"))
    moved, length = first - occurrence.starts_on, last - first
    try:
        start = fields.starts_on + moved
        wanted = {**changes, "starts_on": start, "ends_on": start + length}
        if moved and wanted.get("recurrence", fields.recurrence) == fields.recurrence:
            wanted |= _moved_exceptions(fields, start)
    except OverflowError as error:
        raise EventError("One of its occurrences would lie beyond the days there are.") from error
    return wanted


def _moved_exceptions(fields: EventFields, start: date) -> dict[str, Any]:
    """The rule from its new first day, and its exceptions: the third occurrence's stay the third's."""
    try:
        rule = moved_rule(fields.recurrence, start=fields.starts_on, to=start)
    except ValueError as error:
        raise EventError(f"{error}.".capitalize()) from error
    place = dict(zip(days_of(fields.recurrence, fields.starts_on), days_of(rule, start), strict=False))
    moved = start - fields.starts_on

    def shifted(change: OccurrenceChange) -> OccurrenceChange:
        days = {name: getattr(change, name) for name in ("starts_on", "ends_on")}
        update = {name: day + moved for name, day in days.items() if day is not None}
        return change.model_copy(update={"on": place[change.on], **update})

    return {
        "recurrence": rule,
        "exdates": tuple(place[day] for day in fields.exdates if day in place),
        "overrides": tuple(shifted(change) for change in fields.overrides if change.on in place),
    }
