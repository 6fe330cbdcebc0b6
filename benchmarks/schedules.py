"""How quick are weeks of messages, with all that belongs to them, on a history of 100,000 messages?

    python benchmarks/schedules.py [--pages 50] [--many 1000]

A real house: embedded PostgreSQL, an encrypted DuckDB file. Timed to the commit: a page's week (analysis, times,
captions, reservations, everything stored; the company's history is read once for a batch), a batch of 50 pages with
that read, and a batch of 1,000 pages. Memory is the process's above what it holds idle, the history among it.
Bounds: p95 of a page's week 200 ms, a batch of 50 pages 10 s, 100 MB.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import psutil
from sqlalchemy import insert

from bounds import Bound, judge
from kalends.base.ids import new_id
from kalends.base.scope import Scope
from kalends.base.settings import Settings
from kalends.base.work import House
from kalends.identity.service import create_tenant
from kalends.messages import creator_pages, page_messages
from kalends.messages.gathering import read_company
from kalends.messages.models import Caption
from kalends.messages.page_schemas import PageIn
from kalends.messages.storing import Order, build_week
from kalends.server import open_house

MESSAGES, CAPTIONS = 100_000, 120
ZONES = ("America/New_York", "America/Los_Angeles", "Europe/London", "Europe/Berlin", "Australia/Sydney")
PRICES = {"Budget": 5, "Mid": 12, "Premium": 30}
CATEGORIES = ("morning", "story", "behind the scenes", "new set", "question", "thanks", "teaser", "weekend")


class Bench:
    """A company with so many pages, each with its own captions and its part of the history."""

    def __init__(self, house: House, *, pages: int) -> None:
        self.house, self.chance = house, random.Random(7)
        self.scope = Scope(tenant_id=create_tenant(house, name=f"{pages} pages"), role="owner", label="bench")
        with house.work(self.scope) as work:
            self.now = work.now
            made = [creator_pages.add_page(work, PageIn(name=f"Page {at:04}", zone=ZONES[at % 5], currency="USD"))
                    for at in range(pages)]  # fmt: skip
            self.pages = [page.id for page in made]
            work.session.execute(insert(Caption), [row for at in range(pages) for row in self.bank(at)])
            page_messages.create_tables(work.warehouse)
            work.warehouse.append("page_messages", self.history().to_arrow())

    def bank(self, at: int) -> list[dict[str, object]]:
        """A page's captions."""
        tiers = [*PRICES] * (CAPTIONS // 6) + ["Free"] * (CAPTIONS // 2)
        return [
            {
                "tenant_id": self.scope.tenant_id, "id": new_id(), "caption_no": at * CAPTIONS + number + 1,
                "page_id": self.pages[at], "text": f"Caption {number}", "price_tier": tier,
                "category": self.chance.choice(CATEGORIES), "has_urgency": self.chance.random() < 0.2, "language": "en",
                "is_active": True, "created_at": self.now, "changed_at": self.now,
            }
            for number, tier in enumerate(tiers)
        ]  # fmt: skip

    def history(self) -> pl.DataFrame:
        """100,000 messages, evenly over the pages, sizes of all tiers among them."""
        each = MESSAGES // len(self.pages)
        rows = [self.message(at, number, each) for at in range(len(self.pages)) for number in range(each)]
        return pl.DataFrame(rows, infer_schema_length=None)

    def message(self, at: int, number: int, each: int) -> dict[str, object]:
        """One message of the last two years."""
        chance, is_paid = self.chance, self.chance.random() < 0.55
        place = chance.randrange(CAPTIONS // 2) + (0 if is_paid else CAPTIONS // 2)
        size = (300, 1_500, 6_000, 20_000, 60_000)[at % 5]
        price = Decimal([*PRICES.values()][place % 3]) if is_paid else None
        bought = round(size * chance.uniform(0.005, 0.03)) if is_paid else None
        ago = timedelta(days=700) * ((each - number) / each)
        return {
            "page_id": str(self.pages[at]), "message_id": f"{at}-{number}",
            "sent_at": (self.now - timedelta(days=31) - ago).replace(microsecond=0),
            "type": "PPV" if is_paid else "Bump",
            "caption_no": at * CAPTIONS + place + 1, "price": price, "recipients": size,
            "viewed": round(size * chance.uniform(0.3, 0.6)), "purchased": bought,
            "earnings": price * bought if price is not None and bought is not None else None, "currency": "USD",
            "import_id": "bench", "source_row": number,
        }  # fmt: skip

    def batch(self, first_day: date) -> tuple[float, list[float], list[float]]:
        """Seconds of the whole batch, of each page in it, and of the processor for each page."""
        begun, took, busy = time.perf_counter(), [], []
        with self.house.work(self.scope) as work:
            company = read_company(work)
        for page_id in self.pages:
            at, used = time.perf_counter(), time.process_time()
            build_week(
                lambda: self.house.work(self.scope), Order(page_id, first_day), sleep=time.sleep, company=company
            )
            took.append(time.perf_counter() - at)
            busy.append(time.process_time() - used)
        return time.perf_counter() - begun, took, busy


def p95(values: list[float]) -> float:
    """In milliseconds."""
    return statistics.quantiles(values, n=20)[-1] * 1_000


def told(values: list[float]) -> str:
    """Median and tail."""
    return f"p50 {statistics.median(values) * 1000:.0f} ms, p95 {p95(values):.0f} ms, worst {max(values) * 1000:.0f} ms"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--pages", type=int, default=50)
    options.add_argument("--many", type=int, default=1_000)
    given = options.parse_args()
    monday = datetime.now().astimezone().date() + timedelta(days=7)
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        Path(folder).chmod(0o755)
        with open_house(Settings(home=Path(folder), worker=False)) as house:
            warm = Bench(house, pages=1)
            warm.batch(monday)
            small = Bench(house, pages=given.pages)
            idle = psutil.Process().memory_info().rss
            print(f"load {os.getloadavg()[0]:.1f}")
            whole, took, busy = small.batch(monday)
            more = (psutil.Process().memory_info().rss - idle) / 2**20
            print(f"{given.pages} pages, {MESSAGES:,} messages: {whole:.1f} s, {more:.0f} MB above idle")
            print(f"a page: {told(took)}; of this processor {told(busy)}")
            if given.many:
                many = Bench(house, pages=given.many)
                longer, each, _ = many.batch(monday)
                cost = longer / given.many / (whole / given.pages)
                print(f"{given.many} pages, {MESSAGES:,} messages: {longer:.1f} s, {cost:.2f} times as much a page")
                print(f"a page: {told(each)}")
            return judge(
                [
                    Bound("p95 of a page's week, ms", p95(took), at_most=200),
                    Bound(f"{given.pages} pages, s", whole, at_most=10),
                    Bound("memory above idle, MB", more, at_most=100),
                ]
            )


if __name__ == "__main__":
    sys.exit(main())
