"""The Microsoft Advertising API v13 over SOAP, as far as a connector asks it."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import ClassVar
from xml.etree.ElementTree import Element, fromstring
from xml.sax.saxutils import escape

from kalends.demo.standin.consenting import Consenting
from kalends.demo.standin.speaking import Asked, Reply, Standin
from kalends.demo.standin.truth import Day, Truth

REPORTING, STORE = "reporting.api.bingads.microsoft.com", "bingadsappsstorageprod.blob.core.windows.net"
CUSTOMER = "clientcenter.api.bingads.microsoft.com"
SPACES = {
    REPORTING: "https://bingads.microsoft.com/Reporting/v13",
    CUSTOMER: "https://bingads.microsoft.com/Customer/v13",
}
XSI = "http://www.w3.org/2001/XMLSchema-instance"
ZONE, PARENT, USER = "AmsterdamBerlinBernRomeStockholmVienna", "251001", "77001"
ORDERLY = (
    "ExcludeColumnHeaders", "ExcludeReportFooter", "ExcludeReportHeader", "Format", "FormatVersion", "ReportName",
    "ReturnOnlyCompleteData", "Aggregation", "Columns", "Scope", "Time",
)  # fmt: skip
LOOKS = 3
"""How often a report has to be asked for until it is done."""
LINK = timedelta(minutes=5)


def nine_digits(kind: str, place: int) -> str:
    """A number as Microsoft's."""
    millions = {"account": 180, "campaign": 420, "ad_group": 421, "ad": 422, "keyword": 423}[kind]
    return str(millions * 10**6 + 3_571 * place)


@dataclass(frozen=True, slots=True)
class Ordered:
    """A report that was ordered; `level` as the record calls it."""

    account_id: str
    first: date
    last: date
    level: str
    columns: list[str]


