"""Google Analytics: runReport answers of GA4, batchGet answers of Universal Analytics, and Airbyte's flat rows of both.

All values are strings that belong to their headers by position; `rows` is absent where there are none; an integer may
be printed with a fraction ('344.234'), which is rounded. The date is YYYYMMDD in the property's zone, money is in the
currency that `metadata` names (developers.google.com, Analytics Data API v1, RunReportResponse).
An answer does not name its property: that is in the request, so keep both (`asked`), or else two properties' answers
cannot be told apart. `keyEvents:purchase` is the key events of that name alone. Users of the last 7, 14, 28 or 30 days
are no number of one day and are not read as such.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from kalends.base.reading.documents import snake
from kalends.marketing.mapping.asked import asked
from kalends.marketing.mapping.fields import BOOKKEEPING, Field, Mapping, Trailing, TypedColumn

_SOURCES = (
    "source", "medium", "source_medium", "source_platform", "campaign_id", "campaign_name", "campaign",
    "default_channel_group", "default_channel_grouping", "primary_channel_group", "manual_ad_content", "manual_term",
    "google_ads_ad_network_type", "google_ads_ad_group_id", "google_ads_ad_group_name", "google_ads_campaign_id",
    "google_ads_campaign_name", "google_ads_creative_id", "google_ads_keyword", "google_ads_query",
    "google_ads_customer_id",
)  # fmt: skip
_PLAIN = (
    "event_name", "is_conversion_event", "is_key_event", "hour", "date_hour", "date_hour_minute", "day_of_week",
    "week", "year_week", "month", "year_month", "year", "date_range", "country", "country_id", "region", "city",
    "city_id", "continent", "sub_continent", "metro", "language", "language_code", "browser", "device_category",
    "device_model", "mobile_device_branding", "mobile_device_model", "operating_system", "operating_system_version",
    "operating_system_with_version", "screen_resolution", "app_version", "platform", "platform_device_category",
    "stream_id", "stream_name", "host_name", "page_path", "page_path_plus_query_string", "page_title",
    "page_location", "page_referrer", "landing_page", "landing_page_plus_query_string", "unified_screen_class",
    "unified_screen_name", "unified_page_screen", "content_group", "item_name", "item_id", "item_brand",
    "item_category", "item_category2", "item_category3", "item_category4", "item_category5", "item_variant",
    "item_list_name", "item_promotion_name", "transaction_id", "order_coupon", "new_vs_returning", "audience_id",
    "audience_name", "user_age_bracket", "user_gender", "brand_interest",
    "link_url", "search_term", "signed_in_with_user_id",
)  # fmt: skip
_UNIVERSAL = (
    "source", "medium", "social_network", "source_medium", "campaign", "ad_content", "keyword", "channel_grouping",
    "continent", "sub_continent", "country", "region", "metro", "city", "device_category", "operating_system",
    "browser", "hostname", "page_path", "landing_page_path", "hour", "user_type", "event_category", "event_action",
    "event_label", "transaction_id", "product_sku", "product_name",
)  # fmt: skip
_NAMES = (*_SOURCES, *_PLAIN, *(f"{scope}_{name}" for scope in ("session", "first_user") for name in _SOURCES))
_DIMENSIONS = frozenset(_NAMES)
_DOUBTS = ("dataLossFromOtherRow", "subjectToThresholding")
"""What a report says of itself where it does not have everything: it is said of each row."""


def unwrap(document: Any) -> Iterable[tuple[str, Any]] | None:
    """The rows of a runReport, batchRunReports or batchGet answer."""
    request, answer = asked(document)
    if not isinstance(answer, dict):
        return None
    reports = answer.get("reports")
    several = reports if isinstance(reports, list) and reports else [answer]
    if all(_is_ga4(report) for report in several):
        return (("", row) for report in several for row in _ga4_rows(report, request))
    if all(_is_universal(report) for report in several):
        return (("", row) for report in several for row in _universal_rows(report, request))
    return None


def _is_ga4(report: Any) -> bool:
    return isinstance(report, dict) and all(
        isinstance(headers := report.get(name, []), list) and all(isinstance(h, dict) and "name" in h for h in headers)
        for name in ("dimensionHeaders", "metricHeaders")
    ) and bool(report.get("metricHeaders"))  # fmt: skip


def _is_universal(report: Any) -> bool:
    header = report.get("columnHeader") if isinstance(report, dict) else None
    return isinstance(header, dict) and "metricHeader" in header and isinstance(report.get("data"), dict)


def _ga4_rows(report: dict[str, Any], request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    dimensions = [str(header["name"]) for header in report.get("dimensionHeaders", [])]
    metrics = [str(header["name"]) for header in report["metricHeaders"]]
    told = report.get("metadata") or {}
    shared = _property(request) | {"currencyCode": told.get("currencyCode"), "timeZone": told.get("timeZone")}
    shared |= {name: told[name] for name in _DOUBTS if told.get(name)}
    if "date" not in dimensions:
        shared |= _only_range(request)
    own = [name for name in dimensions if name != "date" and snake(name) not in _DIMENSIONS]
    for row in report.get("rows") or []:
        yield (
            shared
            | _apart(dict(zip(dimensions, _values(row.get("dimensionValues")), strict=False)), own)
            | dict(zip(metrics, _values(row.get("metricValues")), strict=False))
        )


def _values(cells: list[dict[str, Any]] | None) -> list[Any]:
    return [cell.get("value") for cell in cells or []]


def _apart(named: dict[str, Any], own: Iterable[str]) -> dict[str, Any]:
    """Dimensions by the names that flat rows have too; those that are a property's own are dimensions all the same."""
    apart = {name: named.pop(name) for name in own if name in named}
    return {**named, "dimensions": apart} if apart else named


