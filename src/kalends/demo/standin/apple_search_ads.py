"""The Apple Search Ads API v5, as far as a connector asks it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, ClassVar

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from kalends.demo.standin.speaking import Asked, Reply, Standin, paged
from kalends.demo.standin.truth import Campaign, Day, Keyword, Truth

PAGE = 2
"""Campaigns on a page, at most; fewer than Apple's own 1,000, so that six have several."""
API, APPLE_ID = "api.searchads.apple.com", "appleid.apple.com"
KEPT = 90
KEY = ec.derive_private_key(20_270_126, ec.SECP256R1())
"""The same in every process: a demo's stand-in knows the key that was entered elsewhere."""
LEVELS = {"campaigns": ("campaign", "campaignId"), "adgroups": ("ad_group", "adGroupId"),
          "keywords": ("keyword", "keywordId")}  # fmt: skip
"""What a report is of -> the record's level, and by what its rows can be ordered."""
CUTS = {"countryOrRegion": "country", "deviceClass": "device"}
"""Apple's word for a breakdown -> the record's."""


def nine_digits(kind: str, place: int) -> str:
    """A number as Apple's."""
    millions = {"account": 40, "campaign": 542, "ad_group": 543, "ad": 544, "keyword": 545}[kind]
    return str(millions * 10**6 + 669_820 + place)


