"""The page of the company's own warehouse: where it is, which columns are what, what can be seen, what came."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from kalends.base.errors import BadInputError
from kalends.base.forms import SentForm
from kalends.base.pages import render
from kalends.base.work import Work
from kalends.identity.service import Door, door, permit, workspace
from kalends.messages.intake.fields import LABELS
from kalends.messages.pages.room import gone_to
from kalends.messages.source import sources
from kalends.messages.source.engines import ENGINES
from kalends.messages.source.looking import Look
from kalends.messages.source.mapping import USUAL

router = APIRouter(include_in_schema=False)

Manager = Annotated[Work, permit("settings.manage")]
Managing = Annotated[Door, door("settings.manage")]
PAGE: Final = "/messages-warehouse"


@router.get(PAGE)
def show_source(request: Request, work: Manager) -> Response:
    """The warehouse, or the form to connect one."""
    return _page(request, work)


def _page(
    request: Request,
    work: Work,
    *,
    told: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    look: Look | None = None,
) -> Response:
    try:
        now = sources.state(work)
    except sources.NoSourceError:
        now = None
    mapping = now.source.mapping if now else USUAL
    return render(
        request,
        "messages/source.html",
        status=422 if errors else 200,
        state=now,
        told=told or {"mapping": mapping, "is_daily": "yes" if now and now.source.is_daily else ""},
        errors=errors or {},
        look=look,
        engines=[one.example for one in ENGINES.values()],
        labels=LABELS,
        now=work.now,
        zone=workspace(work).zone,
    )


@router.post(PAGE)
def save(request: Request, work: Manager, sent: SentForm) -> Response:
    """Connect it, or change it."""
    told = {name: str(sent.get(name) or "") for name in ("url", "key", "mapping", "is_daily")}
    try:
        sources.connect(work, url=told["url"], key=told["key"], mapping=told["mapping"].replace("\r\n", "\n"),
                        is_daily=bool(told["is_daily"]))  # fmt: skip
    except BadInputError as error:
        # What is secret is not sent back, not even to whoever has just entered it.
        shown = told | {"url": "", "key": ""}
        return _page(request, work, told=shown, errors={error.details.get("field", "url"): error.message})
    return gone_to(PAGE, "Connected. Test it, and see what will be read.")


@router.post(f"{PAGE}/test")
def test(request: Request, caller: Managing) -> Response:
    """Go there now."""
    look = sources.test(caller)
    with caller.work() as work:
        return _page(request, work, look=look)


@router.post(f"{PAGE}/read")
def read(work: Manager, sent: SentForm) -> Response:
    """Bring in what is new, or all of it."""
    (sources.read_whole if sent.get("is_whole") else sources.start)(work)
    return gone_to(PAGE, "It is being read; what comes stands below, and on the page of imports.")


@router.post(f"{PAGE}/remove")
def remove(work: Manager) -> Response:
    """Forget it."""
    sources.remove(work)
    return gone_to(PAGE, "Its address and key are forgotten. What it brought stays.")
