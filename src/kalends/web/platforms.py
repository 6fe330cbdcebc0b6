"""The platforms that a company may have numbers in, and which of them have come in already."""

from __future__ import annotations

from typing import Final

from kalends.base.work import Work
from kalends.calendar.service import Platform
from kalends.marketing import service as marketing

LABELS: Final = {
    "google_ads": "Google Ads",
    "facebook_ads": "Meta Ads (Facebook, Instagram)",
    "linkedin_ads": "LinkedIn Ads",
    "twitter_ads": "X Ads",
    "tiktok_ads": "TikTok Ads",
    "snapchat_ads": "Snapchat Ads",
    "pinterest_ads": "Pinterest Ads",
    "amazon_ads": "Amazon Ads",
    "microsoft_ads": "Microsoft Advertising",
    "apple_search_ads": "Apple Search Ads",
    "google_analytics": "Google Analytics",
    "adobe_analytics": "Adobe Analytics",
    "mixpanel": "Mixpanel",
    "amplitude": "Amplitude",
    "salesforce": "Salesforce",
    "hubspot": "HubSpot",
    "klaviyo": "Klaviyo",
}


def platforms(work: Work) -> list[Platform]:
    """Every platform, in the order in which people know them."""
    loaded = {source.name for source in marketing.list_sources(work)}
    return [
        Platform(code=code, label=label, is_loaded=code in loaded, href="/data/upload")
        for code, label in LABELS.items()
    ]
