"""Meta's Graph API, as far as a connector asks it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

import orjson

from kalends.demo.standin.consenting import Consenting
from kalends.demo.standin.speaking import Asked, Reply, Standin, paged
from kalends.demo.standin.truth import Day

PAGE = 40
"""Smaller than any that is asked for, so that a month has several."""
LOOKS = 2
"""How often a job is looked at before it is done."""
API = "/v25.0"
CENT = Decimal("0.01")
SAME_EVENT = ("purchase", "omni_purchase", "offsite_conversion.fb_pixel_purchase")
KNOWN = {
    "account_id", "account_name", "account_currency", "campaign_id", "campaign_name", "objective", "spend",
    "impressions", "clicks", "reach", "frequency", "actions", "action_values", "adset_id", "adset_name", "ad_id",
    "ad_name", "attribution_setting",
}  # fmt: skip
WINDOWS = {"1d_click": 50, "7d_click": 75, "28d_click": 80, "1d_view": 25}
"""Attribution window -> how many of a hundred conversions come within it."""
OF_CAMPAIGN = {"campaign_id", "campaign_name", "objective"}
LEVELS = {"account": "account", "campaign": "campaign", "adset": "ad_group", "ad": "ad"}
"""Meta's word for a level -> the record's."""
BREAKDOWNS = ((), ("country",), ("age",), ("gender",), ("age", "gender"), ("publisher_platform",))
"""Which go together."""

SHORT = "meta-token-of-an-hour"


@dataclass
class Job:
    """A report that was ordered."""

    account_id: str
    first: date
    last: date
    fields: set[str]
    level: str
    breakdowns: tuple[str, ...]
    windows: tuple[str, ...] = ()
    looks: int = 0


@dataclass
class FacebookAds(Standin):
    """Jobs, cursors, errors with codes, numbers as texts, and nothing at all where there is no data."""

    jobs: dict[str, Job] = field(default_factory=dict)
    outcomes: list[str] = field(default_factory=list)
    """How the next jobs end; well, where there is nothing here."""

    data_source: ClassVar[str] = "facebook_ads"
    hosts: ClassVar[tuple[str, ...]] = ("graph.facebook.com", "www.facebook.com")
    cannot: ClassVar[frozenset[str]] = frozenset({"token"})  # a system user's token lasts
    secrets: ClassVar[Mapping[str, str]] = {"access_token": "meta-key-1"}
    apart: ClassVar[Mapping[str, str]] = {"client_id": "1357", "client_secret": "meta-secret"}
    consenting: ClassVar[Consenting] = Consenting(
        page="www.facebook.com/v25.0/dialog/oauth",
        exchange="graph.facebook.com/v25.0/oauth/access_token",
        scopes=frozenset({"ads_read"}),
        keeps="access_token",
    )
    on_one_page: ClassVar[frozenset[str]] = frozenset({"account"})
    cuts: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "country": ("DE", "AT", "unknown"),
        "age": ("25-34", "18-24", "65+"),
        "gender": ("female", "male", "unknown"),
        "publisher_platform": ("instagram", "facebook", "audience_network"),
    }

    def is_token_call(self, asked: Asked) -> bool:  # noqa: ARG002 (whatever is asked)
        """Its tokens last."""
        return False

    def change_code(self, way: Consenting, asked: Asked) -> Reply:
        """First a token for an hour, and for that one, the one that lasts."""
        form = asked.form()
        if form["grant_type"] == "authorization_code":
            is_good = way.change(self.desk, known=self.known, headers=asked.headers, body=asked.body, now=self.clock())
            return Reply.json({"access_token": SHORT, "expires_in": 3600}) if is_good else self.refused_code()
        if form.get("fb_exchange_token") != SHORT or form.get("client_secret") != self.known["client_secret"]:
            return self.refused_code()
        lasting = {} if self.desk.withholds else {"access_token": self.secrets["access_token"]}
        return Reply.json({"token_type": "bearer", "expires_in": 5_184_000} | lasting)

    def refused_code(self) -> Reply:
        """A code that is not good."""
        return failed(100, "This authorization code has been used.", 36009)

    def is_signed(self, asked: Asked) -> bool:
        """In a header; never in the address, which others may read."""
        return asked.headers.get("authorization") == f"Bearer {self.secrets['access_token']}" and (
            "access_token" not in asked.query
        )

    def limited(self) -> Reply:
        """HTTP 400, and the minutes to wait in a header."""
        usage = {"type": "ads_insights", "call_count": 100, "total_cputime": 25, "total_time": 25,
                 "estimated_time_to_regain_access": 1}  # fmt: skip
        message = "There have been too many calls from this ad-account. Wait a bit and try again."
        told = orjson.dumps({self.truth.account_ids[0]: [usage]}).decode()
        return failed(80000, message, 2446079, headers={"x-business-use-case-usage": told})

    def refused_token(self) -> Reply:
        """No good token."""
        return failed(190, "Error validating access token: Session has expired.", 463)

    def refused_cursor(self) -> Reply:
        """The report is gone, and its pages with it."""
        self.jobs.clear()
        return gone()

    def erred(self) -> Reply:
        """An error of its own."""
        return failed(2, "Service temporarily unavailable", status=500)

    def is_page(self, asked: Asked) -> bool:
        """Pages are asked for by cursor."""
        return "after" in asked.query

    def figures(self, day: Day) -> dict[str, Any]:
        """Money in cents; no event, no list."""
        told = super().figures(day) | {"spend": day.spend.quantize(CENT)}
        return told | ({} if day.conversions else {"conversions": None, "revenue": None})

    def answer(self, asked: Asked) -> Reply:
        """Accounts, a job, how far it is, or its rows."""
        if asked.path == f"{API}/me/adaccounts":
            return Reply.json({"data": [self.account(one) for one in self.truth.account_ids], "paging": {}})
        if ordered := re.fullmatch(rf"{API}/act_(\d+)/insights", asked.path):
            return self.order(ordered[1], asked)
        found = re.fullmatch(rf"{API}/(\d+)(/insights)?", asked.path)
        job = self.jobs.get(found[1]) if found else None
        if not found or not job:
            return gone()
        return self.rows(found[1], job, asked) if found[2] else self.progress(found[1], job)

    def account(self, account_id: str) -> dict[str, Any]:
        """An ad account."""
        told = {"id": f"act_{account_id}", "account_id": account_id, "name": f"Shop {account_id}"}
        return told | {"currency": self.truth.currency, "timezone_name": self.truth.zone}

    def order(self, account_id: str, asked: Asked) -> Reply:
        """A job for a report."""
        form = asked.form()
        fields, level = set(form.get("fields", "").split(",")), form.get("level", "")
        breakdowns = tuple(sorted(filter(None, form.get("breakdowns", "").split(","))))
        if asked.method != "POST" or level not in LEVELS or form.get("time_increment") != "1":
            return failed(100, "This stand-in makes reports of accounts, campaigns, ad sets and ads by day.")
        if unknown := sorted(set(breakdowns) - self.cuts.keys()):
            return failed(100, f"(#100) breakdowns[0] must be one of the known values, not {unknown[0]}.")
        if breakdowns not in BREAKDOWNS:
            return failed(100, f"(#100) Current combination of data breakdown columns {breakdowns} is invalid")
        windows = tuple(orjson.loads(form.get("action_attribution_windows", "[]")))
        known = KNOWN - OF_CAMPAIGN if level == "account" else KNOWN
        if unknown := sorted((fields - known) | (set(windows) - WINDOWS.keys())):
            return failed(100, f"(#100) {unknown[0]} is not valid for fields param.")
        if account_id not in self.truth.account_ids:
            return gone()
        span = orjson.loads(form["time_range"])
        first, last = date.fromisoformat(span["since"]), date.fromisoformat(span["until"])
        number = str(6_000_000_000_000 + self.calls)
        self.jobs[number] = Job(account_id, first, last, fields, LEVELS[level], breakdowns, windows)
        return Reply.json({"report_run_id": number})

    def progress(self, number: str, job: Job) -> Reply:
        """How far a job is."""
        job.looks += 1
        is_done = job.looks > LOOKS
        if is_done and self.outcomes:
            return Reply.json({"id": number, "async_status": self.outcomes.pop(0), "async_percent_completion": 0})
        told = {"async_status": "Job Completed" if is_done else "Job Running"}
        return Reply.json({"id": number, **told, "async_percent_completion": 100 if is_done else 30 * job.looks})

    def rows(self, number: str, job: Job, asked: Asked) -> Reply:
        """A page of a job's rows."""
        if job.looks <= LOOKS:
            return failed(100, "The report is not ready.")
        start = int(asked.one("after", "p0")[1:])
        days = self.days(job.account_id, job.first, job.last, job.level, job.breakdowns)
        shown, following = paged(days, start=start, size=min(PAGE, int(asked.one("limit", "25"))))
        paging: dict[str, Any] = {"cursors": {"before": f"p{start}", "after": f"p{start + len(shown)}"}}
        if following:
            paging["next"] = f"https://graph.facebook.com{API}/{number}/insights?after=p{following}"
        rows = [self.row(day, job) for day in shown]
        return Reply.json({"data": rows, "paging": paging} if rows else {"data": []})

    def row(self, day: Day, job: Job) -> dict[str, Any]:
        """Numbers as texts; the same event under several names; what there is none of is absent."""
        told: dict[str, Any] = {
            "account_id": job.account_id,
            "account_name": f"Shop {job.account_id}",
            "account_currency": self.truth.currency,
            "campaign_id": day.campaign.id,
            "campaign_name": day.campaign.name,
            "objective": "OUTCOME_SALES",
            "spend": f"{day.spend.quantize(CENT):f}",
            "impressions": str(day.impressions),
            "clicks": str(day.clicks),
        }
        if day.conversions:
            within = {window: day.within(WINDOWS[window]) for window in job.windows}
            some = {window: each for window, each in within.items() if each.conversions}
            counts = {"value": str(day.conversions)} | {window: str(each.conversions) for window, each in some.items()}
            worths = {"value": f"{day.revenue:f}"} | {window: f"{each.revenue:f}" for window, each in some.items()}
            told["actions"] = [{"action_type": "link_click", "value": str(day.clicks)}]
            told["actions"] += [{"action_type": kind, **counts} for kind in SAME_EVENT]
            told["action_values"] = [{"action_type": kind, **worths} for kind in SAME_EVENT]
        for name, thing in zip(("adset", "ad"), day.below, strict=False):
            told |= {f"{name}_id": thing.id, f"{name}_name": thing.name, "attribution_setting": "7d_click_1d_view"}
        asked_for = {name: value for name, value in told.items() if name in job.fields}
        asked_for |= self.cuts_of(day, job.breakdowns)
        return asked_for | {"date_start": str(day.day), "date_stop": str(day.day)}


def failed(
    code: int, message: str, subcode: int | None = None, *, status: int = 400, headers: Mapping[str, str] | None = None
) -> Reply:
    """An error of the Graph API."""
    error = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "EJplcsCHuLu"}
    reply = Reply.json({"error": error | ({"error_subcode": subcode} if subcode else {})}, status)
    return Reply(reply.content, reply.status, {**reply.headers, **(headers or {})})


def gone() -> Reply:
    """What is asked for is not there, or not for this token."""
    message = "Unsupported get request. Object with this ID does not exist or cannot be loaded."
    return failed(100, message, 33)
