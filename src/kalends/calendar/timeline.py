"""Events as bars over weeks: a row for each type, source or market, bars that meet below each other. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from kalends.calendar.events import EVENT_TYPES, EventFields, event_type
from kalends.calendar.filters import EVERYWHERE

RowsBy = Literal["type", "source", "market"]
Zoom = Literal["quarter", "year"]
MONTHS: Final[dict[str, int]] = {"quarter": 3, "year": 12}
ROOM: Final[dict[str, int]] = {"quarter": 3, "year": 10}
"""So many days are as wide as the smallest bar that a finger finds (24 pixels)."""


@dataclass(frozen=True, slots=True)
class Bar:
    """An event on a timeline. `at`, `days`: its place in days from the first shown; `lane`: its line in the row."""

    id: str
    fields: EventFields
    kind: str
    at: int
    days: int
    lane: int
    row_version: int
    in_conflict: bool
    cut: str = ""
    """"start", "end" or "start end": it goes on beyond what is shown, so that edge cannot be dragged."""


@dataclass(frozen=True, slots=True)
class Row:
    """The bars of one type, source or market."""

    label: str
    kind: str
    lanes: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Tick:
    """A stretch of the ruler: a month or a week."""

    label: str
    at: int
    days: int


@dataclass(frozen=True, slots=True)
class Placed:
    """An event to be placed. `sources`: where it comes from."""

    id: str
    fields: EventFields
    row_version: int
    in_conflict: bool
    sources: frozenset[str]


def span_around(day: date, *, zoom: Zoom) -> tuple[date, date]:
    """The quarter or the year around a day."""
    months = MONTHS[zoom]
    begins = date(day.year, (day.month - 1) // months * months + 1, 1)
    after = begins.month + months
    return begins, date(begins.year + (after > 12), (after - 1) % 12 + 1, 1) - timedelta(days=1)


def rows_of(
    events: Sequence[Placed], *, by: RowsBy, first: date, last: date, labels: Callable[[str], str], room: int = 1
) -> list[Row]:
    """The rows that have a bar, types in their usual order, others by label. `labels`: what a source is called.

    `room`: no two bars of a line begin within so many days.
    """
    found: dict[str, list[Placed]] = {}
    for event in events:
        for key in _keys(event, by):
            found.setdefault(key, []).append(event)
    order = list(EVENT_TYPES)
    named = {key: _label(key, by, labels) for key in found}
    keys = sorted(found, key=lambda key: (order.index(key) if key in order else len(order), named[key]))
    return [
        _row(named[key], event_type(key).colour if by == "type" else "", found[key], first, last, room) for key in keys
    ]


def _keys(event: Placed, by: RowsBy) -> Iterable[str]:
    """The rows that an event stands in."""
    if by == "type":
        return (event.fields.type,)
    return event.fields.markets or (EVERYWHERE,) if by == "market" else sorted(event.sources)


def _label(key: str, by: RowsBy, labels: Callable[[str], str]) -> str:
    if by == "type":
        return event_type(key).label
    return labels(key) if by == "source" else key.capitalize() if key == EVERYWHERE else key


def _row(label: str, kind: str, events: Sequence[Placed], first: date, last: date, room: int) -> Row:
    """The events below each other where they meet: each in the first lane that is free."""
    ends: list[date] = []
    bars = []
    for event in sorted(events, key=lambda one: (one.fields.starts_on, -one.fields.ends_on.toordinal(), one.id)):
        lane = next((place for place, end in enumerate(ends) if end < event.fields.starts_on), len(ends))
        ends[lane : lane + 1] = [max(event.fields.ends_on, event.fields.starts_on + timedelta(days=room - 1))]
        bars.append(_bar(event, lane, first, last))
    return Row(label, kind, len(ends), tuple(bars))


def _bar(event: Placed, lane: int, first: date, last: date) -> Bar:
    begin, end = max(event.fields.starts_on, first), min(event.fields.ends_on, last)
    cut = [
        edge
        for edge, is_cut in (("start", begin > event.fields.starts_on), ("end", end < event.fields.ends_on))
        if is_cut
    ]
    return Bar(
        id=event.id,
        fields=event.fields,
        kind=event_type(event.fields.type).colour,
        at=(begin - first).days,
        days=(end - begin).days + 1,
        lane=lane,
        row_version=event.row_version,
        in_conflict=event.in_conflict,
        cut=" ".join(cut),
    )


def month_ticks(first: date, last: date) -> list[Tick]:
    """The months from `first` to `last`."""
    starts = [first] + [day for day in _days(first, last) if day.day == 1 and day != first]
    ends = [*(day - timedelta(days=1) for day in starts[1:]), last]
    return [Tick(f"{a:%B}", (a - first).days, (b - a).days + 1) for a, b in zip(starts, ends, strict=True)]


def week_ticks(first: date, last: date) -> list[Tick]:
    """The weeks that begin between `first` and `last`, named by their Monday."""
    mondays = [day for day in _days(first, last) if day.weekday() == 0]
    return [Tick(str(day.day), (day - first).days, min(7, (last - day).days + 1)) for day in mondays]


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=place) for place in range((last - first).days + 1)]
