"""Microsoft Advertising (Bing): report rows as downloaded (CSV) or as a connector stores them, and Fivetran's tables.

Traps: a report's rows are cut by every attribute column asked for (device, network, match types, budget ...), so all of
them are part of the key. `TimePeriod` is a day, in an hourly report '2023-11-11|01', and in a weekly or monthly one the
first day of the period, which the rows do not say: a connector's stream name does. Percentages come with their sign or
without it. `Conversions` is the older whole count; `ConversionsQualified` replaced it and has fractions
(learn.microsoft.com/advertising/guides/report-attributes-columns). Money is in units of the account's currency.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from kalends.base.reading.documents import snake
from kalends.marketing.mapping.fields import BOOKKEEPING, Entity, Field, Mapping, Trailing, TypedColumn

_REPORTS = (
    "account_performance", "campaign_performance", "ad_group_performance", "ad_performance", "keyword_performance",
    "geographic_performance", "search_query_performance", "age_gender_audience", "audience_performance",
    "product_dimension_performance", "product_search_query_performance", "goals_and_funnels",
)  # fmt: skip
_STEPS = ("hourly", "daily", "weekly", "monthly")
# Each of these tells rows of one report apart where it was asked for.
_CUTS = (
    "device_os", "device_type", "network", "language", "ad_distribution", "bid_match_type", "delivered_match_type",
    "top_vs_other", "budget_name", "budget_association_status", "search_query", "country", "state", "county", "city",
    "metro_area", "postal_code", "location_type", "location_id", "proximity_target_location", "radius",
    "query_intent_country", "query_intent_state", "query_intent_county", "query_intent_city",
    "query_intent_dma", "query_intent_postal_code", "query_intent_location_id", "neighborhood", "goal", "goal_id",
    "goal_type", "age_group", "gender", "company_name", "industry_name", "job_function_name", "audience_id",
    "targeting_setting", "association_id", "merchant_product_id", "partition", "item_group_id", "publisher_url",
    "destination_url", "final_url", "click_type", "ad_extension_id", "ad_extension_type", "asset_group_id", "category",
    "category_list", "day_of_week", "hour_of_day",
)  # fmt: skip


def unwrap(document: Any) -> Iterable[tuple[str, Any]] | None:
    """A connector's row of a report, with what it leaves out: the last day of a week or month, and blank attributes.

    A blank cell of a breakdown is null there, which would make the row one of a report that does not have it.
    """
    stream, row = (document.get("stream"), document.get("data")) if isinstance(document, dict) else (None, None)
    if not isinstance(stream, str) or "_report_" not in stream or not isinstance(row, dict):
        return None
    if not isinstance(row.get("TimePeriod"), str):
        return None
    blanks = {name: "" for name, value in row.items() if value is None and snake(name) in MAPPING.breakdowns}
    last = _last_day(row["TimePeriod"], step=stream.rpartition("_")[2])
    return [(stream, row | blanks | ({"PeriodEnd": last} if last else {}))]


def _last_day(start: str, *, step: str) -> str | None:
    try:
        first = date.fromisoformat(start[:10])
    except ValueError:
        return None  # the cell is told as unreadable when it is typed
    if step == "weekly":
        return (first + timedelta(days=6)).isoformat()
    if step == "monthly":
        return first.replace(day=calendar.monthrange(first.year, first.month)[1]).isoformat()
    return None


MAPPING = Mapping(
    data_source="microsoft_ads",
    version=1,
    trailing=Trailing(30, "default conversion window"),
    fields=(
        Field("account_id", ("account_id",), "id"),
        Field("account_name", ("account_name",)),
        Field("campaign_id", ("campaign_id",), "id"),
        Field("campaign_name", ("campaign_name",)),
        Field("ad_group_id", ("ad_group_id",), "id"),
        Field("ad_group_name", ("ad_group_name",)),
        Field("ad_id", ("ad_id",), "id"),
        Field("ad_name", ("ad_title", "title_part_1")),
        Field("date_from", ("time_period", "date", "gregorian_date"), "date"),
        Field("date_to", ("period_end",), "date"),
        Field("campaign_type", ("campaign_type",)),
        Field("country", ("country", "country_or_region")),
        Field("region", ("state",)),
        Field("device", ("device_type",)),
        Field("currency", ("currency_code",), "upper"),
        Field("spend", ("spend",), "money"),
        Field("impressions", ("impressions",), "count"),
        Field("clicks", ("clicks",), "count"),
        Field("conversions", ("conversions_qualified", "conversions"), "number"),
        Field("revenue", ("revenue",), "money"),
        Field("video_views", ("video_views",), "count"),
        Field("impression_share", ("impression_share_percent",), "percent"),
        Field("search_quality_score", ("quality_score",), "number"),
    ),
    # Places, searched words, audiences and products repeat the money of the ads under another cut. A country alone is a
    # breakdown of whatever it is told of: where none is known its cell is blank, and would be of another level.
    levels=(
        ("product", ("merchant_product_id",)),
        ("search_term", ("search_query",)),
        ("user_location", ("query_intent_country", "query_intent_location_id")),
        ("geographic", ("location_id",)),
        ("audience", ("audience_id",)),
        ("demographic", ("age_group", "gender", "company_name", "industry_name", "job_function_name")),
        ("goal", ("goal_id", "goal_type")),
        ("keyword", ("keyword_id",)),
        ("ad", ("ad_id",)),
        ("asset_group", ("asset_group_id",)),
        ("ad_group", ("ad_group_id",)),
        ("campaign", ("campaign_id",)),
        ("account", ()),
    ),
    breakdowns={name: name for name in _CUTS} | {
        "device_type": "device", "country_or_region": "country", "state": "region", "search_query": "search_term",
        "keyword": "keyword_text", "keyword_id": "keyword",
    },
    hours=("time_period",),
    ignored=(
        *BOOKKEEPING, "ctr", "average_cpc", "average_cpm", "average_cpv", "average_cpp", "average_position",
        "cost_per_*", "all_cost_per_*", "view_through_cost_per_*", "*_rate", "*_rate_percent", "return_on_ad_spend*",
        "all_return_on_ad_spend*", "revenue_per_*", "all_revenue_per_*", "low_quality_clicks_percent",
        "low_quality_impressions_percent",
    ),
    streams=frozenset(f"{report}_report_{step}" for report in _REPORTS for step in _STEPS),
    entities=(
        Entity("account", ("id",), ("name",), ("currency_code", "time_zone")),
        Entity("ad", ("id",), ("title_part_1", "title"), ("ad_group_id", "type")),
        Entity("ad_group", ("id",), ("name",), ("campaign_id", "modified_time")),
        Entity("ad_group", ("id",), ("name",), ("campaign_id", "account_id")),
        Entity("campaign", ("id",), ("name",), ("account_id", "modified_time")),
        Entity("campaign", ("id",), ("name",), ("account_id", "campaign_type")),
    ),
    typed=(
        TypedColumn("conversions", ("conversions",)),
        TypedColumn("conversions_qualified", ("conversions_qualified",), ("revenue",)),
        TypedColumn("all_conversions", ("all_conversions_qualified", "all_conversions"), ("all_revenue",)),
    ),
    channel_by_type={"Shopping": "shopping", "Audience": "display", "App": "app"},
    constants={"channel": "paid_search"},
    unwrap=unwrap,
)  # fmt: skip
