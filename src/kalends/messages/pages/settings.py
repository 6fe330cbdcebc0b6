"""The company's settings for messages, and each page's own: how it is described, and who works on it."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.responses import Response

from kalends.base.errors import ForbiddenError, KalendsError
from kalends.base.forms import SentForm
from kalends.base.pages import render
from kalends.base.work import Work
from kalends.identity.service import list_people, permissions_of, permit, workspace
from kalends.messages import creator_pages, settings
from kalends.messages.models import CreatorPage
from kalends.messages.page_schemas import PageChange, PageIn
from kalends.messages.pages.room import gone_to, may
from kalends.messages.settings import BadSettingsError

router = APIRouter(include_in_schema=False)

Reader = Annotated[Work, permit("messages.read")]
Writer = Annotated[Work, permit("messages.write")]
PAGE = "/messages-settings"
OF_PAGE = "/messages-pages"
NUMBERS = {
    "cooldown_days": ("Days until a page may send a caption again", "0", "730"),
    "bump_ppv_minutes": ("Least minutes between a bump and a paid message", "0", "1440"),
    "bump_bump_minutes": ("Least minutes between two bumps", "0", "1440"),
    "follow_up_from_minutes": ("A follow-up comes after so many minutes at the earliest", "0", "1440"),
    "follow_up_until_minutes": ("… and after so many at the latest", "0", "1440"),
    "half_life_days": ("What was learned of a caption counts half after so many days", "7", "730"),
}
SHARES = {
    "urgency_share": "At most this part of a week is urgent, in percent",
    "uniform_share": "Choices left to chance, in percent, so that choosing can be judged",
}
FLAGS = {
    "follow_ups": "A follow-up after each paid message",
    "shared_one_at_a_time": "A shared caption that one page has in its week is closed to the others for that time",
}
OVERRIDES = {
    "ppvs": ("Paid messages a week", "100"),
    "bumps": ("Bumps a week", "100"),
    "min_gap_minutes": ("Least minutes between two paid messages", "1440"),
    "cooldown_days": ("Days until a caption may come again", "730"),
}


@router.get(PAGE)
def show_settings(request: Request, work: Reader) -> Response:
    """What is usual for all pages, and the pages themselves."""
    return _settings(request, work, errors={})


def _settings(request: Request, work: Work, *, errors: dict[str, str]) -> Response:
    return render(
        request,
        "messages/settings.html",
        status=422 if errors else 200,
        now=settings.settings_of(work),
        numbers=NUMBERS,
        shares=SHARES,
        flags=FLAGS,
        pages=creator_pages.list_pages(work),
        errors=errors,
        manages=creator_pages.sees_all(work.scope),
        may_write=may(request, "messages.write"),
    )


@router.post(PAGE)
def save_settings(request: Request, work: Writer, sent: SentForm) -> Response:
    """Let them count from now on."""
    if not creator_pages.sees_all(work.scope):
        raise ForbiddenError("Only administrators change the company’s settings.")
    told = {name: str(value) for name, value in sent.items()}
    changes: dict[str, Any] = {
        name: told[name] or None for name in (*NUMBERS, "quiet_from", "quiet_until") if name in told
    }
    changes |= {name: name in told for name in FLAGS}
    try:
        changes |= {name: float(told[name]) / 100 if told.get(name) else None for name in SHARES if name in told}
        settings.change_settings(work, changes)
    except (BadSettingsError, ValueError) as error:
        return _settings(request, work, errors={"": str(error)})
    return gone_to(PAGE, "Saved. Weeks that are built from now on keep to it.")


@router.get(f"{OF_PAGE}/new")
def show_new(request: Request, work: Writer) -> Response:
    """The form for a new page."""
    usual = settings.settings_of(work)
    told = {"zone": workspace(work).zone, "currency": workspace(work).currency, "is_active": "true",
            "quiet_from": f"{usual.quiet_from:%H:%M}", "quiet_until": f"{usual.quiet_until:%H:%M}"}  # fmt: skip
    return _form(request, work, told=told, page=None, errors={})


@router.post(f"{OF_PAGE}/new")
def add(request: Request, work: Writer, sent: SentForm) -> Response:
    """Add a page."""
    told = _told(sent)
    try:
        made = creator_pages.add_page(work, PageIn.model_validate(_given(told)))
    except (ValidationError, KalendsError) as error:
        return _form(request, work, told=told, page=None, errors=_errors(error))
    return gone_to(f"{OF_PAGE}/{made.id}/settings", f"{made.name} is here. Load its history next.")


@router.get(f"{OF_PAGE}/{{page_id}}/settings")
def show_page(request: Request, work: Reader, page_id: UUID) -> Response:
    """How a page is described."""
    found = creator_pages.get_page(work, page_id=page_id)
    return _form(request, work, told=_of(found), page=found, errors={})


@router.post(f"{OF_PAGE}/{{page_id}}/settings")
def change(request: Request, work: Writer, page_id: UUID, sent: SentForm) -> Response:
    """Change a page."""
    told = _told(sent)
    try:
        given = {"external_id": None} | _given(told)
        creator_pages.change_page(work, page_id=page_id, change=PageChange.model_validate(given))
    except (ValidationError, creator_pages.PageNameTakenError) as error:
        found = creator_pages.get_page(work, page_id=page_id)
        return _form(request, work, told=told, page=found, errors=_errors(error))
    return gone_to(f"{OF_PAGE}/{page_id}/settings", "Saved.")


@router.post(f"{OF_PAGE}/{{page_id}}/people")
def assign(work: Writer, page_id: UUID, sent: SentForm) -> Response:
    """Say who works on the page."""
    chosen = [UUID(str(one)) for one in sent.getlist("person")]
    people = creator_pages.assign_people(work, page_id=page_id, person_ids=chosen)
    words = ", ".join(one.name for one in people)
    return gone_to(
        f"{OF_PAGE}/{page_id}/settings", f"On this page now: {words}." if words else "Nobody is assigned now."
    )


@router.post(f"{OF_PAGE}/{{page_id}}/remove")
def remove(work: Writer, page_id: UUID) -> Response:
    """Take the page out of all lists."""
    found = creator_pages.remove_page(work, page_id=page_id)
    return gone_to(PAGE, f"{found.name} was removed.", undo=f"{OF_PAGE}/{page_id}/restore")


@router.post(f"{OF_PAGE}/{{page_id}}/restore")
def restore(work: Writer, page_id: UUID) -> Response:
    """Bring it back."""
    found = creator_pages.restore_page(work, page_id=page_id)
    return gone_to(f"{OF_PAGE}/{page_id}/settings", f"{found.name} is back.")


def _form(
    request: Request, work: Work, *, told: dict[str, str], page: CreatorPage | None, errors: dict[str, str]
) -> Response:
    manages = creator_pages.sees_all(work.scope)
    assigned = {one.id for one in creator_pages.people_of(work, page_id=page.id)} if page else set()
    able = [one for one in list_people(work) if one.disabled_at is None]
    people = [one for one in able if "messages.read" in permissions_of(one.role) and one.role not in {"admin", "owner"}]
    return render(
        request,
        "messages/pagesettings.html",
        status=422 if errors else 200,
        told=told,
        page=page,
        errors=errors,
        overrides=OVERRIDES,
        people=people if manages else [one for one in people if one.id in assigned],
        assigned=assigned,
        manages=manages,
        may_write=may(request, "messages.write"),
    )


def _of(page: CreatorPage) -> dict[str, str]:
    told = {name: str(getattr(page, name) or "") for name in ("name", "external_id", "zone", "currency")}
    told |= {name: f"{getattr(page, name):%H:%M}" for name in ("quiet_from", "quiet_until")}
    return (
        told | {name: str(value) for name, value in page.overrides.items()} | {"is_active": str(page.is_active).lower()}
    )


def _told(sent: FormData) -> dict[str, str]:
    return {name: str(value).strip() for name, value in sent.items()}


def _given(told: dict[str, str]) -> dict[str, Any]:
    names = ("name", "external_id", "zone", "currency", "quiet_from", "quiet_until")
    given: dict[str, Any] = {name: told[name] for name in names if told.get(name)}
    own: dict[str, Any] = {name: told[name] for name in (*OVERRIDES, "webhook") if told.get(name)}
    if told.get("follow_ups"):
        own["follow_ups"] = told["follow_ups"].lower()
    return given | {"overrides": own, "is_active": told.get("is_active") == "true"}


def _errors(error: ValidationError | KalendsError) -> dict[str, str]:
    if isinstance(error, KalendsError):
        return {"name": error.message}
    return {str(one["loc"][-1]): one["msg"].removeprefix("Value error, ") for one in error.errors()}
