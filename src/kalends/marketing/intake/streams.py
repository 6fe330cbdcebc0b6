"""A payload that comes as one long stream: acknowledged chunk by chunk, and taken up again where it was cut.

A chunk is on disk and its row is committed before its receipt is sent, so a cut connection loses nothing that was
acknowledged. At the end the chunks become one payload and one batch, as if it had come as a file: one pipeline. Whoever
sends the same key again sends the same bytes; what is acknowledged is compared and passed by.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, BinaryIO, Final, cast
from uuid import UUID

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from kalends.base.errors import ConflictError, NotFoundError
from kalends.base.ids import new_id
from kalends.base.scope import Scope
from kalends.base.work import House, Work
from kalends.identity.service import Door
from kalends.marketing import batches
from kalends.marketing.models import IngestChunk, IngestStream

CHUNK_BYTES: Final = 4 << 20
"""Some five thousand rows: a receipt a second from a fast sender, and each costs a file and a transaction."""
IDLE_SECONDS: Final = 1.0
"""A sender who pauses gets the receipt for what it has sent."""
LEFT_AFTER: Final = timedelta(hours=1)
"""A stream that nobody takes up again is loaded as far as it was acknowledged."""
LONGEST_LINES: Final = 4
"""A line that is longer than so many chunks is cut: the chunks are put together again before anybody reads them."""
BINARY: Final = (b"PAR1", b"PK\x03\x04", b"\x1f\x8b", b"\xd0\xcf\x11\xe0")
"""Parquet, zip and Excel, gzip, old Excel: no lines to cut at."""
LOG = structlog.get_logger(__name__)


class StreamTakenOverError(ConflictError):
    """Another connection has taken this stream up; this one may no longer write to it."""

    code = "stream_taken_over"


class StreamDiffersError(ConflictError):
    """Under this key other bytes were acknowledged before; send the same ones again, or use a new key."""

    code = "stream_differs"


class StreamEndedError(ConflictError):
    """This stream was cut, not taken up again for an hour, and loaded as far as it was acknowledged. Send what is
    missing under a new key.
    """

    code = "stream_ended"


class NoSuchStreamError(NotFoundError):
    """Nothing was acknowledged under this key."""

    code = "no_such_stream"


@dataclass(frozen=True, slots=True)
class Received:
    """One acknowledged chunk."""

    number: int
    size: int
    rows: int | None
    sha256: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A stream as one connection holds it."""

    id: UUID
    attempt: int
    chunks: tuple[Received, ...]
    batch_id: UUID | None
    is_cut: bool

    @property
    def size(self) -> int:
        """Bytes that are acknowledged."""
        return sum(chunk.size for chunk in self.chunks)

    def state(self) -> dict[str, Any]:
        """It as JSON."""
        rows = [chunk.rows for chunk in self.chunks if chunk.rows is not None]
        told = {"chunks": len(self.chunks), "bytes": self.size, "rows": sum(rows) if rows else None}
        return {
            "stream": str(self.id),
            "acknowledged": told,
            "batch": str(self.batch_id) if self.batch_id else None,
        }


def open_stream(
    work: Work,
    *,
    key: str,
    data_source: str,
    file_name: str = "",
    options: dict[str, Any] | None = None,
    reported_at: datetime | None = None,
) -> Opened:
    """Begin the stream of that key, or take it up again: from now on older connections may not write to it."""
    fresh = {
        "tenant_id": work.scope.tenant_id,
        "id": new_id(),
        "idempotency_key": key,
        "data_source": data_source,
        "file_name": file_name,
        "options": options or {},
        "person_id": work.scope.person_id,
        "reported_at": batches.when_reported(reported_at, now=work.now),
        "touched_at": work.now,
        "attempt": 1,
    }
    taken = {"attempt": IngestStream.attempt + 1, "touched_at": work.now}
    statement = insert(IngestStream).values(fresh)
    statement = statement.on_conflict_do_update(index_elements=["tenant_id", "idempotency_key"], set_=taken)
    found = work.session.execute(statement.returning(IngestStream.id)).scalar_one()
    return _opened(work, work.session.get_one(IngestStream, (work.scope.tenant_id, found), populate_existing=True))


def find_stream(work: Work, *, key: str) -> Opened:
    """What is acknowledged under the key. Raises NoSuchStreamError."""
    found = work.session.execute(select(IngestStream).where(IngestStream.idempotency_key == key)).scalar_one_or_none()
    if found is None:
        raise NoSuchStreamError
    return _opened(work, found)


