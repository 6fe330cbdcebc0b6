"""The Google Ads API over REST, as far as a connector asks it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from kalends.demo.standin.consenting import Consenting
from kalends.demo.standin.speaking import Asked, Reply, Standin, paged
from kalends.demo.standin.truth import Day

PAGE = 50
"""Smaller than Google's own 10,000, so that a quarter has several."""
API = "/v26"
BETWEEN = re.compile(r"segments\.date BETWEEN '(\S+)' AND '(\S+)'")


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
        """The pages of a campaign report."""
        span = BETWEEN.search(query)
        if not span or "FROM campaign WHERE" not in query:
            return failed(400, "INVALID_ARGUMENT", "queryError", "UNEXPECTED_INPUT")
        days = list(self.truth.days(account_id, date.fromisoformat(span[1]), date.fromisoformat(span[2])))
        shown, following = paged(days, start=int(token or 0), size=PAGE)
        body: dict[str, Any] = {"results": [self.row(day) for day in shown], "fieldMask": "campaign.id"}
        return Reply.json(body | ({"nextPageToken": str(following)} if following else {}))

    def row(self, day: Day) -> dict[str, Any]:
        """64-bit numbers as texts, doubles as numbers."""
        return {
            "customer": {
                "id": day.campaign.account_id,
                "currencyCode": self.truth.currency,
                "timeZone": self.truth.zone,
            },
            "campaign": {"id": day.campaign.id, "name": day.campaign.name, "advertisingChannelType": "SEARCH"},
            "segments": {"date": day.day.isoformat()},
            "metrics": {
                "costMicros": str(day.spend_micros),
                "impressions": str(day.impressions),
                "clicks": str(day.clicks),
                "conversions": float(day.conversions),
                "conversionsValue": float(day.revenue),
            },
        }


def failed(status: int, name: str, kind: str, code: str) -> Reply:
    """A GoogleAdsFailure."""
    detail = {"@type": "type.googleapis.com/google.ads.googleads.v26.errors.GoogleAdsFailure",
              "errors": [{"errorCode": {kind: code}, "message": code}]}  # fmt: skip
    return Reply.json({"error": {"code": status, "message": code, "status": name, "details": [detail]}}, status)
