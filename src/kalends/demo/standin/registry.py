"""Who stands in for whom."""

from __future__ import annotations

from kalends.demo.standin.google_ads import GoogleAds
from kalends.demo.standin.hubspot import Hubspot
from kalends.demo.standin.klaviyo import Klaviyo
from kalends.demo.standin.salesforce import Salesforce
from kalends.demo.standin.speaking import Standin
from kalends.demo.standin.tiktok_ads import TiktokAds

STANDINS: dict[str, type[Standin]] = {
    one.data_source: one for one in (GoogleAds, Hubspot, Klaviyo, Salesforce, TiktokAds)
}
