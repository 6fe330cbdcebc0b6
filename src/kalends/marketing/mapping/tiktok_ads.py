"""TikTok: answers of /report/integrated/get/ as they come, Airbyte's rows, and Fivetran's tables.

A row keeps what was asked by (`dimensions`) apart from what was asked for (`metrics`), and one metric is a text where
the next is a number. Names, and the parents' ids, come among the metrics. Days and hours are the advertiser's own, as
moments; an hour is a cut like any other. The answer is HTTP 200 whatever happens: an error is an envelope without a
list (business-api.tiktok.com, report/integrated/get).
"""

from collections.abc import Iterable
from typing import Any

from kalends.marketing.mapping.fields import BOOKKEEPING, Entity, Field, Mapping, Trailing, TypedColumn

# What can be asked by, beside ids and days; warehouses name these without the prefix.
_CUTS = (
    "province_id", "dma_id", "gender", "age", "ac", "language", "placement",
    "interest_category", "interest_category_v2", "behavior_id", "device_brand_id", "contextual_tag", "search_terms",
)  # fmt: skip


def unwrap(document: Any) -> Iterable[tuple[str, Any]] | None:
    """The rows of an answer {code, message, data: {list: [...]}}; also of the lists of advertisers and campaigns.

    What was asked by is there, though its value be unknown: as null it would make the row one of another report.
    """
    if not isinstance(document, dict) or not isinstance(document.get("message"), str) or "code" not in document:
        return None
    data = document.get("data")
    rows = data.get("list") if isinstance(data, dict) else None
    if not isinstance(rows, list):
        return None
    return [("", _row(row)) for row in rows]


def _row(row: Any) -> dict[str, Any]:
    if not isinstance(row, dict):
        return {"value": row}
    asked = row.get("dimensions")
    if not isinstance(asked, dict):
        return row
    return row | {"dimensions": {name: "" if value is None else value for name, value in asked.items()}}


def _asked(name: str) -> tuple[str, ...]:
    return (name, f"dimensions.{name}", f"metrics.{name}")


def _metric(*names: str) -> tuple[str, ...]:
    return tuple(source for name in names for source in (name, f"metrics.{name}"))


MAPPING = Mapping(
    data_source="tiktok_ads",
    version=1,
    trailing=Trailing(28, "longest click window"),
    fields=(
        Field("account_id", _asked("advertiser_id"), "id"),
        Field("account_name", _asked("advertiser_name")),
        Field("campaign_id", _asked("campaign_id"), "id"),
        Field("campaign_name", _asked("campaign_name")),
        Field("ad_group_id", _asked("adgroup_id"), "id"),
        Field("ad_group_name", _asked("adgroup_name")),
        Field("ad_id", _asked("ad_id"), "id"),
        Field("ad_name", _asked("ad_name")),
        Field("date_from", (*_asked("stat_time_day"), *_asked("stat_time_hour")), "date"),
        Field("objective", _metric("objective_type")),
        Field("country", ("country_code", "dimensions.country_code"), "upper"),
        Field("device", ("platform", "dimensions.platform")),
        Field("currency", _metric("currency"), "upper"),
        Field("spend", _metric("spend"), "money"),
        Field("impressions", _metric("impressions"), "count"),
        Field("clicks", _metric("clicks"), "count"),
        Field("conversions", _metric("conversion"), "number"),
        # Sales in an app and sales that leads became: two things, each told by its own event.
        Field("revenue", _metric("total_purchase_value", "total_sales_lead_value"), "money", is_sum=True),
        Field("reach", _metric("reach"), "count"),
        Field("frequency", _metric("frequency"), "number"),
        Field("video_views", _metric("video_play_actions"), "count"),
    ),
    # The ids among the metrics are parents, so the finest level stands first.
    levels=(
        ("ad", _asked("ad_id")),
        ("ad_group", _asked("adgroup_id")),
        ("campaign", _asked("campaign_id")),
        ("account", ()),
    ),
    breakdowns={
        "dimensions.stat_time_hour": "",
        "dimensions.stat_time_day": "",
        "dimensions.advertiser_id": "",
        "dimensions.campaign_id": "",
        "dimensions.adgroup_id": "",
        "dimensions.ad_id": "",
        "country_code": "country",
        "dimensions.country_code": "country",
        "platform": "device",
        "dimensions.platform": "device",
        **{name: name for name in _CUTS},
    },
    breakdown_prefixes=("dimensions.",),
    hours=_asked("stat_time_hour"),
    ignored=(
        *BOOKKEEPING,
        *_metric(
            "cpc", "cpm", "ctr", "cost_per_*", "*_cost_per_*", "conversion_rate", "*_conversion_rate", "result_rate",
            "*_result_rate", "*_goal_result_rate", "profile_visits_rate", "average_video_play*",
            "real_time_app_install_cost",
        ),
    ),
    streams=frozenset(
        f"{level}_{kind}{cut}"
        for level in ("ads", "ad_groups", "campaigns", "advertisers")
        for kind in ("reports_", "audience_reports_")
        for cut in ("hourly", "daily", "by_country_daily", "by_platform_daily", "by_province_daily")
    ),
    entities=(
        Entity("ad", ("ad_id",), ("ad_name",), ("adgroup_id",)),
        Entity("ad_group", ("adgroup_id",), ("adgroup_name",), ("campaign_id",)),
        Entity("campaign", ("campaign_id",), ("campaign_name",)),
        Entity("account", ("advertiser_id",), ("name", "advertiser_name")),
        Entity("account", ("id",), ("name",), ("contacter", "timezone")),
    ),
    constants={"channel": "paid_social"},
    typed=(
        TypedColumn("complete_payment", _metric("complete_payment")),
        TypedColumn("conversion", _metric("conversion")),
        TypedColumn("purchase", (), _metric("total_purchase_value")),
        TypedColumn("real_time_conversion", _metric("real_time_conversion")),
        TypedColumn("result", _metric("result")),
        TypedColumn("sales_lead", (), _metric("total_sales_lead_value")),
    ),
    unwrap=unwrap,
)  # fmt: skip
