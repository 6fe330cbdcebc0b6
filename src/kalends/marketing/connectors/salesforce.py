"""Salesforce: opportunities and leads by SOQL over REST.

`queryAll` also gives what was deleted, marked so (developer.salesforce.com, REST API, "QueryAll"). A slice asks for
what was created, closed or changed in its days: what changed later than it happened comes again with the days in
which somebody changed it. Where to call is said by the answer that gives the token (`instance_url`). Which fields
there are depends on the company and on the user, so they are looked up first. Limits are told as 403, errors as a list.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from kalends.marketing.connectors.asking import Answer, Ask
from kalends.marketing.connectors.auth import OAuth2, SignedInOr
from kalends.marketing.connectors.consent import Consent
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

DATA = "/services/data/v65.0"
NEEDED = {
    "Opportunity": ("Id", "Amount", "CloseDate", "CreatedDate", "IsClosed", "IsDeleted", "IsWon"),
    "Lead": ("Id", "CreatedDate", "IsConverted", "IsDeleted"),
}
WANTED = {
    "Opportunity": ("CampaignId", "CurrencyIsoCode", "LeadSource", "StageName", "Type"),
    "Lead": ("Country", "CurrencyIsoCode", "LeadSource", "Status"),
}
"""Asked for where there are such: a company of one currency has no CurrencyIsoCode. Of people, nothing is asked."""
IDS_AT_ONCE = 200
DAY_IS_FULL = 900.0
"""Seconds to wait where the company's calls of 24 hours are used up: the window slides."""
SIGNALS: dict[str, type[Signal]] = {
    "INVALID_SESSION_ID": TokenExpired,
    "INVALID_QUERY_LOCATOR": CursorExpired,
    "QUERY_TIMEOUT": TooMuch,
    "OPERATION_TOO_LARGE": TooMuch,
    "SERVER_UNAVAILABLE": Passing,
    "UNKNOWN_EXCEPTION": Passing,
}
ADVICE = {
    "INVALID_TYPE": "Give the user the right to read opportunities, leads and campaigns.",
    "INVALID_FIELD": "Give the user the right to read this field.",
    "API_DISABLED_FOR_ORG": "Salesforce's edition or the user's profile needs “API enabled”.",
    "INSUFFICIENT_ACCESS": "Give the user the right to read opportunities, leads and campaigns.",
}


def judge(answer: Answer) -> Signal | None:
    """What the first error's code says."""
    if answer.status < 400:
        return None
    code, message = told(answer)
    if code == "REQUEST_LIMIT_EXCEEDED":
        return Limited("Salesforce's calls of the day are used up.", seconds=DAY_IS_FULL)
    if code in SIGNALS:
        return SIGNALS[code](f"Salesforce says: {message} ({code}).")
    if code and answer.status in {400, 403, 404}:
        return Refused(f"Salesforce refuses: {message} ({code}).", advice=ADVICE.get(code, ""))
    return None


def told(answer: Answer) -> tuple[str, str]:
    """An error's code and message. Raises Malformed."""
    body = answer.json()
    first = body[0] if isinstance(body, list) and body and isinstance(body[0], dict) else {}
    return str(first.get("errorCode", "")), str(first.get("message", ""))[:200]


def instance(ask: Ask) -> str:
    """Where this company's data is."""
    said = ask.granted().get("instance_url", "")
    return said.rstrip("/") if said else f"https://{ask.options['domain']}"


def query(ask: Ask, soql: str) -> Iterator[Answer]:
    """The pages of a query."""
    home = instance(ask)
    answer = ask.get(f"{home}{DATA}/queryAll", {"q": soql})
    received, seen = 0, {""}
    while True:
        body = answer.json()
        if not isinstance(body, dict) or not isinstance(body.get("records"), list):
            raise Malformed("Salesforce answered without records.")
        received += len(body["records"])
        following = str(body.get("nextRecordsUrl") or "")
        if body.get("done") and received != body.get("totalSize"):
            raise Malformed(f"Salesforce gave {received} of {body.get('totalSize')} records.")
        if not body.get("done") and (following in seen or not following.startswith(f"{DATA}/")):
            raise Malformed("Salesforce gives the same page again and again.")
        yield answer
        if body.get("done"):
            return
        seen.add(following)
        answer = ask.get(home + following)


