"""What platforms answer, as bare rows: their envelopes off, one row a line, so that it can be read as any NDJSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, islice, repeat
from typing import Any

import orjson

from kalends.base.reading.documents import Unwrap, flatten, loaded, unwrapped
from kalends.base.reading.rows import Row, rows_of_line
from kalends.base.reading.sniff import Sniffed
from kalends.base.reading.text import Lines
from kalends.base.reading.unpack import Payload

FORMATS = ("json", "ndjson")
ROWS_A_CHUNK = 1_000
MOST_ASIDE = 1_000_000
"""Cells of other streams' rows that are held in memory: some 100 MB, the names of 200,000 ads."""


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
    stream: str | None = None
    """The stream of all rows, once one was read."""
    aside: list[Row] = field(default_factory=list)
    """Rows of other streams, all behind these: a platform's names follow its numbers."""
    cut: bool = False
    """Never: what is cut off is odd."""

    def __post_init__(self) -> None:
        self._rows: Iterator[dict[str, Any]] = self._of_one_stream()

    def __iter__(self) -> Iterator[bytes]:
        while chunk := list(islice(self._rows, ROWS_A_CHUNK)):
            try:
                yield _lines(chunk)
            except TypeError as error:  # half a character, or a whole number of more than 64 bits
                raise OddRowError from error

    def head(self, count: int) -> list[dict[str, Any]]:
        """The first rows, which stay among the rows."""
        first = list(islice(self._rows, count))
        self._rows = chain(first, self._rows)
        return first

    def _of_one_stream(self) -> Iterator[dict[str, Any]]:
        held = 0
        for number, (stream, row) in enumerate(self._streams(), start=1):
            self.stream = stream if self.stream is None else self.stream
            if not isinstance(row, dict) or held > MOST_ASIDE or (self.aside and stream == self.stream):
                raise OddRowError
            if stream == self.stream:
                yield row
            else:
                self.aside.append(Row(number, stream, flatten(row)))
                held += len(self.aside[-1].cells)

    def _streams(self) -> Iterator[tuple[str, Any]]:
        lines = Lines(self.payload, self.sniffed.encoding)
        try:
            if self.sniffed.format == "json":
                yield from unwrapped(loaded("".join(lines)), self.unwrap)
            else:
                for item in map(loaded, filter(str.strip, lines)):
                    if not isinstance(item, dict):
                        raise OddRowError
                    yield from rows_of_line(item, self.unwrap)
        except ValueError as error:
            raise OddRowError from error
        if lines.cut or lines.odd_lines:
            raise OddRowError


def _lines(rows: list[dict[str, Any]]) -> bytes:
    """The rows as NDJSON: to write them one by one takes twice as long."""
    text = orjson.dumps([*chain.from_iterable(zip(rows, repeat(END), strict=False))])
    return text[len("[") : -len(",\n]")].replace(b",\n,", b"\n") + b"\n"
