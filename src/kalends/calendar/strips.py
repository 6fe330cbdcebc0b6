"""The faint strip under a past day: higher rooms offer what stands there (spend, revenue) without being known here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from kalends.base.work import Work


@dataclass(frozen=True, slots=True)
class DayStrip:
    """`share`: 0 to 1 of the busiest day shown; `words`: the figure, ready to be read ("€62 k revenue")."""

    share: float
    words: str


Strip = Callable[[Work, date, date], Mapping[date, DayStrip]]
"""Gives the strips of the days from the first to the last, both included; days without data are left out."""

STRIPS: Final[list[Strip]] = []


def offer_day_strip(strip: Strip) -> Strip:
    """Let `strip` draw under the calendar's days. The first offer is the one that is shown."""
    STRIPS.append(strip)
    return strip


def strips_between(work: Work, *, first: date, last: date) -> Mapping[date, DayStrip]:
    """The strips of those days; none where nobody offers any."""
    return STRIPS[0](work, first, last) if STRIPS else {}
