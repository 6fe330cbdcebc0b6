"""Snapchat: an account's stats by day, broken down by what is under it, page by page.

A day begins at midnight in the account's zone, so a question names the offset of its own days: those of a change of
clocks have 23 or 25 hours. Times in the future are refused. Money is in micros; a click is a swipe
(developers.snap.com/api/marketing-api/Ads-API: measurement, rate-limits).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from kalends.marketing.attribution import OFFERED
from kalends.marketing.connectors.asking import Answer, Ask
from kalends.marketing.connectors.auth import OAuth2
from kalends.marketing.connectors.consent import Consent
from kalends.marketing.connectors.declared import Account, Connector, Entry, Page, Quota, Report, Slice
from kalends.marketing.connectors.signals import CursorExpired, Limited, Malformed, Passing, Signal

API = "https://adsapi.snapchat.com/v1"
FIELDS = (
    "spend", "impressions", "swipes", "video_views", "total_installs", "conversion_purchases",
    "conversion_purchases_value", "conversion_save", "conversion_start_checkout", "conversion_add_cart",
    "conversion_view_content", "conversion_add_billing", "conversion_sign_ups", "conversion_page_views",
    "conversion_app_opens", "conversion_subscribe",
)  # fmt: skip
USUAL = {"swipe": 28, "view": 1}
"""The days of attribution windows where nobody asks for others."""
PAGE_SIZE = 200
NAMED = {
    "campaign": ("id", "name", "objective"),
    "adsquad": ("id", "name", "campaign_id"),
    "ad": ("id", "name", "ad_squad_id", "creative_id"),
}
"""What is kept of a thing: its name, what it is in, and by what it is known to be such a thing."""
ABOVE = {"ad": ("adsquad",)}
"""An ad says its ad squad alone, so that its campaign is known by the ad squads."""


def judge(answer: Answer) -> Signal | None:
    """What an answer says beyond its status. Raises Malformed where a good one has no JSON."""
    if answer.status == 200:
        failed = failures(answer.json())
        return Passing(f"Snapchat answered in part only: {failed[0]}") if failed else None
    if answer.status == 429:
        return Limited("Snapchat asks for a pause.", seconds=until_reset(answer))
    if answer.status in {400, 404, 410} and "cursor=" in answer.question.url:
        return CursorExpired("Snapchat does not know the page any more.")
    return None


def failures(body: Any) -> list[str]:
    """What an answer says of its parts that failed. Raises Malformed."""
    if not isinstance(body, dict) or "request_status" not in body:
        raise Malformed("Snapchat answered without a status.")
    parts = [part for parts in body.values() if isinstance(parts, list) for part in parts if isinstance(part, dict)]
    states = [str(body["request_status"]), *(str(part.get("sub_request_status", "SUCCESS")) for part in parts)]
    return [state for state in states if state.upper() != "SUCCESS"]


def until_reset(answer: Answer) -> float | None:
    """Seconds until calls are let in again, where a header says it."""
    told = answer.headers.get("x-rate-limit-reset", "")
    return max(0.0, float(told) - answer.at.timestamp()) if told.isdigit() else answer.pause


def pull(ask: Ask, wanted: Slice, *, by: str, cut: str = "") -> Iterator[Page]:
    """One report, page by page, and the names of what it is about. `cut`: by what else it is told apart."""
    within = wanted.within or USUAL
    question = {
        "breakdown": by,
        **({"report_dimension": cut} if cut else {}),
        "granularity": "DAY",
        "fields": ",".join(FIELDS),
        **span(wanted),
        "omit_empty": "true",
        "swipe_up_attribution_window": f"{within['swipe']}_DAY",
        "view_attribution_window": f"{within['view']}_DAY" if "view" in within else "none",
        "limit": PAGE_SIZE,
    }
    yield from stats(ask, wanted, question)
    if not cut and wanted.is_newest(ask.clock().date()):
        for what in (by, *ABOVE.get(by, ())):
            yield from names(ask, wanted.account.id, by=what)


def pull_account(ask: Ask, wanted: Slice) -> Iterator[Page]:
    """What the account spent: of itself Snapchat tells no more."""
    yield from stats(ask, wanted, {"granularity": "DAY", "fields": "spend", **span(wanted)})


def stats(ask: Ask, wanted: Slice, question: dict[str, Any]) -> Iterator[Page]:
    """The pages of an account's stats. Raises Malformed."""
    for answer in listed(ask, f"{API}/adaccounts/{wanted.account.id}/stats", question):
        if not isinstance(answer.json().get("timeseries_stats"), list):
            raise Malformed("Snapchat answered without stats.")
        yield Page.of(answer)


