"""What an analysis says: eight sections, each with the number of messages that it rests on and how sure it is.

Values, without methods that compute. An `Estimate` has a standard error `sd` and an interval that holds the truth with
a probability of 0.8; its `sample` is the number of messages. An estimate that cannot be made is null.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from kalends.messages.history import PriceTier
from kalends.messages.segments import Mix, Segment
from kalends.messages.volume import Tier, Volume, Zone


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number that was learned, and how far it may be trusted."""

    value: float
    sd: float
    low: float
    high: float
    sample: int


@dataclass(frozen=True, slots=True)
class Account:
    """1 · How large the page is, by the revenue of its last 30 days."""

    tier: Tier
    strategy: str
    last_tier: Tier | None
    revenue_usd: Decimal | None
    """Null: an exchange rate is missing, or nothing is known of any message's earnings."""
    sample: int
    """Messages of the last 30 days."""
    unknown_earnings: int
    """How many of them have no earnings reported: the revenue is then at least this."""
    missing_rates: tuple[str, ...]
    """Currencies without a rate."""
    recipients: int | None
    """Of the last paid message."""


@dataclass(frozen=True, slots=True)
class Saturation:
    """2 · How tired the audience is: the share of a rested audience's purchases that is lost."""

    score: float
    """0 to 1; the best guess, also where the data is thin."""
    sd: float
    low: float
    high: float
    zone: Zone
    """GREEN where the data does not suffice."""
    is_known: bool
    note: str
    """Empty, or 'insufficient data'."""
    tired_chance: float
    """The probability that more than the threshold of RED is lost."""
    sample: int
    purchases: int
    decline_purchases: float | None
    """Last 28 days against the page's own past at equal weekday, hour, price, category and season: -0.2 is a fifth
    less. Null: not known."""
    decline_views: float | None
    decline_earnings: float | None
    """Per recipient."""
    weekly_paid: float
    """Paid messages a week lately, weighted by how fresh they are."""
    bearable: float | None
    """At how many paid messages a week, kept up, 63 % of purchases would be lost: more would earn less."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """3 · How the audience buys, and the mix of price tiers that follows."""

    segment: Segment
    mix: Mix
    price_response: Estimate | None
    """Percent of purchases per percent of price."""
    buyers_per_view: Estimate | None
    chance: float
    """That the segment is the right one of the table."""
    sample: int


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of one weekday, Monday 0, in the page's zone; `index` 1 is the page's average hour."""

    weekday: int
    hour: int
    index: float
    sd: float
    low: float
    high: float
    sample: int
    """Paid messages sent in this very hour; the index also borrows from the hours around."""


@dataclass(frozen=True, slots=True)
class MomentIndex:
    """Days of a moment of the calendar; `index` 1 is any other day at equal hour, price and fatigue."""

    name: str
    index: float
    """Drawn to 1 where few messages were sent on such days."""
    sd: float
    low: float
    high: float
    sample: int
    """Paid messages sent on such days."""


@dataclass(frozen=True, slots=True)
class Timing:
    """4 · When messages sell: 168 hours, Monday 00:00 first, and the calendar's moments that were seen."""

    zone_name: str
    hours: tuple[Hour, ...]
    sample: int
    moments: tuple[MomentIndex, ...] = ()
    """By name; of the others nothing is known."""


@dataclass(frozen=True, slots=True)
class PriceClass:
    """Paid messages of one price tier; prices are [from, to), null: no bound."""

    tier: PriceTier
    price_from: float | None
    price_to: float | None
    purchase_rate: Estimate | None
    earnings_per_recipient: Estimate | None
    sample: int


@dataclass(frozen=True, slots=True)
class Prices:
    """5 · What the page's prices bring, in its own currency."""

    currency: str
    source: str
    """'own prices', 'settings', or 'no prices'."""
    classes: tuple[PriceClass, ...]
    sample: int


@dataclass(frozen=True, slots=True)
class Category:
    """6 · A category of content: `index` 1 is the page's average at equal hour, price and fatigue."""

    name: str
    index: Estimate
    purchase_rate: float | None
    earnings_per_recipient: float | None
    sample: int


@dataclass(frozen=True, slots=True)
class CaptionResult:
    """7 · What is believed of a caption on this page: purchases per recipient at the page's usual conditions."""

    caption_no: int
    purchase_rate: Estimate
    earnings_per_recipient: Estimate | None
    performance: float
    """0 to 1: the percentile of the expected earnings (or purchases) among the page's captions."""
    last_sent_at: datetime
    sample: int


@dataclass(frozen=True, slots=True)
class BumpResult:
    """7 · What is believed of a free caption on this page: views per recipient."""

    caption_no: int
    view_rate: Estimate
    performance: float
    """0 to 1: the percentile of the expected view rate among the page's bumps."""
    last_sent_at: datetime


@dataclass(frozen=True, slots=True)
class Recent:
    """8 · What was sent lately: the last 28 days, and the seven before `as_of`."""

    ppv_per_week: float
    bumps_per_week: float
    ppv_last_week: int
    bumps_last_week: int
    median_gap_hours: float | None
    """Between paid messages."""
    least_gap_hours: float | None
    by_weekday: tuple[int, ...]
    """Paid messages by weekday, Monday first."""
    by_hour: tuple[int, ...]
    same_times: float | None
    """Share of days with paid messages whose hours were those of the day before: a pattern that followers notice."""
    last_sent_at: datetime | None
    sample: int


@dataclass(frozen=True, slots=True)
class PageAnalysis:
    """The eight sections of one page at one instant, and the volume that follows from the first two."""

    page_id: str
    as_of: datetime
    account: Account
    saturation: Saturation
    behaviour: Behaviour
    timing: Timing
    prices: Prices
    categories: tuple[Category, ...]
    captions: tuple[CaptionResult, ...]
    recent: Recent
    volume: Volume
    messages: int
    """In the history before `as_of`."""
    bumps: tuple[BumpResult, ...] = ()
    """Of section 7."""

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON: instants in ISO, money as text."""
        plain: dict[str, Any] = json.loads(self.as_json())
        return plain

    def as_json(self) -> str:
        """JSON, the same bytes for the same analysis."""
        return json.dumps(asdict(self), default=_plain, separators=(",", ":"), sort_keys=True, allow_nan=False)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
