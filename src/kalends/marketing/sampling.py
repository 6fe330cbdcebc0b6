"""A file's beginning, enough to see how it will be read: unpacked, cut after a whole line, never written to disk."""

from __future__ import annotations

import codecs
import io
from dataclasses import dataclass
from typing import BinaryIO

from kalends.base.errors import BadInputError
from kalends.base.reading.sniff import guess_encoding
from kalends.base.reading.unpack import Payload, Unpacking, is_excel

SAMPLE_BYTES = 5 << 20
"""Some ten thousand rows: read in a second, and more than anybody checks by eye."""
WHOLE_BYTES = 16 << 20
"""Parquet and Excel can only be read whole; larger ones would make the page wait."""
PARQUET_MAGIC = b"PAR1"


class TooLargeToPreviewError(BadInputError):
    """Parquet and Excel are read as a whole, and this file is too large for a look in advance. It can be loaded."""

    code = "too_large_to_preview"


@dataclass(frozen=True)
class Sample:
    """The first plain bytes of a payload; `is_partial` where there is more."""

    plain: bytes
    is_partial: bool

    def open(self) -> BinaryIO:
        """The sample as a payload."""
        return io.BytesIO(self.plain)

    def head(self, size: int) -> Sample:
        """The first whole lines within `size` bytes; of a file that is no text, all of it."""
        if len(self.plain) <= size or _must_be_whole(self.plain):
            return self
        return Sample(whole_lines(self.plain[:size]) or self.plain, is_partial=True)


def take_sample(payload: Payload, *, limit: int = SAMPLE_BYTES, whole_limit: int = WHOLE_BYTES) -> Sample:
    """Read the sample. Raises TooLargeToPreviewError, and what unpacking raises for a damaged archive."""
    taken, allowed = bytearray(), limit
    for chunk in Unpacking(payload):
        if not taken and _must_be_whole(chunk):
            allowed = whole_limit
        taken += chunk
        if len(taken) > allowed:
            break
    else:
        return Sample(bytes(taken), is_partial=False)
    if _must_be_whole(taken):
        raise TooLargeToPreviewError
    return Sample(whole_lines(bytes(taken[:limit])) or bytes(taken[:limit]), is_partial=True)


def whole_lines(plain: bytes) -> bytes:
    """`plain` up to its last line end; empty where it has none."""
    mark, width = _line_end(guess_encoding(plain), plain)
    return plain[: plain.rfind(mark) + width] if mark in plain else b""


def _line_end(encoding: str, plain: bytes) -> tuple[bytes, int]:
    if not encoding.startswith("utf-16"):
        return b"\n", 1
    is_big = encoding == "utf-16-be" or plain.startswith(codecs.BOM_UTF16_BE)
    return (b"\x00\n", 2) if is_big else (b"\n\x00", 2)


def _must_be_whole(head: bytes | bytearray) -> bool:
    return head.startswith(PARQUET_MAGIC) or is_excel(bytes(head[:4096]))
