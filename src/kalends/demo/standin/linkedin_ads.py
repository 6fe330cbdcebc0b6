"""LinkedIn's Marketing API, as far as a connector asks it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from kalends.demo.standin.consenting import Consenting
from kalends.demo.standin.knowing import key
from kalends.demo.standin.speaking import Asked, Reply, Standin, paged
from kalends.demo.standin.truth import Campaign, Day, Thing, Truth

API = "/rest"
MOST_FIELDS, MOST_ROWS, MOST_CREATIVES = 20, 15_000, 100
PAGE = 5
"""Creatives on a page; smaller than any that is asked for, so that an account has several."""
SPAN = re.compile(r"\(start:\(year:(\d+),month:(\d+),day:(\d+)\),end:\(year:(\d+),month:(\d+),day:(\d+)\)\)")
PIVOTS = {
    "CAMPAIGN": ("campaign", "sponsoredCampaign"),
    "CAMPAIGN_GROUP": ("campaign_group", "sponsoredCampaignGroup"),
    "CREATIVE": ("ad", "sponsoredCreative"),
    "ACCOUNT": ("account", "sponsoredAccount"),
    "IMPRESSION_DEVICE_TYPE": ("account", ""),
    "MEMBER_COUNTRY_V2": ("account", "geo"),
}
CUTS = {"IMPRESSION_DEVICE_TYPE": "device", "MEMBER_COUNTRY_V2": "country"}
PLACES = {"101282230": "Germany", "103883259": "Austria", "106693272": "Switzerland"}
"""Pivot -> the record's level, and what its URNs are of."""
FIELDS = {
    "dateRange", "pivotValues", "costInLocalCurrency", "costInUsd", "impressions", "clicks",
    "externalWebsiteConversions", "externalWebsitePostClickConversions", "externalWebsitePostViewConversions",
    "oneClickLeads", "oneClickLeadFormOpens", "conversionValueInLocalCurrency", "approximateMemberReach", "videoViews",
    "videoStarts", "videoCompletions", "landingPageClicks", "totalEngagements", "likes", "comments", "shares",
    "follows", "reactions", "companyPageClicks", "otherEngagements", "sends", "opens",
}  # fmt: skip
NOTHING = "-2E-18"
"""How LinkedIn may write that nothing was spent."""


def short_id(kind: str, place: int) -> str:
    """LinkedIn's ids have nine digits."""
    millions = {"account": 500, "campaign": 250, "campaign_group": 610, "ad_group": 900, "ad": 170}[kind]
    return str(millions * 10**6 + 7919 * place)


