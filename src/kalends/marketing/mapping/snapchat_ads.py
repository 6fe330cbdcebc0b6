"""Snapchat: stats answers (total, by day, by hour, broken down), a connector's flat rows, and Fivetran's tables.

Money is in micros, conversion values too; a click is a `swipe` (dbt_snapchat_ads). A row has one `id` whose meaning is
in `type`, so it is named here. Times carry the account's offset, so the day is the one written; an hourly row is one
hour of a day of 23 to 25 (developers.snap.com, Measurement). Account stats have `spend` alone unless more is asked for
(tap-snapchat-ads). What was not asked for is absent, never zero.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from kalends.marketing.mapping.fields import BOOKKEEPING, Entity, Field, Mapping, Trailing, TypedColumn

_IDS = {"AD_ACCOUNT": "ad_account_id", "CAMPAIGN": "campaign_id", "AD_SQUAD": "ad_squad_id", "AD": "ad_id"}
_STATS = {"timeseries_stats": "timeseries_stat", "total_stats": "total_stat", "lifetime_stats": "lifetime_stat"}
_THINGS = {"adaccounts": "adaccount", "campaigns": "campaign", "adsquads": "adsquad", "ads": "ad"}
_STEPS = {"DAY", "HOUR", "TOTAL", "LIFETIME"}
_OF_THE_ANSWER = {
    "id", "type", "granularity", "start_time", "end_time", "timeseries", "breakdown_stats", "dimension_stats", "stats",
    "swipe_up_attribution_window", "view_attribution_window",
}  # fmt: skip
_CONVERSIONS = (
    "save", "start_checkout", "add_cart", "view_content", "add_billing", "searches", "sign_ups", "subscribe",
    "level_completes", "app_opens", "page_views", "start_trial", "complete_tutorial", "add_to_wishlist",
)  # fmt: skip
_DIMENSIONS = (
    "country", "region", "dma", "gender", "age", "age_bucket", "operating_system", "os", "make",
    "interest_category_id", "interest_category_name", "lifestyle_category",
)  # fmt: skip


def unwrap(document: Any) -> list[tuple[str, Any]] | None:
    """An answer of a stats or an entity endpoint, several of them, or a connector's flat row of stats."""
    if isinstance(document, list):
        parts = [unwrap(item) for item in document]
        return [row for part in parts for row in part or ()] if parts and None not in parts else None
    if not isinstance(document, dict):
        return None
    if "request_status" in document:
        for names in (_STATS, _THINGS):
            found = next((name for name in names if isinstance(document.get(name), list)), None)
            if found:
                return [row for item in document[found] for row in _item_rows(item, names[found])]
    if _is_stat(document):
        return [("", row) for row in _stat_rows(document, {})]
    return None


def _is_stat(item: Any) -> bool:
    return isinstance(item, dict) and item.get("type") in _IDS and item.get("granularity") in _STEPS


def _item_rows(item: Any, name: str) -> Iterator[tuple[str, Any]]:
    inner = item.get(name) if isinstance(item, dict) else None
    if isinstance(inner, dict) and name in _STATS.values():
        yield from (("", row) for row in _stat_rows(inner, {}))
    else:
        # Things lie apart from rows with numbers; a part that failed stays visible.
        yield name, inner if isinstance(inner, dict) else _object(item)


def _object(item: Any) -> dict[str, Any]:
    return item if isinstance(item, dict) else {"unreadable": item}


def _listed(items: Any) -> list[dict[str, Any]]:
    return [_object(item) for item in (items if isinstance(items, list) else [items])]


