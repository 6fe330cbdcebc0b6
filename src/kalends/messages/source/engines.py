"""A company's warehouse, opened for reading: where it may be, and how each engine is reached.

What a customer enters must not make this server read its own files, call its own network or lend its own identity:

- an address is resolved once, checked and called by its number (as `kalends.base.outside`);
- a DuckDB file is named only by the owner of this machine's data folder, as with every file of the server's own disk;
- only the parts of an address that are named here reach a driver: libpq alone has a dozen that name files;
- without a key of the customer's own, BigQuery would be asked as this server: so a key is asked for.

Drivers are imported when they are used.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import duckdb
import ibis
import psycopg

from kalends.base.errors import BadInputError, KalendsError
from kalends.base.outside import InnerAddressError, inner_allowed, is_outside
from kalends.base.settings import Settings

SECONDS: Final = 15
"""How long a warehouse may take to answer the door."""
QUERY_SECONDS: Final = 900
"""How long one question may take."""
GOOGLE_TOKENS: Final = "https://oauth2.googleapis.com/token"
SSL_MODES: Final = ("disable", "allow", "prefer", "require", "verify-full")


class BadSourceError(BadInputError):
    """The warehouse's address is not as it should be."""

    code = "bad_source"


class UnreachableSourceError(BadInputError):
    """The warehouse did not let us in."""

    code = "unreachable_source"


class MissingEngineError(BadInputError):
    """What this engine needs is not installed on this server."""

    code = "missing_engine"


@dataclass(frozen=True, slots=True)
class Access:
    """How a warehouse is reached. All of it is secret."""

    url: str = field(repr=False)
    key: str = field(default="", repr=False)
    """A Google service account's key, as JSON."""


@dataclass(frozen=True, slots=True)
class Engine:
    """How one engine is entered: what may follow the question mark, what its driver is, and how it is opened."""

    name: str
    example: str
    options: tuple[str, ...]
    module: str
    extra: str
    check: Callable[[SplitResult, Access, Settings], None]
    connect: Callable[[SplitResult, Access, Settings], Any]
    is_file: bool = False


def engine_of(access: Access, settings: Settings) -> Engine:
    """The engine of an address that is as it should be. Raises BadSourceError and InnerAddressError."""
    parts = _parts(access.url)
    if not access.url.isprintable() or not all(char.isprintable() or char in "\r\n\t" for char in access.key):
        raise BadSourceError("There are characters that no address and no key has.", field="url")
    engine = ENGINES.get(ALIASES.get(parts.scheme, parts.scheme))
    if engine is None:
        examples = ", ".join(one.example for one in ENGINES.values())
        raise BadSourceError(f"“{parts.scheme}” is no warehouse that can be read; there are {examples}.", field="url")
    if unknown := sorted(_options(parts).keys() - set(engine.options)):
        raise BadSourceError(
            f"{engine.name} takes no {', '.join(unknown)} here; after the question mark it takes"
            f" {', '.join(engine.options) or 'nothing'}.",
            field="url",
        )
    engine.check(parts, access, settings)
    return engine


def place(url: str) -> str:
    """What may be shown of an address: no password, no user."""
    parts = _parts(url)
    host = parts.hostname or ""
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{host}{port}{parts.path}"


def is_installed(engine: Engine) -> bool:
    """Whether the engine's driver is there."""
    try:
        return importlib.util.find_spec(engine.module) is not None
    except ModuleNotFoundError:  # its parent is not there
        return False


@contextmanager
def opened(access: Access, settings: Settings) -> Iterator[Any]:
    """An Ibis backend, while the block runs; what it fails with names no secret.

    Raises BadSourceError, InnerAddressError, MissingEngineError and UnreachableSourceError.
    """
    engine = engine_of(access, settings)
    if not is_installed(engine):
        raise MissingEngineError(
            f"{engine.name} needs a package more on this server: pip install 'kalends[{engine.extra}]'.", field="url"
        )
    with plain_words(access, engine.name):
        backend = engine.connect(_parts(access.url), access, settings)
    try:
        yield backend
    finally:
        backend.disconnect()


