"""LinkedIn: adAnalytics, several questions for one answer.

At most 20 fields are given at once, so each report is asked for in parts, which are put together by their pivot and day
before they land. There are no pages: 15,000 rows are all there is, and what is over is left out in silence. Structures
in the address keep their brackets and only what is in them is escaped (Rest.li 2.0). An access token lasts 60 days,
a version of the API one year (learn.microsoft.com/linkedin/marketing: integrations/ads-reporting, versioning).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import partial
from typing import Any
from urllib.parse import quote

import orjson

from kalends.marketing.connectors.asking import Answer, Ask
from kalends.marketing.connectors.auth import OAuth2
from kalends.marketing.connectors.consent import Consent
from kalends.marketing.connectors.declared import Account, Connector, Entry, Page, Quota, Report, Slice
from kalends.marketing.connectors.signals import Limited, Malformed, Refused, Signal, TooMuch

API = "https://api.linkedin.com/rest"
VERSION = "202609"
METRICS = (
    "costInLocalCurrency", "impressions", "clicks", "externalWebsiteConversions",
    "externalWebsitePostClickConversions", "externalWebsitePostViewConversions", "oneClickLeads",
    "oneClickLeadFormOpens", "conversionValueInLocalCurrency", "approximateMemberReach", "videoViews", "videoStarts",
    "videoCompletions", "landingPageClicks", "totalEngagements", "likes", "comments", "shares", "follows", "reactions",
    "companyPageClicks", "otherEngagements", "sends", "opens", "costInUsd",
)  # fmt: skip
ROW = ("dateRange", "pivotValues")
MOST_FIELDS, MOST_ROWS = 20, 15_000
AT_ONCE = MOST_FIELDS - len(ROW)
PARTS = [(*ROW, *METRICS[place : place + AT_ONCE]) for place in range(0, len(METRICS), AT_ONCE)]
NAMED = {
    "CAMPAIGN": ("adCampaigns", ("id", "name", "account", "campaignGroup")),
    "CAMPAIGN_GROUP": ("adCampaignGroups", ("id", "name", "account", "runSchedule")),
    "CREATIVE": ("creatives", ("id", "name", "account", "campaign")),
}
"""Pivot -> where its things are called by name, and say what they are in, for a report has neither
(learn.microsoft.com/linkedin/marketing: integrations/ads/account-structure)."""
BY_CRITERIA = {"creatives": {"q": "criteria", "pageSize": "100"}}
"""Lists that are found by another finder, of smaller pages."""
COUNTRY = "MEMBER_COUNTRY_V2"
"""The pivot whose values are places. Its numbers are approximate, to protect members (ads-reporting, as above)."""
MOST_PLACES = 50
Row = dict[str, Any]


def judge(answer: Answer) -> Signal | None:
    """What the body says beyond the status. Raises Malformed where a good status has no JSON."""
    if answer.status == 200:
        answer.json()
        return None
    if answer.status == 429:
        return Limited("LinkedIn asks for a pause.", seconds=until_midnight(answer))
    if answer.status == 426:
        return Refused(f"LinkedIn does not know version {VERSION} any more.", advice="Update Kalends.")
    return None


def until_midnight(answer: Answer) -> float | None:
    """Seconds until the counts of the day begin anew, at midnight UTC; None where it is not the day's that is full."""
    if b"DAY limit" not in answer.content:
        return answer.pause
    tomorrow = (answer.at + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (tomorrow - answer.at).total_seconds()


def pull(ask: Ask, wanted: Slice, *, pivot: str) -> Iterator[Page]:
    """One report: all of its fields in one answer, and what its campaigns or groups are called."""
    question = {
        "q": "analytics",
        "pivot": pivot,
        "timeGranularity": "DAILY",
        "dateRange": f"(start:{structured(wanted.first)},end:{structured(wanted.last)})",
        "accounts": f"List({quote(f'urn:li:sponsoredAccount:{wanted.account.id}', safe='')})",
    }
    parts = [rows_of(finder(ask, "adAnalytics", question | {"fields": ",".join(part)}).json()) for part in PARTS]
    # A row does not say by what it is told apart: a bare word may be a device or anything else.
    rows = [{"pivot": pivot} | row for row in together(parts)]
    if pivot == COUNTRY:
        rows = with_names(ask, rows)
    merged = {"paging": {"start": 0, "count": 10, "links": []}, "elements": rows}
    yield Page(orjson.dumps({"request": {**question, "parts": len(parts)}, "response": merged}))
    if pivot in NAMED and wanted.is_newest(ask.clock().date()):
        place, columns = NAMED[pivot]
        finding = BY_CRITERIA.get(place, SEARCH)
        for body in listed(ask, f"adAccounts/{wanted.account.id}/{place}", finding):
            named = [{name: one.get(name) for name in columns} for one in body["elements"]]
            yield Page(orjson.dumps({"request": {"names": place}, "response": {"paging": {}, "elements": named}}))


def structured(day: date) -> str:
    """A day as Rest.li writes it."""
    return f"(year:{day.year},month:{day.month},day:{day.day})"


def finder(ask: Ask, place: str, question: dict[str, str]) -> Answer:
    """Ask; the values are escaped already where they have to be."""
    written = "&".join(f"{name}={value}" for name, value in question.items())
    return ask.get(f"{API}/{place}?{written}", headers={"X-RestLi-Method": "FINDER"})


def rows_of(body: Any) -> list[Row]:
    """The rows of an answer. Raises Malformed, and TooMuch where some may have been left out."""
    rows = body.get("elements") if isinstance(body, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) and row.keys() >= set(ROW) for row in rows):
        raise Malformed("LinkedIn answered without rows.")
    if len(rows) >= MOST_ROWS:
        raise TooMuch("LinkedIn leaves out rows beyond the 15,000th.")
    return rows


