"""Pinterest: asynchronous reports of the API v5, ordered, waited for and fetched as JSON.

Synchronous analytics end after 90 days and must be told every campaign; reports go back 914 days, up to 186 at once,
and have all campaigns, archived ones too. A file is {campaign: [days]}; a metric that is zero is absent. Days are UTC.
A link lives for five minutes, the report behind it for an hour (pinterest/api-description, v5/openapi).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

from kalends.marketing.attribution import OFFERED
from kalends.marketing.connectors.asking import Answer, Ask
from kalends.marketing.connectors.auth import OAuth2
from kalends.marketing.connectors.consent import Consent
from kalends.marketing.connectors.declared import Account, Connector, Entry, Page, Quota, Report, Slice
from kalends.marketing.connectors.signals import CursorExpired, Limited, Malformed, Passing, Signal

API = "https://api.pinterest.com/v5"
METRICS = (
    "SPEND_IN_MICRO_DOLLAR", "IMPRESSION_1", "IMPRESSION_2", "TOTAL_CLICKTHROUGH", "TOTAL_CONVERSIONS",
    "TOTAL_CONVERSIONS_VALUE_IN_MICRO_DOLLAR", "TOTAL_VIDEO_MRC_VIEWS",
)  # fmt: skip
CAMPAIGN, GROUP = ("CAMPAIGN_ID", "CAMPAIGN_NAME"), ("AD_GROUP_ID", "AD_GROUP_NAME")
LEVELS = {
    "ADVERTISER": ("ADVERTISER_ID",),
    "CAMPAIGN": CAMPAIGN,
    "AD_GROUP": (*CAMPAIGN, *GROUP),
    "PIN_PROMOTION": (*CAMPAIGN, *GROUP, "PIN_PROMOTION_ID", "PIN_PROMOTION_NAME"),
    "CAMPAIGN_TARGETING": CAMPAIGN,
}
"""A level that ends in _TARGETING is cut by a targeting type; its rows name type and value (TARGETING_TYPE,
TARGETING_VALUE) without being asked for them."""
ACTIONS = ("click", "engagement", "view")
"""What a window of attribution follows: 0, 1, 7, 14, 30 or 60 days each; 30, 30 and 1 where nothing is asked."""
LISTED = 100
AFTER = re.compile(r"retry after (\d+) seconds", re.IGNORECASE)


def judge(answer: Answer) -> Signal | None:
    """How long Pinterest wants to be left alone, and links that have ended."""
    if not answer.question.is_signed and answer.status in {403, 404}:
        return CursorExpired("The link to Pinterest's report has ended.")
    if answer.status != 429:
        return None
    reset = answer.headers.get("x-ratelimit-reset", "").strip()
    said = AFTER.search(answer.content[:1000].decode("utf-8", "replace"))
    told = reset if reset.replace(".", "", 1).isdigit() else said[1] if said else ""
    return Limited("Pinterest asks for a pause.", seconds=float(told) if told else answer.pause)


def pull(ask: Ask, wanted: Slice, *, level: str, cut: str = "") -> Iterator[Page]:
    """The report's file; no page where it has no rows. `cut`: the targeting type that it is cut by."""
    link = ask.until(partial(finished, ask, wanted, level=level, cut=cut), first=5)
    answer = ask.get(link, quota=None, is_signed=False)
    found = answer.json()
    if not isinstance(found, dict) or not all(isinstance(rows, list) for rows in found.values()):
        raise Malformed("Pinterest's report is not as it is described.")
    if found:
        yield Page.of(answer, request={"level": level} | ({"cut": cut} if cut else {}))


def finished(ask: Ask, wanted: Slice, *, level: str, cut: str) -> str | None:
    """The link to the report, None while Pinterest works on it. What came to nothing is ordered anew."""
    token = ask.once("job", partial(order, ask, wanted, level=level, cut=cut))
    answer = ask.get(reports_of(wanted), {"token": token})
    match part(answer, "report_status"):
        case "FINISHED":
            return str(part(answer, "url"))
        case "IN_PROGRESS":
            return None
        case "EXPIRED" | "DOES_NOT_EXIST":
            ask.forget("job")
            raise CursorExpired("Pinterest knows the report no more.")
    ask.forget("job")
    raise Passing("Pinterest could not make the report.")


