"""Entries as arrays, so that many pairs are compared at once."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from kalends.methods.matching.entries import Entry
from kalends.methods.matching.likeness import Floats, Ints, Titles, combined, titles_of
from kalends.methods.matching.names import name_sets
from kalends.methods.matching.titles import alias_table, markets_in, read_title

T = TypeVar("T", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Columns:
    """n entries; codes are -1 where an entry does not say. The codes mean nothing beyond these entries."""

    first: Ints
    last: Ints
    source: Ints
    key: Ints
    url: Ints
    type: Ints
    moment: Ints
    markets: Ints
    """Row and column of `overlap`."""
    twin: Ints
    """Entries of one source with the same code cannot be told apart."""
    name: Ints
    """Row of `names`."""
    titles: Titles
    read: tuple[tuple[str, str], ...]
    """The titles in plain form and their initials (rows of `titles`)."""
    names: tuple[tuple[int, ...], ...]
    """Sets of titles that one event goes by (names.py)."""
    overlap: Floats
    """Share of the smaller of two sets of markets that the other holds, too; NaN where one is empty (not said).

    Where an entry does not say its markets, the countries that its title names count."""

    def of_sources(self, left: Ints, right: Ints) -> NDArray[np.bool_]:
        """Which pairs (P,) are of two sources, or of twins: a source does not tell of one event twice."""
        apart: NDArray[np.bool_] = (self.source[left] != self.source[right]) | (self.twin[left] == self.twin[right])
        return apart

    def of_markets(self, left: Ints, right: Ints) -> NDArray[np.bool_]:
        """Which pairs (P,) may be one event by their markets."""
        may: NDArray[np.bool_] = self.overlap[self.markets[left], self.markets[right]] != 0
        return may

    def only(self, rows: Ints) -> Columns:
        """Some of the entries, by their rows."""
        arrays = ("first", "last", "source", "key", "url", "type", "moment", "markets", "twin", "name")
        return replace(self, **{each: getattr(self, each)[rows] for each in arrays})


def columns_of(
    entries: Sequence[Entry], *, aliases: Mapping[str, str] | None, same: Iterable[tuple[int, int]] = ()
) -> Columns:
    """The arrays of entries, row by row in their order; `same`: rows that a person has called one event."""
    raw, raw_titles = _distinct(entry.title for entry in entries)
    table = alias_table(aliases)
    plain, plain_of_raw = _distinct(read_title(title, aliases=table) for title in raw_titles)
    title = plain[raw].tolist() if raw.size else []
    named = [markets_in(words) for words, _ in plain_of_raw]
    markets, sets = _distinct(entry.markets or named[at] for entry, at in zip(entries, title, strict=True))
    name, names = _distinct(name_sets(entries, title, same=same))
    first = np.array([entry.first.toordinal() for entry in entries], dtype=np.int64)
    last = np.array([entry.last.toordinal() for entry in entries], dtype=np.int64)
    source, key = _distinct(entry.source for entry in entries)[0], _said(entry.key for entry in entries)
    type_, moment = _said(entry.type for entry in entries), _said(entry.moment for entry in entries)
    return Columns(
        first=first,
        last=last,
        source=source,
        key=key,
        url=_said(entry.url for entry in entries),
        type=type_,
        moment=moment,
        markets=markets,
        twin=combined(source, key, np.array(title, dtype=np.int64), first, last, markets, type_, moment),
        name=name,
        titles=titles_of(plain_of_raw),
        read=tuple(plain_of_raw),
        names=tuple(names),
        overlap=_overlaps(sets),
    )


def _distinct(values: Iterable[T]) -> tuple[Ints, list[T]]:
    """A code per value, and the distinct values in order of their codes."""
    known: dict[T, int] = {}
    codes = np.array([known.setdefault(value, len(known)) for value in values], dtype=np.int64)
    return codes, list(known)


def _said(values: Iterable[str | None]) -> Ints:
    """A code per value, -1 for None or nothing."""
    known: dict[str, int] = {}
    return np.array([known.setdefault(value, len(known)) if value else -1 for value in values], dtype=np.int64)


def _overlaps(sets: Sequence[frozenset[str]]) -> Floats:
    """The table of `Columns.overlap`."""
    table = np.full((len(sets), len(sets)), np.nan)
    for i, first in enumerate(sets):
        for j, second in enumerate(sets):
            if first and second:
                table[i, j] = len(first & second) / min(len(first), len(second))
    return table
