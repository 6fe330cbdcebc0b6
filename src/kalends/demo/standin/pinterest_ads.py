"""Pinterest's API v5, as far as a connector asks it: ad accounts by bookmark, and asynchronous reports."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

from kalends.demo.standin.consenting import Consenting
from kalends.demo.standin.knowing import Rows
from kalends.demo.standin.speaking import Asked, Reply, Standin, paged
from kalends.demo.standin.truth import Campaign, Day, Thing, Truth

API, STORE = "api.pinterest.com", "pinterest-cityscape.s3.us-east-1.amazonaws.com"
PAGE = 1
"""Ad accounts on a page."""
LINK = timedelta(minutes=5)
KEPT = timedelta(hours=1)
COLUMNS = {
    "SPEND_IN_MICRO_DOLLAR", "IMPRESSION_1", "IMPRESSION_2", "TOTAL_CLICKTHROUGH",
    "TOTAL_CONVERSIONS", "TOTAL_CONVERSIONS_VALUE_IN_MICRO_DOLLAR", "TOTAL_VIDEO_MRC_VIEWS",
}  # fmt: skip
WITHIN = {
    "click": {0: 0, 1: 40, 7: 60, 14: 65, 30: 70, 60: 72},
    "engagement": {0: 0, 1: 4, 7: 8, 14: 9, 30: 10, 60: 11},
    "view": {0: 0, 1: 20, 7: 24, 14: 26, 30: 28, 60: 29},
}
"""What an attribution window follows -> its days -> how many of a hundred conversions come within it."""
USUAL = {"click": 30, "engagement": 30, "view": 1}
LEVELS = {"ADVERTISER": "account", "CAMPAIGN": "campaign", "AD_GROUP": "ad_group", "PIN_PROMOTION": "ad"}
TARGETING = "_TARGETING"
TYPES = {"APPTYPE": "device", "COUNTRY": "country"}
"""What a level that ends in _TARGETING can be cut by here -> the record's breakdown."""
"""Pinterest's word for a level -> the record's."""
NAMED = ("CAMPAIGN", "AD_GROUP", "PIN_PROMOTION")
"""What has an id and a name, each in the one before it."""


def twelve_digits(kind: str, place: int) -> str:
    """A number as Pinterest's."""
    return str({"account": 549, "campaign": 626, "ad_group": 680, "ad": 687}[kind] * 10**9 + 744_128_956 + place)


@dataclass
class Ordered:
    """A report that was ordered. `looks`: how often it was asked for since."""

    account_id: str
    order: dict[str, Any]
    at: datetime
    looks: int = 0


