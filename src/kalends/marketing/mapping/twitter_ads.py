"""X: answers of the stats endpoints and the files of their jobs, and Fivetran's tables.

An answer has no dates: each metric is an array with one value per hour, day or whole span, counted from the request's
`start_time`, whose end is exclusive; a metric without data is null. Days begin at midnight in the account's zone and
are written in UTC. Spend is in micros of the account's currency and complete only over all placements, each of which
is asked for alone, so the placement is part of the key. Conversions are objects of arrays, asked for apart from other
metrics (docs.x.com/x-ads-api/analytics).
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from kalends.marketing.mapping.fields import BOOKKEEPING, Entity, Field, Mapping, Trailing, TypedColumn

_IDS = {
    "ACCOUNT": "account_id",
    "CAMPAIGN": "campaign_id",
    "LINE_ITEM": "line_item_id",
    "PROMOTED_TWEET": "promoted_tweet_id",
    "FUNDING_INSTRUMENT": "funding_instrument_id",
    "PROMOTED_ACCOUNT": "promoted_account_id",
    "MEDIA_CREATIVE": "media_creative_id",
    "ORGANIC_TWEET": "organic_tweet_id",
}
_REACH_IDS = {"campaign_ids": "campaign_id", "funding_instrument_ids": "funding_instrument_id"}
_DAY = timedelta(days=1)
_MOST_STEPS = 24 * 92  # a job gives at most 90 days of hours
# X adds these up as "total conversions": each is another event (analytics.mdx, metrics by objective).
_CONVERSIONS = ("custom", "site_visits", "sign_ups", "downloads", "purchases")
_OTHER_CONVERSIONS = (
    "add_to_carts", "checkouts_initiated", "content_views", "payment_info_additions", "add_to_wishlists", "searches",
    "landing_page_views", "subscriptions",
)  # fmt: skip


def unwrap(document: Any) -> Iterable[tuple[str, Any]] | None:
    """The rows of a stats or reach answer: one per entity, segment and step of time."""
    if not isinstance(document, dict) or not isinstance(document.get("data"), list):
        return None
    if document.get("data_type") == "names":  # as the connector keeps a list of things, apart from rows with numbers
        return [(f"names of {document.get('entity')}", _object(one)) for one in document["data"]]
    length = document.get("time_series_length")
    if document.get("data_type") == "stats" and isinstance(length, int) and 0 <= length <= _MOST_STEPS:
        return _stats(document, length)
    return _reach(document) if document.get("data_type") == "reach" else None


def _stats(document: dict[str, Any], length: int) -> Iterator[tuple[str, Any]]:
    asked = _params(document)
    # Without its request an answer names no level; line items are what X says to ask for.
    id_column = _IDS.get(str(asked.get("entity") or "LINE_ITEM"), "entity_id")
    times = [_time(asked, length, index) for index in range(length)]
    for entity in document["data"]:
        if not isinstance(entity, dict) or not isinstance(entity.get("id_data"), list):
            yield "", _object(entity)
            continue
        for part in map(_object, entity["id_data"]):
            about = {**_about(asked), id_column: entity.get("id"), **_segment(asked, part.get("segment"))}
            for time, metrics in zip(times, _steps(part.get("metrics"), length), strict=True):
                yield "", {**about, **time, "metrics": metrics}


def _object(value: Any) -> dict[str, Any]:
    """What is no object is none of X's; as a row that says nothing else, it is set aside with what it was."""
    return value if isinstance(value, dict) else {"value": value}


def _params(document: dict[str, Any]) -> dict[str, Any]:
    request = document.get("request")
    params = request.get("params") if isinstance(request, dict) else None
    return params if isinstance(params, dict) else {}


def _about(asked: dict[str, Any]) -> dict[str, Any]:
    """What the request says of all its rows. Its country and platform keep only a part of the segments."""
    told = {name: asked.get(name) for name in ("account_id", "placement", "country", "platform") if asked.get(name)}
    groups = asked.get("metric_groups")
    if isinstance(groups, list) and groups and "ENGAGEMENT" not in groups:
        # A request for conversions alone must not take the place of the rows that hold the impressions.
        told["metric_groups"] = "+".join(sorted(map(str, groups)))
    return told


def _segment(asked: dict[str, Any], segment: Any) -> dict[str, Any]:
    if segment is None:
        return {}
    name = str(asked.get("segmentation_type") or "segment").lower()
    if isinstance(segment, dict):
        segment = segment.get("segment_value") or segment.get("segment_name")
    return {"segment": {name: segment}}


