"""Snapchat's Marketing API, as far as a connector asks it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any, ClassVar
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from kalends.demo.standin.consenting import Consenting
from kalends.demo.standin.speaking import Asked, Reply, Standin, paged
from kalends.demo.standin.truth import Campaign, Day, Thing, Truth

PAGE = 2
"""Things on a page; smaller than any that is asked for, so that a month has several."""
API = "/v1"
KNOWN = {
    "spend", "impressions", "swipes", "video_views", "total_installs", "conversion_purchases",
    "conversion_purchases_value", "conversion_save", "conversion_start_checkout", "conversion_add_cart",
    "conversion_view_content", "conversion_add_billing", "conversion_sign_ups", "conversion_page_views",
    "conversion_app_opens", "conversion_subscribe",
}  # fmt: skip
LONGEST = timedelta(days=32)
KINDS = {"campaign": "campaign", "adsquad": "ad_group", "ad": "ad"}
"""Snapchat's word for a level -> the record's."""
SWIPES = {"1_DAY": 50, "7_DAY": 70, "28_DAY": 80}
VIEWS = {"none": 0, "1_HOUR": 5, "3_HOUR": 8, "6_HOUR": 10, "1_DAY": 20, "7_DAY": 25}
"""Attribution window -> how many of a hundred conversions come within it."""
TYPES = {"campaign": "CAMPAIGN", "adsquad": "AD_SQUAD", "ad": "AD"}
CUTS = {"country": "country", "os": "device"}
"""Snapchat's word for a breakdown -> the record's."""


def uuid_of(kind: str, place: int) -> str:
    """Snapchat's ids are UUIDs."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{kind}/{place}"))


