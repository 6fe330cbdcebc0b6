"""The job that reads a company's warehouse: each part of it lands as a file and is then an import like any other.

So every row is checked, told and shown as one of a file, and can be taken back. What a part brought, and how far the
reading is, are one transaction: cut off anywhere, it goes on there, and a row that comes twice says nothing new.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, BinaryIO, Final, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from ibis.expr import types as ir

from kalends.base.errors import BadInputError
from kalends.base.ids import new_id
from kalends.base.jobs import JobRun
from kalends.marketing.reading.parts import in_memory
from kalends.messages.intake import imports
from kalends.messages.models import MessageSource
from kalends.messages.source import sources
from kalends.messages.source.engines import Access, opened, plain_words
from kalends.messages.source.looking import table_of
from kalends.messages.source.mapping import Part, SourceMapping
from kalends.messages.source.queries import has_instants, ordered, rows_of, since, text_cells
from kalends.notify import service as notify

MOST_ROWS: Final = 500_000
"""Rows of one import: about 40 MB as a file in memory, half a minute to read."""
CHUNK: Final = 50_000


class TooManyRowsError(BadInputError):
    """The table has more rows than can be taken in at once."""

    code = "too_many_rows"


class Written(NamedTuple):
    """A part of a table as Parquet: its rows, what the bytes are known by, and its latest message."""

    rows: int
    digest: str
    latest: datetime | None


def read_source(run: JobRun, *, source_id: UUID, most_rows: int = MOST_ROWS) -> None:
    """Bring in what the company's warehouse has; what it cannot be read for is noted, and administrators told."""
    with run.work() as work:
        found = work.session.get(MessageSource, (work.scope.tenant_id, source_id))
        if found is None:
            return
        access, told = sources.access_of(work.house, found), sources.mapping_of(found)
        if found.position is None:
            found.latest = []
    try:
        with opened(access, run.house.settings) as backend:
            for part in told.parts.values():
                _Reader(run, told, part, access, most_rows).read(backend)
        _note(run, source_id, "")
    except BadInputError as error:  # what is wrong on our side is tried again, as in every job
        _note(run, source_id, error.message)


class _Reader:
    """Reads one table, part after part."""

    def __init__(self, run: JobRun, told: SourceMapping, part: Part, access: Access, most_rows: int) -> None:
        self.run, self.told, self.part, self.access, self.most_rows = run, told, part, access, most_rows

    def read(self, backend: Any) -> None:
        """Land all that is new."""
        with plain_words(self.access, self.part.kind):
            rows = rows_of(self.part, table_of(backend, self.part))
        is_dated = self.part.kind == "history" and has_instants(rows)
        while self._land(rows, is_dated=is_dated):
            pass

    def _land(self, rows: ir.Table, *, is_dated: bool) -> bool:
        """Land the next part; whether another follows."""
        begin = self._begin() if is_dated else None
        chosen = rows if begin is None else since(rows, begin, zone=self.told.zone)
        self.run.progress(0, None, f"reading {self.part.kind}" + (f" from {begin:%Y-%m-%d}" if begin else ""))
        limit = self.most_rows + (not is_dated)
        with in_memory() as file:
            with open(file.handle, "wb", closefd=False) as out, plain_words(self.access, self.part.kind):
                count, latest = self._write(ordered(self.part, text_cells(chosen)).limit(limit), out)
            with file.path.open("rb") as source:
                written = Written(count, hashlib.file_digest(source, "sha256").hexdigest(), latest)
            is_full = written.rows >= self.most_rows and is_dated
            if not is_dated and written.rows > self.most_rows:
                raise TooManyRowsError(
                    f"{self.part.kind}: more than {self.most_rows:,} rows and no timestamp to read them by; choose"
                    " fewer with “where”, or give sent_at a column of timestamps."
                )
            if is_full and begin is not None and written.latest is not None and written.latest <= begin:
                raise TooManyRowsError(f"history: more than {self.most_rows:,} messages at {begin:%Y-%m-%d %H:%M:%S}.")
            with file.path.open("rb") as source:
                self._keep(written, source, is_full=is_full, is_dated=is_dated)
        return is_full

    def _begin(self) -> datetime | None:
        with self.run.work() as work:
            return sources.moment_to_read_from(sources.get(work), self.told)

    def _write(self, rows: ir.Table, out: BinaryIO) -> tuple[int, datetime | None]:
        count, latest = 0, None
        with _batches(rows) as batches, pq.ParquetWriter(out, batches.schema, compression="zstd") as writer:
            for batch in batches:
                writer.write_batch(batch)
                count += batch.num_rows
                if "sent_at" in batch.schema.names and pa.types.is_timestamp(batch.schema.field("sent_at").type):
                    latest = _later(latest, pc.max(batch.column("sent_at")).as_py(), self.told.zone)
        return count, latest

    def _keep(self, written: Written, source: BinaryIO, *, is_full: bool, is_dated: bool) -> None:
        """Store the part, start its import and note how far we are, unless it says what the last one said."""
        house, kind = self.run.house, self.part.kind
        with self.run.work() as work:
            is_known = not is_full and sources.get(work).digests.get(kind) == written.digest
        file_id = None
        if written.rows and not is_known:
            file_id = new_id()
            house.files.write(self.run.scope.tenant_id, file_id, source)
        with self.run.work() as work:
            found = sources.get(work, for_update=True)
            if file_id is not None:
                made = imports.record(
                    sources.as_company(work), kind=kind, file_name=f"{'.'.join(self.part.table)} ({found.engine})",
                    file_id=file_id, options={"zone": self.told.zone} if kind == "history" else {},
                )  # fmt: skip
                found.latest = [*found.latest, str(made.id)]
            if is_dated:
                self._advance(found, written, now=work.now, is_full=is_full)
            found.digests = {**found.digests, kind: "" if is_full else written.digest}

    def _advance(self, found: MessageSource, written: Written, *, now: datetime, is_full: bool) -> None:
        # A message of the future, which is set aside, must not make us pass over all that come before it.
        latest = min(written.latest, now) if written.latest else None
        if is_full:
            found.position = latest
        else:
            found.watermark, found.position = latest or found.watermark, None


@contextmanager
def _batches(rows: ir.Table) -> Iterator[Any]:
    backend = rows.get_backend()
    with backend.to_pyarrow_batches(rows, chunk_size=CHUNK) as reader:
        yield reader


def _later(known: datetime | None, told: datetime | None, zone: str) -> datetime | None:
    if told is None:
        return known
    aware = told if told.tzinfo else told.replace(tzinfo=ZoneInfo(zone))
    return aware if known is None else max(known, aware)


def _note(run: JobRun, source_id: UUID, problem: str) -> None:
    with run.work() as work:
        found = work.session.get(MessageSource, (work.scope.tenant_id, source_id))
        was_broken = found is not None and found.health == "broken"
        sources.note_health(work, source_id=source_id, problem=problem)
        if found is not None and not problem:
            found.read_at = work.now
        if problem and not was_broken:
            notify.tell_admins(work, kind="messages.source_failed", title="Your warehouse could not be read",
                               body=problem, href="/messages-warehouse")  # fmt: skip
