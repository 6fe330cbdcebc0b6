"""What the home page is given: values ready to be read, so that the template only lays them out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from kalends.base.pages import Choice, KeyFigure

Tone = Literal["plain", "good", "bad", "attention", "accent"]


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """One channel. `share` of revenue, 0 to 1; `colour` 1-8 is the channel's colour on every page."""

    name: str
    spend: str
    share: float
    roas: str
    colour: int
    href: str = ""


@dataclass(frozen=True, slots=True)
class ComingUp:
    """One event ahead. `note`: its expected effect with its interval, or why there is none."""

    day: date
    name: str
    note: str
    impact: str
    tone: Tone = "plain"
    href: str = ""


@dataclass(frozen=True, slots=True)
class SourceState:
    """How fresh and how good one data source is. `quality` 0 to 1; None while nothing has been scored."""

    name: str
    state: Literal["good", "attention", "bad"]
    loaded: str
    through: str
    quality: float | None
    note: str = ""
    note_href: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class FirstStep:
    """One step of a new company's way in; `is_done` once it has been taken."""

    title: str
    words: str
    action: str
    href: str
    is_done: bool = False


@dataclass(frozen=True, slots=True)
class HomeView:
    """The whole page (`web/home.html`, as `view`).

    `trend`: a spec from `kalends.base.charts.trend`, None while there is nothing to draw; `trend_words` is its text
    alternative in one sentence. `notes`: what a reader must know of the figures. `is_counted`: sales in the figures are
    counted, and so other than those that the channels claim. `first_steps` is shown instead of
    everything else while there is no data.
    """

    title: str
    sub: str
    periods: Sequence[Choice]
    figures: Sequence[KeyFigure]
    trend_title: str
    trend_note: str
    trend_words: str
    trend: dict[str, Any] | None
    grains: Sequence[Choice]
    channels: Sequence[ChannelRow]
    coming: Sequence[ComingUp]
    sources: Sequence[SourceState]
    is_counted: bool = False
    notes: Sequence[str] = ()
    first_steps: Sequence[FirstStep] = ()