def _opened(work: Work, stream: IngestStream) -> Opened:
    chunks = tuple(Received(one.number, one.size, one.rows, one.sha256) for one in _chunks(work, stream.id))
    return Opened(stream.id, stream.attempt, chunks, stream.batch_id, bool(stream.options.get("is_cut")))


def _chunks(work: Work, stream_id: UUID) -> Sequence[IngestChunk]:
    query = select(IngestChunk).where(IngestChunk.stream_id == stream_id).order_by(IngestChunk.number)
    return work.session.execute(query).scalars().all()


@dataclass
class Cutter:
    """Bytes into chunks: about `size` each, of text whole lines."""

    size: int = CHUNK_BYTES
    _held: bytearray = field(default_factory=bytearray)
    _is_text: bool | None = None

    def add(self, piece: bytes) -> Iterator[bytes]:
        """The chunks that are full now."""
        self._held += piece
        if self._is_text is None and len(self._held) >= max(map(len, BINARY)):
            self._is_text = not self._held.startswith(BINARY)
        while len(self._held) >= self.size and (chunk := self._cut(self.size)):
            yield chunk

    def pause(self) -> bytes:
        """What can be acknowledged already; empty where it is less than a line."""
        return self._cut(len(self._held))

    def rest(self) -> bytes:
        """What is left at the end."""
        found, self._held = bytes(self._held), bytearray()
        return found

    def _cut(self, most: int) -> bytes:
        at = self._held.rfind(b"\n", 0, most) + 1 if self._is_text is not False else most
        if not at and len(self._held) >= LONGEST_LINES * self.size:
            at = most
        chunk = bytes(self._held[:at])
        del self._held[:at]
        return chunk


def receive(
    door: Door, opened: Opened, pieces: Iterator[bytes | None], *, chunk_bytes: int = CHUNK_BYTES, offset: int = 0
) -> Iterator[dict[str, Any]]:
    """Store what comes; gives a receipt for each chunk once it is safe, and at the end the batch.

    `offset`: how many acknowledged bytes the sender leaves out. Raises the errors of this module; what was acknowledged
    before stays.
    """
    yield opened.state()
    if opened.batch_id is not None:
        if opened.is_cut:
            raise StreamEndedError(batch=str(opened.batch_id))
        yield {"done": True, "batch": str(opened.batch_id)}
        return
    fresh = yield from _pass_by(opened, pieces, offset=offset)
    cutter, number, size = Cutter(chunk_bytes), len(opened.chunks), opened.size
    for chunk in _cut(cutter, fresh):
        number, size = number + 1, size + len(chunk)
        yield _keep(door, opened, chunk, number=number) | {"acknowledged_bytes": size}
    batch_id = close(door, stream_id=opened.id, attempt=opened.attempt)
    yield {"done": True, "batch": str(batch_id), "chunks": number, "bytes": size}


def _cut(cutter: Cutter, pieces: Iterator[bytes | None]) -> Iterator[bytes]:
    for piece in pieces:
        if piece is not None:
            yield from cutter.add(piece)
        elif chunk := cutter.pause():
            yield chunk
    if rest := cutter.rest():
        yield rest


def _pass_by(
    opened: Opened, pieces: Iterator[bytes | None], *, offset: int
) -> Generator[dict[str, Any], None, Iterator[bytes | None]]:
    """Take the acknowledged bytes off the front, comparing them; says each chunk that is passed by, and gives the
    pieces that are left.
    """
    if offset:
        if offset != opened.size:
            raise StreamDiffersError(f"{opened.size} bytes are acknowledged, not {offset}.", acknowledged=opened.size)
        return pieces
    held = b""
    for chunk in opened.chunks:
        digest, missing = hashlib.sha256(), chunk.size
        while missing:
            if not held:
                piece = next(pieces, b"")
                if piece == b"":
                    raise StreamDiffersError("The bytes end before those that are acknowledged already.")
                held = piece or b""
            digest.update(held[:missing])
            missing, held = missing - len(held[:missing]), held[missing:]
        if digest.hexdigest() != chunk.sha256:
            raise StreamDiffersError(chunk=chunk.number)
        yield {"chunk": chunk.number, "bytes": chunk.size, "rows": chunk.rows, "skipped": True}
    return _and_then(held, pieces)


def _and_then(first: bytes, pieces: Iterator[bytes | None]) -> Iterator[bytes | None]:
    yield first
    yield from pieces


