"""Every number the sample company is made of, with its reason beside it.

Nordlicht GmbH sells outdoor and home lights in Germany and Austria (EUR) and, since its second year, in a UK shop of
its own (GBP). Amounts are in the account's currency; rates are fractions; shares sum to 1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypeAlias

Season: TypeAlias = Literal["shop", "indoor", "outdoor"]


@dataclass(frozen=True, slots=True)
class AdGroup:
    """An ad group (Google) or ad set (Meta) and the names of its ads."""

    name: str
    ads: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Campaign:
    """What one campaign costs and brings on a normal day of the company's first year.

    `budget` per day and `cpm` are in the account's currency; `ctr` = clicks per impression, `cvr` = conversions per
    click, `basket` = revenue per conversion. A campaign that was renamed says what it was called before.
    """

    id: str
    name: str
    kind: str
    season: Season
    budget: float
    cpm: float
    ctr: float
    cvr: float
    basket: float
    groups: tuple[AdGroup, ...]
    former_name: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """One advertising account: its market decides whose demand its clicks meet."""

    data_source: Literal["google_ads", "facebook_ads"]
    id: str
    name: str
    market: str
    currency: str
    zone: str
    starts_after_days: int
    campaigns: tuple[Campaign, ...]


@dataclass(frozen=True, slots=True)
class Property:
    """A property of Google Analytics: it watches the shops that sell in its `currency`, to which ads in it lead.

    `has_mail`: newsletters lead there, too.
    """

    id: str
    market: str
    currency: str
    zone: str
    has_mail: bool


@dataclass(frozen=True, slots=True)
class Shop:
    """One country's shop: `revenue` per normal day of its first year, `growth` per year, in `currency`.

    `tax` is inside of what buyers pay: 0.19 of the price without it.
    """

    market: str
    currency: str
    revenue: float
    basket: float
    growth: float
    starts_after_days: int
    tax: float
    zone: str


# The UK shop opened a little over a year in: the late start that every real history has.
UK_START = 400

GOOGLE_DACH = Account(
    data_source="google_ads", id="4418207365", name="Nordlicht DACH", market="DE", currency="EUR",
    zone="Europe/Berlin", starts_after_days=0,
    campaigns=(
        # People who ask for the brand buy: a tenth clicks and one in twenty of those orders.
        Campaign("17350021841", "DE | Search | Brand", "SEARCH", "shop", 220, 41, 0.115, 0.055, 96,
                 (AdGroup("Brand exact", ("Nordlicht official", "Nordlicht offers")),)),
        Campaign("17350021842", "DE | Search | Indoor lights", "SEARCH", "indoor", 620, 30, 0.036, 0.027, 99,
                 (AdGroup("Pendant lamps", ("Pendants RSA 1", "Pendants RSA 2")),
                  AdGroup("Floor lamps", ("Floor lamps RSA",)))),
        Campaign("17350021843", "DE | Search | Outdoor lights", "SEARCH", "outdoor", 480, 27, 0.034, 0.028, 93,
                 (AdGroup("Wall lights", ("Wall lights RSA",)),
                  AdGroup("Solar lights", ("Solar RSA 1", "Solar RSA 2")))),
        Campaign("17350021844", "DE | Shopping | All products", "SHOPPING", "shop", 820, 5.6, 0.0115, 0.020, 91,
                 (AdGroup("All products", ("Products A-M", "Products N-Z")),), "DE | Shopping | Sortiment"),
        # Video is bought for reach: its own ROAS is below 1, and that is what the platform says of it.
        Campaign("17350021845", "DE | Video | Light at home", "VIDEO", "shop", 160, 7.5, 0.006, 0.008, 95,
                 (AdGroup("In-stream", ("Spot 20s",)),)),
    ),
)  # fmt: skip

GOOGLE_UK = Account(
    data_source="google_ads", id="9027714458", name="Nordlicht UK", market="UK", currency="GBP",
    zone="Europe/London", starts_after_days=UK_START,
    campaigns=(
        Campaign("21940030511", "UK | Search | Brand", "SEARCH", "shop", 45, 44, 0.105, 0.052, 84,
                 (AdGroup("Brand exact", ("Nordlicht UK",)),)),
        Campaign("21940030512", "UK | Search | Lighting", "SEARCH", "shop", 210, 31, 0.035, 0.026, 86,
                 (AdGroup("Garden lights", ("Garden RSA",)), AdGroup("Ceiling lights", ("Ceiling RSA",)))),
        Campaign("21940030513", "UK | Shopping | All products", "SHOPPING", "shop", 240, 5.9, 0.0115, 0.019, 82,
                 (AdGroup("All products", ("Products UK",)),)),
    ),
)  # fmt: skip

META_DACH = Account(
    data_source="facebook_ads", id="318840275519406", name="Nordlicht DACH", market="DE", currency="EUR",
    zone="Europe/Berlin", starts_after_days=0,
    campaigns=(
        Campaign("23851190442860113", "DACH | Prospecting | Advantage+", "OUTCOME_SALES", "shop", 700, 8.5, 0.0135,
                 0.020, 92, (AdGroup("Broad", ("Reel terrace", "Carousel rooms", "Static offer")),
                             AdGroup("Lookalike buyers", ("Reel makers", "Carousel new", "Static review")))),
        Campaign("23851190442860114", "DACH | Retargeting | 30 days", "OUTCOME_SALES", "shop", 360, 12, 0.019,
                 0.036, 94, (AdGroup("Cart leavers", ("Reminder", "Free shipping")),
                             AdGroup("Viewers", ("Viewed again", "Best sellers")))),
        Campaign("23851190442860115", "DACH | Catalogue | Outdoor", "OUTCOME_SALES", "outdoor", 420, 9.5, 0.016,
                 0.026, 90, (AdGroup("Garden set", ("Catalogue garden", "Catalogue solar")),
                             AdGroup("Balcony set", ("Catalogue balcony", "Catalogue string lights")))),
    ),
)  # fmt: skip

META_UK = Account(
    data_source="facebook_ads", id="702551938846127", name="Nordlicht UK", market="UK", currency="GBP",
    zone="Europe/London", starts_after_days=UK_START,
    campaigns=(
        Campaign("23858830115790221", "UK | Prospecting", "OUTCOME_SALES", "shop", 170, 8.9, 0.013, 0.019, 83,
                 (AdGroup("Broad", ("Reel garden", "Carousel hallway")),)),
        Campaign("23858830115790222", "UK | Retargeting", "OUTCOME_SALES", "shop", 90, 12.5, 0.018, 0.035, 85,
                 (AdGroup("Visitors", ("Reminder UK", "Delivery UK")),)),
    ),
)  # fmt: skip

# Year's shape by the middle of each month. Lights sell when it is dark (October to December) and, outdoors, when the
# terrace season opens (April to June); the summer dips. Each row averages about 1.
SEASONS: MappingProxyType[Season, tuple[float, ...]] = MappingProxyType({
    "shop": (1.00, 0.94, 0.96, 1.03, 1.02, 0.90, 0.79, 0.82, 0.98, 1.10, 1.20, 1.28),
    "indoor": (1.12, 1.02, 0.94, 0.90, 0.84, 0.78, 0.74, 0.82, 1.02, 1.20, 1.28, 1.32),
    "outdoor": (0.62, 0.70, 0.98, 1.32, 1.45, 1.28, 1.00, 0.90, 0.88, 0.92, 0.98, 0.97),
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Parameters:
    """The whole recipe. Change one and every file, event effect and test follows."""

    accounts: tuple[Account, ...] = (GOOGLE_DACH, GOOGLE_UK, META_DACH, META_UK)
    shops: tuple[Shop, ...] = (
        # About 5 million a year: a specialist that lives of its ads. Together the platforms claim a third more sales
        # than there are, as they do wherever people see several ads before they buy.
        Shop("DE", "EUR", 10_600, 97, 0.12, 0, 0.19, "Europe/Berlin"),
        # Austria has a tenth of Germany's people and a better share.
        Shop("AT", "EUR", 1_900, 99, 0.15, 0, 0.20, "Europe/Vienna"),
        # A young shop grows fast.
        Shop("UK", "GBP", 1_700, 86, 0.25, UK_START, 0.20, "Europe/London"),
    )
    properties: tuple[Property, ...] = (
        Property("318204417", "DE", "EUR", "Europe/Berlin", has_mail=True),
        Property("402955126", "UK", "GBP", "Europe/London", has_mail=False),
    )
    # Online shops sell most on Sunday and Monday, least on Saturday. Monday first.
    weekday: tuple[float, ...] = (1.09, 1.04, 1.00, 0.97, 0.92, 0.89, 1.09)
    # Budgets follow demand, but planners only halfway.
    budget_follows_demand: float = 0.5
    budget_growth: float = 0.11  # a little slower than the German shop: it lives ever more of its regulars
    # Media prices rise 3 % a year and with everybody's Christmas budgets.
    price_growth: float = 0.03
    christmas_price: float = 0.30
    # Demand persists from day to day (weather, news): AR(1); half of it is shared by all markets.
    noise_persistence: float = 0.55
    noise_size: float = 0.06
    noise_shared: float = 0.5
    # A visitor is readier to buy when demand is high: conversion rate ~ demand ** this.
    readiness: float = 0.55
    # The company joined a year ago: older history came as one backfill, since then there is a pull a month.
    pulls_since_months: int = 12
    # Conversions are attributed late: a day after, two thirds are known; the rest arrives with a time constant of
    # six days; after 28 days (Meta's and most of Google's lag) nothing changes any more.
    known_after_a_day: float = 0.66
    lag_days: float = 6.0
    settled_after_days: int = 28
    # Three days without the conversion tag on the German shop: clicks and spend go on, conversions are lost.
    outage_days_before_end: int = 85
    outage_days: int = 3
    # Six days in which an unpaid bill stopped the UK account on Meta: no rows at all, which is not zero.
    pause_days_before_end: int = 75
    pause_days: int = 6
    # The shopping campaign was renamed: older pulls say what it was called then.
    renamed_months_before_end: int = 5
    # The e-mail tool was bought eight months in.
    klaviyo_after_days: int = 240
    klaviyo_settled_days: int = 5  # Klaviyo's default attribution window for e-mail
    subscribers: tuple[int, int] = (36_000, 68_000)  # first and last day
    # Pulls, counted back from the last, whose files carry rows that no mapping may accept.
    faulty_pulls: tuple[int, ...] = (2, 7)
    devices: tuple[str, ...] = ("MOBILE", "DESKTOP", "TABLET")
    device_traffic: tuple[float, ...] = (0.66, 0.28, 0.06)
    device_orders: tuple[float, ...] = (0.52, 0.42, 0.06)  # people look on the phone and buy at the desk
    # Of the sales that a platform claims, those whose last click was on its ad or message. Most of what Meta claims was
    # only seen there, or came back by a search.
    last_clicks: MappingProxyType[str, float] = field(
        default_factory=lambda: MappingProxyType({"google_ads": 0.62, "facebook_ads": 0.38, "klaviyo": 0.50})
    )
    # However well ads go, some buyers type the address or ask a search engine: at least every eighth.
    own_visits_least: float = 0.12
    # What the analytics tag sees: who refuses it or blocks it buys all the same.
    seen_by_analytics: float = 0.92
    analytics_settled_days: int = 3  # Google works on a day's visits for up to two, and one more is safe
    arriving: float = 0.88  # of a hundred clicks on an ad, sessions that the tag counts: the others leave before
    own_visits_orders: float = 0.028  # orders per session of who comes by himself
    users_per_session: float = 0.82
    refunded: float = 0.07  # of orders; lamps are returned less than clothes
    refunded_after_days: tuple[int, int] = (4, 30)
    seasons: MappingProxyType[Season, tuple[float, ...]] = field(default_factory=lambda: SEASONS)
