"""HubSpot's CRM search and e-mail statistics, as far as a connector asks them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar

from kalends.demo.standin.consenting import Consenting
from kalends.demo.standin.deals import Deal, Deals
from kalends.demo.standin.knowing import Rows
from kalends.demo.standin.speaking import Asked, Reply, Standin, paged
from kalends.demo.standin.truth import Day, Truth, numeric_id

PAGE = 50
"""Smaller than HubSpot's own 200, so that a month has several."""
FILTERS = {"createdate", "closedate", "hs_is_closed"}
DAY = timedelta(days=1)


def portal_id(kind: str, place: int) -> str:
    """Accounts are small numbers."""
    return str(4_000_000 + place) if kind == "account" else numeric_id(kind, place)


@dataclass
class Hubspot(Standin):
    """Properties as texts, places in a list as numbers, and a policy's name for too many calls."""

    ceiling: int = 10_000
    deals: Deals = field(init=False)

    data_source: ClassVar[str] = "hubspot"
    hosts: ClassVar[tuple[str, ...]] = ("api.hubapi.com", "app.hubspot.com")
    cannot: ClassVar[frozenset[str]] = frozenset({"token"})  # a private app's token lasts
    secrets: ClassVar[Mapping[str, str]] = {"access_token": "pat-eu1-hubspot-1"}
    apart: ClassVar[Mapping[str, str]] = {
        "client_id": "hubspot-app",
        "client_secret": "hubspot-secret",
        "refresh_token": "hubspot-key-1",
    }
    consenting: ClassVar[Consenting] = Consenting(
        page="app.hubspot.com/oauth/authorize",
        exchange="api.hubapi.com/oauth/v3/token",
        scopes=frozenset({"oauth", "crm.objects.deals.read"}),
    )
    tells: ClassVar[tuple[str, ...]] = ("opportunities", "pipeline_value", "deals_won", "revenue")
    tells_else: ClassVar[Mapping[str, tuple[str, ...]]] = {"account": ("sends", "opens")}

    def __post_init__(self) -> None:
        """The deals stand still while they are being looked at."""
        self.deals = Deals(self.truth, self.clock().date())

    @classmethod
    def known_truth(cls, *, seed: int = 1) -> Truth:
        """One account, of a small number."""
        return Truth(seed=seed, id_of=portal_id, zone="UTC")

    def known_rows(self, first: date, last: date, report: str) -> Rows:
        """Archived deals are not found."""
        if report == "account":
            return super().known_rows(first, last, report)
        return self.deals.known_rows(first, last, id_name="deal_id")

    def figures(self, day: Day) -> dict[str, Any]:
        """Who saw it is who got it."""
        return {"sends": day.impressions, "opens": day.clicks}

    def is_counted(self, asked: Asked) -> bool:
        """A search has a limit of its own."""
        return asked.path.startswith(("/crm/", "/marketing/"))

    def is_signed(self, asked: Asked) -> bool:
        """By a private app's token, which lasts, or by that of somebody who signed in."""
        signed = asked.headers.get("authorization")
        return signed == f"Bearer {self.secrets['access_token']}" or (self.tokens > 0 and super().is_signed(asked))

    def end_token(self) -> None:
        """It lasts."""

    def limited(self) -> Reply:
        """Too many calls; how long to wait, it does not say."""
        return failed(429, "You have reached your ten_secondly_rolling limit.", policyName="TEN_SECONDLY_ROLLING")

    def refused_token(self) -> Reply:
        """No good token."""
        return failed(401, "Authentication credentials not found.", category="INVALID_AUTHENTICATION")

    def refused_cursor(self) -> Reply:
        """A place in a list that is no longer known."""
        return failed(400, "Invalid paging cursor", category="VALIDATION_ERROR")

    def is_page(self, asked: Asked) -> bool:
        """Pages are asked for by their place."""
        return bool(asked.json().get("after")) if asked.method == "POST" else bool(asked.one("after"))

    def answer(self, asked: Asked) -> Reply:
        """The account, deals, or statistics."""
        if not self.is_signed(asked):
            return self.refused_token()
        if asked.path == "/account-info/v3/details":
            told = {"portalId": int(self.truth.account_ids[0]), "companyCurrency": self.truth.currency}
            return Reply.json(told | {"timeZone": "Europe/Berlin", "accountType": "STANDARD"})
        if asked.path == "/crm/v3/objects/deals/search":
            return self.search(asked.json())
        if asked.path == "/marketing/emails/2026-03/statistics/histogram":
            return self.histogram(asked)
        return failed(404, "resource not found")

    def search(self, question: Mapping[str, Any]) -> Reply:
        """Deals that one of the groups fits; a group's filters fit all together."""
        groups = [group["filters"] for group in question["filterGroups"]]
        after = int(question.get("after") or 0)
        if question.get("limit", 10) > 200 or {one["propertyName"] for some in groups for one in some} - FILTERS:
            return failed(400, "There was a problem with the request.", category="VALIDATION_ERROR")
        if after >= self.ceiling:
            return failed(400, "Paging through more than 10000 results is not supported.", category="VALIDATION_ERROR")
        bounds = [
            int(one[end]) for some in groups for one in some for end in ("value", "highValue") if "highValue" in one
        ]
        first, last = (datetime.fromtimestamp(bound / 1000, UTC).date() for bound in (min(bounds), max(bounds)))
        near = self.deals.of(self.truth.account_ids[0], first, last)
        held = [as_object(deal) for deal in near if not deal.is_deleted]
        found = [one for one in held if any(all(fits(one["properties"], a) for a in some) for some in groups)]
        found.sort(key=lambda one: int(one["id"]))
        shown, following = paged(found, start=after, size=PAGE)
        shown = [
            one | {"properties": {name: one["properties"][name] for name in question["properties"]}} for one in shown
        ]
        return Reply.json({"total": len(found), "results": shown} | next_page(following))

    def histogram(self, asked: Asked) -> Reply:
        """What was sent on each day; on a page there are 10 of them."""
        first, last = (datetime.fromisoformat(asked.one(name)) for name in ("startTimestamp", "endTimestamp"))
        days = [first + place * DAY for place in range((last - first).days)]
        shown, following = paged(days, start=int(asked.one("after") or 0), size=10)
        results = [self.interval(day) for day in shown]
        return Reply.json({"total": len(days), "results": results} | next_page(following))

    def interval(self, begin: datetime) -> dict[str, Any]:
        """One day's counters."""
        days = self.days(self.truth.account_ids[0], begin.date(), begin.date(), "account")
        counters = {"sent": sum(day.impressions for day in days), "open": sum(day.clicks for day in days)}
        span = {"start": f"{begin:%Y-%m-%dT%H:%M:%SZ}", "end": f"{begin + DAY:%Y-%m-%dT%H:%M:%SZ}"}
        return {"interval": span, "aggregations": {"counters": counters, "ratios": {}, "deviceBreakdown": {}}}