@contextmanager
def plain_words(access: Access, about: str) -> Iterator[None]:
    """Whatever a driver throws, as an error that says it without secrets. Raises UnreachableSourceError."""
    try:
        yield
    except KalendsError:
        raise
    except Exception as error:  # noqa: BLE001  # every driver has errors of its own, and its words may hold the key
        raise UnreachableSourceError(f"{about}: {said(error, access)}", field="url") from None


def said(error: Exception, access: Access) -> str:
    """What a driver said, in a line, without anything of the address or the key."""
    parts = _parts(access.url)
    words = " ".join(str(error).split()) or type(error).__name__
    for secret in (access.url, parts.password, unquote(parts.password or ""), access.key, *_values(access.key)):
        if secret:
            words = words.replace(secret, "…")
    return words[:500]


def _values(key: str) -> list[str]:
    try:
        told = json.loads(key) if key else {}
    except ValueError:
        return []
    return [value for value in told.values() if isinstance(value, str) and len(value) > 20] if told else []


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url.strip())
        _ = parts.port
    except ValueError:
        raise BadSourceError("The address cannot be read: write it as postgresql://user:password@host/database.",
                             field="url") from None  # fmt: skip
    return parts


def _options(parts: SplitResult) -> dict[str, str]:
    return dict(parse_qsl(parts.query, keep_blank_values=True))


def _names(parts: SplitResult) -> list[str]:
    return [unquote(name) for name in parts.path.split("/") if name]


def _user(parts: SplitResult) -> tuple[str, str]:
    return unquote(parts.username or ""), unquote(parts.password or "")


def _check_postgres(parts: SplitResult, _access: Access, _settings: Settings) -> None:
    if not parts.hostname or parts.hostname.startswith(("/", "%2f")) or "," in parts.netloc:
        raise BadSourceError("Name one host: postgresql://user:password@host:5432/database.", field="url")
    if len(_names(parts)) != 1 or not parts.username or not parts.password:
        raise BadSourceError("Name user, password and database: postgresql://user:password@host:5432/database.",
                             field="url")  # fmt: skip
    if _options(parts).get("sslmode", "prefer") not in SSL_MODES:
        raise BadSourceError(f"sslmode is one of {', '.join(SSL_MODES)}.", field="url")


def _open_postgres(parts: SplitResult, _access: Access, settings: Settings) -> Any:
    number = _outside(str(parts.hostname), parts.port or 5432, settings)
    user, password = _user(parts)
    told = _options(parts)
    # Through the open internet in the clear only where somebody says so.
    mode = told.get("sslmode", "require" if is_outside(number) else "prefer")
    connection = psycopg.connect(
        host=parts.hostname, hostaddr=number, port=parts.port or 5432, user=user, password=password,
        dbname=_names(parts)[0], sslmode=mode, connect_timeout=SECONDS, passfile=os.devnull, application_name="kalends",
        sslrootcert="system" if mode == "verify-full" else None, autocommit=True,
        # Nothing that this server could prove itself with goes there: a certificate in its home folder, a ticket.
        sslcertmode="disable", gssencmode="disable", require_auth="!gss,!sspi",
    )  # fmt: skip
    connection.execute("SET default_transaction_read_only = on")
    connection.execute(f"SET statement_timeout = '{QUERY_SECONDS}s'")
    if schema := told.get("schema"):
        connection.execute("SELECT set_config('search_path', %s, false)", ['"' + schema.replace('"', '""') + '"'])
    return ibis.postgres.from_connection(connection)


def _outside(host: str, port: int, settings: Settings) -> str:
    """The number of a host that may be called. Raises InnerAddressError."""
    try:
        found = socket.getaddrinfo(host, port, proto=socket.IPPROTO_TCP)
    except OSError:
        raise UnreachableSourceError(f"Nobody knows the host {host}: look at its name.", field="url") from None
    numbers = list(dict.fromkeys(str(address[0]) for *_, address in found))
    if not inner_allowed(settings) and not all(map(is_outside, numbers)):
        raise InnerAddressError(f"{host} is inside this server's own network.", field="url")
    return numbers[0]


