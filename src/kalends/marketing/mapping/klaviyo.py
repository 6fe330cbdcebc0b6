"""Klaviyo: campaign and flow reports (values and series) of the JSON:API, already taken out of their envelope.

A values report carries no date: its rows take the request's range, its own where the request lies beside it (`asked`).
A report is of one metric that counts as conversion, chosen where it is asked for; it says how often that happened, and
to how many people.
Single events (/api/events, Fivetran's `event`) are not a report and are not read as one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import Raw, Struct

from kalends.base.reading.documents import records
from kalends.base.reading.envelopes import Envelope
from kalends.marketing.mapping.asked import asked
from kalends.marketing.mapping.fields import BOOKKEEPING, Entity, Field, Mapping, Trailing, TypedColumn

_METRICS = {
    "sends": ("recipients",),
    "deliveries": ("delivered",),
    "opens": ("opens",),
    "clicks": ("clicks",),
    "unsubscribes": ("unsubscribes",),
    "bounces": ("bounced",),
}


def unwrap(document: Any) -> Iterable[tuple[str, Any]] | None:
    """The rows of a report, with the days that its request asks for; names of campaigns and flows apart from it."""
    request, answer = asked(document)
    if request.get("names"):
        return [("names", row) for _, row in records(answer)]
    frame = request.get("timeframe")
    if not isinstance(frame, dict):
        return None
    days = _days(frame.get("start"), frame.get("end"))
    return [("", days | row if isinstance(row, dict) else row) for _, row in records(answer)]


def _days(first: object, last: object) -> dict[str, str]:
    """The days of a request, for rows that do not say theirs."""
    return {"interval_from": str(first)[:10], "interval_to": str(last)[:10]}


class _Frame(Struct):
    start: str
    end: str


class _Request(Struct):
    timeframe: _Frame
    names: None = None


class _Attributes(Struct):
    results: list[Raw]
    date_times: None = None
    """A series has them, and lists for numbers: its rows are opened."""


class _Data(Struct):
    attributes: _Attributes


class _Response(Struct):
    data: _Data


class _Values(Struct):
    """The answer of a values report beside its question."""

    request: _Request
    response: _Response


MAPPING = Mapping(
    data_source="klaviyo",
    version=2,
    trailing=Trailing(30, "a company may credit an e-mail for 30 days"),
    fields=(
        Field("account_id", ("account_id", "public_api_key"), "id"),
        Field("campaign_id", ("groupings.campaign_id",), "id"),
        Field("campaign_name", ("groupings.campaign_name", "groupings.campaign_message_name")),
        Field("flow_id", ("groupings.flow_id",), "id"),
        Field("message_id", ("groupings.campaign_message_id", "groupings.flow_message_id"), "id"),
        Field("channel", ("groupings.send_channel",)),
        Field("date_from", ("interval_from", "date"), "date"),
        Field("date_to", ("interval_to",), "date"),
        *(Field(target, tuple(f"statistics.{s}" for s in sources), "count") for target, sources in _METRICS.items()),
        Field("conversions", ("statistics.conversions",), "number"),
        Field("revenue", ("statistics.conversion_value",), "money"),
    ),
    levels=(
        ("flow_message", ("groupings.flow_message_id",)),
        ("flow", ("groupings.flow_id",)),
        ("message", ("groupings.campaign_message_id",)),
        ("campaign", ("groupings.campaign_id",)),
        ("account", ()),
    ),
    # The ids of flows and messages are no key columns of a fact, so they are told apart as breakdowns.
    breakdowns={
        "groupings.flow_id": "flow_id",
        "groupings.campaign_message_id": "message_id",
        "groupings.flow_message_id": "message_id",
        "groupings.send_channel": "channel",
        "groupings.campaign_id": "",
        "groupings.campaign_name": "",
        "groupings.campaign_message_name": "",
    },
    breakdown_prefixes=("groupings.",),
    ignored=(*BOOKKEEPING, "statistics.*_rate", "statistics.average_order_value", "statistics.revenue_per_recipient"),
    entities=(
        Entity("campaign", ("id",), ("attributes.name",), ("attributes.send_strategy.method",)),
        Entity("flow", ("id",), ("attributes.name",), ("attributes.trigger_type",)),
        Entity("campaign", ("id",), ("name",), ("campaign_type", "subject")),
        Entity("flow", ("id",), ("name",), ("trigger_type", "status")),
    ),
    typed=(
        TypedColumn("conversions", ("statistics.conversions",), ("statistics.conversion_value",), is_own=True),
        TypedColumn("conversion_uniques", ("statistics.conversion_uniques",)),
    ),
    constants={"channel": "email"},
    unwrap=unwrap,
    envelope=Envelope(
        _Values,
        rows=lambda answer: answer.response.data.attributes.results,
        given=lambda answer: _days(answer.request.timeframe.start, answer.request.timeframe.end),
    ),
)
