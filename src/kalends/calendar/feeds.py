"""Private addresses under which other calendars subscribe to the master calendar.

Whoever has the address may read: it holds a token of 256 random bits, of which only the digest is kept. A feed ends
when it is revoked, when its person may no longer sign in, and it shows no more than that person may see.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import func, select, text, update

from kalends.base.errors import BadInputError, KalendsError, NotFoundError
from kalends.base.ids import new_id
from kalends.base.scope import Scope
from kalends.base.version import __version__
from kalends.base.work import House, Work
from kalends.calendar.calendars import definition_of, get_calendar
from kalends.calendar.definition import CalendarDefinition
from kalends.calendar.events import EventFields
from kalends.calendar.holidays import holidays_of
from kalends.calendar.icsout import IcsEntry, entry_of, ics_text
from kalends.calendar.models import Calendar, CalendarFeed, Event
from kalends.calendar.moments import occurrences
from kalends.calendar.occurrences import Status
from kalends.calendar.planning import list_occurrences
from kalends.identity.service import digest_of, looks_like_token, new_token, permissions_of, require

REFRESH: Final = timedelta(hours=1)
"""How often it is worth reading again; Google asks every few hours whatever it is told."""
FRESH_SECONDS: Final = 300
TOUCH_AFTER: Final = timedelta(minutes=1)
"""A feed's last use is written down no more often than this."""
YEARS_BACK, YEARS_AHEAD = 1, 2
MOST_FEEDS: Final = 100
"""Of one person: who needs more makes filters that nobody understands."""
FIND_FEED = text("SELECT * FROM find_feed(:digest)")


class FeedNotFoundError(NotFoundError):
    """There is no such feed."""

    code = "feed_not_found"


class FeedRevokedError(KalendsError):
    """This address was taken back; ask for a new one."""

    status = 410
    code = "feed_revoked"


class FeedError(BadInputError):
    """A feed cannot be made like that."""

    code = "bad_feed"


class FeedFilters(BaseModel):
    """What a feed shows; what is empty takes all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    types: tuple[str, ...] = Field(default=(), max_length=100)
    markets: tuple[str, ...] = Field(default=(), max_length=60)
    """An event for every market is in each of them."""
    statuses: tuple[Status, ...] = Field(default=(), max_length=3)
    has_moments: bool = False
    has_holidays: bool = False

    def takes(self, fields: EventFields) -> bool:
        """Whether an event belongs in."""
        return (
            (not self.types or fields.type in self.types)
            and (not self.statuses or fields.status in self.statuses)
            and (not self.markets or not fields.markets or bool(set(self.markets) & set(fields.markets)))
        )


@dataclass(frozen=True, slots=True)
class AddedFeed:
    """A feed just made; `token` is shown this once and stored nowhere."""

    feed: CalendarFeed
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class OpenFeed:
    """A feed by its address: whose it is."""

    feed_id: UUID
    scope: Scope


@dataclass(frozen=True, slots=True)
class FeedState:
    """Which version of the calendar a feed gives now; `tag` changes with anything that it shows."""

    tag: str
    changed_at: datetime


def add_feed(
    work: Work, *, label: str, filters: FeedFilters | None = None, calendar_id: UUID | None = None
) -> AddedFeed:
    """Make a private address of the calendar. Raises FeedError."""
    calendar, name = get_calendar(work, calendar_id=calendar_id), label.strip()
    if not 1 <= len(name) <= 100:
        raise FeedError("Give the address a name of 1 to 100 characters: where it is used.", field="label")
    if sum(feed.revoked_at is None for feed in _own(work)) >= MOST_FEEDS:
        raise FeedError(f"{MOST_FEEDS} addresses are in use; revoke one first.")
    token = new_token()
    feed = CalendarFeed(
        tenant_id=work.scope.tenant_id,
        id=new_id(),
        calendar_id=calendar.id,
        person_id=work.scope.person_id,
        secret_hash=token.digest,
        prefix=token.prefix,
        label=name,
        filters=(filters or FeedFilters()).model_dump(mode="json"),
        created_at=work.now,
    )
    work.session.add(feed)
    work.session.flush()
    work.audit("feed.add", subject_kind="calendar_feed", subject_id=feed.id, after=plain_feed(feed))
    return AddedFeed(feed, token.text)


def list_feeds(work: Work) -> Sequence[CalendarFeed]:
    """The caller's own feeds, newest first; who manages the workspace sees everybody's."""
    if "settings.manage" in permissions_of(work.scope.role):
        return work.session.scalars(select(CalendarFeed).order_by(CalendarFeed.id.desc())).all()
    return _own(work)


def _own(work: Work) -> Sequence[CalendarFeed]:
    mine = CalendarFeed.person_id == work.scope.person_id
    return work.session.scalars(select(CalendarFeed).where(mine).order_by(CalendarFeed.id.desc())).all()


def revoke_feed(work: Work, *, feed_id: UUID) -> CalendarFeed:
    """End a feed at once, for good. Raises FeedNotFoundError, also for somebody else's."""
    feed = next((feed for feed in list_feeds(work) if feed.id == feed_id), None)
    if feed is None:
        raise FeedNotFoundError(feed_id=str(feed_id))
    if feed.revoked_at is None:
        feed.revoked_at = work.now
        work.session.flush()
        work.audit("feed.revoke", subject_kind="calendar_feed", subject_id=feed.id, before=plain_feed(feed))
    return feed