def fields(ask: Ask, kind: str) -> str:
    """The fields of this company's objects that are asked for."""
    described = ask.get(f"{instance(ask)}{DATA}/sobjects/{kind}/describe").json()
    there = {str(one["name"]) for one in described["fields"]}
    if missing := [name for name in NEEDED[kind] if name not in there]:
        advice = "Give the user the right to read these fields."
        raise Refused(f"Salesforce shows no {', '.join(missing)} of a {kind}.", advice=advice)
    return ", ".join((*NEEDED[kind], *(name for name in WANTED[kind] if name in there)))


def within(field: str, wanted: Slice) -> str:
    """A moment in the slice's days, by UTC."""
    return f"({field} >= {wanted.first}T00:00:00Z AND {field} < {wanted.last + timedelta(days=1)}T00:00:00Z)"


def pull_opportunities(ask: Ask, wanted: Slice) -> Iterator[Page]:
    """Opportunities that were created, closed or changed in these days, and the names of their campaigns."""
    closed = f"(CloseDate >= {wanted.first} AND CloseDate <= {wanted.last} AND IsClosed = true)"
    soql = (
        f"SELECT {fields(ask, 'Opportunity')} FROM Opportunity WHERE {within('CreatedDate', wanted)} OR {closed}"  # noqa: S608 (SOQL of our own words)
        f" OR {within('SystemModstamp', wanted)} ORDER BY Id"
    )
    campaigns: set[str] = set()
    for answer in query(ask, soql):
        campaigns |= {one["CampaignId"] for one in answer.json()["records"] if one.get("CampaignId")}
        yield Page.of(answer)
    ids = sorted(campaigns)
    for start in range(0, len(ids), IDS_AT_ONCE):
        some = ", ".join(f"'{one}'" for one in ids[start : start + IDS_AT_ONCE] if one.isalnum())
        for answer in query(ask, f"SELECT Id, Name, NumberOfLeads FROM Campaign WHERE Id IN ({some})"):  # noqa: S608
            yield Page.of(answer)


def pull_leads(ask: Ask, wanted: Slice) -> Iterator[Page]:
    """Leads that were created or changed in these days."""
    chosen = f"{within('CreatedDate', wanted)} OR {within('SystemModstamp', wanted)}"
    for answer in query(ask, f"SELECT {fields(ask, 'Lead')} FROM Lead WHERE {chosen} ORDER BY Id"):  # noqa: S608
        yield Page.of(answer)


def accounts(ask: Ask) -> list[Account]:
    """The company."""
    found: list[dict[str, Any]] = []
    for answer in query(ask, "SELECT Id, Name FROM Organization"):
        found += answer.json()["records"]
    return [Account(str(one["Id"]), str(one["Name"]), ask.options.get("currency", "").upper(), "UTC") for one in found]


TOKENS = "https://{domain}/services/oauth2/token"
APP = (
    Entry("client_id", "Consumer key", "Of your connected app, which lets a client sign in by its own credentials."),
    Entry("client_secret", "Consumer secret", "Beside the consumer key.", "secret"),
)
CONNECTOR = Connector(
    data_source="salesforce",
    entries=(
        Entry(
            "domain",
            "My Domain",
            "In Setup, under My Domain: like acme.my.salesforce.com, without https://.",
            # The app's secret is sent there, and that may be the whole server's: to nobody but Salesforce.
            pattern=r"([a-z0-9-]+\.)+salesforce\.(com|mil)",
        ),
        *APP,
        Entry(
            "currency",
            "Currency",
            "Its code, like EUR. Only where your company has one currency in Salesforce.",
            is_required=False,
        ),
    ),
    auth=SignedInOr(OAuth2(url=TOKENS), OAuth2(url=TOKENS, grant="client_credentials")),
    accounts=accounts,
    reports=(
        Report("opportunity/moment+opportunity_id", "Opportunities, opened and closed", pull_opportunities),
        Report("lead/lead_id", "Leads", pull_leads),
    ),
    judge=judge,
    # The smallest company's calls in 24 hours; it shares them with all its other apps
    # (developer.salesforce.com, "API request limits and allocations").
    quotas=(Quota("", 15_000, 86_400),),
    guide="help.salesforce.com, Configure the OAuth 2.0 client credentials flow",
    # help.salesforce.com, "OAuth 2.0 web server flow"
    consent=Consent(
        authorize="https://{domain}/services/oauth2/authorize",
        exchange=TOKENS,
        scopes=("api", "refresh_token"),
        app=APP,
        asks={"prompt": "consent"},
        has_proof_key=True,
        unlasting="Give the connected app the right “Perform requests at any time (refresh_token)”, and sign in again.",
        help="In Salesforce's Setup under App Manager, your connected app.",
    ),
)
