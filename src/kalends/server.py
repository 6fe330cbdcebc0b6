"""The server: opens the house, serves it, and closes everything it opened.

In embedded mode one process owns PostgreSQL, the DuckDB files and the job worker. It listens on loopback and on a Unix
socket in its data folder, by which the commands on this machine reach it.
"""

from __future__ import annotations

import errno
import gc
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import structlog
import uvicorn
from psycopg import sql

from kalends.app import create_app
from kalends.base import bootstrap
from kalends.base.cache import Cache
from kalends.base.clock import Clock, system_clock
from kalends.base.database import Database
from kalends.base.durable import PRIVATE_FILE, private_folder, write_atomically
from kalends.base.embedded import EmbeddedPostgres, Server
from kalends.base.errors import UnavailableError
from kalends.base.files import open_file_store
from kalends.base.keys import FileKeyStore
from kalends.base.lockfile import ServerLock
from kalends.base.priority import give_way
from kalends.base.settings import Settings
from kalends.base.warehouse import open_warehouse
from kalends.base.work import House
from kalends.base.worker import Worker
from kalends.identity.service import ensure_owner_token
from kalends.marketing.service import warm_up_data, write_down_usage

DATABASE = "kalends"
OWNER = "kalends_owner"

STOP_SECONDS = 5
"""How long open requests may take to end when the server stops."""
COUNT_SECONDS = 300
"""What a killed server loses of the counts of its callers is five minutes."""
LOG = structlog.get_logger(__name__)
BACKLOG = 512
"""Connections that may wait: Linux's own bound is 4,096, and nobody waits for the 500th."""


class PortTakenError(UnavailableError):
    """The port is taken by another program; choose another with KALENDS_PORT."""

    code = "port_taken"


class CannotListenError(UnavailableError):
    """The address to listen on cannot be used; set KALENDS_HOST and KALENDS_PORT."""

    code = "cannot_listen"


class SocketPathError(UnavailableError):
    """The data folder's socket cannot be made: a path for one may have about 100 characters. Shorten KALENDS_HOME."""

    code = "socket_path"


class ServerStartError(UnavailableError):
    """The server ended before it took its first request; its log says why."""

    code = "server_start"


@contextmanager
def open_house(settings: Settings, *, clock: Clock = system_clock) -> Iterator[House]:
    """Open everything for as long as the block runs. From the main thread, because PostgreSQL dies with its starter."""
    with ExitStack() as stack:
        stack.enter_context(ServerLock(settings.home).hold(now=clock()))
        secret = installation_secret(settings)
        if settings.database_url:
            owner_url = settings.database_url
        else:
            server = stack.enter_context(EmbeddedPostgres(settings.home))
            owner_url = create_owner(server, password=bootstrap.role_password(secret, OWNER))
        access = bootstrap.prepare(owner_url, secret=secret)
        database, worker_database = Database(access.app), Database(access.worker, pool_size=4)
        stack.callback(database.close)
        stack.callback(worker_database.close)
        keys = FileKeyStore(settings.home / "keys")
        cache = Cache(settings.cache_url)
        stack.callback(cache.close)
        warehouse = open_warehouse(
            url=settings.warehouse_url,
            folder=settings.home / "warehouse",
            key_for=lambda tenant_id: keys.derive(tenant_id, "warehouse"),
        )
        stack.callback(warehouse.close)
        # A million objects of our libraries live as long as we do: whoever asks something need not wait while the
        # garbage collector goes through them once more (0.3 s, several times a minute of work).
        gc.freeze()
        gc.enable()  # a command that starts a server has done without
        yield House(
            settings=settings,
            database=database,
            worker_database=worker_database,
            warehouse=warehouse,
            keys=keys,
            files=open_file_store(settings.files_url, folder=settings.home / "files", keys=keys),
            cache=cache,
            clock=clock,
        )


def installation_secret(settings: Settings) -> bytes:
    """The installation's own 32 bytes: from KALENDS_SECRET where several servers share one, else made once and kept."""
    if settings.secret is not None:
        return bytes.fromhex(settings.secret.get_secret_value())
    path = settings.home / "installation.secret"
    if not path.exists():
        write_atomically(path, secrets.token_bytes(32))
    return path.read_bytes()


def create_owner(server: Server, *, password: str) -> str:
    """Make the database and its owner, who may create roles but is no superuser; gives the owner's URL."""
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        owner, name = sql.Identifier(OWNER), sql.Identifier(DATABASE)
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [OWNER]).fetchone():
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEROLE NOSUPERUSER").format(owner))
        connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(owner, sql.Literal(password)))
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, owner))
    return f"postgresql://{OWNER}:{password}@127.0.0.1:{server.port}/{DATABASE}"


