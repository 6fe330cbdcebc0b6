"""A long stream of lines as a file in memory, one part after the other.

DuckDB reads a file with all its threads and keeps the order of its lines; of a pipe it does neither. So lines pass
through files in memory (Linux: memfd), which never touch the disk: while DuckDB reads one part, a thread fetches the
next.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from kalends.marketing.reading.unpack import Payload, Unpacking

PART_BYTES = 160 << 20
"""Twice this much is held in memory. DuckDB puts whole row groups of 122,880 rows into a table as they are and copies
smaller pieces once more, so a part should have several: measured with rows of 700 bytes, parts of 64 MiB took a fifth
longer.
"""

IS_POSSIBLE = hasattr(os, "memfd_create")


class WholeLines:
    """A stream of bytes cut at ends of lines."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = b""

    def write(self, out: BinaryIO, *, size: int) -> int:
        """Write about `size` bytes, ending with a line's end; gives how many, 0 at the end.

        The last line is given an end if it has none: DuckDB may put a line without one before the others.
        """
        written = out.write(self._rest)
        last, self._rest = self._rest[-1:], b""
        for chunk in self._chunks:
            cut = chunk.rfind(b"\n") + 1 if written + len(chunk) >= size else 0
            written += out.write(chunk[:cut] if cut else chunk)
            if cut:
                self._rest = chunk[cut:]
                return written
            last = chunk[-1:]
        return written + out.write(b"" if last in {b"", b"\n"} else b"\n")


class Parts:
    """The parts of one payload. `path` holds the present one; `advance` puts the next one there.

    Two files take turns: while one is read at `path`, a thread fills the other.
    """

    def __init__(
        self, payload: Payload, *, files: tuple[int, int], shown: int, path: Path, fetcher: ThreadPoolExecutor
    ) -> None:
        self.path = path
        self.unpacking = Unpacking(payload)
        self._filled, self._free = files
        self._shown, self._fetcher = shown, fetcher
        self._lines = WholeLines(self.unpacking)
        self._next = fetcher.submit(self._fill, self._filled)

    def advance(self) -> bool:
        """Put the next part in place; False at the end. Raises what reading the payload raised."""
        if not self._next.result():
            return False
        os.dup2(self._filled, self._shown)
        self._filled, self._free = self._free, self._filled
        self._next = self._fetcher.submit(self._fill, self._filled)
        return True

    def _fill(self, handle: int) -> int:
        os.ftruncate(handle, 0)
        with open(handle, "wb", closefd=False) as out:
            out.seek(0)
            return self._lines.write(out, size=PART_BYTES)


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
    with (
        in_memory() as (one, _),
        in_memory() as (other, _),
        in_memory() as (shown, path),
        ThreadPoolExecutor(1, thread_name_prefix="parts") as fetcher,
    ):
        yield Parts(payload, files=(one, other), shown=shown, path=path, fetcher=fetcher)
