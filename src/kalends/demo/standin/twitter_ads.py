"""X's Ads API, as far as a connector asks it."""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import json
import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, ClassVar
from urllib.parse import quote, unquote
from zoneinfo import ZoneInfo

from kalends.demo.standin.knowing import Rows
from kalends.demo.standin.speaking import Asked, Reply, Standin, paged
from kalends.demo.standin.truth import MICRO, Day, Truth, numeric_id

PAGE = 2
"""Smaller than any that is asked for, so that a few campaigns have several."""
LOOKS = 2
"""How often a job is looked at before it is done."""
API = "/12"
FILES = "ton.twimg.com"
PLACEMENTS = {"ALL_ON_TWITTER", "SPOTLIGHT", "TREND"}
ENTITIES = {"CAMPAIGN": "campaign", "LINE_ITEM": "ad_group", "PROMOTED_TWEET": "ad"}
"""What stats are about -> the level of the record."""
LISTS = {"campaigns": "CAMPAIGN", "line_items": "LINE_ITEM", "promoted_tweets": "PROMOTED_TWEET"}
GROUPS, CONVERSIONS = {"ENGAGEMENT", "BILLING", "VIDEO"}, {"WEB_CONVERSION", "MOBILE_CONVERSION"}
"""Groups of metrics; those of conversions are asked for apart from the others."""
MOST_IDS, LONGEST = 20, timedelta(days=90)
DAY = timedelta(days=1)
escaped = partial(quote, safe="~")
"""RFC 5849, 3.6."""


def base36(kind: str, place: int) -> str:
    """X's ids are numbers in base 36."""
    number, written = int(numeric_id(kind, place)), ""
    while number:
        number, digit = divmod(number, 36)
        written = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + written
    return written


@dataclass
class Job:
    """A report that was ordered."""

    account_id: str
    ids: list[str]
    first: date
    last: date
    placement: str
    params: dict[str, Any]
    looks: int = 0

    @property
    def days(self) -> list[date]:
        """Its days in order."""
        return [self.first + DAY * place for place in range((self.last - self.first).days + 1)]


