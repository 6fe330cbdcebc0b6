"""The time zones of .ics files: IANA's names, Windows' names, and zones that a file defines for itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

import icalendar
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from kalends.base.clock import zone_names
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
WILD: Final = re.compile(
    r"FREQ=(?!YEARLY)|BYHOUR|BYMINUTE|BYSECOND|BYYEARDAY|BYWEEKNO|BYSETPOS|INTERVAL"
    r"|BYDAY=(?:[^;]*,|[+-]?(?:[6-9]|\d\d))|BYMONTHDAY=-?(?:29|3\d)",
    re.IGNORECASE,
)
"""What no time zone's rule says, and what would take long to work out: what is never so is sought to the year 9999."""
OBSERVANCE: Final = re.compile(r"^BEGIN:(STANDARD|DAYLIGHT)$.*?^END:\1$", re.IGNORECASE | re.MULTILINE | re.DOTALL)
ONSET: Final = re.compile(r"^(DTSTART[^:]*:)(\d{4})", re.IGNORECASE | re.MULTILINE)
BEFORE_PROBES, BEFORE_ALL = 2023, 1850
"""From when on rules are followed: those that still hold, and those that ended. No zone kept summer time before."""


@cache
def _zones() -> dict[str, str]:
    """Names in lower case -> IANA names."""
    windows = {name.casefold(): zone for name, zone in WINDOWS_TO_OLSON.items()}
    return windows | {name.casefold(): name for name in zone_names()}


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
    lines = OBSERVANCE.sub(_begun_later, "\n".join(part.lines)).split("\n")
    try:
        component: Any = icalendar.Timezone.from_ical(Part(part.kind, part.line, lines).text())
        own = component.to_tz(lookup_tzid=False)
        hours = tuple(probe.replace(tzinfo=own).utcoffset() for probe in PROBES)
    except Exception:  # noqa: BLE001 - the library's errors have no common root; a zone that cannot be read is unknown
        return None
    zones = (*preferred, *dict.fromkeys(WINDOWS_TO_OLSON.values()))
    return next((zone for zone in zones if _hours(zone) == hours), None)


def _begun_later(match: re.Match[str]) -> str:
    """An observance without the years before it matters: Outlook's begin in 1601."""
    rule = match[0].upper()
    earliest = BEFORE_PROBES if "RRULE" in rule and "UNTIL" not in rule else BEFORE_ALL
    return ONSET.sub(lambda onset: f"{onset[1]}{max(int(onset[2]), earliest)}", match[0])


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
