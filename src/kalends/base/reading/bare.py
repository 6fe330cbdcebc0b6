"""What platforms answer, as bare rows: their envelopes off, one row a line, so that it can be read as any NDJSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import orjson

from kalends.base.reading.documents import Unwrap, unwrapped
from kalends.base.reading.rows import rows_of_line
from kalends.base.reading.sniff import Sniffed
from kalends.base.reading.text import Lines
from kalends.base.reading.unpack import Payload

FORMATS = ("json", "ndjson")
ROWS_A_CHUNK = 1_000


class OddRowError(Exception):
    """Something in the payload is no row like the others: no object, of another stream, or no JSON at all."""


@dataclass
class BareRows:
    """The rows of JSON that is one document, or one answer a line, as chunks of NDJSON; all of one stream.

    Raises OddRowError where it is anything else, and where the payload is cut off or not all of it is UTF-8.
    """

    payload: Payload
    sniffed: Sniffed
    unwrap: Unwrap
    stream: str | None = None
    """The stream of all rows, once one was read."""
    cut: bool = False
    """Never: what is cut off is odd."""

    def __iter__(self) -> Iterator[bytes]:
        rows = self._rows()
        while chunk := list(islice(rows, ROWS_A_CHUNK)):
            try:
                yield b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in chunk)
            except TypeError as error:  # half a character, or a whole number of more than 64 bits
                raise OddRowError from error

    def head(self, count: int) -> list[dict[str, Any]]:
        """The first rows."""
        return list(islice(self._rows(), count))

    def _rows(self) -> Iterator[dict[str, Any]]:
        for stream, row in self._streams():
            self.stream = stream if self.stream is None else self.stream
            if stream != self.stream or not isinstance(row, dict):
                raise OddRowError
            yield row

    def _streams(self) -> Iterator[tuple[str, Any]]:
        lines = Lines(self.payload, self.sniffed.encoding)
        try:
            if self.sniffed.format == "json":
                yield from unwrapped(orjson.loads("".join(lines)), self.unwrap)
            else:
                for line in filter(str.strip, lines):
                    item = orjson.loads(line)
                    if not isinstance(item, dict):
                        raise OddRowError
                    yield from rows_of_line(item, self.unwrap)
        except ValueError as error:
            raise OddRowError from error
        if lines.cut or lines.odd_lines:
            raise OddRowError
