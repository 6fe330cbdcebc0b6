"""Amplitude: exported events, one a line, and the cost of advertising that it imports as events ("Daily Ad Metrics").

Times are UTC without saying so. An event is told from another by `uuid`; `$insert_id` is what the sender said, and
Amplitude counts it once. An export is a zip of gzipped files, one for each hour and shard; the range it is asked for is
by upload, not by event (amplitude.com/docs/apis/analytics/export). Properties have dots in their names.
"""

from kalends.marketing.mapping.fields import BOOKKEEPING, Entity, EventRule, Field, Mapping, Trailing

PURCHASES = frozenset({"purchase", "purchased", "order completed", "completed order", "revenue_amount"})
_COST = "event_properties.ad_metrics."
_DEVICE_FACTS = (
    "device_*", "client_*", "server_*", "processed_time", "library", "location_*", "ip_address", "session_id",
    "sample_rate", "$schema", "schema", "$insert_key", "data.*", "data", "data_type", "amplitude_*", "version_name",
    "start_version", "user_creation_time", "event_id", "event_type_id", "id", "project_name", "*_time",
)  # fmt: skip

MAPPING = Mapping(
    data_source="amplitude",
    version=1,
    trailing=Trailing(5, "late events of mobile devices"),
    fields=(
        Field("account_id", ("app",), "id"),
        Field("campaign_id", ("event_properties.campaign_id",), "id"),
        Field("campaign_name", ("event_properties.campaign_name",)),
        Field("campaign_type", ("event_properties.campaign_advertising_channel_type",)),
        Field("ad_group_id", ("event_properties.ad_group_id",), "id"),
        Field("ad_group_name", ("event_properties.ad_group_name",)),
        Field("ad_id", ("event_properties.ad_id",), "id"),
        Field("date_from", ("event_time", "date"), "date"),
        Field("country", ("country",)),
        Field("region", ("region",)),
        Field("device", ("event_properties.ad_segment_device", "platform")),
        Field("spend", (f"{_COST}cost",), "money"),
        Field("impressions", (f"{_COST}impressions",), "count"),
        Field("clicks", (f"{_COST}clicks",), "count"),
        Field("conversions", (f"{_COST}conversions",), "number"),
    ),
    # Each event is money or a fact of its own, whatever it is about: one report, or its cuts would not be added up.
    levels=(("event", ("event_type",)), ("account", ())),
    breakdowns={"event_type": "event", "uuid": "event_id"},
    ignored=(*BOOKKEEPING, *_DEVICE_FACTS, f"{_COST}interactions"),
    streams=frozenset({"events"}),
    entities=(Entity("event", ("name",), ("display",), ("totals", "flow_hidden")),),
    constants={"channel": "app"},
    events=EventRule(
        shapes=(frozenset({"event_type", "event_time"}),),
        name=("event_type",),
        values=("event_properties.$revenue", "$revenue", "event_properties.revenue"),
        conversions=PURCHASES,
    ),
    needs_id=False,
)
