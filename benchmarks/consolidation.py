"""How fast calendars are consolidated: 20 sources of 2,000 events over two years, each wording and dating them its way.

Bound: 5 s for everything (match, conflicts, resolution, events). Growth is printed.
`python benchmarks/consolidation.py`
"""

from __future__ import annotations

import random
import sys
import time
from datetime import date, timedelta

from bounds import Bound, judge
from kalends.calendar.consolidation import MasterCalendar, SourceCalendar, consolidate
from kalends.calendar.reading import SourceEntry

SEED = 11
SOURCES, EVENTS, DAYS = 20, 2_000, 730
GROWTH = ((5, 500), (10, 1_000), (20, 2_000))
# What a source does to the truth: renames, drops a word, is a day late, forgets to say, says another impact.
RENAMED, SHORTENED, LATE, SILENT, OTHER = 0.15, 0.1, 0.05, 0.3, 0.1
KINDS = ("Sale", "Launch", "Webinar", "Newsletter", "Trade fair", "Photo shoot", "Press day", "Pop-up", "Giveaway")
THINGS = ("Aurora", "Borealis", "Cobalt", "Delta", "Ember", "Fjord", "Garnet", "Harbour", "Indigo", "Juniper", "Kelp")
PLACES = ("Berlin", "Paris", "Lisbon", "Austin", "Oslo", "Leeds", "Turin", "Gent", "Lyon", "Malmo", "Porto", "York")
IMPACTS = ("low", "medium", "high", "critical")


def truth(count: int, chance: random.Random) -> list[dict[str, str]]:
    """Events as they are: a name of three words and a number, a first and a last day, an impact."""
    found = []
    for number in range(count):
        start = date(2025, 1, 1) + timedelta(days=chance.randrange(DAYS))
        end = start + timedelta(days=chance.randrange(7))
        words = (chance.choice(THINGS), chance.choice(KINDS), chance.choice(PLACES))
        name = f"{' '.join(words)} No {number}"
        found.append(
            {
                "name": name,
                "starts_on": str(start),
                "ends_on": str(end),
                "impact": chance.choice(IMPACTS),
                "type": "other",
            }
        )
    return found


def source(number: int, events: list[dict[str, str]], chance: random.Random) -> SourceCalendar:
    """A source's version of the events."""
    entries = [SourceEntry(f"{number}-{at}", told(event, chance)) for at, event in enumerate(events)]
    return SourceCalendar(f"source-{number}", entries, priority=number, quality=0.5 + number / 50)


def told(event: dict[str, str], chance: random.Random) -> dict[str, str]:
    said = dict(event)
    if chance.random() < RENAMED:
        said["name"] = f"{said['name']} 2025"
    if chance.random() < SHORTENED:
        said["name"] = said["name"].replace(" No ", " ")
    if chance.random() < LATE:
        for field in ("starts_on", "ends_on"):
            said[field] = str(date.fromisoformat(said[field]) + timedelta(days=1))
    if chance.random() < SILENT:
        del said["impact"]
    elif chance.random() < OTHER:
        said["impact"] = chance.choice(IMPACTS)
    return said


def timed(sources: int, events: int) -> tuple[float, MasterCalendar]:
    chance = random.Random(SEED)
    real = truth(events, chance)
    calendars = [source(number, real, chance) for number in range(sources)]
    begin = time.perf_counter()
    master = consolidate(calendars)
    return time.perf_counter() - begin, master


def main() -> int:
    seconds = 0.0
    for sources, events in GROWTH:
        seconds, master = timed(sources, events)
        print(f"{sources:>3} sources x {events:>5,} events: {seconds:6.2f} s")
        print("    " + str(master).replace("\n", "\n    "))
    return judge([Bound(f"seconds for {SOURCES} x {EVENTS:,}", seconds, at_most=5)])


if __name__ == "__main__":
    sys.exit(main())
