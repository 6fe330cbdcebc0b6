"""CSV and Excel to rows: delimiter, title rows above the header, merged header cells, rows of the wrong width."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from io import BytesIO
from zipfile import BadZipFile, ZipFile

from kalends.base.reading.errors import EmptyPayloadError, PayloadTooLargeError, UnreadablePayloadError
from kalends.base.reading.unpack import Payload, open_payload

DELIMITERS = ",;\t|"
HEADER_WITHIN = 25  # title rows, export date, account name ...: a header further down is not looked for
MAX_EXCEL_BYTES, MAX_EXCEL_PLAIN_BYTES = 200 << 20, 2 << 30
MAX_QUOTED_LINES = 1_000
"""Lines that one quoted cell may run over: more is a quote that nobody closed."""
csv.field_size_limit(16 << 20)

Cells = list[str | None]


class Broken(list[str | None]):
    """A line that is no row: it has no cells, but what is wrong with it, and itself."""

    def __init__(self, fault: str, raw: str) -> None:
        super().__init__()
        self.fault, self.raw = fault, raw


class Unended(list[str | None]):
    """The cells of a last line that has no line end: the file may be cut off in it."""


def delimiter_of(lines: list[str]) -> str:
    """The delimiter that gives the most lines of the same, greatest width; a comma where there is no other."""
    return max(DELIMITERS, key=lambda mark: _evenness(lines, mark))


def _evenness(lines: list[str], mark: str) -> tuple[int, int]:
    widths: list[int] = []
    with suppress(csv.Error):  # whoever reads the rows says what is wrong with them
        widths.extend(len(row) for row in csv.reader(lines, delimiter=mark))
    widest = max(widths, default=0)
    return (widths.count(widest) * (widest > 1), widest)


def csv_rows(lines: Iterable[str], *, delimiter: str, first: int = 1) -> Iterator[Cells]:
    """Rows of cells, trimmed; an empty cell is None. Blank lines are passed over; `first` is the first line's number.

    A line with a quote that is left open is Broken and costs no other line. So it is where no quote ends the cell, or
    one in the middle of it, and where another whole row stands inside of the cell.
    """
    source = _Source(iter(lines), delimiter, first)
    rows = csv.reader(source, delimiter=delimiter)
    while True:
        source.begins_row()
        try:
            row = next(rows, None)
            source.refuse_open()
        except csv.Error as error:
            yield source.broken(error)
            continue
        if row is None:
            return
        cells = [cell.strip().replace("\x00", "") or None for cell in row]
        if any(cell is not None for cell in cells):
            source.widths.add(len(cells))
            yield cells if source.held[-1].endswith(("\n", "\r")) else Unended(cells)


@dataclass
class _Source:
    """Lines for a reader of CSV; those that it took for one row can be read once more, all but the first."""

    lines: Iterator[str]
    delimiter: str
    number: int
    """Of the line that the present row begins in."""
    held: list[str] = field(default_factory=list)
    returned: deque[str] = field(default_factory=deque)
    widths: set[int] = field(default_factory=set)
    """Of the rows so far."""
    is_over: bool = False

    def __iter__(self) -> _Source:
        return self

    def __next__(self) -> str:
        line = self.returned.popleft() if self.returned else next(self.lines, None)
        if line is None:
            self.is_over = True
            raise StopIteration
        self.held.append(line)
        if len(self.held) > 1 and (len(self.held) > MAX_QUOTED_LINES or self._is_row(line)):
            raise csv.Error("a row stands inside of a cell")
        return line

    def begins_row(self) -> None:
        """Begin another row."""
        self.number += len(self.held)
        self.held, self.is_over = [], False

    def refuse_open(self) -> None:
        """Raise csv.Error where the row ran over several lines, or into the end, and its quotes are not as they must
        be: a reader that is not strict makes a cell of it nevertheless.
        """
        if len(self.held) > 1 or (self.is_over and self.held):
            deque(csv.reader(self.held, delimiter=self.delimiter, strict=True), maxlen=0)

    def broken(self, error: csv.Error) -> Broken:
        """The line that the row began in; the others come again."""
        line, *others = self.held
        self.returned.extendleft(reversed(others))
        self.held = [line]
        return Broken(f"Line {self.number} cannot be read ({error}); is a quote left open?", line)

    def _is_row(self, line: str) -> bool:
        """Whether a line inside of a quoted cell is a row of its own: as wide as rows are, and as the line where the
        quote opens would be without it, with digits in most of the places where that has some.
        """
        if line.count('"') % 2:
            return False
        before, _, behind = self.held[0].rpartition('"')
        own, other = (next(csv.reader([text], delimiter=self.delimiter), []) for text in (line, before + behind))
        there, expected = _digits_in(own), _digits_in(other)
        is_alike = 2 * len(there & expected) > len(expected) if expected else bool(there)
        return is_alike and len(own) == len(other) > 1 and len(own) in (self.widths or {len(own)})


def _digits_in(cells: list[str]) -> set[int]:
    return {place for place, cell in enumerate(cells) if cell.strip()[:1].isdigit()}


def excel_rows(payload: Payload) -> Iterator[Cells]:
    """The rows of the first sheet that has any."""
    yield from next(excel_sheets(payload))[1]


def excel_sheets(payload: Payload) -> Iterator[tuple[str, list[Cells]]]:
    """Each sheet that has rows: its name and these. Merged cells give their value in the first cell, as Excel stores
    it. Raises EmptyPayloadError where there is none.
    """
    from python_calamine import CalamineWorkbook  # noqa: PLC0415  # 60 ms, and few payloads are Excel

    with open_payload(payload) as stream:
        content = stream.read(MAX_EXCEL_BYTES + 1)
    _refuse_large_workbook(content)
    try:
        book = CalamineWorkbook.from_filelike(BytesIO(content))
        sheets = [(name, book.get_sheet_by_index(index).to_python()) for index, name in enumerate(book.sheet_names)]
    except Exception as error:  # calamine has one error class per format and no common root
        raise UnreadablePayloadError(f"The Excel file cannot be opened ({error}); save it again.") from error
    filled = [(name, rows) for name, rows in sheets if any(any(map(cell_text, row)) for row in rows)]
    if not filled:
        raise EmptyPayloadError
    yield from ((name, [[cell_text(cell) for cell in row] for row in rows]) for name, rows in filled)


def _refuse_large_workbook(content: bytes) -> None:
    if len(content) > MAX_EXCEL_BYTES:
        raise PayloadTooLargeError("The Excel file is larger than 200 MB; save it as CSV.")
    try:
        plain = sum(member.file_size for member in ZipFile(BytesIO(content)).infolist())
    except BadZipFile:
        return  # the old .xls is no zip
    if plain > MAX_EXCEL_PLAIN_BYTES:
        raise PayloadTooLargeError("The Excel file unpacks to more than 2 GB; save it as CSV.", unpacked_bytes=plain)


def cell_text(cell: object) -> str | None:
    """A cell as text: dates as ISO, whole numbers without '.0'."""
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat()
    if isinstance(cell, date | time | timedelta):
        return str(cell)
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    return str(cell).strip() or None if cell is not None else None


def split_header(rows: Iterable[Cells]) -> tuple[list[str], int, Iterator[Cells]]:
    """Column names, the header's row number (1-based), and the rows below it.

    The header is the first row that is as wide as the widest near the top and holds text only. A header of two rows
    (a merged group name above the columns) becomes 'group column'. Columns without a name are named by their number.
    """
    source = iter(rows)
    top = [row for _, row in zip(range(HEADER_WITHIN), source, strict=False)]
    if not top:
        raise EmptyPayloadError
    at = _header_at(top)
    if isinstance(header := top[at], Broken):
        raise UnreadablePayloadError(header.fault)
    names = _names(header, _group_above(top, at))
    return names, at + 1, _chain(top[at + 1 :], source)


def _chain(first: list[Cells], rest: Iterator[Cells]) -> Iterator[Cells]:
    yield from first
    yield from rest


def _filled(row: Cells) -> int:
    return sum(cell is not None for cell in row)


def _header_at(top: list[Cells]) -> int:
    widest = max(_filled(row) for row in top)
    for index, row in enumerate(top):
        wide_enough = _filled(row) * 10 >= widest * 8
        if wide_enough and not any(_is_number(cell) for cell in row) and _is_above_data(top, index):
            return index
    return 0


def _is_above_data(top: list[Cells], index: int) -> bool:
    """A row of texts directly above another row of texts of the same width is a group row, when numbers follow."""
    below = top[index + 1 : index + 3]
    return not (len(below) == 2 and not _has_digit(below[0]) and _has_digit(below[1]) and _has_gaps(top[index]))


def _has_gaps(row: Cells) -> bool:
    return any(cell is None for cell in row)


def _has_digit(row: Cells) -> bool:
    return any(cell is not None and any(map(str.isdigit, cell)) for cell in row)


def _is_number(cell: str | None) -> bool:
    try:
        float(cell or "x")
    except ValueError:
        return False
    return True


def _group_above(top: list[Cells], at: int) -> Cells:
    """The row above the header where it looks like merged group names (several cells, gaps), carried rightwards."""
    if at == 0 or not 0 < _filled(top[at - 1]) < _filled(top[at]):
        return []
    if top[at - 1][0] is not None and _filled(top[at - 1]) == 1:
        return []  # a title stands alone in the first column
    carried: Cells = []
    for cell in top[at - 1]:
        carried.append(cell if cell is not None or not carried else carried[-1])
    return carried


def _names(header: Cells, groups: Cells) -> list[str]:
    wanted = [_name(cell, groups[index] if index < len(groups) else None, index) for index, cell in enumerate(header)]
    return unique_names(wanted)


def _name(cell: str | None, group: str | None, index: int) -> str:
    return f"{group} {cell}" if group and cell else cell or f"column_{index + 1}"


def unique_names(wanted: list[str]) -> list[str]:
    """The same names with '_2', '_3' ... on those that come again, whatever their case."""
    seen: dict[str, int] = {}
    names = []
    for name in wanted:
        count = seen[name.lower()] = seen.get(name.lower(), 0) + 1
        names.append(name if count == 1 else f"{name}_{count}")
    return names
