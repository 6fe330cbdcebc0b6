"""What each source means by its numbers: who claims a share of the sales, who counts all of them, and how.

Before values are compared it must be clear that they are of one thing. An ad platform reports what it delivered (spend,
clicks), which is its own and adds up over platforms; and it *claims* sales by its own attribution, which several
platforms may do of one sale. A shop, a web analytics tool or a CRM *counts* every sale once, whoever caused it.
"""

from __future__ import annotations

import re
from typing import Final

from kalends.marketing.mapping import MAPPINGS, canonical_source
from kalends.marketing.records import ADDITIVE
from kalends.marketing.words import PLATFORM_NAMES

ORDERS: Final = "orders"
COUNTERS: Final = ("orders", "salesforce", "hubspot", "google_analytics", "adobe_analytics", "mixpanel", "amplitude")
"""Who counts every sale once, the most direct witness first."""
CLAIMANTS: Final = frozenset(PLATFORM_NAMES) - frozenset(COUNTERS)
"""Who claims sales for its own ads or messages."""
OVERLAPPING: Final = ("revenue", "conversions", "leads", "opportunities", "deals_won", "pipeline_value")
"""What several platforms may claim of one and the same sale; all else that they deliver is their own."""
METRICS: Final = ADDITIVE
MONEY: Final = frozenset({"spend", "revenue", "pipeline_value"})
ANCHORS: Final = {"revenue": ORDERS, "conversions": ORDERS}
"""Who sets the level where it speaks: the shop knows what it sold. Biases of others are distances to it."""
MATERIAL: Final = 0.02
"""A bias that is smaller is no news: two systems that count the same differ by a percent or two."""
WHOLE: Final = ("file", "google_analytics", "adobe_analytics", "mixpanel", "amplitude", "salesforce", "hubspot")
"""Who, without naming a platform, says nothing about all platforms' spend or clicks: only about what it was given."""

DEFINITIONS: Final = {
    "orders": "every order of the shop, once, on the day it was placed",
    "google_analytics": "key events and purchases seen on the site, on the day they happened; last click",
    "adobe_analytics": "events seen on the site, on the day they happened",
    "mixpanel": "events that the product sent, on the day they happened",
    "amplitude": "events that the product sent, on the day they happened",
    "salesforce": "deals that were won, on the day they were closed",
    "hubspot": "deals that were won, on the day they were closed",
    "google_ads": "sales within 30 days of a click on its ads, on the day of the click",
    "facebook_ads": "sales within 7 days of a click or 1 day of a view of its ads",
    "linkedin_ads": "sales within 30 days of a click or 7 days of a view of its ads",
    "twitter_ads": "sales within 30 days of a click or 1 day of a view of its ads",
    "tiktok_ads": "sales within 7 days of a click or 1 day of a view of its ads",
    "snapchat_ads": "sales within 28 days of a swipe or 1 day of a view of its ads",
    "pinterest_ads": "sales within 30 days of a click, an engagement or a view of its pins",
    "amazon_ads": "sales within 7 or 14 days of a click on its ads",
    "microsoft_ads": "sales within 30 days of a click on its ads",
    "apple_search_ads": "installs within 30 days of a tap on its ads",
    "klaviyo": "sales within 5 days of an opened or clicked message",
}
"""What a sale is to each source, with its platform's default settings; an account may have others."""
_NAMED: Final = {re.sub(r"[^a-z0-9]+", "_", name.lower()): code for code, name in PLATFORM_NAMES.items()}
_WORDS: Final = {"meta": "facebook_ads", "facebook": "facebook_ads", "instagram": "facebook_ads",
                 "google": "google_ads", "adwords": "google_ads", "linkedin": "linkedin_ads", "x": "twitter_ads",
                 "twitter": "twitter_ads", "tiktok": "tiktok_ads", "snapchat": "snapchat_ads",
                 "pinterest": "pinterest_ads", "amazon": "amazon_ads", "bing": "microsoft_ads",
                 "microsoft": "microsoft_ads", "apple": "apple_search_ads"}  # fmt: skip


def is_claim(source: str, metric: str) -> bool:
    """Whether the source claims a share of what the metric counts, rather than counting all of it."""
    return metric in OVERLAPPING and source in CLAIMANTS


def rank(source: str) -> int:
    """How direct a witness of sales it is; the smallest is the most direct."""
    return COUNTERS.index(source) if source in COUNTERS else len(COUNTERS)


def platform_named(text: str | None) -> str | None:
    """The platform that a text names: 'Meta Ads' is facebook_ads; None where it names none."""
    plain = re.sub(r"[^a-z0-9]+", "_", (text or "").lower()).strip("_")
    if canonical_source(plain) in MAPPINGS:
        return canonical_source(plain)
    return _NAMED.get(plain) or _WORDS.get(plain)


def is_biased(reach: tuple[float, float] | None) -> bool:
    """Whether a bias is sure (its 95 % interval leaves out zero) and large enough to matter."""
    return reach is not None and (reach[0] > MATERIAL or reach[1] < -MATERIAL)
