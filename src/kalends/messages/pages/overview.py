"""The list of pages: who is tired, which weeks are built, approved and out, and the buttons that do it for many."""

from __future__ import annotations

import io
import zipfile
from datetime import date, timedelta
from typing import Annotated, Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from kalends.base.errors import BadInputError
from kalends.base.pages import Choice, flash, render
from kalends.base.work import Work
from kalends.identity.service import permit, workspace
from kalends.messages import schedule_templates, schedules
from kalends.messages.health import health_of
from kalends.messages.pages import words
from kalends.messages.pages.listing import SHOWN, Row, Shown, chosen, columns, filters, paging, rows_of
from kalends.messages.pages.tasks import building, stop

router = APIRouter(include_in_schema=False)

Reader = Annotated[Work, permit("messages.read")]
Writer = Annotated[Work, permit("messages.write")]
Asked = Annotated[Shown, Depends()]
Chosen = Annotated[list[UUID] | None, Form(max_length=1000)]
ALL: Final = "all"


class NothingChosenError(BadInputError):
    """Choose at least one page first."""

    code = "nothing_chosen"


@router.get("/messages")
def show_pages(request: Request, work: Reader, asked: Asked) -> Response:
    """Every page that the caller may see."""
    today = _today(work)
    first = asked.first_day(today)
    rows = rows_of(work, schedules.listed(work, first_day=first))
    found = chosen(rows, asked)
    start = (asked.page - 1) * SHOWN
    return render(
        request,
        "messages/overview.html",
        asked=asked,
        first=first,
        last=first + timedelta(days=6),
        is_next=first == Shown().first_day(today),
        earlier=asked.href(week=first - timedelta(days=7), task=()),
        later=asked.href(week=first + timedelta(days=7), task=()),
        rows=found[start : start + SHOWN],
        counts={state: sum(row.state == state for row in rows) for state in words.STATES},
        any_pages=bool(rows),
        columns=columns(asked),
        filters=filters(rows, asked),
        templates=_templates(work, asked),
        paging=paging(len(found), asked),
        health=health_of(work),
        building=building(work, asked.task),
        tasks=asked.query(page=asked.page),
        words=words,
        now=work.now,
        zone_name=workspace(work).zone,
        may_write=request.state.permitted.may("messages.write"),
    )


@router.get("/messages/progress")
def show_progress(request: Request, work: Reader, asked: Asked) -> Response:
    """How far the builds are; once they are through, the list is asked for again."""
    found = building(work, asked.task)
    return render(
        request,
        "messages/progress.html",
        building=found,
        tasks=asked.query(page=asked.page),
        after=asked.href(page=asked.page),
        may_write=request.state.permitted.may("messages.write"),
    )


@router.post("/messages/stop")
def stop_builds(work: Writer, asked: Asked) -> Response:
    """Stop building; what is built stays."""
    stop(work, asked.task)
    return _back(asked, "Stopped. The weeks that were built stay.")


@router.post("/messages/build")
def build(
    work: Writer,
    asked: Asked,
    page: Chosen = None,
    scope: Annotated[str, Form(max_length=10)] = "",
    template: Annotated[UUID | Literal[""], Form()] = "",
) -> Response:
    """Build the week of one page, of those that are ticked, or of all; as usual, or with a template."""
    first = asked.first_day(_today(work))
    chosen_one = schedule_templates.get_template(work, template_id=template).id if template else None
    if scope == ALL:
        task = schedules.start_all(work, first_day=first, template_id=chosen_one)
    else:
        task = schedules.start_some(work, page_ids=_some(page), first_day=first, template_id=chosen_one)
    return RedirectResponse(asked.href(page=asked.page, template=chosen_one, task=[task]), status_code=303)


@router.post("/messages/approve")
def approve(work: Writer, asked: Asked, page: Chosen = None) -> Response:
    """Approve the drafts of the ticked pages."""
    drafts = [row for row in _ticked(work, asked, page) if row.state == "draft"]
    for row in drafts:
        if row.listed.schedule_id is not None:
            schedules.approve(work, schedule_id=row.listed.schedule_id)
    left = len(_some(page)) - len(drafts)
    return _back(asked, f"{_weeks(len(drafts))} approved." + (f" {left} had no draft." if left else ""))


@router.post("/messages/export")
def export(work: Writer, asked: Asked, page: Chosen = None) -> Response:
    """The CSV files of the ticked pages in one archive. What is no approved week is left out and named in it."""
    files, missing = [], []
    for row in _ticked(work, asked, page):
        if row.listed.schedule_id is None or row.state not in {"approved", "exported"}:
            missing.append(f"{row.listed.name}: {words.STATES[row.state][0].lower()}, so not exported")
            continue
        files.append(schedules.export_csv(work, schedule_id=row.listed.schedule_id))
    if not files:
        raise NothingApprovedError
    first = asked.first_day(_today(work))
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in files:
            packed.writestr(file.name, file.content)
        if missing:
            packed.writestr("not-exported.txt", "\n".join(missing) + "\n")
    named = {"content-disposition": f'attachment; filename="messages-{first}.zip"'}
    return Response(archive.getvalue(), media_type="application/zip", headers=named)


class NothingApprovedError(BadInputError):
    """None of these weeks is approved yet: approve them first, then export."""

    code = "nothing_approved"


def _templates(work: Work, asked: Shown) -> list[Choice]:
    """What weeks may be built with; empty where nothing was saved."""
    saved = schedule_templates.list_templates(work)
    usual = [Choice("the usual rules", value="", current=asked.template is None)] if saved else []
    return usual + [Choice(each.name, value=str(each.id), current=each.id == asked.template) for each in saved]


def _ticked(work: Work, asked: Shown, pages: list[UUID] | None) -> list[Row]:
    wanted = set(_some(pages))
    listed = schedules.listed(work, first_day=asked.first_day(_today(work)))
    return rows_of(work, [each for each in listed if each.page_id in wanted])


def _some(pages: list[UUID] | None) -> list[UUID]:
    if not pages:
        raise NothingChosenError
    return list(dict.fromkeys(pages))


def _today(work: Work) -> date:
    return work.now.astimezone(ZoneInfo(workspace(work).zone)).date()


def _weeks(count: int) -> str:
    return "1 week" if count == 1 else f"{count} weeks"


def _back(asked: Shown, told: str) -> Response:
    answer = RedirectResponse(asked.href(page=asked.page, task=()), status_code=303)
    flash(answer, text=told)
    return answer
