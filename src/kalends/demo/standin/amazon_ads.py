"""The Amazon Ads API, as far as a connector asks it: profiles, and reports that are ordered and fetched elsewhere."""

from __future__ import annotations

import gzip
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

import orjson

from kalends.demo.standin.consenting import Consenting
from kalends.demo.standin.knowing import Rows
from kalends.demo.standin.speaking import Asked, Reply, Standin
from kalends.demo.standin.truth import Day, Truth

API, STORE = "advertising-api-eu.amazon.com", "offline-report-storage-eu-west-1-prod.s3.amazonaws.com"
PRODUCTS = ("SPONSORED_PRODUCTS", "SPONSORED_BRANDS", "SPONSORED_DISPLAY")
KEPT = {"SPONSORED_PRODUCTS": 95, "SPONSORED_BRANDS": 60, "SPONSORED_DISPLAY": 65}
TYPES = {
    ("spCampaigns", "campaign"): (PRODUCTS[0], "campaign"),
    ("sbCampaigns", "campaign"): (PRODUCTS[1], "campaign"),
    ("sdCampaigns", "campaign"): (PRODUCTS[2], "campaign"),
    ("spCampaigns", "campaign+adGroup"): (PRODUCTS[0], "ad_group"),
    ("sbAdGroup", "adGroup"): (PRODUCTS[1], "ad_group"),
    ("sdAdGroup", "adGroup"): (PRODUCTS[2], "ad_group"),
    ("spTargeting", "targeting"): (PRODUCTS[0], "keyword"),
    ("sbTargeting", "targeting"): (PRODUCTS[1], "keyword"),
}
"""Kind of report, and what it is grouped by -> kind of ads, and the record's level."""
GROUP = {"adGroupId", "adGroupName"}
KEYWORD = {"keywordId", "keyword", "keywordText", "matchType"}
NOT_TOLD = {"campaign": GROUP | KEYWORD, "ad_group": KEYWORD, "keyword": set[str]()}
"""Level -> columns that its reports have not."""
IS_KEYWORD = [{"field": "keywordType", "values": ["BROAD", "PHRASE", "EXACT"]}]
STEPS = ("PENDING", "PROCESSING", "COMPLETED")
LINK = timedelta(hours=1)


def short_id(kind: str, place: int) -> str:
    """15 digits, as Amazon's: numbers in reports."""
    return str(
        {"account": 31, "campaign": 55, "ad_group": 56, "ad": 57, "keyword": 58}[kind] * 10**13 + 7_919 * place + 1
    )


@dataclass
class Ordered:
    """A report that was ordered. `looks`: how often it was asked for since."""

    id: str
    account_id: str
    order: dict[str, Any]
    looks: int = 0


