"""TikTok's Marketing API, as far as a connector asks it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

import orjson

from kalends.demo.standin.consenting import Consenting
from kalends.demo.standin.speaking import Asked, Reply, Standin, paged
from kalends.demo.standin.truth import Day

PAGE = 50
"""Smaller than TikTok's own 1,000, so that a quarter has several."""
LEVELS = {"ADVERTISER": "account", "CAMPAIGN": "campaign", "ADGROUP": "ad_group", "AD": "ad"}
"""TikTok's word for a level -> the record's."""
METRICS = {
    "spend", "impressions", "clicks", "conversion", "reach", "frequency", "video_play_actions", "result",
    "real_time_conversion", "complete_payment", "total_purchase_value", "total_sales_lead_value", "currency",
}  # fmt: skip
OF_ACCOUNT = {"spend", "impressions", "clicks", "reach", "frequency", "video_play_actions"}
OF_AUDIENCES = {"spend", "impressions", "clicks", "conversion", "result", "real_time_conversion"}
CUTS = {"age": "age", "gender": "gender", "country_code": "country", "platform": "device"}
"""TikTok's word for a breakdown -> the record's."""
ATTRIBUTES = {
    "advertiser": set[str](),
    "campaign": {"campaign_name"},
    "adgroup": {"campaign_name", "campaign_id", "adgroup_name"},
    "ad": {"campaign_name", "campaign_id", "adgroup_name", "adgroup_id", "ad_name"},
}
"""What a row can say of its thing and of what is above it."""


@dataclass
class TiktokAds(Standin):
    """HTTP 200 whatever happens; `code` says what."""

    data_source: ClassVar[str] = "tiktok_ads"
    hosts: ClassVar[tuple[str, ...]] = ("business-api.tiktok.com",)
    cannot: ClassVar[frozenset[str]] = frozenset({"token", "cursor"})  # keys last, pages have numbers
    on_one_page: ClassVar[frozenset[str]] = frozenset({"account"})
    cuts: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "age": ("AGE_25_34", "AGE_18_24", "NONE"),
        "country": ("DE", "AT", ""),
        "device": ("ANDROID", "IPHONE", "PC"),
        "gender": ("FEMALE", "MALE", "NONE"),
    }
    tells_else: ClassVar[Mapping[str, tuple[str, ...]]] = dict.fromkeys(
        ("campaign/age+gender", "campaign/country", "campaign/device"),
        ("spend", "impressions", "clicks", "conversions"),
    ) | {"account": ("spend", "impressions", "clicks")}
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
        """The integrated report by day, and, as one of audiences, by what they are."""
        first, last = date.fromisoformat(asked.one("start_date")), date.fromisoformat(asked.one("end_date"))
        data_level = asked.one("data_level").removeprefix("AUCTION_")
        if (last - first).days >= 30 or asked.one("service_type") != "AUCTION" or data_level not in LEVELS:
            return coded(40002, "At most 30 days of advertisers, campaigns, ad groups or ads at auction.")
        things, metrics = data_level.lower(), orjson.loads(asked.one("metrics", "[]"))
        asked_by = orjson.loads(asked.one("dimensions"))
        cuts = sorted(set(asked_by) - {f"{things}_id", "stat_time_day"})
        if len(asked_by) != len(cuts) + 2 or set(cuts) - CUTS.keys():
            return coded(40002, f"dimensions: at this data_level, {things}_id and stat_time_day")
        if asked.one("report_type") != ("AUDIENCE" if cuts else "BASIC"):
            return coded(40002, "dimensions: audiences are told in a report of their own")
        known = OF_AUDIENCES if cuts else OF_ACCOUNT if things == "advertiser" else METRICS
        if unknown := sorted(set(metrics) - known - ATTRIBUTES[things]):
            return coded(40002, f"Invalid metric fields: {unknown}")
        if not 1 <= int(asked.one("page_size", "10")) <= 1000:
            return coded(40002, "page_size: from 1 to 1000")
        page, size = int(asked.one("page", "1")), min(PAGE, int(asked.one("page_size", "10")))
        named = [CUTS[cut] for cut in cuts]
        days = self.days(asked.one("advertiser_id"), first, last, LEVELS[data_level], named)
        rows = [self.row(day, f"{things}_id", metrics, cuts) for day in days]
        shown, _ = paged(rows, start=(page - 1) * size, size=size)
        info = {"page": page, "page_size": size, "total_number": len(rows), "total_page": -(-len(rows) // size)}
        return good({"list": shown, "page_info": info})

    def row(self, day: Day, name: str, metrics: list[str], cuts: list[str]) -> dict[str, Any]:
        """Numbers as texts, some as numbers: as TikTok mixes them. Names and parents are among the metrics."""
        values = self.cuts_of(day, [CUTS[cut] for cut in cuts])
        told: dict[str, Any] = {
            "campaign_id": day.campaign.id,
            "campaign_name": day.campaign.name,
            "currency": self.truth.currency,
            "spend": f"{day.spend:f}",
            "impressions": str(day.impressions),
            "clicks": day.clicks,
            "conversion": str(day.conversions),
            "total_purchase_value": f"{day.revenue:f}",
        }
        for kind, thing in zip(("adgroup", "ad"), day.below, strict=False):
            told |= {f"{kind}_id": thing.id, f"{kind}_name": thing.name}
        return {
            "dimensions": {
                name: day.campaign.account_id if name == "advertiser_id" else day.thing.id,
                "stat_time_day": f"{day.day} 00:00:00",
                **{cut: values[CUTS[cut]] or None for cut in cuts},
            },
            "metrics": {one: value for one, value in told.items() if one in metrics},
        }


def good(data: Any) -> Reply:
    """A good answer."""
    return Reply.json({"code": 0, "message": "OK", "request_id": "20260101", "data": data})


def coded(code: int, message: str) -> Reply:
    """Any other one."""
    return Reply.json({"code": code, "message": message, "request_id": "20260101", "data": {}})
