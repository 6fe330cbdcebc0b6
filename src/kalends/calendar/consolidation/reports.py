"""How good each source is by itself, before anything is made of it: complete, valid, fresh, without doubles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from kalends.calendar.consolidation.sources import SourceCalendar, plain_title
from kalends.calendar.reading import SourceEntry
from kalends.calendar.reading.entries import checked
from kalends.methods.grades import Check, Grade, grade

TELLING: Final = ("type", "impact", "status", "markets", "channels", "description", "owner")
"""What makes an entry useful beyond its name and days."""
FRESH_DAYS, STALE_DAYS = 7.0, 90.0
"""A plan read within a week is fresh; one that nobody has sent for a quarter is last quarter's."""
SHOWN: Final = 20
"""Examples of each kind of fault; the counts are of all."""


@dataclass(frozen=True, slots=True)
class SourceReport:
    """What is right and wrong with one source. Shares are 0 to 1; None: nothing is known."""

    source: str
    entries: int
    completeness: float | None
    validity: float | None
    freshness: float | None
    """1 within a week of its reading, 0 after a quarter, falling evenly between."""
    uniqueness: float | None
    """Share of the entries that do not say the same as another one."""
    weekdays: float | None
    """Of the entries that name a weekday, how many name the one that their date has."""
    faults: tuple[str, ...]
    grade: Grade

    def __str__(self) -> str:
        """In a line, as "team: 92 of 100 (evidence for 80 %), 120 entries; 2 faults"."""
        score = "not known" if self.grade.score is None else f"{100 * self.grade.score:.0f} of 100"
        known = f"evidence for {100 * self.grade.coverage:.0f} %"
        faults = f"; {len(self.faults)} faults" if self.faults else ""
        return f"{self.source}: {score} ({known}), {self.entries} entries{faults}"

    def plain(self) -> dict[str, Any]:
        """As JSON values."""
        shares = {
            name: getattr(self, name) for name in ("completeness", "validity", "freshness", "uniqueness", "weekdays")
        }
        return {
            "source": self.source,
            "entries": self.entries,
            **shares,
            "faults": list(self.faults),
            **self.grade.plain(),
        }


def validate_sources(sources: Sequence[SourceCalendar], *, now: int | None = None) -> tuple[SourceReport, ...]:
    """A report on each source, by name. `now`: Unix time; without it nothing is known of how fresh a source is."""
    return tuple(_report(source, now, _wrong(source)) for source in sorted(sources, key=lambda source: source.name))


def reading_grade(source: SourceCalendar, *, refused: int) -> Grade:
    """The grade of what was just read: its entries were checked on the way, and `refused` things were no events."""
    found = _report(source, None, [])
    validity = len(source.entries) / (len(source.entries) + refused) if source.entries or refused else None
    return grade_of({name: getattr(found, name) for name in WEIGHTS} | {"validity": validity})


def _wrong(source: SourceCalendar) -> list[tuple[SourceEntry, str]]:
    """The entries that cannot be, each with what is wrong with it."""
    return [(entry, why) for entry in source.entries for _, why in [checked(entry.fields)] if why]


def _report(source: SourceCalendar, now: int | None, wrong: Sequence[tuple[SourceEntry, str]]) -> SourceReport:
    entries = source.entries
    twins = _twins(entries)
    told = [entry.support for entry in entries if entry.support != 1.0]
    shares = {
        "completeness": _completeness(entries),
        "validity": 1 - len(wrong) / len(entries) if entries else None,
        "freshness": _freshness(source, now),
        "uniqueness": 1 - len(twins) / len(entries) if entries else None,
        "weekdays": sum(support > 1 for support in told) / len(told) if told else None,
    }
    faults = [
        *(f"{entry.key}: {why}" for entry, why in wrong[:SHOWN]),
        *(f"{entry.key}: says the same as another entry" for entry in twins[:SHOWN]),
        *(f"{entry.key}: the weekday is not that of the date" for entry in entries if entry.support < 1),
    ]
    return SourceReport(source.name, len(entries), **shares, faults=tuple(faults[: 3 * SHOWN]), grade=grade_of(shares))


WEIGHTS: Final = {"validity": 4.0, "weekdays": 3.0, "uniqueness": 2.0, "completeness": 2.0, "freshness": 1.0}
"""What is wrong weighs more than what is missing, and that more than what is old."""
GATES: Final = frozenset({"validity", "weekdays"})
"""A source of which half the entries cannot be, or half the weekdays are wrong, is not to be trusted with the rest."""


def grade_of(shares: dict[str, float | None]) -> Grade:
    """The grade of a source from its shares."""
    return grade([Check(name, weight, shares[name], name in GATES) for name, weight in WEIGHTS.items()])


def _completeness(entries: Sequence[SourceEntry]) -> float | None:
    """Half for name and days, which every entry has; the rest by how many other telling fields are filled."""
    if not entries:
        return None
    said = sum(sum(name in entry.fields for name in TELLING) for entry in entries)
    return 0.5 + 0.5 * said / (len(TELLING) * len(entries))


def _freshness(source: SourceCalendar, now: int | None) -> float | None:
    if source.freshness is None or now is None:
        return None
    days = (now - source.freshness) / 86_400
    return min(1.0, max(0.0, (STALE_DAYS - days) / (STALE_DAYS - FRESH_DAYS)))


def _twins(entries: Sequence[SourceEntry]) -> list[SourceEntry]:
    """Entries that say the same as an earlier one: the same plain name on the same days in the same markets."""
    seen = Counter[tuple[object, ...]]()
    found = []
    for entry in entries:
        fields = entry.fields
        said = (plain_title(str(fields.get("name", ""))), fields.get("starts_on"), fields.get("ends_on"),
                tuple(fields.get("markets") or ()), fields.get("start_time"))  # fmt: skip
        seen[said] += 1
        if seen[said] > 1:
            found.append(entry)
    return found