def together(parts: Iterable[list[Row]]) -> list[Row]:
    """The rows of all parts, one for each pivot and day. Raises Malformed where a part has one twice."""
    found: dict[bytes, Row] = {}
    for rows in parts:
        keyed = {orjson.dumps([row[name] for name in ROW], option=orjson.OPT_SORT_KEYS): row for row in rows}
        if len(keyed) < len(rows):
            raise Malformed("LinkedIn gave two rows for the same day.")
        for key, row in keyed.items():
            found[key] = found.get(key, {}) | row
    return list(found.values())


def with_names(ask: Ask, rows: list[Row]) -> list[Row]:
    """The rows with the names of their places, where LinkedIn knows one: urn:li:geo:101282230 is Germany
    (learn.microsoft.com/linkedin/marketing: integrations/ads/advertising-targeting/ads-targeting, find by URNs).
    """
    urns = sorted({urn for row in rows for urn in row["pivotValues"]})
    names: dict[str, str] = {}
    for place in range(0, len(urns), MOST_PLACES):
        listed = ",".join(quote(urn, safe="") for urn in urns[place : place + MOST_PLACES])
        question = {"q": "urns", "queryVersion": "QUERY_USES_URNS", "urns": f"List({listed})"}
        body = finder(ask, "adTargetingEntities", question).json()
        found = body.get("elements") if isinstance(body, dict) else None
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise Malformed("LinkedIn answered without names of places.")
        names |= {str(one.get("urn")): str(one["name"]) for one in found if one.get("name")}
    return [row | {"countryName": names[urn]} if (urn := row["pivotValues"][0]) in names else row for row in rows]


def accounts(ask: Ask) -> list[Account]:
    """The accounts that the user may see. LinkedIn's days are those of UTC."""
    return [
        Account(str(one["id"]), one.get("name", ""), one.get("currency", ""), "UTC")
        for body in listed(ask, "adAccounts")
        for one in body["elements"]
    ]


SEARCH = {"q": "search", "pageSize": "500"}


def listed(ask: Ask, place: str, finding: dict[str, str] = SEARCH) -> Iterator[dict[str, Any]]:
    """The pages of a list. Raises Malformed."""
    token, seen = "", set[str]()
    while True:
        body = finder(ask, place, finding | ({"pageToken": token} if token else {})).json()
        rows = body.get("elements") if isinstance(body, dict) else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) and "id" in row for row in rows):
            raise Malformed("LinkedIn answered without a list.")
        yield body
        token = quote((body.get("metadata") or {}).get("nextPageToken") or "", safe="")
        if not token:
            return
        if token in seen:
            raise Malformed("LinkedIn gives the same page again and again.")
        seen.add(token)


APP = (
    Entry("client_id", "Client id", "Of your app in the LinkedIn developer portal, on the page Auth."),
    Entry("client_secret", "Client secret", "Beside the client id.", "secret"),
)
CONNECTOR = Connector(
    data_source="linkedin_ads",
    entries=(
        *APP,
        Entry(
            "refresh_token",
            "Refresh token",
            "Of a user who can see the accounts, with the rights r_ads and r_ads_reporting.",
            "secret",
        ),
    ),
    auth=OAuth2(url="https://www.linkedin.com/oauth/v2/accessToken"),
    accounts=accounts,
    reports=(
        Report("campaign", "Campaigns by day", partial(pull, pivot="CAMPAIGN")),
        Report("account", "Whole account by day", partial(pull, pivot="ACCOUNT")),
        Report(
            "campaign_group/campaign_group_id",
            "Campaign groups by day",
            partial(pull, pivot="CAMPAIGN_GROUP"),
            is_default=False,
        ),
        Report("ad", "Ads by day", partial(pull, pivot="CREATIVE"), is_default=False),
        Report("account/device", "Devices by day", partial(pull, pivot="IMPRESSION_DEVICE_TYPE"), is_default=False),
        Report("account/country", "Countries by day", partial(pull, pivot=COUNTRY), is_default=False),
    ),
    judge=judge,
    # LinkedIn publishes no figure: each app's own, by day, stands in the developer portal, and a 429 tells when it is
    # used up (learn.microsoft.com/linkedin/shared/api-guide/concepts/rate-limits). 5,000 a day bring two years of all
    # reports of thirty accounts, and what the app does besides has its share; a call a second keeps them apart.
    quotas=(Quota("", 60, 60, is_shared=True, is_own=True), Quota("", 5_000, 86_400, is_shared=True, is_own=True)),
    guide="linkedin.com/developers/apps",
    headers={"LinkedIn-Version": VERSION, "X-Restli-Protocol-Version": "2.0.0"},
    # learn.microsoft.com/linkedin/shared/authentication: authorization-code-flow, programmatic-refresh-tokens
    consent=Consent(
        authorize="https://www.linkedin.com/oauth/v2/authorization",
        exchange="https://www.linkedin.com/oauth/v2/accessToken",
        scopes=("r_ads", "r_ads_reporting"),
        app=APP,
        unlasting="LinkedIn gives refresh tokens to approved apps only: ask for “programmatic refresh tokens” in the"
        " developer portal, and sign in again.",
        help="In the LinkedIn developer portal, on your app's page Auth.",
    ),
)
