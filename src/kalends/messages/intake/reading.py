# ruff: noqa: S608  # SQL is built of quoted column names and our own expressions
"""The job that reads an import: with the sender's rights, row by row, telling how far it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any
from uuid import UUID

import duckdb

from kalends.base.errors import KalendsError
from kalends.base.jobs import JobRun, TaskCancelledError, TaskSupersededError
from kalends.base.scope import Scope
from kalends.base.work import Work
from kalends.identity.service import person_of, rank
from kalends.marketing.reading import FAULT, ROW, Raw, RawTable, Way, as_it_came, open_raw, quoted
from kalends.messages import page_messages
from kalends.messages.intake import bank, imports
from kalends.messages.intake.fields import ImportKind, layout
from kalends.messages.intake.history import Bank, KnownPage, Staged, Terms, stage_history
from kalends.messages.models import MessageImport
from kalends.notify import service as notify

STEPS = 3
"""Read, write, done."""
LOADED = "messages.history_loaded"
"""Announced with `import_id` when history has come in or gone."""


class UnforeseenImportError(KalendsError):
    """The file could not be read for a reason that we did not foresee. It is kept; please report this."""

    status = 500
    code = "unforeseen"


class NothingRecognisedError(KalendsError):
    """None of the file's columns was recognised; say which column is what, and read it again."""

    status = 422
    code = "nothing_recognised"


def read_import(run: JobRun, *, import_id: UUID) -> None:
    """Read an import and write what it says; what it cannot be read for is written down, and the sender told."""
    with run.work() as work:
        found = work.session.get(MessageImport, (work.scope.tenant_id, import_id))
        if found is None or found.state != "landed":
            return
    try:
        (_history if found.kind == "history" else _bank)(run, found)
    except (TaskCancelledError, TaskSupersededError):
        raise
    except Exception as error:
        problem = error if isinstance(error, KalendsError) and error.status < 500 else None
        if problem is None and not run.is_last:
            raise
        _fail(run, found, problem or UnforeseenImportError(kind=type(error).__name__))


def take_back(run: JobRun, *, import_id: UUID) -> None:
    """Remove the messages of an import that was taken back."""
    with run.house.warehouse.tenant(run.scope.tenant_id) as warehouse:
        page_messages.take_back(warehouse, import_id=str(import_id))
    with run.work() as work:
        work.announce(LOADED, import_id=str(import_id))


def renew_names(run: JobRun) -> None:
    """Bring the pages' names into the warehouse, for its view."""
    with run.work() as work:
        names = {str(page.id): page.name for page in bank.known_pages(work)}
    with run.house.warehouse.tenant(run.scope.tenant_id) as warehouse:
        page_messages.set_names(warehouse, names)


def as_sender(work: Work, found: MessageImport) -> Work:
    """The same transaction in the hands of whoever sent the file, with the rights that they have now."""
    role = str(found.options["role"])
    if found.person_id is not None:
        role = min(role, person_of(work, person_id=found.person_id).role, key=rank)
    scope = Scope(tenant_id=work.scope.tenant_id, role=role, person_id=found.person_id, label=work.scope.label)
    return replace(work, scope=scope)


def _history(run: JobRun, found: MessageImport) -> None:
    run.progress(0, STEPS, "reading")
    with run.work() as work:
        known = _known(as_sender(work, found), found)
    with run.house.warehouse.tenant(run.scope.tenant_id) as warehouse:
        with warehouse.scratch() as con, source_of(run, found)(con) as raw:
            table = raw.tables[0]
            columns = _columns("history", table, found)
            staged = stage_history(con, table, columns, bank=known, terms=_terms(found), now=run.house.clock(),
                                   most_problems=imports.MOST_PROBLEMS)  # fmt: skip
        run.progress(1, STEPS, "writing")
        replaces = found.options.get("replaces", [])
        written = page_messages.apply(warehouse, staged.rows, import_id=str(found.id), replaces=replaces)
        run.progress(2, STEPS, "done")
    counts = {
        "received": staged.received,
        "loaded": written.loaded,
        "unchanged": staged.received - staged.rejected - written.loaded,
        "rejected": staged.rejected,
    }
    warnings = [*staged.warnings, *raw.notes]
    if written.older:
        warnings.append(f"{written.older:,} messages are known with higher counts already: this file is older there.")
    with run.work() as work:
        imports.keep_outcome(work, import_id=found.id, problems=staged.problems, counts=counts,
                             report=_report(raw, table, columns, staged), warnings=warnings)  # fmt: skip
        work.announce(LOADED, import_id=str(found.id))