@dataclass
class AmazonAds(Standin):
    """Of six campaigns, two are of each kind; brands and display are advertised only since some weeks."""

    since: date = field(init=False)
    ordered: dict[str, Ordered] = field(default_factory=dict)
    links: dict[str, tuple[str, datetime]] = field(default_factory=dict)

    data_source: ClassVar[str] = "amazon_ads"
    hosts: ClassVar[tuple[str, ...]] = (API, STORE, "api.amazon.co.uk", "eu.account.amazon.com")
    cannot: ClassVar[frozenset[str]] = frozenset({"duplicate"})  # a report is one file
    secrets: ClassVar[Mapping[str, str]] = {
        "client_id": "amzn1.application-oa2-client.1",
        "client_secret": "amazon-secret",
        "refresh_token": "Atzr|amazon-key-1",
        "region": "co.uk",
    }
    consenting: ClassVar[Consenting] = Consenting(
        page="eu.account.amazon.com/ap/oa",
        exchange="api.amazon.co.uk/auth/o2/token",
        scopes=frozenset({"advertising::campaign_management"}),
    )

    def __post_init__(self) -> None:
        """Numbers of brands and display are kept for two months: none of them may be older in what it knows."""
        self.since = self.clock().date() - timedelta(days=50)

    @classmethod
    def known_truth(cls, *, seed: int = 1) -> Truth:
        """With Amazon's numbers."""
        return Truth(seed=seed, id_of=short_id)

    def secret_texts(self) -> list[str]:
        """The links as well: whoever has one has the report."""
        return [*super().secret_texts(), *self.links]

    def product_of(self, campaign_id: str) -> str:
        """Which kind of ads the campaign is."""
        places = [campaign.id for campaign in self.truth.all_campaigns]
        return PRODUCTS[places.index(campaign_id) % len(PRODUCTS)]

    def known_rows(self, first: date, last: date, report: str) -> Rows:
        """All kinds that the report has together, of those days on which they were advertised."""
        level = report.partition("/")[0]
        told = {product for product, told in TYPES.values() if told == level}
        return {
            key: figures
            for key, figures in super().known_rows(first, last, report).items()
            if (product := self.product_of(key[1])) in told and (key[-1] >= self.since or product == PRODUCTS[0])
        }

    def is_counted(self, asked: Asked) -> bool:
        """Files break off, too."""
        return asked.host in {API, STORE}

    def is_limited(self, asked: Asked) -> bool:
        """Files are fetched by their links, as often as one likes."""
        return asked.host != STORE

    def is_signed(self, asked: Asked) -> bool:
        """The app and, but for the list, the profile go along; a file is fetched by its link alone."""
        if asked.host == STORE:
            return "authorization" not in asked.headers
        app = asked.headers.get("amazon-advertising-api-clientid") == self.secrets["client_id"]
        return super().is_signed(asked) and app and (self.is_list(asked) or self.account_of(asked) != "")

    def can_happen(self, asked: Asked, fault: str) -> bool:
        """A file's link ends; it knows nothing of limits and tokens."""
        return fault in {"error", "cut", "cursor", "malformed"} if asked.host == STORE else fault != "cursor"

    def is_list(self, asked: Asked) -> bool:
        """Whether the profiles are asked for."""
        return asked.path == "/v2/profiles"

    def account_of(self, asked: Asked) -> str:
        """Whose numbers are asked for; '' where that is nobody's."""
        told = asked.headers.get("amazon-advertising-api-scope", "")
        return told if told in self.truth.account_ids else ""

    def limited(self) -> Reply:
        """With the pause that Amazon wants."""
        return failed(429, "Too Many Requests", retry_after="3")

    def refused_token(self) -> Reply:
        """A token that has ended."""
        return failed(401, "HTTP 401 Unauthorized")

    def refused_cursor(self) -> Reply:
        """A link that has ended, in the words of the store."""
        text = b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"
        return Reply(text, 403, {"content-type": "application/xml"})

    def answer(self, asked: Asked) -> Reply:
        """Profiles, an order, how far a report is, or its file."""
        if asked.host == STORE:
            return self.file(asked)
        if self.is_list(asked):
            return Reply.json([self.profile(one) for one in self.truth.account_ids])
        if asked.method == "POST" and asked.path == "/reporting/reports":
            return self.take_order(asked)
        found = self.ordered.get(asked.path.removeprefix("/reporting/reports/"))
        if found is None or found.account_id != self.account_of(asked):
            return failed(404, "Report not found")
        return self.status(found)

    def profile(self, account_id: str) -> dict[str, Any]:
        """An advertiser in a country."""
        return {
            "profileId": int(account_id),
            "countryCode": "DE",
            "currencyCode": self.truth.currency,
            "timezone": self.truth.zone,
            "accountInfo": {"marketplaceStringId": "A1PA6795UKMFR9", "id": "A1", "type": "seller", "name": "Shop"},
        }

    def take_order(self, asked: Asked) -> Reply:
        """The report's number; of a report under way the number it has."""
        body, account_id = asked.json(), self.account_of(asked)
        if problem := self.problem(asked, body):
            return failed(400, problem)
        for known in self.ordered.values():
            if known.order == body and known.account_id == account_id and known.looks < len(STEPS):
                return failed(425, f"The Request is a duplicate of : {known.id}")
        made = Ordered(str(uuid.uuid5(uuid.NAMESPACE_URL, f"{account_id}{len(self.ordered)}")), account_id, body)
        self.ordered[made.id] = made
        return Reply.json(self.told(made, "PENDING"))

    def problem(self, asked: Asked, body: dict[str, Any]) -> str:
        """Why an order is refused; '' for a good one."""
        wanted, days = body["configuration"], (day_of(body["endDate"]) - day_of(body["startDate"])).days + 1
        product, columns = wanted["adProduct"], set(wanted["columns"])
        needed = {"date", "campaignId", "cost"} | ({"sales14d"} if self.is_windowed(wanted) else {"sales"})
        oldest = self.clock().date() - timedelta(days=KEPT[product])
        if asked.headers.get("content-type") != "application/vnd.createasyncreportrequest.v3+json":
            return "Content-Type is not supported."
        if not 1 <= days <= 31:
            return f"startDate to endDate range ({days} days) must not exceed maximum range (31 days)"
        if day_of(body["startDate"]) < oldest:
            return f"startDate must not be before {oldest}"
        kind, level = TYPES.get(type_of(wanted), ("", ""))
        if kind != product:
            return f"configuration reportTypeId {wanted['reportTypeId']} does not support groupBy {wanted['groupBy']}"
        words = "keywordText" if self.is_windowed(wanted) else "keyword"
        if wrong := columns & (NOT_TOLD[level] | {words}):
            return f"configuration columns includes invalid values: {sorted(wrong)}"
        is_other = ("sales" in columns) == self.is_windowed(wanted)
        is_good = (
            needed <= columns and not is_other and (wanted["timeUnit"], wanted["format"]) == ("DAILY", "GZIP_JSON")
        )
        return "" if is_good else f"configuration columns includes invalid values for {product}"

    def is_windowed(self, wanted: Mapping[str, Any]) -> bool:
        """Products tell what was bought by days since the click, the others do not."""
        return bool(wanted["adProduct"] == PRODUCTS[0])

    def status(self, found: Ordered) -> Reply:
        """One step further with each look; a finished one has a new link each time."""
        step = STEPS[min(found.looks, len(STEPS) - 1)]
        found.looks += 1
        link = None
        if step == "COMPLETED":
            signature = f"signature{len(self.links):06d}{found.id[:8]}"
            self.links[signature] = found.id, self.clock() + LINK
            link = (
                f"https://{STORE}/{found.id}/report-{found.id}.json.gz?X-Amz-Expires=3600&X-Amz-Signature={signature}"
            )
        return Reply.json(self.told(found, step) | {"url": link})

    def told(self, found: Ordered, status: str) -> dict[str, Any]:
        """A report as Amazon describes it."""
        return {**found.order, "reportId": found.id, "status": status, "failureReason": None, "url": None}

    def file(self, asked: Asked) -> Reply:
        """The rows, gzipped."""
        report_id, until = self.links.get(asked.one("X-Amz-Signature"), ("", None))
        if until is None or until < self.clock() or report_id not in asked.path:
            return self.refused_cursor()
        found = self.ordered[report_id]
        first, last, wanted = found.order["startDate"], found.order["endDate"], found.order["configuration"]
        _, level = TYPES[type_of(wanted)]
        rows = [
            {name: value for name, value in self.row(day, wanted).items() if name in wanted["columns"]}
            for day in self.days(found.account_id, day_of(first), day_of(last), level)
            if self.product_of(day.campaign.id) == wanted["adProduct"]
            and (day.day >= self.since or self.is_windowed(wanted))
        ]
        if wanted["reportTypeId"] == "sbTargeting" and wanted.get("filters") != IS_KEYWORD:
            rows += [row | dict.fromkeys(KEYWORD) for row in rows]  # what is no keyword has no such columns
        return Reply(gzip.compress(orjson.dumps(rows), mtime=0), 200, {"content-type": "application/octet-stream"})

    def row(self, day: Day, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Numbers as numbers; what was bought within a day is less than within two weeks."""
        bought, sold = day.conversions, float(day.revenue)
        told = {
            "date": day.day.isoformat(),
            "campaignId": int(day.campaign.id),
            "campaignName": day.campaign.name,
            "impressions": day.impressions,
            "clicks": day.clicks,
            "cost": float(day.spend),
        }
        for group in day.below[:1]:
            told |= {"adGroupId": int(group.id), "adGroupName": group.name}
        if about := self.about(day):
            text = about["keyword_text"]
            told |= {"keywordId": int(about["keyword"]), "keyword": text, "keywordText": text}
            told |= {"matchType": about["match_type"]}
        if not self.is_windowed(wanted):
            return told | {"purchases": bought, "sales": sold, "purchasesClicks": bought, "salesClicks": sold}
        parts = {1: 0.25, 7: 0.5, 14: 1, 30: 1.5}
        return told | {f"purchases{days}d": bought * part for days, part in parts.items()} | {
            f"sales{days}d": sold * part for days, part in parts.items()
        }  # fmt: skip


def type_of(wanted: Mapping[str, Any]) -> tuple[str, str]:
    """What kind of report is wanted, and what it is grouped by."""
    return wanted["reportTypeId"], "+".join(wanted["groupBy"])


def day_of(text: str) -> date:
    """A day."""
    return date.fromisoformat(text)


def failed(status: int, detail: str, **headers: str) -> Reply:
    """An error as Amazon says it."""
    return Reply.json({"code": str(status), "detail": detail}, status, **headers)
