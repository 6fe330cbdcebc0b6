"""TikTok's Marketing API, as far as a connector asks it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

import orjson

from kalends.demo.standin.consenting import Consenting
from kalends.demo.standin.speaking import Asked, Reply, Standin, paged

PAGE = 50
"""Smaller than TikTok's own 1,000, so that a quarter has several."""


@dataclass
class TiktokAds(Standin):
    """HTTP 200 whatever happens; `code` says what."""

    data_source: ClassVar[str] = "tiktok_ads"
    hosts: ClassVar[tuple[str, ...]] = ("business-api.tiktok.com",)
    cannot: ClassVar[frozenset[str]] = frozenset({"token", "cursor"})  # keys last, pages have numbers
    secrets: ClassVar[Mapping[str, str]] = {
        "access_token": "tiktok-key-1",
        "app_id": "7001",
        "app_secret": "tiktok-app",
    }
    consenting: ClassVar[Consenting] = Consenting(
        page="business-api.tiktok.com/portal/auth",
        exchange="business-api.tiktok.com/open_api/v1.3/oauth2/access_token/",
        keeps="access_token",
        app="app_id",
        secret="app_secret",  # noqa: S106 (the name of an entry)
        code="auth_code",
        told_as=("app_id", "secret", "auth_code"),
        is_json=True,
    )

    def is_token_call(self, asked: Asked) -> bool:  # noqa: ARG002 (whatever is asked)
        """Its tokens last."""
        return False

    def changed(self, tokens: Mapping[str, Any]) -> Reply:  # noqa: ARG002 (not those of others)
        """In TikTok's envelope; it lasts."""
        told = {"access_token": self.secrets["access_token"]} if not self.desk.withholds else {}
        return good({"advertiser_ids": self.truth.account_ids, "scope": [4]} | told)

    def refused_code(self) -> Reply:
        """A code that is not good: HTTP 200, as always."""
        return coded(40110, "Auth_code is expired or used.")

    def is_signed(self, asked: Asked) -> bool:
        """By a header of its own."""
        return asked.headers.get("access-token") == self.secrets["access_token"]

    def end_token(self) -> None:
        """They last."""

    def limited(self) -> Reply:
        """Too many requests."""
        return coded(40100, "Too many requests. Please retry in some time.")

    def refused_token(self) -> Reply:
        """No good token."""
        return coded(40105, "Access token is incorrect or has been revoked.")

    def erred(self) -> Reply:
        """An error of its own, in its own way."""
        return coded(50000, "System error")

    def is_page(self, asked: Asked) -> bool:
        """Pages are asked for by number."""
        return asked.one("page", "1") != "1"

    def answer(self, asked: Asked) -> Reply:
        """Advertisers, or a report."""
        if asked.path.endswith("/oauth2/advertiser/get/"):
            return good(
                {"list": [{"advertiser_id": one, "advertiser_name": f"Shop {one}"} for one in self.truth.account_ids]}
            )
        if asked.path.endswith("/advertiser/info/"):
            ids = orjson.loads(asked.one("advertiser_ids"))
            described = {"currency": self.truth.currency, "timezone": self.truth.zone}
            return good({"list": [{"advertiser_id": one, "name": f"Shop {one}", **described} for one in ids]})
        if asked.path.endswith("/report/integrated/get/"):
            return self.report(asked)
        return coded(40002, f"no such path {asked.path}")

    def report(self, asked: Asked) -> Reply:
        """The integrated report by campaign and day."""
        first, last = date.fromisoformat(asked.one("start_date")), date.fromisoformat(asked.one("end_date"))
        if (last - first).days >= 30:
            return coded(40002, "The time range must be within 30 days.")
        if asked.one("data_level") != "AUCTION_CAMPAIGN":
            return coded(40002, "This stand-in knows campaigns only.")
        page = int(asked.one("page", "1"))
        rows = [self.row(day) for day in self.truth.days(asked.one("advertiser_id"), first, last)]
        shown, _ = paged(rows, start=(page - 1) * PAGE, size=PAGE)
        info = {"page": page, "page_size": PAGE, "total_number": len(rows), "total_page": -(-len(rows) // PAGE)}
        return good({"list": shown, "page_info": info})

    def row(self, day: Any) -> dict[str, Any]:
        """Numbers as texts, some as numbers: as TikTok mixes them."""
        return {
            "dimensions": {"campaign_id": day.campaign.id, "stat_time_day": f"{day.day} 00:00:00"},
            "metrics": {
                "campaign_name": day.campaign.name,
                "currency": self.truth.currency,
                "spend": f"{day.spend:f}",
                "impressions": str(day.impressions),
                "clicks": day.clicks,
                "conversion": str(day.conversions),
                "total_purchase_value": f"{day.revenue:f}",
            },
        }


def good(data: Any) -> Reply:
    """A good answer."""
    return Reply.json({"code": 0, "message": "OK", "request_id": "20260101", "data": data})


def coded(code: int, message: str) -> Reply:
    """Any other one."""
    return Reply.json({"code": code, "message": message, "request_id": "20260101", "data": {}})
