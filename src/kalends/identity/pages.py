"""Settings: the workspace, its people, its API keys. (The pages before the sign-in are in doors.py.)"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from kalends.base.errors import BadInputError, ConflictError, ForbiddenError, KalendsError, NotFoundError
from kalends.base.pages import Choice, flash, register_room, render
from kalends.base.work import Work
from kalends.identity import doors, own, service
from kalends.identity.api import address_of
from kalends.identity.auth import Permitted, permit
from kalends.identity.permissions import ROLES, rank
from kalends.identity.sessions import COOKIE
from kalends.identity.settingstabs import settings_tabs

register_room(
    name="identity",
    templates=Path(__file__).parent / "templates",
    label="Settings",
    href="/settings",
    icon="settings",
    order=80,
)

router = APIRouter(include_in_schema=False)
router.include_router(doors.router)

Text = Annotated[str, Form(max_length=1000)]


class NobodyError(NotFoundError):
    """A program has no settings of its own; sign in as a person."""

    code = "nobody"


def permitted_of(request: Request) -> Permitted:
    """Who was let in."""
    permitted: Permitted = request.state.permitted
    return permitted


def show(request: Request, template: str, /, *, status: int = 200, **context: Any) -> Response:
    """A page of the settings with its tabs: those that the caller may open."""
    permitted = permitted_of(request)
    tabs = settings_tabs(request)
    return render(request, template, status=status, tabs=tabs, permitted=permitted, **context)


def back(to: str, words: str) -> Response:
    """Return to a page that says what was done."""
    answer = RedirectResponse(to, status_code=303)
    flash(answer, text=words)
    return answer


def roles_for(request: Request, *, current: str) -> list[Choice]:
    """The roles that the caller may give."""
    own = rank(permitted_of(request).caller.role)
    return [Choice(label=role.title(), value=role, current=role == current) for role in ROLES if rank(role) <= own]


@router.post("/sign-out")
def sign_out(request: Request, work: Annotated[Work, permit("me")]) -> Response:
    """End the session of this browser."""
    session_id = permitted_of(request).caller.session_id
    if session_id is not None:
        service.sign_out(work, session_id=session_id)
    answer = RedirectResponse("/sign-in", status_code=303)
    answer.delete_cookie(COOKIE, path="/")
    return answer


@router.get("/settings")
def workspace_page(request: Request, work: Annotated[Work, permit("me")]) -> Response:
    """What the workspace counts in."""
    return show(
        request, "identity/settings_workspace.html", values=service.describe(service.workspace(work)), errors={}
    )


@router.post("/settings")
def post_workspace(
    request: Request,
    work: Annotated[Work, permit("settings.manage")],
    *,
    name: Text = "",
    zone: Text = "",
    currency: Text = "",
    country: Text = "",
    industry: Text = "",
) -> Response:
    """Change it."""
    wanted = {"name": name, "zone": zone, "currency": currency, "country": country, "industry": industry}
    values = {key: value.strip() for key, value in wanted.items() if value.strip()}
    try:
        service.change_workspace(work, **values)
    except BadInputError as error:
        errors = {str(error.details.get("field", "")): error.message}
        shown = {**wanted, **values}
        return show(request, "identity/settings_workspace.html", status=error.status, values=shown, errors=errors)
    return back("/settings", "Saved.")


@router.get("/settings/you")
def you_page(request: Request, work: Annotated[Work, permit("me")]) -> Response:
    """What people change about themselves."""
    return show_you(request, work)


def show_you(
    request: Request, work: Work, *, name: str | None = None, wrong: Mapping[str, KalendsError] | None = None
) -> Response:
    """The page; `wrong`: by field, what was not as it should be."""
    wrong = wrong or {}
    caller = permitted_of(request).caller
    person = service.person_of(work, person_id=own_id(request))
    return show(
        request,
        "identity/settings_you.html",
        status=max((error.status for error in wrong.values()), default=200),
        person=person,
        elsewhere=own.other_sessions(work, person_id=person.id, session_id=caller.session_id),
        name=person.name if name is None else name,
        errors={field: error.message for field, error in wrong.items()},
    )


def own_id(request: Request) -> UUID:
    """The caller's own id. Raises NobodyError for a program."""
    person_id = permitted_of(request).caller.person_id
    if person_id is None:
        raise NobodyError
    return person_id


@router.post("/settings/you")
def post_you(request: Request, work: Annotated[Work, permit("me")], *, name: Text = "") -> Response:
    """Be called otherwise."""
    try:
        own.rename(work, person_id=own_id(request), name=name)
    except own.NamelessError as error:
        return show_you(request, work, name=name, wrong={"name": error})
    return back("/settings/you", "Saved.")


