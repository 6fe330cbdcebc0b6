"""Amazon Ads: rows of the reporting API v3 (sponsored products, brands, display), its lists, and Fivetran's tables.

Traps: a report row has no account (it is the profile that the request named) and its ids are numbers, where the lists
give them as texts. The same sale comes under four attribution windows, so the windows are never added up: 14 days
count, for they are the one window that all three kinds of sponsored ads have (brands and display deliver no other and
call it `purchases` and `sales`), else 30, 7, 1; every window is kept by type. `clickThroughRate`, `acos...` are
percentages and are derived anew, like all ratios. Money is in units of the profile's currency. A row is a day
(`date`) or, in a summary, a period (`startDate`, `endDate`), in the profile's time zone
(advertising.amazon.com/API/docs/en-us/guides/reporting/v3).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kalends.marketing.mapping.fields import BOOKKEEPING, Entity, Field, Mapping, Trailing, TypedColumn

_WINDOWS = (14, 30, 7, 1)
_LISTS = {"campaigns": "campaignId", "adGroups": "adGroupId", "productAds": "adId", "ads": "adId"}
_PAGING = {"totalResults", "totalCount", "nextToken"}


def unwrap(document: Any) -> Iterable[tuple[str, Any]] | None:
    """The lists of campaigns, ad groups and ads, in an answer as it came or as an API client saved it."""
    if not isinstance(document, dict):
        return None
    if "postman_path" in document and "response_body" in document:
        body = document["response_body"]
        return [("", row) for row in body] if isinstance(body, list) else unwrap(body) or [("", body)]
    for name, key in _LISTS.items():
        rows = document.get(name)
        if isinstance(rows, list) and document.keys() <= {name} | _PAGING and document.keys() & _PAGING:
            return [("", row) for row in rows] if all(isinstance(row, dict) and key in row for row in rows) else None
    return None


def _windowed(name: str) -> tuple[str, ...]:
    """'sales14d' of the API and 'sales_14_d' of Fivetran, the window that counts first."""
    return tuple(column for days in _WINDOWS for column in (f"{name}{days}d", f"{name}_{days}_d"))


MAPPING = Mapping(
    data_source="amazon_ads",
    version=1,
    trailing=Trailing(30, "longest attribution window delivered"),
    fields=(
        Field("account_id", ("profile_id",), "id"),
        Field("campaign_id", ("campaign_id",), "id"),
        Field("campaign_name", ("campaign_name",)),
        Field("ad_group_id", ("ad_group_id",), "id"),
        Field("ad_group_name", ("ad_group_name",)),
        Field("ad_id", ("ad_id",), "id"),
        Field("date_from", ("date", "start_date"), "date"),
        Field("date_to", ("end_date",), "date"),
        Field("currency", ("campaign_budget_currency_code", "budget_currency_code", "currency"), "upper"),
        Field("spend", ("cost",), "money"),
        Field("impressions", ("impressions",), "count"),
        Field("clicks", ("clicks",), "count"),
        Field("conversions", ("purchases14d", "purchases_14_d", "purchases", "orders14d", "orders_14_d"), "number"),
        Field("conversions", _windowed("purchases")[2:], "number"),
        Field("revenue", ("sales14d", "sales_14_d", "sales", *_windowed("sales")[2:]), "money"),
    ),
    # Bought products and searched words repeat the money of the ads under another cut.
    levels=(
        ("purchased_product", ("purchased_asin",)),
        ("search_term", ("search_term",)),
        ("keyword", ("keyword_id", "targeting", "targeting_id", "target_id")),
        ("ad", ("ad_id",)),
        ("ad_group", ("ad_group_id",)),
        ("campaign", ("campaign_id",)),
        ("account", ()),
    ),
    breakdowns={
        "keyword": "keyword_text", "keyword_text": "keyword_text", "keyword_id": "keyword",
        "search_term": "search_term", "targeting": "targeting",
        "targeting_id": "target", "target_id": "target", "matched_target_asin": "matched_target",
        "match_type": "match_type", "placement_classification": "placement", "advertised_asin": "advertised_asin",
        "advertised_sku": "advertised_sku", "promoted_asin": "advertised_asin", "promoted_sku": "advertised_sku",
        "purchased_asin": "purchased_asin", "asin_brand_halo": "purchased_asin", "segment_name": "segment",
        "invalid_click_type": "invalid_click_type", "hour": "hour",
    },
    ignored=(
        *BOOKKEEPING, "click_through_rate", "cost_per_*", "acos*", "roas*", "*_click_through_rate", "*_rate",
        "purchase_click_rate*",
    ),
    entities=(
        Entity("account", ("profile_id",), ("account_info.name",), ("currency_code", "timezone")),
        Entity("account", ("id",), ("account_name",), ("account_marketplace_string_id",)),
        Entity("ad", ("ad_id", "id"), ("asin", "sku"), ("ad_group_id", "campaign_id", "state")),
        Entity("ad_group", ("ad_group_id",), ("name",), ("campaign_id", "state")),
        Entity("ad_group", ("id",), ("name",), ("campaign_id", "serving_status")),
        Entity("campaign", ("campaign_id",), ("name",), ("start_date", "state")),
        Entity("campaign", ("id",), ("name",), ("portfolio_id", "start_date", "state")),
    ),
    typed=(
        TypedColumn("purchases", ("purchases",), ("sales",)),
        TypedColumn("purchases_clicks", ("purchases_clicks",), ("sales_clicks",)),
        *(
            TypedColumn(
                f"purchases_{days}d",
                (f"purchases{days}d", f"purchases_{days}_d", f"orders{days}d", f"orders_{days}_d"),
                (f"sales{days}d", f"sales_{days}_d"),
            )
            for days in _WINDOWS
        ),
    ),
    constants={"channel": "shopping"},
    unwrap=unwrap,
)  # fmt: skip
