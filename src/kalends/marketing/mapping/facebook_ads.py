"""Meta: insights rows at any level and breakdown, Fivetran's tables, and rows in the shape of the ingest API.

All numbers are strings in account currency; fields without data are absent. The same event comes under several action
types (purchase, omni_purchase, offsite_conversion.fb_pixel_purchase), so one type is chosen by rule and never a sum.
What an entry says under attribution windows beside its value is a type of its own: purchase_1d_click.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import Raw, Struct

from kalends.base.reading.envelopes import Envelope
from kalends.marketing.mapping.asked import asked
from kalends.marketing.mapping.fields import BOOKKEEPING, ActionRule, Entity, Field, Mapping, Trailing

# The widest count of an event first: omni_ is web, app and shop together; then what is a part of it.
CONVERSIONS = (
    "omni_purchase", "purchase", "offsite_conversion.fb_pixel_purchase", "onsite_conversion.purchase",
    "lead", "onsite_conversion.lead_grouped", "offsite_conversion.fb_pixel_lead",
    "omni_complete_registration", "complete_registration", "offsite_conversion.fb_pixel_custom",
)  # fmt: skip
_BREAKDOWNS = (
    "age", "gender", "country", "region", "dma", "product_id", "device_platform", "publisher_platform",
    "platform_position", "impression_device", "frequency_value", "hourly_stats_aggregated_by_advertiser_time_zone",
    "hourly_stats_aggregated_by_audience_time_zone", "place_page_id", "image_asset", "video_asset", "title_asset",
    "body_asset", "call_to_action_asset", "link_url_asset", "description_asset", "ad_format_asset",
    "conversion_destination", "app_id", "skan_campaign_id", "mmm", "user_segment_key", "action_type",
)  # fmt: skip


def unwrap(document: Any) -> Iterable[tuple[str, Any]] | None:
    """Rows of which one has the metric `results`: a list, which elsewhere is what an envelope holds."""
    _, answer = asked(document)
    held = answer.get("data", answer) if isinstance(answer, dict) else answer
    rows = held if isinstance(held, list) else [held]
    return [("", row) for row in rows] if any(map(_has_results, rows)) else None


def _has_results(row: Any) -> bool:
    return isinstance(row, dict) and "date_start" in row and isinstance(row.get("results"), list)


class _Page(Struct):
    data: list[Raw]


class _Answer(Struct):
    """A page of insights beside its question."""

    request: dict[str, Any]
    response: _Page


MAPPING = Mapping(
    data_source="facebook_ads",
    version=2,
    trailing=Trailing(28, "longest click window that was ever delivered; usual re-read"),
    fields=(
        Field("account_id", ("account_id",), "account"),
        Field("account_name", ("account_name",)),
        Field("campaign_id", ("campaign_id",), "id"),
        Field("campaign_name", ("campaign_name",)),
        Field("ad_group_id", ("adset_id", "ad_set_id"), "id"),
        Field("ad_group_name", ("adset_name", "ad_set_name")),
        Field("ad_id", ("ad_id",), "id"),
        Field("ad_name", ("ad_name",)),
        Field("attribution", ("attribution_setting",)),
        Field("date_from", ("date_start", "date"), "date"),
        Field("date_to", ("date_stop",), "date"),
        Field("objective", ("objective",)),
        Field("country", ("country",)),
        Field("region", ("region",)),
        Field("device", ("device_platform", "impression_device")),
        Field("currency", ("account_currency",), "upper"),
        Field("spend", ("spend",), "money"),
        Field("impressions", ("impressions",), "count"),
        Field("clicks", ("clicks", "inline_link_clicks"), "count"),
        Field("reach", ("reach",), "count"),
        Field("frequency", ("frequency",), "number"),
    ),
    levels=(
        ("ad", ("ad_id",)),
        ("ad_group", ("adset_id", "ad_set_id")),
        ("campaign", ("campaign_id",)),
        ("account", ()),
    ),
    breakdowns={name: name for name in _BREAKDOWNS},
    ignored=(
        *BOOKKEEPING, "cpc", "cpm", "cpp", "ctr", "cost_per_*", "*_ctr", "*_roas", "unique_ctr", "created_time",
        "updated_time", "index",
    ),
    streams=frozenset(
        f"ads_insights{cut}"
        for cut in (
            "", "_age_and_gender", "_country", "_region", "_dma", "_platform_and_device", "_delivery_device",
            "_delivery_platform", "_delivery_platform_and_device_platform", "_demographics_age", "_demographics_gender",
        )
    ),
    entities=(
        Entity("ad", ("id",), ("name",), ("adset_id", "campaign_id")),
        Entity("ad", ("id",), ("name",), ("ad_set_id", "campaign_id")),
        Entity("ad_group", ("id",), ("name",), ("campaign_id", "account_id")),
        Entity("campaign", ("id",), ("name",), ("account_id", "objective")),
        Entity("campaign", ("id",), ("name",), ("account_id", "_fivetran_synced")),
        Entity("account", ("account_id", "id"), ("name",), ("_fivetran_synced",)),
        Entity("account", ("account_id",), ("name",), ("account_status", "currency")),
    ),
    constants={"channel": "paid_social"},
    actions=ActionRule("actions", "action_values", CONVERSIONS),
    unwrap=unwrap,
    envelope=Envelope(_Answer, rows=lambda answer: answer.response.data),
)  # fmt: skip
