"""Klaviyo: the reporting API, campaigns by the day they were sent and flows by day.

There is no series of campaigns, so their values are asked for day by day, at two questions a minute and 225 a day
(github.com/klaviyo/openapi, stable: x-klaviyo-ratelimit). Each page is therefore kept as soon as it is here, and a
slice that has to wait goes on where it was. A report needs the metric that counts as a conversion: the shop's "Placed
Order", unless somebody names another. Links to a next page are whole addresses; only their cursor is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

from kalends.marketing.connectors.asking import Answer, Ask
from kalends.marketing.connectors.auth import HeaderKey
from kalends.marketing.connectors.declared import Account, Connector, Entry, Page, Quota, Report, Slice
from kalends.marketing.connectors.signals import CursorExpired, Malformed, Refused, Signal

API = "https://a.klaviyo.com/api"
STATISTICS = (
    "recipients", "delivered", "opens", "clicks", "unsubscribes", "bounced", "conversions", "conversion_value",
)  # fmt: skip
CAMPAIGNS, FLOWS = "campaign-values-report", "flow-series-report"
GROUPS = {
    CAMPAIGNS: ["campaign_id", "campaign_message_id", "send_channel"],
    FLOWS: ["flow_id", "flow_message_id", "send_channel"],
}
CHANNELS = {"email": "email", "sms": "sms", "push-notification": "mobile_push"}
"""A report's channel -> the list's word for it. Campaigns of other channels cannot be listed: they have no names."""
PLACED_ORDER = "Placed Order"
IDS_AT_ONCE = 50
"""A flow list's largest page."""


def judge(answer: Answer) -> Signal | None:
    """What an error's words say where the status says too little."""
    if answer.status not in {400, 403}:
        return None
    code, detail = told(answer)
    if answer.status == 403:
        advice = "Give the key the right to read accounts, campaigns, flows and metrics."
        return Refused(f"Klaviyo does not allow this key to ask that ({code}).", advice=advice)
    if "cursor" in detail.lower():
        return CursorExpired("Klaviyo does not know the page's cursor any more.")
    return Refused(f"Klaviyo refuses: {detail} ({code}).")


def told(answer: Answer) -> tuple[str, str]:
    """An error's code and detail."""
    body = answer.json()
    errors = body.get("errors") if isinstance(body, dict) else None
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    return str(first.get("code", "")), str(first.get("detail", ""))[:200]


# Lists and their pages.


def next_cursor(answer: Answer, *, seen: Iterable[str]) -> str:
    """The cursor of the next page; '' on the last. Raises Malformed, also where it leads back."""
    body = answer.json()
    if not isinstance(body, dict) or "data" not in body:
        raise Malformed("Klaviyo answered without data.")
    query = parse_qs(urlsplit((body.get("links") or {}).get("next") or "").query)
    cursor = (query.get("page[cursor]") or query.get("page_cursor") or [""])[0]
    if cursor in seen:
        raise Malformed("Klaviyo gives the same page again and again.")
    return cursor


def listed(ask: Ask, what: str, params: Mapping[str, str]) -> Iterator[Answer]:
    """The pages of a list."""
    cursor, seen = "", []
    while True:
        place = {"page[cursor]": cursor} if cursor else {}
        answer = ask.get(f"{API}/{what}", {**params, **place}, quota="list")
        yield answer
        seen.append(cursor)
        if not (cursor := next_cursor(answer, seen=seen[1:])):
            return


def conversion_metric(ask: Ask) -> str:
    """The id of the metric that counts as a conversion. Raises Refused where nobody can tell which."""
    wanted = ask.options.get("conversion_metric") or PLACED_ORDER
    found: dict[str, str] = {}
    for answer in listed(ask, "metrics", {"fields[metric]": "name,integration"}):
        for one in answer.json()["data"]:
            if wanted == one["id"]:
                return wanted
            if wanted == one["attributes"]["name"]:
                found[one["id"]] = (one["attributes"].get("integration") or {}).get("name") or "no integration"
    if not found:
        raise Refused(
            f"Klaviyo has no metric “{wanted}”.", advice="Name the one that counts as a conversion, or give its id."
        )
    if len(found) > 1:
        each = ", ".join(f"{name}: {metric}" for metric, name in sorted(found.items()))
        raise Refused(f"Klaviyo has several metrics “{wanted}”.", advice=f"Give the id of the one that counts: {each}.")
    return next(iter(found))


# Reports.


def answers(ask: Ask, kind: str, first: date, last: date) -> Iterator[dict[str, str]]:
    """A report's pages, each {page, next}; kept, so that none is asked for twice."""
    frame = {"start": f"{first}T00:00:00+00:00", "end": f"{last}T23:59:59+00:00"}
    cursor, seen = "", [""]
    try:
        while True:
            page = ask.once(f"{first} {cursor}", lambda: answer_of(ask, kind, frame, seen))
            yield page
            if not (cursor := page["next"]):
                return
            seen.append(cursor)
    except CursorExpired:
        for place in seen:
            ask.forget(f"{first} {place}")
        raise


