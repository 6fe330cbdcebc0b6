"""Calendars that others keep of the same events, as they really come: other words, a day off, other ends, a blank."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from icalendar import Calendar, Event

from kalends.demo.events import DemoEvent

BACK, AHEAD = timedelta(days=200), timedelta(days=400)
"""What an agency still has in its calendar, and how far it plans."""
AGENCY_WORDS: Final = {"black-friday": "BFCM", "black-week": "Black Week (Teaser)", "winter-sale": "Winter Sale"}
ONE_DAY_EARLY: Final = timedelta(days=-1)
"""Whole days that were exported in UTC begin at 22 or 23 o'clock of the day before in Berlin."""


@dataclass(frozen=True, slots=True)
class DemoCalendar:
    """A calendar file, and whose it is."""

    label: str
    file_name: str
    content: bytes


def other_calendars(*, events: Sequence[DemoEvent], end: date) -> tuple[DemoCalendar, ...]:
    """The agency's .ics and the UK shop's spreadsheet, as they are on the day after `end`."""
    near = [event for event in events if end - BACK <= event.start <= end + AHEAD]
    return (
        DemoCalendar("Agency", "mediaplan.ics", _agency(near)),
        DemoCalendar("UK shop", "uk-promotions.csv", _uk_shop(near)),
    )


def _agency(events: Iterable[DemoEvent]) -> bytes:
    """Whatever has paid ads, under the agency's own words, a day early."""
    calendar = Calendar()
    calendar.add("prodid", "-//Lichtblick Media//Mediaplan//DE")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", "Nordlicht Mediaplan")
    for event in events:
        if not any(channel.startswith("paid") for channel in event.channels) or event.type == "other":
            continue
        slug, _, year = event.key.rpartition("-")
        entry = Event()
        entry.add("uid", f"{event.key}@lichtblick.example")
        entry.add("summary", f"{AGENCY_WORDS.get(slug, event.name.removesuffix(f' {year}'))} {year}")
        entry.add("dtstart", event.start + ONE_DAY_EARLY)
        entry.add("dtend", event.end + timedelta(days=1) + ONE_DAY_EARLY)
        entry.add("status", event.status.upper())
        calendar.add_component(entry)
    return bytes(calendar.to_ical())


def _uk_shop(events: Iterable[DemoEvent]) -> bytes:
    """What the UK shop runs, days before months, its summer sale two days longer, and a row without a day."""
    rows = ["Promotion,From,To,Status,Notes"]
    for event in events:
        if "UK" not in event.markets or event.type not in {"promotional_period", "seasonal_campaign"}:
            continue
        longer = timedelta(days=2 if event.key.startswith("summer-sale") else 0)
        first, last = f"{event.start:%d/%m/%Y}", f"{event.end + longer:%d/%m/%Y}"
        rows.append(f"{event.name} UK,{first},{last},{event.status},")
    return "\n".join([*rows, "Loyalty weekend,tbc,tbc,tentative,date to follow", ""]).encode()