def order(ask: Ask, wanted: Slice, *, level: str, cut: str) -> str:
    """The name of the report that was ordered."""
    body: dict[str, Any] = {
        "start_date": wanted.first.isoformat(),
        "end_date": wanted.last.isoformat(),
        "granularity": "DAY",
        "level": level,
        "columns": [*LEVELS[level], *METRICS],
        "report_format": "JSON",
    }
    body |= {"targeting_types": [cut]} if cut else {}
    body |= {f"{kind}_window_days": wanted.within.get(kind, 0) for kind in ACTIONS} if wanted.attribution else {}
    return str(part(ask.post(reports_of(wanted), body), "token"))


def reports_of(wanted: Slice) -> str:
    """Where the account's reports are."""
    return f"{API}/ad_accounts/{wanted.account.id}/reports"


def part(answer: Answer, name: str) -> Any:
    """What the answer has under a name. Raises Malformed."""
    body = answer.json()
    if not isinstance(body, dict) or not body.get(name):
        raise Malformed(f"{answer.question.place} answered without {name}.")
    return body[name]


def accounts(ask: Ask) -> list[Account]:
    """The ad accounts that the user may see, page by page."""
    found: list[Account] = []
    bookmark, seen = "", {""}
    while True:
        asked = {"page_size": LISTED} | ({"bookmark": bookmark} if bookmark else {})
        body = ask.get(f"{API}/ad_accounts", asked).json()
        found += [Account(str(one["id"]), one.get("name", ""), one.get("currency", ""), "UTC") for one in body["items"]]
        bookmark = body.get("bookmark") or ""
        if not bookmark:
            return found
        if bookmark in seen:
            raise Malformed("Pinterest gives the same page again and again.")
        seen.add(bookmark)


APP = (
    Entry("client_id", "App id", "On your app's page at developers.pinterest.com."),
    Entry("client_secret", "App secret key", "On the same page.", "secret"),
)
CONNECTOR = Connector(
    data_source="pinterest_ads",
    entries=(
        *APP,
        Entry("refresh_token", "Refresh token", "Of a user who can see the ad accounts, for ads:read.", "secret"),
    ),
    auth=OAuth2(url=f"{API}/oauth/token", scope="ads:read", basic=True),
    accounts=accounts,
    reports=(
        Report("campaign", "Campaigns by day", partial(pull, level="CAMPAIGN"), days=90, history=914),
        Report("account", "Whole account by day", partial(pull, level="ADVERTISER"), days=90, history=914),
        Report("ad_group", "Ad groups by day", partial(pull, level="AD_GROUP"), days=90, history=914, is_default=False),
        Report("ad", "Ads by day", partial(pull, level="PIN_PROMOTION"), days=90, history=914, is_default=False),
        *(
            Report(
                f"campaign/{name}",
                f"Campaigns by {name} and day",
                partial(pull, level="CAMPAIGN_TARGETING", cut=cut),
                days=90,
                history=914,
                is_default=False,
            )
            for name, cut in (("device", "APPTYPE"), ("country", "COUNTRY"))
        ),
    ),
    attributions=OFFERED["pinterest_ads"],
    judge=judge,
    # "ads_analytics", standard access, for each user (developers.pinterest.com/docs/reference/rate-limits). An app
    # that is on trial has 1,000 calls a day; it is told so by Pinterest itself.
    quotas=(Quota("", 300, 60, is_shared=True),),
    guide="developers.pinterest.com/docs/getting-started/connect-app",
    # developers.pinterest.com/docs/getting-started/set-up-authentication-and-authorization
    consent=Consent(
        authorize="https://www.pinterest.com/oauth/",
        exchange=f"{API}/oauth/token",
        scopes=("ads:read",),
        app=APP,
        is_basic=True,
        help="At developers.pinterest.com under My apps, Configure.",
    ),
)
