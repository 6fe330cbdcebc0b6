"""An .ics file cut into its parts, so that one broken event costs that event only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

import icalendar
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

TZID: Final = re.compile(r';TZID=(?:"([^"]*)"|([^:;]*))', re.IGNORECASE)
DATED: Final = ("DTSTART", "DTEND", "RECURRENCE-ID", "EXDATE", "RDATE")
"""Lines whose parameters may name a time zone."""
MAX_LINE: Final = 1 << 20
"""Characters of one unfolded line: no event says that much; what is beyond is cut."""
# A zone is told by its offsets in both halves of the year, before and after the rules of 2007 (United States).
PROBES: Final = tuple(datetime(year, month, 1, 12) for year in (2005, 2015, 2025) for month in (1, 4, 7, 11))  # noqa: DTZ001 - wall times


@dataclass(slots=True)
class Part:
    """One component's lines, unfolded; `line` is where it begins in the file."""

    line: int
    lines: list[str] = field(default_factory=list)
    is_cut: bool = False

    def text(self) -> str:
        """It as icalendar reads it."""
        return "\r\n".join(self.lines) + "\r\n"


@dataclass(slots=True)
class Outline:
    """The file: its header, its time zones and its events."""

    header: dict[str, str] = field(default_factory=dict)
    zones: list[Part] = field(default_factory=list)
    events: list[Part] = field(default_factory=list)
    is_calendar: bool = False


def unfolded(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Content lines with the number of the line they begin on (RFC 5545, 3.1: a continuation begins with a blank)."""
    number, held, begins = 0, "", 1
    for line in lines:
        number += 1
        clean = line.rstrip("\r\n").replace("\x00", "")
        if clean[:1] in {" ", "\t"} and held:
            held = (held + clean[1:])[:MAX_LINE]
            continue
        if held:
            yield begins, held
        held, begins = clean[:MAX_LINE], number
    if held:
        yield begins, held


def outline(lines: Iterable[str]) -> Outline:
    """The parts of the file. A part that does not end before the next one begins, or before the file ends, is cut."""
    found, part, depth = Outline(), None, 0
    for number, line in unfolded(lines):
        mark = line.strip().upper()
        if mark in {"BEGIN:VEVENT", "BEGIN:VTIMEZONE"}:
            if part is not None:
                _close(part, cut=True)
            part, depth = Part(number, ["BEGIN:" + mark[6:]]), 0
            (found.events if mark.endswith("VEVENT") else found.zones).append(part)
        elif part is None:
            found.is_calendar |= mark == "BEGIN:VCALENDAR"
            _note_header(found, line)
        elif depth == 0 and mark in {"END:VEVENT", "END:VTIMEZONE", "END:VCALENDAR"}:
            _close(part, cut=mark == "END:VCALENDAR")
            part = None
        else:
            depth += mark.startswith("BEGIN:") - (mark.startswith("END:") and depth > 0)
            part.lines.append(line)
    if part is not None:
        _close(part, cut=True)
    return found


def _close(part: Part, *, cut: bool) -> None:
    part.is_cut = cut
    begun = [line[6:] for line in part.lines[1:] if line.upper().startswith("BEGIN:")]
    ended = [line[4:] for line in part.lines[1:] if line.upper().startswith("END:")]
    part.lines += [f"END:{name}" for name in reversed(begun[len(ended) :])]
    part.lines.append("END:" + part.lines[0][6:])


def _note_header(found: Outline, line: str) -> None:
    name, _, value = line.partition(":")
    found.header.setdefault(name.partition(";")[0].strip().upper(), value.strip())


@lru_cache(maxsize=1_000)
def known_zone(name: str) -> str | None:
    """The IANA name behind a zone's name as calendars write it: IANA's own, Windows', or a path that ends in one."""
    parts = name.strip().strip('"').split("/")
    tries = ["/".join(parts[start:]) for start in range(len(parts))]
    for text in (*tries, WINDOWS_TO_OLSON.get(name.strip(), "")):
        try:
            return ZoneInfo(text).key if text else None
        except (ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError; a bad path is a ValueError
            continue
        except KeyError:
            continue
    return None


def zones_of(found: Outline, *, preferred: tuple[str, ...]) -> dict[str, str | None]:
    """The IANA zone behind each name that the file's own time zones define; None where no zone keeps those hours.

    `preferred`: tried first among zones that keep the same hours.
    """
    return {name: zone for part in found.zones for name, zone in [_zone_of(part, preferred)] if name}


def _zone_of(part: Part, preferred: tuple[str, ...]) -> tuple[str, str | None]:
    name = next((line[5:].strip() for line in part.lines if line.upper().startswith("TZID:")), "")
    if (known := known_zone(name)) is not None:
        return name, known
    try:
        component: Any = icalendar.Timezone.from_ical(part.text())
        own = component.to_tz(lookup_tzid=False)
        hours = [probe.replace(tzinfo=own).utcoffset() for probe in PROBES]
    except Exception:  # noqa: BLE001 - the library's errors have no common root; a zone that cannot be read is unknown
        return name, None
    for zone in (*preferred, *dict.fromkeys(WINDOWS_TO_OLSON.values())):
        if hours == [probe.replace(tzinfo=ZoneInfo(zone)).utcoffset() for probe in PROBES]:
            return name, zone
    return name, None


def with_known_zones(part: Part, zones: dict[str, str | None]) -> tuple[Part, list[str]]:
    """The part with IANA names for its time zones, and the names that are unknown: those times are left floating."""
    unknown: list[str] = []

    def named(match: re.Match[str]) -> str:
        name = (match[1] or match[2] or "").strip()
        zone = zones.get(name) or known_zone(name)
        if zone is None:
            unknown.append(name)
        return f";TZID={zone}" if zone else ""

    lines = [TZID.sub(named, line, count=1) if line.upper().startswith(DATED) else line for line in part.lines]
    return Part(part.line, lines, part.is_cut), list(dict.fromkeys(unknown))
