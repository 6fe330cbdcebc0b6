"""Which connector asks which platform. Adding one: a file like tiktok_ads.py, and its line here."""

from __future__ import annotations

from kalends.marketing.connectors import (
    adobe_analytics,
    amazon_ads,
    amplitude,
    apple_search_ads,
    facebook_ads,
    google_ads,
    google_analytics,
    hubspot,
    klaviyo,
    linkedin_ads,
    microsoft_ads,
    mixpanel,
    pinterest_ads,
    salesforce,
    snapchat_ads,
    tiktok_ads,
    twitter_ads,
)
from kalends.marketing.connectors.declared import Connector

CONNECTORS: dict[str, Connector] = {
    platform.CONNECTOR.data_source: platform.CONNECTOR
    for platform in (
        adobe_analytics,
        amazon_ads,
        amplitude,
        apple_search_ads,
        facebook_ads,
        google_ads,
        google_analytics,
        hubspot,
        klaviyo,
        linkedin_ads,
        microsoft_ads,
        mixpanel,
        pinterest_ads,
        salesforce,
        snapchat_ads,
        tiktok_ads,
        twitter_ads,
    )
}
