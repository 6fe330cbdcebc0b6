"""Time comes in from outside: nothing below the edge asks what time it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Answers the present instant, timezone-aware, in UTC."""


def system_clock() -> datetime:
    """The machine's clock. Only edges (a request, a job, a command) may call it."""
    return datetime.now(UTC)
