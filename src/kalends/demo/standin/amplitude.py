"""Amplitude's export, as far as a connector asks it."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import uuid
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar

import orjson

from kalends.demo.standin.knowing import Rows, key
from kalends.demo.standin.speaking import Asked, Reply, Standin
from kalends.demo.standin.truth import Day, Truth

MOST_PURCHASES = 2
"""Of a campaign's day, so that a quarter is some thousand events."""
AVAILABLE = timedelta(hours=2)
LATEST = 2
"""Days until the last events of a day are uploaded."""
HOUR = "%Y%m%dT%H"


@dataclass
class Amplitude(Standin):
    """A zip of gzipped lines by the hour of upload, two hours late; keys that last, no pages."""

    data_source: ClassVar[str] = "amplitude"
    hosts: ClassVar[tuple[str, ...]] = ("analytics.eu.amplitude.com", "amplitude.com")
    cannot: ClassVar[frozenset[str]] = frozenset({"token", "cursor", "duplicate"})  # keys last, and there are no pages
    secrets: ClassVar[Mapping[str, str]] = {
        "api_key": "amplitude-key-1",
        "secret_key": "amplitude-secret-1",
        "project_id": "434735",
        "region": "eu",
    }

    @classmethod
    def known_truth(cls, *, seed: int = 1) -> Truth:
        """One project, which the keys are of; few campaigns, for each is many events."""
        own = cls.secrets["project_id"]
        return Truth(
            seed=seed, campaigns=3, id_of=lambda kind, place: own if kind == "account" else f"1941006980{place}"
        )

    def known_rows(self, first: date, last: date, report: str) -> Rows:  # noqa: ARG002 (it has one)
        """Each event that was uploaded in these days is a row, of the day on which it happened."""
        found = {}
        for event in self.uploaded(datetime.combine(first, time(), UTC), datetime.combine(last, time(23), UTC)):
            told, name = event["event_properties"], event["event_type"]
            cuts, day = {"event": name, "event_id": event["uuid"]}, moment(event["event_time"]).date()
            found[key(str(event["app"]), str(told["campaign_id"]), day=day, cuts=cuts)] = {
                "spend": told.get("ad_metrics.cost"),
                "impressions": told.get("ad_metrics.impressions"),
                "clicks": told.get("ad_metrics.clicks"),
                "conversions": 1 if name == "Purchase" else told.get("ad_metrics.conversions"),
                "revenue": told.get("$revenue"),
            }
        return found

    def is_token_call(self, asked: Asked) -> bool:  # noqa: ARG002 (whatever is asked)
        """Its keys last."""
        return False

    def is_signed(self, asked: Asked) -> bool:
        """By both keys."""
        both = base64.b64encode(f"{self.secrets['api_key']}:{self.secrets['secret_key']}".encode()).decode()
        return asked.headers.get("authorization") == f"Basic {both}"

    def limited(self) -> Reply:
        """Too many requests; nothing says for how long."""
        return Reply(b"Too Many Requests", 429, {"content-type": "text/plain"})

    def refused_token(self) -> Reply:
        """No good keys."""
        return Reply(b"Invalid API Key or Secret Key", 403, {"content-type": "text/plain"})

    def answer(self, asked: Asked) -> Reply:
        """The kinds of events, or an export."""
        if asked.path == "/api/2/events/list":
            return Reply.json({"data": [{"name": "Purchase", "display": "Purchase", "totals": 1}]})
        if asked.host != self.hosts[0] or asked.path != "/api/2/export":
            return Reply(b"<html>Not Found</html>", 405, {"content-type": "text/html"})
        start, end = (datetime.strptime(asked.one(name), HOUR).replace(tzinfo=UTC) for name in ("start", "end"))
        if end - start > timedelta(days=365):
            return Reply(b"Time range exceeds 365 days", 400, {"content-type": "text/plain"})
        files: dict[str, bytes] = {}
        for event in self.uploaded(start, end):
            hour = f"{event['app']}/{event['app']}_{moment(event['server_upload_time']):%Y-%m-%d_%-H}#0.json.gz"
            files[hour] = files.get(hour, b"") + orjson.dumps(event) + b"\n"
        if not files:
            return Reply(b"Raw data files not found.", 404, {"content-type": "text/plain"})
        return Reply(zipped(files), headers={"content-type": "application/zip"})

    def uploaded(self, start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
        """What was uploaded from the hour of `start` to that of `end`, as far as it can be had by now."""
        until = min(end + timedelta(hours=1), self.clock() - AVAILABLE)
        for project in self.truth.account_ids:
            for day in self.truth.days(project, start.date() - timedelta(days=LATEST), end.date()):
                for event in events_of(day):
                    if start <= moment(event["server_upload_time"]) < until:
                        yield event


def events_of(day: Day) -> Iterator[dict[str, Any]]:
    """What advertising cost, and purchases: the later, the later they are uploaded."""
    at = datetime.combine(day.day, time(7), UTC)
    cost = {
        "ad_metrics.cost": float(day.spend),
        "ad_metrics.impressions": day.impressions,
        "ad_metrics.clicks": day.clicks,
        "ad_metrics.conversions": 0.0,
    }
    yield made(day, "Daily Ad Metrics", at, timedelta(hours=1), cost)
    for number in range(min(day.conversions, MOST_PURCHASES)):
        worth = {"$revenue": float(day.revenue / day.conversions), "number": number}
        yield made(day, "Purchase", at + timedelta(hours=9, seconds=number), timedelta(hours=20) * number, worth)


def made(day: Day, name: str, at: datetime, late: timedelta, about: dict[str, Any]) -> dict[str, Any]:
    """An event as it is exported: instants in UTC that do not say so, and what is not known is null."""
    drawn = hashlib.blake2b(f"{day.campaign.id}{at}{name}".encode(), digest_size=16).digest()
    return {
        "app": int(day.campaign.account_id),
        "uuid": str(uuid.UUID(bytes=drawn)),
        "$insert_id": f"{day.campaign.id}-{at:%Y-%m-%d}",
        "event_type": name,
        "event_time": written(at),
        "server_upload_time": written(at + late),
        "user_id": None,
        "country": None,
        "event_properties": {
            "campaign_id": int(day.campaign.id), "campaign_name": day.campaign.name, "ad_platform": "google", **about,
        },
        "user_properties": {},
    }  # fmt: skip


def written(at: datetime) -> str:
    """An instant as Amplitude writes it."""
    return f"{at:%Y-%m-%d %H:%M:%S.%f}"


def moment(text: str) -> datetime:
    """It read."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip of gzipped files, the same for the same files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name, content in files.items():
            packed.writestr(zipfile.ZipInfo(name), gzip.compress(content, mtime=0))
    return out.getvalue()
