"""Who stands in for whom."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from kalends.base.clock import system_clock
from kalends.demo.standin.adobe_analytics import AdobeAnalytics
from kalends.demo.standin.amazon_ads import AmazonAds
from kalends.demo.standin.amplitude import Amplitude
from kalends.demo.standin.apple_search_ads import AppleSearchAds
from kalends.demo.standin.facebook_ads import FacebookAds
from kalends.demo.standin.google_ads import GoogleAds
from kalends.demo.standin.google_analytics import GoogleAnalytics
from kalends.demo.standin.hubspot import Hubspot
from kalends.demo.standin.klaviyo import Klaviyo
from kalends.demo.standin.linkedin_ads import LinkedinAds
from kalends.demo.standin.microsoft_ads import MicrosoftAds
from kalends.demo.standin.mixpanel import Mixpanel
from kalends.demo.standin.pinterest_ads import PinterestAds
from kalends.demo.standin.salesforce import Salesforce
from kalends.demo.standin.server import serving
from kalends.demo.standin.snapchat_ads import SnapchatAds
from kalends.demo.standin.speaking import Standin
from kalends.demo.standin.tiktok_ads import TiktokAds
from kalends.demo.standin.twitter_ads import TwitterAds

STANDINS: dict[str, type[Standin]] = {
    one.data_source: one
    for one in (
        AdobeAnalytics,
        AmazonAds,
        Amplitude,
        AppleSearchAds,
        FacebookAds,
        GoogleAds,
        GoogleAnalytics,
        Hubspot,
        Klaviyo,
        LinkedinAds,
        MicrosoftAds,
        Mixpanel,
        PinterestAds,
        Salesforce,
        SnapchatAds,
        TiktokAds,
        TwitterAds,
    )
}


@contextmanager
def serving_all() -> Iterator[str]:
    """Every stand-in at one address, which is given: for a demo."""
    with serving([kind(kind.known_truth(), clock=system_clock) for kind in STANDINS.values()]) as address:
        yield address
