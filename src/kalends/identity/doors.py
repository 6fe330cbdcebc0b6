"""Pages before somebody is signed in: sign-in, first start, invitation. Public: each proves its caller by a secret."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from kalends.base.errors import BadInputError
from kalends.base.pages import render
from kalends.base.work import House
from kalends.identity.attempts import TooManyAttemptsError
from kalends.identity.auth import public, safe_next
from kalends.identity.csrf import hosts_of, require_same_site
from kalends.identity.invites import OpenInvite, SpentInviteError, accept_invite, find_invite
from kalends.identity.passwords import WeakPasswordError
from kalends.identity.people import BadEmailError
from kalends.identity.sessions import COOKIE, OpenedSession, end_session_with
from kalends.identity.signin import WrongSignInError, sign_in
from kalends.identity.tenants import BadWorkspaceError

router = APIRouter(include_in_schema=False)

# Browsers keep a cookie for 400 days at most (RFC 6265bis); how long it opens anything is the session's own business.
COOKIE_SECONDS = 400 * 24 * 3600

Text = Annotated[str, Form(max_length=1000)]

FIELDS: dict[type[BadInputError], str] = {
    WeakPasswordError: "password",
    BadEmailError: "email",
    BadWorkspaceError: "company",
}
"""Under which field an error is shown."""

IN_WORDS = {
    "viewer": "a viewer",
    "analyst": "an analyst",
    "worker": "a service",
    "editor": "an editor",
    "admin": "an administrator",
    "owner": "an owner",
}


def house_of(request: Request) -> House:
    """The house behind this request."""
    house: House = request.app.state.house
    return house


def require_our_form(request: Request) -> None:
    """No session means no token yet, so the browser's own word must do: it keeps others from signing people in."""
    hosts = hosts_of(request, public_url=house_of(request).settings.public_url)
    require_same_site(request.headers, hosts=hosts)


def let_in(request: Request, session: OpenedSession, *, to: str) -> Response:
    """Go on to `to` with the new session's cookie; the session that the browser had before ends."""
    end_session_with(house_of(request), secret=request.cookies.get(COOKIE))
    answer = RedirectResponse(to, status_code=303)
    answer.set_cookie(
        COOKIE,
        session.secret,
        max_age=COOKIE_SECONDS,
        path="/",
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return answer


@router.get("/sign-in", dependencies=[public("nobody has signed in yet")])
def sign_in_page(request: Request, next: str = "/") -> Response:  # noqa: A002  the name in the address
    """The sign-in form."""
    return render(request, "identity/sign_in.html", email="", error="", next=safe_next(next))


@router.post("/sign-in", dependencies=[public("proves e-mail and password")])
def post_sign_in(request: Request, email: Text = "", password: Text = "", next: Text = "/") -> Response:  # noqa: A002
    """Sign in and go on."""
    require_our_form(request)
    address = request.client.host if request.client else "local"
    try:
        signed_in = sign_in(house_of(request), email=email, password=password, address=address)
    except (WrongSignInError, TooManyAttemptsError) as error:
        shown = {"email": email, "error": error.message, "next": safe_next(next)}
        return render(request, "identity/sign_in.html", status=error.status, **shown)
    return let_in(request, signed_in.session, to=safe_next(next))


@router.get("/start/{secret}", dependencies=[public("proves a one-time link")])
def first_start_page(request: Request, secret: str) -> Response:
    """Where the first start's link leads."""
    if opened(request, secret, is_start=True) is None:
        return spent(request, "Start Kalends again: until there is an owner, every start prints a new link.")
    return render(request, "identity/first_start.html", token=secret, values={}, errors={})


@router.post("/first-start", dependencies=[public("proves a one-time link")])
def post_first_start(
    request: Request, token: Text = "", name: Text = "", email: Text = "", company: Text = "", password: Text = ""
) -> Response:
    """Become the owner."""
    require_our_form(request)
    if opened(request, token, is_start=True) is None:
        return spent(request, "Start Kalends again: until there is an owner, every start prints a new link.")
    values = {"name": name, "email": email, "company": company}
    try:
        signed_in = accept_invite(
            house_of(request),
            secret=token,
            name=name,
            email=email,
            password=password,
            workspace_as={"name": company},
        )
    except tuple(FIELDS) as error:
        shown = {"token": token, "values": values, "errors": {FIELDS[type(error)]: error.message}}
        return render(request, "identity/first_start.html", status=error.status, **shown)
    return let_in(request, signed_in.session, to="/")


@router.get("/invite/{secret}", dependencies=[public("proves a one-time link")])
def invite_page(request: Request, secret: str) -> Response:
    """Where an invitation's link leads."""
    found = opened(request, secret, is_start=False)
    if found is None:
        return spent(request, "Ask whoever invited you for a new one.")
    return invite_form(request, found, token=secret, name="", errors={})


@router.post("/invite", dependencies=[public("proves a one-time link")])
def post_invite(request: Request, token: Text = "", name: Text = "", password: Text = "") -> Response:
    """Join."""
    require_our_form(request)
    found = opened(request, token, is_start=False)
    if found is None:
        return spent(request, "Ask whoever invited you for a new one.")
    try:
        signed_in = accept_invite(house_of(request), secret=token, name=name, password=password)
    except WeakPasswordError as error:
        errors = {"password": error.message}
        return invite_form(request, found, token=token, name=name, errors=errors, status=error.status)
    return let_in(request, signed_in.session, to="/")


def opened(request: Request, secret: str, *, is_start: bool) -> OpenInvite | None:
    """What the link opens; None for one that is spent, unknown, or of the other kind."""
    try:
        found = find_invite(house_of(request), secret=secret)
    except SpentInviteError:
        return None
    return found if (found.email is None) == is_start else None


def invite_form(
    request: Request, found: OpenInvite, *, token: str, name: str, errors: dict[str, str], status: int = 200
) -> Response:
    """The form by which somebody joins."""
    return render(
        request,
        "identity/accept_invite.html",
        status=status,
        token=token,
        company=found.tenant_name,
        inviter=found.inviter,
        role=IN_WORDS[found.role],
        email=found.email,
        values={"name": name},
        errors=errors,
    )


def spent(request: Request, words: str) -> Response:
    """The page for a link that opens nothing."""
    return render(request, "identity/link_spent.html", status=SpentInviteError.status, words=words)
