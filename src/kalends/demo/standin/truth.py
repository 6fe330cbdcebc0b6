"""What a stand-in platform knows: campaigns of some accounts, day by day, the same for the same seed.

Figures are whole micros and whole counts, so that what comes out at the other end can be compared exactly. A report of
a finer level or of a breakdown has the same figures in parts, and one of whole accounts has their sums.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property, lru_cache

MICRO = Decimal(1_000_000)
IN_EACH = 2
"""Ad groups in a campaign, ads in an ad group."""
IN_GROUP = 4
"""Campaigns in a group of campaigns."""
BELOW = {"ad_group": 1, "ad": 2, "keyword": 1}
"""Level -> how many steps it lies below a campaign; a keyword lies in an ad group beside its ads."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign of an account. `born` and `ends`: it delivers nothing outside of these days."""

    account_id: str
    id: str
    name: str
    born: date
    ends: date


@dataclass(frozen=True, slots=True)
class Thing:
    """An ad group or an ad."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Keyword(Thing):
    """A keyword; its name is its text."""

    match: str


@dataclass(frozen=True, slots=True)
class Day:
    """What a campaign, a part of one, or several together delivered on a day.

    `below`: the part's ad group, and its ad or keyword; `cut`: its values of the breakdowns, in the order of their
    names.
    """

    campaign: Campaign
    day: date
    spend_micros: int
    impressions: int
    clicks: int
    conversions: int
    revenue_micros: int
    below: tuple[Thing, ...] = ()
    cut: tuple[str, ...] = ()

    @property
    def spend(self) -> Decimal:
        """In currency units."""
        return self.spend_micros / MICRO

    @property
    def revenue(self) -> Decimal:
        """In currency units."""
        return self.revenue_micros / MICRO

    @property
    def thing(self) -> Campaign | Thing:
        """What it is a day of."""
        return self.below[-1] if self.below else self.campaign

    def parts(self, count: int) -> list[Day]:
        """It in parts that add up to it, each larger than the next; money is a part's clicks and conversions times
        their price.
        """
        steps = [place * (2 * count + 1 - place) for place in range(count + 1)]
        cost, worth = self.spend_micros // max(self.clicks, 1), self.revenue_micros // max(self.conversions, 1)

        def between(whole: int, place: int) -> int:
            return whole * steps[place + 1] // steps[-1] - whole * steps[place] // steps[-1]

        return [
            replace(
                self,
                impressions=between(self.impressions, place),
                clicks=(clicks := between(self.clicks, place)),
                conversions=(conversions := between(self.conversions, place)),
                spend_micros=clicks * cost,
                revenue_micros=conversions * worth,
            )
            for place in range(count)
        ]

    def within(self, percent: int) -> Day:
        """It with the conversions that came within an attribution window: so many of a hundred."""
        conversions = self.conversions * percent // 100
        worth = self.revenue_micros // max(self.conversions, 1)
        return replace(self, conversions=conversions, revenue_micros=conversions * worth) if percent < 100 else self

    def by_things(self, things: Sequence[Thing]) -> list[Day]:
        """It in a part for each of what is in it."""
        parts = zip(self.parts(len(things)), things, strict=True)
        return [replace(part, below=(*self.below, thing)) for part, thing in parts]

    def by_values(self, values: Sequence[str]) -> list[Day]:
        """It in a part for each value of a breakdown."""
        parts = zip(self.parts(len(values)), values, strict=True)
        return [replace(part, cut=(*self.cut, value)) for part, value in parts]

    def with_figures_of(self, other: Day) -> Day:
        """Both together, as a day of this one's."""
        return replace(
            self,
            impressions=self.impressions + other.impressions,
            clicks=self.clicks + other.clicks,
            conversions=self.conversions + other.conversions,
            spend_micros=self.spend_micros + other.spend_micros,
            revenue_micros=self.revenue_micros + other.revenue_micros,
        )


def together(days: Iterable[Day], of: Callable[[Campaign], Campaign]) -> list[Day]:
    """The sums of campaigns: `of` says what each belongs to."""
    found: dict[object, Day] = {}
    for one in days:
        whole = of(one.campaign)
        key = whole, one.day, one.cut
        found[key] = found[key].with_figures_of(one) if key in found else replace(one, campaign=whole)
    return list(found.values())


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

    def group_of(self, campaign: Campaign) -> Campaign:
        """The group of campaigns that it is in."""
        own = self.campaigns_of(campaign.account_id)
        place = self.all_campaigns.index(own[own.index(campaign) // IN_GROUP * IN_GROUP])
        name = f"Group {place}, ä & ö"
        return Campaign(campaign.account_id, self.id_of("campaign_group", place), name, self.first, self.last)

    def account_of(self, campaign: Campaign) -> Campaign:
        """Its whole account, which is no campaign and has no campaign's id."""
        return Campaign(campaign.account_id, "", "", self.first, self.last)

    @cached_property
    def below(self) -> dict[str, tuple[Thing, ...]]:
        """A campaign's id -> its ad groups; an ad group's -> its ads."""
        groups = {one.id: self._things("ad_group", place) for place, one in enumerate(self.all_campaigns)}
        every = [group for some in groups.values() for group in some]
        return groups | {one.id: self._things("ad", place) for place, one in enumerate(every)}

    def _things(self, kind: str, number: int) -> tuple[Thing, ...]:
        places = range(number * IN_EACH, (number + 1) * IN_EACH)
        name = "Ad group" if kind == "ad_group" else "Ad"
        return tuple(Thing(self.id_of(kind, place), f"{name} “{place}”, ä & ö") for place in places)

    @cached_property
    def keywords(self) -> dict[str, tuple[Keyword, ...]]:
        """An ad group's id -> its keywords."""
        groups = [group for campaign in self.all_campaigns for group in self.below[campaign.id]]
        return {group.id: self._keywords(place) for place, group in enumerate(groups)}

    def _keywords(self, number: int) -> tuple[Keyword, ...]:
        places = range(number * IN_EACH, (number + 1) * IN_EACH)
        texts = (f'{"red" if place % 2 else "blue"} "shoes" {place}, ä & ö' for place in places)
        matches = ("EXACT" if place % 2 else "BROAD" for place in places)
        ids = (self.id_of("keyword", place) for place in places)
        return tuple(Keyword(*told) for told in zip(ids, texts, matches, strict=True))

    @lru_cache(maxsize=4)  # noqa: B019 (a few truths live as long as the process; each page asks for the span again)
    def days(
        self,
        account_id: str,
        first: date,
        last: date,
        level: str = "campaign",
        cuts: tuple[tuple[str, ...], ...] = (),
    ) -> tuple[Day, ...]:
        """What an account delivered, day by day; a campaign without delivery has no row.

        `level`: whether by 'ad', 'keyword', 'ad_group', 'campaign', 'campaign_group' or 'account'; `cuts`: the values
        of each breakdown.
        """
        span = (first + timedelta(days=place) for place in range((last - first).days + 1))
        own = self.campaigns_of(account_id)
        found = [self.day_of(one, day) for day in span for one in own if one.born <= day <= one.ends]
        for _ in range(BELOW.get(level, 0)):
            found = [part for day in found for part in day.by_things(self.below[day.thing.id])]
        if level == "keyword":
            found = [part for day in found for part in day.by_things(self.keywords[day.thing.id])]
        for values in cuts:
            found = [part for day in found for part in day.by_values(values)]
        whole = {"campaign_group": self.group_of, "account": self.account_of}.get(level)
        return tuple(together(found, whole) if whole else found)

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
