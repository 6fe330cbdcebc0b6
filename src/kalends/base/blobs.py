"""Where the bytes of files lie: a local folder, or an object store."""

from __future__ import annotations

import errno
import importlib
import importlib.util
import os
import shutil
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from kalends.base.durable import PRIVATE_FILE, PRIVATE_FOLDER, private_folder, sync_folder
from kalends.base.errors import KalendsError

PART = ".part"
# One request per 8 MiB: few enough round trips, small enough for a part of a multipart upload (5 MiB at least).
OBJECT_BLOCK_BYTES = 8 << 20


class StorageFullError(KalendsError):
    """The disk that holds the files is full; free some space and try again."""

    status = 507
    code = "storage_full"


class MissingExtraError(KalendsError):
    """A part of Kalends that is installed on demand is missing."""

    status = 500
    code = "missing_extra"


class Blobs(Protocol):
    """Named sequences of bytes; a name is a relative path with forward slashes."""

    @abstractmethod
    def create(self, name: str) -> AbstractContextManager[BinaryIO]:
        """A file to write; it appears, whole and durable, when the block ends well, and not at all otherwise."""

    @abstractmethod
    def open(self, name: str) -> BinaryIO:
        """A file to read. Raises FileNotFoundError."""

    @abstractmethod
    def delete(self, name: str) -> None:
        """Remove a file; without effect if it is not there."""

    @abstractmethod
    def delete_folder(self, folder: str) -> None:
        """Remove all files below `folder`."""

    @abstractmethod
    def names(self, folder: str) -> Iterator[str]:
        """The last parts of the names of all files below `folder`."""

    @abstractmethod
    def sweep(self, *, before: datetime) -> int:
        """Remove what writers that were killed before the instant `before` left unfinished; gives how many."""


class FolderBlobs(Blobs):
    """Blobs as files in a local folder, for this OS user alone."""

    def __init__(self, root: Path) -> None:
        self._root = private_folder(root)

    @contextmanager
    def create(self, name: str) -> Iterator[BinaryIO]:
        path = self._root / name
        part = path.with_name(path.name + PART)
        try:
            _make_folders(path.parent)
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE), "wb") as file:
                yield cast("BinaryIO", file)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
            sync_folder(path.parent)
        except BaseException as error:
            part.unlink(missing_ok=True)
            if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise StorageFullError(folder=str(self._root)) from error
            raise

    def open(self, name: str) -> BinaryIO:
        return (self._root / name).open("rb", buffering=0)

    def delete(self, name: str) -> None:
        path = self._root / name
        if path.exists():
            path.unlink(missing_ok=True)
            sync_folder(path.parent)

    def delete_folder(self, folder: str) -> None:
        path = self._root / folder
        if path.exists():
            shutil.rmtree(path)
            sync_folder(path.parent)

    def names(self, folder: str) -> Iterator[str]:
        return (path.name for path in self._files(folder) if path.suffix != PART)

    def sweep(self, *, before: datetime) -> int:
        old = [path for path in self._files(".") if path.suffix == PART and _changed_at(path) < before]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def _files(self, folder: str) -> Iterator[Path]:
        return (path for path in (self._root / folder).rglob("*") if path.is_file())


class ObjectBlobs(Blobs):
    """Blobs in an object store, through an fsspec file system. Uploads cut short never become objects there."""

    def __init__(self, system: Any, root: str) -> None:
        self._system, self._root = system, root.strip("/")

    @contextmanager
    def create(self, name: str) -> Iterator[BinaryIO]:
        file = self._system.open(self._at(name), "wb", block_size=OBJECT_BLOCK_BYTES)
        try:
            yield file
        except BaseException:
            file.close()
            self.delete(name)
            raise
        file.close()

    def open(self, name: str) -> BinaryIO:
        found: BinaryIO = self._system.open(self._at(name), "rb", block_size=OBJECT_BLOCK_BYTES)
        return found

    def delete(self, name: str) -> None:
        if self._system.exists(self._at(name)):
            self._system.rm_file(self._at(name))

    def delete_folder(self, folder: str) -> None:
        if self._system.exists(self._at(folder)):
            self._system.rm(self._at(folder), recursive=True)

    def names(self, folder: str) -> Iterator[str]:
        # Another process may have written since this one looked.
        self._system.invalidate_cache()
        return (path.rsplit("/", 1)[-1] for path in self._system.find(self._at(folder)))

    def sweep(self, *, before: datetime) -> int:  # noqa: ARG002 - there is nothing to sweep
        return 0

    def _at(self, name: str) -> str:
        return f"{self._root}/{name}"


def s3_blobs(address: str) -> ObjectBlobs:
    """Blobs at `bucket/prefix` on S3, with the credentials of the usual AWS_* variables. Raises MissingExtraError."""
    if importlib.util.find_spec("s3fs") is None:
        raise MissingExtraError("Files on s3:// need the package s3fs. Install it with: pip install 'kalends[s3]'")
    return ObjectBlobs(importlib.import_module("s3fs").S3FileSystem(), address)


def _make_folders(folder: Path) -> None:
    """Make `folder` and its missing parents, each durable in its own parent."""
    if folder.is_dir():
        return
    _make_folders(folder.parent)
    folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    sync_folder(folder.parent)


def _changed_at(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
