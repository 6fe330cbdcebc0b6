"""What an event's panel tells beside its form: what sources say, who changed what, what is talked about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select

from kalends.base.work import Work
from kalends.calendar.calendars import default_calendar, get_calendar
from kalends.calendar.changes import event_history, latest_records
from kalends.calendar.comments import list_comments
from kalends.calendar.conflictrows import UNDECIDED
from kalends.calendar.consolidation import label_of
from kalends.calendar.events import MANUAL, event_type
from kalends.calendar.forms import EventForm
from kalends.calendar.models import Event, EventComment, SourceEvent, StoredConflict
from kalends.calendar.repeating import rule_words
from kalends.calendar.shown import own_types, source_labels
from kalends.calendar.undoing import undoable

FIELD_WORDS: Final = {
    "name": "Name", "starts_on": "First day", "ends_on": "Last day", "start_time": "From", "end_time": "To",
    "zone": "Time zone", "type": "Kind", "impact": "Impact", "direction": "Expected effect", "status": "State",
    "markets": "Countries", "brands": "Brands", "channels": "Channels", "description": "Note", "owner": "Owner",
    "days_before": "Days before", "days_after": "Days after", "recurrence": "Repeats", "exdates": "Left out",
    "overrides": "Single ones", "repeats": "Repeats", "until": "Until", "times": "Times",
}  # fmt: skip
SHOWN_BY_SOURCE: Final = ("name", "starts_on", "ends_on", "status", "impact", "markets")


@dataclass(frozen=True, slots=True)
class Change:
    """One change of an event, in words. `is_last`: what "Take back" takes back."""

    who: str
    when: datetime
    what: tuple[str, ...]
    is_last: bool


@dataclass(frozen=True, slots=True)
class Said:
    """What one source says of an event, in words."""

    source: str
    what: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that two people have written otherwise at the same time."""

    name: str
    label: str
    theirs: str
    mine: str


@dataclass(frozen=True, slots=True)
class About:
    """What the panel tells about an event."""

    rule: str
    made_of: tuple[Said, ...]
    said: tuple[Said, ...]
    history: tuple[Change, ...]
    comments: Sequence[EventComment]
    conflicts: int
    me: UUID | None


def about_event(work: Work, *, event: Event) -> About:
    """Everything that the panel tells about an event."""
    labels = source_labels(work, calendar=get_calendar(work, calendar_id=event.calendar_id))
    history = event_history(work, event_id=event.id)
    records = {name: row for name, row in latest_records(work, event).items() if not row.is_deleted}
    said = [Said(labels.get(name, name), spoken(row.fields)) for name, row in sorted(records.items()) if name != MANUAL]
    return About(
        rule=rule_words(event.recurrence, start=event.starts_on),
        made_of=provenance_words(event.provenance, labels),
        said=tuple(said),
        history=tuple(changes_of(event, history, labels)),
        comments=list_comments(work, event_id=event.id),
        conflicts=_conflicts(work, event),
        me=work.scope.person_id,
    )


def _conflicts(work: Work, event: Event) -> int:
    """About how many of its fields a person is asked."""
    query = select(func.count()).where(StoredConflict.event_id == event.id, StoredConflict.state.in_(UNDECIDED))
    return work.session.scalar(query) or 0


def own_types_of(work: Work) -> dict[str, str]:
    """The kinds of event that the company has made up, code -> label."""
    return own_types(work, calendar_id=default_calendar(work).id)


def spoken(fields: Mapping[str, Any]) -> tuple[str, ...]:
    """The most important of what a source says: "First day: 10 Mar 2026"."""
    return tuple(
        f"{FIELD_WORDS[name]}: {value_words(name, fields[name])}" for name in SHOWN_BY_SOURCE if fields.get(name)
    )


def provenance_words(provenance: Mapping[str, str], labels: Mapping[str, str]) -> tuple[Said, ...]:
    """Which fields each source gave, most first."""
    found: dict[str, list[str]] = {}
    for name, source in provenance.items():
        found.setdefault(source, []).append(FIELD_WORDS.get(name, name).lower())
    ranked = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple(Said(labels.get(source) or label_of(source), tuple(sorted(names))) for source, names in ranked)


def changes_of(event: Event, history: Sequence[SourceEvent], labels: Mapping[str, str]) -> list[Change]:
    """An event's changes, newest first; `history` is newest first too."""
    last = undoable(event, history)
    found = []
    for place, entry in enumerate(history):
        before = next((row for row in history[place + 1 :] if row.source == entry.source), None)
        who = entry.label if entry.source == MANUAL else labels.get(entry.source, entry.source)
        found.append(Change(who, entry.recorded_at, change_words(entry, before), entry is last))
    return found


def change_words(entry: SourceEvent, before: SourceEvent | None) -> tuple[str, ...]:
    """What a version changed against the one before it of the same source."""
    if entry.is_deleted:
        return ("took it off the calendar",)
    if before is not None and before.is_deleted:
        return ("brought it back",)
    undone = ("took the last change back",) if entry.undoes is not None else ()
    if before is None and "name" in entry.fields:
        return ("put it on the calendar",)
    known = before.fields if before else {}
    names = [name for name in FIELD_WORDS if entry.fields.get(name) != known.get(name)]
    return undone + tuple(_change(name, known.get(name), entry.fields.get(name)) for name in names)


def _change(name: str, before: Any, after: Any) -> str:
    """One field's change: "Impact: low → high"; where nothing was said before, only what is said now."""
    now = value_words(name, after) if after not in (None, "", []) else "as before it was set"
    return f"{FIELD_WORDS[name]}: {value_words(name, before)} → {now}" if before else f"{FIELD_WORDS[name]}: {now}"


def value_words(name: str, value: Any) -> str:
    """A field's value as people write it."""
    if value in (None, "", []):
        return "nothing"
    if name == "type":
        return event_type(str(value)).label
    if name == "overrides":
        return f"{len(value)} changed"
    if isinstance(value, list):
        return ", ".join(_plain(str(one)) for one in value)
    return _plain(str(value))


def _plain(text: str) -> str:
    """A day as "27 Nov 2026", anything else as it is, cut where it is long."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return text if len(text) <= 80 else f"{text[:79]}…"
    return f"{day.day} {day:%b %Y}"


def differences(theirs: EventForm, mine: EventForm) -> list[Difference]:
    """The fields in which two people's forms differ, theirs as it is kept now."""
    names = [name for name in EventForm.model_fields if name in FIELD_WORDS]
    return [
        Difference(
            name, FIELD_WORDS[name], value_words(name, getattr(theirs, name)), value_words(name, getattr(mine, name))
        )
        for name in names
        if getattr(theirs, name) != getattr(mine, name)
    ]