@dataclass
class TwitterAds(Standin):
    """Signed calls, jobs whose files lie elsewhere, arrays by day, null where nothing was seen."""

    jobs: dict[str, Job] = field(default_factory=dict)
    outcomes: list[str] = field(default_factory=list)
    """How the next jobs end; well, where there is nothing here. 'GONE': nobody knows them any more."""
    _nonces: set[str] = field(default_factory=set)
    _kinds: dict[str, deque[float]] = field(default_factory=dict)

    data_source: ClassVar[str] = "twitter_ads"
    hosts: ClassVar[tuple[str, ...]] = ("ads-api.x.com", FILES)
    cannot: ClassVar[frozenset[str]] = frozenset({"token"})  # its keys last
    cuts: ClassVar[Mapping[str, tuple[str, ...]]] = {"placement": tuple(sorted(PLACEMENTS))}
    has_parents: ClassVar[bool] = False
    secrets: ClassVar[Mapping[str, str]] = {
        "consumer_key": "x-consumer-1",
        "consumer_secret": "x-consumer-secret-1",
        "access_token": "x-access-1",
        "access_token_secret": "x-access-secret-1",
    }

    @classmethod
    def known_truth(cls, *, seed: int = 1) -> Truth:
        """Ids in base 36, days of a zone that changes its clocks."""
        return Truth(seed=seed, id_of=base36, zone="America/Los_Angeles")

    # Signatures and limits.

    def is_token_call(self, asked: Asked) -> bool:  # noqa: ARG002 (whatever is asked)
        """Its keys last."""
        return False

    def is_signed(self, asked: Asked) -> bool:
        """By RFC 5849, 3.4, over the method, the address and its parameters; no signature counts twice."""
        header = asked.headers.get("authorization", "")
        told = {name: unquote(value) for name, value in re.findall(r'(\w+)="([^"]*)"', header)}
        signature, nonce = told.pop("oauth_signature", ""), told.get("oauth_nonce", "")
        keys = (told.get("oauth_consumer_key"), told.get("oauth_token"), told.get("oauth_signature_method"))
        known = (self.secrets["consumer_key"], self.secrets["access_token"], "HMAC-SHA1")
        if not header.startswith("OAuth ") or keys != known or nonce in self._nonces:
            return False
        self._nonces.add(nonce)
        pairs = [*told.items(), *((name, value) for name, values in asked.query.items() for value in values)]
        normal = "&".join(f"{name}={value}" for name, value in sorted((escaped(a), escaped(b)) for a, b in pairs))
        base = "&".join(map(escaped, (asked.method, f"https://{asked.host}{asked.path}", normal)))
        key = f"{escaped(self.secrets['consumer_secret'])}&{escaped(self.secrets['access_token_secret'])}"
        made = hmac.new(key.encode(), base.encode(), hashlib.sha1).digest()
        return hmac.compare_digest(base64.b64encode(made).decode(), signature)

    def limited(self) -> Reply:
        """HTTP 429, and when it ends; the account's own limit counts, and not the user's."""
        now = int(self.clock().timestamp())
        return failed(
            429, "TOO_MANY_REQUESTS", x_rate_limit_reset=str(now + 900), x_account_rate_limit_reset=str(now + 4)
        )

    def is_over(self, kind: str, calls: int, seconds: int) -> bool:
        """Whether a call of one kind is one too many."""
        now, times = self.clock().timestamp(), self._kinds.setdefault(kind, deque())
        times.append(now)
        while times[0] <= now - seconds:
            times.popleft()
        return len(times) > calls

    def refused_token(self) -> Reply:
        """No good signature."""
        return failed(401, "UNAUTHORIZED_ACCESS")

    def refused_cursor(self) -> Reply:
        """A page that is not known any more."""
        return failed(400, "INVALID_PARAMETER", parameter="cursor")

    def erred(self) -> Reply:
        """Trouble of its own, which may last a little."""
        return failed(503, "OVER_CAPACITY", retry_after="3")

    def is_page(self, asked: Asked) -> bool:
        """Pages are asked for by cursor."""
        return "cursor" in asked.query

    # What is known of the truth.

    def known_rows(self, first: date, last: date, report: str) -> Rows:
        """What was delivered, by placement, and zeros on the other days of a report in which anything was."""
        level = report.partition("/")[0]
        found = {
            self.placed(day, placement): figures
            for account_id in self.truth.account_ids
            for day in self.days(account_id, first, last, level)
            for placement in PLACEMENTS
            if (figures := share(day, placement)) is not None
        }
        zeros: dict[str, Any] = dict.fromkeys(self.tells, 0)
        for job in self.jobs.values():
            for days in self.delivered(job).values() if ENTITIES[job.params["entity"]] == level else ():
                seen = [day for day in days if day and share(day, job.placement)]
                blank = zeros if job.placement == "ALL_ON_TWITTER" else zeros | NO_CONVERSIONS
                for date_ in job.days if seen else ():
                    found.setdefault(self.placed(replace(seen[0], day=date_), job.placement), blank)
        return found

    def placed(self, day: Day, placement: str) -> tuple[Any, ...]:
        """What tells the row of a placement apart."""
        return self.key_of(replace(day, cut=(placement,)), ["placement"])

    def delivered(self, job: Job) -> dict[str, list[Day | None]]:
        """What each thing that a job is about delivered on its days; None on a day without."""
        found: dict[str, list[Day | None]] = {one: [None] * len(job.days) for one in job.ids}
        for day in self.days(job.account_id, job.first, job.last, ENTITIES[job.params["entity"]]):
            if day.thing.id in found:
                found[day.thing.id][(day.day - job.first).days] = day
        return found

    # Answers.

    def answer(self, asked: Asked) -> Reply:
        """Accounts, lists, jobs and files."""
        if asked.host == FILES:
            return self.file(asked)
        if asked.path == f"{API}/accounts":
            if self.is_over("global", 5, 900):
                self.over_limit += 1
                return self.limited()
            return self.listed(asked, [self.account(one) for one in self.truth.account_ids])
        found = re.fullmatch(rf"{API}/(stats/jobs/)?accounts/(\w+)(?:/(\w+))?", asked.path)
        if not found or found[2] not in self.truth.account_ids:
            return failed(404, "ROUTE_NOT_FOUND")
        if found[1]:
            return self.order(found[2], asked) if asked.method == "POST" else self.progress(asked)
        return self.below(found[2], found[3], asked)

    def below(self, account_id: str, name: str, asked: Asked) -> Reply:
        """A list of what an account has."""
        if name == "funding_instruments":
            return self.listed(asked, [{"id": "lygyi", "currency": self.truth.currency, "type": "CREDIT_CARD"}])
        if name in LISTS:
            return self.listed(asked, self.things(account_id, LISTS[name]))
        return failed(404, "ROUTE_NOT_FOUND")

    def things(self, account_id: str, entity: str) -> list[dict[str, Any]]:
        """What stats can be about, each with what it is in; a promoted post has no name."""
        campaigns, below = self.truth.campaigns_of(account_id), self.truth.below
        if entity == "CAMPAIGN":
            of = {"funding_instrument_id": "lygyi", "deleted": False}
            return [{"id": one.id, "name": one.name, **of} for one in campaigns]
        groups = [(one, campaign.id) for campaign in campaigns for one in below[campaign.id]]
        if entity == "LINE_ITEM":
            return [{"id": one.id, "name": one.name, "campaign_id": of, "deleted": False} for one, of in groups]
        ads = [(one, group.id) for group, _ in groups for one in below[group.id]]
        return [{"id": one.id, "tweet_id": f"18{of}", "line_item_id": of, "deleted": False} for one, of in ads]

    def account(self, account_id: str) -> dict[str, Any]:
        """An ad account."""
        told = {"id": account_id, "name": f"Shop {account_id}", "approval_status": "ACCEPTED", "deleted": False}
        return told | {"timezone": self.truth.zone, "timezone_switch_at": "2016-07-21T07:00:00Z"}

    def listed(self, asked: Asked, items: list[dict[str, Any]]) -> Reply:
        """A page of a list."""
        start = int(asked.one("cursor", "c-0")[2:])
        shown, following = paged(items, start=start, size=min(PAGE, int(asked.one("count", "200"))))
        cursor = f"c-{following}" if following else None
        return Reply.json({"data": shown, "next_cursor": cursor, "request": {"params": {}}})

    def order(self, account_id: str, asked: Asked) -> Reply:
        """A new job, if it is asked for as X wants it."""
        if self.is_over("write", 450, 60):
            self.over_limit += 1
            return self.limited()
        ids, groups = asked.one("entity_ids").split(","), asked.one("metric_groups").split(",")
        start, end = (datetime.fromisoformat(asked.one(name)) for name in ("start_time", "end_time"))
        offset = self.clock().astimezone(ZoneInfo(self.truth.zone)).utcoffset() or timedelta()
        begins = [(moment + offset).astimezone(UTC) for moment in (start, end)]
        entity = asked.one("entity")
        known = {one["id"] for one in self.things(account_id, entity)} if entity in ENTITIES else set()
        wrong = {
            "entity": entity not in ENTITIES,
            "entity_ids": not 1 <= len(ids) <= MOST_IDS or not known.issuperset(ids),
            "placement": asked.one("placement") not in PLACEMENTS,
            "metric_groups": not (set(groups) <= GROUPS or set(groups) <= CONVERSIONS),
            "granularity": asked.one("granularity") != "DAY",
            "start_time": any((moment.hour, moment.minute) != (0, 0) for moment in begins),
            "end_time": not start < end <= start + LONGEST or end > self.clock(),
        }
        if any(wrong.values()):
            return failed(400, "INVALID_PARAMETER", parameter=next(name for name, is_so in wrong.items() if is_so))
        params: dict[str, Any] = {
            name: asked.one(name) for name in ("start_time", "end_time", "placement", "granularity", "entity")
        }
        params |= {"entity_ids": ids, "metric_groups": groups, "segmentation_type": None, "country": None}
        number = str(1_120_829_647_711_653_888 + self.calls)
        first, last = begins[0].date(), begins[1].date() - DAY
        self.jobs[number] = Job(account_id, ids, first, last, asked.one("placement"), params)
        return Reply.json({"request": {"params": params}, "data": self.told(number, "PROCESSING")})

    def told(self, number: str, status: str) -> dict[str, Any]:
        """What X says of a job."""
        job = self.jobs[number]
        url = f"https://{FILES}/advertiser-api-async-analytics/stats_job_{number}.json.gz"
        return {"id_str": number, "id": int(number), "status": status, "account_id": job.account_id, **job.params,
                "url": url if status == "SUCCESS" else None}  # fmt: skip

    def progress(self, asked: Asked) -> Reply:
        """How far some jobs are."""
        told = []
        for number in asked.one("job_ids").split(","):
            if number in self.jobs:
                job = self.jobs[number]
                job.looks += 1
                done = self.outcomes.pop(0) if job.looks > LOOKS and self.outcomes else "SUCCESS"
                if done == "GONE":
                    del self.jobs[number]
                else:
                    told.append(self.told(number, done if job.looks > LOOKS else "PROCESSING"))
        return Reply.json({"request": {"params": {}}, "next_cursor": "112", "data": told})

    def file(self, asked: Asked) -> Reply:
        """A job's file: an address that whoever has it may read."""
        found = re.search(r"stats_job_(\d+)\.json\.gz$", asked.path)
        job = self.jobs.get(found[1]) if found else None
        if not job or "authorization" in asked.headers:
            return Reply(b"<html>Not Found</html>", 404, {"content-type": "text/html"})
        body = {
            "data_type": "stats",
            "time_series_length": len(job.days),
            "data": [row(one, days, job) for one, days in self.delivered(job).items()],
            "request": {"params": job.params},
        }
        return Reply(gzip.compress(json.dumps(body).encode()), 200, {"content-type": "application/gzip"})


