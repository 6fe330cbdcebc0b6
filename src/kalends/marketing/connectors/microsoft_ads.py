"""Microsoft Advertising: reports of the Reporting service v13, ordered over SOAP and fetched as a zip with one CSV.

The tokens stand in the body of each call, in its SOAP header. A fault comes with HTTP 500, and its number says what
happened (learn.microsoft.com/advertising/guides/operation-error-codes). Elements must be in the order of the
documentation. A report that is done without a link has no rows. Its days are those of the account's own time zone
only if the order says so: unsaid they are those of the Pacific coast.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import partial
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from kalends.marketing.connectors.asking import Answer, Ask
from kalends.marketing.connectors.auth import OAuth2, TwoTokens
from kalends.marketing.connectors.consent import Consent
from kalends.marketing.connectors.declared import Account, Connector, Entry, Page, Quota, Report, Slice
from kalends.marketing.connectors.files import plain
from kalends.marketing.connectors.microsoft_zones import plain_name, zone_of
from kalends.marketing.connectors.signals import (
    CursorExpired,
    Limited,
    Malformed,
    Passing,
    Refused,
    Signal,
    TokenExpired,
)
from kalends.marketing.connectors.soap import all_named, child, envelope, only, parsed

REPORTING = "https://bingads.microsoft.com/Reporting/v13"
CUSTOMER = "https://bingads.microsoft.com/Customer/v13"
SERVICES = {
    REPORTING: "https://reporting.api.bingads.microsoft.com/Api/Advertiser/Reporting/v13/ReportingService.svc",
    CUSTOMER: "https://clientcenter.api.bingads.microsoft.com/Api/CustomerManagement/v13/CustomerManagementService.svc",
}
ENTITIES = f'xmlns:e="{CUSTOMER}/Entities"'
ARRAYS = 'xmlns:a="http://schemas.microsoft.com/2003/10/Serialization/Arrays"'
ACCOUNT = ("TimePeriod", "AccountId", "AccountName", "CurrencyCode", "Impressions", "Clicks", "Spend",
           "ConversionsQualified", "Revenue", "AllConversionsQualified", "AllRevenue")  # fmt: skip
CAMPAIGN = (*ACCOUNT, "CampaignId", "CampaignName")
GROUP = (*CAMPAIGN, "AdGroupId", "AdGroupName")
KEYWORDS = "keyword/bid_match_type+keyword+keyword_text"
ASKED = {
    "account": ("Account", ACCOUNT),
    "campaign": ("Campaign", (*CAMPAIGN, "CampaignType")),
    "campaign/device": ("Campaign", (*CAMPAIGN, "CampaignType", "DeviceType")),
    "campaign/country": ("Geographic", (*CAMPAIGN, "CampaignType", "Country")),
    "ad_group": ("AdGroup", GROUP),
    "ad": ("Ad", (*GROUP, "AdId", "AdTitle")),
    KEYWORDS: ("Keyword", (*GROUP, "KeywordId", "Keyword", "BidMatchType")),
}
"""Report -> Microsoft's kind of report, and its columns, each attribute of which cuts the rows
(learn.microsoft.com/advertising/guides/reports, "Columns that group the data"). Keywords leave out shopping."""
LISTED = 100
"""Accounts on a page."""
ENDED, A_MINUTE, BUSY, UNKNOWN_REPORT = {"105", "109"}, {"117"}, {"0", "4204"}, {"2100", "2101"}
MANY, NO_RIGHT = {"207"}, {"106"}


def judge(answer: Answer) -> Signal | None:
    """The signal behind a fault's number; None for a good answer, and for one that is no SOAP."""
    if not answer.question.is_signed:
        return CursorExpired("The link to Microsoft's report has ended.") if answer.status in {403, 404} else None
    if "xml" not in answer.headers.get("content-type", ""):
        return None
    fault = next(all_named(parsed(answer.content), "Fault"), None)
    return None if fault is None else signal_of(fault)


