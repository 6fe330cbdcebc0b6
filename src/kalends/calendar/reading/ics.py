"""iCalendar files (RFC 5545) as Google, Outlook and Apple write them, to entries.

icalendar and recurring-ical-events do the reading; what they pass over in silence is told here: ends that are no ends,
zones that nobody knows, two events of one UID, an UNTIL that loses its last evening.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events  # type: ignore[import-untyped]  # it comes without stubs

from kalends.base.reading import EmptyPayloadError, Lines, Payload, UnreadablePayloadError
from kalends.base.reading.sniff import guess_encoding
from kalends.base.reading.unpack import Unpacking
from kalends.calendar.reading.entries import (
    MAX_DESCRIPTION,
    MAX_NAME,
    UNTITLED,
    Fate,
    Reading,
    SourceEntry,
    checked,
    unique_keys,
)
from kalends.calendar.reading.icsparts import Outline, Part, known_zone, outline, with_known_zones, zones_of
from kalends.calendar.reading.words import type_of

Component = Any
"""An icalendar.Event: the library types every value as the union of all that a value can be."""
MAX_OCCURRENCES: Final = 1_000
"""Of one series: what comes daily for years is a habit, not an event."""
OFTEN: Final = frozenset({"SECONDLY", "MINUTELY", "HOURLY"})
STATUSES: Final = {"TENTATIVE": "tentative", "CONFIRMED": "confirmed", "CANCELLED": "cancelled"}
LAST_SECOND: Final = time(23, 59, 59)
SHORTEST: Final = timedelta(minutes=1)


class NotACalendarError(UnreadablePayloadError):
    """The file is no iCalendar file: it should begin with BEGIN:VCALENDAR."""

    code = "not_a_calendar"


class BadEventError(ValueError):
    """One event that cannot be taken in; the text says why, and what would be right."""


@dataclass(slots=True)
class _Vevent:
    """One VEVENT, parsed, and what was noticed about it."""

    part: Part
    component: Component
    uid: str
    reasons: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return _text(self.component, "SUMMARY")[:MAX_NAME] or UNTITLED

    @property
    def is_override(self) -> bool:
        return "RECURRENCE-ID" in self.component

    @property
    def is_recurring(self) -> bool:
        return "RRULE" in self.component or "RDATE" in self.component


def read_ics(payload: Payload, *, zone: str, first: date, last: date) -> Reading:
    """The entries of an .ics file; recurring events become one entry for each occurrence from `first` to `last`.

    `zone` (IANA) is taken for times that name none, unless the file says its own. Raises NotACalendarError and the
    errors of `base.reading` for a file that cannot be read at all; a single bad event is refused, the rest kept.
    """
    head = next(iter(Unpacking(payload)), b"")
    if not head.strip():
        raise EmptyPayloadError("The file is empty: there was no calendar in it.")
    lines = Lines(payload, guess_encoding(head))
    found = outline(lines)
    if not (found.is_calendar or found.events):
        raise NotACalendarError
    own = known_zone(found.header.get("X-WR-TIMEZONE", ""))
    reading = Reading(title=found.header.get("X-WR-CALNAME") or found.header.get("NAME", ""), zone=own)
    if lines.odd_lines:
        reading.notes.append(f"{len(lines.odd_lines)} lines were not UTF-8 and were read as Windows-1252.")
    if lines.cut:
        reading.notes.append("The compressed file is cut off; what came before the cut was read.")
    for group in _grouped(list(_parsed(found, own or zone, reading))):
        _take(group, reading, zone=own or zone, first=first, last=last)
    reading.entries = unique_keys(reading.entries)
    reading.fates.sort(key=lambda fate: int(fate.where.removeprefix("line ")))
    return reading


def _parsed(found: Outline, zone: str, reading: Reading) -> Iterator[_Vevent]:
    """Every event that can be parsed; the others are refused here."""
    zones = zones_of(found, preferred=(zone,))
    for part in found.events:
        known, unknown = with_known_zones(part, zones)
        try:
            component: Component = icalendar.Event.from_ical(known.text())
            vevent = _Vevent(part, component, _text(component, "UID") or _made_up_uid(part))
            _check(vevent)
        except BadEventError as error:
            reading.fates.append(_refused(part, str(error)))
            continue
        except Exception as error:  # noqa: BLE001 - the library raises whatever its input leads to
            reading.fates.append(_refused(part, f"It could not be read ({error})."))
            continue
        vevent.reasons += [f"The time zone {name!r} is unknown; its times were read as {zone}." for name in unknown]
        yield vevent


def _refused(part: Part, reason: str) -> Fate:
    summary = next((line.partition(":")[2] for line in part.lines if line.upper().startswith("SUMMARY")), "")
    return Fate(f"line {part.line}", "refused", summary[:MAX_NAME], (reason,))


def _made_up_uid(part: Part) -> str:
    """The same each time for the same text."""
    return "no-uid-" + hashlib.sha256(part.text().encode()).hexdigest()[:16]


def _check(vevent: _Vevent) -> None:
    """Refuse what has no place in time, and note what was mended."""
    component, reasons = vevent.component, vevent.reasons
    if vevent.part.is_cut:
        reasons.append("Its end was missing: the file is cut off or damaged there.")
    if "DTSTART" not in component:
        raise BadEventError("It has no DTSTART; an event needs the day on which it begins.")
    _moment(component, "DTSTART")
    for name, problem in component.errors:
        if name in {"DTEND", "DURATION", "RRULE", "EXDATE", "RDATE"}:
            raise BadEventError(f"{name} could not be read ({problem}).")
        reasons.append(f"{name or 'A line'} could not be read and was left out.")
    if "UID" not in component:
        reasons.append("It has no UID; one was made from its text.")
    if "RRULE" in component:
        _check_rule(vevent)


def _check_rule(vevent: _Vevent) -> None:
    rule = vevent.component["RRULE"]
    if isinstance(rule, list):
        raise BadEventError("It has several RRULEs; one is allowed.")
    frequency = str((rule.get("FREQ") or ["?"])[0]).upper()
    if frequency in OFTEN:
        raise BadEventError(f"It repeats {frequency.lower()}; a marketing calendar takes days and longer.")
    if any(int(step) < 1 for step in rule.get("INTERVAL", [1])):
        raise BadEventError("INTERVAL must be 1 or more.")
    start = _moment(vevent.component, "DTSTART")
    if frequency == "YEARLY" and (start.month, start.day) == (2, 29) and "BYMONTHDAY" not in rule:
        vevent.reasons.append("It repeats on 29 February: in leap years only.")
    until = (rule.get("UNTIL") or [None])[0]
    if isinstance(start, datetime) and isinstance(until, date) and not isinstance(until, datetime):
        # Read as midnight, it would lose the last evening (RFC 5545 wants the same kind of value as DTSTART).
        end_of_day = datetime.combine(until, LAST_SECOND, start.tzinfo)
        rule["UNTIL"] = [end_of_day.astimezone(UTC) if start.tzinfo else end_of_day]
        vevent.reasons.append("UNTIL was a day without a time; it was read as the end of that day.")


def _moment(component: Component, name: str) -> date:
    """A DATE or DATE-TIME value. Raises BadEventError when it is neither."""
    value = component[name]
    try:
        found = (value[0] if isinstance(value, list) else value).dt
    except Exception as error:  # noqa: BLE001 - broken values raise on access
        raise BadEventError(f"{name} is no date ({error}).") from None
    if not isinstance(found, date):
        raise BadEventError(f"{name} is no date.")
    return found


def _grouped(vevents: Sequence[_Vevent]) -> Iterator[list[_Vevent]]:
    """Each event with the changed occurrences that belong to it; a second event of the same UID stands for itself."""
    masters: dict[str, list[_Vevent]] = {}
    overrides = [vevent for vevent in vevents if vevent.is_override]
    groups: list[list[_Vevent]] = []
    for vevent in vevents:
        if vevent.is_override:
            continue
        if vevent.uid in masters:
            vevent.reasons.append("Another event has the same UID; both were kept.")
            groups.append([vevent])
            continue
        masters[vevent.uid] = [vevent]
        groups.append(masters[vevent.uid])
    for vevent in overrides:
        group = masters.get(vevent.uid)
        if group is not None and group[0].is_recurring:
            group.append(vevent)
        else:
            groups.append([vevent])
    yield from groups


def _take(group: list[_Vevent], reading: Reading, *, zone: str, first: date, last: date) -> None:
    """The entries of one event and its changed occurrences, and the fate of each."""
    master = group[0]
    try:
        made = _series(group, zone, first, last) if master.is_recurring else [_entry(master, master.component, zone)]
    except BadEventError as error:
        reading.fates += [_refused(vevent.part, str(error)) for vevent in group]
        return
    except Exception as error:  # noqa: BLE001 - see _parsed
        reading.fates += [_refused(vevent.part, f"Its dates could not be worked out ({error}).") for vevent in group]
        return
    reading.entries += made
    for vevent in group:
        count = len(made) if vevent is master else 0
        reasons = tuple(dict.fromkeys(vevent.reasons))
        reading.fates.append(
            Fate(f"line {vevent.part.line}", "mended" if reasons else "kept", vevent.name, reasons, count)
        )


def _series(group: list[_Vevent], zone: str, first: date, last: date) -> list[SourceEntry]:
    """One entry for each occurrence; its key is the day on which it was first planned, so that a move keeps it."""
    master = group[0]
    calendar = icalendar.Calendar()
    for vevent in group:
        calendar.add_component(vevent.component)
    occurrences = recurring_ical_events.of(calendar).between(first, last + timedelta(days=1))
    occurrences.sort(key=lambda item: _moment(item, "DTSTART").isoformat())
    if len(occurrences) > MAX_OCCURRENCES:
        master.reasons.append(f"It repeats more than {MAX_OCCURRENCES} times; the first {MAX_OCCURRENCES} were taken.")
    if not occurrences:
        master.reasons.append(f"It does not happen between {first} and {last}.")
    entries = []
    for item in occurrences[:MAX_OCCURRENCES]:
        planned = _moment(item, "RECURRENCE-ID" if "RECURRENCE-ID" in item else "DTSTART")
        entries.append(_entry(master, item, zone, suffix=f"@{planned.isoformat()[:10]}"))
    return entries


def _entry(vevent: _Vevent, component: Component, zone: str, *, suffix: str = "") -> SourceEntry:
    """The entry of one event or occurrence."""
    start, end = _moment(component, "DTSTART"), _end(component)
    said = {
        "name": _text(component, "SUMMARY")[:MAX_NAME] or UNTITLED,
        **(_timed(vevent, start, end, zone) if isinstance(start, datetime) else _whole_days(vevent, start, end)),
        "description": _text(component, "DESCRIPTION")[:MAX_DESCRIPTION] or None,
        "status": STATUSES.get(_text(component, "STATUS").upper()),
        "type": type_of([*_categories(component), _text(component, "SUMMARY")]),
        "owner": _organizer(component),
    }
    fields, wrong = checked({name: value for name, value in said.items() if value is not None})
    if wrong:
        raise BadEventError(f"{wrong[0].upper()}{wrong[1:]}.")
    if not suffix and vevent.is_override:
        suffix = f"@{_moment(component, 'RECURRENCE-ID').isoformat()[:10]}"
    return SourceEntry(key=vevent.uid + suffix, fields=fields, url=_text(component, "URL") or None)


def _end(component: Component) -> date | None:
    """DTEND, or DTSTART and DURATION."""
    if "DTEND" in component:
        return _moment(component, "DTEND")
    if "DURATION" in component:
        length: timedelta = component["DURATION"].dt
        return _moment(component, "DTSTART") + length
    return None


def _whole_days(vevent: _Vevent, start: date, end: date | None) -> dict[str, Any]:
    """Days, first and last included: RFC 5545's end is the day after the last."""
    last = start if end is None else (end.date() if isinstance(end, datetime) else end) - timedelta(days=1)
    if last == start - timedelta(days=1):
        vevent.reasons.append("It ended on the day it began, which says no length; it was read as one day.")
        last = start
    if last < start:
        raise BadEventError(f"It ends ({end}) before it begins ({start}).")
    return {"starts_on": start, "ends_on": last}


