"""Apple Search Ads: report answers of API v5 (and v4), and Fivetran's tables.

A row of an answer is one thing with its `metadata`, and either its days in `granularity` or its `total`; a day without
metrics comes as a date alone, and is null, not zero. Money is an object of text and currency, in units of money, and
the currency of the spend may be another than the budget's. A click is a tap. The conversion that counts is the install
after a tap; installs after a view and both together are kept by type. There is no revenue (Apple Ads API, campaign- and
keyword-level reports; dbt_apple_search_ads). Grand totals say the rows once more and are left out.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from kalends.marketing.mapping.fields import BOOKKEEPING, Entity, Field, Mapping, Trailing, TypedColumn

_DIMENSIONS = {
    "countryOrRegion": "country_or_region", "countryCode": "country_code", "deviceClass": "device_class",
    "ageRange": "age_range", "gender": "gender", "adminArea": "admin_area", "locality": "locality",
    "searchTermText": "search_term_text", "searchTermSource": "search_term_source", "keywordId": "keyword_id",
    "keyword": "keyword", "matchType": "match_type",
}  # fmt: skip


def unwrap(document: Any) -> list[tuple[str, Any]] | None:
    """A report answer, the {row: [...]} inside it, or one row of it, as a row per thing and day."""
    found = _rows_of(document)
    if found is None or not all(map(_is_row, found)):
        return None
    # A term that few people typed has null for its text. All rows of an answer are one report, so they get the same
    # dimensions.
    told = [name for name in _DIMENSIONS if any(name in row["metadata"] for row in found)]
    return [("", day) for row in found for day in _days(row, told)]


def _rows_of(document: Any) -> list[Any] | None:
    if not isinstance(document, dict):
        return None
    if _is_row(document):
        return [document]
    data = document.get("data")
    answer = data.get("reportingDataResponse") if isinstance(data, dict) else document
    rows = answer.get("row") if isinstance(answer, dict) else None
    return rows if isinstance(rows, list) and (rows or answer is not document) else None


def _is_row(item: Any) -> bool:
    metadata = item.get("metadata") if isinstance(item, dict) else None
    is_told = isinstance(metadata, dict) and not metadata.keys().isdisjoint({"campaignId", "orgId"})
    return is_told and (isinstance(item.get("granularity"), list) or isinstance(item.get("total"), dict))


def _days(row: dict[str, Any], told: list[str]) -> Iterator[dict[str, Any]]:
    metadata = row["metadata"] | {name: row["metadata"].get(name) or "" for name in told}
    if row.get("other"):
        metadata["other"] = True  # what is too little to be told apart
    days = row.get("granularity") or [row.get("total") or {}]
    currency = next((spend["currency"] for day in days if "currency" in (spend := _spend(day))), None)
    for day in days:
        # A day without metrics says no currency either, and beside its neighbours it would be another currency's.
        metrics = day if isinstance(day, dict) else {"unreadable": day}
        yield metadata | ({"localSpend": {"currency": currency}} if currency else {}) | metrics


def _spend(day: Any) -> dict[str, Any]:
    spend = day.get("localSpend") if isinstance(day, dict) else None
    return spend if isinstance(spend, dict) else {}


_BASE = Mapping(
    data_source="apple_search_ads",
    version=1,
    trailing=Trailing(30, "redownloads are attributed for 30 days"),
    fields=(
        Field("account_id", ("org_id", "organization_id"), "id"),
        Field("account_name", ("org_name", "organization_name")),
        Field("campaign_id", ("campaign_id",), "id"),
        Field("campaign_name", ("campaign_name",)),
        Field("ad_group_id", ("ad_group_id",), "id"),
        Field("ad_group_name", ("ad_group_name",)),
        Field("ad_id", ("ad_id",), "id"),
        Field("ad_name", ("ad_name",)),
        Field("date_from", ("date",), "date"),
        Field("campaign_type", ("ad_channel_type",)),
        Field("country", ("country_or_region", "country_code")),
        Field("region", ("admin_area",)),
        Field("device", ("device_class",)),
        Field("currency", ("local_spend.currency", "local_spend_currency"), "upper"),
        Field("spend", ("local_spend.amount", "local_spend_amount"), "money"),
        Field("impressions", ("impressions",), "count"),
        Field("clicks", ("taps",), "count"),
        Field("conversions", ("conversions", "tap_installs", "installs"), "number"),
    ),
    typed=(
        TypedColumn("tap_installs", ("tap_installs",)),
        TypedColumn("view_installs", ("view_installs",)),
        TypedColumn("total_installs", ("total_installs",)),
    ),
    # Every row of a report of search terms says how the term was found; few say the term.
    levels=(
        ("search_term", ("search_term_source", "search_term_text")),
        ("keyword", ("keyword_id",)),
        ("ad", ("ad_id",)),
        ("ad_group", ("ad_group_id",)),
        ("campaign", ("campaign_id",)),
        ("account", ()),
    ),
    breakdowns={name: name for name in _DIMENSIONS.values()}
    | {"search_term_text": "search_term", "keyword_id": "keyword", "country_or_region": "country",
       "device_class": "device", "keyword": "keyword_text"},
    ids=("keyword_id",),
    ignored=(
        *BOOKKEEPING, "ttr", "avg_cp*", "avg_cpt.*", "avg_cpm.*", "total_avg_cpi.*", "tap_install_cpi.*",
        "total_install_rate", "tap_install_rate", "conversion_rate", "tap_through_rate", "avg_cpa_*", "avg_cpt_*",
        "modification_time",
    ),
    entities=(
        Entity("ad", ("id",), ("name",), ("ad_group_id", "campaign_id")),
        Entity("ad_group", ("id",), ("name",), ("campaign_id", "organization_id")),
        Entity("ad_group", ("id",), ("name",), ("campaign_id", "org_id")),
        Entity("campaign", ("id",), ("name",), ("organization_id", "adam_id")),
        Entity("campaign", ("id",), ("name",), ("org_id", "adam_id")),
        Entity("account", ("id",), ("name",), ("currency", "payment_model")),
    ),
    channel_by_type={"SEARCH": "paid_search", "DISPLAY": "display"},
    constants={"channel": "paid_search"},
    unwrap=unwrap,
)  # fmt: skip

# Fivetran's reports of campaigns and of keywords have the same columns, and `id` is the one or the other: only the
# table's name says which. Where it does not, such rows are refused for want of an id, and never read as the wrong one.
_KEYWORDS = replace(
    _BASE,
    levels=(("keyword", ("keyword_id", "id")), *_BASE.levels),
    breakdowns={**_BASE.breakdowns, "id": "keyword"},
    ids=("keyword_id", "id"),
)
_CAMPAIGNS = replace(
    _BASE,
    fields=(*_BASE.fields, Field("campaign_id", ("id",), "id")),
    levels=(*_BASE.levels[:-2], ("campaign", ("campaign_id", "id")), _BASE.levels[-1]),
)
MAPPING = replace(_BASE, files=(("*keyword_report*", _KEYWORDS), ("*campaign_report*", _CAMPAIGNS)))
