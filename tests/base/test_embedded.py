"""The embedded PostgreSQL: starts, stops, dies with its parent however that dies, and always starts again."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

from kalends.base import postmaster
from kalends.base.embedded import CARRIER, PROGRAMS, EmbeddedPostgres, create_cluster, usable_package
from kalends.base.embedded_errors import (
    DiskFullError,
    FolderUnreachableError,
    PasswordLostError,
    PortTakenError,
    PostgresStartError,
    explain,
)
from kalends.base.lockfile import AlreadyRunningError, ServerLock
from kalends.base.osuser import OsUser, blocked_at, unprivileged

NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as another user")


@pytest.fixture
def home():
    """A data folder that PostgreSQL's OS user can reach: tmp_path is closed to it when the tests run as root."""
    folder = Path(tempfile.mkdtemp(prefix="kalends-test-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def made():
    """A data folder whose cluster exists and is stopped, to copy from: making one takes most of a second."""
    folder = Path(tempfile.mkdtemp(prefix="kalends-test-"))
    folder.chmod(0o711)
    with EmbeddedPostgres(folder) as server, psycopg.connect(server.dsn) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def used(home, made):
    subprocess.run(["/bin/cp", "-a", f"{made}/.", home], check=True)
    return home


def _answer(server):
    with psycopg.connect(server.dsn) as connection:
        return connection.execute("SELECT answer FROM kept").fetchone()[0]


def _postmaster_pid(home):
    return int((home / "postgres" / "postmaster.pid").read_text().split()[0])


def _wait_until(condition, seconds):
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.02)


def test_first_start_makes_a_cluster_and_the_second_finds_it(home):
    with EmbeddedPostgres(home) as server:
        with psycopg.connect(server.dsn) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        assert server.password not in repr(server)
    begin = time.monotonic()
    with EmbeddedPostgres(home) as again:
        assert time.monotonic() - begin < 3
        assert (again.port, again.password) == (server.port, server.password)
        assert _answer(again) == 42
    assert not (home / "postgres" / "postmaster.pid").exists()
    assert {path.name for path in home.iterdir()} == {
        "logs", "postgres", "postgres.lock", "postgres.password", "postgres.port",
    }  # fmt: skip
    assert (home / "postgres.password").stat().st_mode & 0o777 == 0o600


def test_settings_that_others_build_on(used):
    with EmbeddedPostgres(used) as server, psycopg.connect(server.dsn) as connection:
        shown = {name: connection.execute(f"SHOW {name}").fetchone()[0] for name in
                 ("listen_addresses", "unix_socket_directories", "fsync", "timezone", "server_encoding", "data_checksums")}  # fmt: skip
        assert shown == {
            "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "on", "timezone": "UTC",
            "server_encoding": "UTF8", "data_checksums": "on",
        }  # fmt: skip
        assert connection.execute("SELECT lower('ÄÉ'), version() LIKE 'PostgreSQL 18%'").fetchone() == ("äé", True)
        assert connection.execute("SELECT passwd LIKE 'SCRAM-SHA-256%' FROM pg_shadow").fetchone() == (True,)


def test_it_asks_for_the_password(used):
    with EmbeddedPostgres(used) as server, pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(server.dsn.replace(server.password, "guess"))


def test_stop_twice_and_start_again(used):
    postgres = EmbeddedPostgres(used)
    postgres.start()
    postgres.stop()
    postgres.stop()
    assert _answer(postgres.start()) == 42
    postgres.stop()


PARENT = """
import sys, time
from pathlib import Path
from kalends.base.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), watchdog=sys.argv[2] == "watchdog").start()
print(server.pid, flush=True)
time.sleep(120)
"""


def _start_parent(home, how):
    parent = subprocess.Popen([sys.executable, "-c", PARENT, home, how], stdout=subprocess.PIPE, text=True)
    return parent, int(parent.stdout.readline())


def _kill(parent):
    parent.kill()
    parent.communicate()


@pytest.mark.parametrize("how", ["kernel", "watchdog"])
def test_a_killed_parent_leaves_no_postgres_within_three_seconds(used, how):
    parent, pid = _start_parent(used, how)
    assert postmaster.serves(pid, used / "postgres")
    _kill(parent)
    _wait_until(lambda: not postmaster.serves(pid, used / "postgres"), 3)
    assert not (used / "postgres" / "postmaster.pid").exists(), "it was a clean shutdown"
    with EmbeddedPostgres(used) as server:
        assert _answer(server) == 42


def test_a_start_right_after_a_kill_waits_for_the_old_one(used):
    for _ in range(3):
        parent, pid = _start_parent(used, "kernel")
        _kill(parent)
        with EmbeddedPostgres(used) as server:
            assert _answer(server) == 42
            assert server.pid != pid


def test_an_old_one_that_runs_on_is_stopped(used):
    """As after a kill on a system whose watchdog died too: the old one got no signal at all."""
    parent, pid = _start_parent(used, "watchdog")
    children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()
    for child in set(map(int, children)) - {pid}:
        os.kill(child, signal.SIGKILL)
    _kill(parent)
    time.sleep(0.2)
    assert postmaster.serves(pid, used / "postgres")
    with EmbeddedPostgres(used) as server:
        assert _answer(server) == 42
        assert not postmaster.serves(pid, used / "postgres")


def test_a_killed_postgres_is_recovered(used):
    parent, pid = _start_parent(used, "kernel")
    os.kill(pid, signal.SIGKILL)
    _kill(parent)
    with EmbeddedPostgres(used) as server:
        assert _answer(server) == 42


def test_a_leftover_that_names_another_program_is_forgotten(used):
    sleeper = subprocess.Popen(["/bin/sleep", "60"], **unprivileged(data=used / "postgres").credentials())
    try:
        (used / "postgres" / "postmaster.pid").write_text(
            f"{sleeper.pid}\n{used / 'postgres'}\n1\n1\n\n*\n1 1\nready\n"
        )
        with EmbeddedPostgres(used) as server:
            assert _answer(server) == 42
        assert sleeper.poll() is None, "it was not ours to end"
    finally:
        sleeper.kill()
        sleeper.wait()


def test_a_start_cut_while_making_the_cluster_begins_anew(home):
    (home / ".postgres-new-1234" / "data").mkdir(parents=True)
    with EmbeddedPostgres(home) as server, psycopg.connect(server.dsn) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert not list(home.glob(".postgres-new*"))


def test_a_second_one_is_refused_and_the_first_works_on(used):
    with EmbeddedPostgres(used) as server:
        with pytest.raises(AlreadyRunningError, match=str(os.getpid())):
            EmbeddedPostgres(used).start()
        assert _answer(server) == 42


def test_a_remembered_port_that_is_taken_is_replaced(used):
    with socket.create_server(("127.0.0.1", 0)) as squatter:
        taken = squatter.getsockname()[1]
        (used / "postgres.port").write_text(str(taken))
        with EmbeddedPostgres(used) as server:
            assert server.port != taken
            assert _answer(server) == 42
        with pytest.raises(PortTakenError, match=str(taken)):
            EmbeddedPostgres(used, port=taken).start()
    with EmbeddedPostgres(used, port=taken) as server:
        assert server.port == taken


def test_a_lost_password_is_said_plainly(used):
    (used / "postgres.password").write_text("another")
    with pytest.raises(PasswordLostError):
        EmbeddedPostgres(used).start()
    (used / "postgres.password").unlink()
    with pytest.raises(PasswordLostError, match=r"postgres\.password"):
        EmbeddedPostgres(used).start()


@as_root
def test_a_closed_parent_is_named_and_left_closed(home):
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(FolderUnreachableError, match=str(closed)):
        EmbeddedPostgres(closed / "data").start()
    assert closed.stat().st_mode & 0o777 == 0o700


@as_root
def test_binaries_behind_a_closed_folder_are_copied_once(home):
    original, package = Path(find_spec(CARRIER).origin).parent, home / "closed" / CARRIER
    for part in original.parent.glob(f"{CARRIER}*"):
        shutil.copytree(part, package.with_name(part.name), symlinks=True)
    user = unprivileged(data=home / "postgres")
    assert usable_package(package, home=home, user=user) == package
    (home / "closed").chmod(0o700)
    copy = usable_package(package, home=home, user=user)
    create_cluster(copy / PROGRAMS, home / "postgres", password="p", user=user)
    assert (home / "postgres" / "PG_VERSION").read_text() == "18\n"
    (copy / "marker").touch()
    assert (usable_package(package, home=home, user=user) / "marker").exists()


@pytest.fixture
def small_disk(home):
    """A file system of 150 MB, which only root can mount."""
    disk = home / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=150m,mode=711", "tmpfs", disk]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    yield disk
    subprocess.run(["umount", disk], check=True)


def _fill(disk):
    with (disk / "filler").open("wb", buffering=0) as filler, suppress(OSError):
        while filler.write(bytes(1 << 16)):
            pass


@as_root
def test_a_full_disk_is_said_plainly_and_mended_by_room(small_disk):
    _fill(small_disk)
    with pytest.raises(DiskFullError, match="Free some space"):
        EmbeddedPostgres(small_disk / "home").start()
    (small_disk / "filler").unlink()
    with EmbeddedPostgres(small_disk / "home") as server:
        psycopg.connect(server.dsn).close()
    _fill(small_disk)
    with pytest.raises(DiskFullError):
        EmbeddedPostgres(small_disk / "home").start()
    (small_disk / "filler").unlink()
    with EmbeddedPostgres(small_disk / "home") as server:
        psycopg.connect(server.dsn).close()


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ('LOG:  could not bind IPv4 address "127.0.0.1": Address already in use', PortTakenError),
        ('FATAL:  could not write lock file "postmaster.pid": No space left on device', DiskFullError),
        ('FATAL:  could not access directory "/x/postgres": Permission denied', FolderUnreachableError),
        ('FATAL:  data directory "/x/postgres" has wrong ownership', FolderUnreachableError),
        ("PANIC:  could not locate a valid checkpoint record", PostgresStartError),
    ],
)
def test_last_words_become_an_error_that_says_what_to_do(said, kind):
    error = explain(f"LOG:  starting\n{said}\n", port=5433, home=Path("/x"))
    assert type(error) is kind
    assert error.details["log"][-1] == said