def answer_of(ask: Ask, kind: str, frame: Mapping[str, str], seen: list[str]) -> dict[str, str]:
    """One page of a report, `seen[-1]` its cursor."""
    attributes: dict[str, Any] = {
        "statistics": STATISTICS,
        "timeframe": frame,
        "conversion_metric_id": ask.once("metric", lambda: conversion_metric(ask)),
        "group_by": GROUPS[kind],
    }
    if kind == FLOWS:
        attributes["interval"] = "daily"
    answer = ask.post(
        f"{API}/{kind}s" + (f"?page_cursor={seen[-1]}" if seen[-1] else ""),
        {"data": {"type": kind, "attributes": attributes}},
        content_type="application/vnd.api+json",
        quota=kind,
    )
    following = next_cursor(answer, seen=seen[1:])
    return {"page": Page.of(answer, request={"timeframe": frame}).content.decode(), "next": following}


def pull_campaigns(ask: Ask, wanted: Slice) -> Iterator[Page]:
    """What was sent on each day, and the campaigns' names."""
    ids: dict[str, set[str]] = {}
    for day in wanted.days:
        for page in answers(ask, CAMPAIGNS, day, day):
            yield Page(page["page"].encode())
            for group in groups_of(page):
                ids.setdefault(str(group.get("send_channel")), set()).add(str(group["campaign_id"]))
    for channel in sorted(ids.keys() & CHANNELS.keys()):
        for some in chunks(ids[channel]):
            chosen = f"and(equals(messages.channel,'{CHANNELS[channel]}'),any(id,{some}))"
            fields = {"fields[campaign]": "name,send_strategy.method"}
            for answer in listed(ask, "campaigns", {"filter": chosen, **fields}):
                yield Page.of(answer, request={"names": "campaigns"})


def pull_flows(ask: Ask, wanted: Slice) -> Iterator[Page]:
    """Flows by day, and their names."""
    ids = set()
    for page in answers(ask, FLOWS, wanted.first, wanted.last):
        yield Page(page["page"].encode())
        ids |= {str(group["flow_id"]) for group in groups_of(page)}
    for some in chunks(ids):
        for answer in listed(ask, "flows", {"filter": f"any(id,{some})", "fields[flow]": "name,trigger_type"}):
            yield Page.of(answer, request={"names": "flows"})


def groups_of(page: Mapping[str, str]) -> list[dict[str, Any]]:
    """What the rows of a page are about."""
    return [row["groupings"] for row in orjson.loads(page["page"])["response"]["data"]["attributes"]["results"]]


def chunks(ids: Iterable[str]) -> list[str]:
    """Lists of ids as a filter writes them."""
    every = sorted(ids)
    some = (every[start : start + IDS_AT_ONCE] for start in range(0, len(every), IDS_AT_ONCE))
    return [orjson.dumps(one).decode() for one in some]


def accounts(ask: Ask) -> list[Account]:
    """The key's one account; also looks whether its conversions can be told."""
    found = ask.get(f"{API}/accounts", quota="account").json()["data"]
    conversion_metric(ask)
    return [
        Account(
            str(one["id"]),
            (one["attributes"].get("contact_information") or {}).get("organization_name") or "",
            one["attributes"].get("preferred_currency") or "",
            one["attributes"].get("timezone") or "",
        )
        for one in found
    ]


CONNECTOR = Connector(
    data_source="klaviyo",
    entries=(
        Entry(
            "api_key",
            "Private API key",
            "In Klaviyo under Settings, API keys. It needs to read accounts, campaigns, flows and metrics.",
            "secret",
        ),
        Entry(
            "conversion_metric",
            "What counts as a conversion",
            "The name or id of a metric; usually the shop's placed orders.",
            is_required=False,
            default=PLACED_ORDER,
        ),
    ),
    auth=HeaderKey(prefix="Klaviyo-API-Key ", secret="api_key"),  # noqa: S106 (the name of an entry)
    accounts=accounts,
    reports=(
        Report("message/channel+message_id", "Campaigns by the day they were sent", pull_campaigns, days=15),
        Report("flow_message/channel+flow_id+message_id", "Flows by day", pull_flows),
    ),
    judge=judge,
    # x-klaviyo-ratelimit of each operation (klaviyo/openapi, 2026-07-15): burst, steady, daily.
    quotas=(
        *(Quota(kind, *limit) for kind in (CAMPAIGNS, FLOWS) for limit in ((1, 1), (2, 60), (225, 86_400))),
        *(Quota("list", *limit) for limit in ((3, 1), (60, 60))),  # flows have the least of the lists
        *(Quota("account", *limit) for limit in ((1, 1), (15, 60))),
    ),
    guide="help.klaviyo.com, How to manage your account's API keys",
    headers={"revision": "2026-07-15", "Accept": "application/vnd.api+json"},
)
