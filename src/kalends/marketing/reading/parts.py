"""A long stream of lines as a file in memory, one part after the other.

DuckDB reads a file with all its threads and keeps the order of its lines; of a pipe it does neither. So lines pass
through one file in memory (Linux: memfd), which never touches the disk: while DuckDB reads one part, a thread fetches
the next.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from kalends.marketing.reading.unpack import Payload, Unpacking

PART_BYTES = 160 << 20
"""Twice this much is held in memory. DuckDB puts whole row groups of 122,880 rows into a table as they are and copies
smaller pieces once more, so a part should have several: measured with rows of 700 bytes, parts of 64 MiB took a fifth
longer.
"""

IS_POSSIBLE = hasattr(os, "memfd_create")


class Parts:
    """The parts of one payload. `path` holds the present one; `advance` puts the next one there."""

    def __init__(self, payload: Payload, *, handle: int, path: Path, fetcher: ThreadPoolExecutor) -> None:
        self.path = path
        self.unpacking = Unpacking(payload)
        self._handle, self._fetcher = handle, fetcher
        self._parts = whole_lines(self.unpacking)
        self._next = fetcher.submit(next, self._parts, None)

    def advance(self) -> bool:
        """Put the next part in place; False at the end. Raises what reading the payload raised."""
        part = self._next.result()
        if part is None:
            return False
        os.ftruncate(self._handle, 0)
        with os.fdopen(os.dup(self._handle), "wb") as out:
            out.seek(0)
            out.writelines(part)
        self._next = self._fetcher.submit(next, self._parts, None)
        return True


@contextmanager
def in_memory() -> Iterator[tuple[int, Path]]:
    """An empty file: its handle, and a path to it in this process. Gone after the block.

    On Linux it is never on disk; elsewhere it is a temporary file that only this OS user can read.
    """
    if not IS_POSSIBLE:
        with tempfile.NamedTemporaryFile(prefix="kalends-") as file:
            yield file.fileno(), Path(file.name)
        return
    handle = os.memfd_create("kalends")
    try:
        yield handle, Path(f"/proc/self/fd/{handle}")
    finally:
        os.close(handle)


@contextmanager
def in_parts(payload: Payload) -> Iterator[Parts]:
    """The payload's parts, the first not yet in place."""
    with in_memory() as (handle, path), ThreadPoolExecutor(1, thread_name_prefix="parts") as fetcher:
        yield Parts(payload, handle=handle, path=path, fetcher=fetcher)


def whole_lines(chunks: Iterator[bytes] | Unpacking, *, size: int = PART_BYTES) -> Iterator[list[bytes]]:
    """The bytes of `chunks` in parts of about `size`, each ending with a line's end; a part is a list of its pieces.

    The last line is given one if it has none: DuckDB may put a line without an end before the others.
    """
    held: list[bytes] = []
    length = 0
    for chunk in chunks:
        held.append(chunk)
        length += len(chunk)
        cut = chunk.rfind(b"\n") + 1 if length >= size else 0
        if cut:
            rest = chunk[cut:]
            held[-1] = chunk[:cut]
            yield held
            held, length = [rest], len(rest)
    if length:
        yield held if held[-1].endswith(b"\n") else [*held, b"\n"]