def _keep(door: Door, opened: Opened, content: bytes, *, number: int) -> dict[str, Any]:
    """Put a chunk on disk and commit its row; gives its receipt."""
    files, tenant_id, file_id = door.house.files, door.scope.tenant_id, new_id()
    stored = files.write(tenant_id, file_id, io.BytesIO(content))
    rows = sum(1 for line in content.splitlines() if line.strip()) if content[:1] == b"{" else None
    try:
        with door.work() as work:
            _touch(work, stream_id=opened.id, attempt=opened.attempt)
            work.session.add(
                IngestChunk(
                    tenant_id=tenant_id,
                    id=new_id(),
                    stream_id=opened.id,
                    number=number,
                    file_id=file_id,
                    size=stored.size,
                    rows=rows,
                    sha256=stored.sha256,
                )
            )
    except BaseException:
        files.delete(tenant_id, file_id)
        raise
    return {"chunk": number, "bytes": stored.size, "rows": rows}


def _touch(work: Work, *, stream_id: UUID, attempt: int) -> None:
    """Prove that the stream is still this connection's."""
    mine = update(IngestStream).where(IngestStream.id == stream_id, IngestStream.attempt == attempt)
    mine = mine.where(IngestStream.batch_id.is_(None)).values(touched_at=work.now)
    if not work.session.execute(mine.returning(IngestStream.id)).scalar_one_or_none():
        raise StreamTakenOverError


def close(door: Door, *, stream_id: UUID, attempt: int, is_cut: bool = False) -> UUID:
    """Make one payload of the chunks and a batch of it; gives the batch's id."""
    files, tenant_id, file_id = door.house.files, door.scope.tenant_id, new_id()
    with door.work() as work:
        chunks = [chunk.file_id for chunk in _chunks(work, stream_id)]
    if not chunks:
        raise batches.EmptyPayloadError
    stored = files.write(tenant_id, file_id, joined(door.house, tenant_id, chunks))
    try:
        with door.work() as work:
            _touch(work, stream_id=stream_id, attempt=attempt)
            stream = work.session.get_one(IngestStream, (tenant_id, stream_id), populate_existing=True)
            options = stream.options | ({"is_cut": True} if is_cut else {})
            batch = batches.record(
                work,
                kind="upload",
                data_source=stream.data_source,
                file_name=stream.file_name,
                file_id=file_id,
                size=stored.size,
                sha256=stored.sha256,
                options=options,
                idempotency_key=f"stream:{stream.id}",
                reported_at=stream.reported_at,
            )
            stream.batch_id, stream.options = batch.id, options
            batch_id = batch.id
    except BaseException:
        files.delete(tenant_id, file_id)
        raise
    discard_chunks(door, stream_id=stream_id)
    return batch_id


def discard_chunks(door: Door, *, stream_id: UUID) -> None:
    """Remove the pieces of a stream that has become a payload; a kill in between leaves them to the next round."""
    with door.work() as work:
        for chunk in _chunks(work, stream_id):
            door.house.files.delete(door.scope.tenant_id, chunk.file_id)
        work.session.execute(delete(IngestChunk).where(IngestChunk.stream_id == stream_id))


class _Joined(io.RawIOBase):
    """Stored files, one after the other, as one."""

    def __init__(self, opened: Iterator[BinaryIO]) -> None:
        self._opened = opened
        self._now = next(opened, None)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]  # what BufferedReader gives
        while self._now is not None:
            found = self._now.read(len(buffer))
            if found:
                buffer[: len(found)] = found
                return len(found)
            self._now.close()
            self._now = next(self._opened, None)
        return 0


def joined(house: House, tenant_id: UUID, file_ids: Sequence[UUID]) -> BinaryIO:
    """The files as one stream."""
    return cast("BinaryIO", io.BufferedReader(_Joined(house.files.open(tenant_id, one) for one in file_ids), 1 << 20))


def end_left_ones(house: House) -> None:
    """Load the streams of every company that were cut and not taken up again; clear away what is done."""
    for tenant_id in house.tenants():
        scope = Scope(tenant_id=tenant_id, role="worker", label="chore")
        door = Door(house=house, scope=scope, is_local=False)
        with door.work() as work:
            left = work.session.execute(select(IngestStream).where(IngestStream.touched_at <= work.now - LEFT_AFTER))
            streams = [(one.id, one.attempt, one.batch_id, bool(_chunks(work, one.id))) for one in left.scalars()]
            empty = [stream_id for stream_id, _, batch_id, has_chunks in streams if not batch_id and not has_chunks]
            work.session.execute(delete(IngestStream).where(IngestStream.id.in_(empty)))
        for stream_id, attempt, batch_id, has_chunks in streams:
            try:
                if has_chunks and batch_id:
                    discard_chunks(door, stream_id=stream_id)
                elif has_chunks:
                    close(door, stream_id=stream_id, attempt=attempt, is_cut=True)
            except Exception:  # one that cannot be ended must not keep back all others
                LOG.exception("stream", tenant=str(tenant_id), stream=str(stream_id))
