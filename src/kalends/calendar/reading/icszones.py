"""The time zones of .ics files: IANA's names, Windows' names, and zones that a file defines for itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

import icalendar
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from kalends.calendar.reading.icsparts import Part, name_of

TZID: Final = re.compile(r';TZID=(?:"([^"]*)"|((?:[^:;]|:(?!\d{8}))*))', re.IGNORECASE)
"""Outlook writes names with a colon in them, such as (UTC+01:00) Berlin, sometimes without the quotes."""
DATED: Final = frozenset({"DTSTART", "DTEND", "RECURRENCE-ID", "EXDATE", "RDATE"})
"""Lines whose parameters may name a time zone."""
UTC_NAMES: Final = frozenset({"UTC", "UCT", "GMT", "Zulu", "Universal", "Etc/UTC", "Etc/UCT", "Etc/GMT", "Etc/Zulu"})
PROBES: Final = tuple(datetime(year, month, 15, 12) for year in (2025, 2026) for month in range(1, 13))  # noqa: DTZ001 - wall times
"""A zone is told by its offsets in the middle of each month: summer time begins and ends in different ones."""
MAX_RULES: Final = 20
"""Of one zone definition; the longest in use have a dozen."""
WILD: Final = re.compile(r"FREQ=(?!YEARLY)|BYHOUR|BYMINUTE|BYSECOND|BYYEARDAY|INTERVAL", re.IGNORECASE)
"""What no time zone's rule says, and what would take long to work out."""
LONG_AGO: Final = re.compile(r"^(DTSTART[^:]*:)(0\d|1[0-6])(\d\d)(?=\d{4}T)", re.IGNORECASE)


@cache
def _zones() -> dict[str, str]:
    """Names in lower case -> IANA names."""
    windows = {name.casefold(): zone for name, zone in WINDOWS_TO_OLSON.items()}
    return windows | {name.casefold(): name for name in available_timezones()}


@lru_cache(maxsize=1_000)
def known_zone(name: str) -> str | None:
    """The IANA name behind a zone's name as calendars write it: IANA's own, Windows', or a path that ends in one."""
    parts = name.strip().strip('"').casefold().split("/")
    tails = ("/".join(parts[start:]) for start in range(len(parts)))
    found = next((zone for tail in tails if (zone := _zones().get(tail))), None)
    return "UTC" if found in UTC_NAMES else found


def zones_of(parts: Sequence[Part], *, preferred: str) -> dict[str, str | None]:
    """The IANA zone behind each name that the file's own time zones define; None where no zone keeps those hours.

    `preferred`: taken among zones that keep the same hours.
    """
    found: dict[str, str | None] = {}
    for part in parts:
        name = part.value("TZID")
        if name and name not in found:
            found[name] = known_zone(name) or _zone_by_hours(part, (preferred, "UTC"))
    return found


def _zone_by_hours(part: Part, preferred: Sequence[str]) -> str | None:
    rules = [line for line in part.lines if name_of(line) == "RRULE"]
    if len(rules) > MAX_RULES or any(WILD.search(rule) for rule in rules):
        return None
    lines = [LONG_AGO.sub(_same_days_later, line) for line in part.lines]
    try:
        component: Any = icalendar.Timezone.from_ical(Part(part.kind, part.line, lines).text())
        own = component.to_tz(lookup_tzid=False)
        hours = tuple(probe.replace(tzinfo=own).utcoffset() for probe in PROBES)
    except Exception:  # noqa: BLE001 - the library's errors have no common root; a zone that cannot be read is unknown
        return None
    zones = (*preferred, *dict.fromkeys(WINDOWS_TO_OLSON.values()))
    return next((zone for zone in zones if _hours(zone) == hours), None)


def _same_days_later(match: re.Match[str]) -> str:
    """The year, moved by whole cycles of 400 years, after which the same dates fall on the same weekdays."""
    return f"{match[1]}{17 + (int(match[2]) - 1) % 4}{match[3]}"


@cache
def _hours(zone: str) -> tuple[Any, ...]:
    return tuple(probe.replace(tzinfo=ZoneInfo(zone)).utcoffset() for probe in PROBES)


def with_known_zones(part: Part, zones: Mapping[str, str | None]) -> tuple[Part, list[str]]:
    """The part with IANA names for its time zones, and the names that are unknown: those times are left floating."""
    unknown: dict[str, None] = {}

    def named(match: re.Match[str]) -> str:
        name = (match[1] or match[2] or "").strip().replace("\\,", ",")
        zone = zones.get(name) or known_zone(name)
        if zone is None:
            unknown[name] = None
        return f";TZID={zone}" if zone else ""

    lines = [TZID.sub(named, line, count=1) if name_of(line) in DATED else line for line in part.lines]
    return Part(part.kind, part.line, lines, part.is_damaged), list(unknown)
