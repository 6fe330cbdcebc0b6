"""Children that do not outlive us, however we die: the kernel's promise on Linux, a shell on a pipe elsewhere."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from kalends.base.osuser import OsUser

PR_SET_PDEATHSIG = 1
# Looked up before any fork: dlopen in a forked child could wait for a lock that a lost thread held.
LIBC = ctypes.CDLL(None)


class Watchdog:
    """A shell that reads from a pipe of ours: when this process dies, however it dies, the pipe ends and the shell
    interrupts the postmaster.
    """

    SCRIPT = 'cat >/dev/null; read -r pid <"$1/postmaster.pid" && kill -INT "$pid"'

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def guard(self, data: Path, *, user: OsUser) -> None:
        """Watch over the postmaster of `data` until `dismiss`."""
        self.dismiss()
        self._process = subprocess.Popen(  # noqa: S603 - a constant script
            ["/bin/sh", "-c", self.SCRIPT, "watchdog", data],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            cwd="/", start_new_session=True, **user.credentials(),
        )  # fmt: skip

    def dismiss(self) -> None:
        """End the watch without a signal to the postmaster."""
        process, self._process = self._process, None
        if process is not None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def die_with(parent: int) -> Callable[[], None]:
    """What the child does before it becomes PostgreSQL: ask the kernel for SIGINT (a fast, clean shutdown) when the
    parent dies, and go at once if that has happened already.
    """

    def ask() -> None:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGINT)
        if os.getppid() != parent:
            os._exit(1)

    return ask
