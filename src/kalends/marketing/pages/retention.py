"""Settings: how long data is kept, what is held, what would go, and the word that lets it go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from kalends.base.errors import ConflictError
from kalends.base.forms import SentForm
from kalends.base.pages import Choice, Column, flash, render
from kalends.base.pages.messages import FlashTone
from kalends.base.work import Work
from kalends.identity.service import add_settings_tab, permit, settings_tabs, workspace
from kalends.marketing import batches, words
from kalends.marketing.stewardship import retention
from kalends.marketing.stewardship.knownnames import sources_that_came
from kalends.marketing.stewardship.retention import CLASSES, NothingHeldError

router = APIRouter(include_in_schema=False)

PAGE: Final = "/settings/retention"
add_settings_tab("Retention", PAGE, "settings.manage")

Manager = Annotated[Work, permit("settings.manage")]
MONTHS: Final = ("3", "6", "12", "13", "24", "25", "36", "60", "84", "120")
"""Offered spans; 13 and 25 keep a year and two with the same days a year before."""
COLUMNS: Final = [
    Column("What"), Column("Older than"), Column("How many", is_number=True), Column("About", is_number=True),
    Column("From and to"), Column("What ends"),
]  # fmt: skip


@router.get(PAGE)
def show_retention(request: Request, work: Manager) -> Response:
    """The rules, the newest plan, holds and what went before."""
    return _page(request, work)


def _page(
    request: Request, work: Work, *, errors: Mapping[str, str] | None = None, typed: Mapping[str, str] | None = None
) -> Response:
    """The page; with `errors`, by field, and what was `typed`."""
    months = retention.rules_of(work)
    runs = retention.list_runs(work)
    planned = runs[0] if runs and runs[0].state == "planned" else None
    return render(
        request,
        "data/retention.html",
        status=422 if errors else 200,
        errors=errors or {},
        typed=typed or {},
        sources=sources_that_came(work),
        tabs=settings_tabs(request),
        classes=CLASSES,
        choices={name: _choices(months[name]) for name in CLASSES},
        runs=runs,
        planned=planned,
        is_void=planned is not None and retention.is_void(work, planned),
        holds=retention.list_holds(work),
        known_since=batches.known_since(work)[0],
        columns=COLUMNS,
        words=words,
        now=work.now,
        zone=workspace(work).zone,
    )


def _choices(months: int | None) -> list[Choice]:
    offered = sorted({*MONTHS, *([str(months)] if months else [])}, key=int)
    spans = [
        Choice(f"{number} month{'s' * (number != '1')}", value=number, current=number == str(months))
        for number in offered
    ]
    return [Choice("Keep for ever", value="", current=months is None), *spans]


@router.post(PAGE)
def save(work: Manager, form: SentForm) -> Response:
    """Keep the rules, and say at once what would go by them."""
    for name in CLASSES:
        told = str(form.get(name, ""))
        retention.set_rule(work, data_class=name, months=int(told) if told.isdecimal() else None)
    retention.plan(work)
    return _back("Kept. Nothing has been removed: look at the plan.", then="#plan")


@router.post(f"{PAGE}/plan")
def look_again(work: Manager) -> Response:
    """Look anew what would go."""
    retention.plan(work)
    return _back("Looked up anew. Nothing has been removed.", then="#plan")


@router.post(f"{PAGE}/{{run_id}}/confirm")
def confirm(request: Request, work: Manager, run_id: UUID, sure: Annotated[str, Form(max_length=100)] = "") -> Response:
    """Let go what the plan says, if the word was typed."""
    if sure.strip().casefold() != "remove":
        said = "Nothing was removed: type the word “remove” to confirm."
        return _page(request, work, errors={"sure": said}, typed={"sure": sure})
    try:
        made = retention.confirm(work, run_id=run_id)
    except ConflictError as error:
        return _back(error.message, then="#plan", tone="bad")
    answer = RedirectResponse(f"/data/batches/{made.id}", status_code=303)
    flash(answer, text="The plan is being carried out.")
    return answer


@router.post(f"{PAGE}/holds")
def hold(
    request: Request,
    work: Manager,
    subject: Annotated[str, Form(max_length=100)] = "",
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Hold a file, told by its number, or a source."""
    typed = {"subject": subject, "reason": reason}
    kind = "batch" if subject.strip().isdecimal() else "source"
    if not reason.strip():
        return _page(request, work, errors={"reason": "Say why it must stay."}, typed=typed)
    try:
        retention.place_hold(work, subject_kind=kind, subject=subject.strip(), reason=reason.strip())
    except NothingHeldError as error:
        return _page(request, work, errors={"subject": error.message}, typed=typed)
    return _back("Held: nothing of it goes until somebody lifts the hold.", then="#holds")


@router.post(f"{PAGE}/holds/{{hold_id}}/lift")
def lift(work: Manager, hold_id: UUID) -> Response:
    """Lift a hold."""
    retention.lift_hold(work, hold_id=hold_id)
    return _back("The hold is lifted.", then="#holds")


def _back(text: str, *, then: str, tone: FlashTone = "plain") -> Response:
    answer = RedirectResponse(PAGE + then, status_code=303)
    flash(answer, text=text, tone=tone)
    return answer
