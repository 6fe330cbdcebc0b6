"""From a payload to its plain bytes: gzip and one-file zips are opened on the way, as a stream, without a seek.

A cut-off gzip gives the bytes before the cut and says so; a bomb (a tiny file that unpacks to a huge one) is refused
while it unpacks, before it fills memory or disk.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from kalends.base.reading.errors import PayloadTooLargeError, UnreadablePayloadError

Payload = Path | Callable[[], BinaryIO]  # a callable opens the same bytes from the start each time it is called

CHUNK = 1 << 20
GZIP_MAGIC = b"\x1f\x8b"
ZIP_MAGIC = b"PK\x03\x04"
ZIP_HEADER_BYTES = 30
# Deflate cannot pass 1032:1; real exports stay under 50:1. Judged only past 64 MiB, where harm could begin.
BOMB_RATIO, BOMB_FLOOR = 200, 64 << 20
MAX_PLAIN_BYTES = 64 << 30


def open_payload(payload: Payload) -> BinaryIO:
    """The payload's bytes from the start."""
    return payload.open("rb") if isinstance(payload, Path) else payload()


@dataclass
class Unpacking:
    """One pass over a payload's plain bytes. `cut` is set when the compressed stream ended before its end."""

    payload: Payload
    cut: bool = False
    taken: int = 0
    given: int = 0
    _head: bytes = field(default=b"", repr=False)

    def __iter__(self) -> Iterator[bytes]:
        with open_payload(self.payload) as stream:
            first = stream.read(CHUNK)
            packed = self._packed(first, stream)
            if first.startswith(GZIP_MAGIC):
                yield from self._gunzip(packed)
            elif is_zip(first) and not is_excel(first):
                yield from self._unzip(packed)
            else:
                yield from packed

    def _packed(self, first: bytes, stream: BinaryIO) -> Iterator[bytes]:
        chunk = first
        while chunk:
            self.taken += len(chunk)
            yield chunk
            chunk = stream.read(CHUNK)

    def _gunzip(self, packed: Iterator[bytes]) -> Iterator[bytes]:
        inflate = zlib.decompressobj(wbits=31)
        for chunk in packed:
            rest = chunk
            while rest:
                yield from self._inflated(inflate, rest)
                rest = inflate.unused_data
                if inflate.eof and rest:  # a gzip file may hold several members, one after the other
                    inflate = zlib.decompressobj(wbits=31)
                    if not rest.startswith(GZIP_MAGIC[: len(rest)]):
                        return  # padding after the last member
                elif not inflate.eof:
                    break
        self.cut = not inflate.eof

    def _unzip(self, packed: Iterator[bytes]) -> Iterator[bytes]:
        inflate, held, method = zlib.decompressobj(wbits=-15), b"", -1
        for chunk in packed:
            held += chunk
            if method < 0:
                method, start = _zip_member(held)
                held = held[start:]
            yield from self._inflated(inflate, held)
            held = inflate.unused_data if inflate.eof else b""
            if inflate.eof and len(held) > 64:
                break
        _refuse_second_member(held)
        self.cut = not inflate.eof

    def _inflated(self, inflate: zlib._Decompress, chunk: bytes) -> Iterator[bytes]:
        try:
            plain = inflate.decompress(chunk, CHUNK)
            while plain:
                self.given += len(plain)
                self._refuse_bomb()
                yield plain
                plain = inflate.decompress(inflate.unconsumed_tail, CHUNK)
        except zlib.error as error:
            raise UnreadablePayloadError(f"The compressed file is damaged ({error}); export it again.") from error

    def _refuse_bomb(self) -> None:
        if self.given > BOMB_FLOOR and self.given > BOMB_RATIO * self.taken:
            raise PayloadTooLargeError(
                f"The file unpacks to more than {BOMB_RATIO} times its size; send it unpacked if that is right.",
                packed_bytes=self.taken,
                unpacked_bytes=self.given,
            )
        if self.given > MAX_PLAIN_BYTES:
            raise PayloadTooLargeError(unpacked_bytes=self.given)


def _zip_member(held: bytes) -> tuple[int, int]:
    """The first member's compression method and where its data begins (APPNOTE 4.3.7, the local file header)."""
    if len(held) < ZIP_HEADER_BYTES:
        raise UnreadablePayloadError("The zip is cut off after its first bytes; send it again.")
    method, name_size, extra_size = struct.unpack("<8xH16xHH", held[:ZIP_HEADER_BYTES])
    if method != zlib.DEFLATED:
        raise UnreadablePayloadError("The zip is not packed with deflate; send the file itself, or gzip it.")
    return method, ZIP_HEADER_BYTES + name_size + extra_size


def _refuse_second_member(after: bytes) -> None:
    # A data descriptor of 12 to 24 bytes may stand between a member and what follows it.
    if ZIP_MAGIC in after[:28]:
        raise UnreadablePayloadError("The zip holds several files; send them one by one.")


def is_zip(head: bytes) -> bool:
    """True for a zip archive, which an Excel file is too."""
    return head.startswith(ZIP_MAGIC)


def is_excel(head: bytes) -> bool:
    """True for .xlsx and .xlsb (a zip whose first members are named so) and for the old .xls (an OLE file)."""
    ole = head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
    names = (b"[Content_Types].xml", b"_rels/.rels", b"xl/", b"docProps/")
    return ole or (is_zip(head) and any(name in head[:4096] for name in names))


def is_plain_file(payload: Payload) -> bool:
    """True when DuckDB may read the file itself: a local path, not packed."""
    if not isinstance(payload, Path):
        return False
    with payload.open("rb") as stream:
        head = stream.read(4)
    return not head.startswith((GZIP_MAGIC, ZIP_MAGIC))
