"""Google Ads: GAQL over REST, by page token.

`search` and not `searchStream`: a page that breaks off is asked for again alone. Numbers come in micros and 64-bit
numbers as texts (developers.google.com/google-ads/api/rest/common/search).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kalends.marketing.connectors.asking import Answer, Ask
from kalends.marketing.connectors.auth import OAuth2
from kalends.marketing.connectors.consent import Consent
from kalends.marketing.connectors.declared import Account, Connector, Entry, Page, Quota, Report, Slice
from kalends.marketing.connectors.signals import CursorExpired, Limited, Malformed, Refused, Signal

API = "https://googleads.googleapis.com/v26"
METRICS = (
    "metrics.cost_micros", "metrics.impressions", "metrics.clicks", "metrics.conversions",
    "metrics.conversions_value", "metrics.all_conversions", "metrics.view_through_conversions",
)  # fmt: skip
ACCOUNT = ("customer.id", "customer.currency_code", "customer.time_zone")
CAMPAIGN = (*ACCOUNT, "campaign.id", "campaign.name", "campaign.advertising_channel_type")
GROUP = (*CAMPAIGN, "ad_group.id", "ad_group.name")
KEYWORD = tuple(f"ad_group_criterion.{name}" for name in ("criterion_id", "keyword.text", "keyword.match_type"))
KEYWORDS = "keyword/keyword+keyword_text+match_type"
PLACE = tuple(f"user_location_view.{name}" for name in ("country_criterion_id", "targeting_location"))
COUNTRIES = "campaign/country+targeting_location"
"""Where people were, as on other platforms; geographic_view has where they were or what place they were after. A
country comes twice, as a place that was targeted and as one that was not
(developers.google.com/google-ads/api/fields/v22/user_location_view)."""
ASKED = {
    "account": ("customer", ACCOUNT),
    "campaign": ("campaign", CAMPAIGN),
    "campaign/device": ("campaign", (*CAMPAIGN, "segments.device")),
    "ad_group": ("ad_group", GROUP),
    "ad": ("ad_group_ad", (*GROUP, "ad_group_ad.ad.id", "ad_group_ad.ad.name")),
    KEYWORDS: ("keyword_view", (*GROUP, *KEYWORD)),
    COUNTRIES: ("user_location_view", (*CAMPAIGN, *PLACE)),
}
"""Report -> the resource that has it, and what tells its rows apart. A segment cuts a resource's rows; fields of what
is above it do not (developers.google.com/google-ads/api/docs/reporting/segmentation)."""


def judge(answer: Answer) -> Signal | None:
    """What the error's own code says (GoogleAdsFailure), where the status says too little."""
    if answer.status == 200:
        return None
    codes = error_codes(answer.json())
    if "EXPIRED_PAGE_TOKEN" in codes or "INVALID_PAGE_TOKEN" in codes:
        return CursorExpired("Google's page token has expired.")
    if codes & {"RESOURCE_EXHAUSTED", "RESOURCE_TEMPORARILY_EXHAUSTED"}:
        return Limited("Google asks for a pause: the quota is used up.", seconds=answer.pause)
    if codes & {"USER_PERMISSION_DENIED", "CUSTOMER_NOT_ENABLED"}:
        return Refused("Google does not let this user see the account.", advice="Invite the user to the account.")
    if codes & {"DEVELOPER_TOKEN_NOT_APPROVED", "DEVELOPER_TOKEN_INVALID"}:
        return Refused(
            "Google does not accept the developer token.", advice="Look at the API Center of the manager account."
        )
    return None


def error_codes(body: Any) -> set[str]:
    """Every code in an error's details, and its status."""
    error = body.get("error", {}) if isinstance(body, dict) else {}
    found = {str(error.get("status", ""))}
    for detail in error.get("details", []):
        for one in detail.get("errors", []):
            found |= {str(code) for code in one.get("errorCode", {}).values()}
    return found


def search(ask: Ask, customer: str, query: str) -> Iterator[Answer]:
    """The pages of a query."""
    token, seen = "", {""}
    while True:
        body: dict[str, Any] = {"query": query} | ({"pageToken": token} if token else {})
        answer = ask.post(f"{API}/customers/{customer}/googleAds:search", body)
        yield answer
        token = next_token(answer)
        if not token:
            return
        if token in seen:
            raise Malformed("Google gives the same page again and again.")
        seen.add(token)


