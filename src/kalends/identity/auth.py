"""The HTTP edge: who calls, whether they may, and the one transaction in which the endpoint works.

    def days(work: Annotated[Work, permit("calendar.read")]) -> Days: ...

The signature is the policy. An endpoint that declares neither `permit(...)` nor `public(...)` fails a test.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import quote, urlsplit

from fastapi import Depends, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from kalends.base.errors import ForbiddenError
from kalends.base.scope import Scope
from kalends.base.usage import Call, room_of
from kalends.base.work import House, Work
from kalends.identity.callers import Caller, NotSignedInError, caller_of_bearer, caller_of_session
from kalends.identity.chrome import chrome_for
from kalends.identity.csrf import SAFE_METHODS, hosts_of, presented_token, require_same_site, require_token
from kalends.identity.ownertoken import is_owner_token
from kalends.identity.permissions import Permission, permissions_of, require
from kalends.identity.sessions import COOKIE

TENANT_HEADER: Final = "x-kalends-tenant"

AT_ONCE: Final = 16
"""Requests that may hold a transaction at once. Below the pool's 20 connections: were every worker thread to wait for a
connection, those who hold one would find no thread to finish on."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What an endpoint declared: a permission, or why it needs none."""

    permission: str | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Permitted:
    """Who was let in, for `request.state.permitted`."""

    caller: Caller
    permissions: frozenset[str]

    def may(self, permission: str) -> bool:
        """Whether to show what needs `permission`."""
        return permission in self.permissions


async def one_of_few() -> AsyncIterator[None]:
    """A place among those who may hold a transaction."""
    yield


Place = Depends(one_of_few, scope="function", max_concurrency=AT_ONCE)


def permit(permission: Permission) -> Any:
    """A dependency that gives the endpoint its `Work`, if the caller holds `permission`.

    The transaction commits after the endpoint returns and before the answer is sent, so nobody is told of something
    that was not kept. Raises NotSignedInError (401), ForbiddenError or ForgedRequestError (403).
    """

    def open_work(
        request: Request,
        token: Annotated[str | None, Depends(presented_token)],
        _place: Annotated[None, Place],
    ) -> Iterator[Work]:
        house: House = request.app.state.house
        caller = admit(request, house, token=token, permission=permission)
        with house.work(caller.scope) as work:
            if wants_page(request):
                request.state.chrome = chrome_for(work, caller)
            yield work

    return Depends(_declare(open_work, Policy(permission=permission)), scope="function")


def admit(request: Request, house: House, *, token: str | None, permission: Permission) -> Caller:
    """The caller, if signed in, not forged, and allowed; raises as `permit` says."""
    caller = identify(request, house)
    if caller.csrf is not None and request.method not in SAFE_METHODS:
        require_same_site(request.headers, hosts=hosts_of(request, public_url=house.settings.public_url))
        require_token(token, expected=caller.csrf)
    require(caller.role, permission)
    request.state.permitted = Permitted(caller=caller, permissions=permissions_of(caller.role))
    room = room_of(getattr(request.scope.get("endpoint"), "__module__", ""))
    house.usage.count(Call(caller.tenant_id, house.clock().date(), caller.scope.label, room))
    return caller


@dataclass(frozen=True, slots=True)
class Door:
    """An admitted caller who opens transactions as needed: for an endpoint that takes long over a body, or waits."""

    house: House
    scope: Scope
    is_local: bool
    """Whether the caller holds this machine's owner token."""

    @contextmanager
    def work(self) -> Iterator[Work]:
        """One transaction of the caller."""
        with self.house.work(self.scope) as work:
            yield work

    def require_local(self) -> None:
        """Go on only for the operator of this machine. Raises ForbiddenError."""
        if not self.is_local:
            raise ForbiddenError("Only commands on the server's own machine may do this.")


def door(permission: Permission) -> Any:
    """A dependency that gives the endpoint a `Door`, if the caller holds `permission`."""

    def open_door(request: Request, token: Annotated[str | None, Depends(presented_token)]) -> Door:
        house: House = request.app.state.house
        caller = admit(request, house, token=token, permission=permission)
        if wants_page(request):
            with house.work(caller.scope) as work:
                request.state.chrome = chrome_for(work, caller)
        return Door(house=house, scope=caller.scope, is_local=caller.via == "owner")

    return Depends(_declare(open_door, Policy(permission=permission)))


def public(reason: str) -> Any:
    """A dependency that says why an endpoint may be called by anybody."""

    def open_to_all() -> None:
        return None

    return Depends(_declare(open_to_all, Policy(permission=None, reason=reason)))


def local_owner_only(request: Request) -> None:
    """Let only the holder of the local owner token in, also before there is any tenant. Raises NotSignedInError."""
    house: House = request.app.state.house
    if not is_owner_token(house.settings, bearer_of(request) or ""):
        raise NotSignedInError


def operator() -> Any:
    """A dependency for what only the operator of this machine may do."""
    return Depends(_declare(local_owner_only, Policy(permission="operator")))


def _declare(dependency: Callable[..., Any], policy: Policy) -> Callable[..., Any]:
    dependency.policy = policy  # type: ignore[attr-defined]
    return dependency


def policies_of(dependant: Any) -> list[Policy]:
    """The policies that a route declares: `dependant` is FastAPI's own tree of its dependencies."""
    own = getattr(dependant.call, "policy", None)
    below = [policy for one in dependant.dependencies for policy in policies_of(one)]
    return [own, *below] if own else below


def identify(request: Request, house: House) -> Caller:
    """The caller by bearer token or session cookie; a bearer that is wrong is not saved by a cookie."""
    bearer = bearer_of(request)
    if bearer is not None:
        return caller_of_bearer(house, bearer, tenant=request.headers.get(TENANT_HEADER))
    cookie = request.cookies.get(COOKIE)
    if cookie is None:
        raise NotSignedInError
    return caller_of_session(house, cookie)


def bearer_of(request: Request) -> str | None:
    """The token of `Authorization: Bearer ...` (RFC 6750); None without that header."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else None


def wants_page(request: Request) -> bool:
    """Whether a person's browser asked, rather than a program."""
    accepts = request.headers.get("accept", "")
    asks = "text/html" in accepts or request.headers.get("hx-request") == "true"
    return asks and not request.url.path.startswith("/api/")


def answer_not_signed_in(request: Request, error: Exception) -> Response:
    """401 for programs; people are led to the sign-in and back to where they wanted to go."""
    assert isinstance(error, NotSignedInError)
    if not wants_page(request):
        problem = JSONResponse(error.problem(), status_code=error.status, media_type="application/problem+json")
        problem.headers["WWW-Authenticate"] = "Bearer"
        return problem
    if request.headers.get("hx-request") == "true":
        here = urlsplit(request.headers.get("hx-current-url", "/"))
        return Response(status_code=204, headers={"HX-Redirect": sign_in_path(here.path)})
    wanted = request.url.path if request.method in SAFE_METHODS else "/"
    query = f"?{request.url.query}" if request.url.query and request.method in SAFE_METHODS else ""
    return RedirectResponse(sign_in_path(wanted + query), status_code=303)


def sign_in_path(wanted: str) -> str:
    """The sign-in that leads on to `wanted`."""
    return "/sign-in" if wanted == "/" else f"/sign-in?next={quote(wanted, safe='')}"


def safe_next(wanted: str | None) -> str:
    """`wanted` if it is a path on this site, else Home: a link must not lead from our sign-in to somebody else's."""
    if not wanted or not wanted.startswith("/") or wanted[1:2] in {"/", "\\"} or not wanted.isprintable():
        return "/"
    return wanted
