"""What a stand-in platform knows: campaigns of some accounts, day by day, the same for the same seed.

Figures are whole micros and whole counts, so that what comes out at the other end can be compared exactly.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property, lru_cache

MICRO = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign of an account. `born` and `ends`: it delivers nothing outside of these days."""

    account_id: str
    id: str
    name: str
    born: date
    ends: date


@dataclass(frozen=True, slots=True)
class Day:
    """What a campaign delivered on a day."""

    campaign: Campaign
    day: date
    spend_micros: int
    impressions: int
    clicks: int
    conversions: int
    revenue_micros: int

    @property
    def spend(self) -> Decimal:
        """In currency units."""
        return self.spend_micros / MICRO

    @property
    def revenue(self) -> Decimal:
        """In currency units."""
        return self.revenue_micros / MICRO


def numeric_id(kind: str, place: int) -> str:
    """An id of 17 digits, beyond 2^53."""
    drawn = int.from_bytes(hashlib.sha256(f"{kind}{place}".encode()).digest()[:7])
    return str(10**16 + drawn % (8 * 10**16))


@dataclass(frozen=True)
class Truth:
    """All of it. `id_of(kind, place)` makes ids in the platform's own form."""

    seed: int = 1
    accounts: int = 1
    campaigns: int = 6
    first: date = date(2025, 1, 1)
    last: date = date(2027, 12, 31)
    currency: str = "EUR"
    zone: str = "Europe/Berlin"
    id_of: Callable[[str, int], str] = numeric_id

    @cached_property
    def account_ids(self) -> list[str]:
        """The accounts in order."""
        return [self.id_of("account", place) for place in range(self.accounts)]

    @cached_property
    def all_campaigns(self) -> list[Campaign]:
        """Every account's campaigns; some begin late, some end early."""
        found = []
        for owner, account_id in enumerate(self.account_ids):
            for place in range(self.campaigns):
                number = owner * self.campaigns + place
                draw = self._draw("life", number)
                span = (self.last - self.first).days
                born = self.first + timedelta(days=draw % (span // 2)) if draw % 4 == 0 else self.first
                ends = self.last - timedelta(days=draw % (span // 3)) if draw % 5 == 0 else self.last
                name = f"{('Spring', 'Brand', 'Always on', 'Retargeting', 'Launch')[number % 5]} “{number}”, ä & ö"
                found.append(Campaign(account_id, self.id_of("campaign", number), name, born, ends))
        return found

    def campaigns_of(self, account_id: str) -> list[Campaign]:
        """One account's campaigns."""
        return [campaign for campaign in self.all_campaigns if campaign.account_id == account_id]

    @lru_cache(maxsize=4)  # noqa: B019 (a few truths live as long as the process; each page asks for the span again)
    def days(self, account_id: str, first: date, last: date) -> tuple[Day, ...]:
        """What an account's campaigns delivered, day by day; a campaign without delivery has no row."""
        span = (first + timedelta(days=place) for place in range((last - first).days + 1))
        own = self.campaigns_of(account_id)
        return tuple(self.day_of(one, day) for day in span for one in own if one.born <= day <= one.ends)

    def day_of(self, campaign: Campaign, day: date) -> Day:
        """One campaign's day."""
        draw = self._draw(campaign.id, day.toordinal())
        impressions = 500 + draw % 9_500
        clicks = impressions * (1 + draw % 5) // 100
        conversions = clicks * (draw // 7 % 10) // 100
        return Day(
            campaign=campaign,
            day=day,
            spend_micros=clicks * (200_000 + draw % 900_000),
            impressions=impressions,
            clicks=clicks,
            conversions=conversions,
            # Whole cents: some platforms round to them.
            revenue_micros=conversions * (10_00 + draw % 90_00) * 10_000,
        )

    def _draw(self, *what: object) -> int:
        digest = hashlib.blake2b(repr((self.seed, *what)).encode(), digest_size=8).digest()
        return int.from_bytes(digest)
