"""The rows of somebody's table of events: where its header is, and where a quote that was never closed ends."""

from __future__ import annotations

import csv
import json
import struct
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import Any, Final

from kalends.base.reading import EmptyPayloadError, Lines, Payload, Row, UnreadablePayloadError, rows_of, sniff
from kalends.base.reading.documents import flatten
from kalends.base.reading.rows import notes_on
from kalends.base.reading.sheets import (
    DELIMITERS,
    HEADER_WITHIN,
    Cells,
    delimiter_of,
    excel_rows,
    split_header,
    unique_names,
)
from kalends.base.reading.sniff import Sniffed
from kalends.calendar.reading.columns import NEEDED, guess_columns

MAX_ROWS: Final = 200_000
MAX_QUOTED_LINES, MAX_QUOTED = 100, 1 << 20
"""Lines and characters that one row may run over: a long description. More is a quote that nobody closed."""
SHOWN: Final = 500


def table_rows(payload: Payload, *, columns: Sequence[str]) -> tuple[list[Row], list[str]]:
    """The rows, and what was noticed. `columns`: that a person has named; the header has them.

    Raises the errors of `base.reading`.
    """
    try:
        sniffed = sniff(payload)
        if sniffed.format in {"csv", "excel"}:
            return _sheet(payload, sniffed, columns)
        if sniffed.format == "parquet":
            raise UnreadablePayloadError("A calendar is read from CSV, Excel, JSON or .ics; save it as one of those.")
        source = rows_of(payload, sniffed)
        rows = list(map(_without_empty_lists, _unpacked(list(islice(source, MAX_ROWS + 1)))))
    except (csv.Error, struct.error, RecursionError) as error:
        raise UnreadablePayloadError(f"The file cannot be read ({error}); save it again.") from error
    return rows, source.notes


def _unpacked(rows: list[Row]) -> list[Row]:
    """The rows of a document that holds its list under a name, such as {"events": [...]}."""
    if len(rows) != 1 or rows[0].fault:
        return rows
    for text in rows[0].cells.values():
        if text is not None and text.startswith("[{"):
            items: list[Any] = json.loads(text)
            return [
                Row(number, cells=flatten(item))
                if isinstance(item, dict)
                else Row(number, fault="The row is not an object; write {name: value, ...}.", raw=str(item)[:SHOWN])
                for number, item in enumerate(items, start=1)
            ]
    return rows


def _without_empty_lists(row: Row) -> Row:
    return replace(row, cells={name: None if cell == "[]" else cell for name, cell in row.cells.items()})


def _sheet(payload: Payload, sniffed: Sniffed, columns: Sequence[str]) -> tuple[list[Row], list[str]]:
    lines = Lines(payload, sniffed.encoding)
    records = _Records(iter(lines))
    cells = excel_rows(payload) if sniffed.format == "excel" else iter(records)
    top = list(islice(cells, HEADER_WITHIN))
    header, at = _header(top, columns)
    below = chain(top[at + 1 :], cells)
    filled = ((number, row) for number, row in enumerate(below, start=1) if any(row))
    rows = [_row(number, header, row) for number, row in islice(filled, MAX_ROWS + 1)]
    notes = notes_on(lines)
    if records.unclosed:
        notes.append(f"{records.unclosed} rows have a quote that is never closed; it was left out.")
    if at:
        notes.append(f"The header was found in row {at + 1}; the rows above it are titles.")
    return rows, notes


def _header(top: Sequence[Cells], columns: Sequence[str]) -> tuple[list[str], int]:
    """The column names, and the place of the row that has them: the one that names the most of an event's fields."""
    if not top:
        raise EmptyPayloadError
    named = [unique_names([cell or f"column_{n}" for n, cell in enumerate(row, start=1)]) for row in top]
    told = next((at for at, names in enumerate(named) if columns and set(columns) <= set(names)), None)
    best = max(range(len(top)), key=lambda at: (_known(named[at]), -at)) if told is None else told
    if told is not None or _known(named[best]):
        return named[best], best
    names, number, _ = split_header(top)
    return names, number - 1


def _known(names: Sequence[str]) -> int:
    """How many fields the headings name; 0 where one that an event needs is missing."""
    fields = guess_columns(names).keys()
    return len(fields) if fields >= set(NEEDED) else 0


def _row(number: int, header: Sequence[str], row: Cells) -> Row:
    if any(row[len(header) :]):
        fault = f"The row has {len(row)} cells and the header {len(header)}; quote cells that hold the delimiter."
        return Row(number, fault=fault, raw=json.dumps(row, ensure_ascii=False)[:SHOWN])
    return Row(number, cells=dict(zip(header, row, strict=False)))


def _delimiter(head: list[str]) -> str:
    """The delimiter by which a line names the most of an event's fields; else the one that cuts the lines most evenly.

    Each line is looked at alone: a quote that is never closed would take the others with it.
    """
    known = {
        mark: max(_known(next(csv.reader([line[:MAX_QUOTED]], delimiter=mark), [])) for line in head)
        for mark in DELIMITERS
    }
    best = max(DELIMITERS, key=lambda mark: known[mark])
    return best if known[best] else delimiter_of(head)


@dataclass
class _Records:
    """CSV records. A quote that nothing closes is left out, and costs its own line only; they are counted."""

    lines: Iterator[str]
    delimiter: str = ","
    unclosed: int = 0
    _held: deque[str] = field(default_factory=deque)
    _width: int = 0

    def __iter__(self) -> Iterator[Cells]:
        head = list(islice(self.lines, HEADER_WITHIN))
        if head and head[0].lower().startswith("sep="):  # Excel's own way to name the delimiter
            self.delimiter = head.pop(0).strip()[4:5] or ","
        elif head:
            self.delimiter = _delimiter(head)
        self._held.extend(head)
        while (line := self._next()) is not None:
            cells = [cell.replace("\x00", "").strip() or None for cell in self._record(line)]
            if any(cells):
                self._width = max(self._width, len(cells))
                yield cells

    def _next(self) -> str | None:
        return self._held.popleft() if self._held else next(self.lines, None)

    def _record(self, line: str) -> list[str]:
        """The record that begins with the line, over as many lines as its quotes are open."""
        text, taken, is_open = line, list[str](), False
        while len(taken) <= MAX_QUOTED_LINES and len(text) <= MAX_QUOTED:
            try:
                record = self._parsed(text, strict=True)
            except csv.Error as error:
                is_open = "unexpected end" in str(error)
            else:
                is_open = len(record) > self._width > 0 and bool(taken)
                if not is_open:
                    return record
                break
            more = self._next() if is_open else None
            if more is None:
                break
            taken.append(more)
            text += more
        self._held.extendleft(reversed(taken))
        if not (is_open or taken):
            return self._parsed(line)
        self.unclosed += 1
        return [cell.strip().strip('"') for cell in self._parsed(line, quoting=csv.QUOTE_NONE)]

    def _parsed(self, text: str, **more: Any) -> list[str]:
        return next(csv.reader([text], delimiter=self.delimiter, **more), [])
