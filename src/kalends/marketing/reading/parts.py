"""A long stream of lines as a file in memory, one part after the other.

DuckDB reads a file with all its threads and keeps the order of its lines; of a pipe it does neither. So lines pass
through files in memory (Linux: memfd), which never touch the disk: while DuckDB reads one part, a thread fetches the
next.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import BinaryIO, Generic, NamedTuple, TypeVar

PART_BYTES = 160 << 20
"""Twice this much is held in memory. DuckDB puts whole row groups of 122,880 rows into a table as they are and copies
smaller pieces once more, so a part should have several: measured with rows of 700 bytes, parts of 64 MiB took a fifth
longer.
"""

IS_POSSIBLE = hasattr(os, "memfd_create")


Seen = TypeVar("Seen")


class Memory(NamedTuple):
    """A file in memory: its handle, and a path to it in this process."""

    handle: int
    path: Path


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


class Parts(Generic[Seen]):
    """The parts of one stream of lines. `path` holds the present one; `advance` puts the next one there, and into
    `seen` what `look` saw in it.

    Two files take turns: while one is read at `path`, a thread fills the other and looks at it.
    """

    def __init__(
        self,
        chunks: Iterable[bytes],
        look: Callable[[Path], Seen],
        *,
        first: bytes,
        files: tuple[Memory, Memory],
        shown: Memory,
        fetcher: ThreadPoolExecutor,
    ) -> None:
        self.path, self._first = shown.path, first
        self.seen: Seen | None = None
        self._look, self._files, self._shown, self._fetcher = look, cycle(files), shown, fetcher
        self._lines = WholeLines(chunks)
        self._next = fetcher.submit(self._fill, next(self._files))

    def advance(self) -> bool:
        """Put the next part in place; False at the end. Raises what reading the payload, or looking at it, raised."""
        filled = self._next.result()
        if filled is None:
            return False
        file, self.seen = filled
        os.dup2(file.handle, self._shown.handle)
        self._next = self._fetcher.submit(self._fill, next(self._files))
        return True

    def _fill(self, file: Memory) -> tuple[Memory, Seen] | None:
        os.ftruncate(file.handle, 0)
        with open(file.handle, "wb", closefd=False) as out:
            out.seek(0)
            out.write(self._first)
            is_empty = not self._lines.write(out, size=PART_BYTES)
        return None if is_empty else (file, self._look(file.path))


@contextmanager
def in_memory() -> Iterator[Memory]:
    """An empty file. Gone after the block.

    On Linux it is never on disk; elsewhere it is a temporary file that only this OS user can read.
    """
    if not IS_POSSIBLE:
        with tempfile.NamedTemporaryFile(prefix="kalends-") as file:
            yield Memory(file.fileno(), Path(file.name))
        return
    handle = os.memfd_create("kalends")
    try:
        yield Memory(handle, Path(f"/proc/self/fd/{handle}"))
    finally:
        os.close(handle)


@contextmanager
def in_parts(chunks: Iterable[bytes], look: Callable[[Path], Seen], *, first: bytes = b"") -> Iterator[Parts[Seen]]:
    """The parts of a stream of lines, the first not yet in place; each begins with the line `first`."""
    with (
        in_memory() as one,
        in_memory() as other,
        in_memory() as shown,
        ThreadPoolExecutor(1, thread_name_prefix="parts") as fetcher,
    ):
        yield Parts(chunks, look, first=first, files=(one, other), shown=shown, fetcher=fetcher)
