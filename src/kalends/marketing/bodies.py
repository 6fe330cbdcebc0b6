"""A request's body as a stream for synchronous code: a payload of any size passes through little memory.

`Content-Encoding: gzip` is taken off on the way, in the thread that reads, and a bomb is refused before it fills
anything. Endpoints whose body pydantic reads get the same by `route_class=UnpackingRoute`.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, cast

import anyio
import anyio.from_thread
import anyio.to_thread
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from kalends.base.errors import BadInputError
from kalends.base.reading.errors import PayloadTooLargeError, UnreadablePayloadError
from kalends.base.reading.unpack import BOMB_FLOOR, BOMB_RATIO

PIECE: Final = 1 << 20
WHOLE_BYTES: Final = 64 << 20
"""A body that is read as one JSON document lies in memory."""
ENCODINGS: Final = {"": "", "identity": "", "gzip": "gzip", "x-gzip": "gzip"}


class EncodingError(BadInputError):
    """Bodies may come as they are or with Content-Encoding: gzip, not in this encoding."""

    status = 415
    code = "unknown_encoding"


def is_packed(request: Request) -> bool:
    """Whether the body is gzipped by its own word. Raises EncodingError for any other packing."""
    said = request.headers.get("content-encoding", "").strip().lower()
    if said not in ENCODINGS:
        raise EncodingError(f"Content-Encoding {said!r} is not known; send gzip, or the body as it is.")
    return bool(ENCODINGS[said])


@dataclass
class Inflating:
    """One gzip stream, fed as it comes."""

    taken: int = 0
    given: int = 0
    _inflate: Any = field(default_factory=lambda: zlib.decompressobj(wbits=31))

    def feed(self, packed: bytes) -> Iterator[bytes]:
        """The plain bytes that these bring. Raises UnreadablePayloadError, PayloadTooLargeError."""
        self.taken += len(packed)
        try:
            while packed:
                yield from self._inflated(packed)
                packed = self._inflate.unused_data
                if packed:  # a gzip stream may hold several members, one after the other
                    self._inflate = zlib.decompressobj(wbits=31)
        except zlib.error as error:
            raise UnreadablePayloadError(f"The body says that it is gzipped, and is not whole: {error}.") from error

    def finish(self) -> None:
        """Raises UnreadablePayloadError where the stream ended before its end."""
        if self.taken and not self._inflate.eof:
            raise UnreadablePayloadError("The gzipped body ends before its end; send it again.")

    def _inflated(self, packed: bytes) -> Iterator[bytes]:
        plain = self._inflate.decompress(packed, PIECE)
        while plain:
            self.given += len(plain)
            if self.given > BOMB_FLOOR and self.given > BOMB_RATIO * self.taken:
                raise PayloadTooLargeError(
                    f"The body unpacks to more than {BOMB_RATIO} times its size; send it unpacked if that is right.",
                    packed_bytes=self.taken,
                    unpacked_bytes=self.given,
                )
            yield plain
            plain = self._inflate.decompress(self._inflate.unconsumed_tail, PIECE)


def pieces_of(request: Request, *, idle: float | None = None) -> Iterator[bytes | None]:
    """The body's plain bytes as they come, for the thread that serves a synchronous endpoint; None each time that
    nothing has come for `idle` seconds. Raises ClientDisconnect where the connection is cut.
    """
    if not is_packed(request):
        yield from raw_pieces_of(request, idle=idle)
        return
    inflating = Inflating()
    for piece in raw_pieces_of(request, idle=idle):
        yield from (piece,) if piece is None else inflating.feed(piece)
    inflating.finish()


def raw_pieces_of(request: Request, *, idle: float | None = None) -> Iterator[bytes | None]:
    """The same of the body as it was sent."""
    has_more = True
    while has_more:
        message = anyio.from_thread.run(_receive, request, idle)
        if message is None:
            yield None
            continue
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        has_more = message.get("more_body", False)
        if body := message.get("body", b""):
            yield body


def read_raw(request: Request, *, most: int) -> bytes:
    """The whole body as it was sent. Raises PayloadTooLargeError beyond `most` bytes."""
    held = bytearray()
    for piece in raw_pieces_of(request):
        held += piece or b""
        if len(held) > most:
            raise PayloadTooLargeError(f"The body has more than {most >> 20} MB; send it in several.")
    return bytes(held)


async def _receive(request: Request, idle: float | None) -> Any:
    """The next message; None after `idle` seconds without one."""
    with anyio.move_on_after(idle):
        return await request.receive()
    return None


class _BodyReader(io.RawIOBase):
    """The body as a file."""

    def __init__(self, pieces: Iterator[bytes | None]) -> None:
        self._pieces = pieces
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]  # what BufferedReader gives
        if not self._rest:
            self._rest = next(self._pieces, b"") or b""
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


def read_body(request: Request) -> io.BufferedReader:
    """The plain body of `request`; to be read in the thread that serves a synchronous endpoint."""
    return io.BufferedReader(_BodyReader(pieces_of(request)), 1 << 20)


class _Unpacked(Request):
    """A request whose whole body is plain."""

    async def body(self) -> bytes:
        packed = await super().body()
        if not is_packed(self) or hasattr(self, "_plain"):
            return cast("bytes", getattr(self, "_plain", packed))
        self._plain = await anyio.to_thread.run_sync(unpack, packed)
        return self._plain


def unpack(packed: bytes, *, most: int = WHOLE_BYTES) -> bytes:
    """A gzipped body in memory. Raises UnreadablePayloadError, PayloadTooLargeError beyond `most` bytes."""
    inflating, plain = Inflating(), bytearray()
    for piece in inflating.feed(packed):
        plain += piece
        if len(plain) > most:
            raise PayloadTooLargeError(f"The body unpacks to more than {most >> 20} MB; send it as a file.")
    inflating.finish()
    return bytes(plain)


class UnpackingRoute(APIRoute):
    """A route whose body may be gzipped, also where it is read as one JSON document."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's own handler, given a request that unpacks its body."""
        handle = super().get_route_handler()

        async def unpacking(request: Request) -> Response:
            made = _Unpacked(request.scope, request.receive)
            if is_packed(made) and self.body_field is not None:
                await made.body()  # here, for what is raised while FastAPI reads becomes "could not be parsed"
            return await handle(made)

        return unpacking
