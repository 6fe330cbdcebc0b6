"""Mixpanel's raw export, as far as a connector asks it."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, ClassVar

import orjson

from kalends.demo.standin.knowing import Rows, key
from kalends.demo.standin.speaking import Asked, Reply, Standin
from kalends.demo.standin.truth import Day, Truth

MOST_PURCHASES = 3
"""Of a campaign's day, so that a quarter is a few thousand events."""


@dataclass
class Mixpanel(Standin):
    """Events as JSON lines, keys that last, no pages."""

    data_source: ClassVar[str] = "mixpanel"
    hosts: ClassVar[tuple[str, ...]] = (
        "data-eu.mixpanel.com",
        "eu.mixpanel.com",
        "data.mixpanel.com",
        "mixpanel.com",
    )
    cannot: ClassVar[frozenset[str]] = frozenset({"token", "cursor", "duplicate"})  # keys last, and there are no pages
    secrets: ClassVar[Mapping[str, str]] = {
        "username": "kalends.1234.mp-service-account",
        "secret": "mixpanel-secret-1",
        "region": "eu",
        "days": "utc",
    }
    tells: ClassVar[tuple[str, ...]] = ("conversions", "revenue")

    @classmethod
    def known_truth(cls, *, seed: int = 1) -> Truth:
        """Projects have short numbers; few campaigns, for each is many events."""
        return Truth(seed=seed, campaigns=3, id_of=lambda kind, place: f"{len(kind)}30000{place}")

    def known_rows(self, first: date, last: date, report: str) -> Rows:  # noqa: ARG002 (it has one)
        """Each event is a row."""
        return {
            key(project, day=day.day, cuts=cuts_of(event)): {
                "conversions": 1 if event["event"] == "Purchase" else None,
                "revenue": event["properties"].get("$revenue"),
            }
            for project in self.truth.account_ids
            for day in self.truth.days(project, first, last)
            for event in events_of(day)
        }

    def is_token_call(self, asked: Asked) -> bool:  # noqa: ARG002 (whatever is asked)
        """Its keys last."""
        return False

    def is_signed(self, asked: Asked) -> bool:
        """By name and password."""
        both = base64.b64encode(f"{self.secrets['username']}:{self.secrets['secret']}".encode()).decode()
        return asked.headers.get("authorization") == f"Basic {both}"

    def limited(self) -> Reply:
        """Too many queries; nothing says for how long."""
        told = "Query rate limit exceeded. Please check docs for API limit details."
        return Reply.json({"request": "/api/2.0/export", "error": told}, 429)

    def refused_token(self) -> Reply:
        """No good key."""
        return Reply.json({"error": "Invalid service account credentials", "status": "error"}, 401)

    def answer(self, asked: Asked) -> Reply:
        """The projects, or an export: each at its own host of the right region."""
        if not self.is_signed(asked):
            return self.refused_token()
        if asked.host == self.hosts[1] and asked.path == "/api/app/me":
            named = {"name": "Shop", "organization_id": 1, "timezone": self.truth.zone, "domain": self.hosts[1]}
            return Reply.json({"status": "ok", "results": {"projects": dict.fromkeys(self.truth.account_ids, named)}})
        if asked.host != self.hosts[0] or asked.path != "/api/2.0/export":
            return Reply.json({"error": "not found", "status": "error"}, 404)
        project, first, last = asked.one("project_id"), asked.one("from_date"), asked.one("to_date")
        if project not in self.truth.account_ids:
            return Reply.json({"error": "Invalid project ID", "status": "error"}, 400)
        if date.fromisoformat(last) > self.clock().date():
            return Reply.json({"error": "to_date cannot be later than today", "status": "error"}, 400)
        days = self.truth.days(project, date.fromisoformat(first), date.fromisoformat(last))
        lines = b"".join(orjson.dumps(event) + b"\n" for day in days for event in events_of(day))
        return Reply(lines, headers={"content-type": "text/plain"})


def events_of(day: Day) -> Iterator[dict[str, Any]]:
    """A visit, which is not worth anything, and purchases."""
    midnight = int(datetime.combine(day.day, time(), UTC).timestamp())
    about = {"utm_campaign": day.campaign.name, "mp_country_code": "DE", "$os": "iOS"}
    yield made("Page viewed", midnight, f"v-{day.campaign.id}-{day.day}", about)
    for number in range(min(day.conversions, MOST_PURCHASES)):
        worth = {"$revenue": float(day.revenue / day.conversions), **about}
        yield made("Purchase", midnight + 86_399 - number, f"p{number}-{day.campaign.id}-{day.day}", worth)


def made(name: str, at: int, number: str, about: dict[str, Any]) -> dict[str, Any]:
    """An event as it is exported."""
    own = {"time": at, "distinct_id": f"person {number}", "$insert_id": number, "mp_processing_time_ms": at * 1000}
    return {"event": name, "properties": own | about}


def cuts_of(event: dict[str, Any]) -> dict[str, str]:
    """What tells an event apart."""
    told = event["properties"]
    return {"event": event["event"], "insert_id": told["$insert_id"], "person": told["distinct_id"],
            "time": str(told["time"])}  # fmt: skip
