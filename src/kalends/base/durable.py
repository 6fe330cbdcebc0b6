"""Writes that survive a power cut: a file is either the old one or the new one, never half of either."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


def private_folder(path: Path) -> Path:
    """`path` as a folder for this OS user alone; parents are made too, folders that exist keep their modes."""
    path.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    return path


def make_home(home: Path) -> Path:
    """Make the data folder. As root, others may pass through it but not look into it, because PostgreSQL runs as
    another OS user and must reach its own folder below.
    """
    home.mkdir(mode=0o711 if os.geteuid() == 0 else PRIVATE_FOLDER, parents=True, exist_ok=True)
    return home


def sync_folder(path: Path) -> None:
    """Make renames and removals inside `path` durable (POSIX: a rename lives in its folder, not in the file)."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_atomically(path: Path, content: bytes, *, mode: int = PRIVATE_FILE) -> None:
    """Replace `path` with `content`; when this returns it is on disk. Raises OSError and leaves the old file."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def shred(path: Path) -> None:
    """Overwrite `path` with random bytes, then remove it.

    On copy-on-write or flash storage the old blocks may outlive this, so nothing may rest on it alone.
    """
    with path.open("r+b") as file:
        file.write(secrets.token_bytes(path.stat().st_size))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
    sync_folder(path.parent)
