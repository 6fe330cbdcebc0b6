"""A week as it is drawn: seven days on the page's clock, what may not be, and where a message may go. Pure.

A day's column is as high as 24 hours of a clock on the wall. On the day the clocks go forward an hour of it does not
exist and is shaded; on the day they go back an hour comes twice, and messages of its second time say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from kalends.messages.schedule_views import LegalSpan, MessageView, ScheduleView

DAY: Final = 24 * 60
QUARTER: Final = timedelta(minutes=15)
"""Between two minutes at which nothing goes out; every zone's offset is a whole number of them."""


@dataclass(frozen=True, slots=True)
class Shade:
    """Minutes of a day, [start, end), that are shaded, and why."""

    start: int
    end: int
    words: str
    kind: str
    """quiet | rest | missing"""


@dataclass(frozen=True, slots=True)
class Card:
    """A message on the board."""

    message: MessageView
    minute: int
    """Of the day, on the wall."""
    clock: str
    """20:07, or 02:10 (2nd)"""


@dataclass(frozen=True, slots=True)
class Moment:
    """What the calendar knows of a day."""

    name: str
    kind: str
    """moment | holiday"""


@dataclass(frozen=True, slots=True)
class BoardDay:
    """One column."""

    date: date
    cards: tuple[Card, ...]
    shades: tuple[Shade, ...]
    moments: tuple[Moment, ...]
    clock_note: str
    """Empty but on the days the clocks change."""
    is_rest: bool
    is_today: bool


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours without messages; equal ends: none."""

    start: time
    end: time


def board_of(
    view: ScheduleView, *, quiet: Quiet, moments: Mapping[date, Sequence[Moment]], today: date, resting: Iterable[date]
) -> list[BoardDay]:
    """The week's columns. `resting`: days that stay without paid messages."""
    zone, rests = ZoneInfo(view.zone), set(resting)
    dates = [view.first_day + timedelta(days=at) for at in range(view.days)]
    return [
        BoardDay(
            date=day,
            cards=tuple(_card(each) for each in view.messages if each.local.date() == day),
            shades=(*_rest(day in rests), *_quiet(quiet), *_missing(day, zone)),
            moments=tuple(moments.get(day, ())),
            clock_note=clock_note(day, zone),
            is_rest=day in rests,
            is_today=day == today,
        )
        for day in dates
    ]


def clock_note(day: date, zone: ZoneInfo) -> str:
    """What the clocks do on that day, if anything."""
    hours = (_midnight(day + timedelta(days=1), zone) - _midnight(day, zone)) / timedelta(hours=1)
    if hours == 24:
        return ""
    return f"Clocks go {'back' if hours > 24 else 'forward'}: {hours:g} hours"


def clock(local: datetime) -> str:
    """The time of day; of an hour that comes twice, which of the two."""
    return f"{local:%H:%M}" + (" (2nd)" if local.fold else "")


def minute_of(local: datetime) -> int:
    """Minutes since midnight on the wall."""
    return local.hour * 60 + local.minute


Slot = tuple[int, int, int, int]
"""(day of the week's board, first minute on the wall, minute after the last, minutes since 1970 of the first)."""


def slots_of(spans: Sequence[LegalSpan], *, zone: str, first_day: date) -> list[Slot]:
    """The legal spans in pieces between two quarters of an hour, so that a wall time of each is one instant."""
    clocks, found = ZoneInfo(zone), []
    for span in spans:
        start, end = span.start.astimezone(UTC), span.end.astimezone(UTC)
        while start < end:
            quarter = start.replace(minute=start.minute // 15 * 15, second=0, microsecond=0)
            begin, until = max(start, quarter + timedelta(minutes=1)), min(end, quarter + QUARTER)
            if begin < until:
                local, length = begin.astimezone(clocks), int((until - begin).total_seconds() // 60)
                day, minute = (local.date() - first_day).days, minute_of(local)
                found.append((day, minute, minute + length, int(begin.timestamp() // 60)))
            start = quarter + QUARTER
    return found


def next_slot(slots: Sequence[Slot], *, after: datetime, step: int) -> datetime | None:
    """The legal minute that is at least `step` minutes later (earlier if negative) than `after`."""
    wanted = int(after.timestamp() // 60) + step
    if step > 0:
        found = (max(at, wanted) for _, start, end, at in slots if at + end - start > wanted)
        best = min(found, default=None)
    else:
        found = (min(at + end - start - 1, wanted) for _, start, end, at in slots if at <= wanted)
        best = max(found, default=None)
    return None if best is None else datetime.fromtimestamp(best * 60, UTC)


def next_day_slot(slots: Sequence[Slot], *, local: datetime, first_day: date, step: int) -> datetime | None:
    """On the next (or last) day that has a legal minute, the one nearest to the same time of day."""
    here, minute = (local.date() - first_day).days, minute_of(local)
    days = sorted({day for day, *_ in slots if (day - here) * step > 0}, key=lambda day: abs(day - here))
    if not days:
        return None
    near = [(min(max(minute, start), end - 1), start, at) for day, start, end, at in slots if day == days[0]]
    wall, start, at = min(near, key=lambda each: abs(each[0] - minute))
    return datetime.fromtimestamp((at + wall - start) * 60, UTC)


def _card(message: MessageView) -> Card:
    return Card(message, minute_of(message.local), clock(message.local))


def _rest(is_rest: bool) -> tuple[Shade, ...]:
    return (Shade(0, DAY, "No paid messages: the audience rests", "rest"),) if is_rest else ()


def _quiet(quiet: Quiet) -> tuple[Shade, ...]:
    start, end = (each.hour * 60 + each.minute for each in (quiet.start, quiet.end))
    words = f"Quiet from {quiet.start:%H:%M} to {quiet.end:%H:%M}"
    spans = [(start, end)] if start <= end else [(0, end), (start, DAY)]
    return tuple(Shade(one, other, words, "quiet") for one, other in spans if one < other)


def _missing(day: date, zone: ZoneInfo) -> tuple[Shade, ...]:
    """Wall times that the day does not have, because the clocks jump over them."""
    gone = [minute for minute in range(0, DAY, 15) if not _exists(day, minute, zone)]
    return (Shade(gone[0], gone[-1] + 15, "The clocks jump over this hour", "missing"),) if gone else ()


def _exists(day: date, minute: int, zone: ZoneInfo) -> bool:
    wall = datetime.combine(day, time(minute // 60, minute % 60), tzinfo=zone)
    return wall.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(0), tzinfo=zone).astimezone(UTC)
