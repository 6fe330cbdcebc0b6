"""The calendars that others keep: read by the product's own readers, they meet the company's events and differ."""

import io
from datetime import date, timedelta

import pytest

from kalends.calendar.consolidation import SourceCalendar, consolidate
from kalends.calendar.reading import SourceEntry, read_ics, read_table
from kalends.demo.calendars import other_calendars
from kalends.demo.events import DemoEvent

pytestmark = pytest.mark.unit

END = date(2026, 11, 20)


def sale(name, start, days, *, markets=("DE", "UK"), channels=("paid_search",), kind="promotional_period"):
    start = date.fromisoformat(start)
    last = start + timedelta(days=days - 1)
    return DemoEvent(f"{name.lower().replace(' ', '-')}-{start.year}", f"{name} {start.year}", kind, start, last, "high", "up", "confirmed", markets, channels, "")  # fmt: skip


EVENTS = (
    sale("Summer sale", "2026-07-23", 10),
    sale("Black Friday", "2026-11-27", 4),
    sale("Winter sale", "2027-01-03", 12, markets=("DE",)),
    sale("Old sale", "2024-01-03", 12),
    sale("Terrace guide", "2026-06-01", 5, channels=("email",), kind="content_campaign"),
)


def own(event):
    fields = {"name": event.name, "starts_on": event.start.isoformat(), "ends_on": event.end.isoformat()}
    return SourceEntry(event.key, fields)


def test_they_are_read_met_and_found_to_differ():
    agency, shop = other_calendars(events=EVENTS, end=END)
    ics = read_ics(
        lambda: io.BytesIO(agency.content), zone="Europe/Berlin", first=date(2026, 1, 1), last=date(2028, 1, 1)
    )
    table = read_table(lambda: io.BytesIO(shop.content), zone="Europe/London", order="dmy")
    assert len(ics.entries) == 3
    assert [entry.fields["starts_on"] for entry in table.entries] == ["2026-07-23", "2026-11-27"]
    assert [fate.outcome for fate in table.fates].count("refused") == 1
    master = consolidate(
        [
            SourceCalendar("own", [own(event) for event in EVENTS if event.start.year > 2024]),
            SourceCalendar("agency", ics.entries),
            SourceCalendar("uk", table.entries),
        ]
    )
    assert len(master.events) == 4
    assert sorted(conflict.group for conflict in master.conflicts if conflict.group == "days") == ["days"] * 3