def _check_duckdb(parts: SplitResult, _access: Access, settings: Settings) -> None:
    path = Path(unquote(parts.path))
    if parts.netloc or not path.is_absolute():
        raise BadSourceError("Write a DuckDB file with its whole path: duckdb:///data/shop.duckdb.", field="url")
    if path.resolve().is_relative_to(settings.home.resolve()):
        raise BadSourceError("That is in Kalends's own data folder.", field="url")


def _open_duckdb(parts: SplitResult, _access: Access, _settings: Settings) -> Any:
    path = Path(unquote(parts.path)).resolve()
    if not path.is_file():
        raise BadSourceError(f"There is no file {path}.", field="url")
    # A view in the file could read other files, were that not closed.
    config: dict[str, str | bool | int | float | list[str]] = {
        "enable_external_access": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "threads": 1,
    }
    return ibis.duckdb.from_connection(duckdb.connect(str(path), read_only=True, config=config))


def google_place(url: str) -> tuple[str, str]:
    """Project and dataset of a BigQuery address."""
    parts = _parts(url)
    names = _names(parts)
    if not re.fullmatch(r"[A-Za-z0-9:._-]+", parts.netloc) or len(names) != 1 or not re.fullmatch(r"\w+", names[0]):
        raise BadSourceError("Name project and dataset: bigquery://my-project/my_dataset.", field="url")
    return parts.netloc, names[0]


def _check_bigquery(_parts: SplitResult, access: Access, _settings: Settings) -> None:
    google_place(access.url)
    try:
        key = json.loads(access.key)
    except ValueError:
        key = None
    if not isinstance(key, dict) or key.get("type") != "service_account" or not key.get("private_key"):
        raise BadSourceError("BigQuery needs a service account's key: the JSON file that Google Cloud made for it.",
                             field="key")  # fmt: skip
    # Other kinds of key, and other addresses, would have this server call whatever they name.
    if key.get("token_uri", GOOGLE_TOKENS) != GOOGLE_TOKENS or key.get("universe_domain", "googleapis.com") != (
        "googleapis.com"
    ):
        raise BadSourceError(f"The key's token_uri is not Google's: {GOOGLE_TOKENS}.", field="key")


def _open_bigquery(_parts: SplitResult, access: Access, _settings: Settings) -> Any:
    accounts = importlib.import_module("google.oauth2.service_account")
    project, dataset = google_place(access.url)
    credentials = accounts.Credentials.from_service_account_info(json.loads(access.key))
    return ibis.bigquery.connect(project_id=project, dataset_id=dataset, credentials=credentials)


def _check_snowflake(parts: SplitResult, _access: Access, _settings: Settings) -> None:
    if not re.fullmatch(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*", parts.hostname or "") or parts.port:
        raise BadSourceError("Name the account: snowflake://user:password@account/database/schema.", field="url")
    if len(_names(parts)) != 2 or not parts.username or not parts.password:
        raise BadSourceError("Name user, password, database and schema: snowflake://user:password@account/database/"
                             "schema?warehouse=W&role=R.", field="url")  # fmt: skip


def _open_snowflake(parts: SplitResult, _access: Access, _settings: Settings) -> Any:
    user, password = _user(parts)
    database, schema = _names(parts)
    return ibis.snowflake.connect(
        user=user, password=password, account=parts.hostname, database=f"{database}/{schema}",
        create_object_udfs=False, login_timeout=SECONDS, **_options(parts),
    )  # fmt: skip


ENGINES: Final[Mapping[str, Engine]] = {
    one.name.lower(): one
    for one in (
        Engine("PostgreSQL", "postgresql://user:password@host:5432/database", ("schema", "sslmode"), "psycopg", "",
               _check_postgres, _open_postgres),
        Engine("DuckDB", "duckdb:///data/shop.duckdb", (), "duckdb", "", _check_duckdb, _open_duckdb, is_file=True),
        Engine("BigQuery", "bigquery://project/dataset", (), "google.cloud.bigquery", "bigquery",
               _check_bigquery, _open_bigquery),
        Engine("Snowflake", "snowflake://user:password@account/database/schema?warehouse=W", ("warehouse", "role"),
               "snowflake.connector", "snowflake", _check_snowflake, _open_snowflake),
    )
}  # fmt: skip
ALIASES: Final[Mapping[str, str]] = {"postgres": "postgresql"}
