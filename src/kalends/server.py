"""The server: opens the house, serves it, and closes everything it opened.

In embedded mode one process owns PostgreSQL, the DuckDB files and the job worker. It listens on loopback and on a Unix
socket in its data folder, by which the commands on this machine reach it.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import uvicorn
from psycopg import sql

from kalends.app import create_app
from kalends.base import bootstrap
from kalends.base.cache import Cache
from kalends.base.clock import Clock, system_clock
from kalends.base.database import Database
from kalends.base.durable import write_atomically
from kalends.base.embedded import EmbeddedPostgres, Server
from kalends.base.errors import UnavailableError
from kalends.base.files import open_file_store
from kalends.base.keys import FileKeyStore
from kalends.base.lockfile import ServerLock
from kalends.base.settings import Settings
from kalends.base.warehouse import open_warehouse
from kalends.base.work import House
from kalends.base.worker import Worker
from kalends.identity.service import ensure_owner_token

DATABASE = "kalends"
OWNER = "kalends_owner"

STOP_SECONDS = 5
"""How long open requests may take to end when the server stops."""


class PortTakenError(UnavailableError):
    """The port is taken by another program; choose another with KALENDS_PORT."""

    code = "port_taken"


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
    tcp: bool
    address: str | None = field(default=None, init=False)
    _server: uvicorn.Server = field(init=False)
    _sockets: list[socket.socket] = field(init=False)

    def __post_init__(self) -> None:
        """Open the sockets."""
        settings = self.house.settings
        self._sockets = [unix_socket(settings.socket)]
        if self.tcp:
            opened = tcp_socket(settings.host, settings.port)
            self._sockets.append(opened)
            self.address = f"http://{settings.host}:{opened.getsockname()[1]}"
        config = uvicorn.Config(
            create_app(self.house),
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=STOP_SECONDS,
            server_header=False,
        )
        self._server = uvicorn.Server(config)

    def serve(self) -> None:
        """Serve until Ctrl-C or SIGTERM."""
        self._server.run(sockets=self._sockets)

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Serve from a thread while the block runs."""
        thread = threading.Thread(target=self.serve, name="server", daemon=True)
        thread.start()
        try:
            while not self._server.started and thread.is_alive():
                time.sleep(0.01)
            yield
        finally:
            self._server.should_exit = True
            thread.join(timeout=2 * STOP_SECONDS)


def unix_socket(path: Path) -> socket.socket:
    """A listening Unix socket that only this OS user can reach. A leftover of a killed server is replaced."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.unlink(missing_ok=True)
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    opened.bind(os.fspath(path))
    path.chmod(0o600)
    opened.listen(128)
    return opened


def tcp_socket(host: str, port: int) -> socket.socket:
    """A listening TCP socket, or PortTakenError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((host, port))
    except OSError as error:
        opened.close()
        raise PortTakenError(f"Port {port} on {host} is taken by another program: set KALENDS_PORT.") from error
    opened.listen(512)
    return opened


@contextmanager
def running(settings: Settings, *, tcp: bool, clock: Clock = system_clock) -> Iterator[Listener]:
    """An open house with its worker, ready to listen."""
    with open_house(settings, clock=clock) as house:
        ensure_owner_token(settings)
        listener = Listener(house=house, tcp=tcp)
        worker = Worker(house)
        if settings.worker:
            worker.start(alone=settings.database_url is None)
        try:
            yield listener
        finally:
            if settings.worker:
                worker.stop()
            settings.socket.unlink(missing_ok=True)
