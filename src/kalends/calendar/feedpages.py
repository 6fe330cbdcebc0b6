"""Subscribing: the page where private addresses are made, and the addresses themselves."""

from __future__ import annotations

from email.utils import format_datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from kalends.base.errors import KalendsError
from kalends.base.pages import flash, render
from kalends.base.work import House, Work
from kalends.calendar import conflicts, feeds
from kalends.calendar.api.feeds import site_of
from kalends.calendar.calendars import definition_of, get_calendar
from kalends.calendar.events import EVENT_TYPES
from kalends.calendar.icsout import MEDIA_TYPE
from kalends.calendar.occurrences import Status
from kalends.identity.service import permit, public

router = APIRouter(include_in_schema=False)

Reader = Annotated[Work, permit("calendar.read")]
Chosen = Annotated[list[str] | None, Form()]
STATUSES = {"confirmed": "Confirmed", "tentative": "Tentative", "cancelled": "Cancelled"}


@router.api_route("/feeds/{token}.ics", methods=["GET", "HEAD"], dependencies=[public("proves a secret address")])
def read_feed(request: Request, token: str) -> Response:
    """The calendar, for a program that subscribes; only if it changed since the version that it knows."""
    house: House = request.app.state.house
    found = feeds.find_feed(house, token=token)
    with house.work(found.scope) as work:
        feed = feeds.open_feed(work, feed_id=found.feed_id)
        state = feeds.state_of(work, feed)
        headers = {
            "ETag": state.tag,
            "Last-Modified": format_datetime(state.changed_at, usegmt=True),
            "Cache-Control": f"private, max-age={feeds.FRESH_SECONDS}",
            "Content-Disposition": 'inline; filename="calendar.ics"',
            "X-Robots-Tag": "noindex",
        }
        if _knows(request.headers.get("if-none-match", ""), state.tag):
            return Response(status_code=304, headers=headers)
        content = feeds.feed_text(work, feed, site=site_of(request))
    return Response(content, media_type=MEDIA_TYPE, headers=headers)


def _knows(said: str, tag: str) -> bool:
    """Whether If-None-Match names the tag (RFC 9110, 13.1.2: compared weakly)."""
    return said.strip() == "*" or tag in {part.strip().removeprefix("W/") for part in said.split(",")}


@router.get("/calendar-feeds")
def show_feeds(request: Request, work: Reader) -> Response:
    """The private addresses, and how to make one."""
    return _page(request, work)


@router.post("/calendar-feeds")
def make_feed(
    request: Request,
    work: Reader,
    label: Annotated[str, Form(max_length=1_000)] = "",
    types: Chosen = None,
    markets: Chosen = None,
    statuses: Annotated[list[Status] | None, Form()] = None,
    extras: Chosen = None,
) -> Response:
    """Make a private address; the page that answers shows it, this once."""
    filters = feeds.FeedFilters(
        types=tuple(types or ()),
        markets=tuple(markets or ()),
        statuses=tuple(statuses or ()),
        has_moments="moments" in (extras or ()),
        has_holidays="holidays" in (extras or ()),
    )
    try:
        made = feeds.add_feed(work, label=label, filters=filters)
    except KalendsError as error:
        return _page(request, work, error=error.message, status=error.status)
    return _page(request, work, address=f"{site_of(request)}/feeds/{made.token}.ics")


def _page(request: Request, work: Work, *, address: str = "", error: str = "", status: int = 200) -> Response:
    own = request.state.permitted.caller.person_id
    return render(
        request,
        "calendar/feeds.html",
        status=status,
        feeds=feeds.list_feeds(work),
        own=own,
        address=address,
        error=error,
        counts=conflicts.count_conflicts(work),
        types=EVENT_TYPES,
        markets=definition_of(get_calendar(work)).countries,
        statuses=STATUSES,
        now=work.now,
    )


@router.post("/calendar-feeds/{feed_id}/revoke")
def revoke_feed(work: Reader, feed_id: UUID) -> Response:
    """Take an address back."""
    feed = feeds.revoke_feed(work, feed_id=feed_id)
    answer = RedirectResponse("/calendar-feeds", status_code=303)
    flash(answer, text=f"The address “{feed.label}” no longer works.")
    return answer