def span(wanted: Slice) -> dict[str, str]:
    """When the slice begins, and when it is over."""
    return {
        "start_time": midnight(wanted.first, wanted.account.zone),
        "end_time": midnight(wanted.last + timedelta(days=1), wanted.account.zone),
    }


def names(ask: Ask, account: str, *, by: str) -> Iterator[Page]:
    """What an account's campaigns, ad squads or ads are called and what they are in: a report has their own ids alone.
    What else is told of them is not kept.
    """
    for answer in listed(ask, f"{API}/adaccounts/{account}/{by}s", {"limit": PAGE_SIZE}):
        parts = answer.json().get(f"{by}s")
        if not isinstance(parts, list) or not all(isinstance(part.get(by), dict) for part in parts):
            raise Malformed("Snapchat answered without a list.")
        kept = [{by: {name: part[by].get(name) for name in NAMED[by]} | {"ad_account_id": account}} for part in parts]
        told = {"request_status": "SUCCESS", f"{by}s": kept}
        yield Page(orjson.dumps({"request": {"asked": answer.question.place}, "response": told}))


def midnight(day: date, zone: str) -> str:
    """When a day begins, with the offset of that moment."""
    return datetime.combine(day, time(), ZoneInfo(zone or "UTC")).isoformat(timespec="milliseconds")


def listed(ask: Ask, url: str, question: dict[str, Any]) -> Iterator[Answer]:
    """The pages of a list; each names the address of the next."""
    answer, seen = ask.get(url, question), set[str]()
    while True:
        yield answer
        link = (answer.json().get("paging") or {}).get("next_link")
        if not link:
            return
        # The token goes along, so only to where it came from.
        if link in seen or not str(link).startswith(f"{API}/"):
            raise Malformed("Snapchat gives the same page again and again, or one of somebody else.")
        seen.add(link)
        answer = ask.get(link)


def accounts(ask: Ask) -> list[Account]:
    """The ad accounts of all organizations that the user is in."""
    return [
        Account(one["id"], one.get("name", ""), one.get("currency", ""), one.get("timezone", ""))
        for answer in listed(ask, f"{API}/me/organizations", {"with_ad_accounts": "true"})
        for organization in answer.json().get("organizations", [])
        for one in organization["organization"].get("ad_accounts", [])
    ]


APP = (
    Entry("client_id", "Client id", "Of your OAuth app in the Business Manager, under Business details."),
    Entry("client_secret", "Client secret", "Shown once, when the app is made.", "secret"),
)
CONNECTOR = Connector(
    data_source="snapchat_ads",
    entries=(
        *APP,
        Entry("refresh_token", "Refresh token", "Of a user who can see the ad accounts.", "secret"),
    ),
    auth=OAuth2(url="https://accounts.snapchat.com/login/oauth2/access_token"),
    accounts=accounts,
    reports=(
        Report("campaign", "Campaigns by day", partial(pull, by="campaign")),
        Report("account", "Whole account by day", pull_account),
        Report("ad_group", "Ad squads by day", partial(pull, by="adsquad"), is_default=False),
        Report("ad", "Ads by day", partial(pull, by="ad"), is_default=False),
        Report(
            "campaign/country",
            "Campaigns by country and day",
            partial(pull, by="campaign", cut="country"),
            is_default=False,
        ),
        Report(
            "campaign/device", "Campaigns by device and day", partial(pull, by="campaign", cut="os"), is_default=False
        ),
    ),
    attributions=OFFERED["snapchat_ads"],
    judge=judge,
    # 10 a second for each token (developers.snap.com/api/marketing-api/Ads-API/rate-limits).
    quotas=(Quota("", 10, 1, is_shared=True),),
    lag=1,  # a question for today would end in the future
    guide="business.snapchat.com",
    # developers.snap.com/api/marketing-api/Ads-API/authentication
    consent=Consent(
        authorize="https://accounts.snapchat.com/login/oauth2/authorize",
        exchange="https://accounts.snapchat.com/login/oauth2/access_token",
        scopes=("snapchat-marketing-api",),
        app=APP,
        help="In the Snapchat Business Manager under Business details, OAuth apps.",
    ),
)
