"""From a payload to its plain bytes: gzip and zips are opened on the way, as a stream, without a seek.

A zip holds one file, or several of JSON lines, one after the other; they may be gzipped in it (Amplitude).

A cut-off gzip gives the bytes before the cut and says so; a bomb (a tiny file that unpacks to a huge one) is refused
while it unpacks, before it fills memory or disk.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import BinaryIO, NamedTuple

from kalends.base.reading.errors import PayloadTooLargeError, UnreadablePayloadError

Payload = Path | Callable[[], BinaryIO]  # a callable opens the same bytes from the start each time it is called

CHUNK = 1 << 20
GZIP_MAGIC = b"\x1f\x8b"
ZIP_MAGIC = b"PK\x03\x04"
ZIP_HEADER_BYTES = 30
STORED = 0
SIZE_FOLLOWS = 1 << 3
"""The flag of a file in a zip whose size stands behind it."""
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
        held, number = _Held(packed), 0
        while held.starts_with(ZIP_MAGIC):
            member = _member_of(held)
            plain = self._opened(self._bytes_of(member, held))
            first = next(plain, b"")
            if not first:  # a folder, or an empty file
                continue
            number += 1
            if number > 1 and not first.startswith(b"{"):
                raise UnreadablePayloadError("The zip holds several files; send them one by one.")
            yield from chain([first], plain, [b"\n"] if first.startswith(b"{") else [])

    def _opened(self, plain: Iterator[bytes]) -> Iterator[bytes]:
        """What a file of a zip holds; that may be gzipped once more."""
        first = next(plain, b"")
        whole = chain([first], plain)
        yield from self._gunzip(whole) if first.startswith(GZIP_MAGIC) else whole

    def _bytes_of(self, member: _Member, held: _Held) -> Iterator[bytes]:
        if member.method == STORED and member.size is not None:
            yield from held.taken(member.size)
            self.cut = held.is_over and held.short > 0
            return
        inflate = zlib.decompressobj(wbits=31 if member.method == STORED else -15)
        while not inflate.eof and (chunk := held.some()):
            yield from self._inflated(inflate, chunk)
        held.put_back(inflate.unused_data)
        held.skip_descriptor()
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


class _Member(NamedTuple):
    """A file in a zip, by its local header (APPNOTE 4.3.7). `size`: its bytes in the zip, if that is known."""

    method: int
    size: int | None


def _member_of(held: _Held) -> _Member:
    """The next file's header, taken off. Raises UnreadablePayloadError for a file that cannot be read as a stream."""
    header = held.take(ZIP_HEADER_BYTES)
    if len(header) < ZIP_HEADER_BYTES:
        raise UnreadablePayloadError("The zip is cut off after its first bytes; send it again.")
    flags, method, size, name_size, extra_size = struct.unpack("<6xHH8xI4xHH", header)
    held.take(name_size + extra_size)
    is_endless = bool(flags & SIZE_FOLLOWS)
    # What is stored as it is, and as long as nobody says, ends where it says so itself: gzip does.
    is_readable = method == zlib.DEFLATED or (
        method == STORED and not (is_endless and not held.starts_with(GZIP_MAGIC))
    )
    if not is_readable:
        raise UnreadablePayloadError("The zip is not packed with deflate; send the file itself, or gzip it.")
    return _Member(method, None if is_endless else size)


@dataclass
class _Held:
    """A stream of bytes of which some can be taken, and what was taken too much put back."""

    chunks: Iterator[bytes]
    rest: bytes = b""
    short: int = 0
    """Bytes that were asked for and are not there."""
    is_over: bool = False

    def starts_with(self, mark: bytes) -> bool:
        """Whether what comes next begins so."""
        self._fill(len(mark))
        return self.rest.startswith(mark)

    def some(self) -> bytes:
        """What is at hand, else the next chunk; empty at the end."""
        self._fill(1)
        found, self.rest = self.rest, b""
        return found

    def take(self, size: int) -> bytes:
        """That many bytes, or as many as there are."""
        self._fill(size)
        found, self.rest = self.rest[:size], self.rest[size:]
        return found

    def taken(self, size: int) -> Iterator[bytes]:
        """That many bytes, in chunks."""
        while size and (chunk := self.some()):
            yield chunk[:size]
            self.put_back(chunk[size:])
            size -= min(size, len(chunk))
        self.short = size

    def put_back(self, more: bytes) -> None:
        """Have these bytes come next."""
        self.rest = more + self.rest

    def skip_descriptor(self) -> None:
        """Pass by the 12 to 24 bytes that may stand after a file whose size was not known before it (4.3.9)."""
        self._fill(24)
        found = self.rest[:28].find(ZIP_MAGIC[:2], 0 if not self.rest.startswith(b"PK\x07\x08") else 4)
        self.rest = self.rest[max(found, 0) :]

    def _fill(self, size: int) -> None:
        while len(self.rest) < size and not self.is_over:
            chunk = next(self.chunks, b"")
            self.is_over = not chunk
            self.rest += chunk


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