@dataclass
class MicrosoftAds(Standin):
    """Tokens in the body, faults with numbers, reports that are ordered and come as a CSV in a zip."""

    ordered: dict[str, Ordered] = field(default_factory=dict)
    looks: dict[str, int] = field(default_factory=dict)
    links: dict[str, tuple[str, datetime]] = field(default_factory=dict)

    data_source: ClassVar[str] = "microsoft_ads"
    hosts: ClassVar[tuple[str, ...]] = (REPORTING, CUSTOMER, STORE, "login.microsoftonline.com")
    cannot: ClassVar[frozenset[str]] = frozenset({"duplicate"})  # a report is one file
    cuts: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "device": ("Smartphone", "Computer", "Tablet"),
        "country": ("Germany", "Austria", ""),
    }
    secrets: ClassVar[Mapping[str, str]] = {
        "developer_token": "BBD37VB98-dev",
        "client_id": "00000000-app",
        "client_secret": "microsoft & secret",
        "refresh_token": "M.R3-microsoft-key-1",
    }
    consenting: ClassVar[Consenting] = Consenting(
        page="login.microsoftonline.com/common/oauth2/v2.0/authorize",
        exchange="login.microsoftonline.com/common/oauth2/v2.0/token",
        scopes=frozenset({"https://ads.microsoft.com/msads.manage", "offline_access"}),
        has_proof_key=True,
    )

    @classmethod
    def known_truth(cls, *, seed: int = 1) -> Truth:
        """With Microsoft's numbers."""
        return Truth(seed=seed, id_of=nine_digits)

    def secret_texts(self) -> list[str]:
        """The links as well: whoever has one has the report."""
        return [*super().secret_texts(), *self.links]

    def is_counted(self, asked: Asked) -> bool:
        """Files break off, too."""
        return asked.host in {REPORTING, CUSTOMER, STORE}

    def is_limited(self, asked: Asked) -> bool:
        """Files are fetched by their links, as often as one likes."""
        return asked.host != STORE

    def is_signed(self, asked: Asked) -> bool:
        """By elements of the SOAP header; a file is fetched by its link alone."""
        if asked.host == STORE:
            return True
        shown = {name: text(self.header(asked), name) for name in ("AuthenticationToken", "DeveloperToken")}
        return shown == {"AuthenticationToken": self.token, "DeveloperToken": self.secrets["developer_token"]}

    def can_happen(self, asked: Asked, fault: str) -> bool:
        """A file's link ends; it knows nothing of limits and tokens."""
        return fault in {"error", "cut", "cursor", "malformed"} if asked.host == STORE else fault != "cursor"

    def header(self, asked: Asked) -> Element:
        """The SOAP header."""
        return fromstring(asked.body)[0]  # noqa: S314 (what the tests and the demo send)

    def limited(self) -> Reply:
        """A minute's calls are used up."""
        return fault(117, "CallRateExceeded", "You have exceeded the number of calls allowed in a minute.")

    def refused_token(self) -> Reply:
        """A token that has ended."""
        return fault(109, "AuthenticationTokenExpired", "Authentication token expired.")

    def erred(self) -> Reply:
        """Trouble of its own, in its own way."""
        return fault(0, "InternalError", "An internal error has occurred.")

    def refused_cursor(self) -> Reply:
        """A link that has ended, in the words of the store."""
        return Reply(b"<Error><Code>AuthenticationFailed</Code></Error>", 403, {"content-type": "application/xml"})

    def answer(self, asked: Asked) -> Reply:
        """Users, accounts, orders, or a file."""
        if asked.host == STORE:
            return self.file(asked)
        action = asked.headers.get("soapaction", "")
        body = fromstring(asked.body)[1][0]  # noqa: S314 (what the tests and the demo send)
        if body.tag != f"{{{SPACES[asked.host]}}}{action}Request" or text(self.header(asked), "Action") != action:
            return fault(100, "NullRequest", "The request message is null.")
        return self.reports(asked, body) if asked.host == REPORTING else self.customers(action, body)

    def reports(self, asked: Asked, body: Element) -> Reply:
        """The Reporting service."""
        is_order = body.tag.endswith("}SubmitGenerateReportRequest")
        return self.take_order(asked, body[0]) if is_order else self.status(text(body, "ReportRequestId"))

    def customers(self, action: str, body: Element) -> Reply:
        """The Customer Management service."""
        match action:
            case "GetUser":
                return self.said(action, f"<User><ContactInfo><Id>9</Id></ContactInfo><Id>{USER}</Id></User>")
            case "SearchAccounts" if text(body, "Value") == USER:
                shown = self.truth.account_ids if text(body, "Index") == "0" else []
                found = "".join(f"<AdvertiserAccount>{self.account(one)}</AdvertiserAccount>" for one in shown)
                return self.said(action, f"<Accounts>{found}</Accounts>")
            case "GetAccount" if text(body, "AccountId") in self.truth.account_ids:
                return self.said(action, f"<Account>{self.account(text(body, 'AccountId'))}</Account>")
        return fault(106, "UserIsNotAuthorized", "The user is not authorized to perform this action.")

    def account(self, account_id: str) -> str:
        """An account; its address has a number of its own."""
        return (
            f"<CurrencyCode>{self.truth.currency}</CurrencyCode><BusinessAddress><Id>8</Id></BusinessAddress>"
            f"<Id>{account_id}</Id><Name>Shop &amp; {account_id}</Name><Number>F1{account_id}</Number>"
            f"<ParentCustomerId>{PARENT}</ParentCustomerId><TimeZone>{ZONE}</TimeZone>"
        )

    def take_order(self, asked: Asked, order: Element) -> Reply:
        """The report's number."""
        names = tuple(element.tag.rpartition("}")[2] for element in order)
        kind = order.get(f"{{{XSI}}}type", "").removesuffix("PerformanceReportRequest")
        listed = list(order[ORDERLY.index("Columns")]) if names == ORDERLY else []
        columns = [element.text or "" for element in listed]
        account_id = text(order, "long")
        said = {name: text(self.header(asked), name) for name in ("CustomerAccountId", "CustomerId")}
        if account_id not in self.truth.account_ids or said != {"CustomerAccountId": account_id, "CustomerId": PARENT}:
            return fault(106, "UserIsNotAuthorized", "The user is not authorized to perform this action.")
        told = {name: text(order, name) for name in ("Format", "Aggregation", "ReportTimeZone", "ExcludeReportFooter")}
        if kind not in LEVELS:
            return fault(2015, "ReportingServiceInvalidReportType", "The report type is not valid.")
        if set(columns) - COLUMNS.keys() - KEYWORD.keys() - {"CurrencyCode"} or set(columns) & NOT_TOLD[kind]:
            return fault(2015, "ReportingServiceInvalidColumns", "A column is not one of this report's.")
        if {element.tag.rpartition("}")[2] for element in listed} != {f"{kind}PerformanceReportColumn"}:
            return fault(100, "NullRequest", "The request message is null.")
        if told != {"Format": "Csv", "Aggregation": "Daily", "ReportTimeZone": ZONE, "ExcludeReportFooter": "true"}:
            return fault(2011, "ReportingServiceInvalidTimeZone", "The request's elements are not as they should be.")
        number = f"30000{len(self.ordered):08d}"
        first, last = day_of(order, "CustomDateRangeStart"), day_of(order, "CustomDateRangeEnd")
        self.ordered[number] = Ordered(account_id, first, last, LEVELS[kind], columns)
        return self.said("SubmitGenerateReport", f"<ReportRequestId>{number}</ReportRequestId>")

    def status(self, number: str) -> Reply:
        """One step further with each look; a link that is new each time, or none where there are no rows."""
        if number not in self.ordered:
            return fault(2100, "ReportingServiceInvalidReportId", "The report identifier is not valid.")
        self.looks[number] = self.looks.get(number, 0) + 1
        link, step = f'<ReportDownloadUrl i:nil="true" xmlns:i="{XSI}"/>', "Pending"
        if self.looks[number] >= LOOKS:
            step = "Success"
            if any(self.rows(number)):
                signature = f"sas{len(self.links):06d}{number}"
                self.links[signature] = number, self.clock() + LINK
                url = f"https://{STORE}/bingadsappsstorageprod/{number}.zip?sv=2026&sig={signature}"
                link = f"<ReportDownloadUrl>{escape(url)}</ReportDownloadUrl>"
        told = f"<ReportRequestStatus>{link}<Status>{step}</Status></ReportRequestStatus>"
        return self.said("PollGenerateReport", told)

    def rows(self, number: str) -> Iterable[Day]:
        """What a report has."""
        found = self.ordered[number]
        cuts = [CUTS[name] for name in found.columns if name in CUTS]
        return self.days(found.account_id, found.first, found.last, found.level, cuts)

    def about(self, day: Day) -> dict[str, str]:
        """A keyword's match type in Microsoft's words."""
        told = super().about(day)
        return told | {"bid_match_type": told["match_type"].title()} if told else {}

    def file(self, asked: Asked) -> Reply:
        """The CSV in its zip, with a byte order mark and everything in quotes."""
        number, until = self.links.get(asked.one("sig"), ("", None))
        if until is None or until < self.clock():
            return self.refused_cursor()
        columns, out, packed = self.ordered[number].columns, io.StringIO(), io.BytesIO()
        writer = csv.writer(out, quoting=csv.QUOTE_ALL)
        writer.writerow(columns)
        for day in self.rows(number):
            writer.writerow([self.cell(day, name) for name in columns])
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(zipfile.ZipInfo(f"{number}.csv"), out.getvalue().encode("utf-8-sig"))
        return Reply(packed.getvalue(), 200, {"content-type": "application/zip"})

    def cell(self, day: Day, name: str) -> str:
        """A value as Microsoft writes it."""
        if name in KEYWORD:
            return self.about(day)[KEYWORD[name]]
        return COLUMNS[name](day) if name != "CurrencyCode" else self.truth.currency

    def said(self, action: str, body: str) -> Reply:
        """A good answer."""
        space = SPACES[REPORTING if action.endswith("GenerateReport") else CUSTOMER]
        return Reply(enveloped(f'<{action}Response xmlns="{space}">{body}</{action}Response>'), 200, XML)


