"""Templates of weeks: saved from a week or written here, made the habit of pages, renamed, removed and brought back."""

from __future__ import annotations

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Form, Request
from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.responses import Response

from kalends.base.errors import KalendsError
from kalends.base.forms import SentForm
from kalends.base.pages import Choice, render
from kalends.base.work import Work
from kalends.identity.service import permit
from kalends.messages import schedule_templates, schedules
from kalends.messages.creator_pages import list_pages
from kalends.messages.models import ScheduleTemplate
from kalends.messages.pages import words
from kalends.messages.pages.room import choices, gone_to, may
from kalends.messages.pages.week import week_address
from kalends.messages.weekrules import TemplateRules

router = APIRouter(include_in_schema=False)

Reader = Annotated[Work, permit("messages.read")]
Writer = Annotated[Work, permit("messages.write")]
PAGE: Final = "/messages-templates"
NUMBERS: Final = {
    "ppvs": ("Paid messages a week", "0", "100"),
    "bumps": ("Bumps a week", "0", "100"),
    "min_gap_minutes": ("Least minutes between two paid messages", "15", "1440"),
    "cooldown_days": ("Days until a caption may come again", "0", "730"),
}
LONGEST: Final = 100
"""Characters of a name."""


@router.get(PAGE)
def show_templates(request: Request, work: Reader) -> Response:
    """All templates."""
    found = schedule_templates.list_templates(work)
    return render(
        request,
        "messages/templates.html",
        templates=[(each, words.template_words(schedule_templates.rules_of(each))) for each in found],
        may_write=may(request, "messages.write"),
    )


@router.get(f"{PAGE}/new")
def show_new(request: Request, work: Writer) -> Response:
    """The form for a new template."""
    return _form(request, work, told={}, template=None)


@router.post(f"{PAGE}/new")
def add(request: Request, work: Writer, sent: SentForm) -> Response:
    """Save a new one."""
    told = _told(sent)
    try:
        name, rules = _read(told)
        made = schedule_templates.save_template(work, name=name, rules=rules)
    except (ValidationError, KalendsError) as error:
        return _form(request, work, told=told, template=None, errors=_errors(error))
    return gone_to(f"{PAGE}/{made.id}", f"“{made.name}” is saved.")


@router.get(f"{PAGE}/{{template_id}}")
def show_template(request: Request, work: Reader, template_id: UUID) -> Response:
    """One template: what it says, and which pages shall keep to it."""
    found = schedule_templates.get_template(work, template_id=template_id)
    return _form(request, work, told=_of(found), template=found)


@router.post(f"{PAGE}/{{template_id}}")
def change(request: Request, work: Writer, template_id: UUID, sent: SentForm) -> Response:
    """Say other rules, or call it otherwise."""
    told = _told(sent)
    try:
        name, rules = _read(told)
        schedule_templates.change_template(work, template_id=template_id, rules=rules, name=name)
    except (ValidationError, KalendsError) as error:
        found = schedule_templates.get_template(work, template_id=template_id)
        return _form(request, work, told=told, template=found, errors=_errors(error))
    return gone_to(PAGE, "Saved. Weeks that were built stay as they are.")


@router.post(f"{PAGE}/{{template_id}}/apply")
def apply(
    work: Writer, template_id: UUID, page: Annotated[list[UUID] | None, Form(max_length=1000)] = None
) -> Response:
    """Make what it says the habit of the ticked pages."""
    here = f"{PAGE}/{template_id}"
    if not page:
        return gone_to(here, "Tick the pages that shall keep to it first.", is_bad=True)
    done = schedule_templates.apply_template(work, template_id=template_id, page_ids=page)
    count = "1 page keeps" if len(done.pages) == 1 else f"{len(done.pages)} pages keep"
    return gone_to(here, f"{count} to it from now on.", undo=f"{PAGE}/changes/{done.change_id}/undo")


