"""iCalendar files (RFC 5545) as Google, Outlook and Apple write them, to entries.

icalendar and recurring-ical-events do the reading; what they pass over in silence is told here: ends that are no ends,
zones that nobody knows, two events of one UID, an UNTIL that loses its last evening.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

import icalendar
import recurring_ical_events  # type: ignore[import-untyped]  # it comes without stubs

from kalends.base.reading import EmptyPayloadError, Payload, UnreadablePayloadError
from kalends.base.reading.sniff import guess_encoding
from kalends.base.reading.unpack import Unpacking
from kalends.calendar.reading.entries import (
    MAX_DESCRIPTION,
    MAX_NAME,
    MAX_URL,
    UNTITLED,
    BadEventError,
    Fate,
    Reading,
    SourceEntry,
    checked,
    cut,
    in_days,
    short_key,
    unique_keys,
)
from kalends.calendar.reading.icsparts import ContentLines, Outline, Part, name_of, only, outline
from kalends.calendar.reading.icsrules import settle_rule
from kalends.calendar.reading.icstimes import day_of, place_of, when
from kalends.calendar.reading.icszones import known_zone, with_known_zones, zones_of
from kalends.calendar.reading.words import type_of

Component = Any
"""An icalendar.Event: the library types every value as the union of all that a value can be."""
READ: Final = (
    "UID", "SUMMARY", "DESCRIPTION", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID",
    "SEQUENCE", "STATUS", "CATEGORIES", "ORGANIZER", "URL",
)  # fmt: skip
"""The properties that are read; guests, alarms, attachments and the makers' own are nobody's business here."""
VITAL: Final = frozenset({"DTEND", "DURATION", "RRULE", "EXDATE", "RDATE", "RECURRENCE-ID"})
"""Without these an event would stand on wrong days."""
MAX_LINES: Final = 20_000
"""Of one event: each removed day of a series may be one."""
MAX_OCCURRENCES: Final = 1_000
"""Of one series: what comes daily for years is a habit, not an event."""
MAX_REFRESH: Final = 60 * 24 * 365
"""Minutes: who asks for more means never."""
STATUSES: Final = {"TENTATIVE": "tentative", "CONFIRMED": "confirmed", "CANCELLED": "cancelled"}


class NotACalendarError(UnreadablePayloadError):
    """The file is no iCalendar file: it should begin with BEGIN:VCALENDAR."""

    code = "not_a_calendar"


@dataclass(frozen=True, slots=True)
class _Frame:
    """What the whole file is read by: the zone of times that name none, and the days that are asked for."""

    zone: str
    first: date
    last: date


@dataclass(slots=True)
class _Vevent:
    """One VEVENT, parsed, and what was noticed about it."""

    part: Part
    component: Component
    uid: str
    reasons: list[str] = field(default_factory=list)

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
    # One line in UTF-16, or a byte order mark that is not meant, shall not cost the file.
    lines = ContentLines(payload, "utf-8" if b"BEGIN:V" in head.upper() else guess_encoding(head))
    found = outline(lines)
    if not (found.is_calendar or found.events):
        raise NotACalendarError
    own = known_zone(found.header.get("X-WR-TIMEZONE", ""))
    title = found.header.get("X-WR-CALNAME") or found.header.get("NAME", "")
    reading = Reading(title=title[:MAX_NAME], zone=own, notes=_notes(lines, found), refresh_minutes=_refresh(found))
    # UTC is where programs live, not people: a file that says only that says nothing about its days.
    frame = _Frame(zone if own in {None, "UTC"} else own or zone, first, last)
    for group in _grouped(list(_parsed(found, frame, reading))):
        _take(group, reading, frame)
    for number in found.stray_ends:
        reading.fates.append(_fate(number, "refused", "", ["An event ends here whose BEGIN:VEVENT is missing."]))
    reading.entries = unique_keys(reading.entries)
    reading.fates.sort(key=lambda fate: int(fate.where.removeprefix("line ")))
    return reading


def _refresh(found: Outline) -> int | None:
    """How often it wants to be read: REFRESH-INTERVAL (RFC 7986, 5.7), or what Outlook wrote before there was one."""
    for name in ("REFRESH-INTERVAL", "X-PUBLISHED-TTL"):
        try:
            wanted: timedelta = icalendar.vDuration.from_ical(found.header.get(name, ""))  # type: ignore[no-untyped-call]
        except (ValueError, OverflowError):
            continue
        if wanted > timedelta(0):
            return min(wanted // timedelta(minutes=1), MAX_REFRESH)
    return None


def _notes(lines: ContentLines, found: Outline) -> list[str]:
    """What was noticed about the file as a whole."""
    notes = [f"It also holds {count} {what}s, which are not events." for what, count in found.others.items()]
    told = found.header.get("X-WR-TIMEZONE", "")
    if told and known_zone(told) is None:
        notes.append(f"The calendar's time zone {told[:MAX_NAME]!r} is unknown.")
    if lines.odd_content:
        notes.append(f"{lines.odd_content} lines were not UTF-8 and were read as Windows-1252.")
    if lines.cut:
        notes.append("The compressed file is cut off; what came before the cut was read.")
    return notes


def _parsed(found: Outline, frame: _Frame, reading: Reading) -> Iterator[_Vevent]:
    """Every event that can be parsed; the others are refused here."""
    zones = zones_of(found.zones, preferred=frame.zone)
    for part in found.events:
        try:
            yield _vevent(part, zones, frame)
        except Exception as error:  # noqa: BLE001 - the library raises whatever its input leads to
            reading.fates.append(_refused(part, error, "It could not be read"))


def _vevent(part: Part, zones: dict[str, str | None], frame: _Frame) -> _Vevent:
    known, unknown = with_known_zones(only(part, READ), zones)
    if len(known.lines) > MAX_LINES:
        raise BadEventError(f"It has more than {MAX_LINES:,} lines.")
    component: Component = icalendar.Event.from_ical(known.text())
    uid = _text(component, "UID") or f"no-uid-{hashlib.sha256(part.text().encode()).hexdigest()[:16]}"
    vevent = _Vevent(part, component, uid)
    _check(vevent, frame)
    vevent.reasons += [
        f"The time zone {name[:MAX_NAME]!r} is unknown; its times were read as {frame.zone}." for name in unknown
    ]
    return vevent


def _fate(line: int, outcome: Any, name: str, reasons: Sequence[str], entries: int = 0, days: str = "") -> Fate:
    return Fate(f"line {line}", outcome, name[:MAX_NAME], tuple(dict.fromkeys(reasons)), entries, days)


def _refused(part: Part, error: Exception, what: str) -> Fate:
    reason = str(error) if isinstance(error, BadEventError) else f"{what} ({str(error)[:200]})."
    return _fate(part.line, "refused", part.value("SUMMARY"), [reason])


def _check(vevent: _Vevent, frame: _Frame) -> None:
    """Refuse what has no place in time, and note what was mended."""
    component, reasons = vevent.component, vevent.reasons
    if vevent.part.is_damaged:
        reasons.append("The file is cut off or damaged here: a BEGIN or an END is missing.")
    if not all(map(name_of, vevent.part.lines)):
        reasons.append("A line could not be read and was left out.")
    if "DTSTART" not in component:
        raise BadEventError("It has no DTSTART that can be read; an event needs the day on which it begins.")
    start = _moment(component, "DTSTART")
    for name, problem in component.errors:
        if name in VITAL and vevent.part.value(name):
            raise BadEventError(f"{name} could not be read ({str(problem)[:200]}).")
        reasons.append(f"{name or 'A line'} could not be read and was left out.")
    if "UID" not in component:
        reasons.append("It has no UID; one was made from its text.")
    if isinstance(rule := component.get("RRULE"), list):
        raise BadEventError("It has several RRULEs; one is allowed.")
    if rule is not None:
        reasons += settle_rule(rule, start=start, last=frame.last, zone=frame.zone)


def _moment(component: Component, name: str) -> date:
    """A DATE or DATE-TIME value. Raises BadEventError when it is neither."""
    value = component[name]
    try:
        found = (value[0] if isinstance(value, list) else value).dt
    except Exception as error:  # noqa: BLE001 - broken values raise on access
        raise BadEventError(f"{name} is no date ({str(error)[:200]}).") from None
    if not isinstance(found, date):
        raise BadEventError(f"{name} is no date.")
    return found


def _grouped(vevents: Sequence[_Vevent]) -> list[list[_Vevent]]:
    """Each event with the changed occurrences that belong to it; a second event of the same UID stands for itself."""
    masters: dict[str, list[_Vevent]] = {}
    groups: list[list[_Vevent]] = []
    for vevent in vevents:
        if vevent.is_override:
            continue
        if vevent.uid in masters:
            vevent.reasons.append("Another event has the same UID; both were kept.")
        groups.append([vevent])
        masters.setdefault(vevent.uid, groups[-1])
    for vevent in vevents:
        group = masters.get(vevent.uid)
        if vevent.is_override and group is not None and group[0].is_recurring:
            group.append(vevent)
        elif vevent.is_override:
            groups.append([vevent])
    return groups


def _take(group: list[_Vevent], reading: Reading, frame: _Frame) -> None:
    """The entries of one event and its changed occurrences, and the fate of each."""
    master, *changes = group
    sound = [change for change in changes if _is_sound(change, reading, frame)]
    try:
        made = (
            _series(master, sound, frame)
            if master.is_recurring and not master.is_override
            else [_entry(master, master.component, frame)]
        )
    except Exception as error:  # noqa: BLE001 - see _parsed
        refusals = (_refused(vevent.part, error, "Its dates could not be worked out") for vevent in (master, *sound))
        reading.fates += refusals
        return
    reading.entries += made
    for vevent in (master, *sound):
        outcome = "mended" if vevent.reasons else "kept"
        name = _text(vevent.component, "SUMMARY") or UNTITLED
        mine = made if vevent is master else []
        days = in_days(mine[0].fields) if mine else ""
        reading.fates.append(_fate(vevent.part.line, outcome, name, vevent.reasons, len(mine), days))


def _is_sound(change: _Vevent, reading: Reading, frame: _Frame) -> bool:
    """Whether a changed occurrence can be taken in; else it alone is refused, and the series keeps what was planned."""
    try:
        _moment(change.component, "RECURRENCE-ID")
        _entry(change, change.component, frame)
    except Exception as error:  # noqa: BLE001 - see _parsed
        reading.fates.append(_refused(change.part, error, "Its dates could not be worked out"))
        return False
    return True


def _series(master: _Vevent, changes: Sequence[_Vevent], frame: _Frame) -> list[SourceEntry]:
    """One entry for each occurrence; its key is the day on which it was first planned, so that a move keeps it."""
    calendar = icalendar.Calendar()
    for vevent in (master, *changes):
        calendar.add_component(vevent.component)
    occurrences = recurring_ical_events.of(calendar).between(frame.first, frame.last + timedelta(days=1))
    occurrences.sort(key=lambda item: _moment(item, "DTSTART").isoformat())
    if len(occurrences) > MAX_OCCURRENCES:
        master.reasons.append(
            f"It repeats more than {MAX_OCCURRENCES:,} times; the first {MAX_OCCURRENCES:,} were taken."
        )
    if not occurrences:
        master.reasons.append(f"It does not happen between {frame.first} and {frame.last}.")
    place = place_of(_moment(master.component, "DTSTART"), frame.zone)
    return [
        _entry(master, item, frame, planned=day_of(_moment(item, _planned(item)), place))
        for item in occurrences[:MAX_OCCURRENCES]
    ]


def _planned(item: Component) -> str:
    return "RECURRENCE-ID" if "RECURRENCE-ID" in item else "DTSTART"


def _entry(vevent: _Vevent, component: Component, frame: _Frame, *, planned: date | None = None) -> SourceEntry:
    """The entry of one event or occurrence. `planned`: the day of the series that it is."""
    start, end, reasons = _moment(component, "DTSTART"), _end(component), vevent.reasons
    days = when(start, end, frame.zone, reasons)
    description = cut(_text(component, "DESCRIPTION"), most=MAX_DESCRIPTION, what="description", reasons=reasons)
    said = {
        "name": cut(_text(component, "SUMMARY"), most=MAX_NAME, what="name", reasons=reasons) or UNTITLED,
        **days,
        "description": description or None,
        "status": STATUSES.get(_text(component, "STATUS").upper()),
        "type": type_of([*_categories(component), _text(component, "SUMMARY")[:MAX_NAME]]),
        "owner": _organizer(component),
    }
    fields, wrong = checked({name: value for name, value in said.items() if value is not None})
    if wrong:
        raise BadEventError(f"{wrong[0].upper()}{wrong[1:]}.")
    if planned is None and vevent.is_override:
        planned = day_of(_moment(component, "RECURRENCE-ID"), place_of(start, frame.zone))
    key = short_key(vevent.uid) + (f"@{planned.isoformat()}" if planned else "")
    return SourceEntry(key=key, fields=fields, url=_text(component, "URL")[:MAX_URL] or None)


def _end(component: Component) -> date | None:
    """DTEND, or DTSTART and DURATION."""
    if "DTEND" in component:
        return _moment(component, "DTEND")
    if "DURATION" in component:
        value = component["DURATION"]
        length: timedelta = (value[0] if isinstance(value, list) else value).dt
        return _moment(component, "DTSTART") + length
    return None


def _text(component: Component, name: str) -> str:
    """A text value, trimmed; the first where it comes twice, nothing where it is broken."""
    value = component.get(name)
    value = value[0] if isinstance(value, list) and value else value
    return "" if value is None else str(value).strip()


def _categories(component: Component) -> list[str]:
    value = component.get("CATEGORIES")
    found = value if isinstance(value, list) else [] if value is None else [value]
    return [str(name)[:MAX_NAME] for item in found for name in getattr(item, "cats", [item])]


def _organizer(component: Component) -> str | None:
    """The organiser's name, else address; Outlook and Apple write invalid:nomail where there is none."""
    value = component.get("ORGANIZER")
    if value is None or isinstance(value, list):
        return None
    address = re.sub(r"^(mailto|invalid):", "", str(value), flags=re.IGNORECASE)
    name = str(getattr(value, "params", {}).get("CN") or ("" if address == "nomail" else address))
    return name[:MAX_NAME].strip() or None
