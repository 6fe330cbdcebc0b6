"""Any payload but the fast kinds, as numbered rows in Python: slower, and forgiving line by line.

A source may be iterated again and again; each pass opens the payload anew, so that memory holds one chunk only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, count, islice
from typing import Any, Protocol

import orjson

from kalends.base.reading.documents import Flat, Unwrap, flatten, loaded, no_envelope, record, records, unwrapped
from kalends.base.reading.errors import EmptyPayloadError, PayloadTooLargeError, UnreadablePayloadError
from kalends.base.reading.sheets import (
    HEADER_WITHIN,
    Broken,
    Cells,
    Unended,
    csv_rows,
    delimiter_of,
    excel_sheets,
    split_header,
)
from kalends.base.reading.sniff import Sniffed
from kalends.base.reading.text import Lines
from kalends.base.reading.unpack import Payload

MAX_DOCUMENT_BYTES = 512 << 20
BETWEEN = re.compile(r"[ \t\r\n,]+")
NO_OBJECT = "The row is not an object; write {name: value, ...}."
SHOWN = 500  # characters of an unreadable row that are kept to show it


@dataclass(frozen=True)
class Row:
    """One row: its 1-based number in the payload, its stream, its cells; or what is wrong with it and its raw text.

    `line`: of NDJSON, the 1-based filled line that it stands in; a platform's answer in one line holds many rows.
    """

    number: int
    stream: str = ""
    cells: Flat = field(default_factory=dict)
    fault: str | None = None
    raw: str | None = None
    line: int | None = None


class Rows(Protocol):
    """A payload's rows. `notes` say, after a pass, what had to be mended; `is_table` means that columns are fixed."""

    notes: list[str]
    is_table: bool

    def __iter__(self) -> Iterator[Row]: ...


def rows_of(payload: Payload, sniffed: Sniffed, unwrap: Unwrap = no_envelope) -> Rows:
    """The row source for a payload of this kind; `unwrap` takes a platform's envelope off a document or a line."""
    if sniffed.format == "ndjson":
        return NdjsonRows(payload, sniffed.encoding, unwrap)
    if sniffed.format == "json":
        return DocumentRows(payload, sniffed.encoding, unwrap)
    return SheetRows(payload, sniffed, unwrap)


def _loads(text: str) -> Any:
    """JSON, also with the NaN and Infinity that Python and JavaScript tools write. Raises ValueError."""
    try:
        return loaded(text)
    except orjson.JSONDecodeError:
        try:
            return json.loads(text)
        except RecursionError:
            raise ValueError("it is nested too deeply") from None


@dataclass
class NdjsonRows:
    """One JSON object a line; blank lines do not count."""

    payload: Payload
    encoding: str
    unwrap: Unwrap = no_envelope
    notes: list[str] = field(default_factory=list)
    is_table: bool = False

    def __iter__(self) -> Iterator[Row]:
        lines = Lines(self.payload, self.encoding)
        filled = (line for line in lines if line.strip())
        numbers = count(1)  # a line may hold a whole page of rows
        for place, line in enumerate(filled, start=1):
            yield from _line_rows(line, place, numbers, self.unwrap)
        self.notes = notes_on(lines)


def _line_rows(line: str, place: int, numbers: Iterator[int], unwrap: Unwrap) -> Iterator[Row]:
    try:
        item = _loads(line)
    except ValueError as error:
        yield _faulty(next(numbers), f"The line is not valid JSON ({error}); write one object a line.", line, place)
        return
    if not isinstance(item, dict):
        yield _faulty(next(numbers), NO_OBJECT, json.dumps(item), place)
        return
    for stream, row in rows_of_line(item, unwrap):
        yield _row(next(numbers), stream, row, place)


def rows_of_line(item: dict[str, Any], unwrap: Unwrap) -> Iterator[tuple[str, Any]]:
    """(stream, row) of each row in a line's object: an answer of a platform holds many."""
    whole = unwrap(item)
    if whole is not None:
        yield from whole
        return
    for stream, inner in record(item):
        rows = None if inner is item else unwrap(inner)
        for own, row in [(stream, inner)] if rows is None else rows:
            yield stream or own, row


def _row(number: int, stream: str, item: Any, line: int | None = None) -> Row:
    if isinstance(item, dict):
        return Row(number, stream, flatten(item), line=line)
    return _faulty(number, NO_OBJECT, json.dumps(item), line)


def _faulty(number: int, fault: str, raw: str, line: int | None = None) -> Row:
    return Row(number, fault=fault, raw=raw.strip()[:SHOWN], line=line)


def notes_on(lines: Lines) -> list[str]:
    """What one pass over the lines had to mend."""
    notes = []
    if lines.odd_lines:
        shown = ", ".join(map(str, lines.odd_lines[:5]))
        notes.append(f"{len(lines.odd_lines)} lines were not UTF-8 and were read as Windows-1252 (line {shown}).")
    if lines.cut:
        notes.append("The compressed file is cut off: the rows before the cut are kept; send the rest again.")
    return notes


