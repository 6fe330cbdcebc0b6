"""X: stats by asynchronous jobs, each of at most 20 things and one placement, fetched as gzipped files.

What there is to ask about comes from a list by cursor; a job is ordered for each 20 of it, for each placement, and
apart for conversions. The files of both kinds are put together, so that a row has its spend and what it led to. Days
are aligned to midnight in the account's zone, with the offset of today and not of the day that is meant. A file's
address ends after two days (docs.x.com/x-ads-api: analytics, fundamentals/timezones, fundamentals/rate-limiting).
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import orjson

from kalends.marketing.connectors.asking import Answer, Ask
from kalends.marketing.connectors.auth import OAuth1
from kalends.marketing.connectors.declared import Account, Connector, Entry, Page, Quota, Report, Slice
from kalends.marketing.connectors.signals import CursorExpired, Limited, Malformed, Passing, Signal, TooMuch

HOST = "https://ads-api.x.com"
API = f"{HOST}/12"
PLACEMENTS = ("ALL_ON_TWITTER", "SPOTLIGHT", "TREND")
"""Spend is whole only over all of them."""
GROUPS = ("ENGAGEMENT,BILLING,VIDEO", "WEB_CONVERSION")
LISTS = {"CAMPAIGN": "campaigns", "LINE_ITEM": "line_items", "PROMOTED_TWEET": "promoted_tweets"}
ABOVE = {"CAMPAIGN": (), "LINE_ITEM": (), "PROMOTED_TWEET": ("LINE_ITEM",)}
"""A promoted post says its line item alone, so that its campaign is known by the line items."""
MOST_IDS = 20
AT_ONCE = 48 * len(GROUPS)
"""Jobs under way; X makes 100 of an account at once."""
COUNT = 1000
ENDED = {"FAILED", "CANCELLED"}
Item = TypeVar("Item")
Stats = dict[str, Any]


def judge(answer: Answer) -> Signal | None:
    """What an answer says beyond its status. Raises Malformed where a good one has no JSON."""
    if not answer.question.url.startswith(HOST):
        is_gone = answer.status in {403, 404, 410}
        return CursorExpired("X has thrown the report's file away.") if is_gone else None
    if answer.status == 429:
        return Limited("X asks for a pause.", seconds=until_reset(answer))
    body = answer.json() if answer.status in {200, 400} else {}
    if not isinstance(body, dict):
        raise Malformed("X answered with something that is no object.")
    errors = [error for error in body.get("errors", []) if isinstance(error, dict)]
    if any(error.get("code") == "REQUEST_TOO_COMPLEX" for error in errors):
        return TooMuch("X cannot give so much at once.")
    if any(error.get("parameter") == "cursor" for error in errors):
        return CursorExpired("X does not know the page any more.")
    return None


def until_reset(answer: Answer) -> float | None:
    """Seconds until calls are let in again: the account's header counts before the user's."""
    for header in ("x-account-rate-limit-reset", "x-rate-limit-reset"):
        if (told := answer.headers.get(header, "")).isdigit():
            return max(0.0, float(told) - answer.at.timestamp())
    return answer.pause


def pull(ask: Ask, wanted: Slice, *, entity: str) -> Iterator[Page]:
    """One report; begun anew where a list or a file is gone."""
    account = wanted.account.id
    try:
        things = ask.once("things", lambda: [known(one) for one in listed(ask, f"accounts/{account}/{LISTS[entity]}")])
        ids = [one["id"] for one in things]
        questions = list(enumerate(questions_of(ask, wanted, entity, ids)))
        for some in chunks(questions, AT_ONCE):
            jobs = {number: ask.once(f"job {number}", partial(order, ask, account, asked)) for number, asked in some}
            files = ask.until(partial(ready, ask, account, jobs))
            for parts in chunks([fetched(ask, files[number]) for number, _ in some], len(GROUPS)):
                yield Page(orjson.dumps({"request": {"account_id": account}, "response": together(parts)}))
        if wanted.is_newest(ask.clock().date()):
            above = {of: list(map(known, listed(ask, f"accounts/{account}/{LISTS[of]}"))) for of in ABOVE[entity]}
            for of, some in ({entity: things} | above).items():
                if not some:
                    continue
                told = {"data_type": "names", "entity": of, "data": [{**one, "account_id": account} for one in some]}
                yield Page(orjson.dumps({"request": {"names": of}, "response": told}))
    except CursorExpired:
        for name in list(ask.memo):
            ask.forget(name)
        raise


def known(one: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of a thing: its name, what it is in, and by what it is known to be such a thing."""
    kept = ("id", "name", "funding_instrument_id", "campaign_id", "line_item_id", "tweet_id")
    return {name: one[name] for name in kept if name in one}


def questions_of(ask: Ask, wanted: Slice, entity: str, ids: Sequence[str]) -> Iterator[dict[str, str]]:
    """Every job that the report needs; those whose files belong together are neighbours."""
    zone = ZoneInfo(wanted.account.zone or "UTC")
    offset = ask.clock().astimezone(zone).utcoffset() or timedelta()
    span = {
        "start_time": midnight(wanted.first, offset),
        "end_time": midnight(wanted.last + timedelta(days=1), offset),
    }
    for some in chunks(ids, MOST_IDS):
        for placement in PLACEMENTS:
            for groups in GROUPS:
                yield {
                    "entity": entity,
                    "entity_ids": ",".join(some),
                    "granularity": "DAY",
                    "placement": placement,
                    "metric_groups": groups,
                    **span,
                }