def _stat_rows(stat: dict[str, Any], above: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The rows of one thing, or with a breakdown of what is under it; `above` are the ids over it."""
    common = above | {_IDS.get(str(stat.get("type")), "id"): stat.get("id")}
    windows = stat.get("swipe_up_attribution_window"), stat.get("view_attribution_window")
    if any(windows):
        common["attribution"] = f"{windows[0] or 'none'}_swipe_{windows[1] or 'none'}_view".lower()
    if isinstance(stat.get("breakdown_stats"), dict):
        of_all = {name: value for name, value in stat.items() if name not in {"breakdown_stats", "id", "type"}}
        for things in stat["breakdown_stats"].values():
            for thing in _listed(things):
                yield from _stat_rows(of_all | thing, common)
    elif isinstance(stat.get("timeseries"), list):
        for step in _listed(stat["timeseries"]):
            yield from _step_rows(step, common | _moment(step, stat.get("granularity")))
    else:
        yield from _step_rows(stat, common | _moment(stat, stat.get("granularity")))


def _moment(step: dict[str, Any], granularity: Any) -> dict[str, str]:
    """When: an hour keeps its time and offset; the end of a total is the first moment that is not in it."""
    start, end = str(step.get("start_time") or ""), str(step.get("end_time") or "")
    if granularity == "HOUR" or not start:
        return {"date": start}
    if granularity == "DAY" or not end:
        return {"date": start[:10]}
    try:
        last = date.fromisoformat(end[:10]) - timedelta(days=end[11:19] == "00:00:00")
    except ValueError:
        return {"date": start[:10], "date_to": end}  # as it came, to be refused
    return {"date": start[:10], "date_to": last.isoformat()}


def _step_rows(step: dict[str, Any], common: dict[str, Any]) -> Iterator[dict[str, Any]]:
    own = {name: value for name, value in step.items() if name not in _OF_THE_ANSWER}
    cuts = step.get("dimension_stats")
    for cut in _listed(cuts) if isinstance(cuts, list) else [{"stats": step.get("stats")}]:
        stats = _object(cut.get("stats") or {})
        yield {**common, **own, **{name: value for name, value in cut.items() if name != "stats"}, **stats}


MAPPING = Mapping(
    data_source="snapchat_ads",
    version=1,
    trailing=Trailing(28, "default swipe window"),
    fields=(
        Field("account_id", ("ad_account_id", "account_id"), "id"),
        Field("campaign_id", ("campaign_id",), "id"),
        Field("campaign_name", ("campaign_name",)),
        Field("ad_group_id", ("ad_squad_id",), "id"),
        Field("ad_group_name", ("ad_squad_name",)),
        Field("ad_id", ("ad_id",), "id"),
        Field("ad_name", ("ad_name",)),
        Field("attribution", ("attribution",)),
        Field("date_from", ("date",), "date"),
        Field("date_to", ("date_to",), "date"),
        Field("country", ("country",), "upper"),
        Field("region", ("region",)),
        Field("device", ("operating_system", "os")),
        Field("spend", ("spend",), "micros"),
        Field("impressions", ("impressions",), "count"),
        Field("clicks", ("swipes",), "count"),
        Field("conversions", ("conversion_purchases",), "number"),
        Field("revenue", ("conversion_purchases_value",), "micros"),
        Field("video_views", ("video_views",), "count"),
        Field("reach", ("uniques",), "count"),
        Field("frequency", ("frequency",), "number"),
    ),
    typed=(
        TypedColumn("purchases", ("conversion_purchases",), ("conversion_purchases_value",), "micros"),
        TypedColumn("installs", ("total_installs",)),
        *(TypedColumn(name, (f"conversion_{name}",)) for name in _CONVERSIONS),
    ),
    levels=(
        ("ad", ("ad_id",)),
        ("ad_group", ("ad_squad_id",)),
        ("campaign", ("campaign_id",)),
        ("account", ()),
    ),
    breakdowns={name: name for name in _DIMENSIONS} | {"operating_system": "device", "os": "device"},
    hours=("date",),
    ignored=(
        *BOOKKEEPING, "avg_*", "attachment_avg_*", "swipe_up_percent", "finalized_data_end_time", "sub_request_status",
    ),
    streams=frozenset(
        f"{things}_stats_{step}" for things in _THINGS for step in ("daily", "hourly", "lifetime", "total")
    ),
    entities=(
        Entity(
            "ad", ("id",), ("name",), ("ad_squad_id", "creative_id"), above={"ad_group_id": ("ad_squad_id",)}
        ),
        Entity("ad_group", ("id",), ("name",), ("campaign_id",), above={"campaign_id": ("campaign_id",)}),
        Entity("campaign", ("id",), ("name",), ("ad_account_id", "objective")),
        # Fivetran's table of campaigns is the table of creatives less the address.
        Entity("campaign", ("id",), ("name",), ("ad_account_id", "_fivetran_synced"), without=("web_view_url",)),
        Entity("account", ("id",), ("name",), ("currency", "timezone")),
        Entity("account", ("id",), ("name",), ("_fivetran_synced",), without=("ad_account_id", "creative_id")),
    ),
    constants={"channel": "paid_social"},
    unwrap=unwrap,
)  # fmt: skip