def _property(request: dict[str, Any]) -> dict[str, Any]:
    told = request.get("property") or request.get("propertyId") or request.get("property_id")
    return {"property_id": str(told).removeprefix("properties/")} if told else {}


def _only_range(request: dict[str, Any]) -> dict[str, Any]:
    """The days asked for, where they are one range: of several, each row's `dateRange` says which."""
    ranges = request.get("dateRanges")
    if not isinstance(ranges, list) or len(ranges) != 1 or not isinstance(ranges[0], dict):
        return {}
    return {name: ranges[0].get(name) for name in ("startDate", "endDate")}


def _universal_rows(report: dict[str, Any], request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A sampled or not yet golden report says so in every row: it is an estimate."""
    header, data = report["columnHeader"], report["data"]
    dimensions = [_universal_name(name) for name in header.get("dimensions") or []]
    metrics = [_universal_name(entry["name"]) for entry in header["metricHeader"].get("metricHeaderEntries") or []]
    states = ("isDataGolden", "samplesReadCounts", "samplingSpaceSizes")
    shared = {name: data[name] for name in states if name in data}
    view = request.get("viewId")
    if view:
        shared["view_id"] = str(view)
    own = [name for name in dimensions if name != "ga_date" and snake(name).removeprefix("ga_") not in _UNIVERSAL]
    for row in data.get("rows") or []:
        named = _apart(dict(zip(dimensions, row.get("dimensions") or [], strict=False)), own)
        for place, answer in enumerate(row.get("metrics") or []):
            span = {"date_range": f"{place}"} if place else {}  # the second and later ranges that were asked for
            yield shared | span | named | dict(zip(metrics, answer.get("values") or [], strict=False))


def _universal_name(name: str) -> str:
    """'ga:newUsers' as flat rows call it: 'ga_newUsers'."""
    return "ga_" + name.removeprefix("ga:").strip()


MAPPING = Mapping(
    data_source="google_analytics",
    version=2,
    trailing=Trailing(90, "key events may be attributed for 90 days"),
    fields=(
        Field("account_id", ("property_id", "view_id"), "id"),
        Field("campaign_id", ("session_campaign_id", "campaign_id"), "given"),
        Field("campaign_name", ("session_campaign_name", "campaign_name", "ga_campaign")),
        # Links that were tagged by hand, and visits that no link brought, have no id: only the name tells them apart.
        Field("campaign_id", ("session_campaign_name", "campaign_name")),
        Field("date_from", ("date", "ga_date", "start_date"), "date"),
        # A row of one day may carry the range that was asked for as well.
        Field("date_to", ("date", "ga_date", "end_date"), "date"),
        Field("date_zone", ("time_zone",)),
        Field("country", ("country", "ga_country")),
        Field("region", ("region", "ga_region")),
        Field("device", ("device_category", "ga_device_category")),
        Field("currency", ("currency_code",), "upper"),
        Field("spend", ("advertiser_ad_cost", "ga_ad_cost"), "money"),
        Field("impressions", ("advertiser_ad_impressions", "ga_impressions"), "rounded"),
        Field("clicks", ("advertiser_ad_clicks", "ga_ad_clicks"), "rounded"),
        Field("conversions", ("key_events", "conversions", "ga_goal_completions_all"), "number"),
        Field("revenue", ("total_revenue", "purchase_revenue", "item_revenue"), "money"),
        Field("revenue", ("ga_transaction_revenue",), "money"),
        Field("sessions", ("sessions", "ga_sessions"), "rounded"),
        Field("users", ("total_users", "active_users", "active1_day_users", "ga_users", "ga_1day_users"), "rounded"),
    ),
    levels=(("campaign", ("session_campaign_id", "campaign_id")), ("account", ())),
    breakdowns={name: name for name in _NAMES} | {f"ga_{name}": name for name in _UNIVERSAL},
    breakdown_prefixes=("dimensions.",),
    ignored=(
        *BOOKKEEPING, "*_rate", "*_per_session", "*_per_user", "*_per_user:*", "*_per_session:*", "average_*",
        "ga_avg_*", "cost_per_*",
    ),
    # Not daily_active_users, events_report, traffic_sources and website_overview: their rows have the dimensions of
    # another stream and other metrics, so there the stream is part of the key.
    streams=frozenset(
        {
            "devices", "locations", "conversions_report", "content_group_report", "pages_path_report", "pivot_report",
            "pages_title_and_screen_class_report", "pages_title_and_screen_name_report", "weekly_events_report",
            *(f"user_acquisition_first_user_{cut}_report" for cut in (
                "medium", "source", "source_medium", "source_platform", "campaign", "google_ads_ad_network_type",
                "google_ads_ad_group_name")),
            *(f"traffic_acquisition_session_{cut}_report" for cut in (
                "source_medium", "medium", "source", "campaign", "default_channel_grouping", "source_platform")),
            *(f"ecommerce_purchases_item_{cut}" for cut in (
                "name_report", "id_report", "category_report", "category_report_combined", "category_2_report",
                "category_3_report", "category_4_report", "category_5_report", "brand_report")),
            *(f"demographic_{cut}_report" for cut in ("country", "region", "city", "language", "age", "gender")),
            *(f"tech_{cut}_report" for cut in (
                "browser", "device_category", "device_model", "screen_resolution", "app_version", "platform",
                "platform_device_category", "operating_system", "os_with_version")),
        }
    ),
    typed=(
        TypedColumn("key_events", ("key_events", "conversions")),
        TypedColumn("ecommerce_purchases", ("ecommerce_purchases",), ("purchase_revenue",)),
        TypedColumn("transactions", ("ga_transactions",), ("ga_transaction_revenue",)),
        TypedColumn("goal_completions", ("ga_goal_completions_all",)),
    ),
    typed_like=("key_events:*",),
    constants={"channel": "web"},
    needs_id=False,
    aside=(frozenset({"user_pseudo_id"}),),  # the export to BigQuery: one row an event
    unwrap=unwrap,
)  # fmt: skip
