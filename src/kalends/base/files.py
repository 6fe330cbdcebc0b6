"""The file store: raw payloads as they came, compressed and encrypted, one by one under their tenant.

A file is `<tenant>/<aa>/<file id>` (aa: the id's last two hexadecimal digits, for the first ones are the time and would
put all files into one folder). Its content is zstd inside `sealedstream`, with a key that comes from the tenant's.
"""

from __future__ import annotations

import hashlib
import io
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, cast
from uuid import UUID

import zstandard

from kalends.base.blobs import Blobs, FolderBlobs, s3_blobs
from kalends.base.errors import BadInputError, NotFoundError
from kalends.base.keys import KeyStore
from kalends.base.keywrap import frame
from kalends.base.priority import give_way
from kalends.base.sealedstream import FRAME_BYTES, OpeningReader, SealingWriter

PURPOSE = "files"
# Larger chunks gain nothing; smaller ones spend time on handing over.
CHUNK_BYTES = 4 << 20
CHUNKS_AHEAD = 2
# Level -3 packs NDJSON 7:1 at 1 GB/s with two threads; level 1 packs it 10:1 at two thirds of the speed.
LEVEL, THREADS = -3, 2


class FileMissingError(NotFoundError):
    """This file is not in the file store."""

    code = "file_missing"


class FilesAddressError(BadInputError):
    """KALENDS_FILES_URL is not understood; give s3://bucket/prefix, file:///folder, or nothing for the data folder."""

    code = "files_address"


@dataclass(frozen=True, slots=True)
class Stored:
    """What was stored: bytes as given, bytes on disk, and the SHA-256 of the bytes as given, in hexadecimal."""

    size: int
    stored_size: int
    sha256: str


class FileStore:
    """Files of tenants. Every method is safe to call from many threads and processes."""

    def __init__(self, blobs: Blobs, *, keys: KeyStore) -> None:
        self._blobs, self._keys = blobs, keys

    def write(self, tenant_id: UUID, file_id: UUID, source: BinaryIO) -> Stored:
        """Store `source` to its end. When this returns the file is durable; if it raises there is no file.

        Raises StorageFullError, KeyMissingError, KeyErasedError, and whatever reading `source` raises.
        """
        key = self._keys.derive(tenant_id, PURPOSE)
        with self._blobs.create(_name(tenant_id, file_id)) as target:
            writer = SealingWriter(target, key=key, aad=_aad(tenant_id, file_id))
            size, digest = _compress(source, writer)
        return Stored(size=size, stored_size=writer.size, sha256=digest)

    def open(self, tenant_id: UUID, file_id: UUID) -> BinaryIO:
        """The file in the clear, as a stream. Raises FileMissingError, KeyErasedError; reading raises DamagedError."""
        key = self._keys.derive(tenant_id, PURPOSE)
        try:
            blob = self._blobs.open(_name(tenant_id, file_id))
        except FileNotFoundError:
            raise FileMissingError(file=str(file_id)) from None
        try:
            stream = _ClearStream(blob, OpeningReader(blob, key=key, aad=_aad(tenant_id, file_id)))
        except BaseException:
            blob.close()
            raise
        return cast("BinaryIO", io.BufferedReader(stream, FRAME_BYTES))

    def delete(self, tenant_id: UUID, file_id: UUID) -> None:
        """Remove the file; without effect if it is not there."""
        self._blobs.delete(_name(tenant_id, file_id))

    def list(self, tenant_id: UUID) -> Iterator[UUID]:
        """The ids of all files of the tenant, in no order."""
        return (UUID(name) for name in self._blobs.names(str(tenant_id)))

    def erase_tenant(self, tenant_id: UUID) -> None:
        """Remove all files of the tenant. Copies elsewhere (backups) become unreadable with the tenant's key only."""
        self._blobs.delete_folder(str(tenant_id))

    def sweep(self, *, before: datetime) -> int:
        """Remove what writers that were killed before the instant `before` left unfinished; gives how many."""
        return self._blobs.sweep(before=before)


def open_file_store(url: str | None, *, folder: Path, keys: KeyStore) -> FileStore:
    """The file store at `url` (s3://bucket/prefix, file:///folder), or in `folder` without one.

    Raises FilesAddressError for another address, and MissingExtraError if what s3:// needs is not installed.
    """
    scheme, separator, rest = (url or "").partition("://")
    if not url:
        return FileStore(FolderBlobs(folder), keys=keys)
    if scheme == "file" and rest.startswith("/"):
        return FileStore(FolderBlobs(Path(rest)), keys=keys)
    if scheme == "s3" and rest:
        return FileStore(s3_blobs(rest), keys=keys)
    raise FilesAddressError(found=f"{scheme}{separator}")


class _ClearStream(io.RawIOBase):
    """Decompresses what the frames hold, straight into the reader's buffer."""

    def __init__(self, blob: BinaryIO, frames: OpeningReader) -> None:
        self._blob = blob
        self._clear = zstandard.ZstdDecompressor().stream_reader(cast("BinaryIO", frames), read_size=FRAME_BYTES)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]  # what BufferedReader gives
        return self._clear.readinto(buffer)

    def close(self) -> None:
        self._blob.close()
        super().close()


def _compress(source: BinaryIO, target: SealingWriter) -> tuple[int, str]:
    """Compress all of `source` into `target`; gives its size and SHA-256.

    While chunks are packed and digested, the next one is read: here, for a request's body can be read only by its own
    thread. Up to `CHUNKS_AHEAD` wait for the slower of the two, so that neither waits for the other.
    """
    packer = zstandard.ZstdCompressor(level=LEVEL, threads=THREADS).compressobj()
    digest, size = hashlib.sha256(), 0
    pending: deque[tuple[Future[None], Future[None]]] = deque()
    with _one_thread() as digesting, _one_thread() as packing:
        while chunk := source.read(CHUNK_BYTES):
            if len(pending) == CHUNKS_AHEAD:
                _finish(pending.popleft())
            pending.append((digesting.submit(digest.update, chunk), packing.submit(_pack, packer, chunk, target)))
            size += len(chunk)
        for chunk_done in pending:
            _finish(chunk_done)
    target.write(packer.flush())
    target.finish()
    return size, digest.hexdigest()


def _one_thread() -> ThreadPoolExecutor:
    """Does what it is given in that order."""
    return ThreadPoolExecutor(1, thread_name_prefix="landing", initializer=give_way)


def _finish(parts: Iterable[Future[None]]) -> None:
    """Wait for all of them; raises what one of them raised."""
    for part in parts:
        part.result()


def _pack(packer: zstandard.ZstdCompressionObj, chunk: bytes, target: SealingWriter) -> None:
    target.write(packer.compress(chunk))


def _name(tenant_id: UUID, file_id: UUID) -> str:
    return f"{tenant_id}/{file_id.hex[-2:]}/{file_id}"


def _aad(tenant_id: UUID, file_id: UUID) -> bytes:
    """Whose file it is: bound to every frame, so that a file cannot pass for another."""
    return frame(tenant_id.bytes, file_id.bytes)
