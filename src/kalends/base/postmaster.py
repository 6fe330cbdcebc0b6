"""The postmaster of a data folder, as its `postmaster.pid` tells it: is it ready, and does an old one still run?

The file's lines (PostgreSQL 18, src/include/utils/pidfile.h): 1 process id, 2 data folder, 3 start, 4 port, 5 socket
folder, 6 address, 7 shared memory, 8 status (`starting`, `ready`, `stopping`).
"""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from kalends.base.embedded_errors import PostgresStartError

# A fast shutdown writes one checkpoint; after this time the old one is told to leave without.
FAST_SECONDS, IMMEDIATE_SECONDS = 20.0, 5.0


def is_ready(data: Path, *, pid: int) -> bool:
    """Whether the postmaster `pid` of `data` says that it takes connections."""
    lines = _lines(data)
    return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"


def clear_leftover(data: Path) -> None:
    """End the postmaster that a killed process left on `data`, if it still runs; forget it if it does not.

    The caller holds the lock on the data folder, so whoever started that postmaster is dead.
    Raises PostgresStartError if it cannot be ended.
    """
    lines = _lines(data)
    if not lines or not lines[0].isdigit():
        return
    pid = int(lines[0])
    if serves(pid, data):
        _end(pid, data)
    elif _is_alive(pid):
        _disown(data, lines)


def serves(pid: int, data: Path) -> bool:
    """Whether the process `pid` is a PostgreSQL on `data`."""
    if sys.platform == "linux":
        return _linux_folder(pid) == data.resolve()
    asked = subprocess.run(["/bin/ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S603 - numbers only
    return f"-D {data}" in asked.stdout


def fingerprint(path: Path) -> str:
    """A short name for the content of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]


def _lines(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def _linux_folder(pid: int) -> Path | None:
    """The working folder of a process, which for a postmaster is its data folder; None if it is gone or not ours."""
    try:
        return Path(f"/proc/{pid}/cwd").readlink()
    except (FileNotFoundError, PermissionError, ProcessLookupError):
        return None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _disown(data: Path, lines: list[str]) -> None:
    """Put our own number for one that now belongs to another program (a container starts its numbers anew).

    PostgreSQL would refuse to start beside the other program, but takes its own parent's number for a stale one. The
    other lines stay, for by them it also looks whether backends of a killed postmaster are still at work.
    """
    (data / "postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")


def _end(pid: int, data: Path) -> None:
    for wish, seconds in ((signal.SIGINT, FAST_SECONDS), (signal.SIGQUIT, IMMEDIATE_SECONDS)):
        try:
            os.kill(pid, wish)
        except ProcessLookupError:
            return
        if _gone_within(seconds, pid, data):
            return
    raise PostgresStartError(f"An old PostgreSQL (process {pid}) on {data} does not stop. End it, then start again.")


def _gone_within(seconds: float, pid: int, data: Path) -> bool:
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        if not serves(pid, data):
            return True
        time.sleep(0.01)
    return False
