"""Cross-site request forgery: a browser sends its cookie along whoever asks it to, so a cookie alone proves no intent.

Two proofs are asked of every request that changes something: the browser's own word that it comes from our pages
(Fetch Metadata, Origin), and the session's token, which another site cannot read (OWASP's synchronizer token).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from fastapi import Request

from kalends.base.errors import ForbiddenError
from kalends.base.forms import sent_form
from kalends.identity.sessions import COOKIE
from kalends.identity.tokens import same

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
HEADER, FIELD = "x-csrf-token", "csrf_token"
FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")


class ForgedRequestError(ForbiddenError):
    """This request did not come from a page of Kalends; load the page anew and try again."""

    code = "forged_request"


def require_same_site(headers: Mapping[str, str], *, hosts: frozenset[str]) -> None:
    """Raises ForgedRequestError if the browser says that another site asked. `hosts`: what we are called."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site not in {None, "same-origin", "none"}:
        raise ForgedRequestError
    if origin is not None and urlsplit(origin).netloc.lower() not in hosts:
        raise ForgedRequestError


def require_token(presented: str | None, *, expected: str) -> None:
    """Raises ForgedRequestError unless the request carries the session's token."""
    if presented is None or not same(presented, expected):
        raise ForgedRequestError


def hosts_of(request: Request, *, public_url: str | None) -> frozenset[str]:
    """The names under which this server was called or wants to be called, with their ports."""
    named = {request.headers.get("host", ""), urlsplit(public_url or "").netloc}
    return frozenset(name.lower() for name in named if name)


async def presented_token(request: Request) -> str | None:
    """The token from the header, or from the form where a page without scripts sent one."""
    header = request.headers.get(HEADER)
    if header or request.method in SAFE_METHODS or COOKIE not in request.cookies:
        return header
    if not request.headers.get("content-type", "").startswith(FORMS):
        return None
    field = (await sent_form(request)).get(FIELD)
    return field if isinstance(field, str) else None
