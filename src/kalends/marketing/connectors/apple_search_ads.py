"""Apple Search Ads: reports of the Campaign Management API v5, paged by an offset inside the question.

A row is a campaign with all its days; a day without delivery is a date alone. Days are those of the organization
('ORTZ'), of which the header X-AP-Context says which is meant. By day Apple tells the last 90 days and no more. The
app signs itself with a key of its own (developer.apple.com/documentation/apple_ads: ReportingRequest,
Get-Keyword-Level-Reports). Apple ends this API on
2027-01-26 in favour of its Ads Platform API.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import orjson

from kalends.marketing.connectors.asking import Answer, Ask
from kalends.marketing.connectors.auth import OAuth2, client_assertion
from kalends.marketing.connectors.declared import Account, Connector, Entry, Page, Quota, Report, Slice
from kalends.marketing.connectors.signals import Malformed, Refused, Signal

API = "https://api.searchads.apple.com/api/v5"
APPLE_ID = "https://appleid.apple.com"
PAGE_SIZE = 1000


def judge(answer: Answer) -> Signal | None:
    """What `error` says where the status says too little; Apple may put one beside HTTP 200."""
    if answer.status not in {200, 400, 403} or not answer.question.is_signed:
        return None
    body = answer.json()
    error = body.get("error") if isinstance(body, dict) else None
    if not error:
        return None
    told = error.get("errors") if isinstance(error, dict) else None
    said = "; ".join(str(one.get("message", "")) for one in told or [] if isinstance(one, dict))[:200]
    advice = "Give the API user the role “API Account Read Only”." if answer.status == 403 else ""
    return Refused(f"Apple refuses: {said or answer.status}.", advice=advice)


def pull_campaigns(ask: Ask, wanted: Slice, *, by: tuple[str, ...] = ()) -> Iterator[Page]:
    """The campaigns of an organization, broken down or not."""
    for answer in report(ask, wanted, "campaigns", order_by="campaignId", by=by):
        yield Page.of(answer)


def pull_below(ask: Ask, wanted: Slice, *, things: str, order_by: str) -> Iterator[Page]:
    """The ad groups or keywords of each campaign that delivered; a keyword's row says its ad group and no campaign."""
    for campaigns in list(report(ask, wanted, "campaigns", order_by="campaignId")):
        for row in rows_of(campaigns):
            of = row["metadata"]["campaignId"]
            for answer in report(ask, wanted, f"campaigns/{of}/{things}", order_by=order_by):
                body = answer.json()
                for one in body["data"]["reportingDataResponse"]["row"]:
                    one["metadata"] = {"campaignId": of} | one["metadata"]
                yield Page(orjson.dumps({"request": {"asked": answer.question.place}, "response": body}))


def report(ask: Ask, wanted: Slice, path: str, *, order_by: str, by: tuple[str, ...] = ()) -> Iterator[Answer]:
    """The pages of a report."""
    offset, total = 0, 1
    while offset < total:
        question = {
            "startTime": wanted.first.isoformat(),
            "endTime": wanted.last.isoformat(),
            "granularity": "DAILY",
            "timeZone": "ORTZ",
            "selector": {
                "orderBy": [{"field": order_by, "sortOrder": "ASCENDING"}],
                "pagination": {"offset": offset, "limit": PAGE_SIZE},
            },
            "returnRowTotals": False,
            "returnGrandTotals": False,
            "returnRecordsWithNoMetrics": False,
        } | ({"groupBy": by} if by else {})
        answer = ask.post(f"{API}/reports/{path}", question, headers={"X-AP-Context": f"orgId={wanted.account.id}"})
        offset, total = following(answer, offset=offset)
        yield answer


def following(answer: Answer, *, offset: int) -> tuple[int, int]:
    """Where the next page begins, and how many rows there are. Raises Malformed for another page than was asked for."""
    rows, info = rows_of(answer), answer.json().get("pagination")
    total = info.get("totalResults") if isinstance(info, dict) else None
    if not isinstance(total, int) or info.get("startIndex") != offset or (total > offset and not rows):
        raise Malformed("Apple answered with another page than was asked for.")
    return offset + len(rows), total


def rows_of(answer: Answer) -> list[Any]:
    """The rows of a page. Raises Malformed."""
    body = answer.json()
    data = body.get("data") if isinstance(body, dict) else None
    found = data.get("reportingDataResponse") if isinstance(data, dict) else None
    rows = found.get("row") if isinstance(found, dict) else None
    if not isinstance(rows, list):
        raise Malformed("Apple answered without rows.")
    return rows


def accounts(ask: Ask) -> list[Account]:
    """The organizations (campaign groups) that the API user may see."""
    return [
        Account(str(one["orgId"]), one.get("orgName", ""), one.get("currency", ""), one.get("timeZone", ""))
        for one in ask.get(f"{API}/acls").json()["data"]
    ]


CONNECTOR = Connector(
    data_source="apple_search_ads",
    entries=(
        Entry("client_id", "Client id", "In Apple Ads, Account Settings, API, once the public key is saved there."),
        Entry("team_id", "Team id", "On the same page."),
        Entry("key_id", "Key id", "On the same page."),
        Entry("private_key", "Private key", "The one that belongs to the public key on that page (PEM).", "long"),
    ),
    auth=OAuth2(
        url=f"{APPLE_ID}/auth/oauth2/token",
        grant="client_credentials",
        scope="searchadsorg",
        assertion=partial(client_assertion, audience=APPLE_ID),
    ),
    accounts=accounts,
    reports=(
        Report("campaign", "Campaigns by day", pull_campaigns, history=90),
        Report(
            "ad_group",
            "Ad groups by day",
            partial(pull_below, things="adgroups", order_by="adGroupId"),
            history=90,
            is_default=False,
        ),
        Report(
            "campaign/country",
            "Campaigns by country and day",
            partial(pull_campaigns, by=("countryOrRegion",)),
            history=90,
            is_default=False,
        ),
        Report(
            "campaign/device",
            "Campaigns by device and day",
            partial(pull_campaigns, by=("deviceClass",)),
            history=90,
            is_default=False,
        ),
        Report(
            "keyword/keyword+keyword_text+match_type",
            "Keywords by day",
            partial(pull_below, things="keywords", order_by="keywordId"),
            history=90,
            is_default=False,
        ),
    ),
    judge=judge,
    # Apple publishes no numbers, and its 429 does not say how long to wait: better not to meet it. At one call a second
    # 60 campaigns' ad groups come in a minute.
    quotas=(Quota("", 60, 60, is_shared=True, is_own=True),),
    guide="developer.apple.com/documentation/apple_ads/implementing-oauth-for-the-apple-search-ads-api",
)