@dataclass
class PinterestAds(Standin):
    """Bookmarks, reports with links that soon end, metrics in millionths that are absent where they are zero."""

    looks: int = 3
    """How often a report has to be asked for until it is finished."""
    ordered: dict[str, Ordered] = field(default_factory=dict)
    links: dict[str, tuple[str, datetime]] = field(default_factory=dict)

    data_source: ClassVar[str] = "pinterest_ads"
    hosts: ClassVar[tuple[str, ...]] = (API, STORE, "www.pinterest.com")
    cannot: ClassVar[frozenset[str]] = frozenset({"duplicate"})  # a report is one file
    cuts: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "device": ("iphone", "android_mobile", "web"),
        "country": ("DE", "AT", "CH"),
    }
    secrets: ClassVar[Mapping[str, str]] = {
        "client_id": "1490001",
        "client_secret": "pinterest-secret",
        "refresh_token": "pinr.pinterest-key-1",
    }
    consenting: ClassVar[Consenting] = Consenting(
        page="www.pinterest.com/oauth/",
        exchange=f"{API}/v5/oauth/token",
        scopes=frozenset({"ads:read"}),
        is_basic=True,
    )

    @classmethod
    def known_truth(cls, *, seed: int = 1) -> Truth:
        """Two accounts, with Pinterest's numbers; its days are UTC."""
        return Truth(seed=seed, accounts=2, campaigns=4, id_of=twelve_digits, zone="UTC")

    def secret_texts(self) -> list[str]:
        """The links and the reports' names as well: whoever has one has the report."""
        return [*super().secret_texts(), *self.links, *self.ordered]

    def known_rows(self, first: date, last: date, report: str) -> Rows:
        """What is zero is not told."""
        rows = super().known_rows(first, last, report)
        return {key: {name: value or None for name, value in row.items()} for key, row in rows.items()}

    def is_right(self, asked: Asked) -> bool:
        """The app signs itself by name and password."""
        both = f"{self.secrets['client_id']}:{self.secrets['client_secret']}".encode()
        is_app = asked.headers.get("authorization") == "Basic " + base64.b64encode(both).decode()
        form = asked.form()
        return is_app and (form["grant_type"], form["refresh_token"]) == (
            "refresh_token",
            self.secrets["refresh_token"],
        )

    def is_counted(self, asked: Asked) -> bool:
        """Files break off, too."""
        return asked.host in {API, STORE}

    def is_signed(self, asked: Asked) -> bool:
        """A file is fetched by its link alone."""
        return "authorization" not in asked.headers if asked.host == STORE else super().is_signed(asked)

    def can_happen(self, asked: Asked, fault: str) -> bool:
        """A file's link ends; it knows nothing of limits and tokens."""
        return fault in {"error", "cut", "cursor", "malformed"} if asked.host == STORE else fault != "cursor"

    def limited(self) -> Reply:
        """With the seconds until the limit is reset."""
        told = {"code": 8, "message": "You have exceeded your rate limit. Try again later."}
        return Reply.json(
            told, 429, x_ratelimit_limit="300, 300;w=60", x_ratelimit_remaining="0", x_ratelimit_reset="4"
        )

    def refused_token(self) -> Reply:
        """A token that has ended."""
        return failed(401, 2, "Authentication failed.")

    def refused_cursor(self) -> Reply:
        """A link that has ended, in the words of the store."""
        text = b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"
        return Reply(text, 403, {"content-type": "application/xml"})

    def answer(self, asked: Asked) -> Reply:
        """Ad accounts, an order, how far a report is, or its file."""
        if asked.host == STORE:
            return self.file(asked)
        if asked.path == "/v5/ad_accounts":
            return self.listed(asked)
        account_id = asked.path.removeprefix("/v5/ad_accounts/").removesuffix("/reports")
        if account_id not in self.truth.account_ids or not asked.path.endswith("/reports"):
            return failed(404, 1, "Not found.")
        return self.take_order(account_id, asked.json()) if asked.method == "POST" else self.status(account_id, asked)

    def listed(self, asked: Asked) -> Reply:
        """A page of ad accounts."""
        shown, following = paged(self.truth.account_ids, start=int(asked.one("bookmark", "0")), size=PAGE)
        items = [{"id": one, "name": f"Shop {one}", "currency": self.truth.currency, "country": "DE"} for one in shown]
        return Reply.json({"items": items, "bookmark": str(following) if following else None})

    def take_order(self, account_id: str, body: dict[str, Any]) -> Reply:
        """The report's name."""
        first, last = (date.fromisoformat(body[name]) for name in ("start_date", "end_date"))
        is_near = first >= self.clock().date() - timedelta(days=914)
        if not is_near or not 0 <= (last - first).days < 186:
            return failed(400, 1, "Up to 914 days back, and at most 186 days at once.")
        level, types = body["level"].removesuffix(TARGETING), body.get("targeting_types", [])
        if level not in LEVELS or (body["granularity"], body["report_format"]) != ("DAY", "JSON"):
            return failed(400, 1, "This stand-in knows advertisers, campaigns, ad groups and ads by day only.")
        if (len(types) == 1) != body["level"].endswith(TARGETING) or not set(types) <= TYPES.keys():
            return failed(400, 1, "A level that ends in _TARGETING, and no other, has a type; here only one.")
        told = [f"{one}_{what}" for one in NAMED[: list(LEVELS).index(level)] for what in ("ID", "NAME")]
        if unknown := set(body["columns"]) - COLUMNS - {"ADVERTISER_ID", *told}:
            return failed(400, 1, f"{sorted(unknown)} are not valid columns.")
        asked = {kind: body.get(f"{kind}_window_days", usual) for kind, usual in USUAL.items()}
        if any(days not in WITHIN[kind] for kind, days in asked.items()):
            return failed(400, 1, f"{asked} are not windows of attribution.")
        token = f"report-token-{len(self.ordered):04d}"
        self.ordered[token] = Ordered(account_id, body, self.clock())
        return Reply.json({"report_status": "IN_PROGRESS", "token": token, "message": None})

    def status(self, account_id: str, asked: Asked) -> Reply:
        """One step further with each look; a link that is new each time."""
        found = self.ordered.get(asked.one("token"))
        if found is None or found.account_id != account_id:
            return Reply.json({"report_status": "DOES_NOT_EXIST", "url": None, "size": None})
        found.looks += 1
        if found.looks < self.looks:
            return Reply.json({"report_status": "IN_PROGRESS", "url": None, "size": None})
        if found.at + KEPT < self.clock():
            return Reply.json({"report_status": "EXPIRED", "url": None, "size": None})
        signature = f"pinsig{len(self.links):06d}"
        self.links[signature] = asked.one("token"), self.clock() + LINK
        url = f"https://{STORE}/async_reporting_v3/1/metrics_report.txt?X-Amz-Expires=300&X-Amz-Signature={signature}"
        return Reply.json({"report_status": "FINISHED", "url": url, "size": 1234.0})

    def file(self, asked: Asked) -> Reply:
        """Advertiser, campaign, ad group or ad -> its days."""
        token, until = self.links.get(asked.one("X-Amz-Signature"), ("", None))
        if until is None or until < self.clock():
            return self.refused_cursor()
        found, rows = self.ordered[token], dict[str, list[dict[str, Any]]]()
        first, last = (date.fromisoformat(found.order[name]) for name in ("start_date", "end_date"))
        percent = within({kind: found.order.get(f"{kind}_window_days", usual) for kind, usual in USUAL.items()})
        level, types = found.order["level"].removesuffix(TARGETING), found.order.get("targeting_types", [])
        for day in self.days(found.account_id, first, last, LEVELS[level], [TYPES[one] for one in types]):
            row = self.row(day.within(percent), found.order["columns"])
            row |= {"TARGETING_TYPE": types[0], "TARGETING_VALUE": day.cut[0]} if types else {}
            rows.setdefault(day.thing.id or found.account_id, []).append(row)
        return Reply.json(rows)

    def row(self, day: Day, columns: list[str]) -> dict[str, Any]:
        """A day: paid and earned apart, money in millionths."""
        earned = day.impressions // 10
        told: dict[str, Any] = {
            "ADVERTISER_ID": day.campaign.account_id,
            "SPEND_IN_MICRO_DOLLAR": float(day.spend_micros),
            "IMPRESSION_1": day.impressions - earned,
            "IMPRESSION_2": earned,
            "TOTAL_CLICKTHROUGH": day.clicks,
            "TOTAL_CONVERSIONS": day.conversions,
            "TOTAL_CONVERSIONS_VALUE_IN_MICRO_DOLLAR": float(day.revenue_micros),
        }
        things: list[Campaign | Thing] = [day.campaign, *day.below]
        for name, thing in zip(NAMED, things, strict=False):
            told |= {f"{name}_ID": thing.id, f"{name}_NAME": thing.name}
        shown = {name: value for name, value in told.items() if name in columns and value}
        return {"DATE": day.day.isoformat()} | shown


def within(days: Mapping[str, int]) -> int:
    """How many of a hundred conversions come within these days."""
    return sum(WITHIN[kind][days.get(kind, 0)] for kind in WITHIN)


def failed(status: int, code: int, message: str) -> Reply:
    """An error."""
    return Reply.json({"code": code, "message": message}, status)
