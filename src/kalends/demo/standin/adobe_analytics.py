"""The Adobe Analytics 2.0 API, as far as a connector asks it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from kalends.demo.standin.speaking import Asked, Reply, Standin, paged
from kalends.demo.standin.truth import Day, Truth, numeric_id

PAGE = 2
"""Smaller than Adobe's own 50,000, so that a day has several."""
RANGE = re.compile(r"(\d{4}-\d\d-\d\d)T00:00:00\.000/(\d{4}-\d\d-\d\d)T23:59:59\.999")
METRICS = ("visits", "visitors", "orders", "revenue", "pageviews")
ITEMS = {
    "marketingchannel": {"1": "Paid Search", "2": "Email", "3": "Direct"},
    "geocountry": {"3518055236": "Germany", "2889588171": "Austria", "0": "Unspecified"},
    "mobiledevicetype": {"0": "Other", "2163986270": "Mobile Phone", "1728229488": "Tablet"},
}
"""Dimension -> its items: number -> what they are called."""


def named(kind: str, place: int) -> str:
    """Suites have names, tracking codes are what somebody wrote into a link."""
    return f"examplersid{place}" if kind == "account" else f"em:2026:{numeric_id(kind, place)[:6]}"


@dataclass
class AdobeAnalytics(Standin):
    """Columns by number, pages by number, `lastPage` that is never true, and a token of a server's own."""

    data_source: ClassVar[str] = "adobe_analytics"
    hosts: ClassVar[tuple[str, ...]] = ("analytics.adobe.io", "ims-na1.adobelogin.com")
    cannot: ClassVar[frozenset[str]] = frozenset({"cursor"})  # pages have numbers
    secrets: ClassVar[Mapping[str, str]] = {
        "client_id": "adobe-app",
        "client_secret": "adobe-secret",
        "global_company_id": "exampleco",
    }
    tells: ClassVar[tuple[str, ...]] = ("sessions", "users", "conversions", "revenue")
    cuts: ClassVar[Mapping[str, tuple[str, ...]]] = {name: tuple(items) for name, items in ITEMS.items()}
    token_seconds: ClassVar[int] = 86_400

    @classmethod
    def known_truth(cls, *, seed: int = 1) -> Truth:
        """Suites by name; a tracking code is a campaign."""
        return Truth(seed=seed, id_of=named)

    def figures(self, day: Day) -> dict[str, Any]:
        """A click is a visit; two of three visits are a visitor's first."""
        return {
            "sessions": day.clicks,
            "users": (day.clicks * 2 + 2) // 3,
            "conversions": day.conversions,
            "revenue": day.revenue,
        }

    def about(self, day: Day) -> dict[str, str]:
        """The item of a tracking code."""
        return {"campaign": numeric_id(day.campaign.id, 0)[:9]}

    def is_token_call(self, asked: Asked) -> bool:
        """A call of Adobe's identity service."""
        return asked.path == "/ims/token/v3"

    def is_right(self, asked: Asked) -> bool:
        """Only a server's own credentials will do."""
        shown = asked.form()
        is_whole = {"client_id", "client_secret", "scope"} <= shown.keys()
        return is_whole and shown.get("grant_type") == "client_credentials" and super().is_right(asked)

    def is_signed(self, asked: Asked) -> bool:
        """The app's key goes along."""
        return super().is_signed(asked) and asked.headers.get("x-api-key") == self.secrets["client_id"]

    def limited(self) -> Reply:
        """Too many requests; nothing says for how long."""
        return Reply.json({"error_code": "429050", "message": "Too many requests"}, 429)

    def refused_token(self) -> Reply:
        """A token that has ended."""
        return Reply.json({"error_code": "401013", "message": "Oauth token is not valid"}, 401)

    def is_page(self, asked: Asked) -> bool:
        """Pages are asked for by number, from 0."""
        return asked.method == "POST" and asked.json().get("settings", {}).get("page", 0) > 0

    def answer(self, asked: Asked) -> Reply:
        """Report suites, or a report."""
        if asked.path == "/api/exampleco/collections/suites":
            return self.suites(asked)
        if asked.path == "/api/exampleco/reports" and asked.method == "POST":
            return self.report(asked.json())
        return Reply.json({"error_code": "403025", "message": "Profile is not valid"}, 403)

    def suites(self, asked: Asked) -> Reply:
        """What is not asked for by `expansion` is not told."""
        told = {"name": "Shop", "currency": self.truth.currency, "timezoneZoneinfo": self.truth.zone}
        wanted = asked.one("expansion").split(",")
        shown = {name: value for name, value in told.items() if name in wanted}
        content = [{"rsid": one, "collectionItemType": "reportsuite", **shown} for one in self.truth.account_ids]
        return Reply.json({"content": content, "number": 0, "totalPages": 1, "totalElements": len(content)})

    def report(self, question: dict[str, Any]) -> Reply:
        """Whole days, or one day's items; only what is asked for is there, in columns that have numbers."""
        found = RANGE.fullmatch(question["globalFilters"][0]["dateRange"])
        metrics = question["metricContainer"]["metrics"]
        names = [one["id"].removeprefix("metrics/") for one in metrics]
        settings = question.get("settings", {})
        is_known = question.get("rsid") in self.truth.account_ids and set(names) <= set(METRICS)
        dimension = question.get("dimension", "").removeprefix("variables/")
        if not found or not is_known or dimension not in {"campaign", "daterangeday", *self.cuts}:
            return Reply.json({"errorCode": "invalid_data", "errorDescription": "no such report"}, 400)
        is_one_day = found[1] == found[2] or dimension == "daterangeday"
        if not is_one_day or not 0 < settings.get("limit", 50) <= 50_000:
            return Reply.json({"errorCode": "invalid_data", "errorDescription": "one day, 50,000 rows"}, 400)
        first, last = (date.fromisoformat(day) for day in found.groups())
        number, level = settings.get("page", 0), "campaign" if dimension == "campaign" else "account"
        days = self.days(question["rsid"], first, last, level, [dimension] if dimension in self.cuts else [])
        rows = [self.row(one, dimension, names) for one in days]
        shown, _ = paged(sorted(rows, key=lambda row: row["value"]), start=number * PAGE, size=PAGE)
        return Reply.json(
            {
                "totalPages": -(-len(rows) // PAGE),
                "firstPage": number == 0,
                "lastPage": False,
                "numberOfElements": len(shown),
                "number": number,
                "totalElements": len(rows),
                "columns": {
                    "dimension": {"id": question["dimension"], "type": "string"},
                    "columnIds": [one["columnId"] for one in metrics],
                },
                "rows": list(shown),
                "summaryData": {"totals": [0.0] * len(names)},
            }
        )

    def row(self, day: Day, dimension: str, names: list[str]) -> dict[str, Any]:
        """All numbers are floats."""
        known = self.figures(day)
        told = {
            "visits": float(known["sessions"]),
            "visitors": float(known["users"]),
            "orders": float(known["conversions"]),
            "revenue": float(known["revenue"]),
            "pageviews": 7.0,
        }
        return self.item(day, dimension) | {"data": [told[name] for name in names]}

    def item(self, day: Day, dimension: str) -> dict[str, str]:
        """What the row is about: its number and its name; a day's number is the day, its months counted from 0."""
        if dimension == "daterangeday":
            number = f"{day.day.year - 1900}{day.day.month - 1:02}{day.day.day:02}"
            return {"itemId": number, "value": f"{day.day:%b} {day.day.day}, {day.day.year}"}
        number = self.cuts_of(day, [dimension])[dimension]
        return {"itemId": number, "value": ITEMS[dimension][number] if dimension in ITEMS else day.campaign.id}