@dataclass
class SnapchatAds(Standin):
    """Local midnights, addresses of next pages, statuses within a good answer, money in micros."""

    data_source: ClassVar[str] = "snapchat_ads"
    hosts: ClassVar[tuple[str, ...]] = ("adsapi.snapchat.com", "accounts.snapchat.com")
    token_seconds: ClassVar[int] = 1800
    has_parents: ClassVar[bool] = False
    on_one_page: ClassVar[frozenset[str]] = frozenset({"account"})
    cuts: ClassVar[Mapping[str, tuple[str, ...]]] = {"country": ("de", "at", "ch"), "device": ("ANDROID", "iOS", "WEB")}
    tells_else: ClassVar[Mapping[str, tuple[str, ...]]] = {"account": ("spend",)}
    secrets: ClassVar[Mapping[str, str]] = {
        "client_id": "snap-app",
        "client_secret": "snap-secret",
        "refresh_token": "snap-key-1",
    }
    consenting: ClassVar[Consenting] = Consenting(
        page="accounts.snapchat.com/login/oauth2/authorize",
        exchange="accounts.snapchat.com/login/oauth2/access_token",
        scopes=frozenset({"snapchat-marketing-api"}),
    )

    @classmethod
    def known_truth(cls, *, seed: int = 1) -> Truth:
        """Where clocks change in the time that is asked for."""
        return Truth(seed=seed, id_of=uuid_of, zone="America/Los_Angeles")

    def is_token_call(self, asked: Asked) -> bool:
        """At its own address."""
        return asked.path == "/login/oauth2/access_token"

    def limited(self) -> Reply:
        """HTTP 429, and when it ends."""
        until = str(int(self.clock().timestamp()) + 3)
        return failed(429, "E1008", "Too Many Requests", x_rate_limit_reset=until, x_rate_limit_remaining="0")

    def refused_token(self) -> Reply:
        """A token that has ended."""
        return failed(401, "E1003", "Unauthorized - token has expired")

    def refused_cursor(self) -> Reply:
        """A page that is not known any more."""
        return failed(400, "E1001", "Invalid cursor")

    def erred(self) -> Reply:
        """An error of its own."""
        return failed(500, "E1000", "Internal server error")

    def is_page(self, asked: Asked) -> bool:
        """Pages are asked for by the address that the last one gave."""
        return "cursor" in asked.query

    def answer(self, asked: Asked) -> Reply:
        """Organizations with their accounts, or stats of one."""
        if asked.path == f"{API}/me/organizations" and asked.one("with_ad_accounts") == "true":
            accounts = [self.account(one) for one in self.truth.account_ids]
            organization = {"id": uuid_of("organization", 1), "name": "Shops", "ad_accounts": accounts}
            return good(organizations=[{"sub_request_status": "SUCCESS", "organization": organization}])
        if found := re.fullmatch(rf"{API}/adaccounts/([0-9a-f-]+)/({'|'.join(KINDS)})s", asked.path):
            return self.listed(found[1], found[2], asked)
        if found := re.fullmatch(rf"{API}/adaccounts/([0-9a-f-]+)/stats", asked.path):
            return self.stats(found[1], asked)
        return failed(404, "E3003", "Resource can not be found")

    def account(self, account_id: str) -> dict[str, Any]:
        """An ad account."""
        told = {"id": account_id, "name": f"Shop {account_id[:4]}", "type": "PARTNER", "status": "ACTIVE"}
        return told | {"currency": self.truth.currency, "timezone": self.truth.zone}

    def stats(self, account_id: str, asked: Asked) -> Reply:
        """An account's stats by day and by what is under it."""
        fields = asked.one("fields", "spend").split(",")
        start, end = (datetime.fromisoformat(asked.one(name)) for name in ("start_time", "end_time"))
        kind, cut = asked.one("breakdown"), asked.one("report_dimension")
        windows = {f"{what}_attribution_window": asked.one(f"{what}_attribution_window", usual)
                   for what, usual in (("swipe_up", "28_DAY"), ("view", "1_DAY"))}  # fmt: skip
        swipes, views = windows.values()
        if why := self.unknown(asked, fields) or self.unanswerable(start, end):
            return failed(400, "E1001", f"Unsupported Stats Query: {why}")
        if swipes not in SWIPES or views not in VIEWS:
            return failed(400, "E1001", "Unsupported Stats Query: unknown attribution window")
        level, cuts = KINDS.get(kind, "account"), [CUTS[cut]] if cut else []
        found = self.days(account_id, start.date(), end.date() - timedelta(days=1), level, cuts)
        percent = SWIPES[swipes] + VIEWS[views]
        days = sorted((day.within(percent) for day in found), key=lambda day: (day.thing.id, day.day))
        told: dict[str, Any] = {"id": account_id, "type": "AD_ACCOUNT", "granularity": "DAY"}
        told |= {name: asked.one(name) for name in ("start_time", "end_time")}
        if not kind:
            return good(timeseries_stats=[stat(told | {"timeseries": self.steps(days, fields, cut)})])
        things = [list(some) for _, some in groupby(days, key=lambda day: day.thing.id)]
        shown, following = paged(things, start=int(asked.one("cursor", "0")), size=PAGE)
        told |= {**windows, "breakdown_stats": {kind: [self.thing(some, TYPES[kind], fields, cut) for some in shown]}}
        paging = {"paging": self.next_page(asked, following)} if following else {}
        return good(timeseries_stats=[stat(told)], **paging)

    def unknown(self, asked: Asked, fields: list[str]) -> str:
        """What of the question Snapchat does not know; '' where it knows all."""
        kind, cut = asked.one("breakdown"), asked.one("report_dimension")
        if unknown := sorted(set(fields) - KNOWN):
            return f"{unknown[0]} is not a field"
        if (kind and kind not in KINDS) or cut not in {"", *CUTS} or asked.one("granularity") != "DAY":
            return "this stand-in knows campaigns, ad squads, ads by day"
        return "an account has spend only" if not kind and (fields != ["spend"] or cut) else ""

    def unanswerable(self, start: datetime, end: datetime) -> str:
        """Why there is no answer for the time; '' where there is."""
        is_whole = self.is_midnight(start) and self.is_midnight(end)
        if not is_whole or end - start > LONGEST or end > self.clock():
            return "times are local midnights, past, and 31 days at most"
        return ""

    def listed(self, account_id: str, kind: str, asked: Asked) -> Reply:
        """A page of an account's campaigns, ad squads or ads, each under the one above it."""
        of = {"ad_account_id": account_id, "status": "ACTIVE", "objective": "WEB_CONVERSION"}
        campaigns = self.truth.campaigns_of(account_id)
        known: list[tuple[Campaign | Thing, dict[str, str]]] = [(one, of) for one in campaigns]
        for above in ("campaign_id", "ad_squad_id")[: list(KINDS).index(kind)]:
            more = {"creative_id": uuid_of("creative", 1)} if above == "ad_squad_id" else {}
            known = [(one, {above: parent.id} | more) for parent, _ in known for one in self.truth.below[parent.id]]
        shown, following = paged(known, start=int(asked.one("cursor", "0")), size=PAGE)
        told = [
            {"sub_request_status": "SUCCESS", kind: {"id": one.id, "name": one.name, **about}} for one, about in shown
        ]
        return good(**{f"{kind}s": told}, paging=self.next_page(asked, following) if following else {})

    def next_page(self, asked: Asked, following: int) -> dict[str, str]:
        """The address of the next page."""
        query = {name: values[0] for name, values in asked.query.items()} | {"cursor": str(following)}
        return {"next_link": f"https://{asked.host}{asked.path}?{urlencode(query)}"}

    def is_midnight(self, moment: datetime) -> bool:
        """Whether a day of the account begins then, by the clocks of that day."""
        local = moment.astimezone(ZoneInfo(self.truth.zone))
        return (local.hour, local.minute) == (0, 0) and local.utcoffset() == moment.utcoffset()

    def thing(self, days: list[Day], type_: str, fields: list[str], cut: str) -> dict[str, Any]:
        """A campaign's, ad squad's or ad's days on which something was delivered."""
        return {
            "id": days[0].thing.id,
            "type": type_,
            "granularity": "DAY",
            "timeseries": self.steps(days, fields, cut),
        }

    def steps(self, days: list[Day], fields: list[str], cut: str) -> list[dict[str, Any]]:
        """The days in order, each with its figures, or with those of each value of a breakdown."""
        found = []
        for date_, some in groupby(days, key=lambda day: day.day):
            told = [(day, {name: value for name, value in figures(day).items() if name in fields}) for day in some]
            parts = [{cut: day.cut[0], **stats} for day, stats in told] if cut else []
            found.append(
                {
                    "start_time": self.begins(date_),
                    "end_time": self.begins(date_ + timedelta(days=1)),
                    **({"dimension_stats": parts} if cut else {"stats": told[0][1]}),
                }
            )
        return found

    def begins(self, day: date) -> str:
        """The day's midnight with its offset."""
        moment = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(self.truth.zone))
        return moment.isoformat(timespec="milliseconds")


def stat(told: dict[str, Any]) -> dict[str, Any]:
    """A part of an answer that is good."""
    return {"sub_request_status": "SUCCESS", "timeseries_stat": told}


def figures(day: Day) -> dict[str, int]:
    """Money in micros."""
    return {
        "spend": day.spend_micros,
        "impressions": day.impressions,
        "swipes": day.clicks,
        "conversion_purchases": day.conversions,
        "conversion_purchases_value": day.revenue_micros,
        "video_views": day.impressions // 2,
    }


def good(**told: Any) -> Reply:
    """A good answer."""
    return Reply.json({"request_status": "SUCCESS", "request_id": "57ad240f", **told})


def failed(status: int, code: str, message: str, **headers: str) -> Reply:
    """An error of Snapchat's."""
    told = {"request_status": "ERROR", "request_id": "57ad240f", "debug_message": message, "error_code": code}
    return Reply.json(told | {"display_message": "We're sorry, but something went wrong"}, status, **headers)
