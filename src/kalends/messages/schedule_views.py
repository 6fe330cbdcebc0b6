"""What is shown of schedules: plain values for pages, the HTTP API and the command line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class MessageView:
    """One message of a schedule."""

    id: UUID
    """Of the assignment."""
    send_at: datetime
    """UTC."""
    local: datetime
    """The same instant on the page's clock, with its offset."""
    message_type: str
    """PPV | Bump"""
    is_follow_up: bool
    follows_id: UUID | None
    caption_id: UUID
    caption_no: int
    caption_text: str
    price_tier: str
    category: str
    has_urgency: bool
    is_shared: bool
    price: Decimal | None
    performance_score: float
    propensity: float
    why: dict[str, Any]
    """`sentences`: why this caption and this time, in words; the numbers behind them beside it."""
    is_edited: bool
    sent_message_id: str | None


@dataclass(frozen=True, slots=True)
class UnplacedView:
    """A message that has no place in the week."""

    message_type: str
    reason: str
    nearest: datetime | None
    """On the page's clock: where it could go if the reason did not hold."""


@dataclass(frozen=True, slots=True)
class RelaxedView:
    """A rule that did not hold, because captions or hours did not suffice."""

    rule: str
    """variety | shared captions | price mix | urgency | fewer messages | spread"""
    words: str


@dataclass(frozen=True, slots=True)
class ScheduleView:
    """A page's week."""

    id: UUID
    page_id: UUID
    page_name: str
    zone: str
    currency: str
    first_day: date
    days: int
    state: str
    tier: str
    strategy: str
    saturation_zone: str
    saturation_score: float
    is_saturation_known: bool
    seed: int
    seconds: float
    created_at: datetime
    created_by: UUID | None
    approved_at: datetime | None
    messages: tuple[MessageView, ...]
    """In order of time."""
    totals: dict[str, Any]
    """ppv, bumps, by_day, by_tier, by_category, urgent, gap_minutes, cooling_days."""
    unplaced: tuple[UnplacedView, ...]
    relaxed: tuple[RelaxedView, ...]
    analysis: dict[str, Any]
    """The eight sections, as `PageAnalysis.as_dict()`."""


@dataclass(frozen=True, slots=True)
class ListedPage:
    """A page in the list of pages, with what comes next."""

    page_id: UUID
    name: str
    zone: str
    is_active: bool
    tier: str | None
    saturation_zone: str | None
    """Of the last schedule."""
    schedule_id: UUID | None
    """The living schedule of the week that was asked for."""
    first_day: date | None
    state: str | None
    """draft | approved | exported; null: none yet."""
    total_messages: int | None
    health: str
    """ok | failing (its last build failed) | none (nothing built yet)"""
    problem: str | None
    """What the last failure said."""


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """Why a message may not stand somewhere."""

    words: str
    others: tuple[UUID, ...]
    """Assignments that have part in it."""


@dataclass(frozen=True, slots=True)
class MoveCheck:
    """What a move would break."""

    is_legal: bool
    broken: tuple[BrokenRule, ...]
    nearest: datetime | None
    """The legal time nearest to the one asked for, on the page's clock; null: none in this week."""


@dataclass(frozen=True, slots=True)
class LegalSpan:
    """[start, end) on the page's clock, in which every minute but those of a quarter of an hour is free."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class CandidateView:
    """A caption that could be in the place of another."""

    caption_id: UUID
    caption_no: int
    text: str
    price_tier: str
    category: str
    has_urgency: bool
    is_shared: bool
    performance_score: float
    note: str
    """Empty, or what would be relaxed: 'same category as the message before'."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A week beside the one before it."""

    schedule: ScheduleView
    before: ScheduleView | None
    """The page's schedule of the week before; null: there was none."""
    sent: SentReport | None
    """What became of the week before."""


@dataclass(frozen=True, slots=True)
class SentReport:
    """Sent against planned."""

    planned: int
    sent: int
    """Planned messages that were found in the history."""
    missed: int
    unplanned: int
    """Messages of the history in these days that no plan knows."""
    median_minutes: float | None
    """Between planned and sent, of those found."""
    earnings: Decimal | None
    purchases: int | None


@dataclass(frozen=True, slots=True)
class Pushed:
    """A schedule is on its way to a webhook."""

    task_id: UUID


@dataclass(frozen=True, slots=True)
class CsvExport:
    """A schedule as a file."""

    name: str
    content: bytes