@dataclass
class AppleSearchAds(Standin):
    """Tokens for who signs with the right key, offsets in the question, days inside of rows."""

    data_source: ClassVar[str] = "apple_search_ads"
    hosts: ClassVar[tuple[str, ...]] = (API, APPLE_ID)
    cannot: ClassVar[frozenset[str]] = frozenset({"cursor"})  # an offset never ends
    tells: ClassVar[tuple[str, ...]] = ("spend", "impressions", "clicks", "conversions")
    cuts: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "country": ("DE", "AT", "CH"),
        "device": ("IPHONE", "IPAD", "OTHER"),
    }
    secrets: ClassVar[Mapping[str, str]] = {
        "client_id": "SEARCHADS.27478e71-3bb0-4588-998c-182e2b405577",
        "team_id": "SEARCHADS.team",
        "key_id": "bacaebda-e219-41ee-a907-e2c25b24d1b2",
        "private_key": KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode().strip(),
    }

    @classmethod
    def known_truth(cls, *, seed: int = 1) -> Truth:
        """With Apple's numbers."""
        return Truth(seed=seed, id_of=nine_digits)

    def secret_texts(self) -> list[str]:
        """Each line of the key."""
        lines = self.secrets["private_key"].splitlines()[1:-1]
        return [text for text in super().secret_texts() if "\n" not in text] + lines

    def is_right(self, asked: Asked) -> bool:
        """Whether the app signed itself with its key, for Apple, and not for longer than 180 days."""
        form = asked.form()
        if (form.get("grant_type"), form.get("scope")) != ("client_credentials", "searchadsorg"):
            return False
        shown, audience = form["client_secret"], "https://appleid.apple.com"
        try:  # the times by this stand-in's clock, below
            said = jwt.decode(
                shown,
                KEY.public_key(),
                algorithms=["ES256"],
                audience=audience,
                options={"verify_exp": False, "verify_iat": False},
            )
        except jwt.PyJWTError:
            return False
        now = self.clock().timestamp()
        is_in_time = said["iat"] <= now + 60 and now < said["exp"] <= said["iat"] + 180 * 86_400
        whose = (said["sub"], said["iss"], jwt.get_unverified_header(shown).get("kid"))
        return is_in_time and whose == tuple(self.secrets[name] for name in ("client_id", "team_id", "key_id"))

    def limited(self) -> Reply:
        """Without a word about how long."""
        return failed(429, "TOO_MANY_REQUESTS", "Too many requests.")

    def refused_token(self) -> Reply:
        """A token that has ended."""
        return failed(401, "UNAUTHORIZED", "The access token is invalid or has expired.")

    def erred(self) -> Reply:
        """Trouble of its own."""
        return failed(500, "INTERNAL_SERVER_ERROR", "Internal error.")

    def is_page(self, asked: Asked) -> bool:
        """Pages are asked for by offset."""
        return asked.method == "POST" and asked.json()["selector"]["pagination"]["offset"] > 0

    def answer(self, asked: Asked) -> Reply:
        """Organizations, or a report."""
        if asked.path == "/api/v5/acls":
            described = {"currency": self.truth.currency, "timeZone": self.truth.zone, "roleNames": ["API Read Only"]}
            return good([{"orgId": int(one), "orgName": f"Shop {one}"} | described for one in self.truth.account_ids])
        account_id = asked.headers.get("x-ap-context", "").removeprefix("orgId=")
        if account_id not in self.truth.account_ids:
            return failed(403, "FORBIDDEN", "No access to this organization.")
        found = re.fullmatch(r"/api/v5/reports/campaigns(?:/(\d+)/(adgroups|keywords))?", asked.path)
        if not found or found[1] not in {None, *(one.id for one in self.truth.campaigns_of(account_id))}:
            return failed(404, "NOT_FOUND", "There is no such report or campaign.")
        return self.report(account_id, found[1], asked.json(), things=found[2] or "campaigns")

    def report(self, account_id: str, campaign_id: str | None, body: dict[str, Any], *, things: str) -> Reply:
        """Campaigns, or one campaign's ad groups or keywords, with their days."""
        first, last = date.fromisoformat(body["startTime"]), date.fromisoformat(body["endTime"])
        level, order_by = LEVELS[things]
        if problem := self.problem(body, first, last, order_by=order_by):
            return failed(400, "INVALID_INPUT", problem)
        # Without `returnRecordsWithNoMetrics`, what delivered nothing is left out.
        found_by: dict[tuple[str, ...], dict[date, Day]] = {}
        for day in self.days(account_id, first, last, level, [CUTS[name] for name in body.get("groupBy", [])]):
            if campaign_id in {None, day.campaign.id}:
                found_by.setdefault((day.thing.id, *day.cut), {})[day.day] = day
        span = [first + timedelta(days=place) for place in range((last - first).days + 1)]
        found = [self.row(found_by[one], span, body.get("groupBy", [])) for one in sorted(found_by)]
        start = body["selector"]["pagination"]["offset"]
        shown, _ = paged(found, start=start, size=PAGE)
        info = {"totalResults": len(found), "startIndex": start, "itemsPerPage": len(shown)}
        return good({"reportingDataResponse": {"row": shown}}, info)

    def problem(self, body: dict[str, Any], first: date, last: date, *, order_by: str) -> str:
        """Why a question is refused; '' for a good one."""
        if [one["field"] for one in body["selector"].get("orderBy", [])] not in ([], [order_by]):
            return f"selector.orderBy: this stand-in knows {order_by} only."
        if not body["selector"].get("orderBy") or not 1 <= body["selector"]["pagination"]["limit"] <= 1000:
            return "selector.orderBy and pagination are required."
        if set(body.get("groupBy", [])) - CUTS.keys() or (body.get("groupBy") and order_by != "campaignId"):
            return "groupBy: this stand-in knows countries and devices of campaigns."
        if body["granularity"] == "DAILY" and body["returnRowTotals"]:
            return "returnRowTotals must be false when granularity is specified."
        if first < self.clock().date() - timedelta(days=KEPT) or not 0 <= (last - first).days <= KEPT:
            return "startTime must be within 90 days for DAILY."
        return "" if body["timeZone"] in {"ORTZ", "UTC"} else "Invalid timeZone."

    def metrics(self, day: Day) -> dict[str, Any]:
        """Money as an object, its amount as a text; the installs that count beside others."""
        return {
            "date": day.day.isoformat(),
            "impressions": day.impressions,
            "taps": day.clicks,
            "ttr": round(day.clicks / day.impressions, 4),
            "localSpend": {"amount": f"{day.spend:f}", "currency": self.truth.currency},
            "avgCPT": {"amount": "0.19", "currency": self.truth.currency},
            "tapInstalls": day.conversions,
            "viewInstalls": day.conversions // 2,
            "totalInstalls": day.conversions + day.conversions // 2,
        }

    def row(self, days: Mapping[date, Day], span: list[date], by: list[str]) -> dict[str, Any]:
        """One thing with all days of the span, those without delivery as a date alone."""
        granularity = [self.metrics(days[day]) if day in days else {"date": day.isoformat()} for day in span]
        some = next(iter(days.values()))
        metadata = self.about_campaign(some.campaign) | dict(zip(by, some.cut, strict=True))
        if isinstance(some.thing, Keyword):
            metadata = self.about_keyword(some, some.thing)
        elif some.below:
            metadata = self.about_group(some)
        return {"other": False, "granularity": granularity, "metadata": metadata}

    def about_keyword(self, day: Day, keyword: Keyword) -> dict[str, Any]:
        """A keyword, and its ad group; what campaign that is in, it does not say."""
        return {
            "keywordId": int(keyword.id),
            "keyword": keyword.name,
            "matchType": keyword.match,
            "keywordStatus": "ACTIVE",
            "keywordDisplayStatus": "RUNNING",
            "bidAmount": {"amount": "1.5", "currency": "USD"},
            "deleted": False,
            "adGroupId": int(day.below[0].id),
            "adGroupName": day.below[0].name,
            "adGroupDeleted": False,
        }

    def about_campaign(self, campaign: Campaign) -> dict[str, Any]:
        """A campaign; its budget may be in another currency than its spend."""
        return {
            "campaignId": int(campaign.id),
            "campaignName": campaign.name,
            "orgId": int(campaign.account_id),
            "deleted": False,
            "campaignStatus": "ENABLED",
            "adChannelType": "SEARCH",
            "billingEvent": "TAPS",
            "dailyBudget": {"amount": "500", "currency": "USD"},
            "app": {"appName": "Shop", "adamId": 427_916_203},
            "countriesOrRegions": ["DE"],
        }

    def about_group(self, day: Day) -> dict[str, Any]:
        """An ad group; what its campaign is called, it does not say."""
        return {
            "adGroupId": int(day.thing.id),
            "adGroupName": day.thing.name,
            "campaignId": int(day.campaign.id),
            "orgId": int(day.campaign.account_id),
            "deleted": False,
            "adGroupStatus": "ENABLED",
            "adGroupServingStatus": "RUNNING",
            "pricingModel": "CPC",
            "defaultCpcBid": {"amount": "1.5", "currency": "USD"},
        }


def good(data: Any, pagination: dict[str, int] | None = None) -> Reply:
    """A good answer."""
    return Reply.json({"data": data, "pagination": pagination, "error": None})


def failed(status: int, code: str, message: str) -> Reply:
    """An error."""
    errors = {"errors": [{"messageCode": code, "message": message, "field": ""}]}
    return Reply.json({"data": None, "pagination": None, "error": errors}, status)
