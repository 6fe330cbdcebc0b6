"""A raw table: what a payload is while it is read, and why it is read again another way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import chain, count
from typing import Any

from kalends.base.reading.documents import Unwrap, no_envelope
from kalends.base.reading.envelopes import Envelope
from kalends.base.reading.rows import Row

ROW, FAULT, RAW = "__row", "__fault", "__raw"  # bookkeeping columns of a raw table; a file has no such names


class Way(Enum):
    """How JSON lines are read, the fastest first. A payload that one of the first two does not suit takes the next."""

    PATTERN = "in place, each row held against what the first ones have"
    KEYS = "in place, each part asked for its keys first"
    ROWS = "row by row"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a source writes its JSON. `lists`: columns, by their plain names, that are wanted as parsed lists of actions.
    `unwrap` takes the source's envelope off a document; `envelope` does where rows can stay closed.
    """

    lists: frozenset[str] = frozenset()
    unwrap: Unwrap = no_envelope
    envelope: Envelope[Any] | None = None


class PatternError(Exception):
    """The payload, read in place, has rows with more than its first ones, or with something else."""


class SlowWayError(Exception):
    """The payload, read in place, turned out to need rows that can be looked at more than once."""


class UnseenColumnsError(Exception):
    """A later part of the payload has columns that the first ones had not; `columns` are all there are."""

    def __init__(self, columns: frozenset[str]) -> None:
        super().__init__(columns)
        self.columns = columns


@dataclass(frozen=True)
class RawTable:
    """One stream's raw rows. `relation` is an SQL table expression with text columns `columns`.

    Where `has_row` is false, rows come in the payload's order and their place is their number, and the relation holds
    one part of the payload after another: `advance` puts the next one there, and is False at the end. `is_table`: the
    columns are fixed, so an empty cell is a value that is not there; in objects, a field that is not there is another
    shape of row. `head`: a few rows, to tune by; nothing that is decided by them changes a result.
    """

    stream: str
    relation: str
    columns: tuple[str, ...]
    is_table: bool
    has_row: bool
    head: tuple[dict[str, str | None], ...] = ()
    advance: Callable[[], bool] = lambda: False
    keep: Callable[[Iterable[int], int], bool] = lambda lines, count: False  # noqa: ARG005
    """Where it is read in place: leave only these rows of the part there, out of `count`; False where it cannot."""
    spread: Callable[[int], tuple[int, list[dict[str, str | None]]]] = lambda count: (0, [])  # noqa: ARG005
    """Where it is read in place: the size of the part there, and up to so many of its rows, evenly spread."""
    parsed: str = ""
    """Where it is read in place: `relation` with the columns `lists` parsed, which then are not written as text and
    read once more. A row of another shape fails the query, and means `mismatch`."""
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Of each the keys that its entries have, which are structures then; without keys they are maps."""
    aside: Sequence[Row] = ()
    """Where it is read in place: the rows of other streams behind these, once `advance` was False."""
    mismatch: type[Exception] = SlowWayError


def speakable(names: Iterable[str]) -> dict[str, str]:
    """Column names that DuckDB can have, each with the name in the file.

    There they are not empty, are valid Unicode, and do not differ in case alone: `a` beside `A` becomes `a (2)`.
    """
    found: dict[str, str] = {}
    taken = {ROW.lower(), FAULT.lower(), RAW.lower()}
    for name in names:
        plain = valid(name.replace("\0", "")) or "unnamed"
        numbered = (f"{plain} ({number})" for number in count(2))
        free = next(one for one in chain([plain], numbered) if one.lower() not in taken)
        taken.add(free.lower())
        found[free] = name
    return found


def valid(text: str) -> str:
    """The text with a question mark for what is half a character (JSON may hold lone surrogates)."""
    return text.encode(errors="replace").decode()
