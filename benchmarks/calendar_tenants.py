"""How long it takes when a year begins: the calendars of 1,000 companies grow by a year, each in its own sealed file.

    python benchmarks/calendar_tenants.py [--tenants 100 300 1000]

A real house (embedded PostgreSQL, DuckDB files) and the chore that the worker runs. Each company has its default
calendar, 21 years of it, and 20 events. One company in each country is made as the product makes it; the others get
the same rows, sealed with their own keys: to build the same calendar a thousand times would only take longer.
As ever, few files are open at a time, so nearly all are opened and closed again. Bound: 60 s for 1,000 companies.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import polars as pl
from sqlalchemy import insert, select

from bounds import Bound, judge
from kalends.base.scope import Scope
from kalends.base.settings import Settings
from kalends.base.work import House
from kalends.calendar import service
from kalends.calendar.dayversions import DAYS, FISCAL_DAYS
from kalends.calendar.dimension import prepare
from kalends.calendar.models import Calendar, CalendarVersion, Event, SourceEvent
from kalends.calendar.newyear import extend_all
from kalends.identity.service import create_tenant
from kalends.server import open_house

SIZES = (100, 300, 1_000)
EVENTS = 20
BEFORE, AFTER = datetime(2026, 12, 15, 9, tzinfo=UTC), datetime(2027, 1, 1, 0, 10, tzinfo=UTC)
TABLES = (Calendar, CalendarVersion, Event, SourceEvent)
VERSIONED = (DAYS, FISCAL_DAYS)
COUNTRIES = ("US", "DE", "GB", "FR", "NL", "ES", "IT", "SE")


class Turning:
    """A clock that stands still on either side of New Year."""

    def __init__(self) -> None:
        self.now = BEFORE

    def __call__(self) -> datetime:
        return self.now


class Company:
    """A company with a calendar and events, and what is needed to make others like it."""

    def __init__(self, house: House, *, country: str) -> None:
        self.house, self.country = house, country
        scope = self._new()
        with house.work(scope) as work:
            calendar = service.default_calendar(work)
            for number in range(EVENTS):
                day = date(2026, 1, 10) + timedelta(days=37 * number)
                fields = service.EventFields(name=f"Event {number}", starts_on=day, ends_on=day + timedelta(days=3))
                service.create_event(work, fields=fields, calendar_id=calendar.id)
            service.refresh_days(work, calendar_id=calendar.id)
        with house.work(scope) as work:
            self.rows = {table: work.session.execute(select(table.__table__)).mappings().all() for table in TABLES}
            self.days = {table: work.warehouse.to_arrow(work.warehouse.table(table.name)) for table in VERSIONED}

    def _new(self) -> Scope:
        tenant_id = create_tenant(self.house, name="Bench", country=self.country)
        return Scope(tenant_id=tenant_id, role="owner", label="bench")

    def again(self) -> UUID:
        """Another company with the same rows."""
        scope = self._new()
        with self.house.work(scope) as work:
            for table, rows in self.rows.items():
                mine = [{**row, "tenant_id": scope.tenant_id} for row in rows]
                work.session.execute(insert(table.__table__), mine)
            with work.warehouse.write():
                prepare(work, default_id=service.default_calendar(work).id)
                for table, days in self.days.items():
                    work.warehouse.append(table.name, days)
        return scope.tenant_id


def written(house: House, tenant_id: UUID) -> int:
    """How many days of a company's calendar are in its file for the new year."""
    with house.work(Scope(tenant_id=tenant_id, role="owner", label="bench")) as work:
        frame = service.days(work, first=date(2032, 1, 1), last=date(2032, 12, 31)).frame
        return frame.select(pl.len()).item()


def measure(*, tenants: int) -> float:
    """Seconds of the chore in the new year, and a line about it."""
    with tempfile.TemporaryDirectory(prefix="kalends-bench-") as name:
        home, clock = Path(name), Turning()
        home.chmod(0o711)  # PostgreSQL runs as another user than root
        with open_house(Settings(home=home, cache_url="mem://", worker=False), clock=clock) as house:
            begun = time.perf_counter()
            models = [Company(house, country=country) for country in COUNTRIES]
            made = [models[number % len(models)].again() for number in range(tenants - len(models))]
            set_up = time.perf_counter() - begun
            clock.now = AFTER
            begun = time.perf_counter()
            days = extend_all(house)
            seconds = time.perf_counter() - begun
            begun = time.perf_counter()
            assert extend_all(house) == 0
            idle = time.perf_counter() - begun
            assert written(house, made[-1]) == 366
    print(
        f"{tenants:>6,} companies: {seconds:6.1f} s, {1000 * seconds / tenants:5.1f} ms each, {days:,} days written;"
        f" an hour later, with nothing to do, {idle:.1f} s  (set up in {set_up:.0f} s, load {os.getloadavg()[0]:.1f})",
        flush=True,
    )
    assert days == 366 * tenants, days
    return seconds


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--tenants", type=int, nargs="+", default=SIZES)
    asked = options.parse_args()
    took = {tenants: measure(tenants=tenants) for tenants in asked.tenants}
    most = max(took)
    return judge([Bound(f"seconds for {most:,} companies", took[most], at_most=60 * most / SIZES[-1])])


if __name__ == "__main__":
    sys.exit(main())