def signal_of(fault: Element) -> Signal:
    """What a fault means: numbers of all its errors, and the first one's words."""
    codes = {(element.text or "").strip() for element in all_named(fault, "Code")}
    said = next((element.text or "" for name in ("Message", "faultstring") for element in all_named(fault, name)), "")
    number = ", ".join(sorted(codes))
    if codes & ENDED:
        return TokenExpired(f"Microsoft does not accept the token ({number}).")
    if codes & (A_MINUTE | MANY):
        return Limited(f"Microsoft asks for a pause ({number}).", seconds=60 if codes & A_MINUTE else None)
    if codes & UNKNOWN_REPORT:
        return CursorExpired(f"Microsoft knows the report no more ({number}).")
    if codes & BUSY:
        return Passing(f"Microsoft has trouble of its own ({number}).")
    advice = "Invite the user to the account." if codes & NO_RIGHT else ""
    return Refused(f"Microsoft refuses: {said[:200]} ({number}).", advice=advice)


def call(ask: Ask, service: str, action: str, body: str, **of: str) -> Element:
    """One operation's answer. `of`: the account and customer in its header."""

    def written(token: str) -> bytes:
        told = {"AuthenticationToken": token, **of, "DeveloperToken": ask.secrets["developer_token"]}
        return envelope(service, action, told, body)

    answer = ask.post(
        SERVICES[service], content=written, content_type="text/xml; charset=utf-8", headers={"SOAPAction": action}
    )
    return only(parsed(answer.content), f"{action}Response")


def pull(ask: Ask, wanted: Slice) -> Iterator[Page]:
    """The report's file; no page where it has no rows."""
    found = ask.until(partial(finished, ask, wanted), first=5)
    if link := found["link"]:
        answer = ask.get(link, quota=None, is_signed=False)
        if not plain(answer).strip():
            raise Malformed("Microsoft's report is empty.")
        yield Page.file(answer.content)


def finished(ask: Ask, wanted: Slice) -> dict[str, str] | None:
    """Where the finished report is; None while Microsoft works on it. What came to nothing is ordered anew."""
    about = ask.once("account", partial(about_account, ask, wanted.account.id))
    of = {"CustomerAccountId": wanted.account.id, "CustomerId": about["customer"]}
    job = ask.once("job", partial(order, ask, wanted, zone=about["zone"], **of))
    body = f"<ReportRequestId>{escape(job)}</ReportRequestId>"
    try:
        status = only(call(ask, REPORTING, "PollGenerateReport", body, **of), "ReportRequestStatus")
    except CursorExpired:
        ask.forget("job")
        raise
    match child(status, "Status"):
        case "Success":
            return {"link": child(status, "ReportDownloadUrl")}
        case "Pending":
            return None
    ask.forget("job")
    raise Passing("Microsoft could not make the report.")


def about_account(ask: Ask, account_id: str) -> dict[str, str]:
    """Whose the account is, and its zone in Microsoft's words."""
    found = only(call(ask, CUSTOMER, "GetAccount", f"<AccountId>{escape(account_id)}</AccountId>"), "Account")
    return {"customer": child(found, "ParentCustomerId"), "zone": plain_name(child(found, "TimeZone"))}


def order(ask: Ask, wanted: Slice, *, zone: str, **of: str) -> str:
    """The number of the report that was ordered."""
    asked, names = ASKED[wanted.report]
    kind = f"{asked}PerformanceReport"
    columns = "".join(f"<{kind}Column>{name}</{kind}Column>" for name in names)
    body = (
        f'<ReportRequest i:type="{kind}Request"><ExcludeColumnHeaders>false</ExcludeColumnHeaders>'
        "<ExcludeReportFooter>true</ExcludeReportFooter><ExcludeReportHeader>true</ExcludeReportHeader>"
        f"<Format>Csv</Format><FormatVersion>2.0</FormatVersion><ReportName>{kind}</ReportName>"
        "<ReturnOnlyCompleteData>false</ReturnOnlyCompleteData><Aggregation>Daily</Aggregation>"
        f"<Columns>{columns}</Columns>"
        f"<Scope><AccountIds {ARRAYS}><a:long>{escape(wanted.account.id)}</a:long></AccountIds></Scope>"
        f"<Time>{day('CustomDateRangeEnd', wanted.last)}{day('CustomDateRangeStart', wanted.first)}"
        f"<ReportTimeZone>{escape(zone)}</ReportTimeZone></Time></ReportRequest>"
    )
    made = child(call(ask, REPORTING, "SubmitGenerateReport", body, **of), "ReportRequestId")
    if not made:
        raise Malformed("Microsoft took the order without a number.")
    return made