def midnight(day: date, offset: timedelta) -> str:
    """When a day begins, in UTC."""
    return datetime.combine(day, time(), timezone(offset)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def chunks(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """The items, `size` at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def listed(ask: Ask, place: str, *, quota: str = "") -> Iterator[Mapping[str, Any]]:
    """All of a list, also what was deleted: it may have been seen in the days that are asked for."""
    question: dict[str, Any] = {"count": COUNT, "with_deleted": "true"}
    seen = set[str]()
    while True:
        body = ask.get(f"{API}/{place}", question, quota=quota).json()
        if not isinstance(body.get("data"), list):
            raise Malformed("X answered without a list.")
        cursor = body.get("next_cursor")
        if cursor in seen:
            raise Malformed("X gives the same page again and again.")
        yield from body["data"]
        if not cursor:
            return
        seen.add(cursor)
        question["cursor"] = cursor


def order(ask: Ask, account: str, question: Mapping[str, str]) -> str:
    """The number of a new job."""
    answer = ask.post(f"{API}/stats/jobs/accounts/{account}?{urlencode(question)}", content=b"", quota="write")
    try:
        return str(answer.json()["data"]["id_str"])
    except (KeyError, TypeError):
        raise Malformed("X took the question without saying which job answers it.") from None


def ready(ask: Ask, account: str, jobs: Mapping[int, str]) -> dict[int, str] | None:
    """Where the file of each job is; None while one is not done."""
    question = {"job_ids": ",".join(jobs.values())}
    body = ask.get(f"{API}/stats/jobs/accounts/{account}", question).json()
    told = {one["id_str"]: one for one in body.get("data", [])}
    files = {}
    for number, job in jobs.items():
        if job not in told:
            raise CursorExpired("X has forgotten a report.")
        if told[job]["status"] in ENDED:
            ask.forget(f"job {number}")
            raise Passing("X could not make a report.")
        if told[job]["status"] == "SUCCESS" and told[job].get("url"):
            files[number] = told[job]["url"]
    return files if len(files) == len(jobs) else None


def fetched(ask: Ask, url: str) -> Stats:
    """A job's file. Raises Malformed."""
    content = ask.get(url, quota=None, is_signed=False).content
    try:
        found = orjson.loads(gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content)
    except (OSError, EOFError, zlib.error, orjson.JSONDecodeError):
        raise Malformed("X's file of a report cannot be read.") from None
    if not isinstance(found, dict) or not isinstance(found.get("data"), list):
        raise Malformed("X's file of a report has no rows.")
    return found


def together(parts: Sequence[Stats]) -> Stats:
    """The files of one placement as one: each thing with all of its metrics, and nothing of what was never seen there.

    Raises Malformed where they are not about the same days.
    """
    if len({(part["time_series_length"], part["request"]["params"]["placement"]) for part in parts}) > 1:
        raise Malformed("X's files of a report do not belong together.")
    found: dict[str, dict[str, Any]] = {}
    for part in parts:
        for one in part["data"]:
            found.setdefault(one["id"], {}).update(one["id_data"][0]["metrics"])
    params = dict(parts[0]["request"]["params"])
    params["metric_groups"] = [group for part in parts for group in part["request"]["params"]["metric_groups"]]
    rows = [
        {"id": key, "id_data": [{"segment": None, "metrics": metrics}]}
        for key, metrics in found.items()
        if any(value is not None for value in metrics.values())
    ]
    return parts[0] | {"data": rows, "request": {"params": params}}


def accounts(ask: Ask) -> list[Account]:
    """The accounts that the user may see; their currency is that of how they pay."""
    found = []
    for one in listed(ask, "accounts", quota="global"):
        paid = [way["currency"] for way in listed(ask, f"accounts/{one['id']}/funding_instruments")]
        found.append(Account(one["id"], one.get("name", ""), paid[0] if paid else "", one.get("timezone", "")))
    return found


CONNECTOR = Connector(
    data_source="twitter_ads",
    entries=(
        Entry("consumer_key", "API key", "Of your app at developer.x.com, under Keys and tokens.", "secret"),
        Entry("consumer_secret", "API key secret", "Beside the API key.", "secret"),
        Entry("access_token", "Access token", "Of a user who can see the ad accounts.", "secret"),
        Entry("access_token_secret", "Access token secret", "Beside the access token.", "secret"),
    ),
    auth=OAuth1(),
    accounts=accounts,
    reports=(
        Report("campaign/placement", "Campaigns by day", partial(pull, entity="CAMPAIGN")),
        Report("ad_group/placement", "Ad groups by day", partial(pull, entity="LINE_ITEM"), is_default=False),
        Report("ad/placement", "Promoted posts by day", partial(pull, entity="PROMOTED_TWEET"), is_default=False),
    ),
    judge=judge,
    # docs.x.com/x-ads-api/fundamentals/rate-limiting: reads of an account, writes, reads of no account.
    quotas=(Quota("", 2_000, 900), Quota("write", 450, 60), Quota("global", 5, 900)),
    lag=1,  # a day ends at a midnight that has passed
    guide="developer.x.com",
)