def _timed(vevent: _Vevent, start: datetime, end: date | None, zone: str) -> dict[str, Any]:
    """Wall times in the event's own zone; UTC, which nobody lives by, is turned into the calendar's zone."""
    name = getattr(start.tzinfo, "key", None)
    place = zone if start.tzinfo is None or name is None or name == "UTC" else name
    begins = _local(start, place)
    ends = begins if end is None else _local(_as_datetime(end, start), place)
    if ends < begins:
        raise BadEventError(f"It ends ({ends:%Y-%m-%d %H:%M}) before it begins ({begins:%Y-%m-%d %H:%M}).")
    if ends == begins:
        vevent.reasons.append("It had no length; it was read as one minute.")
        ends = begins + SHORTEST
    if ends.time() == time(0):  # midnight belongs to the day that ends with it
        ends -= timedelta(seconds=1)
    return {
        "starts_on": begins.date(),
        "ends_on": ends.date(),
        "start_time": begins.time(),
        "end_time": ends.time(),
        "zone": place,
    }


def _as_datetime(value: date, like: datetime) -> datetime:
    return value if isinstance(value, datetime) else datetime.combine(value, time(0), like.tzinfo)


def _local(moment: datetime, zone: str) -> datetime:
    """Wall time in the zone, without one."""
    return (
        moment.replace(tzinfo=None) if moment.tzinfo is None else moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    )


def _text(component: Component, name: str) -> str:
    """A text value, trimmed; the first where it comes twice, nothing where it is broken."""
    value = component.get(name)
    value = value[0] if isinstance(value, list) and value else value
    return "" if value is None else str(value).strip()


def _categories(component: Component) -> list[str]:
    value = component.get("CATEGORIES")
    found = value if isinstance(value, list) else [] if value is None else [value]
    return [str(name) for item in found for name in getattr(item, "cats", [item])]


def _organizer(component: Component) -> str | None:
    """The organiser's name, else address."""
    value = component.get("ORGANIZER")
    if value is None or isinstance(value, list):
        return None
    name = getattr(value, "params", {}).get("CN")
    return str(name or value).removeprefix("mailto:").removeprefix("MAILTO:")[:MAX_NAME] or None
