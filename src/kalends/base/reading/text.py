"""Bytes to lines of text: BOMs, UTF-16, and files whose lines are not all in the same encoding."""

from __future__ import annotations

import codecs
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from kalends.base.reading.errors import PayloadTooLargeError
from kalends.base.reading.unpack import Payload, Unpacking

MAX_LINE_BYTES = 64 << 20
"""A platform's largest answers come in one line: 100,000 rows of a report are some 25 MB."""


@dataclass
class Lines:
    """The lines of a text payload, with their line ends. After a pass: `odd_lines` were not in the file's encoding and
    were read as Windows-1252 (the encoding that Excel writes where it does not write UTF-8); `cut` as in Unpacking, and
    so from the last line on.
    """

    payload: Payload
    encoding: str
    odd_lines: list[int] = field(default_factory=list)
    _unpacking: Unpacking | None = field(default=None, repr=False)

    @property
    def cut(self) -> bool:
        return self._unpacking is not None and self._unpacking.cut

    def __iter__(self) -> Iterator[str]:
        self.odd_lines, self._unpacking = [], Unpacking(self.payload)
        chunks = iter(self._unpacking)
        if self.encoding.startswith("utf-16"):
            chunks = _as_utf8(chunks, self.encoding)
        yield from map(self._decoded, _split(chunks), count(1))  # without a name that holds a line of megabytes

    def _decoded(self, line: bytes, number: int) -> str:
        plain = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
        try:
            return plain.decode("utf-8")
        except UnicodeDecodeError:
            self.odd_lines.append(number)
            return plain.decode("cp1252", errors="replace")


def _as_utf8(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    for chunk in chunks:
        yield decoder.decode(chunk).encode()
    yield decoder.decode(b"", final=True).encode()


def _split(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Lines that end in LF, CR LF, or a lone CR (old spreadsheets), the ends kept."""
    held, number = bytearray(), 0
    for chunk in chunks:
        held += chunk
        if b"\n" not in chunk and b"\r" not in chunk and len(held) <= MAX_LINE_BYTES:
            continue
        lines = deque(bytes(held).splitlines(keepends=True))
        held = bytearray(lines.pop() if lines else b"")
        number += len(lines)
        while lines:
            yield lines.popleft()
        _refuse_long(held, number + 1)
    yield from bytes(held).splitlines(keepends=True)


def _refuse_long(line: bytearray, number: int) -> None:
    if len(line) > MAX_LINE_BYTES:
        raise PayloadTooLargeError(
            f"Line {number} is longer than {MAX_LINE_BYTES >> 20} MB; put one row on a line.", row=number
        )
