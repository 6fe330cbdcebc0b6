"""Which mapping reads which platform's rows. Adding a platform: one file like klaviyo.py, and its line here."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from kalends.base.reading.documents import Unwrap, no_envelope, unwrapped
from kalends.marketing.mapping import (
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
from kalends.marketing.mapping.asked import asked
from kalends.marketing.mapping.fields import Mapping
from kalends.marketing.mapping.orders import SOURCE as ORDERS
from kalends.marketing.reading import Dialect

MAPPINGS: dict[str, Mapping] = {
    platform.MAPPING.data_source: platform.MAPPING
    for platform in (
        google_ads,
        facebook_ads,
        klaviyo,
        mixpanel,
        amplitude,
        amazon_ads,
        microsoft_ads,
        linkedin_ads,
        tiktok_ads,
        twitter_ads,
        apple_search_ads,
        pinterest_ads,
        snapchat_ads,
        google_analytics,
        adobe_analytics,
        hubspot,
        salesforce,
    )
}
ALIASES = {"meta_business": "facebook_ads", "meta": "facebook_ads", "google": "google_ads"}


def mapping_of(data_source: str, file_name: str) -> Mapping | None:
    """The source's own mapping for a file of this name; None for a source that is no platform."""
    known = MAPPINGS.get(canonical_source(data_source))
    return known and known.of_file(file_name)


def unwrap_of(data_source: str) -> Unwrap:
    """What takes the source's own envelope off its documents, also of those that lie beside their question.

    A shop's orders are in no platform's envelope, and there are too many of them to ask each platform about each.
    """
    if data_source == ORDERS:
        return no_envelope
    known = MAPPINGS.get(canonical_source(data_source))
    return partial(_unwrap_asked, known.unwrap if known else unwrap_any)


def dialect_of(data_source: str, file_name: str = "") -> Dialect:
    """How the source writes its JSON."""
    known = mapping_of(data_source, file_name)
    return Dialect(known.lists() if known else frozenset(), unwrap_of(data_source), known.envelope if known else None)


def _unwrap_asked(unwrap: Unwrap, document: Any) -> Iterable[tuple[str, Any]] | None:
    found = unwrap(document)
    if found is not None:
        return found
    _, response = asked(document)
    return None if response is document else unwrapped(response, unwrap)


def unwrap_any(document: Any) -> Iterable[tuple[str, Any]] | None:
    """The envelope of whichever platform the document is of: for who does not know yet."""
    found = (mapping.unwrap(document) for mapping in MAPPINGS.values())
    return next((rows for rows in found if rows is not None), None)


def canonical_source(data_source: str) -> str:
    """The one name of a data source: 'meta_business' is 'facebook_ads'."""
    return ALIASES.get(data_source, data_source)