@dataclass
class LinkedinAds(Standin):
    """No pages, 20 fields at once, rows in no order, URNs for ids, days as objects, money as texts."""

    data_source: ClassVar[str] = "linkedin_ads"
    hosts: ClassVar[tuple[str, ...]] = ("api.linkedin.com", "www.linkedin.com")
    cannot: ClassVar[frozenset[str]] = frozenset({"cursor", "duplicate"})  # adAnalytics has no pages
    token_seconds: ClassVar[int] = 60 * 86_400
    has_parents: ClassVar[bool] = False
    cuts: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "device": ("MOBILE_APP", "DESKTOP_WEB", "MOBILE_WEB"),
        "country": tuple(PLACES),
    }
    secrets: ClassVar[Mapping[str, str]] = {
        "client_id": "linkedin-app",
        "client_secret": "linkedin-secret",
        "refresh_token": "linkedin-key-1",
    }
    consenting: ClassVar[Consenting] = Consenting(
        page="www.linkedin.com/oauth/v2/authorization",
        exchange="www.linkedin.com/oauth/v2/accessToken",
        scopes=frozenset({"r_ads", "r_ads_reporting"}),
    )

    @classmethod
    def known_truth(cls, *, seed: int = 1) -> Truth:
        """Its days are those of UTC."""
        return Truth(seed=seed, id_of=short_id, zone="UTC")

    def key_of(self, day: Day, cuts: Sequence[str]) -> tuple[Any, ...]:
        """A group of campaigns is a breakdown in the record, which has no id for it."""
        if "campaign_group_id" not in cuts:
            return super().key_of(day, cuts)
        return key(day.campaign.account_id, day=day.day, cuts={"campaign_group_id": day.campaign.id})

    def is_token_call(self, asked: Asked) -> bool:
        """At its own address."""
        return asked.path == "/oauth/v2/accessToken"

    def limited(self) -> Reply:
        """HTTP 429, without a word about how long."""
        message = "Resource level throttle MEMBER limit for calls to this resource is reached."
        return failed(429, "TOO_MANY_REQUESTS", message, 101)

    def refused_token(self) -> Reply:
        """A token that has ended."""
        return failed(401, "EXPIRED_ACCESS_TOKEN", "The token used in the request has expired", 65602)

    def erred(self) -> Reply:
        """An error of its own."""
        return failed(500, "INTERNAL_SERVER_ERROR", "Internal Server Error")

    def answer(self, asked: Asked) -> Reply:
        """Accounts, names, or a report; nothing without the headers that each call needs."""
        if asked.headers.get("x-restli-protocol-version") != "2.0.0":
            return failed(400, "ILLEGAL_ARGUMENT", "Rest.li 2.0.0 is needed for structures.")
        if not re.fullmatch(r"20\d{4}", asked.headers.get("linkedin-version", "")):
            return failed(426, "NONEXISTENT_VERSION", "Requested version is not active")
        if asked.path == f"{API}/adAccounts" and asked.one("q") == "search":
            return Reply.json({"elements": [self.account(one) for one in self.truth.account_ids], "metadata": {}})
        if found := re.fullmatch(rf"{API}/adAccounts/(\d+)/(adCampaigns|adCampaignGroups|creatives)", asked.path):
            return self.listed(found[1], found[2], asked)
        finders = {("adAnalytics", "analytics"): self.report, ("adTargetingEntities", "urns"): self.places}
        if finder := finders.get((asked.path.removeprefix(f"{API}/"), asked.one("q"))):
            return finder(asked)
        return failed(404, "RESOURCE_NOT_FOUND", f"No virtual resource found {asked.path}")

    def account(self, account_id: str) -> dict[str, Any]:
        """An ad account; its id is a number here."""
        told = {"id": int(account_id), "name": f"Shop {account_id}", "status": "ACTIVE", "type": "BUSINESS"}
        return told | {"currency": self.truth.currency, "test": False}

    def listed(self, account_id: str, what: str, asked: Asked) -> Reply:
        """What an account has: campaigns, groups of them, or creatives, which come by the page."""
        if what == "creatives":
            return self.creatives(account_id, asked)
        found = self.campaigns(account_id) if what == "adCampaigns" else self.groups(account_id)
        return Reply.json({"elements": found, "metadata": {}})

    def campaigns(self, account_id: str) -> list[dict[str, Any]]:
        """An account's campaigns; their ids are numbers here."""
        of = {"account": f"urn:li:sponsoredAccount:{account_id}", "status": "ACTIVE", "type": "SPONSORED_UPDATES"}
        return [
            {"id": int(one.id), "name": one.name, "campaignGroup": urn("CAMPAIGN_GROUP", group), **of}
            for one in self.truth.campaigns_of(account_id)
            for group in [self.truth.group_of(one)]
        ]

    def groups(self, account_id: str) -> list[dict[str, Any]]:
        """An account's groups of campaigns."""
        of = {"account": f"urn:li:sponsoredAccount:{account_id}", "runSchedule": {"start": 1_735_689_600_000}}
        found = dict.fromkeys(self.truth.group_of(one) for one in self.truth.campaigns_of(account_id))
        return [{"id": int(one.id), "name": one.name, "status": "ACTIVE", **of} for one in found]

    def places(self, asked: Asked) -> Reply:
        """What places are called; of what is none, nothing."""
        urns = re.findall(r"urn:li:geo:(\d+)", asked.one("urns"))
        facet = "urn:li:adTargetingFacet:locations"
        told = [{"urn": f"urn:li:geo:{one}", "facetUrn": facet, "name": PLACES[one]} for one in urns if one in PLACES]
        return Reply.json({"elements": told, "paging": {"start": 0, "count": 10, "links": []}})

    def creatives(self, account_id: str, asked: Asked) -> Reply:
        """A page of an account's creatives, each with its campaign; their ids are URNs here."""
        if asked.one("q") != "criteria" or asked.headers.get("x-restli-method") != "FINDER":
            return failed(400, "ILLEGAL_ARGUMENT", "Creatives are found by criteria.")
        size = int(asked.one("pageSize", "100"))
        if size > MOST_CREATIVES:
            return failed(400, "ILLEGAL_ARGUMENT", f"pageSize exceeds the maximum of {MOST_CREATIVES}.")
        of, below = {"account": f"urn:li:sponsoredAccount:{account_id}", "isServing": True}, self.truth.below
        told = [
            {"id": urn("CREATIVE", ad), "name": ad.name, "campaign": urn("CAMPAIGN", one), **of}
            for one in self.truth.campaigns_of(account_id)
            for group in below[one.id]
            for ad in below[group.id]
        ]
        shown, following = paged(told, start=int(asked.one("pageToken", "0")), size=min(size, PAGE))
        return Reply.json({"elements": shown, "metadata": {"nextPageToken": str(following)} if following else {}})

    def report(self, asked: Asked) -> Reply:
        """Campaigns, groups of them, ads, accounts or their devices by day."""
        fields, pivot = asked.one("fields").split(","), asked.one("pivot")
        span = SPAN.fullmatch(asked.one("dateRange"))
        account = re.fullmatch(r"List\(urn:li:sponsoredAccount:(\d+)\)", asked.one("accounts"))
        if len(fields) > MOST_FIELDS:
            return failed(400, "ILLEGAL_ARGUMENT", f"Projection of {len(fields)} fields exceeds the maximum of 20.")
        if unknown := sorted(set(fields) - FIELDS):
            return failed(400, "ILLEGAL_ARGUMENT", f"Unknown fields: {unknown}")
        if not span or not account or pivot not in PIVOTS or asked.one("timeGranularity") != "DAILY":
            return failed(400, "ILLEGAL_ARGUMENT", "This stand-in knows one account by day.")
        numbers = [int(part) for part in span.groups()]
        cuts = [CUTS[pivot]] if pivot in CUTS else []
        days = list(self.days(account[1], date(*numbers[:3]), date(*numbers[3:]), PIVOTS[pivot][0], cuts))
        days.sort(key=lambda day: (self.calls * day.impressions) % 101)  # another order each time
        rows = [{name: value for name, value in row(day, pivot).items() if name in fields} for day in days[:MOST_ROWS]]
        return Reply.json({"paging": {"start": 0, "count": 10, "links": []}, "elements": rows})