def source_of(run: JobRun, found: MessageImport) -> Callable[[duckdb.DuckDBPyConnection], AbstractContextManager[Raw]]:
    """How to open what an import reads."""
    file_id, tenant_id = found.file_id, run.scope.tenant_id
    assert file_id is not None

    def opened(con: duckdb.DuckDBPyConnection) -> AbstractContextManager[Raw]:
        return open_raw(con, lambda: run.house.files.open(tenant_id, file_id), way=Way.ROWS)

    return opened


def _known(work: Work, found: MessageImport) -> Bank:
    pages = [
        KnownPage(str(page.id), (page.name, page.external_id or str(page.id), str(page.id)), page.zone, page.currency)
        for page in bank.known_pages(work)
    ]
    only = str(found.page_id) if found.page_id else None
    return Bank(pages=pages, captions=bank.known_texts(work), only_page=only)


def _terms(found: MessageImport) -> Terms:
    told = found.options
    return Terms(zone=told.get("zone"), decimal_mark=told.get("decimal_mark"), day_order=told.get("day_order"))


def _columns(kind: ImportKind, table: RawTable, found: MessageImport) -> dict[str, str]:
    columns = layout(kind, table.columns, found.options.get("columns", {}))
    if not columns:
        raise NothingRecognisedError(columns=list(table.columns)[:200])
    return columns


def _report(raw: Raw, table: RawTable, columns: Mapping[str, str], staged: Staged | None = None) -> dict[str, Any]:
    report: dict[str, Any] = {
        "format": raw.format,
        "columns": dict(columns),
        "not_used": [name for name in table.columns if name not in columns.values()][:200],
    }
    if staged is None:
        return report
    pages = staged.rows.group_by("page_id").aggregate([("message_id", "count")]).to_pylist()
    moments = staged.rows.column("sent_at").to_pylist()
    return report | {
        "decimal_mark": staged.decimal_mark,
        "day_order": staged.day_order,
        "codes": staged.codes,
        "pages": {one["page_id"]: one["message_id_count"] for one in pages},
        "first": min(moments).isoformat() if moments else None,
        "last": max(moments).isoformat() if moments else None,
    }


def _bank(run: JobRun, found: MessageImport) -> None:
    kind: ImportKind = "captions" if found.kind == "captions" else "pages"
    run.progress(0, None, "reading")
    with duckdb.connect() as con, source_of(run, found)(con) as raw:
        table = raw.tables[0]
        columns = _columns(kind, table, found)
        rows = list(_raw_rows(con, table, columns))
    # All or nothing, in one transaction, which holds the task's row: more cannot be told until it ends.
    run.progress(0, None, f"writing {len(rows):,} rows")
    with run.work() as work:
        sender = as_sender(work, found)
        taken = (
            bank.take_captions(sender, rows, only_page=found.page_id)
            if kind == "captions"
            else bank.take_pages(sender, rows)
        )
        codes: dict[str, int] = {}
        for one in taken.problems:
            codes[one.code] = codes.get(one.code, 0) + 1
        counts = {name: getattr(taken, name) for name in ("received", "loaded", "unchanged", "rejected")}
        report = _report(raw, table, columns) | {"codes": codes}
        imports.keep_outcome(work, import_id=found.id, problems=taken.problems, counts=counts, report=report,
                             warnings=[*taken.warnings, *raw.notes])  # fmt: skip


def _raw_rows(con: duckdb.DuckDBPyConnection, table: RawTable, columns: Mapping[str, str]) -> Iterator[bank.RawRow]:
    fields: Sequence[str] = list(columns)
    cells = ", ".join(quoted(columns[name]) for name in fields)
    found = con.execute(
        f"SELECT {ROW}, {FAULT}, {as_it_came('t')}, {cells} FROM (SELECT * FROM {table.relation}) AS t ORDER BY {ROW}"
    ).fetchall()
    for number, fault, raw, *values in found:
        told = {name: str(value) for name, value in zip(fields, values, strict=True) if value is not None}
        yield bank.RawRow(number, told, raw, fault)


def _fail(run: JobRun, found: MessageImport, error: KalendsError) -> None:
    with run.work() as work:
        failed = imports.keep_failure(work, import_id=found.id, error=error)
        notify.tell_admins(
            work,
            kind="messages.import_failed",
            title=f"{failed.file_name or 'A file'} could not be loaded",
            body=error.message,
            href=f"/messages-import/{failed.id}",
            also=failed.person_id,
        )
