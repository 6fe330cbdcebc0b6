"""The Google Analytics Data and Admin APIs, as far as a connector asks them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from kalends.base.reading.documents import snake
from kalends.demo.standin.consenting import Consenting
from kalends.demo.standin.speaking import Asked, Reply, Standin, paged
from kalends.demo.standin.truth import Day

PAGE = 20
"""Smaller than Google's own 250,000, so that a month has several."""
SUMMARIES = 1
"""Accounts on a page of summaries."""
CAMPAIGN = ("session_campaign_id", "session_campaign_name")


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
    tells_else: ClassVar[Mapping[str, tuple[str, ...]]] = {"account/event_name": ("users", "conversions", "revenue")}
    cuts: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "session_default_channel_group": ("Paid Search", "Direct", "Organic Social"),
        "session_source_medium": ("google / cpc", "(direct) / (none)", "newsletter / email"),
        "country": ("Germany", "Austria", "(not set)"),
        "device_category": ("mobile", "desktop", "tablet"),
        "event_name": ("session_start", "page_view", "purchase"),
    }

    def about(self, day: Day) -> dict[str, str]:
        """A campaign's id and name."""
        return {"session_campaign_id": day.campaign.id, "session_campaign_name": day.campaign.name}

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
        """The pages of a report of campaigns, or of the whole property."""
        dimensions = [snake(one["name"]) for one in question.get("dimensions", [])]
        metrics = [one["name"] for one in question.get("metrics", [])]
        ranges = question.get("dateRanges", [])
        cuts = [name for name in dimensions if name != "date"]
        unknown = (set(cuts) - self.cuts.keys() - set(CAMPAIGN)) | (set(metrics) - METRICS.keys())
        if unknown or not metrics or len(set(dimensions)) != len(dimensions):
            return failed(400, "INVALID_ARGUMENT", f"Did you mean another field? Not valid: {sorted(unknown)}.")
        if len(metrics) > 10 or len(dimensions) > 9:
            return failed(400, "INVALID_ARGUMENT", "Requests are limited to 10 metrics and 9 dimensions.")
        if "date" not in dimensions or len(ranges) != 1 or not 0 < question.get("limit", 10_000) <= 250_000:
            return failed(400, "INVALID_ARGUMENT", "This stand-in knows days of one range; the limit is 250,000.")
        span = [date.fromisoformat(ranges[0][name]) for name in ("startDate", "endDate")]
        days = self.days(property_id, span[0], span[1], "campaign" if set(cuts) & set(CAMPAIGN) else "account", cuts)
        shown, _ = paged(days, start=int(question.get("offset", 0)), size=min(PAGE, question.get("limit", PAGE)))
        body: dict[str, Any] = {
            "dimensionHeaders": question["dimensions"],
            "metricHeaders": [{"name": name, "type": METRICS[name]} for name in metrics],
            "rows": [self.row(day, dimensions, metrics) for day in shown],
            "rowCount": len(days),
            "metadata": {"currencyCode": self.truth.currency, "timeZone": self.truth.zone},
            "propertyQuota": {"tokensPerDay": {"consumed": 4, "remaining": 199_996}},
            "kind": "analyticsData#runReport",
        }
        return Reply.json({name: value for name, value in body.items() if value or name != "rows"})

    def row(self, day: Day, dimensions: list[str], metrics: list[str]) -> dict[str, Any]:
        """Everything as texts, a whole number of key events with a fraction."""
        known = self.figures(day)
        told = {
            "sessions": str(known["sessions"]),
            "totalUsers": str(known["users"]),
            "keyEvents": f"{known['conversions']:.1f}",
            "totalRevenue": f"{known['revenue']:f}",
        }
        named = {"date": f"{day.day:%Y%m%d}"} | self.cuts_of(day, [name for name in dimensions if name != "date"])
        return {
            "dimensionValues": [{"value": named[name]} for name in dimensions],
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
