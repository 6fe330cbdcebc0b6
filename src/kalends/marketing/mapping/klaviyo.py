"""Klaviyo: campaign and flow reports (values and series) of the JSON:API, already taken out of their envelope.

A values report carries no date: its rows take the request's range. Single events (/api/events, Fivetran's `event`) are
not a report and are not read as one.
"""

from kalends.marketing.mapping.fields import BOOKKEEPING, Entity, Field, Mapping

_METRICS = {
    "sends": ("recipients",),
    "deliveries": ("delivered",),
    "opens": ("opens",),
    "clicks": ("clicks",),
    "unsubscribes": ("unsubscribes",),
    "bounces": ("bounced",),
}

MAPPING = Mapping(
    data_source="klaviyo",
    version=1,
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
    constants={"channel": "email"},
)
