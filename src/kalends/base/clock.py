"""Time comes in from outside: nothing below the edge asks what time it is."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache

Clock = Callable[[], datetime]
"""Answers the present instant, timezone-aware, in UTC."""


def system_clock() -> datetime:
    """The machine's clock. Only edges (a request, a job, a command) may call it."""
    return datetime.now(UTC)


@cache
def zone_names() -> frozenset[str]:
    """The names of all IANA time zones. Read once: they lie in six hundred files."""
    return frozenset(zoneinfo.available_timezones())
