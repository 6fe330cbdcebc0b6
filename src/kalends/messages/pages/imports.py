"""The import pages: a file is dropped, and its page says how it was read, how far it is, and what was set aside."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, UploadFile
from starlette.responses import Response

from kalends.base.errors import KalendsError
from kalends.base.forms import SentForm
from kalends.base.pages import Choice, render
from kalends.base.work import Work
from kalends.identity.service import Door, door, permit, workspace
from kalends.messages import creator_pages
from kalends.messages.intake import imports
from kalends.messages.intake.fields import LABELS, NAMES, ImportKind
from kalends.messages.intake.imports import ImportOptions
from kalends.messages.page_schemas import known_zone
from kalends.messages.pages.room import ROWS, choices, gone_to, may, paging

router = APIRouter(include_in_schema=False)

Reader = Annotated[Work, permit("messages.read")]
Writer = Annotated[Work, permit("messages.write")]
PAGE = "/messages-import"
KINDS: dict[str, tuple[str, str]] = {
    "history": ("History", "What was sent: when, to how many, at which price, and what came of it."),
    "captions": ("Captions", "Texts with their price tier and category; numbers are kept."),
    "pages": ("Pages", "Names, time zones and currencies of the pages themselves."),
}


@router.get(PAGE)
def show_imports(
    request: Request,
    work: Reader,
    kind: Annotated[str, Query(max_length=10)] = "history",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> Response:
    """Where files are dropped, and what became of earlier ones."""
    kind = kind if kind in KINDS else "history"
    total, found = imports.list_imports(work, limit=ROWS, offset=(page - 1) * ROWS)
    pages = creator_pages.list_pages(work)
    return render(
        request,
        "messages/import.html",
        kinds=[Choice(label, f"{PAGE}?kind={name}", current=name == kind) for name, (label, _) in KINDS.items()],
        kind=kind,
        about=KINDS[kind][1],
        labels={name: label for name, (label, _) in KINDS.items()},
        fields=[LABELS[name] for name in NAMES[kind]],  # type: ignore[index]  # one of KINDS
        pages=choices([("", "As the file says"), *((str(one.id), one.name) for one in pages)], ""),
        has_pages=bool(pages),
        imports=found,
        paging=paging(PAGE, page=page, total=total),
        now=work.now,
        may_write=may(request, "messages.write"),
        manages=may(request, "settings.manage"),
    )


@router.post(PAGE)
def take_file(
    request: Request,
    door: Annotated[Door, door("messages.write")],
    file: UploadFile,
    kind: Annotated[ImportKind, Form()],
    page_id: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Keep the file, start its reading, and lead to its page."""
    try:
        made = imports.land(door, file.file, kind=kind, file_name=(file.filename or "")[:300],
                            page_id=UUID(page_id) if page_id else None)  # fmt: skip
    except KalendsError as error:
        answer = gone_to(f"{PAGE}?kind={kind}", error.message, is_bad=True)
    else:
        answer = gone_to(f"{PAGE}/{made}", "Received.")
    if request.headers.get("hx-request") == "true":
        answer.headers["HX-Redirect"] = answer.headers["location"]
        answer.status_code = 204
    return answer


@router.get(f"{PAGE}/{{import_id}}")
def show_import(
    request: Request, work: Reader, import_id: UUID, page: Annotated[int, Query(ge=1, le=100_000)] = 1
) -> Response:
    """One import; while it is read, the page asks again by itself."""
    found = imports.get_import(work, import_id=import_id)
    total, problems = imports.problems_of(work, import_id=import_id, limit=ROWS, offset=(page - 1) * ROWS)
    pages = creator_pages.list_pages(work)
    names = {str(one.id): one.name for one in pages}
    report = found.report or {}
    return render(
        request,
        "messages/imported.html",
        one=found,
        kind=KINDS.get(found.kind, (found.kind.capitalize(), ""))[0],
        progress=imports.progress_of(work, import_id=import_id),
        problems=problems,
        paging=paging(f"{PAGE}/{import_id}", page=page, total=total),
        columns=[(name, _targets(found.kind, field)) for name, field in _columns(found, report)],
        pages=choices([("", "As the file says"), *names.items()], str(found.page_id or "")),
        of_pages={names.get(page_id, "another page"): count for page_id, count in report.get("pages", {}).items()},
        codes=[(code.replace("_", " "), count) for code, count in report.get("codes", {}).items()],
        zone=workspace(work).zone,
        may_write=may(request, "messages.write"),
    )


@router.post(f"{PAGE}/{{import_id}}/again")
def read_again(work: Writer, import_id: UUID, sent: SentForm) -> Response:
    """Read the file once more, as corrected."""
    told = {name: str(value) for name, value in sent.items()}
    names, fields = ([str(one) for one in sent.getlist(key)] for key in ("column", "field"))
    columns = {name: None if field == "-" else field for name, field in zip(names, fields, strict=False) if field}
    here = f"{PAGE}/{import_id}"
    try:
        zone = known_zone(told["zone"]) if told.get("zone") else None
    except ValueError as error:
        return gone_to(here, f"{error}.".capitalize(), is_bad=True)
    options = ImportOptions(
        columns=columns,
        zone=zone,
        decimal_mark=told.get("decimal_mark") or None,
        day_order=told.get("day_order") or None,
    )
    page_id = UUID(told["page_id"]) if told.get("page_id") else None
    try:
        made = imports.read_again(work, import_id=import_id, page_id=page_id, options=options)
    except KalendsError as error:
        return gone_to(here, error.message, is_bad=True)
    return gone_to(f"{PAGE}/{made.id}", "It is read again.")


@router.post(f"{PAGE}/{{import_id}}/take-back")
def take_back(work: Writer, import_id: UUID) -> Response:
    """Remove what it brought."""
    imports.take_back(work, import_id=import_id)
    return gone_to(f"{PAGE}/{import_id}", "Its messages are being removed.")


@router.get(f"{PAGE}/{{import_id}}/problems.csv")
def download(work: Reader, import_id: UUID) -> Response:
    """The rows that were set aside, as a file."""
    return Response(
        imports.problems_csv(work, import_id=import_id),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="problems-{import_id}.csv"'},
    )


def _columns(found: Any, report: dict[str, Any]) -> list[tuple[str, str]]:
    """Each column of the file and the field that it was taken for, the used ones first."""
    used = [(column, field) for field, column in report.get("columns", {}).items()]
    unread = (found.error or {}).get("columns", []) if found.state == "failed" else report.get("not_used", [])
    return [*used, *((column, "") for column in unread)]


def _targets(kind: str, current: str) -> list[Choice]:
    fields = NAMES.get(kind, {})  # type: ignore[call-overload]  # an edited week has no such fields
    offered = [("", "As guessed"), ("-", "Not used"), *((name, LABELS[name]) for name in fields)]
    return choices(offered, current)