def urn(pivot: str, thing: Campaign | Thing) -> str:
    """An id as LinkedIn writes it."""
    account = thing.account_id if isinstance(thing, Campaign) else ""
    return f"urn:li:{PIVOTS[pivot][1]}:{thing.id or account}"


def told_of(day: Day, pivot: str) -> str:
    """What a row is of: an id as LinkedIn writes it, or a bare word."""
    kind = PIVOTS[pivot][1]
    if not day.cut:
        return urn(pivot, day.thing)
    return f"urn:li:{kind}:{day.cut[0]}" if kind else day.cut[0]


def row(day: Day, pivot: str) -> dict[str, Any]:
    """Days as objects, money as texts, ids as URNs."""
    written = {"year": day.day.year, "month": day.day.month, "day": day.day.day}
    leads = day.conversions // 3
    return {
        "pivotValues": [told_of(day, pivot)],
        "dateRange": {"start": written, "end": written},
        "costInLocalCurrency": money(day.spend),
        "costInUsd": money(day.spend * Decimal("1.08")),
        "impressions": day.impressions,
        "clicks": day.clicks,
        "externalWebsiteConversions": day.conversions - leads,
        "oneClickLeads": leads,
        "conversionValueInLocalCurrency": money(day.revenue),
        "likes": day.clicks // 10,
        "videoViews": 0,
    }


def money(amount: Decimal) -> str:
    """In currency units; nothing at all as LinkedIn writes it now and then."""
    return f"{amount:f}" if amount else NOTHING


def failed(status: int, code: str, message: str, number: int | None = None) -> Reply:
    """An error of LinkedIn's."""
    told = {"status": status, "code": code, "message": message}
    return Reply.json(told | ({"serviceErrorCode": number} if number else {}), status)