@dataclass(slots=True)
class Listener:
    """uvicorn on sockets that we opened ourselves, so that a taken port is our own clear error."""

    house: House
    local: socket.socket
    """By which commands on this machine come in."""
    public: socket.socket | None
    """By which people come in; None where the server runs for one command only."""
    config: uvicorn.Config
    worker: Worker | None = None

    @property
    def address(self) -> str:
        """Where people reach it: http://127.0.0.1:8400."""
        assert self.public is not None
        host, port = self.public.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def serve(self) -> None:
        """Serve everybody until Ctrl-C, which comes out as KeyboardInterrupt, or SIGTERM."""
        sockets = [self.local] if self.public is None else [self.local, self.public]
        warming = threading.Thread(target=warm_up, args=(self.house,), name="warm-up", daemon=True)
        stopping = threading.Event()
        counting = threading.Thread(target=keep_count, args=(self.house, stopping), name="usage", daemon=True)
        warming.start()
        counting.start()
        try:
            self._run(uvicorn.Server(self.config), sockets)
        finally:
            stopping.set()
            for thread in (warming, counting):
                thread.join(STOP_SECONDS)  # what it uses is closed next

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Serve this machine's commands, from a thread, while the block runs."""
        server = uvicorn.Server(self.config)
        thread = threading.Thread(target=self._run, args=(server, [self.local]), name="server", daemon=True)
        thread.start()
        try:
            while not server.started:
                if not thread.is_alive():
                    raise ServerStartError
                time.sleep(0.01)
            yield
        finally:
            server.should_exit = True
            thread.join(timeout=2 * STOP_SECONDS)

    def _run(self, server: uvicorn.Server, sockets: list[socket.socket]) -> None:
        # uvicorn closes what it is given at its end; ours may be needed again.
        server.run(sockets=[opened.dup() for opened in sockets])


def warm_up(house: House) -> None:
    """Do what the first person would wait for, after what the present ones wait for."""
    give_way()
    house.warehouse.warm_up()
    warm_up_data(house.warehouse.engine)
    gc.freeze()  # what that has imported


def keep_count(house: House, stopping: threading.Event) -> None:
    """Write down, every few minutes and at the end, who used what: a server may have no worker that does."""
    while True:
        is_over = stopping.wait(COUNT_SECONDS)
        try:
            write_down_usage(house)
        except Exception:
            LOG.exception("usage was not written down")
        if is_over:
            return


def listener(house: House, *, tcp: bool, stack: ExitStack) -> Listener:
    """A listener on fresh sockets, which `stack` closes. Raises PortTakenError, SocketPathError."""
    settings = house.settings
    local = stack.enter_context(unix_socket(settings.socket))
    stack.callback(settings.socket.unlink, missing_ok=True)
    public = stack.enter_context(tcp_socket(settings.host, settings.port)) if tcp else None
    config = uvicorn.Config(
        create_app(house),
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=STOP_SECONDS,
        server_header=False,
    )
    return Listener(house=house, local=local, public=public, config=config)


def unix_socket(path: Path) -> socket.socket:
    """A listening Unix socket that only this OS user can reach. A leftover of a killed server is replaced."""
    private_folder(path.parent)
    path.unlink(missing_ok=True)
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        opened.bind(os.fspath(path))
    except OSError as error:
        opened.close()
        raise SocketPathError(f"Cannot make the socket {path}: {error.strerror or error}.") from error
    path.chmod(PRIVATE_FILE)
    opened.listen(BACKLOG)
    return opened


def tcp_socket(host: str, port: int) -> socket.socket:
    """A listening TCP socket, or PortTakenError."""
    opened = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((host, port))
        opened.listen(BACKLOG)
    except OSError as error:
        opened.close()
        raise refusal(host, port, error) from error
    return opened


def refusal(host: str, port: int, error: OSError) -> UnavailableError:
    """Why we cannot listen there, and what to do."""
    if error.errno == errno.EADDRINUSE:
        return PortTakenError(f"Port {port} on {host} is taken by another program: set KALENDS_PORT to another one.")
    return CannotListenError(f"Cannot listen on {host}:{port}: {error.strerror or error}.")


@contextmanager
def running(settings: Settings, *, tcp: bool, clock: Clock = system_clock) -> Iterator[Listener]:
    """An open house with its worker, ready to listen."""
    with ExitStack() as stack:
        house = stack.enter_context(open_house(settings, clock=clock))
        ensure_owner_token(settings)
        opened = listener(house, tcp=tcp, stack=stack)
        if settings.worker:
            opened.worker = Worker(house)
            stack.callback(opened.worker.stop)
            opened.worker.start(alone=settings.database_url is None)
        yield opened
