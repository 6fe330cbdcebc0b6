"""LinkedIn: adAnalytics answers as they come, Airbyte's rows, and Fivetran's tables.

Days are objects {year, month, day}; money is a text in currency units, and nothing at all may come as "-2E-18". A row
names neither campaign nor account: `pivotValues` holds URNs, or bare words for pivots that are no entity, and only the
request knows which pivot that was. At most 20 fields can be asked for at once, so that one row may come in several
answers, which only whoever asked can put together again (learn.microsoft.com/linkedin, ads-reporting). Conversions are
those on the advertiser's site and the leads of LinkedIn's own forms. A country is a number of LinkedIn's own, beside
which our connector writes its name.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from kalends.marketing.mapping.fields import BOOKKEEPING, Entity, Field, Mapping, Trailing, TypedColumn

_ENTITIES = {
    "sponsoredAccount": "account_id",
    "sponsoredCampaignGroup": "campaign_group_id",
    "sponsoredCampaign": "campaign_id",
    "sponsoredCreative": "creative_id",
}


def unwrap(document: Any) -> Iterable[tuple[str, Any]] | None:
    """The rows of an answer {paging, elements}, or one row of it."""
    if not isinstance(document, dict):
        return None
    elements = document.get("elements")
    if isinstance(elements, list) and isinstance(document.get("paging"), dict):
        return [("names" if _is_name(element) else "", _row(element)) for element in elements]
    return [("", _row(document))] if _is_row(document) else None


def _is_name(element: Any) -> bool:
    """Whether it only says what something is called: it lies apart from rows with numbers."""
    return isinstance(element, dict) and {"id", "name"} <= element.keys() and not _is_row(element)


def _is_row(document: dict[str, Any]) -> bool:
    days = document.get("dateRange")
    return isinstance(document.get("pivotValues"), list) or (
        isinstance(days, dict) and isinstance(days.get("start"), dict)
    )


def _row(element: Any) -> dict[str, Any]:
    """A row as one flat object; an element that is no row stays as it is."""
    if not isinstance(element, dict):
        return {"value": element}
    row = {name: value for name, value in element.items() if name not in {"dateRange", "pivotValues"}}
    days = element.get("dateRange")
    if isinstance(days, dict):
        row |= {name: day for name, part in (("start_date", "start"), ("end_date", "end")) if (day := _day(days, part))}
    values = element.get("pivotValues")
    return row | dict(_pivots(values if isinstance(values, list) else [], element.get("pivot")))


def _day(days: dict[str, Any], part: str) -> str | None:
    try:
        return "{year:04d}-{month:02d}-{day:02d}".format(**days[part])
    except (KeyError, TypeError, ValueError):
        return None


def _pivots(values: list[Any], pivot: Any) -> Iterator[tuple[str, Any]]:
    """Entities are the row's ids; anything else is a breakdown, called by the pivot or by what the URN is of."""
    named = str(pivot).lower().removesuffix("_v2") if pivot and len(values) == 1 else ""
    for value in map(str, values):
        kind, tail = _urn(value)
        yield _ENTITIES.get(kind) or f"pivot.{named or kind or 'value'}", tail


def _urn(value: str) -> tuple[str, str]:
    """What a URN is of, and its id; a bare word has no kind."""
    parts = value.split(":", 3)
    return (parts[2], parts[3]) if len(parts) == 4 and parts[:2] == ["urn", "li"] else ("", value)


_CAMPAIGN = {"campaign_id": ("campaign_id", "campaign")}
MAPPING = Mapping(
    data_source="linkedin_ads",
    version=2,
    trailing=Trailing(30, "default conversion window of a click"),
    fields=(
        Field("account_id", ("account_id", "sponsored_account", "account"), "urn"),
        Field("campaign_id", ("campaign_id", "sponsored_campaign"), "urn"),
        Field("ad_id", ("creative_id", "sponsored_creative"), "urn"),
        Field("date_from", ("start_date", "day"), "date"),
        Field("date_from", ("month",), "month"),
        Field("date_to", ("end_date",), "date"),
        Field("date_to", ("month",), "month_end"),
        Field("device", ("pivot.impression_device_type",)),
        Field("country", ("country_name",)),
        Field("country", ("pivot.member_country", "member_country"), "urn"),
        Field("spend", ("cost_in_local_currency",), "money"),
        Field("impressions", ("impressions",), "count"),
        Field("clicks", ("clicks",), "count"),
        Field("conversions", ("external_website_conversions", "one_click_leads"), "number", is_sum=True),
        Field("revenue", ("conversion_value_in_local_currency",), "money"),
        Field("reach", ("approximate_unique_impressions", "approximate_member_reach"), "count"),
        Field("video_views", ("video_views",), "count"),
    ),
    levels=(
        ("ad", ("creative_id", "sponsored_creative")),
        ("campaign", ("campaign_id", "sponsored_campaign")),
        ("campaign_group", ("campaign_group_id", "sponsored_campaign_group")),
        ("account", ()),
    ),
    breakdowns={
        "member_country": "country",
        "pivot.member_country": "country",
        "member_region": "member_region",
        "campaign_group_id": "campaign_group_id",
        "sponsored_campaign_group": "campaign_group_id",
        "pivot.impression_device_type": "device",
    },
    breakdown_prefixes=("pivot.",),
    breakdown_kinds={"campaign_group_id": "urn", "sponsored_campaign_group": "urn"},
    ignored=(*BOOKKEEPING, "pivot", "string_of_pivot_values"),
    streams=frozenset(
        f"ad_{cut}_analytics"
        for cut in (
            "campaign", "creative", "impression_device", "member_company", "member_company_size", "member_country",
            "member_industry", "member_job_function", "member_job_title", "member_region", "member_seniority",
        )
    ),
    entities=(
        Entity("campaign", ("id",), ("name",), ("campaign_group_id",)),
        Entity("campaign", ("id",), ("name",), ("campaign_group",)),
        *(
            Entity("ad", ("id",), ("name",), needs, ("campaign_group", "campaign_group_id"), _CAMPAIGN)
            for needs in (("campaign", "account"), ("campaign_id", "click_uri"))
        ),
        Entity("account", ("id",), ("name",), ("currency", "version_tag")),
        Entity("account", ("id",), ("name",), ("currency", "notified_on_campaign_optimization")),
        Entity("campaign_group", ("id",), ("name",), ("account_id", "created_time", "last_modified_time")),
        Entity("campaign_group", ("id",), ("name",), ("account", "run_schedule.start")),
    ),
    constants={"channel": "paid_social"},
    typed=(
        TypedColumn("external_website", ("external_website_conversions",)),
        TypedColumn("external_website_post_click", ("external_website_post_click_conversions",)),
        TypedColumn("external_website_post_view", ("external_website_post_view_conversions",)),
        TypedColumn("one_click_lead", ("one_click_leads",)),
    ),
    unwrap=unwrap,
)  # fmt: skip
