"""Amazon Ads: reports of the reporting API v3, ordered, waited for and fetched as gzipped JSON.

Each kind of sponsored ads is a report of its own, with names of its own for what was bought, and is kept for a time
of its own (advertising.amazon.com/API/docs/en-us/guides/reporting/v3/report-types). An order that is like one still
being worked on is refused with 425, which names that one. A finished report's link ends after an hour and must be
called without the token; asking for the report again gives a new one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

from kalends.marketing.connectors.asking import Answer, Ask
from kalends.marketing.connectors.auth import OAuth2
from kalends.marketing.connectors.consent import Consent
from kalends.marketing.connectors.declared import Account, Connector, Entry, Page, Quota, Report, Slice
from kalends.marketing.connectors.files import plain
from kalends.marketing.connectors.signals import CursorExpired, Malformed, Passing, Refused, Signal

HOSTS = {
    "com": "advertising-api.amazon.com",
    "co.uk": "advertising-api-eu.amazon.com",
    "co.jp": "advertising-api-fe.amazon.com",
}
"""Region -> where its reports are. A region is named by the end of its sign-in's address."""
SIGN_IN = {"com": "www.amazon.com", "co.uk": "eu.account.amazon.com", "co.jp": "apac.account.amazon.com"}
"""Region -> where its people sign in."""
REPORTS = "/reporting/reports"
ORDER = "application/vnd.createasyncreportrequest.v3+json"
REPORT_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
COMMON = ("date", "campaignId", "campaignName", "impressions", "clicks", "cost")
WINDOWS = tuple(f"{what}{days}d" for what in ("purchases", "sales") for days in (1, 7, 14, 30))
BOUGHT = ("purchases", "sales", "purchasesClicks", "salesClicks")
GROUP = ("adGroupId", "adGroupName")
IS_KEYWORD = ("BROAD", "PHRASE", "EXACT")


@dataclass(frozen=True, slots=True)
class Product:
    """One kind of ads in one report. `kept`: how many days back Amazon tells its numbers. `only`: the kinds of
    targeting that are told, where not all are.
    """

    name: str
    report_type: str
    group_by: tuple[str, ...]
    columns: tuple[str, ...]
    kept: int
    only: tuple[str, ...] = ()


KEYWORDS = "keyword/keyword+keyword_text+match_type"
ASKED = {
    "campaign": (
        Product("SPONSORED_PRODUCTS", "spCampaigns", ("campaign",), (*COMMON, *WINDOWS), 95),
        Product("SPONSORED_BRANDS", "sbCampaigns", ("campaign",), (*COMMON, *BOUGHT), 60),
        Product("SPONSORED_DISPLAY", "sdCampaigns", ("campaign",), (*COMMON, *BOUGHT), 65),
    ),
    "ad_group": (
        Product("SPONSORED_PRODUCTS", "spCampaigns", ("campaign", "adGroup"), (*COMMON, *GROUP, *WINDOWS), 95),
        Product("SPONSORED_BRANDS", "sbAdGroup", ("adGroup",), (*COMMON, *GROUP, *BOUGHT), 60),
        Product("SPONSORED_DISPLAY", "sdAdGroup", ("adGroup",), (*COMMON, *GROUP, *BOUGHT), 65),
    ),
    # Products tell of what they target in a keyword's columns, too; brands in others. Display has no keywords.
    KEYWORDS: (
        Product(
            "SPONSORED_PRODUCTS",
            "spTargeting",
            ("targeting",),
            (*COMMON, *GROUP, "keywordId", "keyword", "matchType", *WINDOWS),
            95,
        ),
        Product(
            "SPONSORED_BRANDS",
            "sbTargeting",
            ("targeting",),
            (*COMMON, *GROUP, "keywordId", "keywordText", "matchType", *BOUGHT),
            60,
            only=IS_KEYWORD,
        ),
    ),
}
"""Report -> what it is put together of."""


class Duplicate(Signal):
    """Amazon is already working on this order."""

    def __init__(self, report_id: str) -> None:
        """`report_id`: the report that was ordered before."""
        super().__init__()
        self.report_id = report_id


def judge(answer: Answer) -> Signal | None:
    """What Amazon means where its status says something else, or too little."""
    told = answer.content[:2000].decode("utf-8", "replace")
    if not answer.question.is_signed and answer.status in {403, 404}:
        return CursorExpired("The link to Amazon's report has ended.")
    if answer.status == 425 and (found := REPORT_ID.search(told)):
        return Duplicate(found[0])
    if answer.status == 404 and REPORTS in answer.question.url:
        return CursorExpired("Amazon knows the report no more.")
    if answer.status == 401 and "scope" in told:
        return Refused("Amazon does not let this user see the profile.", advice="Invite the user to the ads account.")
    return None


def pull(ask: Ask, wanted: Slice) -> Iterator[Page]:
    """One page for each kind of ads. All are ordered first: Amazon makes them at the same time."""
    orders = [(product, span) for product in ASKED[wanted.report] if (span := told_days(ask, wanted, product))]
    for product, span in orders:
        ask.once(product.name, partial(order, ask, span, product))
    for product, span in orders:
        link = ask.until(partial(finished, ask, span, product), first=5)
        answer = ask.get(link, quota=None, is_signed=False)
        rows = plain(answer)
        if not rows.lstrip().startswith(b"["):
            raise Malformed("Amazon's report is no list.")
        asked = {"adProduct": product.name, "reportTypeId": product.report_type}
        yield Page.of(replace(answer, content=rows), request=asked)


