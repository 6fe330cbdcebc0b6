"""The Google Ads API over REST, as far as a connector asks it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from kalends.demo.standin.consenting import Consenting
from kalends.demo.standin.speaking import Asked, Reply, Standin, paged
from kalends.demo.standin.truth import Day, Keyword, Truth

PAGE = 50
"""Smaller than Google's own 10,000, so that a quarter has several."""
API = "/v26"
QUERY = re.compile(
    r"SELECT (?P<fields>.+) FROM (?P<resource>\w+) WHERE segments\.date BETWEEN '(?P<first>\S+)' AND '(?P<last>\S+)'"
    r" ORDER BY segments\.date"
)
LEVELS = {"customer": "account", "campaign": "campaign", "ad_group": "ad_group", "ad_group_ad": "ad",
          "keyword_view": "keyword", "user_location_view": "campaign"}  # fmt: skip
"""Resource -> the record's level."""
DEVICE = "segments.device"
PLACE, COUNTRY, TARGETED = (
    f"user_location_view{name}" for name in (".", ".country_criterion_id", ".targeting_location")
)
CUTS = {DEVICE: "device", COUNTRY: "country", TARGETED: "targeting_location"}


@dataclass
class GoogleAds(Standin):
    """Page tokens, OAuth tokens that end, numbers in micros and as texts."""

    data_source: ClassVar[str] = "google_ads"
    hosts: ClassVar[tuple[str, ...]] = ("googleads.googleapis.com", "oauth2.googleapis.com", "accounts.google.com")
    secrets: ClassVar[Mapping[str, str]] = {
        "developer_token": "dev-1",
        "client_id": "google-app",
        "client_secret": "google-secret",
        "refresh_token": "google-key-1",
    }
    on_one_page: ClassVar[frozenset[str]] = frozenset({"account"})
    cuts: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "device": ("MOBILE", "DESKTOP", "TABLET"),
        "country": ("2276", "2040", "2756"),
        "targeting_location": ("true", "false"),
    }
    consenting: ClassVar[Consenting] = Consenting(
        page="accounts.google.com/o/oauth2/v2/auth",
        exchange="oauth2.googleapis.com/token",
        scopes=frozenset({"https://www.googleapis.com/auth/adwords"}),
        has_proof_key=True,
    )

    def is_signed(self, asked: Asked) -> bool:
        """The developer's token goes along."""
        return super().is_signed(asked) and asked.headers.get("developer-token") == self.secrets["developer_token"]

    def limited(self) -> Reply:
        """Quota used up."""
        return failed(429, "RESOURCE_EXHAUSTED", "quotaError", "RESOURCE_EXHAUSTED")

    def refused_token(self) -> Reply:
        """A token that has ended."""
        return failed(401, "UNAUTHENTICATED", "authenticationError", "OAUTH_TOKEN_EXPIRED")

    def refused_cursor(self) -> Reply:
        """A page token that has ended."""
        return failed(400, "INVALID_ARGUMENT", "requestError", "EXPIRED_PAGE_TOKEN")

    def is_page(self, asked: Asked) -> bool:
        """Pages are asked for by token."""
        return asked.method == "POST" and bool(asked.json().get("pageToken"))

    def answer(self, asked: Asked) -> Reply:
        """Customers, or a report."""
        if asked.path == f"{API}/customers:listAccessibleCustomers":
            return Reply.json({"resourceNames": ["customers/1000000001"]})
        found = re.fullmatch(rf"{API}/customers/(\d+)/googleAds:search", asked.path)
        if not found:
            return failed(404, "NOT_FOUND", "requestError", "UNKNOWN")
        query = asked.json()["query"]
        if "FROM customer_client" in query:
            return Reply.json({"results": [self.customer(one) for one in self.truth.account_ids]})
        return self.report(found[1], query, asked.json().get("pageToken", ""))

    def customer(self, account_id: str) -> dict[str, Any]:
        """A client of the manager."""
        told = {"id": account_id, "descriptiveName": f"Shop {account_id}", "manager": False}
        return {"customerClient": told | {"currencyCode": self.truth.currency, "timeZone": self.truth.zone}}

    def report(self, account_id: str, query: str, token: str) -> Reply:
        """The pages of a report; a resource tells of itself and of what is above it."""
        told = QUERY.fullmatch(query)
        if not told or told["resource"] not in LEVELS:
            return failed(400, "INVALID_ARGUMENT", "queryError", "UNEXPECTED_INPUT")
        fields, level = told["fields"].split(", "), LEVELS[told["resource"]]
        if set(fields) - FIELDS.keys():
            return failed(400, "INVALID_ARGUMENT", "queryError", "UNRECOGNIZED_FIELD")
        places = {name for name in fields if name.startswith(PLACE)}
        if any(name.startswith(NOT_TOLD[level]) for name in fields) or (
            places and told["resource"] != "user_location_view"
        ):
            return failed(400, "INVALID_ARGUMENT", "queryError", "PROHIBITED_RESOURCE_TYPE_IN_SELECT_CLAUSE")
        first, last = date.fromisoformat(told["first"]), date.fromisoformat(told["last"])
        # A view has a row for each country and whether it was targeted, asked for or not.
        cuts = {COUNTRY, TARGETED} if told["resource"] == "user_location_view" else {DEVICE} & set(fields)
        days = self.days(account_id, first, last, level, [CUTS[name] for name in cuts])
        shown, following = paged(days, start=int(token or 0), size=PAGE)
        mask = ",".join(map(camel, fields))
        body: dict[str, Any] = {"results": [self.row(day, fields) for day in shown], "fieldMask": mask}
        return Reply.json(body | ({"nextPageToken": str(following)} if following else {}))

    def row(self, day: Day, fields: list[str]) -> dict[str, Any]:
        """What is asked for, as objects in objects."""
        found: dict[str, Any] = {}
        for field in fields:
            *path, name = camel(field).split(".")
            inner = found
            for step in path:
                inner = inner.setdefault(step, {})
            inner[name] = FIELDS[field](day, self.truth)
        return found