@dataclass
class DocumentRows:
    """One JSON document: an array, an object, or a platform's envelope around rows."""

    payload: Payload
    encoding: str
    unwrap: Unwrap = no_envelope
    notes: list[str] = field(default_factory=list)
    is_table: bool = False

    def __iter__(self) -> Iterator[Row]:
        lines = Lines(self.payload, self.encoding)
        text = _whole(lines)
        self.notes = notes_on(lines)
        try:
            found = unwrapped(_loads(text), self.unwrap)
        except ValueError as error:
            yield from _salvaged(text, error)
            return
        for number, (stream, item) in enumerate(found, start=1):
            yield _row(number, stream, item)


def _whole(lines: Lines) -> str:
    held, size = [], 0
    for line in lines:
        size += len(line)
        if size > MAX_DOCUMENT_BYTES:
            raise PayloadTooLargeError("The JSON document is larger than 512 MB; send NDJSON, one object a line.")
        held.append(line)
    return "".join(held)


def _salvaged(text: str, error: ValueError) -> Iterator[Row]:
    """The whole rows before the place where a broken or cut-off array stops being JSON, then that place as a fault."""
    decoder, at, number = json.JSONDecoder(), text.find("[") + 1, 0
    while 0 < at < len(text):
        gap = BETWEEN.match(text, at)
        at = gap.end() if gap else at
        try:
            item, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            break
        for stream, inner in records([item]):
            number += 1
            yield Row(number, stream, flatten(inner)) if isinstance(inner, dict) else _faulty(number, "No object.", "")
        at = end
    if number == 0:
        raise UnreadablePayloadError(f"The file is not valid JSON: {error}.")
    yield _faulty(number + 1, f"The JSON breaks off here ({error}); send the rest again.", text[at : at + SHOWN])


@dataclass
class SheetRows:
    """CSV in any delimiter and encoding, and Excel: one header, then rows; of a workbook, those of all sheets that have
    the first one's columns, counted on from one sheet to the next.

    A row with fewer cells than the header lacks its last ones: spreadsheets leave empty cells at the end out. Where it
    is the file's last line and has no line end, nobody can tell that from a file that was cut off, and it is a fault;
    so is, with any number of cells, such a line of a compressed file that ended before its end.
    """

    payload: Payload
    sniffed: Sniffed
    unwrap: Unwrap = no_envelope
    notes: list[str] = field(default_factory=list)
    is_table: bool = True

    def __iter__(self) -> Iterator[Row]:
        lines, notes, others, last, columns = Lines(self.payload, self.sniffed.encoding), [], [], 0, set[str]()
        is_excel = self.sniffed.format == "excel"
        for name, cells in excel_sheets(self.payload) if is_excel else [("", _delimited(lines))]:
            header, header_row, below = split_header(cells)
            columns = columns or set(header)
            if set(header) != columns:
                others.append(repr(name))
                continue
            first = last + 1
            for last, row in enumerate(below, start=first):
                if _filled(row) or isinstance(row, Broken):
                    yield from self._read(_sheet_row(last, header, row, is_cut=lines.cut))
            if first > 1:
                notes.append(f"From row {first} on, the rows are those of the sheet {name!r}.")
            if header_row > 1:
                notes.append(f"The header was found in row {header_row}; the rows above it are titles.")
        if others:
            notes.append(f"Not read, for the columns are others: {', '.join(others)}; send each sheet as a file.")
        self.notes = notes_on(lines) + list(dict.fromkeys(notes))

    def _read(self, row: Row) -> Iterator[Row]:
        """The row, or the rows that it stands for: an object of a customer system is what happened on several days."""
        found = None if row.fault or self.unwrap is no_envelope else self.unwrap(row.cells)
        if found is None:
            yield row
            return
        for _, cells in found:
            yield Row(row.number, cells=flatten(cells))


def _filled(row: Cells) -> bool:
    return any(cell is not None for cell in row)


def _delimited(lines: Lines) -> Iterator[Cells]:
    source = iter(lines)
    head = list(islice(source, HEADER_WITHIN))
    if not head:
        raise EmptyPayloadError
    if head[0].lower().startswith("sep="):  # Excel's own way to name the delimiter
        yield from csv_rows(chain(head[1:], source), delimiter=head[0].strip()[4:] or ",", first=2)
        return
    yield from csv_rows(chain(head, source), delimiter=delimiter_of(head))


def _sheet_row(number: int, header: list[str], row: Cells, *, is_cut: bool) -> Row:
    if isinstance(row, Broken):
        return _faulty(number, row.fault, row.raw)
    if isinstance(row, Unended) and (is_cut or len(row) < len(header)):
        fault = "The file ends in the middle of this row, without a line end; send the row again."
        return _faulty(number, fault, json.dumps(row, ensure_ascii=False))
    if len(row) > len(header) and _filled(row[len(header) :]):
        fault = f"The row has {len(row)} cells and the header {len(header)}; quote cells that hold the delimiter."
        return _faulty(number, fault, json.dumps(row, ensure_ascii=False))
    return Row(number, cells=dict(zip(header, row, strict=False)))