def as_object(deal: Deal) -> dict[str, Any]:
    """A deal with all its properties as texts; what nobody entered is null."""
    hour = int(deal.id) % 24
    expected = deal.closed or deal.opened + timedelta(days=400)
    properties = {
        "amount": None if deal.amount is None else f"{deal.amount.normalize():f}",
        "closedate": f"{expected}T{hour:02}:45:00Z",
        "createdate": f"{deal.opened}T{hour:02}:15:59.999Z",
        "deal_currency_code": None,
        "dealstage": ("closedwon" if deal.is_won else "closedlost") if deal.closed else "qualifiedtobuy",
        "hs_analytics_source": "PAID_SEARCH",
        "hs_is_closed": str(deal.closed is not None).lower(),
        "hs_is_closed_won": str(deal.is_won).lower(),
    }
    return {
        "id": deal.id,
        "properties": properties,
        "createdAt": properties["createdate"],
        "updatedAt": properties["closedate"],
        "archived": False,
    }


def fits(properties: Mapping[str, Any], one: Mapping[str, Any]) -> bool:
    """Whether a filter fits."""
    value = properties[one["propertyName"]]
    if one["operator"] == "EQ":
        return bool(value == one["value"])
    at = datetime.fromisoformat(value).astimezone(UTC).timestamp() * 1000
    return int(one["value"]) <= at <= int(one["highValue"])


def next_page(following: int | None) -> dict[str, Any]:
    """Where the next page begins; absent after the last."""
    return {"paging": {"next": {"after": str(following), "link": "https://api.hubapi.com/"}}} if following else {}


def failed(status: int, message: str, **more: str) -> Reply:
    """An error, which names a policy or a category."""
    return Reply.json({"status": "error", "message": message, "correlationId": "aeb5", **more}, status)