def _time(asked: dict[str, Any], length: int, index: int) -> dict[str, Any]:
    """The days of one place in the arrays, and what tells it from the others of a day."""
    start, end = _moment(asked.get("start_time")), _moment(asked.get("end_time"))
    granularity = str(asked.get("granularity") or ("TOTAL" if length == 1 else ""))
    if start is not None and end is not None and granularity == "TOTAL":
        if (end - start) % _DAY:  # such a span tells nothing of the account's zone
            return {"date": start.date().isoformat(), "date_to": (end - timedelta(seconds=1)).date().isoformat()}
        return {"date": _day(start), "date_to": _day(end - _DAY)}
    if start is not None and granularity == "DAY":
        return {"date": _day(start + index * _DAY)}
    if start is not None and granularity == "HOUR":
        moment = start + timedelta(hours=index)
        # Whole days are taken to begin at the account's midnight.
        day = moment.date().isoformat() if length % 24 else _day(start + index // 24 * _DAY)
        return {"date": day, "hour": moment.strftime("%Y-%m-%dT%H:00Z")}
    return {} if length == 1 else {"position": index}


def _moment(text: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    if not 1990 < moment.year < 9000:  # the calendar ends soon after
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _day(moment: datetime) -> str:
    """The day of which a moment of UTC is the local midnight: in Berlin that is 22:00 or 23:00 of the day before."""
    return (moment + timedelta(hours=12)).date().isoformat()


def _steps(value: Any, length: int) -> list[Any]:
    """The arrays, in whatever objects they lie, place by place; null where a metric has no data."""
    if isinstance(value, dict) and value:
        places = zip(*(_steps(inner, length) for inner in value.values()), strict=True)
        return [dict(zip(value, cells, strict=True)) for cells in places]
    if isinstance(value, list):
        return [*value[:length], *[None] * (length - len(value))]
    return [value] * length


def _reach(document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    asked = _params(document)
    id_column = next((column for name, column in _REACH_IDS.items() if name in asked), "entity_id")
    for entity in map(_object, document["data"]):
        own = {id_column if name == "id" else name: value for name, value in entity.items()}
        yield "", {"account_id": asked.get("account_id"), **_time(asked | {"granularity": "TOTAL"}, 1, 0), **own}


def _metric(name: str) -> tuple[str, ...]:
    return (name, f"metrics.{name}")


def _part(kind: str, part: str) -> tuple[str, ...]:
    """A web conversion's part: flat in a warehouse, nested in an answer."""
    return (f"conversion_{kind}_{part}", f"metrics.conversion_{kind}.{part}")


MAPPING = Mapping(
    data_source="twitter_ads",
    version=1,
    trailing=Trailing(14, "metrics lock after 24 hours, billed charges are estimates for 3 days"),
    fields=(
        Field("account_id", ("account_id",), "id"),
        Field("campaign_id", ("campaign_id",), "id"),
        Field("ad_group_id", ("line_item_id",), "id"),
        Field("ad_id", ("promoted_tweet_id",), "id"),
        Field("date_from", ("date",), "date"),
        Field("date_to", ("date_to",), "date"),
        Field("spend", _metric("billed_charge_local_micro"), "micros"),
        Field("impressions", _metric("impressions"), "count"),
        Field("clicks", _metric("clicks"), "count"),
        Field(
            "conversions",
            tuple(source for kind in _CONVERSIONS for source in _part(kind, "metric")),
            "number",
            is_sum=True,
        ),
        Field(
            "revenue",
            tuple(source for kind in _CONVERSIONS for source in _part(kind, "sale_amount")),
            "micros",
            is_sum=True,
        ),
        Field("reach", ("total_audience_reach",), "count"),
        Field("frequency", ("average_frequency",), "number"),
        Field("video_views", _metric("video_total_views"), "count"),
    ),
    levels=(
        ("media_creative", ("media_creative_id",)),
        ("organic_tweet", ("organic_tweet_id",)),
        ("promoted_account", ("promoted_account_id",)),
        ("ad", ("promoted_tweet_id",)),
        ("ad_group", ("line_item_id",)),
        ("campaign", ("campaign_id",)),
        ("funding_instrument", ("funding_instrument_id",)),
        ("account", ()),
    ),
    breakdowns={
        name: name
        for name in (
            "placement", "hour", "position", "segment", "country", "platform", "metric_groups", "location_name",
            "location_type", "media_creative_id", "organic_tweet_id", "promoted_account_id", "funding_instrument_id",
        )
    },
    breakdown_prefixes=("segment.",),
    ignored=BOOKKEEPING,
    entities=(
        Entity("campaign", ("id",), ("name",), ("funding_instrument_id",)),
        Entity("ad_group", ("id",), ("name",), ("campaign_id",), above={"campaign_id": ("campaign_id",)}),
        Entity("ad", ("id",), (), ("line_item_id", "tweet_id"), above={"ad_group_id": ("line_item_id",)}),
        Entity("account", ("id",), ("name",), ("approval_status", "timezone")),
    ),
    constants={"channel": "paid_social"},
    typed=tuple(
        TypedColumn(kind, _part(kind, "metric"), _part(kind, "sale_amount"), "micros")
        for kind in (*_CONVERSIONS, *_OTHER_CONVERSIONS)
    ),
    unwrap=unwrap,
)  # fmt: skip