def day(name: str, when: date) -> str:
    """A day as Microsoft writes it."""
    return f"<{name}><Day>{when.day}</Day><Month>{when.month}</Month><Year>{when.year}</Year></{name}>"


def accounts(ask: Ask) -> list[Account]:
    """The accounts that the user may see."""
    user = child(only(call(ask, CUSTOMER, "GetUser", '<UserId i:nil="true"/>'), "User"), "Id")
    found: dict[str, Account] = {}
    for page in range(1000):
        listed = list(all_named(call(ask, CUSTOMER, "SearchAccounts", search(user, page)), "AdvertiserAccount"))
        shown = {child(one, "Id"): account_of(one) for one in listed}
        if found.keys() & shown.keys():
            raise Malformed("Microsoft gives the same accounts again and again.")
        found |= shown
        if len(listed) < LISTED:
            break
    return list(found.values())


def search(user: str, page: int) -> str:
    """The question for a page of a user's accounts."""
    return (
        f"<Predicates {ENTITIES}><e:Predicate><e:Field>UserId</e:Field><e:Operator>Equals</e:Operator>"
        f'<e:Value>{escape(user)}</e:Value></e:Predicate></Predicates><Ordering i:nil="true"/>'
        f"<PageInfo {ENTITIES}><e:Index>{page}</e:Index><e:Size>{LISTED}</e:Size></PageInfo>"
    )


def account_of(element: Element) -> Account:
    """An account as Microsoft describes it."""
    return Account(
        child(element, "Id"),
        child(element, "Name"),
        child(element, "CurrencyCode"),
        zone_of(child(element, "TimeZone")),
    )


LOGIN = "https://login.microsoftonline.com/common/oauth2/v2.0"
APP = (
    Entry("developer_token", "Developer token", "In Microsoft Advertising, under Developer settings.", "secret"),
    Entry("client_id", "Application id", "Of your app registration in Microsoft Entra."),
    Entry("client_secret", "Client secret", "Of the same registration.", "secret"),
)
SCOPES = ("https://ads.microsoft.com/msads.manage", "offline_access")
CONNECTOR = Connector(
    data_source="microsoft_ads",
    entries=(
        *APP,
        Entry("refresh_token", "Refresh token", "Of a user who can see the accounts.", "secret"),
    ),
    auth=TwoTokens(OAuth2(url=f"{LOGIN}/token", scope=" ".join(SCOPES))),
    accounts=accounts,
    reports=(
        Report("campaign", "Campaigns by day", pull, history=1_095),
        Report("account", "Whole account by day", pull, history=1_095),
        Report("ad_group", "Ad groups by day", pull, history=1_095, is_default=False),
        Report("ad", "Ads by day", pull, history=1_095, is_default=False),
        Report("campaign/device", "Campaigns by device and day", pull, history=1_095, is_default=False),
        Report("campaign/country", "Campaigns by country and day", pull, history=1_095, is_default=False),
        Report(KEYWORDS, "Keywords by day", pull, history=1_095, is_default=False),
    ),
    judge=judge,
    # No numbers are published for the Reporting service; 117 says that a minute's calls are used up, so that is what
    # is counted in. A report takes an order and a few looks: one call a second serves a dozen of them at the same time.
    quotas=(Quota("", 60, 60, is_shared=True, is_own=True),),
    guide="learn.microsoft.com/advertising/guides/get-started",
    # learn.microsoft.com/advertising/guides/authentication-oauth-consent
    consent=Consent(
        authorize=f"{LOGIN}/authorize",
        exchange=f"{LOGIN}/token",
        scopes=SCOPES,
        app=APP,
        asks={"prompt": "select_account"},
        has_proof_key=True,
        help="In Microsoft Entra under App registrations, Authentication: the platform “Web”.",
    ),
)