def test_it_starts_from_the_main_thread_only(home):
    caught = []

    def start():
        try:
            EmbeddedPostgres(home).start()
        except RuntimeError as error:
            caught.append(str(error))

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert caught == ["start the embedded PostgreSQL from the main thread"]


def test_who_may_enter_a_folder(tmp_path):
    stranger = OsUser(name="stranger", uid=54321, gid=54321)
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a").chmod(0o700)
    assert blocked_at(tmp_path / "a" / "b", user=stranger) is not None
    assert blocked_at(Path("/usr/bin"), user=stranger) is None
    mine = OsUser(name="me", uid=os.geteuid(), gid=os.getegid())
    assert blocked_at(tmp_path / "a" / "b", user=mine) is None


HOLDER = """
import sys, time
from datetime import datetime, UTC
from pathlib import Path
from kalends.base.lockfile import ServerLock
ServerLock(Path(sys.argv[1])).acquire(now=datetime(2026, 1, 2, 3, 4, tzinfo=UTC))
print("held", flush=True)
time.sleep(60)
"""


def test_a_second_server_is_refused_by_name_and_a_killed_one_frees_the_lock(tmp_path):
    first = subprocess.Popen([sys.executable, "-c", HOLDER, tmp_path], stdout=subprocess.PIPE, text=True)
    assert first.stdout.readline() == "held\n"
    lock = ServerLock(tmp_path)
    with pytest.raises(AlreadyRunningError, match=rf"process {first.pid}, since 2026-01-02 03:04") as refused:
        lock.acquire(now=NOW)
    assert refused.value.details["pid"] == first.pid
    holder = lock.holder()
    assert (holder.pid, holder.started_at) == (first.pid, NOW)
    first.kill()
    first.communicate()
    assert lock.holder() is None
    with lock.hold(now=NOW):
        assert lock.is_held
        assert ServerLock(tmp_path).holder().pid == os.getpid()
    assert lock.holder() is None


def test_looking_at_the_lock_does_not_refuse_a_start(tmp_path):
    lock, stop = ServerLock(tmp_path), threading.Event()
    with lock.hold(now=NOW):
        pass

    def look():
        while not stop.is_set():
            ServerLock(tmp_path).holder()
            time.sleep(0.0005)

    looker = threading.Thread(target=look)
    looker.start()
    try:
        for _ in range(200):
            with lock.hold(now=NOW):
                assert lock.is_held
    finally:
        stop.set()
        looker.join()
