"""The inbox page, and its number on every page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from kalends.base.pages import register_room, render
from kalends.base.work import Work
from kalends.identity.service import decorate_pages, permit, safe_next
from kalends.notify import service

register_room(
    name="notify", templates=Path(__file__).parent / "templates", label="Inbox", href="/inbox", icon="bell", order=75
)

router = APIRouter(include_in_schema=False)


@decorate_pages
def badge(work: Work) -> Mapping[str, Any]:
    """How many messages wait for the reader."""
    return {"badges": {"notify": service.count_unread(work)}}


@router.get("/inbox")
def inbox_page(request: Request, work: Annotated[Work, permit("me")]) -> Response:
    """My messages."""
    return render(request, "notify/inbox.html", entries=service.inbox(work), now=work.now)


@router.post("/inbox/read")
def post_read_all(work: Annotated[Work, permit("me")]) -> Response:
    """I have read everything."""
    service.mark_all_read(work)
    return RedirectResponse("/inbox", status_code=303)


@router.post("/inbox/{entry_id}/read")
def post_read(entry_id: UUID, work: Annotated[Work, permit("me")]) -> Response:
    """Read one, and go to where to act on it."""
    entry = service.mark_read(work, entry_id=entry_id)
    return RedirectResponse(safe_next(entry.href) if entry.href else "/inbox", status_code=303)
