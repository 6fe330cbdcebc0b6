"""The page of conflicts: what calendars say side by side, and how a person settles where they differ."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from kalends.base.pages import flash, render
from kalends.base.work import Work
from kalends.calendar import conflicts, sources
from kalends.calendar.conflictrows import UNDECIDED
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
               "days_after": "Days after", "recurrence": "Repeats"}  # fmt: skip


@router.get("/calendar-conflicts")
def show_conflicts(request: Request, work: Reader, *, settled: bool = False) -> Response:
    """What each source says side by side, what was chosen and why."""
    states = ("settled", "decided") if settled else UNDECIDED
    found = conflicts.list_conflicts(work, wanted=conflicts.ConflictFilter(states), limit=SHOWN)
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