@router.post(f"{PAGE}/changes/{{change_id}}/undo")
def undo_apply(work: Writer, change_id: UUID) -> Response:
    """Give the pages their own habits back."""
    back = schedule_templates.undo_apply(work, change_id=change_id)
    names = ", ".join(each.name for each in back) or "no page: they were changed again since then"
    return gone_to(PAGE, f"As before: {names}.")


@router.post(f"{PAGE}/{{template_id}}/remove")
def remove(work: Writer, template_id: UUID) -> Response:
    """Remove it; pages and weeks keep what it said."""
    name = schedule_templates.get_template(work, template_id=template_id).name
    schedule_templates.remove_template(work, template_id=template_id)
    return gone_to(PAGE, f"“{name}” was removed.", undo=f"{PAGE}/{template_id}/restore")


@router.post(f"{PAGE}/{{template_id}}/restore")
def restore(work: Writer, template_id: UUID) -> Response:
    """Bring it back."""
    found = schedule_templates.restore_template(work, template_id=template_id)
    return gone_to(PAGE, f"“{found.name}” is back.")


@router.post("/messages/schedule/{schedule_id}/template")
def save_week(work: Writer, schedule_id: UUID, name: Annotated[str, Form(max_length=1000)] = "") -> Response:
    """Save the rules that a week was built with under a name."""
    schedule = schedules.get(work, schedule_id=schedule_id)
    back = week_address(schedule.page_id, schedule.first_day)
    try:
        made = schedule_templates.save_week(work, name=_name(name), schedule_id=schedule_id)
    except KalendsError as error:
        return gone_to(back, error.message, is_bad=True)
    return gone_to(f"{PAGE}/{made.id}", f"“{made.name}” is saved: it says what that week was built with.")


class NameNeededError(KalendsError):
    """Give it a name of at most 100 characters."""

    status = 422
    code = "name_needed"


def _form(
    request: Request, work: Work, *, told: dict[str, Any], template: ScheduleTemplate | None,
    errors: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    marks = [(number, day, str(number) in told.get("days_off", ())) for number, day in enumerate(words.WEEKDAYS)]
    return render(
        request,
        "messages/template.html",
        status=422 if errors else 200,
        told={"name": "", **dict.fromkeys(NUMBERS, "")} | told,
        template=template,
        numbers=NUMBERS,
        follow_ups=_follow_ups(told.get("follow_ups", "")),
        days=marks,
        errors=errors or {},
        pages=list_pages(work) if template else [],
        may_apply=template is not None and not schedule_templates.rules_of(template).days_off,
        may_write=may(request, "messages.write"),
    )


def _follow_ups(current: str) -> list[Choice]:
    return choices([("", "As usual"), ("true", "After each paid message"), ("false", "None")], current)


def _told(sent: FormData) -> dict[str, Any]:
    plain = {name: str(sent.get(name, "")).strip() for name in ("name", "follow_ups", *NUMBERS)}
    return plain | {"days_off": [str(day) for day in sent.getlist("day_off")]}


def _read(told: dict[str, Any]) -> tuple[str, TemplateRules]:
    """Raises NameNeededError, ValidationError."""
    given = {name: told[name] for name in ("follow_ups", *NUMBERS) if told[name]}
    rules = TemplateRules.model_validate(given | {"days_off": sorted(told["days_off"])})
    return _name(told["name"]), rules


def _name(told: str) -> str:
    name = told.strip()
    if not 0 < len(name) <= LONGEST:
        raise NameNeededError
    return name


def _of(template: ScheduleTemplate) -> dict[str, Any]:
    plain = schedule_templates.rules_of(template).model_dump(mode="json", exclude_none=True)
    days = [str(day) for day in plain.pop("days_off")]
    return {name: str(value).lower() for name, value in plain.items()} | {"name": template.name, "days_off": days}


def _errors(error: ValidationError | KalendsError) -> dict[str, str]:
    if isinstance(error, KalendsError):
        return {"name": error.message}
    return {str(one["loc"][0]): one["msg"] for one in error.errors()}
