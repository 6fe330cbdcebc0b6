"""Google Ads: search and searchStream answers, flat dotted rows (Airbyte), and Fivetran's tables.

Cost is in micros, conversion values are not; int64 come as strings; a date repeats for every segment asked for, so
every segment is part of the key (developers.google.com/google-ads/api/docs/reporting/segmentation). What an account
counts as conversions is chosen there, action by action; beside it reports have all conversions, those by the day on
which they happened, and those after a mere view.
"""

from __future__ import annotations

from typing import Any

from msgspec import Raw, Struct

from kalends.base.reading.envelopes import Envelope
from kalends.marketing.mapping.fields import BOOKKEEPING, Entity, Field, Mapping, Trailing, TypedColumn

_DATE_PARTS = tuple(f"segments.{part}" for part in ("day_of_week", "week", "month", "month_of_year", "quarter", "year"))
_RESOURCES = (
    "customer.resource_name", "campaign.resource_name", "campaign.base_campaign", "ad_group.resource_name",
    "ad_group.base_ad_group", "ad_group_ad.ad_group", "ad_group_ad.resource_name", "base_campaign", "base_ad_group",
)  # fmt: skip


class _Page(Struct):
    results: list[Raw]


class _Answer(Struct):
    """A page of a search beside its question."""

    request: dict[str, Any]
    response: _Page


MAPPING = Mapping(
    data_source="google_ads",
    version=3,
    trailing=Trailing(30, "default conversion window; conversions count on the day of the click"),
    fields=(
        Field("account_id", ("customer.id", "customer_id"), "id"),
        Field("account_id", _RESOURCES, "customer"),
        Field("account_name", ("customer.descriptive_name",)),
        Field("campaign_id", ("campaign.id", "campaign_id"), "id"),
        Field("campaign_id", ("campaign.resource_name", "campaign.base_campaign", "campaign_base_campaign"), "tail"),
        Field("campaign_id", ("base_campaign",), "tail"),
        Field("campaign_name", ("campaign.name", "campaign_name")),
        Field("ad_group_id", ("ad_group.id", "ad_group_id"), "id"),
        Field("ad_group_id", ("ad_group.resource_name", "ad_group", "ad_group_ad.ad_group", "base_ad_group"), "tail"),
        Field("ad_group_name", ("ad_group.name", "ad_group_name")),
        Field("ad_id", ("ad_group_ad.ad.id", "ad.id", "ad_id"), "id"),
        Field("ad_name", ("ad_group_ad.ad.name", "ad.name", "ad_name")),
        Field("date_from", ("segments.date", "date"), "date"),
        Field("date_zone", ("customer.time_zone",)),
        Field("currency", ("customer.currency_code", "currency_code"), "upper"),
        Field("campaign_type", ("campaign.advertising_channel_type", "advertising_channel_type")),
        Field("device", ("segments.device", "device")),
        Field("country", ("user_location_view.country_criterion_id", "geographic_view.country_criterion_id")),
        Field("spend", ("metrics.cost_micros", "cost_micros"), "micros"),
        Field("spend", ("cost", "metrics.cost"), "money"),
        Field("impressions", ("metrics.impressions", "impressions"), "count"),
        Field("clicks", ("metrics.clicks", "clicks"), "count"),
        Field("conversions", ("metrics.conversions", "conversions"), "number"),
        Field("revenue", ("metrics.conversions_value", "conversions_value"), "money"),
        Field("video_views", ("metrics.video_views", "video_views"), "count"),
        Field("impression_share", ("metrics.search_impression_share", "search_impression_share"), "share"),
        Field(
            "search_quality_score",
            ("metrics.historical_quality_score", "ad_group_criterion.quality_info.quality_score"),
            "number",
        ),
    ),
    # Views repeat the money of the ads under another cut: what a row is about besides places is its level, and one that
    # is about places alone is of a level of its own.
    levels=(
        ("search_term", ("search_term_view.search_term", "search_term")),
        ("keyword", ("ad_group_criterion.criterion_id", "ad_group_criterion_criterion_id")),
        ("ad", ("ad_group_ad.ad.id", "ad.id", "ad_id")),
        ("ad_group", ("ad_group.id", "ad_group_id", "base_ad_group")),
        ("campaign", ("campaign.id", "campaign_id", "campaign.resource_name", "base_campaign")),
        ("user_location", ("user_location_view.country_criterion_id", "user_location_view.resource_name")),
        ("geographic", ("geographic_view.country_criterion_id",)),
        ("account", ()),
    ),
    breakdowns={
        "segments.date": "",
        "device": "device",
        "ad_network_type": "ad_network_type",
        "hour": "hour",
        "search_term": "search_term",
        "search_term_view.search_term": "search_term",
        "search_term_match_type": "search_term_match_type",
        "keyword_ad_group_criterion": "keyword",
        "ad_group_criterion.criterion_id": "keyword",
        "ad_group_criterion_criterion_id": "keyword",
        "ad_group_criterion.keyword.text": "keyword_text",
        "ad_group_criterion.keyword.match_type": "match_type",
        "campaign_budget.id": "budget",
        "user_location_view.country_criterion_id": "country",
        "user_location_view.targeting_location": "targeting_location",
        "geographic_view.country_criterion_id": "country",
        "geographic_view.location_type": "location_type",
    },
    breakdown_prefixes=("segments.",),
    ignored=(
        *BOOKKEEPING, *_DATE_PARTS, "segments.budget_campaign_association_status.*", "metrics.average_*", "metrics.ctr",
        "metrics.cost_per_*", "metrics.value_per_*", "metrics.*_rate", "*.resource_name", "campaign.base_campaign",
        "ad_group.base_ad_group", "campaign_base_campaign", "ad_group_base_ad_group", "id",
    ),
    streams=frozenset(
        {
            "account_performance_report", "ad_group_ad_legacy", "ad_group", "campaign", "campaign_budget",
            "geographic_view", "keyword_view", "user_location_view",
        }
    ),
    entities=(
        Entity("ad", ("id", "ad_group_ad.ad.id"), ("name", "ad_group_ad.ad.name"), ("ad_group_id", "final_urls")),
        Entity("ad_group", ("id",), ("name",), ("campaign_id", "campaign_name", "type")),
        Entity("campaign", ("id",), ("name",), ("advertising_channel_type",)),
        Entity("account", ("id",), ("descriptive_name",), ("currency_code", "time_zone")),
        Entity("account", ("customer.id",), ("customer.descriptive_name",), ("customer.auto_tagging_enabled",)),
    ),
    typed=(
        TypedColumn(
            "conversions",
            ("metrics.conversions", "conversions"),
            ("metrics.conversions_value", "conversions_value"),
            is_own=True,
        ),
        TypedColumn(
            "all_conversions",
            ("metrics.all_conversions", "all_conversions"),
            ("metrics.all_conversions_value", "all_conversions_value"),
        ),
        TypedColumn(
            "conversions_by_conversion_date",
            ("metrics.conversions_by_conversion_date", "conversions_by_conversion_date"),
            ("metrics.conversions_value_by_conversion_date", "conversions_value_by_conversion_date"),
        ),
        TypedColumn(
            "view_through_conversions", ("metrics.view_through_conversions", "view_through_conversions")
        ),
    ),
    channel_by_type={
        "SEARCH": "paid_search", "DISPLAY": "display", "VIDEO": "video", "SHOPPING": "shopping", "MULTI_CHANNEL": "app",
        "DEMAND_GEN": "display", "DISCOVERY": "display",
    },
    constants={"channel": "paid_search"},
    envelope=Envelope(_Answer, rows=lambda answer: answer.response.results),
)  # fmt: skip
