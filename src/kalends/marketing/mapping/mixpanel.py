"""Mixpanel: the raw export (one event a line), counts of events by day (segmentation, events), and Fivetran's events.

An exported event's `time` is in seconds since 1970 (milliseconds when asked so), in UTC for projects made since 2023
and in the project's own zone before; either way its written day is what Mixpanel's own reports show. An event is told
from another by name, person, time and $insert_id, which is Mixpanel's own rule for duplicates (docs.mixpanel.com,
import API). Mixpanel knows no spend, and its rows do not name the project. Funnels, cohorts and profiles are no report.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from kalends.marketing.mapping.fields import BOOKKEEPING, Entity, EventRule, Field, Mapping, Trailing

PURCHASES = frozenset({"purchase", "purchased", "order completed", "completed order", "checkout completed"})
MILLISECONDS = 10**11
"""A time of this many or more is in milliseconds: as seconds it would be after the year 5000."""


def unwrap(document: Any) -> Iterable[tuple[str, Any]] | None:
    """Exported events with the day of their time; counts of a series, one row for each event and day."""
    document = _bare(document)
    if not isinstance(document, dict):
        return None
    if isinstance(document.get("event"), str) and isinstance(document.get("properties"), dict):
        return [("", _dated(document))]
    events = document.get("results", {}).get("events") if isinstance(document.get("results"), dict) else None
    if isinstance(events, list) and all(isinstance(one, dict) and "properties" in one for one in events):
        return [("", _dated(one)) for one in events]
    counted = document.get("data")
    if (
        isinstance(counted, dict)
        and isinstance(counted.get("series"), list)
        and isinstance(counted.get("values"), dict)
    ):
        return list(_counts(counted["values"]))
    return None


def _bare(document: Any) -> Any:
    """The answer itself, out of a documented example."""
    example = document.get("response_example") if isinstance(document, dict) else None
    if isinstance(example, dict) and isinstance(example.get("example"), dict):
        return example["example"].get("value")
    return document


def _dated(event: dict[str, Any]) -> dict[str, Any]:
    properties = dict(event["properties"])
    # The export and the query answer name the person differently; what one event lacks is no other cut of the report.
    properties = {"distinct_id": properties.pop("$distinct_id", ""), "$insert_id": "", **properties}
    event = {**event, "properties": properties}
    time = properties.get("time")
    if isinstance(time, bool) or not isinstance(time, int | float):
        return event
    seconds = time / 1000 if time >= MILLISECONDS else time
    return {**event, "date": datetime.fromtimestamp(seconds, UTC).date().isoformat()}


def _counts(values: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, days in values.items():
        if isinstance(days, dict):
            yield from (("", {"event": name, "date": str(day)[:10], "count": count}) for day, count in days.items())


MAPPING = Mapping(
    data_source="mixpanel",
    version=1,
    trailing=Trailing(5, "late events of mobile devices"),
    fields=(
        Field("account_id", ("properties.project_id", "project_id"), "id"),
        Field("campaign_name", ("properties.utm_campaign", "utm_campaign")),
        Field("date_from", ("date", "time"), "date"),
        Field("country", ("properties.mp_country_code", "mp_country_code"), "upper"),
        Field("region", ("properties.$region", "region")),
        Field("device", ("properties.$os", "os")),
        Field("revenue", ("amount",), "money"),
    ),
    levels=(("event", ("event", "name")), ("account", ())),
    breakdowns={
        "event": "event",
        "name": "event",
        "properties.$insert_id": "insert_id",
        "insert_id": "insert_id",
        "properties.distinct_id": "person",
        "distinct_id": "person",
        "properties.time": "time",
    },
    ignored=(*BOOKKEEPING, "_file", "_line", "*mp_processing_time_ms", "paid_count"),
    streams=frozenset({"export", "revenue"}),
    entities=(Entity("cohort", ("id",), ("name",), ("is_visible", "project_id")),),
    constants={"channel": "web"},
    events=EventRule(
        shapes=(
            frozenset({"event", "date"}),
            frozenset({"event", "properties.time"}),
            frozenset({"name", "insert_id"}),
        ),
        name=("event", "name"),
        counts=("count",),
        values=("properties.$revenue", "properties.revenue", "properties.amount"),
        conversions=PURCHASES,
    ),
    needs_id=False,
    unwrap=unwrap,
)
