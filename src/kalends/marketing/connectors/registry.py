"""Which connector asks which platform. Adding one: a file like tiktok_ads.py, and its line here."""

from __future__ import annotations

from kalends.marketing.connectors import facebook_ads, google_ads, linkedin_ads, snapchat_ads, tiktok_ads, twitter_ads
from kalends.marketing.connectors.declared import Connector

CONNECTORS: dict[str, Connector] = {
    platform.CONNECTOR.data_source: platform.CONNECTOR
    for platform in (
        facebook_ads,
        google_ads,
        linkedin_ads,
        snapchat_ads,
        tiktok_ads,
        twitter_ads,
    )
}
