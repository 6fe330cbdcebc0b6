"""Setting the calendar up in five steps. What is typed is kept as it is typed: going back or away loses nothing."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query, Request
from pydantic import BaseModel
from starlette.responses import RedirectResponse, Response

from kalends.base.clock import zone_names
from kalends.base.pages import flash, render
from kalends.base.work import Work
from kalends.calendar import setupviews
from kalends.calendar.places import regions
from kalends.calendar.platforms import platforms_of
from kalends.calendar.wizard.building import build_calendar, review
from kalends.calendar.wizard.drafts import Draft, discard_draft, keep_step, open_draft
from kalends.calendar.wizard.forms import STEP_NAMES, STEPS, Errors, Said, Step
from kalends.identity.service import permit

router = APIRouter(include_in_schema=False, prefix="/calendar-setup")

Manager = Annotated[Work, permit("settings.manage")]
Name = Literal["business", "fiscal", "periods", "market", "platforms"]
REVIEW = "review"


class StepForm(BaseModel):
    """Any step's form: the fields of all of them, and where to go."""

    go: str = "next"
    name: list[str] = []
    industry: list[str] = []
    country: list[str] = []
    region: list[str] = []
    share: list[str] = []
    zone: list[str] = []
    books: list[str] = []
    start_month: list[str] = []
    named_by: list[str] = []
    pattern: list[str] = []
    ends_on: list[str] = []
    end_month: list[str] = []
    rule: list[str] = []
    week_53_in: list[str] = []
    long_quarter: list[str] = []
    period: list[str] = []
    first_month: list[str] = []
    first_day: list[str] = []
    last_month: list[str] = []
    last_day: list[str] = []
    moment: list[str] = []
    competitor: list[str] = []
    starts_on: list[str] = []
    platform: list[str] = []

    def said(self, step: Step) -> Said:
        """What belongs to the step; a list that was emptied is an answer too."""
        return {name: getattr(self, name) for name in step.fields}


@router.get("")
def resume(work: Manager) -> Response:
    """Where the person left off, or the first step."""
    return RedirectResponse(f"/calendar-setup/{open_draft(work).step}", status_code=303)


@router.get("/review")
def show_review(request: Request, work: Manager) -> Response:
    """What will be built, the year at a glance, and one button; steps that are not finished come first."""
    draft = open_draft(work)
    if draft.plan is None:
        return RedirectResponse(f"/calendar-setup/{next(iter(draft.errors))}", status_code=303)
    found = review(work, plan=draft.plan, today=_today(work, draft.plan.zone))
    return render(
        request, "calendar/setup/review.html", **_frame(draft, REVIEW), **setupviews.reviewed(draft.plan, found)
    )


@router.post("/build")
def build(work: Manager) -> Response:
    """Build the calendar that was reviewed."""
    draft = open_draft(work)
    if draft.plan is None:
        return RedirectResponse(f"/calendar-setup/{next(iter(draft.errors))}", status_code=303)
    calendar = build_calendar(work, plan=draft.plan)
    wanted = set(draft.plan.platforms)
    missing = [one for one in platforms_of(work) if one.code in wanted and not one.is_loaded]
    answer = RedirectResponse("/calendar", status_code=303)
    more = f" Next: bring in the data of {missing[0].label}." if missing else ""
    flash(answer, text=f"The calendar “{calendar.name}” is built.{more}")
    return answer


@router.post("/discard")
def discard(work: Manager) -> Response:
    """Throw away what was said, and begin with what is."""
    discard_draft(work)
    answer = RedirectResponse("/calendar", status_code=303)
    flash(answer, text="What you had said was thrown away; the calendar is as it was.")
    return answer


@router.get("/picture")
def show_picture(request: Request, work: Manager, form: Annotated[StepForm, Query()]) -> Response:
    """The fiscal year as it is chosen right now; nothing is kept."""
    draft = open_draft(work)
    zone = draft.plan.zone if draft.plan else "UTC"
    return render(
        request, "calendar/setup/picture.html", **setupviews.pictured(form.said(STEPS[1]), _today(work, zone))
    )


@router.get("/row/{kind}")
def show_row(request: Request, _: Manager, kind: Literal["country", "period", "competitor"]) -> Response:
    """One more row of a list."""
    return render(request, "calendar/setup/row.html", kind=kind, **setupviews.offers())


@router.get("/regions")
def show_regions(request: Request, _: Manager, country: str = "") -> Response:
    """The parts of a country, as a select's options."""
    return render(request, "calendar/setup/regions.html", regions=regions(country=country))


@router.get("/{name}")
def show_step(request: Request, work: Manager, name: Name) -> Response:
    """A step, filled with what was said or with what is usual."""
    return _step(request, work, open_draft(work), name)


@router.post("/{name}")
def save_step(request: Request, work: Manager, name: Name, form: Annotated[StepForm, Form()]) -> Response:
    """Keep the step and go on, or back; what is wrong is said before going on."""
    place = STEP_NAMES.index(name)
    back, onward = STEP_NAMES[max(place - 1, 0)], (*STEP_NAMES, REVIEW)[place + 1]
    target = {"save": name, "back": back, "next": onward}.get(form.go, form.go if form.go in STEP_NAMES else onward)
    draft = keep_step(work, step=STEPS[place], said=form.said(STEPS[place]), go_to=target)
    if form.go == "save":
        return Response(status_code=204)
    errors = draft.errors.get(name, {})
    if form.go == "next" and errors:
        return _step(request, work, draft, name, errors=errors)
    return RedirectResponse(f"/calendar-setup/{target}", status_code=303)


def _step(request: Request, work: Work, draft: Draft, name: str, *, errors: Errors | None = None) -> Response:
    """A step's page."""
    zone = draft.plan.zone if draft.plan else "UTC"
    context: dict[str, Any] = setupviews.shown(name, draft, today=_today(work, zone), platforms=platforms_of(work))
    status = 422 if errors else 200
    template = f"calendar/setup/{name}.html"
    return render(request, template, status=status, **_frame(draft, name), errors=errors or {}, **context)


def _frame(draft: Draft, current: str) -> dict[str, Any]:
    """What stands around every step: the way, and where one is on it."""
    titles = [(step.name, step.title) for step in STEPS] + [(REVIEW, "Review")]
    return {"steps": titles, "current": current, "is_begun": draft.setup is not None}


def _today(work: Work, zone: str) -> date:
    """Today where the company is."""
    return work.now.astimezone(ZoneInfo(zone if zone in zone_names() else "UTC")).date()
