"""Google Analytics 4: runReport of the Data API v1beta, by offset; properties from the Admin API, by page token.

A report is one question: two answers with the same dimensions and other metrics would be two rows of one key, of which
the later would overwrite the earlier. So each report has at most 9 dimensions and 10 metrics, which is what one
question may have. An answer tells neither its property nor its offset: a page that comes twice is known by its rows,
and an answer whose `rowCount` changed while it was being read is read anew.
Limits are counted in tokens that a question costs, not in questions (developers.google.com, Data API, "quotas").
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from kalends.marketing.connectors.asking import Answer, Ask
from kalends.marketing.connectors.auth import OAuth2
from kalends.marketing.connectors.consent import Consent
from kalends.marketing.connectors.declared import Account, Connector, Entry, Page, Quota, Report, Slice
from kalends.marketing.connectors.signals import CursorExpired, Limited, Malformed, Refused, Signal

DATA, ADMIN = "https://analyticsdata.googleapis.com/v1beta", "https://analyticsadmin.googleapis.com/v1beta"
TRAFFIC = ("sessions", "engagedSessions", "totalUsers", "newUsers", "screenPageViews", "eventCount", "keyEvents",
           "totalRevenue")  # fmt: skip
EVENTS = ("eventCount", "totalUsers", "keyEvents", "totalRevenue")
# Campaigns that were tagged by hand all have the id '(not set)': only the name tells them apart.
CAMPAIGN = ("sessionCampaignId", "sessionCampaignName")
MOST_ROWS = 100_000
"""Of at most 250,000: a page that breaks off is soon there again."""
HALF_HOUR, HOUR = 1800.0, 3600.0


def judge(answer: Answer) -> Signal | None:
    """What the error says of the quota and of rights; its status alone does not say how long to wait."""
    if answer.status not in {403, 429}:
        return None
    body = answer.json()
    error = body.get("error", {}) if isinstance(body, dict) else {}
    message = str(error.get("message", ""))
    if answer.status == 429:
        return Limited("Google Analytics asks for a pause: the property's quota is used up.", seconds=pause(message))
    if any(detail.get("reason") == "SERVICE_DISABLED" for detail in error.get("details", [])):
        return Refused(
            "The Google Analytics API is switched off in your Google Cloud project.",
            advice="Enable the Google Analytics Data API and Admin API there.",
        )
    return Refused(
        "Google does not let this user see the property.", advice="Give the user the role Viewer in the property."
    )


def pause(message: str) -> float | None:
    """Seconds until it is worth asking again: tokens of an hour or a day come back by and by."""
    text = message.lower()
    if "per day" in text:
        return HOUR
    return HALF_HOUR if "hour" in text else None


def pull(ask: Ask, wanted: Slice, *, dimensions: tuple[str, ...], metrics: tuple[str, ...] = TRAFFIC) -> Iterator[Page]:
    """One report, page by page; an empty one has no page."""
    named = ("date", *dimensions)
    name = f"properties/{wanted.account.id}"
    question: dict[str, Any] = {
        "dateRanges": [{"startDate": wanted.first.isoformat(), "endDate": wanted.last.isoformat()}],
        "dimensions": [{"name": one} for one in named],
        "metrics": [{"name": one} for one in metrics],
        # Without an order two pages may overlap.
        "orderBys": [{"dimension": {"dimensionName": one}} for one in named],
        "limit": MOST_ROWS,
        "returnPropertyQuota": True,
    }
    offset, count, before = 0, None, None
    while count is None or offset < count:
        asked = {**question, "offset": offset}
        answer = ask.post(f"{DATA}/{name}:runReport", asked)
        told, rows = read(answer)
        if count is not None and told != count:
            raise CursorExpired("The report changed while it was being read.")
        if rows == before or (not rows and offset < told):
            raise Malformed("Google gives the same page again, or an empty one.")
        count, before, offset = told, rows, offset + len(rows)
        if rows:
            yield Page.of(answer, request={"property": name, **asked}, is_whole=not is_held_back(answer))


def read(answer: Answer) -> tuple[int, list[Any]]:
    """How many rows the report has, and those of this page; both are absent where there are none. Raises Malformed."""
    body = answer.json()
    if not isinstance(body, dict) or body.get("kind") != "analyticsData#runReport":
        raise Malformed("Google answered with something that is no report.")
    count, rows = body.get("rowCount", 0), body.get("rows", [])
    if not isinstance(count, int) or not isinstance(rows, list):
        raise Malformed("Google answered with a report that has no rows.")
    return count, rows


def is_held_back(answer: Answer) -> bool:
    """Whether rows about too few people are left out: they were not deleted."""
    return bool((answer.json().get("metadata") or {}).get("subjectToThresholding"))


def listed(ask: Ask, path: str, field: str, **params: str) -> Iterator[dict[str, Any]]:
    """Everything in a list of the Admin API. Its limits are its own, and far from what a list of properties takes."""
    token, seen = "", {""}
    while True:
        page = {"pageSize": "200", **params} | ({"pageToken": token} if token else {})
        body = ask.get(f"{ADMIN}/{path}", page, quota=None).json()
        yield from body.get(field, [])
        token = str(body.get("nextPageToken", ""))
        if not token:
            return
        if token in seen:
            raise Malformed("Google gives the same page again and again.")
        seen.add(token)


def accounts(ask: Ask) -> list[Account]:
    """The properties that the user sees, with currency and zone, which only the properties themselves tell."""
    found = []
    for account in listed(ask, "accountSummaries", "accountSummaries"):
        if account.get("propertySummaries"):
            for one in listed(ask, "properties", "properties", filter=f"ancestor:{account['account']}"):
                name, shop = one.get("displayName", ""), account.get("displayName", "")
                found.append(
                    Account(
                        one["name"].removeprefix("properties/"),
                        f"{shop}: {name}" if shop and shop != name else name,
                        one.get("currencyCode", ""),
                        one.get("timeZone", ""),
                    )
                )
    return found


APP = (
    Entry("client_id", "OAuth client id", "From your project in the Google Cloud console."),
    Entry("client_secret", "OAuth client secret", kind="secret"),
)
CONNECTOR = Connector(
    data_source="google_analytics",
    entries=(
        *APP,
        Entry("refresh_token", "Refresh token", "Of a user who can see the properties.", "secret"),
    ),
    auth=OAuth2(url="https://oauth2.googleapis.com/token"),
    accounts=accounts,
    reports=(
        Report(
            "campaign/session_campaign_id+session_campaign_name",
            "Campaigns by day",
            partial(pull, dimensions=CAMPAIGN),
            history=1_100,
        ),
        # Users are of a day and of nothing smaller: they cannot be added up from the other reports.
        Report("account", "Whole property by day", partial(pull, dimensions=()), history=1_100),
        Report(
            "account/session_default_channel_group",
            "Channels by day",
            partial(pull, dimensions=("sessionDefaultChannelGroup",)),
            history=1_100,
        ),
        Report(
            "account/session_source_medium",
            "Sources by day",
            partial(pull, dimensions=("sessionSourceMedium",)),
            history=1_100,
            is_default=False,
        ),
        Report(
            "account/country+device_category",
            "Countries and devices by day",
            partial(pull, dimensions=("country", "deviceCategory")),
            history=1_100,
            is_default=False,
        ),
        Report(
            "account/event_name",
            "Events by day",
            partial(pull, dimensions=("eventName",), metrics=EVENTS),
            history=1_100,
            is_default=False,
        ),
    ),
    judge=judge,
    # 14,000 tokens an hour for each project and property, of which most questions cost 10 at most.
    quotas=(Quota("", 1_400, 3600),),
    guide="developers.google.com/analytics/devguides/reporting/data/v1/quickstart-client-libraries",
    # developers.google.com/identity/protocols/oauth2/web-server: only a new consent gives a refresh token again.
    consent=Consent(
        authorize="https://accounts.google.com/o/oauth2/v2/auth",
        exchange="https://oauth2.googleapis.com/token",
        scopes=("https://www.googleapis.com/auth/analytics.readonly",),
        app=APP,
        asks={"access_type": "offline", "prompt": "consent"},
        has_proof_key=True,
        unlasting="Take Kalends away at myaccount.google.com/permissions, and sign in again.",
        help="In the Google Cloud console under APIs & Services, Credentials: a client of the kind “Web application”.",
    ),
)
