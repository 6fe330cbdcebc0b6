"""Which connector asks which platform. Adding one: a file like tiktok_ads.py, and its line here."""

from __future__ import annotations

from kalends.marketing.connectors import (
    amazon_ads,
    apple_search_ads,
    google_ads,
    hubspot,
    klaviyo,
    microsoft_ads,
    pinterest_ads,
    salesforce,
    tiktok_ads,
)
from kalends.marketing.connectors.declared import Connector

CONNECTORS: dict[str, Connector] = {
    platform.CONNECTOR.data_source: platform.CONNECTOR
    for platform in (
        amazon_ads,
        apple_search_ads,
        google_ads,
        hubspot,
        klaviyo,
        microsoft_ads,
        pinterest_ads,
        salesforce,
        tiktok_ads,
    )
}
