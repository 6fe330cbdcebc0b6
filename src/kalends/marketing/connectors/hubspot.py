"""HubSpot: deals by search, and the e-mails' histogram.

A search gives 10,000 results at most (developers.hubspot.com, "Search the CRM"): where there are more, fewer days are
asked for. It finds deals that were opened or closed in a slice's days; archived ones are not found, and so are gone
from those days, and from others when these are asked for again. Days are UTC. An answer to too many calls names the
policy that was broken, and seldom says how long to wait.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from kalends.marketing.connectors.asking import Answer, Ask
from kalends.marketing.connectors.auth import HeaderKey, OAuth2, SignedInOr
from kalends.marketing.connectors.consent import Consent
from kalends.marketing.connectors.declared import Account, Connector, Entry, Page, Quota, Report, Slice
from kalends.marketing.connectors.signals import CursorExpired, Limited, Malformed, Refused, Signal, TooMuch

API = "https://api.hubapi.com"
EMAILS = f"{API}/marketing/emails/2026-03/statistics/histogram"
PROPERTIES = (
    "amount", "closedate", "createdate", "deal_currency_code", "dealstage", "hs_analytics_source", "hs_is_closed",
    "hs_is_closed_won",
)  # fmt: skip
PAGE_SIZE = 200
CEILING = 10_000
PAUSES = {"SECONDLY": 1.0, "TEN_SECONDLY_ROLLING": 10.0, "DAILY": 3600.0}
"""Seconds for each policy where HubSpot does not say how long; a day's budget is looked for again every hour."""


def judge(answer: Answer) -> Signal | None:
    """What an error's own words say where its status says too little."""
    if answer.status not in {400, 403, 429}:
        return None
    body = answer.json()
    told = body if isinstance(body, dict) else {}
    message = str(told.get("message", ""))[:200]
    if answer.status == 429:
        pause = PAUSES.get(str(told.get("policyName", "")))
        return Limited("HubSpot asks for a pause.", seconds=pause if answer.pause is None else answer.pause)
    if answer.status == 403:
        advice = "Give the app the scopes crm.objects.deals.read and, for e-mails, content."
        return Refused(f"HubSpot does not allow this: {message}", advice=advice)
    if "paging cursor" in message.lower():
        return CursorExpired("HubSpot does not know the page's cursor any more.")
    return Refused(f"HubSpot refuses: {message}")


def instants(first: date, last: date) -> tuple[datetime, datetime]:
    """From the first instant of the first day to the first one after the last day."""
    after = last + timedelta(days=1)
    return datetime.combine(first, time(), UTC), datetime.combine(after, time(), UTC)


def pull_deals(ask: Ask, wanted: Slice) -> Iterator[Page]:
    """Deals that were opened or closed in these days, page by page."""
    begin, end = (int(moment.timestamp() * 1000) for moment in instants(wanted.first, wanted.last))
    span = {"operator": "BETWEEN", "value": str(begin), "highValue": str(end - 1)}
    is_closed = {"propertyName": "hs_is_closed", "operator": "EQ", "value": "true"}
    question: dict[str, Any] = {
        "filterGroups": [
            {"filters": [{"propertyName": "createdate", **span}]},
            {"filters": [{"propertyName": "closedate", **span}, is_closed]},
        ],
        "properties": PROPERTIES,
        "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
        "limit": PAGE_SIZE,
    }
    seen = [""]
    while True:
        body = question | ({"after": seen[-1]} if seen[-1] else {})
        answer = ask.post(f"{API}/crm/v3/objects/deals/search", body, quota="search")
        if answer.json().get("total", 0) > CEILING:
            raise TooMuch(f"HubSpot's search gives {CEILING:,} deals at most.")
        yield Page.of(answer, request={"portalId": wanted.account.id})
        if not (after := next_after(answer, seen)):
            return
        seen.append(after)


def pull_emails(ask: Ask, wanted: Slice) -> Iterator[Page]:
    """All marketing e-mails together, by day."""
    begin, end = (f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in instants(wanted.first, wanted.last))
    span = {"startTimestamp": begin, "endTimestamp": end, "interval": "DAY"}
    seen = [""]
    while True:
        answer = ask.get(EMAILS, span | ({"after": seen[-1]} if seen[-1] else {}), quota="plain")
        yield Page.of(answer, request={"portalId": wanted.account.id, **span})
        if not (after := next_after(answer, seen)):
            return
        seen.append(after)


def next_after(answer: Answer, seen: list[str]) -> str:
    """Where the next page begins; '' on the last. Raises Malformed, also where it leads back."""
    body = answer.json()
    if not isinstance(body, dict) or not isinstance(body.get("results"), list):
        raise Malformed("HubSpot answered without results.")
    after = str(((body.get("paging") or {}).get("next") or {}).get("after") or "")
    if after and after in seen:
        raise Malformed("HubSpot gives the same page again and again.")
    return after


def accounts(ask: Ask) -> list[Account]:
    """The one account behind the token."""
    told = ask.get(f"{API}/account-info/v3/details", quota="plain").json()
    portal = str(told["portalId"])
    return [Account(portal, f"HubSpot {portal}", str(told.get("companyCurrency") or ""), "UTC")]


TOKENS = "https://api.hubapi.com/oauth/v3/token"
CONNECTOR = Connector(
    data_source="hubspot",
    entries=(
        Entry(
            "access_token",
            "Access token",
            "Of a private app, in HubSpot under Settings, Integrations. It needs the scope crm.objects.deals.read.",
            "secret",
        ),
    ),
    auth=SignedInOr(OAuth2(url=TOKENS), HeaderKey()),
    accounts=accounts,
    reports=(
        Report("deal/deal_id+moment", "Deals, opened and closed", pull_deals),
        Report("account", "E-mails by day", pull_emails, is_default=False),
    ),
    judge=judge,
    # A free account's 100 in 10 s and 250,000 a day, and the search's own 4 a second
    # (developers.hubspot.com, "API usage guidelines", "Search the CRM").
    quotas=(
        Quota("", 100, 10),
        Quota("", 250_000, 86_400),
        Quota("search", 4, 1),
    ),
    guide="developers.hubspot.com, Private apps",
    # developers.hubspot.com/docs/api-reference/auth-oauth-v3/guide
    consent=Consent(
        authorize="https://app.hubspot.com/oauth/authorize",
        exchange=TOKENS,
        scopes=("oauth", "crm.objects.deals.read"),
        asks={"optional_scope": "content"},
        help="In your HubSpot developer account, on the app's page Auth.",
    ),
)
