"""What goes into a consolidation: calendars as somebody keeps them, and each entry in a form that can be compared."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final

from kalends.calendar.events import MANUAL
from kalends.calendar.moments import moment_book
from kalends.calendar.reading import SourceEntry
from kalends.methods.matching import Entry, alias_table, read_title

SEPARATOR: Final = "/"


@dataclass(frozen=True, slots=True)
class SourceCalendar:
    """One calendar source and what it says now. `name` is unique among the sources."""

    name: str
    entries: Sequence[SourceEntry]
    priority: int = 100
    """The user's order: the smaller comes first where nothing else decides."""
    quality: float | None = None
    """0 to 1; None: not known."""
    freshness: int | None = None
    """When it was read, as a number that grows with time."""
    markets: tuple[str, ...] = ()
    """The markets that its entries are for where an entry names none; empty: all."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """One entry, with the source that says it."""

    source: SourceCalendar
    entry: SourceEntry

    @property
    def id(self) -> str:
        """Unique among all entries of all sources."""
        return f"{self.source.name}{SEPARATOR}{self.entry.key}"

    @property
    def fields(self) -> Mapping[str, Any]:
        """What it says."""
        return self.entry.fields

    @property
    def is_by_hand(self) -> bool:
        """Whether a person wrote it in Kalends."""
        return self.source.name == MANUAL


def spoken_by_id(sources: Sequence[SourceCalendar]) -> dict[str, Spoken]:
    """Every entry of every source. Raises ValueError when two sources have one name."""
    names = [source.name for source in sources]
    if len(set(names)) < len(names):
        raise ValueError(f"two sources are called {max(names, key=names.count)!r}")
    said = (Spoken(source, entry) for source in sources for entry in source.entries)
    return {spoken.id: spoken for spoken in said}


def comparable(spoken: Spoken) -> Entry:
    """The entry as matching sees it: days included, its moment by any of the moment's names, its source's markets."""
    fields = spoken.fields
    return Entry(
        id=spoken.id,
        source=spoken.source.name,
        title=fields["name"],
        first=date.fromisoformat(fields["starts_on"]),
        last=date.fromisoformat(fields["ends_on"]),
        key=spoken.entry.key,
        url=spoken.entry.url,
        type=fields.get("type"),
        markets=frozenset(fields.get("markets") or spoken.source.markets),
        moment=moment_of(fields["name"]),
    )


@lru_cache(maxsize=1)
def title_aliases() -> dict[str, str]:
    """Every name of every moment (lower case) -> its code with blanks: one word for all languages."""
    found: dict[str, str] = {}
    for code, moment in moment_book().moments.items():
        for name in (moment.name, code.replace("_", " "), *moment.aliases, *moment.around):
            found.setdefault(name.casefold(), code)
    return found


@lru_cache(maxsize=1)
def _moment_names() -> re.Pattern[str]:
    """Any of the names, longest first: 'Small Business Saturday' is not taken for a shorter name that begins alike."""
    names = sorted(title_aliases(), key=lambda name: (-len(name), name))
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, names))})(?!\w)")


@lru_cache(maxsize=100_000)
def moment_of(title: str) -> str | None:
    """The first moment that a title names; None where it names none."""
    found = _moment_names().search(title.casefold())
    return title_aliases()[found[0]] if found else None


@lru_cache(maxsize=1)
def _alias_table() -> frozenset[tuple[str, str]]:
    return alias_table(title_aliases())


def plain_title(title: str) -> str:
    """The title as matching compares it."""
    return read_title(title, aliases=_alias_table())[0]