def next_token(answer: Answer) -> str:
    """The next page's token; '' on the last. Raises Malformed."""
    body = answer.json()
    if not isinstance(body, dict) or not isinstance(body.get("results", []), list):
        raise Malformed("Google answered without results.")
    return str(body.get("nextPageToken", ""))


def pull(ask: Ask, wanted: Slice) -> Iterator[Page]:
    """One report, page by page."""
    resource, columns = ASKED[wanted.report]
    query = (
        f"SELECT {', '.join((*columns, 'segments.date', *METRICS))} FROM {resource}"  # noqa: S608 (GAQL of our own words)
        f" WHERE segments.date BETWEEN '{wanted.first}' AND '{wanted.last}' ORDER BY segments.date"
    )
    for answer in search(ask, wanted.account.id, query):
        yield Page.of(answer)


def accounts(ask: Ask) -> list[Account]:
    """The accounts below the manager, or those that the user sees directly."""
    query = (
        "SELECT customer_client.id, customer_client.descriptive_name, customer_client.currency_code,"
        " customer_client.time_zone, customer_client.manager FROM customer_client"
        " WHERE customer_client.status = 'ENABLED'"
    )
    listed = ask.get(f"{API}/customers:listAccessibleCustomers").json().get("resourceNames", [])
    tops = (
        [manager]
        if (manager := plain_id(ask.secrets.get("login_customer_id", "")))
        else [str(name).rpartition("/")[2] for name in listed]
    )
    found: dict[str, Account] = {}
    for top in tops:
        for answer in search(ask, top, query):
            for row in answer.json().get("results", []):
                one = row["customerClient"]
                if not one.get("manager"):
                    found[str(one["id"])] = Account(
                        str(one["id"]),
                        one.get("descriptiveName", ""),
                        one.get("currencyCode", ""),
                        one.get("timeZone", ""),
                    )
    return list(found.values())


def plain_id(text: str) -> str:
    """'123-456-7890' as the API writes it."""
    return text.replace("-", "").strip()


APP = (
    Entry("developer_token", "Developer token", "In the API Center of your manager account.", "secret"),
    Entry("client_id", "OAuth client id", "From your project in the Google Cloud console."),
    Entry("client_secret", "OAuth client secret", kind="secret"),
)
CONNECTOR = Connector(
    data_source="google_ads",
    entries=(
        *APP,
        Entry("refresh_token", "Refresh token", "Of a user who can see the accounts.", "secret"),
        Entry(
            "login_customer_id",
            "Manager account",
            "Its number, without dashes; empty if there is none.",
            is_required=False,
        ),
    ),
    auth=OAuth2(
        url="https://oauth2.googleapis.com/token",
        also={"developer-token": "developer_token", "login-customer-id": "login_customer_id"},
    ),
    accounts=accounts,
    reports=(
        Report("campaign", "Campaigns by day", pull, history=1_100),
        Report("account", "Whole account by day", pull, history=1_100),
        Report("ad_group", "Ad groups by day", pull, history=1_100, is_default=False),
        Report("ad", "Ads by day", pull, history=1_100, is_default=False),
        Report("campaign/device", "Campaigns by device and day", pull, history=1_100, is_default=False),
        Report(KEYWORDS, "Keywords by day", pull, history=1_100, is_default=False),
        Report(COUNTRIES, "Campaigns by country and day", pull, history=1_100, is_default=False),
    ),
    judge=judge,
    # Basic access: 15,000 operations a day for each developer token
    # (developers.google.com/google-ads/api/docs/access-levels).
    quotas=(Quota("", 15_000, 86_400, is_shared=True),),
    guide="developers.google.com/google-ads/api/docs/get-started/introduction",
    # developers.google.com/identity/protocols/oauth2/web-server: only a new consent gives a refresh token again.
    consent=Consent(
        authorize="https://accounts.google.com/o/oauth2/v2/auth",
        exchange="https://oauth2.googleapis.com/token",
        scopes=("https://www.googleapis.com/auth/adwords",),
        app=APP,
        asks={"access_type": "offline", "prompt": "consent"},
        has_proof_key=True,
        unlasting="Take Kalends away at myaccount.google.com/permissions, and sign in again.",
        help="In the Google Cloud console under APIs & Services, Credentials: a client of the kind “Web application”.",
    ),
)