XML = {"content-type": "text/xml; charset=utf-8"}
COLUMNS: dict[str, Callable[[Day], str]] = {
    "TimePeriod": lambda day: day.day.isoformat(),
    "AccountId": lambda day: day.campaign.account_id,
    "AccountName": lambda day: f"Shop & {day.campaign.account_id}",
    "CampaignId": lambda day: day.campaign.id,
    "CampaignName": lambda day: day.campaign.name,
    "CampaignType": lambda _: "Search & content",
    "AdGroupId": lambda day: day.below[0].id,
    "AdGroupName": lambda day: day.below[0].name,
    "AdId": lambda day: day.below[1].id,
    "AdTitle": lambda day: day.below[1].name,
    "DeviceType": lambda day: day.cut[0],
    "Country": lambda day: day.cut[0],
    "Impressions": lambda day: f"{day.impressions}",
    "Clicks": lambda day: f"{day.clicks}",
    "Spend": lambda day: f"{day.spend:.6f}",
    "ConversionsQualified": lambda day: f"{day.conversions:.2f}",
    "Revenue": lambda day: f"{day.revenue:.2f}",
    "AllConversionsQualified": lambda day: f"{day.conversions + 1:.2f}",
    "AllRevenue": lambda day: f"{day.revenue:.2f}",
}

