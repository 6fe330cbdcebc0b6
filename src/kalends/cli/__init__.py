"""The command line: thin. Commands speak to the server through `kalends.client`; heavy imports wait until needed."""

from __future__ import annotations

import gc
import sys

from kalends.base.errors import KalendsError
from kalends.cli import (
    calendars,
    figures,
    message_source,
    messages,
    people,
    platforms,
    quality,
    schedules,
    serving,
    stewardship,
    trials,
)
from kalends.cli.base import app

__all__ = [
    "app",
    "calendars",
    "figures",
    "main",
    "message_source",
    "messages",
    "people",
    "platforms",
    "quality",
    "schedules",
    "serving",
    "stewardship",
    "trials",
]


def main() -> None:
    """The entry point: errors are one line on standard error and an exit code, never a stack trace."""
    # While the program is read into memory nothing is garbage, and to look for some takes a fifth of a start's time.
    # A command is over before it has made any; a server looks for it again once it has opened its house.
    gc.disable()
    try:
        app()
    except (KalendsError, OSError) as error:
        sys.stderr.write(f"kalends: {error.message if isinstance(error, KalendsError) else error}\n")
        sys.exit(1)
