"""When an event of an .ics file is: days, or wall times in its own zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from kalends.calendar.reading.entries import BadEventError

SHORTEST: Final = timedelta(minutes=1)
MIDNIGHT: Final = time(0)


def when(start: date, end: date | None, zone: str, reasons: list[str]) -> dict[str, Any]:
    """The event's days and times by EventFields' names; what was mended is added to `reasons`.

    `zone` is for times without one. Raises BadEventError where it ends before it begins.
    """
    if isinstance(start, datetime):
        return _timed(start, end, zone, reasons)
    return _whole_days(start, end, reasons)


def _whole_days(start: date, end: date | None, reasons: list[str]) -> dict[str, Any]:
    """Days, first and last included: RFC 5545's end is the day after the last."""
    last = start if end is None else (end.date() if isinstance(end, datetime) else end) - timedelta(days=1)
    if last == start - timedelta(days=1):
        reasons.append("It ended on the day it began, which says no length; it was read as one day.")
        last = start
    if last < start:
        raise BadEventError(f"It ends ({end}) before it begins ({start}).")
    return {"starts_on": start, "ends_on": last}


def _timed(start: datetime, end: date | None, zone: str, reasons: list[str]) -> dict[str, Any]:
    """Wall times in the event's own zone; UTC, which nobody lives by, is turned into the calendar's zone."""
    place = place_of(start, zone)
    until = start if end is None else _as_datetime(end, start)
    begins, ends = _local(start, place), _local(until, place)
    for opens, closes in ((begins, ends), (start.replace(tzinfo=None), until.replace(tzinfo=None))):
        if opens < closes and opens.time() == closes.time() == MIDNIGHT:
            reasons.append("It ran from midnight to midnight; it was read as whole days.")
            return {"starts_on": opens.date(), "ends_on": closes.date() - timedelta(days=1)}
    if ends <= begins:
        ends = _mended_end(start, until, begins, ends, reasons)
    if ends.time() == MIDNIGHT:  # midnight belongs to the day that ends with it
        ends -= timedelta(seconds=1)
    times = {"start_time": begins.time(), "end_time": ends.time(), "zone": place}
    return {"starts_on": begins.date(), "ends_on": ends.date(), **times}


def _mended_end(start: datetime, until: datetime, begins: datetime, ends: datetime, reasons: list[str]) -> datetime:
    """An end for an event whose clock does not say that time passes."""
    if begins == ends:
        reasons.append("It had no length; it was read as one minute.")
        return begins + SHORTEST
    is_in_order = start.tzinfo and until.tzinfo and start.astimezone(UTC) < until.astimezone(UTC)
    if not is_in_order:
        raise BadEventError(f"It ends ({ends:%Y-%m-%d %H:%M}) before it begins ({begins:%Y-%m-%d %H:%M}).")
    reasons.append("The clocks go back while it lasts; its end was told from its length.")
    return begins + (until.astimezone(UTC) - start.astimezone(UTC))


def place_of(start: date, zone: str) -> str:
    """The zone whose wall times an event that begins so is told in."""
    name = getattr(getattr(start, "tzinfo", None), "key", None)
    return zone if name in {None, "UTC"} else str(name)


def _as_datetime(value: date, like: datetime) -> datetime:
    return value if isinstance(value, datetime) else datetime.combine(value, MIDNIGHT, like.tzinfo)


def _local(moment: datetime, zone: str) -> datetime:
    """Wall time in the zone, without one."""
    return (moment.astimezone(ZoneInfo(zone)) if moment.tzinfo else moment).replace(tzinfo=None)


def day_of(moment: date, zone: str) -> date:
    return _local(moment, zone).date() if isinstance(moment, datetime) else moment
