"""Klaviyo's reporting API, as far as a connector asks it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode

from kalends.demo.standin.knowing import Rows, key
from kalends.demo.standin.speaking import Asked, Reply, Standin, paged
from kalends.demo.standin.truth import Day, Truth

PAGE = 2
"""So that some days have several. How many rows Klaviyo itself puts on a page, it does not say."""
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PLACED_ORDER = "RESQ6t"
STATISTICS = {
    "recipients": "impressions",
    "delivered": "impressions",
    "opens": "clicks",
    "clicks": "clicks",
    "unsubscribes": "",
    "bounced": "",
    "conversions": "conversions",
    "conversion_value": "revenue",
}
"""What can be asked for here -> what of the truth it is."""
NEEDED = {"campaign-values-report": {"campaign_id", "campaign_message_id"}, "flow-series-report": {"flow_id"}}
DAYS = {"campaign-values-report": 366, "flow-series-report": 60}
IDS = re.compile(r"any\(id,(\[.*?\])\)")


def ulid(kind: str, place: int) -> str:
    """An id as campaigns have it; an account's is short."""
    drawn = int.from_bytes(hashlib.sha256(f"{kind}{place}".encode()).digest()[:16])
    length = 6 if kind == "account" else 26
    return "".join(CROCKFORD[drawn >> 5 * digit & 31] for digit in range(length))


