"""What a source says, entry by entry, and what became of each thing that it sent."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from pydantic import ValidationError

from kalends.calendar.events import EventFields, canonical_fields

Outcome = Literal["kept", "mended", "refused"]
"""`mended`: taken in, and something about it was put right or guessed; `refused`: not taken in."""

MAX_NAME, MAX_DESCRIPTION, MAX_KEY, MAX_URL = 300, 20_000, 300, 2_000
UNTITLED: Final = "(no title)"


class BadEventError(ValueError):
    """One event that cannot be taken in; the text says why, and what would be right."""


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """One event as a source says it. `fields`: what it says, as plain JSON values by EventFields' names; a field that
    it does not mention is absent, so that a default is never taken for a claim.
    """

    key: str
    """Tells the source's entries apart, and is the same each time it is read."""
    fields: Mapping[str, Any]
    url: str | None = None
    support: float = 1.0
    """What its days are worth among others': less where they contradict themselves, more where a weekday agrees."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one thing that a source sent: `where` ('line 12', 'row 7'), and why in words."""

    where: str
    outcome: Outcome
    name: str = ""
    reasons: tuple[str, ...] = ()
    entries: int = 0
    """How many entries came of it: a recurring one gives many."""
    days: str = ""
    """The days that were understood: '2026-11-27 to 2026-11-30'."""


@dataclass(slots=True)
class Reading:
    """A source, read: its entries, the fate of all that it sent, and what was noticed about the whole."""

    entries: list[SourceEntry] = field(default_factory=list)
    fates: list[Fate] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    title: str = ""
    zone: str | None = None
    columns: dict[str, str] = field(default_factory=dict)
    """For tables: which column was taken for which field."""
    headings: dict[str, list[str]] = field(default_factory=dict)
    """For tables: every column, and the first few of what stands in it."""
    refresh_minutes: int | None = None
    """How often the calendar itself asks to be read again."""

    def counts(self) -> dict[Outcome, int]:
        """How many things had which fate."""
        found = Counter(fate.outcome for fate in self.fates)
        return {"kept": found["kept"], "mended": found["mended"], "refused": found["refused"]}


def checked(fields: Mapping[str, Any]) -> tuple[dict[str, Any], str | None]:
    """The fields that are said, in canonical form; or what is wrong with them, in words."""
    try:
        valid = canonical_fields(EventFields.model_validate(dict(fields)))
    except ValidationError as error:
        return {}, "; ".join(item["msg"].removeprefix("Value error, ") for item in error.errors())
    return {name: valid[name] for name in fields}, None


def in_days(fields: Mapping[str, Any]) -> str:
    """The days of an entry, for people."""
    first, last = str(fields["starts_on"]), str(fields["ends_on"])
    return first if first == last else f"{first} to {last}"


def cut(text: str, *, most: int, what: str, reasons: list[str]) -> str:
    """The text in at most so many characters; that it was longer is told."""
    if len(text) > most:
        reasons.append(f"Its {what} was cut after {most:,} characters.")
    return text[:most].strip()


def short_key(key: str) -> str:
    """The key, or what stands for it: a database's index takes no longer one."""
    if len(key) <= MAX_KEY:
        return key
    return f"{key[:100]}-{hashlib.sha256(key.encode()).hexdigest()[:32]}"


def unique_keys(entries: Sequence[SourceEntry]) -> list[SourceEntry]:
    """The entries with '#2', '#3' ... on the keys that come again: by their days, whatever the file's order."""
    seen: Counter[str] = Counter()
    found = {}
    for place in sorted(range(len(entries)), key=lambda place: _standing(entries[place])):
        entry = entries[place]
        seen[entry.key] += 1
        count = seen[entry.key]
        found[place] = entry if count == 1 else replace(entry, key=f"{entry.key}#{count}")
    return [found[place] for place in range(len(entries))]


def _standing(entry: SourceEntry) -> tuple[str, str]:
    return str(entry.fields["starts_on"]), json.dumps(dict(entry.fields), sort_keys=True)
