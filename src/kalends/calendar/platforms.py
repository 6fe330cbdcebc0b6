"""Platforms that a company may have data of: a higher room offers them without being known here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from kalends.base.work import Work


@dataclass(frozen=True, slots=True)
class Platform:
    """A platform: its code, what people call it, and whether data of it is there. `href` leads to where it is added."""

    code: str
    label: str
    is_loaded: bool
    href: str


Platforms = Callable[[Work], Sequence[Platform]]

OFFERED: Final[list[Platforms]] = []


def offer_platforms(platforms: Platforms) -> Platforms:
    """Let `platforms` say what a company may have data of. The first offer is the one that is asked."""
    OFFERED.append(platforms)
    return platforms


def platforms_of(work: Work) -> Sequence[Platform]:
    """The platforms there are; none where nobody offers any."""
    return OFFERED[0](work) if OFFERED else ()