@dataclass
class Klaviyo(Standin):
    """JSON:API: a revision in each call, links to the next page, two reports a minute."""

    series: set[tuple[date, date]] = field(default_factory=set)
    """The spans of the series that were asked for."""

    data_source: ClassVar[str] = "klaviyo"
    hosts: ClassVar[tuple[str, ...]] = ("a.klaviyo.com",)
    cannot: ClassVar[frozenset[str]] = frozenset({"token"})  # keys last
    secrets: ClassVar[Mapping[str, str]] = {"api_key": "pk_klaviyo_1"}
    tells: ClassVar[tuple[str, ...]] = ("sends", "deliveries", "opens", "clicks", "conversions", "revenue")

    @classmethod
    def known_truth(cls, *, seed: int = 1) -> Truth:
        """With ids as Klaviyo makes them."""
        return Truth(seed=seed, id_of=ulid)

    def known_rows(self, first: date, last: date, report: str) -> Rows:
        """What was sent; a flow that sent anything in a series has a row for each of its days."""
        account_id, days = self.truth.account_ids[0], self.sent(first, last)
        if report.startswith("message/"):
            return {
                key(account_id, day.campaign.id, day=day.day, cuts=message_of(day.campaign.id)): self.figures(day)
                for day in days
            }
        zeros = {
            (campaign.id, begin + timedelta(days=place)): dict.fromkeys(self.tells, 0)
            for begin, end in self.series
            for campaign in {day.campaign for day in self.sent(begin, end)}
            for place in range((end - begin).days + 1)
        }
        sent = {(day.campaign.id, day.day): self.figures(day) for day in days}
        return {
            key(account_id, day=day, cuts={"flow_id": id_} | message_of(id_)): figures
            for (id_, day), figures in (zeros | sent).items()
            if first <= day <= last
        }

    def figures(self, day: Day) -> dict[str, Any]:
        """Who saw it is who got it."""
        return {"sends": day.impressions, "deliveries": day.impressions, "opens": day.clicks, "clicks": day.clicks,
                "conversions": day.conversions, "revenue": day.revenue}  # fmt: skip

    def sent(self, first: date, last: date) -> list[Day]:
        """A campaign is sent every third day or so; a key sees one account."""
        return [day for day in self.truth.days(self.truth.account_ids[0], first, last) if day.impressions % 3 == 0]

    def is_counted(self, asked: Asked) -> bool:
        """Only reports have the tight limits."""
        return asked.path.endswith("-reports")

    def is_signed(self, asked: Asked) -> bool:
        """By a key that lasts."""
        return asked.headers.get("authorization") == f"Klaviyo-API-Key {self.secrets['api_key']}"

    def end_token(self) -> None:
        """Keys last."""

    def limited(self) -> Reply:
        """Too many questions."""
        return failed(429, "throttled", "Request was throttled. Expected available in 2 seconds.", retry_after="2")

    def refused_token(self) -> Reply:
        """No good key."""
        return failed(401, "not_authenticated", "Authentication credentials were not provided.")

    def refused_cursor(self) -> Reply:
        """A cursor that has ended."""
        return failed(400, "invalid", "Invalid cursor provided.")

    def is_page(self, asked: Asked) -> bool:
        """Pages are asked for by cursor."""
        return bool(asked.one("page_cursor"))

    def answer(self, asked: Asked) -> Reply:  # noqa: PLR0911 (one for each path)
        """The account, lists, or a report."""
        if not self.is_signed(asked):
            return self.refused_token()
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", asked.headers.get("revision", "")):
            return failed(400, "invalid", "The revision header is missing or invalid.")
        match asked.path.removeprefix("/api/"):
            case "accounts":
                return Reply.json({"data": [self.account(one) for one in self.truth.account_ids]})
            case "metrics":
                return self.listed(asked, METRICS)
            case "campaigns":
                if "messages.channel" not in asked.one("filter"):
                    return failed(400, "invalid", "A channel filter is required to list campaigns.")
                return self.listed(asked, self.named(asked, "campaign", {"send_strategy": {"method": "static"}}))
            case "flows":
                return self.listed(asked, self.named(asked, "flow", {"trigger_type": "Added to List"}))
            case "campaign-values-reports" | "flow-series-reports":
                return self.report(asked)
        return failed(404, "not_found", "A path that does not exist.")

    def account(self, account_id: str) -> dict[str, Any]:
        """The account behind the key."""
        told = {"preferred_currency": self.truth.currency, "timezone": self.truth.zone}
        contact = {"contact_information": {"organization_name": f"Shop {account_id}"}}
        return {"type": "account", "id": account_id, "attributes": told | contact}

    def named(self, asked: Asked, kind: str, more: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The names of those that the filter lists."""
        found = IDS.search(asked.one("filter"))
        ids = set(json.loads(found[1])) if found else set()
        return [
            {"type": kind, "id": one.id, "attributes": {"name": one.name, **more}}
            for one in self.truth.all_campaigns
            if one.id in ids
        ]

    def listed(self, asked: Asked, rows: Sequence[Any]) -> Reply:
        """A page of a list."""
        shown, following = paged(rows, start=int(asked.one("page[cursor]") or 0), size=PAGE)
        return Reply.json({"data": list(shown), "links": self.links(asked, "page[cursor]", following)})

    def links(self, asked: Asked, name: str, following: int | None) -> dict[str, str | None]:
        """Whole addresses, as Klaviyo gives them."""
        here = f"https://{asked.host}{asked.path}"
        return {"self": here, "next": f"{here}?{urlencode({name: following})}" if following else None}

    def report(self, asked: Asked) -> Reply:
        """A page of values, or of a series."""
        told = asked.json()["data"]
        kind, attributes = told["type"], told["attributes"]
        first, last = (date.fromisoformat(attributes["timeframe"][end][:10]) for end in ("start", "end"))
        if wrong := wrong_in(kind, attributes, days=(last - first).days + 1):
            return failed(400, "invalid", wrong)
        span = [first + timedelta(days=place) for place in range((last - first).days + 1)]
        is_series = kind == "flow-series-report"
        if is_series:
            self.series.add((first, last))
        make = series_of if is_series else values_of
        rows = [make(own, attributes["statistics"], span) for own in by_campaign(self.sent(first, last))]
        shown, following = paged(rows, start=int(asked.one("page_cursor") or 0), size=PAGE)
        body = {"results": list(shown)} | (
            {"date_times": [f"{day}T00:00:00+00:00" for day in span]} if is_series else {}
        )
        return Reply.json(
            {"data": {"type": kind, "attributes": body}, "links": self.links(asked, "page_cursor", following)}
        )


def message_of(id_: str) -> dict[str, str]:
    """The one message of a campaign or a flow, as the record says it."""
    return {"channel": "email", "message_id": f"m{id_}"}


def values_of(days: Sequence[Day], statistics: Sequence[str], span: Sequence[date]) -> dict[str, Any]:  # noqa: ARG001
    """One campaign's sums. Numbers are doubles."""
    id_ = days[0].campaign.id
    return {
        "groupings": {"send_channel": "email", "campaign_id": id_, "campaign_message_id": f"m{id_}"},
        "statistics": {name: sum(figure(name, day) for day in days) for name in statistics},
    }


def series_of(days: Sequence[Day], statistics: Sequence[str], span: Sequence[date]) -> dict[str, Any]:
    """One flow's numbers, one for each day of the span: 0.0 where there was nothing."""
    id_, by_day = days[0].campaign.id, {day.day: day for day in days}
    return {
        "groupings": {"flow_id": id_, "send_channel": "email", "flow_message_id": f"m{id_}"},
        "statistics": {name: [figure(name, by_day.get(day)) for day in span] for name in statistics},
    }


def figure(name: str, day: Day | None) -> float:
    """A statistic of a day."""
    return float(getattr(day, STATISTICS[name] or "_", 0))


METRICS = [
    {"type": "metric", "id": f"METR{place}", "attributes": {"name": name, "integration": {"name": "Klaviyo"}}}
    for place, name in enumerate(("Opened Email", "Clicked Email", "Received Email", "Viewed Product"))
] + [{"type": "metric", "id": PLACED_ORDER, "attributes": {"name": "Placed Order", "integration": {"name": "Shopify"}}}]


def wrong_in(kind: str, attributes: Mapping[str, Any], *, days: int) -> str:
    """What the real one refuses; '' for a right question."""
    if unknown := set(attributes["statistics"]) - STATISTICS.keys():
        return f"Unknown statistics: {sorted(unknown)}"
    if not NEEDED[kind] <= set(attributes["group_by"]):
        return f"The following group by attributes are required: {sorted(NEEDED[kind])}"
    if attributes.get("conversion_metric_id") != PLACED_ORDER:
        return "The conversion metric does not exist."
    if kind == "flow-series-report" and attributes.get("interval") != "daily":
        return "interval is required."
    return "" if days <= DAYS[kind] else f"The time frame is longer than {DAYS[kind]} days."


def by_campaign(days: Sequence[Day]) -> list[list[Day]]:
    """The days of each campaign."""
    found: dict[str, list[Day]] = {}
    for day in days:
        found.setdefault(day.campaign.id, []).append(day)
    return list(found.values())


def failed(status: int, code: str, detail: str, **headers: str) -> Reply:
    """An error in JSON:API."""
    error = {"id": "3d2c", "status": status, "code": code, "title": detail, "detail": detail}
    return Reply.json({"errors": [error | {"source": {"pointer": "/data/"}}]}, status, **headers)