@router.post("/settings/you/password")
def post_password(request: Request, work: Annotated[Work, permit("me")], *, old: Text = "", new: Text = "") -> Response:
    """Take a new password."""
    session_id = permitted_of(request).caller.session_id
    try:
        own.change_password(work, person_id=own_id(request), session_id=session_id, old=old, new=new)
    except (own.WrongPasswordError, service.TooManyAttemptsError) as error:
        return show_you(request, work, wrong={"old": error})
    except service.WeakPasswordError as error:
        return show_you(request, work, wrong={"new": error})
    return back("/settings/you", "Your password is changed.")


@router.get("/settings/people")
def people_page(request: Request, work: Annotated[Work, permit("people.manage")]) -> Response:
    """Everybody, and who is invited."""
    return show_people(request, work)


def show_people(
    request: Request, work: Work, *, link: str = "", email: str = "", error: str = "", status: int = 200
) -> Response:
    """The people; `link` is an invitation just made, shown this once."""
    return show(
        request,
        "identity/settings_people.html",
        status=status,
        people=service.list_people(work),
        invites=service.list_invites(work),
        roles=roles_for(request, current="viewer"),
        own_rank=rank(permitted_of(request).caller.role),
        rank=rank,
        now=work.now,
        link=link,
        email=email,
        error=error,
    )


@router.post("/settings/people/invite")
def post_invite(
    request: Request, work: Annotated[Work, permit("people.manage")], *, email: Text = "", role: Text = "viewer"
) -> Response:
    """Invite somebody; the page that answers shows the link."""
    try:
        made = service.invite(work, email=email, role=role)
    except (BadInputError, ConflictError, ForbiddenError) as error:
        return show_people(request, work, email=email, error=error.message, status=error.status)
    return show_people(request, work, link=address_of(request) + made.path, email=made.email)


@router.post("/settings/people/invites/{invite_id}/withdraw")
def post_withdraw(invite_id: UUID, work: Annotated[Work, permit("people.manage")]) -> Response:
    """Withdraw an invitation."""
    service.withdraw_invite(work, invite_id=invite_id)
    return back("/settings/people", "The invitation no longer works.")


@router.post("/settings/people/{person_id}/role")
def post_role(person_id: UUID, work: Annotated[Work, permit("people.manage")], *, role: Text) -> Response:
    """Give a person another role."""
    person = service.change_role(work, person_id=person_id, role=role)
    return back("/settings/people", f"{person.name} is now {doors.IN_WORDS[person.role]}.")


@router.post("/settings/people/{person_id}/disable")
def post_disable(person_id: UUID, work: Annotated[Work, permit("people.manage")]) -> Response:
    """Shut a person out."""
    person = service.disable(work, person_id=person_id)
    return back("/settings/people", f"{person.name} can no longer sign in.")


@router.post("/settings/people/{person_id}/enable")
def post_enable(person_id: UUID, work: Annotated[Work, permit("people.manage")]) -> Response:
    """Let a person in again."""
    person = service.enable(work, person_id=person_id)
    return back("/settings/people", f"{person.name} can sign in again.")


@router.get("/settings/keys")
def keys_page(request: Request, work: Annotated[Work, permit("keys.manage")]) -> Response:
    """The API keys."""
    return show_keys(request, work)


def show_keys(request: Request, work: Work, *, secret: str = "", error: str = "", status: int = 200) -> Response:
    """The keys; `secret` is that of a key just made, shown this once."""
    return show(
        request,
        "identity/settings_keys.html",
        status=status,
        keys=service.list_keys(work),
        roles=roles_for(request, current="analyst"),
        now=work.now,
        secret=secret,
        error=error,
    )


@router.post("/settings/keys")
def post_key(
    request: Request,
    work: Annotated[Work, permit("keys.manage")],
    *,
    label: Text = "",
    role: Text = "analyst",
    days: Annotated[int, Form()] = 365,
) -> Response:
    """Make a key; the page that answers shows its secret."""
    try:
        made = service.create_key(work, label=label, role=role, days=days or None)
    except (BadInputError, ForbiddenError) as error:
        return show_keys(request, work, error=error.message, status=error.status)
    return show_keys(request, work, secret=made.secret)


@router.post("/settings/keys/{key_id}/revoke")
def post_revoke(key_id: UUID, work: Annotated[Work, permit("keys.manage")]) -> Response:
    """End a key."""
    key = service.revoke_key(work, key_id=key_id)
    return back("/settings/keys", f"The key {key.label} no longer works.")
