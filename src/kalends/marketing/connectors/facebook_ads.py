"""Meta: insights by an asynchronous job, then by cursor.

A job is ordered, looked at until it is done, and its rows are read page by page. Errors come as HTTP 400 or 500 with a
code of their own; so do limits, and how long to wait stands in a header, in minutes (developers.facebook.com/docs:
marketing-api/insights/best-practices, graph-api/overview/rate-limiting, graph-api/guides/error-handling).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

import orjson

from kalends.marketing.attribution import OFFERED
from kalends.marketing.connectors.asking import Answer, Ask
from kalends.marketing.connectors.auth import HeaderKey, Secrets, TokenQuestion
from kalends.marketing.connectors.consent import CLIENT_SECRET, Consent
from kalends.marketing.connectors.declared import Account, Connector, Entry, Page, Quota, Report, Slice
from kalends.marketing.connectors.signals import (
    CursorExpired,
    Limited,
    Malformed,
    Passing,
    Refused,
    Signal,
    TokenExpired,
    TooMuch,
)

API = "https://graph.facebook.com/v25.0"
FIELDS = (
    "account_id", "account_name", "account_currency", "spend", "impressions", "clicks", "reach", "frequency",
    "actions", "action_values",
)  # fmt: skip
CAMPAIGN = ("campaign_id", "campaign_name", "objective")
WINDOWS = OFFERED["facebook_ads"]
NAMES = {
    "account": (),
    "campaign": CAMPAIGN,
    "adset": (*CAMPAIGN, "adset_id", "adset_name", "attribution_setting"),
    "ad": (*CAMPAIGN, "adset_id", "adset_name", "ad_id", "ad_name", "attribution_setting"),
}
PAGE_SIZE = 500
EXPIRED = {102, 190}
LIMITED = {4, 17, 32, 613, *range(80000, 80007), 80008}
BUSY = {1, 2}
NO_PERMISSION = {3, 10, *range(200, 300)}
TOO_MUCH, GONE = (100, 1487534), (100, 33)
REDUCE = "reduce the amount of data"
"""Said with code 1, which is Meta's for anything: the text alone tells."""


def judge(answer: Answer) -> Signal | None:
    """The signal behind an error's code; None for a good answer."""
    error = error_of(answer)
    return signal_of(error, answer) if error else None


def signal_of(error: Mapping[str, Any], answer: Answer) -> Signal:
    """The signal behind an error."""
    code, message = error.get("code"), str(error.get("message", ""))[:200]
    kind = code, error.get("error_subcode")
    if kind == TOO_MUCH or REDUCE in message:
        return TooMuch("Meta cannot give so much at once.")
    if code in LIMITED:
        return Limited(f"Meta asks for a pause ({code}).", seconds=regained(answer))
    if code in EXPIRED:
        return TokenExpired(f"Meta does not accept the token ({code}).")
    if code in BUSY or error.get("is_transient"):
        return Passing(f"Meta has trouble of its own ({code}).")
    if kind == GONE and "/act_" not in answer.question.place:
        return CursorExpired("Meta has thrown the report away.")
    advice = "Give the token access to this ad account." if code in NO_PERMISSION or kind == GONE else ""
    return Refused(f"Meta refuses: {message} ({code}).", advice=advice)


def error_of(answer: Answer) -> dict[str, Any]:
    """The error of an answer, empty where it has none. Raises Malformed where a good status has no JSON."""
    try:
        body = answer.json()
    except Malformed:
        if answer.status == 200:
            raise
        return {}  # a proxy's page: the status tells
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else {}


def regained(answer: Answer) -> float | None:
    """Seconds until calls are let in again, where a usage header says it."""
    try:
        usage = orjson.loads(answer.headers.get("x-business-use-case-usage", ""))
        minutes = [float(one["estimated_time_to_regain_access"]) for kinds in usage.values() for one in kinds]
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    return max(minutes, default=0) * 60 or None


def pull(ask: Ask, wanted: Slice, *, level: str, breakdowns: tuple[str, ...] = ()) -> Iterator[Page]:
    """One report: its job, then its pages."""
    job = ask.once("job", lambda: order(ask, wanted, level, breakdowns))
    try:
        ask.until(lambda: is_done(ask, job, wanted) or None)
        for answer in listed(ask, f"{API}/{job}/insights", {"limit": PAGE_SIZE}):
            yield Page.of(answer)
    except CursorExpired:
        ask.forget("job")
        raise


def order(ask: Ask, wanted: Slice, level: str, breakdowns: tuple[str, ...]) -> str:
    """The number of a new job."""
    form = {
        "level": level,
        "fields": ",".join((*FIELDS, *NAMES[level])),
        "time_range": orjson.dumps({"since": wanted.first, "until": wanted.last}).decode(),
        "time_increment": "1",
        "use_unified_attribution_setting": "true",
    } | ({"breakdowns": ",".join(breakdowns)} if breakdowns else {})
    if wanted.windows:
        form["action_attribution_windows"] = orjson.dumps(wanted.windows).decode()
    answer = ask.post(
        f"{API}/act_{wanted.account.id}/insights",
        content=urlencode(form).encode(),
        content_type="application/x-www-form-urlencoded",
    )
    number = answer.json().get("report_run_id")
    if not number:
        raise Malformed("Meta took the question without saying which job answers it.")
    return str(number)


