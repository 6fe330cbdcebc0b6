"""What a look at the calendar is made of: the events that pass its filters, their conflicts, the switches there are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, select

from kalends.base.work import Work
from kalends.calendar.conflictrows import UNDECIDED
from kalends.calendar.consolidation import label_of
from kalends.calendar.eventrows import dated, events_between
from kalends.calendar.events import EVENT_TYPES, MANUAL, EventFields, event_type
from kalends.calendar.filters import EVERYWHERE, HOLIDAYS, MOMENTS, Filters
from kalends.calendar.models import Calendar, CalendarSource, Event, StoredConflict
from kalends.calendar.nearby import MASTER

STATUSES = {"confirmed": "Confirmed", "tentative": "Not fixed yet", "cancelled": "Cancelled"}


@dataclass(frozen=True, slots=True)
class ShownEvent:
    """One occurrence that is shown. `on`: its rule's day, None for what does not repeat."""

    event: Event
    on: date | None
    fields: EventFields
    in_conflict: bool

    @property
    def id(self) -> str:
        """The event's id, and which of its occurrences it is."""
        return str(self.event.id) if self.on is None else f"{self.event.id}@{self.on}"


def shown_events(work: Work, *, calendar: Calendar, filters: Filters, first: date, last: date) -> list[ShownEvent]:
    """Every occurrence on those days that passes the filters, by first day and name."""
    undecided = conflicts_waiting(work, calendar=calendar)
    rows = events_between(work, calendar_id=calendar.id, first=first, last=last)
    found = [
        ShownEvent(row, each.on, each.fields, row.id in undecided)
        for row in rows
        for each in dated(row, first=first, last=last)
        if filters.passes(each.fields, sources=set(row.provenance.values()) or {row.source})
    ]
    return sorted(found, key=lambda one: (one.fields.starts_on, one.fields.name, one.id))


def conflicts_waiting(work: Work, *, calendar: Calendar) -> set[UUID]:
    """The events about which sources differ and a person is asked."""
    query = select(StoredConflict.event_id).where(
        StoredConflict.calendar_id == calendar.id, StoredConflict.state.in_(UNDECIDED)
    )
    return set(work.session.scalars(query))


# The switches.


@dataclass(frozen=True, slots=True)
class Switch:
    """One thing that can be switched off. `kind`: its colour in the look, where it has one."""

    code: str
    label: str
    is_on: bool
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Switches:
    """The switches of one sort: `what` is type, source, market or status."""

    what: str
    label: str
    each: tuple[Switch, ...]


def switches(work: Work, *, calendar: Calendar, filters: Filters) -> list[Switches]:
    """What can be switched off on this calendar: only where there is more than one of a sort."""
    living = (Event.calendar_id == calendar.id, Event.deleted_at.is_(None))
    used = work.session.execute(select(Event.type, Event.status, Event.source).where(*living).distinct()).all()
    markets = work.session.scalars(select(Event.markets).where(*living).distinct()).all()
    types = {code: (event_type(code).label, event_type(code).colour) for code in sorted({row.type for row in used})}
    types |= {MOMENTS: ("Moments", "moment"), HOLIDAYS: ("Holidays", "holiday")}
    codes = sorted({market for several in markets for market in several})
    places = dict(zip(codes, codes, strict=True)) | ({EVERYWHERE: "Everywhere"} if [] in markets else {})
    sorts = [
        _sort("type", "Kinds", types, filters),
        _sort("source", "Calendars", _with_colour(_sources(work, calendar, {row.source for row in used})), filters),
        _sort("market", "Countries", _with_colour(places), filters),
        _sort("status", "State", _with_colour(_statuses({row.status for row in used})), filters),
    ]
    return [sort for sort in sorts if len(sort.each) > 1 or any(not one.is_on for one in sort.each)]


def _sort(what: str, label: str, named: dict[str, tuple[str, str]], filters: Filters) -> Switches:
    each = (Switch(code, words, filters.shows(what, code), kind) for code, (words, kind) in named.items())
    return Switches(what, label, tuple(each))


def _with_colour(named: dict[str, str]) -> dict[str, tuple[str, str]]:
    return {code: (label, "") for code, label in named.items()}


def _statuses(used: set[str]) -> dict[str, str]:
    return {code: label for code, label in STATUSES.items() if code in used}


def _sources(work: Work, calendar: Calendar, used: set[str]) -> dict[str, str]:
    """Source name -> what people call it; people themselves first."""
    labels = source_labels(work, calendar=calendar)
    return {MANUAL: labels[MANUAL]} | {
        name: labels.get(name) or label_of(name) for name in sorted((used | labels.keys()) - {MASTER, MANUAL})
    }


def source_labels(work: Work, *, calendar: Calendar) -> dict[str, str]:
    """Source name -> what people call it."""
    query = select(CalendarSource.name, CalendarSource.label).where(
        CalendarSource.calendar_id == calendar.id, CalendarSource.removed_at.is_(None)
    )
    return {MANUAL: "By hand"} | {row.name: row.label for row in work.session.execute(query)}


def own_types(work: Work, *, calendar_id: UUID) -> dict[str, str]:
    """The kinds of event that this company has made up: code -> label, the most used first."""
    query = (
        select(Event.type)
        .where(Event.calendar_id == calendar_id, Event.deleted_at.is_(None), Event.type.not_in(EVENT_TYPES))
        .group_by(Event.type)
        .order_by(func.count().desc(), Event.type)
    )
    return {code: event_type(code).label for code in work.session.scalars(query)}


def days_in_conflict(found: Iterable[ShownEvent]) -> set[date]:
    """The first days of events about which sources differ."""
    return {one.fields.starts_on for one in found if one.in_conflict}
