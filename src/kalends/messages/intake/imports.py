"""Imports: a file is stored and acknowledged, a job reads it, and what became of it is shown and can be read again.

As with marketing's batches Postgres decides and the warehouse follows: the payload is on disk before its row is
committed, the job is in the same transaction, and it may be killed anywhere and run again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Select, delete, func, insert, select, text

from kalends.base.errors import BadInputError, ConflictError, KalendsError, NotFoundError
from kalends.base.ids import new_id
from kalends.base.work import Work
from kalends.identity.service import Door
from kalends.messages.creator_pages import get_page, sees_all
from kalends.messages.intake.fields import NAMES, ImportKind
from kalends.messages.intake.history import Problem
from kalends.messages.models import ImportProblem, MessageImport
from kalends.messages.page_schemas import Zone
from kalends.messages.turns import in_turn

READ: Final = "messages.read_import"
TAKE_BACK: Final = "messages.take_import_back"
LOCK: Final = "messages"
"""One company's imports are read one after the other."""
MOST_PROBLEMS: Final = 20_000
"""Problems that are kept of one import: more than anybody mends by hand, and the counts stay whole."""


class NoSuchImportError(NotFoundError):
    """There is no such import."""

    code = "no_such_import"


class EmptyFileError(BadInputError):
    """The file is empty: there was nothing to read."""

    code = "empty_payload"


class CannotReadAgainError(ConflictError):
    """This import cannot be read again: it is still being read, or its file is not kept."""

    code = "cannot_read_again"


class CannotTakeBackError(ConflictError):
    """Only history that was loaded can be taken back."""

    code = "cannot_take_back"


class ImportOptions(BaseModel):
    """What the sender says of a file; what is not said, the file shows."""

    model_config = ConfigDict(extra="forbid")

    columns: dict[str, str | None] = Field(
        default_factory=dict, max_length=200, description="Corrected guesses: column -> field, or null: not used."
    )
    zone: Zone | None = Field(default=None, description="Of times without an offset; else the page's.")
    decimal_mark: str | None = Field(default=None, pattern=r"^[.,]$")
    day_order: str | None = Field(default=None, pattern=r"^(day_first|month_first)$")

    def refuse_unknown(self, kind: ImportKind) -> None:
        """Raises BadInputError for a field that this kind of file does not have."""
        unknown = sorted({field for field in self.columns.values() if field is not None} - set(NAMES[kind]))
        if unknown:
            raise BadInputError(f"columns: there is no field {', '.join(unknown)}; there are {', '.join(NAMES[kind])}.")


def land(
    door: Door,
    source: BinaryIO,
    *,
    kind: ImportKind,
    file_name: str,
    page_id: UUID | None = None,
    options: ImportOptions | None = None,
    idempotency_key: str | None = None,
) -> UUID:
    """Store a file and start its reading; gives the import's id. The same key again gives the first import.

    No transaction is held while the body comes in. Raises EmptyFileError, NoSuchPageError.
    """
    told = options or ImportOptions()
    told.refuse_unknown(kind)
    with door.work() as work:
        if page_id is not None:
            get_page(work, page_id=page_id)
        if known := _with_key(work, idempotency_key):
            return known
    file_id, files, tenant_id = new_id(), door.house.files, door.scope.tenant_id
    stored = files.write(tenant_id, file_id, source)
    if not stored.size:
        files.delete(tenant_id, file_id)
        raise EmptyFileError
    with door.work() as work:
        in_turn(work, "imports")
        if known := _with_key(work, idempotency_key):  # the same key came at the same time
            files.delete(tenant_id, file_id)
            return known
        plain = told.model_dump(exclude_defaults=True)
        return record(work, kind=kind, file_name=file_name, file_id=file_id, page_id=page_id, options=plain,
                      idempotency_key=idempotency_key).id  # fmt: skip


def record(
    work: Work,
    *,
    kind: str,
    file_name: str,
    file_id: UUID | None,
    page_id: UUID | None = None,
    options: dict[str, Any] | None = None,
    idempotency_key: str | None = None,
) -> MessageImport:
    """Write an import down and start the job that reads it."""
    made = MessageImport(
        tenant_id=work.scope.tenant_id,
        id=new_id(),
        kind=kind,
        state="landed",
        file_name=file_name,
        file_id=file_id,
        page_id=page_id,
        # The job acts with the sender's rights, not its own.
        options=(options or {}) | {"role": work.scope.role},
        warnings=[],
        report={},
        idempotency_key=idempotency_key or None,
        person_id=work.scope.person_id,
        created_at=work.now,
    )
    work.session.add(made)
    work.session.flush()
    work.audit("messages.import", subject_kind="message_import", subject_id=made.id,
               after={"kind": kind, "file": file_name})  # fmt: skip
    work.defer(READ, subject_id=made.id, lock=LOCK, import_id=str(made.id))
    return made


