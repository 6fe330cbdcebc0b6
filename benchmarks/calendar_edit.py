"""How long one edit takes in a calendar of 20 sources with 2,000 events each, consolidated in the store.

    python benchmarks/calendar_edit.py [--edits 30]

A real house: embedded PostgreSQL, an encrypted DuckDB file. Timed to the commit, each edit in a transaction of its own:
* by hand: an event is dragged by some days, held against what the sources say there, and its days are marked;
* by a source: one of its 2,000 rows has moved; the file's reading is shown apart, the consolidation after it is timed;
* the days: what the job after each of them rebuilds and writes.
Bound: the median edit, by hand and by a source, takes 0.2 s. Growth and the first whole consolidation are printed.
"""

from __future__ import annotations

import argparse
import csv
import io
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import consolidation as made
from bounds import Bound, judge
from kalends.base.scope import Scope
from kalends.base.settings import Settings
from kalends.base.work import House, Work
from kalends.calendar import service
from kalends.calendar.consolidating import consolidate_pending
from kalends.calendar.sourcereading import read_file
from kalends.calendar.sources import add_source
from kalends.identity.service import create_tenant
from kalends.server import open_house

GROWTH = ((5, 500), (10, 1_000), (20, 2_000))
LIMIT = 0.2
COLUMNS = ("id", "name", "starts_on", "ends_on", "impact", "type")
Rows = list[dict[str, str]]


def file_of(rows: Rows) -> bytes:
    """The rows as a CSV file."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def told(number: int, events: Rows, chance: random.Random) -> Rows:
    """What one source says of the events."""
    return [{"id": f"{number}-{at}", **made.told(event, chance)} for at, event in enumerate(events)]


class Bench:
    """A company whose sources tell of the same events, each its way."""

    def __init__(self, house: House, *, sources: int, events: int) -> None:
        chance = random.Random(made.SEED)
        real = made.truth(events, chance)
        self.house, self.chance = house, chance
        self.scope = Scope(tenant_id=create_tenant(house, name=f"{sources} sources"), role="owner", label="bench")
        self.rows = [told(number, real, chance) for number in range(sources)]
        with house.work(self.scope) as work:
            self.calendar_id = service.default_calendar(work).id
            self.sources = [add_source(work, label=f"Source {n}", priority=n + 1).id for n in range(sources)]

    def timed(self, do: Callable[[Work], object]) -> float:
        """Seconds of one transaction, its commit included."""
        begun = time.perf_counter()
        with self.house.work(self.scope) as work:
            do(work)
        return time.perf_counter() - begun

    def read(self, number: int) -> float:
        """Read a source's file."""
        content, source_id = file_of(self.rows[number]), self.sources[number]
        return self.timed(lambda work: read_file(work, source_id=source_id, content=content, file_name="events.csv"))

    def consolidate(self) -> float:
        return self.timed(lambda work: consolidate_pending(work, calendar_id=self.calendar_id))

    def refresh(self) -> float:
        return self.timed(lambda work: service.refresh_days(work, calendar_id=self.calendar_id))

    def drag(self) -> float:
        """Drag some event by up to a week."""
        with self.house.work(self.scope) as work:
            found = service.list_events(work, first=date(2025, 1, 1), last=date(2026, 12, 31))
            event = self.chance.choice(found)
            event_id, by = event.id, timedelta(days=self.chance.choice((-7, -2, -1, 1, 2, 7)))
            changes = {"starts_on": event.starts_on + by, "ends_on": event.ends_on + by}
        return self.timed(lambda work: service.change_event(work, event_id=event_id, changes=changes))

    def move(self) -> float:
        """Have one source say other days of one event; gives the seconds of reading the file."""
        number = self.chance.randrange(len(self.sources))
        row = self.chance.choice(self.rows[number])
        by = timedelta(days=self.chance.choice((-7, -2, -1, 1, 2, 7)))
        for day in ("starts_on", "ends_on"):
            row[day] = str(date.fromisoformat(row[day]) + by)
        return self.read(number)


@contextmanager
def bench(*, sources: int, events: int) -> Iterator[Bench]:
    """In a house of its own, which is torn down afterwards."""
    with tempfile.TemporaryDirectory(prefix="kalends-bench-") as name:
        home = Path(name)
        home.chmod(0o711)  # PostgreSQL runs as another user than root
        with open_house(Settings(home=home, cache_url="mem://", worker=False)) as house:
            yield Bench(house, sources=sources, events=events)


def p95(took: list[float]) -> float:
    return statistics.quantiles(took, n=20)[-1]


def show(what: str, took: list[float]) -> None:
    print(f"    {what:34} median {statistics.median(took):6.3f} s   p95 {p95(took):6.3f} s", flush=True)


def measure(*, sources: int, events: int, edits: int) -> list[Bound]:
    """Everything for one size."""
    with bench(sources=sources, events=events) as company:
        read = sum(company.read(number) for number in range(sources))
        first, days = company.consolidate(), company.refresh()
        print(f"{sources:>3} sources x {events:>5,} events")
        print(f"    first: read {read:.1f} s, consolidated {first:.1f} s, days {days:.1f} s", flush=True)
        by_hand, after_hand, files, by_source, after_source = [], [], [], [], []
        for _ in range(edits):
            by_hand.append(company.drag())
            after_hand.append(company.refresh())
            files.append(company.move())
            by_source.append(company.consolidate())
            after_source.append(company.refresh())
    show("an event changed by hand", by_hand)
    show("its days", after_hand)
    show("reading the changed file", files)
    show("an entry changed in a source", by_source)
    show("its days", after_source)
    return [
        Bound("seconds of an edit by hand, median", statistics.median(by_hand), at_most=LIMIT),
        Bound("seconds of an edit in a source, median", statistics.median(by_source), at_most=LIMIT),
    ]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--edits", type=int, default=30)
    asked = options.parse_args()
    bounds: list[Bound] = []
    for sources, events in GROWTH:
        bounds = measure(sources=sources, events=events, edits=asked.edits)
    return judge(bounds)


if __name__ == "__main__":
    sys.exit(main())
