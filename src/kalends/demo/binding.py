"""The demo's door, bound to a running server: what a customer's own program would call."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from rich.progress import Progress

from kalends.client import Client
from kalends.demo.calendars import DemoCalendar
from kalends.demo.company import CompanyProfile
from kalends.demo.events import DemoEvent
from kalends.demo.messages import fill_messages
from kalends.demo.service import fill, generate

POLL_SECONDS = 0.5
SEED = 7
"""Any number; this one is drawn in the screenshots."""
LEAST_CALENDAR_YEARS = (4, 2)
"""How far the calendar reaches back and ahead: three years of data with the year before, and next year's plans."""


@dataclass(frozen=True, slots=True)
class ServerDoor:
    """Fills through the HTTP API."""

    client: Client
    today: date

    def create_profile(self, *, profile: CompanyProfile) -> None:
        """The workspace, its calendar, and the rates that its foreign shop needs."""
        shown = {"name": profile.name, "zone": profile.zone, "currency": profile.currency}
        self.client.call(
            "PATCH", "/workspace", body={**shown, "country": profile.country, "industry": profile.industry}
        )
        current = self.client.get("/calendar/calendars/default")
        back, ahead = LEAST_CALENDAR_YEARS
        definition = current["definition"] | {
            "name": f"{profile.name} {profile.country}",
            "markets": [{"country": country, "sales_share": share} for country, share in shares(profile.markets)],
            "industry": profile.industry,
            "zone": profile.zone,
            "first_day": f"{self.today.year - back}-01-01",
            "last_day": f"{self.today.year + ahead}-12-31",
        }
        self.client.put(
            "/calendar/calendars/default", {"definition": definition, "row_version": current["row_version"]}
        )
        self.client.put("/marketing/rates", {"rates": list(rates(self.today))})

    def upsert_events(self, *, events: Sequence[DemoEvent]) -> None:
        """The company's own events, under the generator's keys."""
        said = [{**asdict(event), "start": event.start.isoformat(), "end": event.end.isoformat()} for event in events]
        self.client.put("/calendar/events", {"source": "marketing", "events": said})

    def read_calendar(self, *, calendar: DemoCalendar) -> None:
        """A source of that name, and its file; its events follow at once."""
        known = {source["label"]: source["id"] for source in self.client.get("/calendar/sources")["sources"]}
        source = known.get(calendar.label) or self.client.post("/calendar/sources", {"label": calendar.label})["id"]
        self.client.call(
            "POST",
            f"/calendar/sources/{source}/file",
            params={"file_name": calendar.file_name},
            content=calendar.content,
            headers={"content-type": "application/octet-stream"},
        )
        self.client.post("/calendar/consolidate", {})

    def ingest(
        self,
        *,
        content: bytes,
        data_source: str,
        file_name: str,
        reported_at: datetime,
        date_range: tuple[date, date],
        columns: Mapping[str, str],
    ) -> None:
        """One platform file."""
        told: dict[str, Any] = {
            "data_source": data_source,
            "file_name": file_name,
            "reported_at": reported_at.isoformat(),
            "date_range_start": date_range[0].isoformat(),
            "date_range_end": date_range[1].isoformat(),
            "columns": [f"{raw}={field}" for raw, field in columns.items()],
        }
        self.client.call(
            "POST",
            "/marketing/ingest",
            params=told,
            content=content,
            headers={
                "content-type": "application/octet-stream",
                "idempotency-key": f"demo/{SEED}/{self.today}/{file_name}",
            },
        )


def shares(markets: Sequence[str]) -> list[tuple[str, float]]:
    """The markets with falling weights: the first sells most."""
    return [(country, 1 / place) for place, country in enumerate(markets, start=1)]


def rates(today: date) -> Any:
    """A made-up but steady pound: one for each day of the data, so that the UK shop's amounts can be added."""
    for back in range(4 * 366):
        yield {
            "date": (today - timedelta(days=back)).isoformat(),
            "base": "GBP",
            "quote": "EUR",
            "rate": f"{1.15 + 0.02 * ((back // 28) % 3 - 1):.4f}",
            "source": "demo",
        }


def fill_server(client: Client) -> None:
    """Fill the server's workspace with the sample company, unless it has data already."""
    if client.get("/marketing/batches", limit=1)["total"]:
        return
    today = datetime.now(UTC).date()
    company = generate(seed=SEED, end=today - timedelta(days=1))
    with Progress() as bar:
        bar.print("Filling a sample company: three years of its marketing, about a minute.")
        task = bar.add_task("Sending its files", total=len(company.files))
        loading = bar.add_task("Reading them", total=len(company.files) + 1)
        planning = bar.add_task("Planning its creator pages", total=1)
        fill(
            company=company,
            door=ServerDoor(client=client, today=today),
            progress=lambda done, _total, _name: bar.update(task, completed=done),
        )
        wait_until_visible(client, told=lambda done: bar.update(loading, completed=done))
        fill_messages(client, seed=SEED, today=today)
        bar.update(planning, completed=1)


def wait_until_visible(client: Client, *, told: Callable[[int], None]) -> None:
    """Wait until the last file is applied: files are applied in their order, so then all are."""
    while True:
        batches = client.get("/marketing/batches", limit=200)["batches"]
        finished = [batch["state"] in {"published", "failed"} for batch in batches]
        told(sum(finished))
        if not finished or finished[0]:  # the newest comes first
            return
        time.sleep(POLL_SECONDS)
