"""How fast the Home page is on 1,000,000 facts: a real server, real HTTP over loopback, a signed-in session.

    python benchmarks/home.py [--facts 1000000] [--seconds 60]

* Open loop: 5 pages a second on a clock, over 50 periods; a page's time runs from when it was due. Bound: p95 300 ms.
* A cold single reader: periods that nobody asked for, with every style sheet and script that the page names, as an
  empty browser loads them. Bound: 400 ms. Beside it, for information: the first page after a start.
* Both again while files of 200,000 rows are loaded one after another, so that every three seconds the data is new and
  no kept answer fits any more. Bounds: 300 ms again, and for the cold reader twice the quiet figure. (In the open loop
  that would compare pages that are made with pages that were kept: hit rates are printed.)
"""

from __future__ import annotations

import argparse
import os
import random
import re
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import httpx

from bounds import Bound, judge
from ingest import EMAIL, PASSWORD, Server, server

DAYS = 730
"""Two years, so that what is shown has the same weekdays of last year to be compared with."""
RATE, PERIODS, COLD = 5.0, 50, 60
AT_ONCE = 64
"""Pages that may be under way: more than ever are, unless the server falls behind for good."""
LOADED = 200_000
NAMED = re.compile(r'(?:src|href)="(/static/[^"]+)"')
COUNTED = re.compile(r'kalends_cache_lookups_total{outcome="(\w+)"} ([\d.e+]+)')

NUMBERS = "hash(n, day, $seed)"
OTHER = f"""
COPY (SELECT day AS "Date", ['Paid search', 'Display', 'Video', 'Shopping', 'Affiliate'][1 + n % 5] AS "Channel",
    'Campaign ' || n // 20 AS "Campaign", 'Ad ' || n AS "Ad", 'EUR' AS "Currency",
    {NUMBERS} % 50000 / 100 AS "Cost", {NUMBERS} % 20000 AS "Impressions", {NUMBERS} % 900 AS "Clicks",
    {NUMBERS} % 30 AS "Conversions", {NUMBERS} % 150000 / 100 AS "Revenue"
  FROM (SELECT CAST($last AS DATE) - CAST(d AS INT) AS day FROM range($days) AS t(d)) CROSS JOIN range($ads) AS a(n)
  ORDER BY day, n) TO '{{file}}' (HEADER)
"""
META = f"""
COPY (SELECT '798085168510957' AS account_id, 'EUR' AS account_currency, CAST(2385 + n // 20 AS VARCHAR) AS campaign_id,
    'Campaign ' || n // 20 AS campaign_name, CAST(n AS VARCHAR) AS ad_id, 'Ad ' || n AS ad_name,
    day AS date_start, day AS date_stop, CAST({NUMBERS} % 50000 / 100 AS VARCHAR) AS spend,
    CAST({NUMBERS} % 20000 AS VARCHAR) AS impressions, CAST({NUMBERS} % 900 AS VARCHAR) AS clicks,
    [{{'action_type': 'omni_purchase', 'value': CAST({NUMBERS} % 30 AS VARCHAR)}}] AS actions,
    [{{'action_type': 'omni_purchase', 'value': CAST({NUMBERS} % 150000 / 100 AS VARCHAR)}}] AS action_values
  FROM (SELECT CAST($last AS DATE) - CAST(d AS INT) AS day FROM range($days) AS t(d)) CROSS JOIN range($ads) AS a(n)
  ORDER BY day, n) TO '{{file}}' (FORMAT json)
"""


def make(sql: str, file: Path, *, days: int, ads: int, seed: int = 1) -> Path:
    """Write `ads` rows a day of the `days` up to yesterday; another seed gives the same rows other numbers."""
    duckdb.execute(sql.replace("{file}", str(file)), {"days": days, "ads": ads, "seed": seed, "last": yesterday()})
    return file


def yesterday() -> date:
    """The last whole day of the workspace, whose zone is UTC."""
    return datetime.now(UTC).date() - timedelta(days=1)


def periods(count: int, *, seed: int) -> list[str]:
    """Different spans of a week to four months in the last year, as the page's address names them."""
    chance, last = random.Random(seed), yesterday()
    found: dict[str, None] = {}
    while len(found) < count:
        end = last - timedelta(days=chance.randrange(240))
        found[f"{end - timedelta(days=chance.randrange(6, 120))}..{end}"] = None
    return list(found)