NO_CONVERSIONS: dict[str, Any] = {"conversions": None, "revenue": None}


def share(day: Day, placement: str) -> dict[str, Any] | None:
    """A placement's part of a campaign's day: a tenth is in the spotlight on some days, without conversions."""
    tenth = {name: getattr(day, name) // 10 for name in ("impressions", "clicks", "spend_micros")}
    in_spotlight = day.day.day % 5 == 0 and tenth["impressions"] > 0
    if placement == "SPOTLIGHT":
        return figures(day, tenth) | NO_CONVERSIONS if in_spotlight else None
    if placement == "TREND":
        return None
    rest = {name: getattr(day, name) - (tenth[name] if in_spotlight else 0) for name in tenth}
    return figures(day, rest)


def figures(day: Day, part: Mapping[str, int]) -> dict[str, Any]:
    """What the record is to say of it."""
    return {"spend": part["spend_micros"] / MICRO, "impressions": part["impressions"], "clicks": part["clicks"],
            "conversions": day.conversions, "revenue": day.revenue}  # fmt: skip


def row(id_: str, days: list[Day | None], job: Job) -> dict[str, Any]:
    """A thing's metrics as arrays by day; null where there was nothing in all of them."""
    told = [share(day, job.placement) if day else None for day in days]
    return {"id": id_, "id_data": [{"segment": None, "metrics": metrics(told, job.params["metric_groups"])}]}


def metrics(days: list[dict[str, Any] | None], groups: list[str]) -> dict[str, Any]:
    """The metrics of some groups."""

    def series(name: str, times: int = 1) -> list[int] | None:
        values = [day[name] for day in days if day]
        if not values or all(value is None for value in values):
            return None
        return [int((day[name] or 0) * times) if day else 0 for day in days]

    found: dict[str, Any] = {}
    if "ENGAGEMENT" in groups:
        found |= {"impressions": series("impressions"), "clicks": series("clicks"), "app_clicks": None}
    if "BILLING" in groups:
        found |= {"billed_charge_local_micro": series("spend", 1_000_000), "billed_engagements": series("clicks")}
    if "WEB_CONVERSION" in groups:
        parts = {"metric": series("conversions"), "sale_amount": series("revenue", 1_000_000)}
        found |= {"conversion_purchases": parts if parts["metric"] else None, "conversion_sign_ups": None}
    return found


def failed(status: int, code: str, *, parameter: str = "", **headers: str) -> Reply:
    """An error of X's."""
    error = {"code": code, "message": code} | ({"parameter": parameter} if parameter else {})
    return Reply.json({"errors": [error], "request": {"params": {}}}, status, **headers)