FIELDS: dict[str, Callable[[Day, Truth], Any]] = {
    "customer.id": lambda day, _: day.campaign.account_id,
    "customer.currency_code": lambda _, truth: truth.currency,
    "customer.time_zone": lambda _, truth: truth.zone,
    "campaign.id": lambda day, _: day.campaign.id,
    "campaign.name": lambda day, _: day.campaign.name,
    "campaign.advertising_channel_type": lambda *_: "SEARCH",
    "ad_group.id": lambda day, _: day.below[0].id,
    "ad_group.name": lambda day, _: day.below[0].name,
    "ad_group_ad.ad.id": lambda day, _: day.below[1].id,
    "ad_group_ad.ad.name": lambda day, _: day.below[1].name,
    "ad_group_criterion.criterion_id": lambda day, _: keyword(day).id,
    "ad_group_criterion.keyword.text": lambda day, _: keyword(day).name,
    "ad_group_criterion.keyword.match_type": lambda day, _: keyword(day).match,
    "segments.date": lambda day, _: day.day.isoformat(),
    DEVICE: lambda day, _: day.cut[0],
    COUNTRY: lambda day, _: day.cut[0],
    TARGETED: lambda day, _: day.cut[1] == "true",
    "metrics.cost_micros": lambda day, _: str(day.spend_micros),
    "metrics.impressions": lambda day, _: str(day.impressions),
    "metrics.clicks": lambda day, _: str(day.clicks),
    "metrics.conversions": lambda day, _: float(day.conversions),
    "metrics.conversions_value": lambda day, _: float(day.revenue),
    "metrics.all_conversions": lambda day, _: day.conversions + 0.5,
    "metrics.view_through_conversions": lambda *_: "1",
}
"""What can be asked for: 64-bit numbers as texts, doubles as numbers."""
GROUP, AD, CRITERION = "ad_group.", "ad_group_ad.", "ad_group_criterion."
NOT_TOLD = {"account": ("campaign.", GROUP, AD, CRITERION), "campaign": (GROUP, AD, CRITERION),
            "ad_group": (AD, CRITERION), "ad": (CRITERION,), "keyword": (AD,)}  # fmt: skip
"""Level -> what a query of it cannot tell."""


def keyword(day: Day) -> Keyword:
    """The keyword that a day is of."""
    thing = day.thing
    assert isinstance(thing, Keyword)
    return thing


def camel(field: str) -> str:
    """'metrics.cost_micros' as JSON writes it."""
    return re.sub(r"_(\w)", lambda found: found[1].upper(), field)


def failed(status: int, name: str, kind: str, code: str) -> Reply:
    """A GoogleAdsFailure."""
    detail = {"@type": "type.googleapis.com/google.ads.googleads.v26.errors.GoogleAdsFailure",
              "errors": [{"errorCode": {kind: code}, "message": code}]}  # fmt: skip
    return Reply.json({"error": {"code": status, "message": code, "status": name, "details": [detail]}}, status)