def find_feed(house: House, *, token: str) -> OpenFeed:
    """The feed of that address. Raises FeedNotFoundError, FeedRevokedError, ForbiddenError."""
    if not looks_like_token(token):
        raise FeedNotFoundError
    with house.database.lookup() as session:
        row = session.execute(FIND_FEED, {"digest": digest_of(token)}).one_or_none()
    if row is None:
        raise FeedNotFoundError
    if row.revoked_at is not None:
        raise FeedRevokedError
    role = row.role or "viewer"
    require(role, "calendar.read")
    return OpenFeed(row.feed_id, Scope(tenant_id=row.tenant_id, role=role, person_id=row.person_id, label="feed"))


def open_feed(work: Work, *, feed_id: UUID) -> CalendarFeed:
    """The feed's row, its use noted."""
    feed = work.session.get_one(CalendarFeed, (work.scope.tenant_id, feed_id))
    if feed.last_used_at is None or work.now - feed.last_used_at >= TOUCH_AFTER:
        mine = update(CalendarFeed).where(CalendarFeed.id == feed_id)
        work.session.execute(mine.values(last_used_at=work.now))
    return feed


def window(today: date) -> tuple[date, date]:
    """The days that a feed spans, by whole months, so that it stays the same from day to day."""
    first = today.replace(day=1)
    return first.replace(year=first.year - YEARS_BACK), first.replace(year=first.year + YEARS_AHEAD)


def state_of(work: Work, feed: CalendarFeed) -> FeedState:
    """Which version the feed would give, without making it: every change of an event raises its version."""
    calendar = get_calendar(work, calendar_id=feed.calendar_id)
    query = select(func.count(), func.sum(Event.row_version), func.max(Event.updated_at)).where(
        Event.calendar_id == calendar.id
    )
    count, versions, changed = work.session.execute(query).one()
    parts = (
        feed.id,
        feed.filters,
        *window(work.now.date()),
        calendar.row_version,
        count,
        versions,
        changed,
        __version__,
    )
    tag = hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:32]
    return FeedState(f'"{tag}"', max(filter(None, (changed, calendar.updated_at, feed.created_at))))


def feed_text(work: Work, feed: CalendarFeed, *, site: str) -> bytes:
    """The feed's iCalendar file; `site`: the address of the pages that its events lead to."""
    calendar = get_calendar(work, calendar_id=feed.calendar_id)
    filters = FeedFilters.model_validate(feed.filters)
    first, last = window(work.now.date())
    found = list_occurrences(work, first=first, last=last, calendar_id=calendar.id)
    entries = [entry_of(event, each, site=site) for event, each in found if filters.takes(each.fields)]
    definition = definition_of(calendar)
    if filters.has_moments:
        entries += _moments(calendar, definition, filters, first, last)
    if filters.has_holidays:
        entries += _holidays(calendar, definition, filters, first, last)
    return ics_text(calendar.name, entries, refresh=REFRESH)


def _moments(
    calendar: Calendar, definition: CalendarDefinition, filters: FeedFilters, first: date, last: date
) -> Iterator[IcsEntry]:
    """The moments of the calendar's countries, or of the feed's."""
    countries = tuple(country for country in definition.countries if not filters.markets or country in filters.markets)
    for item in occurrences(
        countries=countries, first_year=first.year, last_year=last.year, without=definition.moments_off
    ):
        fields = EventFields(
            name=item.name,
            starts_on=item.first,
            ends_on=item.last,
            type="market_event",
            status="tentative" if item.certainty == "estimated" else "confirmed",
            markets=item.countries,
        )
        if fields.starts_on <= last and fields.ends_on >= first:
            places = "-".join(item.countries)
            yield IcsEntry(f"moment-{item.code}-{item.first}-{places}@kalends", fields, calendar.updated_at)


def _holidays(
    calendar: Calendar, definition: CalendarDefinition, filters: FeedFilters, first: date, last: date
) -> Iterator[IcsEntry]:
    """The public holidays of the calendar's markets, or of the feed's."""
    for market in definition.markets:
        if filters.markets and market.country not in filters.markets:
            continue
        place = "-".join(filter(None, (market.country, market.subdivision)))
        for row in holidays_of(market=market, first=first, last=last).iter_rows(named=True):
            status: Status = "tentative" if row["is_estimated"] else "confirmed"
            name = f"{row['name']} ({place})" if len(definition.markets) > 1 else row["name"]
            fields = EventFields(
                name=name[:300], starts_on=row["date"], ends_on=row["date"], type="holiday", status=status
            )
            yield IcsEntry(f"holiday-{place}-{row['date']}@kalends", fields, calendar.updated_at)


def plain_feed(feed: CalendarFeed) -> dict[str, Any]:
    """A feed as JSON values, without its address."""
    return {
        "id": str(feed.id),
        "calendar_id": str(feed.calendar_id),
        "person_id": str(feed.person_id) if feed.person_id else None,
        "label": feed.label,
        "prefix": feed.prefix,
        "filters": feed.filters,
        "created_at": feed.created_at.isoformat(),
        "last_used_at": feed.last_used_at.isoformat() if feed.last_used_at else None,
        "revoked_at": feed.revoked_at.isoformat() if feed.revoked_at else None,
    }
