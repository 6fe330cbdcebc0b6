"""A stream as a path: for readers that want a file name, such as DuckDB, without clear text on disk."""

from __future__ import annotations

import errno
import fcntl
import os
import select
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

# A pipe holds 64 KiB by default; Linux lets every user have 1 MiB, which saves nine of ten switches.
PIPE_BYTES = 1 << 20
CHUNK_BYTES = 1 << 20
# How soon the end of the block is noticed by a feeder that nobody reads from.
PATIENCE_SECONDS = 0.05
KNOCK_SECONDS = 0.002


@contextmanager
def pipe(source: BinaryIO) -> Iterator[Path]:
    """A path that gives the bytes of `source` once, to one reader, while the block runs.

    Ends with the block whether the reader came or not, read all or not. What reading `source` raised (a damaged file)
    is raised at the end of the block, in place of what the reader made of the shortened input.
    """
    with tempfile.TemporaryDirectory(prefix="kalends-") as folder:
        path = Path(folder) / "stream"
        os.mkfifo(path, 0o600)
        feeder = _Feeder(source, path)
        feeder.start()
        try:
            yield path
        finally:
            feeder.end()


class _Feeder(threading.Thread):
    """Copies a stream into a FIFO until the reader goes away or `end` is called."""

    def __init__(self, source: BinaryIO, path: Path) -> None:
        super().__init__(name="fifo", daemon=True)
        self._source, self._path = source, path
        self._stopping = threading.Event()
        self._failure: BaseException | None = None

    def run(self) -> None:
        try:
            handle = self._open()
            if handle is not None:
                self._feed(handle)
        except BaseException as error:  # noqa: BLE001 - raised again by `end`, in the thread that asked
            self._failure = error

    def end(self) -> None:
        """Stop copying; raise what reading the source raised."""
        self._stopping.set()
        self.join()
        if self._failure is not None:
            raise self._failure

    def _open(self) -> int | None:
        """The FIFO's writing end once there is a reader. A blocking open would wait for ever for one that died."""
        while not self._stopping.is_set():
            try:
                return os.open(self._path, os.O_WRONLY | os.O_NONBLOCK)
            except OSError as error:
                if error.errno != errno.ENXIO:
                    raise
            self._stopping.wait(KNOCK_SECONDS)
        return None

    def _feed(self, handle: int) -> None:
        try:
            _widen(handle)
            self._copy(handle)
        except BrokenPipeError:
            # The reader has what it wanted (LIMIT, or a row that it refused): its own affair.
            return
        finally:
            os.close(handle)

    def _copy(self, handle: int) -> None:
        while not self._stopping.is_set() and (chunk := self._source.read(CHUNK_BYTES)):
            self._send(handle, memoryview(chunk))

    def _send(self, handle: int, left: memoryview) -> None:
        ready = select.poll()
        ready.register(handle, select.POLLOUT)
        while left and not self._stopping.is_set():
            if ready.poll(PATIENCE_SECONDS * 1000):
                left = left[_write(handle, left) :]


def _write(handle: int, left: memoryview) -> int:
    try:
        return os.write(handle, left)
    except BlockingIOError:
        return 0


def _widen(handle: int) -> None:
    """Ask for a larger pipe where that exists; a smaller one only costs time."""
    if sys.platform == "linux":
        with suppress(PermissionError):  # this user's pipes hold as much as the system allows them
            fcntl.fcntl(handle, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
