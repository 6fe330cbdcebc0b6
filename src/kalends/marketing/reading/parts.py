"""A long stream of lines as a file in memory, one part after the other.

DuckDB reads a file with all its threads and keeps the order of its lines; of a pipe it does neither. So lines pass
through files in memory (Linux: memfd), which never touch the disk: while DuckDB reads one part, a thread fetches the
next.
"""

from __future__ import annotations

import mmap
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain, cycle
from pathlib import Path
from typing import BinaryIO, Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

PART_BYTES = 160 << 20
"""Twice this much is held in memory. DuckDB puts whole row groups of 122,880 rows into a table as they are and copies
smaller pieces once more, so a part should have several: measured with rows of 700 bytes, parts of 64 MiB took a fifth
longer.
"""

FIRST_BYTES = 4 << 20
"""The first part is short: nothing is read until it is there, and it may show that the others need not be read so."""

IS_POSSIBLE = hasattr(os, "memfd_create")


LOOK_BYTES = 8 << 20
NEWLINE = 10
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
        written, last, rest = 0, b"", self._rest
        self._rest = b""
        for chunk in chain([rest] if rest else [], self._chunks):
            cut = chunk.find(b"\n", max(0, size - written - 1)) + 1
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
        kept: Memory,
        shown: Memory,
        fetcher: ThreadPoolExecutor,
    ) -> None:
        self.path, self._first = shown.path, first
        self.seen: Seen | None = None
        self._look, self._files, self._shown, self._fetcher = look, cycle(files), shown, fetcher
        self._kept, self._lines = kept, WholeLines(chunks)
        self._next = fetcher.submit(self._fill, next(self._files), min(FIRST_BYTES, PART_BYTES))

    def advance(self) -> bool:
        """Put the next part in place; False at the end. Raises what reading the payload, or looking at it, raised."""
        filled = self._next.result()
        if filled is None:
            return False
        file, self.seen = filled
        os.dup2(file.handle, self._shown.handle)
        self._next = self._fetcher.submit(self._fill, next(self._files), PART_BYTES)
        return True

    def keep(self, lines: Iterable[int], count: int) -> bool:
        """Leave only these lines in place, counted from 0 and in order; False where the part has not `count` lines."""
        with mmap.mmap(self._shown.handle, 0, prot=mmap.PROT_READ) as part:
            begins = begins_of_lines(part, len(self._first))
            if len(begins) != count + 1:
                return False
            with emptied(self._kept) as out:
                out.write(self._first)
                for line in lines:
                    out.write(part[begins[line] : begins[line + 1]])
        os.dup2(self._kept.handle, self._shown.handle)
        return True

    def spread(self, count: int) -> tuple[int, list[bytes]]:
        """The bytes of the part in place, and up to `count` of its lines, evenly spread."""
        with mmap.mmap(self._shown.handle, 0, prot=mmap.PROT_READ) as part:
            size = len(part) - len(self._first)
            places = (len(self._first) + size * step // count for step in range(count))
            begins = sorted({part.rfind(b"\n", 0, place) + 1 for place in places})
            return size, [part[begin : part.find(b"\n", begin)] for begin in begins]

    def _fill(self, file: Memory, size: int) -> tuple[Memory, Seen] | None:
        with emptied(file) as out:
            out.write(self._first)
            is_empty = not self._lines.write(out, size=size)
        return None if is_empty else (file, self._look(file.path))


@contextmanager
def emptied(file: Memory) -> Iterator[BinaryIO]:
    """The file, empty, to be written."""
    os.ftruncate(file.handle, 0)
    with open(file.handle, "wb", closefd=False) as out:
        out.seek(0)
        yield out


def begins_of_lines(text: mmap.mmap, begin: int) -> NDArray[np.int64]:
    """Where the lines from `begin` on begin, and where the last one ends. Every line has an end."""
    begins = [np.array([begin])]
    for start in range(begin, len(text), LOOK_BYTES):
        piece = np.frombuffer(text[start : start + LOOK_BYTES], np.uint8)
        begins.append(np.flatnonzero(piece == NEWLINE) + (start + 1))
    return np.concatenate(begins)


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
        in_memory() as kept,
        in_memory() as shown,
        ThreadPoolExecutor(1, thread_name_prefix="parts") as fetcher,
    ):
        yield Parts(chunks, look, first=first, files=(one, other), kept=kept, shown=shown, fetcher=fetcher)
