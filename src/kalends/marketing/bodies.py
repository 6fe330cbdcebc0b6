"""A request's body as a stream for synchronous code: a payload of any size passes through little memory."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from typing import BinaryIO, cast

import anyio.from_thread
from starlette.requests import Request


class _BodyReader(io.RawIOBase):
    """Pulls the body's chunks out of the event loop, one at a time, from a worker thread."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]  # what BufferedReader gives
        if not self._rest:
            self._rest = anyio.from_thread.run(_next, self._chunks)
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


async def _next(chunks: AsyncIterator[bytes]) -> bytes:
    """The next non-empty chunk; nothing at the end."""
    async for chunk in chunks:
        if chunk:
            return chunk
    return b""


def read_body(request: Request) -> BinaryIO:
    """The body of `request`; to be read in the thread that serves a synchronous endpoint."""
    return cast("BinaryIO", io.BufferedReader(_BodyReader(aiter(request.stream())), 1 << 20))
