"""What goes out of imports over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from kalends.base.work import Work
from kalends.messages.intake import imports
from kalends.messages.models import MessageImport


class ImportProgress(BaseModel):
    """How far a reading is."""

    done: int
    total: int | None
    message: str


class ImportOut(BaseModel):
    """One file and what became of it: received = loaded + unchanged + rejected."""

    id: UUID
    kind: str
    state: str
    file_name: str
    page_id: UUID | None
    received: int | None
    loaded: int | None
    unchanged: int | None
    rejected: int | None
    warnings: list[str]
    report: dict[str, Any]
    error: dict[str, Any] | None
    created_at: datetime
    finished_at: datetime | None
    progress: ImportProgress | None = None

    @classmethod
    def of(cls, found: MessageImport, *, work: Work | None = None) -> ImportOut:
        """As it goes out; with `work`, how far it is, too."""
        made = cls.model_validate(found, from_attributes=True)
        told = imports.progress_of(work, import_id=found.id) if work is not None and found.state == "landed" else None
        if told is not None:
            made.progress = ImportProgress(done=told[0], total=told[1], message=told[2])
        return made


class Imports(BaseModel):
    """Some imports, and how many there are."""

    total: int
    imports: list[ImportOut]


class ProblemOut(BaseModel):
    """A row that was set aside, or that something is to be said of."""

    source_row: int
    column_name: str | None
    code: str
    message: str
    raw: str


class Problems(BaseModel):
    """Some problems, and how many are kept."""

    total: int
    problems: list[ProblemOut]