def told_days(ask: Ask, wanted: Slice, product: Product) -> Slice | None:
    """The days of the slice that Amazon still tells."""
    first = max(wanted.first, ask.clock().date() - timedelta(days=product.kept - 1))
    return replace(wanted, first=first) if first <= wanted.last else None


def order(ask: Ask, wanted: Slice, product: Product) -> str:
    """The number of the report that was ordered."""
    body = {
        "name": f"{product.report_type} {wanted.first} {wanted.last}",
        "startDate": wanted.first.isoformat(),
        "endDate": wanted.last.isoformat(),
        "configuration": {
            "adProduct": product.name,
            "groupBy": product.group_by,
            "columns": product.columns,
            "reportTypeId": product.report_type,
            "timeUnit": "DAILY",
            "format": "GZIP_JSON",
        }
        | ({"filters": [{"field": "keywordType", "values": product.only}]} if product.only else {}),
    }
    try:
        made = ask.post(api(ask) + REPORTS, body, headers=scope(wanted), content_type=ORDER)
    except Duplicate as known:
        return known.report_id
    return str(part(made, "reportId"))


def finished(ask: Ask, wanted: Slice, product: Product) -> str | None:
    """The link to the report, None while Amazon works on it. What came to nothing is ordered anew."""
    report_id = ask.once(product.name, partial(order, ask, wanted, product))
    try:
        answer = ask.get(f"{api(ask)}{REPORTS}/{report_id}", headers=scope(wanted))
    except CursorExpired:
        ask.forget(product.name)
        raise
    match part(answer, "status"):
        case "COMPLETED":
            return str(part(answer, "url"))
        case "PENDING" | "PROCESSING":
            return None
    ask.forget(product.name)
    raise Passing("Amazon could not make the report.")


def part(answer: Answer, name: str) -> Any:
    """What the answer has under a name. Raises Malformed."""
    body = answer.json()
    if not isinstance(body, dict) or not body.get(name):
        raise Malformed(f"{answer.question.place} answered without {name}.")
    return body[name]


def api(ask: Ask) -> str:
    """Where the region's calls go."""
    return "https://" + HOSTS[ask.options["region"]]


def scope(wanted: Slice) -> dict[str, str]:
    """Says whose numbers are asked for."""
    return {"Amazon-Advertising-API-Scope": wanted.account.id}


def accounts(ask: Ask) -> list[Account]:
    """The profiles: an advertiser in a country."""
    listed = ask.get(f"{api(ask)}/v2/profiles").json()
    return [
        Account(
            str(one["profileId"]),
            f"{one.get('accountInfo', {}).get('name', '')} {one.get('countryCode', '')}".strip(),
            one.get("currencyCode", ""),
            one.get("timezone", ""),
        )
        for one in listed
    ]


APP = (
    Entry("client_id", "Client id", "Of the security profile in Login with Amazon that has access to Amazon Ads."),
    Entry("client_secret", "Client secret", "On the same page.", "secret"),
)
CONNECTOR = Connector(
    data_source="amazon_ads",
    entries=(
        *APP,
        Entry("refresh_token", "Refresh token", "Of a user who can see the ads accounts.", "secret"),
        Entry(
            "region",
            "Region",
            "Where the shops are.",
            "choice",
            choices=(
                ("com", "Americas"),
                ("co.uk", "Europe, Middle East, India"),
                ("co.jp", "Japan, Australia, Singapore"),
            ),
            default="com",
        ),
    ),
    auth=OAuth2(url="https://api.amazon.{region}/auth/o2/token", also={"Amazon-Advertising-API-ClientId": "client_id"}),
    accounts=accounts,
    # Not complete: of days long past only some kinds of ads are told, and what was told of the others stays true.
    reports=(
        Report("campaign", "Campaigns by day", pull, history=95, is_complete=False),
        Report("ad_group", "Ad groups by day", pull, history=95, is_default=False, is_complete=False),
        Report(KEYWORDS, "Keywords and targets by day", pull, history=95, is_default=False, is_complete=False),
    ),
    judge=judge,
    # No numbers are published: all callers of a region share what Amazon's load leaves, and 429 says how long to wait
    # (advertising.amazon.com/API/docs/en-us/reference/concepts/rate-limiting). One call a second orders a month of a
    # profile and looks for it a few times in less than a minute; more would only fill a queue that is everybody's.
    quotas=(Quota("", 60, 60, is_shared=True, is_own=True),),
    lag=1,
    guide="advertising.amazon.com/API/docs/en-us/guides/onboarding/overview",
    # advertising.amazon.com/API/docs/en-us/guides/account-management/authorization/authorization-grants
    consent=Consent(
        authorize=lambda entered: f"https://{SIGN_IN[entered['region']]}/ap/oa",
        exchange="https://api.amazon.{region}/auth/o2/token",
        scopes=("advertising::campaign_management",),
        app=APP,
        help="In Login with Amazon, on the security profile's page Web settings: Allowed return URLs.",
    ),
)
