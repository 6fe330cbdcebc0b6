"""The command line: thin. Commands speak to the server through `kalends.client`; heavy imports wait until needed."""

from __future__ import annotations

import sys

from kalends.base.errors import KalendsError
from kalends.cli import calendars, figures, messages, people, platforms, quality, serving, stewardship
from kalends.cli.base import app

__all__ = [
    "app",
    "calendars",
    "figures",
    "main",
    "messages",
    "people",
    "platforms",
    "quality",
    "serving",
    "stewardship",
]


def main() -> None:
    """The entry point: errors are one line on standard error and an exit code, never a stack trace."""
    try:
        app()
    except (KalendsError, OSError) as error:
        sys.stderr.write(f"kalends: {error.message if isinstance(error, KalendsError) else error}\n")
        sys.exit(1)
