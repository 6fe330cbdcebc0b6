"""Klaviyo answers: campaign values (totals of a time frame) and flow series (one number a day).

Source: Klaviyo's OpenAPI document, `campaign-values-reports` and `flow-series-reports`: JSON:API bodies whose results
pair `groupings` with `statistics`; rates are fractions; values carry no currency, they are in the account's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
import orjson

from kalends.demo.amounts import Days
from kalends.demo.mailing import Flow, Mails, MailTruth
from kalends.demo.pulls import Pull, month_start
from kalends.demo.reported import DemoFile

# A rate and the two counts it is made of.
RATES = {
    "open_rate": ("opens_unique", "delivered"),
    "click_rate": ("clicks_unique", "delivered"),
    "conversion_rate": ("conversions", "delivered"),
}
LINK = "https://a.klaviyo.com/api"


def campaign_pulls(*, first: date, end: date, settle: int) -> tuple[Pull, ...]:
    """A pull a month, `settle` days after its end, so that its last newsletter has sold what it will."""
    months = [first]
    while (following := month_start(months[-1], months=1)) <= end:
        months.append(following)
    lasts = [min(month_start(month, months=1) - timedelta(days=1), end) for month in months]
    days = [min(last + timedelta(days=settle), end) + timedelta(days=1) for last in lasts]
    return tuple(Pull(day, month, last) for day, month, last in zip(days, months, lasts, strict=True))


def campaign_values_file(*, mail: MailTruth, pull: Pull) -> DemoFile:
    """Newsletters sent within the pull's days: one result each, without a date, as the report has none."""
    results = [
        {
            "groupings": {
                "send_channel": "email",
                "campaign_id": one.id,
                "campaign_message_id": one.id,
                "campaign_message_name": one.name,
            },
            "statistics": _totals({name: int(values[index]) for name, values in mail.sent.statistics.items()}),
        }
        for index, one in enumerate(mail.newsletters)
        if pull.first <= one.day <= pull.last
    ]
    attributes = {"results": results}
    return _file(pull=pull, kind="campaign-values-report", attributes=attributes, rows=len(results))


def flow_series_file(*, mail: MailTruth, pull: Pull) -> DemoFile:
    """Flows by day: arrays parallel to `date_times`."""
    days, inside = _inside(days=mail.flows[0][1].days, pull=pull)
    attributes = {
        "results": [_flow_result(flow, mails, inside) for flow, mails in mail.flows],
        "date_times": [f"{day}T00:00:00+00:00" for day in np.datetime_as_string(days, unit="D").tolist()],
    }
    return _file(pull=pull, kind="flow-series-report", attributes=attributes, rows=len(mail.flows) * days.size)


def _file(*, pull: Pull, kind: str, attributes: Mapping[str, Any], rows: int) -> DemoFile:
    body = {"data": {"type": kind, "attributes": attributes}, "links": {"self": f"{LINK}/{kind}s"}}
    return DemoFile(
        data_source="klaviyo",
        name=f"klaviyo_{kind.replace('-', '_')}_{pull.first}_{pull.last}_pulled_{pull.day}.json",
        reported_at=pull.reported_at,
        content=orjson.dumps(body),
        date_range=(pull.first, pull.last),
        rows=rows,
    )


def _flow_result(flow: Flow, mails: Mails, inside: slice) -> dict[str, Any]:
    daily = [
        _totals(dict(zip(mails.statistics, values, strict=True)))
        for values in zip(*(measure[inside].tolist() for measure in mails.statistics.values()), strict=True)
    ]
    return {
        "groupings": {
            "flow_id": flow.id,
            "flow_name": flow.name,
            "send_channel": "email",
            "flow_message_id": flow.message_id,
        },
        "statistics": {name: [day[name] for day in daily] for name in daily[0]},
    }


def _totals(counts: dict[str, int]) -> dict[str, float]:
    """Counts with money in currency units, and the rates; nothing sent has the rate 0, as Klaviyo prints it."""
    rates = {
        name: round(counts[top] / counts[bottom], 6) if counts[bottom] else 0.0 for name, (top, bottom) in RATES.items()
    }
    return {**counts, "conversion_value": counts["conversion_value"] / 100, **rates}


def _inside(*, days: Days, pull: Pull) -> tuple[Days, slice]:
    first = int(np.searchsorted(days, np.datetime64(pull.first)))
    last = int(np.searchsorted(days, np.datetime64(pull.last), side="right"))
    return days[first:last], slice(first, last)
