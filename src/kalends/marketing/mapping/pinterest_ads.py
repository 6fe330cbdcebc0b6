"""Pinterest: analytics answers (a bare array), asynchronous reports, a connector's rows, and Fivetran's tables.

Names are in capitals in the API and small in the tables. Metrics ending in _1 are paid and those in _2 earned: what an
ad had is both together (dbt_pinterest), and one that is zero is absent from the row. "Dollar" is the currency of the
account, whole in SPEND_IN_DOLLAR and in millionths in SPEND_IN_MICRO_DOLLAR. A targeting report names in each row what
it is cut by (TARGETING_TYPE); every type holds the money once more, so every type is a report of its own. What it calls
APPTYPE is the device: iphone, android_mobile, web. (v5/openapi of pinterest/api-description.)
"""

from typing import Any

from kalends.marketing.mapping.fields import BOOKKEEPING, Entity, Field, Mapping, Trailing, TypedColumn

_TYPES = ("checkout", "add_to_cart", "signup", "lead", "custom", "page_visit")
_WAYS = ("click", "view", "engagement")


def unwrap(document: Any) -> list[tuple[str, Any]] | None:
    """A page of a list of campaigns, ad groups or ads: {items, bookmark}; or an asynchronous report: {id: [row]}."""
    if not isinstance(document, dict):
        return None
    if document.keys() == {"items", "bookmark"} and isinstance(document["items"], list):
        return [("", item if isinstance(item, dict) else {"unreadable": item}) for item in document["items"]]
    if document and all(key.isdigit() and _is_report(rows) for key, rows in document.items()):
        return [("", row) for rows in document.values() for row in rows]
    return None


def _is_report(rows: Any) -> bool:
    return isinstance(rows, list) and all(isinstance(row, dict) and all(map(str.isupper, row)) for row in rows)


def _typed(name: str, column: str) -> TypedColumn:
    return TypedColumn(name, (f"total_{column}",), (f"total_{column}_value_in_micro_dollar",), "micros")


MAPPING = Mapping(
    data_source="pinterest_ads",
    version=2,
    trailing=Trailing(30, "default click window"),
    fields=(
        Field("account_id", ("ad_account_id", "advertiser_id"), "id"),
        Field("account_name", ("advertiser_name", "ad_account_name")),
        Field("campaign_id", ("campaign_id",), "id"),
        Field("campaign_name", ("campaign_name",)),
        Field("ad_group_id", ("ad_group_id",), "id"),
        Field("ad_group_name", ("ad_group_name",)),
        Field("ad_id", ("ad_id", "pin_promotion_id"), "id"),
        Field("ad_name", ("ad_name", "pin_promotion_name")),
        Field("date_from", ("date",), "date"),
        # A report without granularity says its days in one cell.
        Field("date_from", ("date_range",), "first_day"),
        Field("date_to", ("date_range",), "last_day"),
        Field("objective", ("campaign_objective_type",)),
        Field("spend", ("spend_in_micro_dollar",), "micros"),
        Field("spend", ("spend_in_dollar",), "money"),
        Field("impressions", ("impression_1", "impression_2"), "count", is_sum=True),
        Field("clicks", ("total_clickthrough",), "count"),
        Field("clicks", ("clickthrough_1", "clickthrough_2"), "count", is_sum=True),
        Field("conversions", ("total_conversions",), "number"),
        Field("revenue", ("total_conversions_value_in_micro_dollar",), "micros"),
        Field("video_views", ("total_video_mrc_views",), "count"),
        Field("reach", ("total_impression_user",), "count"),
        Field("frequency", ("total_impression_frequency",), "number"),
    ),
    typed=(
        *(_typed(name, name) for name in _TYPES),
        *(_typed(f"{way}_{name}", f"{way}_{name}") for name in _TYPES for way in _WAYS),
    ),
    levels=(
        ("keyword", ("keyword_id",)),
        ("product_item", ("product_item_id", "item_id")),
        ("product_group", ("product_group_id",)),
        ("ad", ("ad_id", "pin_promotion_id")),
        ("ad_group", ("ad_group_id",)),
        ("campaign", ("campaign_id",)),
        ("account", ()),
    ),
    breakdowns={
        "keyword_id": "keyword",
        "product_group_id": "product_group",
        "product_item_id": "product_item",
        "item_id": "product_item",
    },
    named_cuts=(("targeting_type", "targeting_value"),),
    cut_names={"apptype": "device"},
    ids=("keyword_id",),
    ignored=(
        *BOOKKEEPING, "*_rate", "*_roas", "cost_per_*", "cpc_*", "cpm_*", "cpcv_*", "ecpc_*", "ecpm_*", "ecpcv_*",
        "ecpe_*", "ecpv_*", "ctr*", "ectr*", "outbound_ctr*",
    ),
    streams=frozenset(
        f"{things}_{kind}"
        for things in ("ad_account", "advertiser", "campaign", "ad_group", "ad", "pin_promotion", "keyword",
                       "product_group", "product_item")
        for kind in ("report", "analytics", "analytics_report", "targeting_report")
    ),
    entities=(
        Entity("ad", ("id",), ("name",), ("ad_group_id", "pin_id")),
        Entity("ad_group", ("id",), ("name",), ("campaign_id", "placement_group")),
        Entity("campaign", ("id",), ("name",), ("ad_account_id", "objective_type")),
        Entity("campaign", ("id",), ("name",), ("advertiser_id", "is_campaign_budget_optimization")),
        Entity("campaign", ("id",), ("name",), ("advertiser_id", "default_ad_group_budget_in_micro_currency")),
        Entity("account", ("id",), ("name",), ("currency", "country", "permissions")),
    ),
    constants={"channel": "paid_social"},
    unwrap=unwrap,
)  # fmt: skip
