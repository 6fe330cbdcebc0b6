"""The pages of sources and conflicts: send a calendar, see what became of it, and settle where calendars differ."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request, UploadFile
from starlette.responses import RedirectResponse, Response

from kalends.base.errors import KalendsError
from kalends.base.pages import flash, render
from kalends.base.work import Work
from kalends.calendar import conflicts, sources
from kalends.calendar.consolidating import consolidate_pending
from kalends.identity.service import permit

router = APIRouter(include_in_schema=False)

Reader = Annotated[Work, permit("calendar.read")]
Writer = Annotated[Work, permit("calendar.write")]
SHOWN = 50
TONES = {"critical": "bad", "high": "attention", "medium": "plain", "low": "plain"}
CHOSEN_BY = {
    "wording": "The words of the calendar that comes first.",
    "intelligent": "Chosen by weighing what each calendar says.",
    "weighted_average": "Chosen by how much each calendar tells.",
    "highest_quality": "Taken from the most complete calendar.",
}
FIELD_WORDS = {"days": "Days", "times": "Times", "status": "Status", "type": "Type", "impact": "Impact",
               "direction": "Expected effect", "markets": "Markets", "name": "Name", "description": "Description",
               "owner": "Owner", "brands": "Brands", "channels": "Channels", "days_before": "Days before",
               "days_after": "Days after"}  # fmt: skip


@router.get("/calendar-sources")
def show_sources(request: Request, work: Reader) -> Response:
    """The calendars that the master calendar is made of."""
    found = sources.list_sources(work)
    last = {source.id: next(iter(sources.readings_of(work, source_id=source.id, limit=1)), None) for source in found}
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
        sources.read_file(work, source_id=source_id, content=file.file.read(), file_name=file.filename or "")
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
    readings = sources.readings_of(work, source_id=source_id)
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


@router.get("/calendar-conflicts")
def show_conflicts(request: Request, work: Reader, *, settled: bool = False) -> Response:
    """What each source says side by side, what was chosen and why."""
    states = ("settled", "decided") if settled else conflicts.UNDECIDED
    found = conflicts.list_conflicts(work, states=states, limit=SHOWN)
    labels = {source.name: source.label for source in sources.list_sources(work)}
    return render(
        request,
        "calendar/conflicts.html",
        conflicts=[shown(view, labels) for view in found],
        counts=conflicts.count_conflicts(work),
        settled=settled,
        writable=request.state.permitted.may("calendar.write"),
        most=SHOWN,
    )


def shown(view: conflicts.ConflictView, labels: Mapping[str, str]) -> dict[str, Any]:
    """A conflict, ready to be read; `labels`: what people call each source."""
    plain = conflicts.plain_conflict(view)
    said = [
        {"source": one["source"], "label": labels.get(one["source"], one["source"]), "words": in_words(one["values"])}
        for one in plain["said"]
    ]
    return plain | {
        "title": FIELD_WORDS[plain["fields"]],
        "tone": TONES[plain["severity"]],
        "choice": in_words(plain["choice"]),
        "chosen_by": CHOSEN_BY.get(plain["strategy"], f"Chosen by the strategy “{plain['strategy']}”."),
        "said": said,
    }


def in_words(values: dict[str, Any]) -> str:
    """A group's values in a line: first to last, lists by commas, days as people write them."""
    said = [value for value in values.values() if value]
    parts = [", ".join(map(str, value)) if isinstance(value, list) else readable(str(value)) for value in said]
    return " – ".join(dict.fromkeys(parts))


def readable(text: str) -> str:
    """A day as '27 Nov 2026'; other texts as they are."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return text.replace("_", " ")
    return f"{day.day} {day:%b %Y}"


@router.post("/calendar-conflicts/accept-safe")
def accept_safe(work: Writer) -> Response:
    """Accept every waiting choice that is sure enough."""
    done = conflicts.accept_safe(work)
    answer = RedirectResponse("/calendar-conflicts", status_code=303)
    flash(answer, text=f"{len(done)} choices were accepted.")
    return answer


@router.post("/calendar-conflicts/{conflict_id}/decide")
def decide(work: Writer, conflict_id: UUID, source: Annotated[str, Form()] = "") -> Response:
    """Take what a source says, or accept what was chosen."""
    view = conflicts.decide(work, conflict_id=conflict_id, source=source or None)
    answer = RedirectResponse("/calendar-conflicts", status_code=303)
    flash(answer, text=f"{view.event.name}: settled. You can take it back under “Settled”.")
    return answer


@router.post("/calendar-conflicts/{conflict_id}/reopen")
def reopen(work: Writer, conflict_id: UUID) -> Response:
    """Take a decision back."""
    view = conflicts.reopen(work, conflict_id=conflict_id)
    answer = RedirectResponse("/calendar-conflicts", status_code=303)
    flash(answer, text=f"{view.event.name}: the decision was taken back.")
    return answer
