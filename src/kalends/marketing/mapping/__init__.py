"""Which mapping reads which platform's rows. Adding a platform: one file like klaviyo.py, and its line here."""

from kalends.marketing.mapping import facebook_ads, google_ads, klaviyo
from kalends.marketing.mapping.fields import Mapping

MAPPINGS: dict[str, Mapping] = {
    mapping.data_source: mapping for mapping in (google_ads.MAPPING, facebook_ads.MAPPING, klaviyo.MAPPING)
}
ALIASES = {"meta_business": "facebook_ads", "meta": "facebook_ads", "google": "google_ads"}


def canonical_source(data_source: str) -> str:
    """The one name of a data source: 'meta_business' is 'facebook_ads'."""
    return ALIASES.get(data_source, data_source)
