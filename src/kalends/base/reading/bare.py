"""What platforms answer, as bare rows: their envelopes off, one row a line, so that it can be read as any NDJSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import Any

import orjson

from kalends.base.reading.documents import Unwrap, flatten, loaded, unwrapped
from kalends.base.reading.envelopes import Envelope
from kalends.base.reading.rows import Row, rows_of_line
from kalends.base.reading.sniff import Sniffed
from kalends.base.reading.text import Lines
from kalends.base.reading.unpack import Payload

FORMATS = ("json", "ndjson")
ROWS_A_CHUNK = 1_000
MOST_ASIDE = 1_000_000
"""Cells of other streams' rows that are held in memory: some 100 MB, the names of 200,000 ads."""
Piece = bytes | list[dict[str, Any]]
"""Some rows, in their order: lines of JSON, where nobody had to look into them, or objects."""

END = orjson.Fragment(b"\n")
"""Stands between rows that are written as one list: inside of JSON, a line never ends."""


class OddRowError(Exception):
    """Something in the payload is no row like the others: no object, of another stream, or no JSON at all."""


@dataclass
class BareRows:
    """The rows of JSON that is one document, or one answer a line, as chunks of NDJSON; all of one stream. It is passed
    over once: to open a document and take its envelope off is most of the work.

    Raises OddRowError where it is anything else, and where the payload is cut off or not all of it is UTF-8.
    """

    payload: Payload
    sniffed: Sniffed
    unwrap: Unwrap
    envelope: Envelope[Any] | None = None
    """Of answers whose rows can stay closed; their stream is ''."""
    stream: str | None = None
    """The stream of all rows, once one was read."""
    aside: list[Row] = field(default_factory=list)
    """Rows of other streams, all behind these: a platform's names follow its numbers."""
    cut: bool = False
    """Never: what is cut off is odd."""

    def __post_init__(self) -> None:
        self._pieces: Iterator[Piece] = self._of_one_stream()
        self._number, self._held = 0, 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            try:
                yield piece if isinstance(piece, bytes) else _lines(piece)
            except TypeError as error:  # half a character, or a whole number of more than 64 bits
                raise OddRowError from error

    def head(self, count: int) -> list[dict[str, Any]]:
        """The first rows, which stay among the rows."""
        taken: list[Piece] = []
        first: list[dict[str, Any]] = []
        while len(first) < count and (piece := next(self._pieces, None)) is not None:
            taken.append(piece)
            first += _opened(piece, count - len(first))
        self._pieces = chain(taken, self._pieces)
        return first

    def _of_one_stream(self) -> Iterator[Piece]:
        rows: list[dict[str, Any]] = []
        try:
            for answer in self._answers():
                if isinstance(answer, bytes):
                    self._go_on_with("")
                    self._number += answer.count(b"\n")
                    yield from filter(None, (rows, answer))
                    rows = []
                    continue
                for row in self._ours(answer):
                    rows.append(row)
                    if len(rows) == ROWS_A_CHUNK:
                        yield rows
                        rows = []
        except ValueError as error:
            raise OddRowError from error
        yield rows

    def _ours(self, answer: Iterable[tuple[str, Any]]) -> Iterator[dict[str, Any]]:
        """The answer's rows of our stream; those of others are laid aside."""
        for stream, row in answer:
            self._number += 1
            if not isinstance(row, dict):
                raise OddRowError
            if self.stream in {None, stream}:
                self._go_on_with(stream)
                yield row
                continue
            self.aside.append(Row(self._number, stream, flatten(row)))
            self._held += len(self.aside[-1].cells)
            if self._held > MOST_ASIDE:
                raise OddRowError

    def _go_on_with(self, stream: str) -> None:
        """Rows of this stream come now."""
        self.stream = stream if self.stream is None else self.stream
        if self.aside or stream != self.stream:
            raise OddRowError

    def _answers(self) -> Iterator[bytes | Iterable[tuple[str, Any]]]:
        """The rows of each document: as lines where they stay closed, else (stream, row)."""
        lines = Lines(self.payload, self.sniffed.encoding)
        if self.sniffed.format == "json":
            yield unwrapped(loaded("".join(lines)), self.unwrap)
        else:
            yield from map(self._answer, filter(str.strip, lines))
        if lines.cut or lines.odd_lines:
            raise OddRowError

    def _answer(self, line: str) -> bytes | Iterable[tuple[str, Any]]:
        closed = self.envelope.lines(line) if self.envelope else None
        if closed is not None:
            return closed
        item = loaded(line)
        if not isinstance(item, dict):
            raise OddRowError
        return rows_of_line(item, self.unwrap)


def _opened(piece: Piece, count: int) -> list[dict[str, Any]]:
    """The first rows of a piece. Raises OddRowError."""
    if not isinstance(piece, bytes):
        return piece[:count]
    try:
        return [orjson.loads(line) for line in piece.splitlines()[:count]]
    except orjson.JSONDecodeError as error:
        raise OddRowError from error


def _lines(rows: list[dict[str, Any]]) -> bytes:
    """The rows as NDJSON: to write them one by one takes twice as long."""
    if not rows:
        return b""
    text = orjson.dumps([*chain.from_iterable(zip(rows, repeat(END), strict=False))])
    return text[len("[") : -len(",\n]")].replace(b",\n,", b"\n") + b"\n"