LEVELS = {"Account": "account", "Campaign": "campaign", "Geographic": "campaign", "AdGroup": "ad_group", "Ad": "ad",
          "Keyword": "keyword"}  # fmt: skip
"""Microsoft's word for a report -> whose days it has."""
CUTS = {"DeviceType": "device", "Country": "country"}
"""Column -> the breakdown that it is."""
KEYWORD = {"KeywordId": "keyword", "Keyword": "keyword_text", "BidMatchType": "bid_match_type"}
"""Column -> what it says of a keyword."""
OF_CAMPAIGN, GROUP = {"CampaignId", "CampaignName", "CampaignType"}, {"AdGroupId", "AdGroupName"}
AD, PLACE = {"AdId", "AdTitle"}, {"Country"}
NOT_TOLD = {
    "Account": OF_CAMPAIGN | GROUP | AD | KEYWORD.keys() | PLACE,
    "Campaign": GROUP | AD | KEYWORD.keys() | PLACE,
    "Geographic": AD | KEYWORD.keys(),
    "AdGroup": AD | KEYWORD.keys() | PLACE,
    "Ad": {*KEYWORD, *PLACE},
    "Keyword": AD | PLACE,
}
"""Columns that a report has not."""


def text(root: Element, name: str) -> str:
    """The text of the first element of that name."""
    return next((element.text or "" for element in root.iter() if element.tag.rpartition("}")[2] == name), "")


def day_of(order: Element, name: str) -> date:
    """A day of the order."""
    element = next(one for one in order.iter() if one.tag.rpartition("}")[2] == name)
    return date(*(int(text(element, part)) for part in ("Year", "Month", "Day")))


def enveloped(body: str) -> bytes:
    """A SOAP envelope."""
    space = "http://schemas.xmlsoap.org/soap/envelope/"
    return f'<s:Envelope xmlns:s="{space}"><s:Header/><s:Body>{body}</s:Body></s:Envelope>'.encode()


def fault(code: int, name: str, message: str) -> Reply:
    """A fault, which comes with HTTP 500."""
    detail = (
        '<AdApiFaultDetail xmlns="https://adapi.microsoft.com"><TrackingId>t-1</TrackingId><Errors><AdApiError>'
        f"<Code>{code}</Code><ErrorCode>{name}</ErrorCode><Message>{escape(message)}</Message>"
        "</AdApiError></Errors></AdApiFaultDetail>"
    )
    said = "<faultcode>s:Server</faultcode><faultstring>Invalid client data.</faultstring>"
    return Reply(enveloped(f"<s:Fault>{said}<detail>{detail}</detail></s:Fault>"), 500, XML)
