"""The pages of sources: send a calendar, and see what became of it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request, UploadFile
from starlette.responses import RedirectResponse, Response

from kalends.base.errors import KalendsError
from kalends.base.pages import flash, render
from kalends.base.work import Work
from kalends.calendar import conflicts, sources
from kalends.calendar.consolidating import consolidate_pending
from kalends.calendar.sourcereading import read_file, readings_of
from kalends.identity.service import permit

router = APIRouter(include_in_schema=False)

Reader = Annotated[Work, permit("calendar.read")]
Writer = Annotated[Work, permit("calendar.write")]


@router.get("/calendar-sources")
def show_sources(request: Request, work: Reader) -> Response:
    """The calendars that the master calendar is made of."""
    found = sources.list_sources(work)
    last = {source.id: next(iter(readings_of(work, source_id=source.id, limit=1)), None) for source in found}
    return render(
        request,
        "calendar/sources.html",
        sources=found,
        last=last,
        counts=conflicts.count_conflicts(work),
        writable=request.state.permitted.may("calendar.write"),
        now=work.now,
    )


@router.post("/calendar-sources")
def send_source(work: Writer, label: Annotated[str, Form()], file: UploadFile) -> Response:
    """Add a calendar by its first file, or renew the one of that name."""
    known = {source.name: source for source in sources.list_sources(work)}
    source = known.get(sources.slug(label)) or sources.add_source(work, label=label.strip() or "Calendar")
    return _take(work, source.id, file)


@router.post("/calendar-sources/{source_id}/file")
def renew_source(work: Writer, source_id: UUID, file: UploadFile) -> Response:
    """Read a source's file anew."""
    return _take(work, source_id, file)


def _take(work: Work, source_id: UUID, file: UploadFile) -> Response:
    """Read the file, make events of it, and go to where its fate is told."""
    source = sources.get_source(work, source_id=source_id)
    try:
        read_file(work, source_id=source_id, content=file.file.read(), file_name=file.filename or "")
    except KalendsError as error:
        source.problem = error.message
        work.session.flush()
        answer = RedirectResponse(f"/calendar-sources/{source_id}", status_code=303)
        flash(answer, text=error.message, tone="bad")
        return answer
    done = consolidate_pending(work, calendar_id=source.calendar_id)
    answer = RedirectResponse(f"/calendar-sources/{source_id}", status_code=303)
    flash(answer, text=f"{source.label} was read: {done.events} events follow from what changed.")
    return answer


@router.get("/calendar-sources/{source_id}")
def show_source(request: Request, work: Reader, source_id: UUID) -> Response:
    """One source: how its last reading went, and the fate of every entry that did not come through as it was."""
    readings = readings_of(work, source_id=source_id)
    return render(
        request,
        "calendar/source.html",
        source=sources.get_source(work, source_id=source_id),
        reading=readings[0] if readings else None,
        readings=readings,
        writable=request.state.permitted.may("calendar.write"),
        now=work.now,
    )


@router.post("/calendar-sources/{source_id}/remove")
def remove_source(work: Writer, source_id: UUID) -> Response:
    """Take a source off the calendar."""
    source = sources.get_source(work, source_id=source_id)
    sources.remove_source(work, source_id=source_id)
    consolidate_pending(work, calendar_id=source.calendar_id)
    answer = RedirectResponse("/calendar-sources", status_code=303)
    flash(answer, text=f"{source.label} was taken off; what other calendars say too stays.")
    return answer
