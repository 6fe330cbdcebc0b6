"""Private addresses of the calendar over HTTP: make one, list them, take one back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from kalends.base.work import Work
from kalends.calendar import feeds
from kalends.identity.service import permit

router = APIRouter()

Reader = Annotated[Work, permit("calendar.read")]


class FeedIn(BaseModel):
    """A new private address: where it is used, and what it shows."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    label: str = Field(min_length=1, max_length=100)
    filters: feeds.FeedFilters = feeds.FeedFilters()
    calendar_id: UUID | None = None


class FeedOut(BaseModel):
    """A private address, without its secret; `prefix` begins it."""

    id: UUID
    calendar_id: UUID
    person_id: UUID | None
    label: str
    prefix: str
    filters: feeds.FeedFilters
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class NewFeedOut(FeedOut):
    """A private address just made; `address` is shown this once."""

    address: str


class FeedsOut(BaseModel):
    """Private addresses, newest first."""

    feeds: list[FeedOut]


def site_of(request: Request) -> str:
    """The address that people reach this server at."""
    return (request.app.state.house.settings.public_url or str(request.base_url)).rstrip("/")


@router.get("/calendar/feeds")
def read_feeds(work: Reader) -> FeedsOut:
    """The caller's private addresses; who manages the workspace sees everybody's."""
    return FeedsOut(feeds=[FeedOut.model_validate(feeds.plain_feed(feed)) for feed in feeds.list_feeds(work)])


@router.post("/calendar/feeds", status_code=201)
def post_feed(request: Request, work: Reader, body: FeedIn) -> NewFeedOut:
    """Make a private address under which any calendar program can subscribe; it is shown this once."""
    made = feeds.add_feed(work, label=body.label, filters=body.filters, calendar_id=body.calendar_id)
    address = f"{site_of(request)}/feeds/{made.token}.ics"
    return NewFeedOut.model_validate(feeds.plain_feed(made.feed) | {"address": address})


@router.delete("/calendar/feeds/{feed_id}")
def delete_feed(work: Reader, feed_id: UUID) -> FeedOut:
    """Take an address back: whoever reads it is told that it is gone."""
    return FeedOut.model_validate(feeds.plain_feed(feeds.revoke_feed(work, feed_id=feed_id)))