def read_again(work: Work, *, import_id: UUID, page_id: UUID | None, options: ImportOptions) -> MessageImport:
    """Read the same file once more with what was corrected; its rows take the place of the first reading's."""
    found = get_import(work, import_id=import_id)
    if found.file_id is None or found.state == "landed":
        raise CannotReadAgainError
    options.refuse_unknown(found.kind)  # type: ignore[arg-type]  # what `land` was given
    if page_id is not None:
        get_page(work, page_id=page_id)
    told = options.model_dump(exclude_defaults=True) | {"replaces": [*found.options.get("replaces", []), str(found.id)]}
    return record(
        work, kind=found.kind, file_name=found.file_name, file_id=found.file_id, page_id=page_id, options=told
    )


def take_back(work: Work, *, import_id: UUID) -> MessageImport:
    """Start to remove the messages that this import said last. Raises CannotTakeBackError."""
    found = get_import(work, import_id=import_id)
    if found.kind != "history" or found.state != "loaded":
        raise CannotTakeBackError
    found.state = "taken_back"
    work.audit("messages.import_taken_back", subject_kind="message_import", subject_id=found.id)
    work.defer(TAKE_BACK, subject_id=found.id, lock=LOCK, import_id=str(found.id))
    return found


def listing(work: Work) -> Select[MessageImport]:
    """The imports that the caller may see, newest first: administrators all, others their own. They hold raw rows."""
    query = select(MessageImport).order_by(MessageImport.created_at.desc(), MessageImport.id.desc())
    return query if sees_all(work.scope) else query.where(MessageImport.person_id == work.scope.person_id)


def list_imports(work: Work, *, limit: int = 50, offset: int = 0) -> tuple[int, list[MessageImport]]:
    """How many there are, and a part of them."""
    query = listing(work)
    total = work.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    return total, list(work.session.scalars(query.limit(limit).offset(offset)))


def get_import(work: Work, *, import_id: UUID) -> MessageImport:
    """One import. Raises NoSuchImportError, also for one of others."""
    found = work.session.scalar(listing(work).where(MessageImport.id == import_id))
    if found is None:
        raise NoSuchImportError
    return found


def problems_of(work: Work, *, import_id: UUID, limit: int = 100, offset: int = 0) -> tuple[int, list[ImportProblem]]:
    """How many problems are kept of an import, and a part of them by row."""
    get_import(work, import_id=import_id)
    mine = select(ImportProblem).where(ImportProblem.import_id == import_id)
    total = work.session.scalar(select(func.count()).select_from(mine.subquery())) or 0
    ordered = mine.order_by(ImportProblem.source_row, ImportProblem.id).limit(limit).offset(offset)
    return total, list(work.session.scalars(ordered))


def problems_csv(work: Work, *, import_id: UUID) -> str:
    """All kept problems as a file: row, column, code, what is wrong, and the row as it came."""
    _, found = problems_of(work, import_id=import_id, limit=MOST_PROBLEMS)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["row", "column", "code", "problem", "as_sent"])
    for one in found:
        writer.writerow([one.source_row, *map(harmless, (one.column_name or "", one.code, one.message, one.raw))])
    return out.getvalue()


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def progress_of(work: Work, *, import_id: UUID) -> tuple[int, int | None, str] | None:
    """How far the reading is; None before it begins."""
    row = work.session.execute(
        text("SELECT done, total, message FROM tasks WHERE subject_id = :id ORDER BY created_at DESC, id DESC LIMIT 1"),
        {"id": import_id},
    ).one_or_none()
    return None if row is None or row.done is None else (row.done, row.total, row.message or "")


def keep_outcome(
    work: Work,
    *,
    import_id: UUID,
    problems: Sequence[Problem],
    counts: dict[str, int],
    report: dict[str, Any],
    warnings: list[str],
) -> None:
    """Write down what became of an import; an earlier attempt's problems go."""
    found = work.session.get_one(MessageImport, (work.scope.tenant_id, import_id))
    work.session.execute(delete(ImportProblem).where(ImportProblem.import_id == import_id))
    rows = list(_problem_rows(found, problems[:MOST_PROBLEMS]))
    if rows:
        work.session.execute(insert(ImportProblem), rows)
    found.state, found.finished_at, found.report, found.warnings = "loaded", work.now, report, warnings
    for name, value in counts.items():
        setattr(found, name, value)


def keep_failure(work: Work, *, import_id: UUID, error: KalendsError) -> MessageImport:
    """Write down why a file could not be read at all; it is kept, to be read again."""
    found = work.session.get_one(MessageImport, (work.scope.tenant_id, import_id))
    found.state, found.error, found.finished_at = "failed", error.problem(), work.now
    return found


def _problem_rows(found: MessageImport, problems: Sequence[Problem]) -> Iterator[dict[str, Any]]:
    for one in problems:
        yield {
            "tenant_id": found.tenant_id,
            "id": new_id(),
            "import_id": found.id,
            "source_row": one.row,
            "column_name": one.column,
            "code": one.code,
            "message": one.message.replace("\0", ""),
            "raw": (one.raw or "").replace("\0", ""),
        }


def _with_key(work: Work, key: str | None) -> UUID | None:
    return work.session.scalar(select(MessageImport.id).where(MessageImport.idempotency_key == key)) if key else None