class Reader:
    """Somebody signed in at a browser."""

    def __init__(self, address: str) -> None:
        limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
        self.client = httpx.Client(base_url=address, headers={"accept": "text/html"}, timeout=60, limits=limits)
        answer = self.client.post("/sign-in", data={"email": EMAIL, "password": PASSWORD}, headers={"origin": address})
        assert answer.status_code == 303, answer.text

    def home(self, period: str, *, with_files: bool = False) -> None:
        """Home for a period, to the last byte."""
        page = self.client.get("/", params={"period": period})
        assert page.status_code == 200, page.status_code
        assert "Revenue" in page.text, page.text
        for path in sorted(set(NAMED.findall(page.text))) if with_files else ():
            self.client.get(path).raise_for_status()

    def open_loop(self, asked: list[str], *, rate: float) -> list[float]:
        """Milliseconds of each page from the instant at which it was due."""
        began = time.perf_counter() + 0.5

        def read(number: int) -> float:
            due = began + number / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            self.home(asked[number])
            return (time.perf_counter() - due) * 1000

        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(read, range(len(asked))))

    def cold(self, asked: list[str]) -> list[float]:
        """Milliseconds of each page with its files, one after the other."""
        took = []
        for period in asked:
            began = time.perf_counter()
            self.home(period, with_files=True)
            took.append((time.perf_counter() - began) * 1000)
        return took

    def lookups(self) -> dict[str, float]:
        """What the server's cache has been asked so far, by outcome."""
        return {name: float(count) for name, count in COUNTED.findall(self.client.get("/metrics").text)}


def hit_rate(before: dict[str, float], after: dict[str, float]) -> float:
    """The share of look-ups in between that found their answer."""
    grown = {name: count - before.get(name, 0.0) for name, count in after.items()}
    return grown.get("hit", 0.0) / max(sum(grown.values()), 1.0)


def p95(took: list[float]) -> float:
    return statistics.quantiles(took, n=20)[-1]


def told(name: str, took: list[float], more: str = "") -> None:
    """One line of figures, with how busy the machine was."""
    figures = f"p50 {statistics.median(took):6.0f}  p95 {p95(took):6.0f}  max {max(took):6.0f} ms"
    print(f"{name:34}{figures}  of {len(took):>3} pages{more}  (load {os.getloadavg()[0]:.1f})", flush=True)


def measure(reader: Reader, *, seconds: float, name: str, seed: int) -> tuple[float, float]:
    """The 95th percentiles of the open loop and of the cold single reader."""
    chance = random.Random(seed)
    some = periods(PERIODS, seed=seed)
    asked = [chance.choice(some) for _ in range(int(seconds * RATE))]
    before = reader.lookups()
    took = reader.open_loop(asked, rate=RATE)
    told(f"{name}, {RATE:g} pages/s", took, f", hit rate {hit_rate(before, reader.lookups()):.0%}")
    cold = reader.cold(periods(COLD, seed=seed + 1))
    told(f"{name}, cold single reader", cold)
    return p95(took), p95(cold)


@contextmanager
def loading(running: Server, files: list[Path]) -> Iterator[list[float]]:
    """Load the files in turns, one load after another, while the block runs; gives the seconds of each."""
    stop, took = threading.Event(), []

    def load() -> None:
        while not stop.is_set():
            seconds, batch = running.ingest(files[len(took) % len(files)])
            assert batch["state"] == "published", batch
            took.append(seconds)

    with ThreadPoolExecutor(1) as pool:
        loads = pool.submit(load)
        try:
            yield took
        finally:
            stop.set()
        loads.result()


def fill(running: Server, folder: Path, *, facts: int) -> None:
    """Two sources, half of the facts each."""
    ads = max(1, facts // (2 * DAYS))
    for source, sql, name in (("file", OTHER, "other.csv"), ("facebook_ads", META, "meta.json")):
        seconds, batch = running.ingest(make(sql, folder / name, days=DAYS, ads=ads), source=source)
        print(f"{batch['loaded']:,} facts of {source} loaded in {seconds:.0f} s", flush=True)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--facts", type=int, default=1_000_000)
    options.add_argument("--seconds", type=float, default=60.0)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="kalends-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # PostgreSQL runs as another user than root
        changes = [make(META, folder / f"{n}.json", days=100, ads=LOADED // 100, seed=n) for n in (2, 3)]
        with server(folder) as running:
            reader = Reader(running.address)
            fill(running, folder, facts=asked.facts)
            told("first page", reader.cold(["this quarter", *periods(1, seed=0)]))
            quiet = measure(reader, seconds=asked.seconds, name="quiet", seed=10)
            with loading(running, changes) as loads:
                busy = measure(reader, seconds=asked.seconds, name="while loading", seed=20)
            print(f"{len(loads)} loads of {LOADED:,} rows, {statistics.median(loads):.1f} s each")
    return judge(
        [
            Bound("p95 of 5 pages/s, ms", quiet[0], at_most=300),
            Bound("p95 of a cold single reader, ms", quiet[1], at_most=400),
            Bound("p95 of 5 pages/s while loading, ms", busy[0], at_most=300),
            Bound("a cold single reader while loading, times the quiet p95", busy[1] / quiet[1], at_most=2),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
