"""The values that components draw. Text in them is ready to be read; the macros only lay it out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

Tone = Literal["plain", "good", "bad", "attention", "accent"]


@dataclass(frozen=True, slots=True)
class Change:
    """A change in a tinted chip: "+14.2 %", good or bad by the metric's own direction."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """One number first. `trend`: values in order of time, None where unknown; the last `provisional` may still change.

    `href` leads to where the number comes from; `interval` belongs to estimated values ("29 – 53 k").
    """

    label: str
    value: str
    change: Change | None = None
    comparison: str = ""
    trend: Sequence[float | None] = ()
    provisional: int = 0
    href: str = ""
    interval: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several: in a segmented control, a menu, tabs or a select field. `count` is shown as a badge."""

    label: str
    href: str = ""
    value: str = ""
    current: bool = False
    count: int | None = None
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A table's heading. `href` sorts by it; `sort` says how it is sorted now."""

    label: str
    href: str = ""
    sort: Literal["", "ascending", "descending"] = ""
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Paging:
    """Which part of a table is shown: rows `first` to `last` of `total`."""

    first: int
    last: int
    total: int
    previous_href: str = ""
    next_href: str = ""

    @classmethod
    def of(cls, page: int, *, size: int, total: int, address: Callable[[int], str]) -> Paging:
        """Page number `page` (from 1) of rows that are shown `size` at a time; `address`: where a page is."""
        last = min(page * size, total)
        return cls(
            first=min((page - 1) * size + 1, last),
            last=last,
            total=total,
            previous_href=address(page - 1) if page > 1 else "",
            next_href=address(page + 1) if last < total else "",
        )


@dataclass(frozen=True, slots=True)
class PaletteItem:
    """One place to jump to."""

    label: str
    href: str
    icon: str = "right"
    note: str = ""


@dataclass(frozen=True, slots=True)
class PaletteGroup:
    """Places of one kind."""

    label: str
    items: Sequence[PaletteItem]
