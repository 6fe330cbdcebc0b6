"""Locks that hold between processes and cannot outlive their holder.

An advisory `flock` is released by the kernel with the last descriptor, so a process killed with -9 leaves nothing
locked. The file itself stays (removing it would let two processes lock two different files of one name).
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from kalends.base.durable import PRIVATE_FILE, make_home
from kalends.base.errors import ConflictError

# A look at the lock (`holder`) takes it for microseconds; a start that meets one tries again instead of refusing.
TRIES, PAUSE_SECONDS = 10, 0.02


class AlreadyRunningError(ConflictError):
    """Kalends already runs on this data folder."""

    code = "already_running"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock: the process and the instant at which it took it."""

    pid: int
    started_at: datetime


class FileLock:
    """An exclusive lock on the file `path`, which names its holder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle: int | None = None

    @property
    def is_held(self) -> bool:
        """Whether this object holds the lock."""
        return self._handle is not None

    def acquire(self, *, now: datetime) -> None:
        """Take the lock or raise AlreadyRunningError, which names the process that has it."""
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
        try:
            self._take(handle, now)
        except BaseException:
            os.close(handle)
            raise
        self._handle = handle

    def release(self) -> None:
        """Give the lock back; without effect if it is not held."""
        if self._handle is not None:
            os.ftruncate(self._handle, 0)
            os.close(self._handle)
            self._handle = None

    def holder(self) -> Holder | None:
        """The process that holds the lock now, or None if it is free."""
        if not self.path.exists():
            return None
        handle = os.open(self.path, os.O_RDONLY)
        try:
            return None if _try(handle, fcntl.LOCK_SH) else _read(self.path)
        finally:
            os.close(handle)

    def _take(self, handle: int, now: datetime) -> None:
        if not _lock_soon(handle):
            raise self._refusal()
        _describe(handle, Holder(pid=os.getpid(), started_at=now))

    def _refusal(self) -> AlreadyRunningError:
        holder = _read(self.path)
        if holder is None:
            return AlreadyRunningError(f"Another process holds {self.path}.", path=str(self.path))
        return AlreadyRunningError(
            f"Kalends already runs on {self.path.parent}: process {holder.pid}, "
            f"since {holder.started_at:%Y-%m-%d %H:%M} UTC. Stop it first, or give this one another KALENDS_HOME.",
            pid=holder.pid,
            started_at=holder.started_at.isoformat(),
        )


class ServerLock(FileLock):
    """One server per data folder. `with ServerLock(home).hold(now=now): serve()`."""

    def __init__(self, home: Path) -> None:
        super().__init__(make_home(home) / "kalends.lock")

    def hold(self, *, now: datetime) -> Self:
        """Take the lock and hand it over for a `with` block, whose end releases it."""
        self.acquire(now=now)
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def _try(handle: int, kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in {errno.EWOULDBLOCK, errno.EACCES}:
            return False
        raise
    return True


def _lock_soon(handle: int) -> bool:
    for _ in range(TRIES):
        if _try(handle, fcntl.LOCK_EX):
            return True
        time.sleep(PAUSE_SECONDS)
    return False


def _describe(handle: int, holder: Holder) -> None:
    text = json.dumps({"pid": holder.pid, "started_at": holder.started_at.isoformat()})
    os.ftruncate(handle, 0)
    os.pwrite(handle, text.encode(), 0)


def _read(path: Path) -> Holder | None:
    """The holder named in the file; None in the moment between taking the lock and writing the name."""
    try:
        found = json.loads(path.read_text())
    except (json.JSONDecodeError, FileNotFoundError):
        return None
    return Holder(pid=found["pid"], started_at=datetime.fromisoformat(found["started_at"]))


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Wait for the lock on the file `path` and hold it for the block: threads and processes take turns."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