def is_done(ask: Ask, job: str, wanted: Slice) -> bool:
    """Whether a job is done. Raises TooMuch where it failed: most fail over their size, and Meta does not say why."""
    body = ask.get(f"{API}/{job}", {"fields": "async_status,async_percent_completion"}).json()
    match body.get("async_status"):
        case "Job Completed":
            return int(body.get("async_percent_completion", 0)) == 100
        case "Job Skipped":
            raise CursorExpired("Meta has let the report expire before it was made.")
        case "Job Failed":
            ask.forget("job")
            kind = TooMuch if wanted.first < wanted.last else Passing
            raise kind("Meta could not make the report.")
    return False


def listed(ask: Ask, url: str, question: dict[str, Any]) -> Iterator[Answer]:
    """The pages of a list."""
    after, seen = "", set[str]()
    while True:
        answer = ask.get(url, question | ({"after": after} if after else {}))
        after = next_cursor(answer.json())
        if after in seen:
            raise Malformed("Meta gives the same page again and again.")
        yield answer
        if not after:
            return
        seen.add(after)


def next_cursor(body: Any) -> str:
    """Where the next page begins; '' on the last, which has cursors but no `next`. Raises Malformed."""
    if not isinstance(body, dict) or not isinstance(body.get("data"), list):
        raise Malformed("Meta answered without rows.")
    paging = body.get("paging", {})
    return str(paging["cursors"]["after"]) if paging.get("next") else ""


def accounts(ask: Ask) -> list[Account]:
    """The ad accounts that the token may see."""
    question = {"fields": "account_id,name,currency,timezone_name", "limit": PAGE_SIZE}
    return [
        Account(str(one["account_id"]), one.get("name", ""), one.get("currency", ""), one.get("timezone_name", ""))
        for answer in listed(ask, f"{API}/me/adaccounts", question)
        for one in answer.json()["data"]
    ]


def by_campaign(label: str, *breakdowns: str) -> Report:
    """Campaigns broken down; Meta keeps how many people those reached for 13 months."""
    name = f"campaign/{'+'.join(breakdowns)}"
    ask_it = partial(pull, level="campaign", breakdowns=breakdowns)
    return Report(name, f"Campaigns by {label} and day", ask_it, history=390, is_default=False)


TOKEN = f"{API}/oauth/access_token"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetaConsent(Consent):
    """The code gives a token for an hour or two, and that one gives another for 60 days; neither can be renewed
    (developers.facebook.com/docs/facebook-login/guides/access-tokens/get-long-lived).
    """

    def further(self, keys: Secrets, told: Mapping[str, Any]) -> TokenQuestion:
        """The one that lasts."""
        form = {
            "grant_type": "fb_exchange_token",
            "client_id": keys["client_id"],
            "client_secret": keys["client_secret"],
            "fb_exchange_token": str(told.get("access_token", "")),
        }
        return TokenQuestion(TOKEN, form)


CONNECTOR = Connector(
    data_source="facebook_ads",
    entries=(
        Entry(
            "access_token",
            "Access token",
            "Of a system user who can see the ad accounts: Business settings, Users, System users, Generate token,"
            " with the right ads_read.",
            "secret",
        ),
    ),
    auth=HeaderKey(),
    accounts=accounts,
    reports=(
        Report("campaign", "Campaigns by day", partial(pull, level="campaign"), history=1_100),
        Report("account", "Whole account by day", partial(pull, level="account"), history=1_100),
        Report("ad_group", "Ad sets by day", partial(pull, level="adset"), history=1_100, is_default=False),
        Report("ad", "Ads by day", partial(pull, level="ad"), history=1_100, is_default=False),
        by_campaign("country", "country"),
        by_campaign("age and gender", "age", "gender"),
        by_campaign("platform", "publisher_platform"),
    ),
    # developers.facebook.com/docs/marketing-api/reference/ads-action-stats
    attributions=WINDOWS,
    judge=judge,
    # 600 an hour for each ad account, and 400 more for each active ad; a reviewed app has far more
    # (developers.facebook.com/docs/graph-api/overview/rate-limiting, Ads Insights).
    quotas=(Quota("", 600, 3_600),),
    guide="business.facebook.com/settings/system-users",
    # developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow
    consent=MetaConsent(
        authorize="https://www.facebook.com/v25.0/dialog/oauth",
        exchange=TOKEN,
        scopes=("ads_read",),
        app=(Entry("client_id", "App id", "On your app's page at developers.facebook.com."), CLIENT_SECRET),
        keeps="access_token",
        help="At developers.facebook.com, on your app's page Facebook Login, Settings. Meta ends a sign-in after 60"
        " days; a system user's token, entered as a key, lasts.",
    ),
)
