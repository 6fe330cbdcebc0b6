"""The Google Analytics Data and Admin APIs, as far as a connector asks them."""

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
"""Smaller than Google's own 250,000, so that a quarter has several."""
SUMMARIES = 1
"""Accounts on a page of summaries."""
DIMENSIONS = ["date", "sessionCampaignId", "sessionCampaignName"]


@dataclass
class GoogleAnalytics(Standin):
    """Offsets, all values as texts, headers by position, and nothing at all where there are no rows."""

    data_source: ClassVar[str] = "google_analytics"
    hosts: ClassVar[tuple[str, ...]] = (
        "analyticsdata.googleapis.com",
        "analyticsadmin.googleapis.com",
        "oauth2.googleapis.com",
        "accounts.google.com",
    )
    cannot: ClassVar[frozenset[str]] = frozenset({"cursor"})  # an offset does not end
    secrets: ClassVar[Mapping[str, str]] = {
        "client_id": "analytics-app",
        "client_secret": "analytics-secret",
        "refresh_token": "analytics-key-1",
    }
    consenting: ClassVar[Consenting] = Consenting(
        page="accounts.google.com/o/oauth2/v2/auth",
        exchange="oauth2.googleapis.com/token",
        scopes=frozenset({"https://www.googleapis.com/auth/analytics.readonly"}),
        has_proof_key=True,
    )
    tells: ClassVar[tuple[str, ...]] = ("sessions", "users", "conversions", "revenue")

    def figures(self, day: Day) -> dict[str, Any]:
        """A click is a session; two of three sessions are a user's first."""
        return {
            "sessions": day.clicks,
            "users": (day.clicks * 2 + 2) // 3,
            "conversions": day.conversions,
            "revenue": day.revenue,
        }

    def limited(self) -> Reply:
        """Tokens used up."""
        told = "Exhausted property tokens for a project per hour. These quota tokens will return in under an hour."
        return failed(429, "RESOURCE_EXHAUSTED", told)

    def refused_token(self) -> Reply:
        """A token that has ended."""
        return failed(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")

    def is_page(self, asked: Asked) -> bool:
        """Pages are asked for by offset."""
        return asked.method == "POST" and int(asked.json().get("offset", 0)) > 0

    def answer(self, asked: Asked) -> Reply:
        """Properties, or a report."""
        if asked.host == self.hosts[1]:
            return self.admin(asked) if self.is_signed(asked) else self.refused_token()
        found = re.fullmatch(r"/v1beta/properties/(\d+):runReport", asked.path)
        if not found or asked.method != "POST":
            return failed(404, "NOT_FOUND", "no such method")
        if found[1] not in self.truth.account_ids:
            return failed(403, "PERMISSION_DENIED", "User does not have sufficient permissions for this property.")
        return self.report(found[1], asked.json())

    def admin(self, asked: Asked) -> Reply:
        """Two accounts, on a page each: one without any property, and the one that has them all."""
        if asked.path == "/v1beta/accountSummaries":
            start = int(asked.one("pageToken", "0"))
            owned = [{"property": f"properties/{one}", "parent": "accounts/200"} for one in self.truth.account_ids]
            all_of_them = [
                {"name": "accountSummaries/100", "account": "accounts/100", "displayName": "Old"},
                {"name": "accountSummaries/200", "account": "accounts/200", "displayName": "Shop",
                 "propertySummaries": owned},
            ]  # fmt: skip
            shown, following = paged(all_of_them, start=start, size=SUMMARIES)
            return Reply.json(
                {"accountSummaries": list(shown)} | ({"nextPageToken": str(following)} if following else {})
            )
        if asked.path == "/v1beta/properties" and asked.one("filter") == "ancestor:accounts/200":
            told = {"parent": "accounts/200", "propertyType": "PROPERTY_TYPE_ORDINARY"}
            zone = {"currencyCode": self.truth.currency, "timeZone": self.truth.zone}
            names = [{"name": f"properties/{one}", "displayName": f"Web {one}"} for one in self.truth.account_ids]
            return Reply.json({"properties": [told | zone | name for name in names]})
        return failed(400, "INVALID_ARGUMENT", "filter is required")

    def report(self, property_id: str, question: dict[str, Any]) -> Reply:
        """The pages of a campaign report."""
        dimensions = [one["name"] for one in question.get("dimensions", [])]
        metrics = [one["name"] for one in question.get("metrics", [])]
        ranges = question.get("dateRanges", [])
        if dimensions != DIMENSIONS or not metrics or set(metrics) - METRICS.keys():
            return failed(400, "INVALID_ARGUMENT", "Did you mean another field? This stand-in knows campaigns by day.")
        if len(metrics) > 10 or len(ranges) != 1 or not 0 < question.get("limit", 10_000) <= 250_000:
            return failed(400, "INVALID_ARGUMENT", "Requests are limited to 10 metrics; the limit is 250,000.")
        span = [date.fromisoformat(ranges[0][name]) for name in ("startDate", "endDate")]
        days = list(self.truth.days(property_id, span[0], span[1]))
        shown, _ = paged(days, start=int(question.get("offset", 0)), size=min(PAGE, question.get("limit", PAGE)))
        body: dict[str, Any] = {
            "dimensionHeaders": [{"name": name} for name in dimensions],
            "metricHeaders": [{"name": name, "type": METRICS[name]} for name in metrics],
            "rows": [self.row(day, metrics) for day in shown],
            "rowCount": len(days),
            "metadata": {"currencyCode": self.truth.currency, "timeZone": self.truth.zone},
            "propertyQuota": {"tokensPerDay": {"consumed": 4, "remaining": 199_996}},
            "kind": "analyticsData#runReport",
        }
        return Reply.json({name: value for name, value in body.items() if value or name != "rows"})

    def row(self, day: Day, metrics: list[str]) -> dict[str, Any]:
        """Everything as texts, a whole number of key events with a fraction."""
        known = self.figures(day)
        told = {
            "sessions": str(known["sessions"]),
            "totalUsers": str(known["users"]),
            "keyEvents": f"{known['conversions']:.1f}",
            "totalRevenue": f"{known['revenue']:f}",
        }
        dimensions = (f"{day.day:%Y%m%d}", day.campaign.id, day.campaign.name)
        return {
            "dimensionValues": [{"value": value} for value in dimensions],
            "metricValues": [{"value": told.get(name, "7")} for name in metrics],
        }


METRICS = {
    "sessions": "TYPE_INTEGER",
    "engagedSessions": "TYPE_INTEGER",
    "totalUsers": "TYPE_INTEGER",
    "newUsers": "TYPE_INTEGER",
    "screenPageViews": "TYPE_INTEGER",
    "eventCount": "TYPE_INTEGER",
    "keyEvents": "TYPE_FLOAT",
    "totalRevenue": "TYPE_CURRENCY",
}


def failed(status: int, name: str, message: str) -> Reply:
    """An error of Google's."""
    return Reply.json({"error": {"code": status, "message": message, "status": name}}, status)
