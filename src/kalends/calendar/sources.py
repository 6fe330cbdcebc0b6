"""Calendar sources: each calendar as somebody keeps it, a file that is sent again or an address that is read again.

What is read from them: `sourcereading`; when an address is read: `sourcevisits`; what becomes of it: `consolidating`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, update

from kalends.base.errors import ConflictError, NotFoundError
from kalends.base.ids import new_id
from kalends.base.outside import inner_allowed
from kalends.base.work import House, Work
from kalends.calendar.calendars import get_calendar
from kalends.calendar.errors import EventChangedError, EventError
from kalends.calendar.events import MANUAL
from kalends.calendar.fetching import clean_address, host_of
from kalends.calendar.models import CalendarSource, StoredEntry
from kalends.calendar.reading.dates import DayOrder
from kalends.calendar.weighing import consolidate_soon, weigh_anew

PURPOSE: Final = "calendar_addresses"
RESERVED: Final = frozenset({MANUAL, "master", "person", "wording"})
FIRST_PRIORITY: Final = 100
FASTEST, SLOWEST = 15, 24 * 60
"""Minutes: nobody's calendar changes faster, and one that is never read is forgotten."""


class SourceNotFoundError(NotFoundError):
    """There is no such calendar source."""

    code = "source_not_found"


class SourceChangedError(EventChangedError):
    """Somebody else changed this source in the meantime; look at it and try again."""

    code = "source_changed"


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """How a source is read: corrections of guessed columns, the order of day and month, the zone of its times."""

    columns: Mapping[str, str | None]
    day_order: DayOrder | None = None
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class SourceChange:
    """What to change about a source; None leaves it. `read_every`: minutes, 0 for as the calendar itself asks."""

    label: str | None = None
    priority: int | None = None
    markets: Sequence[str] | None = None
    settings: SourceSettings | None = None
    address: str | None = None
    read_every: int | None = None


def slug(label: str) -> str:
    """A label as a name: lower case letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", label.casefold()).strip("-")[:60] or "calendar"


def list_sources(work: Work, *, calendar_id: UUID | None = None) -> Sequence[CalendarSource]:
    """The calendar's sources in their order."""
    calendar = get_calendar(work, calendar_id=calendar_id)
    query = select(CalendarSource).where(CalendarSource.calendar_id == calendar.id, CalendarSource.removed_at.is_(None))
    return work.session.scalars(query.order_by(CalendarSource.priority, CalendarSource.name)).all()


def get_source(work: Work, *, source_id: UUID, for_update: bool = False) -> CalendarSource:
    """One source; `for_update`: nobody else changes it before this transaction ends. Raises SourceNotFoundError."""
    key = (work.scope.tenant_id, source_id)
    found = work.session.get(CalendarSource, key, with_for_update=for_update)
    if found is None or found.removed_at is not None:
        raise SourceNotFoundError(source_id=str(source_id))
    return found


def add_source(
    work: Work,
    *,
    label: str,
    address: str | None = None,
    priority: int = FIRST_PRIORITY,
    markets: Sequence[str] = (),
    settings: SourceSettings | None = None,
    read_every: int = 0,
    calendar_id: UUID | None = None,
) -> CalendarSource:
    """Make a source without entries: one whose files are sent, or with an `address` one that is read by itself.

    Raises ConflictError if there is one of that name, BadAddressError.
    """
    calendar = get_calendar(work, calendar_id=calendar_id)
    source = CalendarSource(
        tenant_id=work.scope.tenant_id,
        id=new_id(),
        calendar_id=calendar.id,
        name=_free_name(work, label, calendar.id),
        label=label.strip(),
        kind="file" if address is None else "address",
        priority=priority,
        markets=list(markets),
        settings=asdict(settings) if settings else {},
        read_every=_minutes(read_every),
        row_version=1,
        created_at=work.now,
        updated_at=work.now,
    )
    if address is not None:
        _put_address(work, source, address)
    work.session.add(source)
    work.session.flush()
    work.audit("source.add", subject_kind="calendar_source", subject_id=source.id, after=plain_source(source))
    return source


def _free_name(work: Work, label: str, calendar_id: UUID) -> str:
    name = slug(label)
    if name in RESERVED:
        raise EventError(f"A source cannot be called {label!r}: Kalends uses that name itself.", where="label")
    if any(source.name == name for source in list_sources(work, calendar_id=calendar_id)):
        raise ConflictError(f"There is a source called {name!r} already.", name=name)
    return name


def change_source(
    work: Work, *, source_id: UUID, change: SourceChange, row_version: int | None = None
) -> CalendarSource:
    """Change how a source is called, weighed and read; its name, by which events know it, stays.

    A new way of reading holds from its next reading on. Raises SourceChangedError, BadAddressError.
    """
    source = get_source(work, source_id=source_id, for_update=True)
    if row_version is not None and source.row_version != row_version:
        raise SourceChangedError(row_version=source.row_version)
    before, weighed = plain_source(source), (source.priority, source.markets)
    source.label = change.label.strip() if change.label else source.label
    source.priority = source.priority if change.priority is None else change.priority
    source.markets = source.markets if change.markets is None else list(change.markets)
    source.read_every = source.read_every if change.read_every is None else _minutes(change.read_every)
    if change.address is not None:
        _put_address(work, source, change.address)
    if change.settings is not None and asdict(change.settings) != source.settings:
        source.settings = asdict(change.settings)
        _read_anew(work, source)
    if plain_source(source) == before and change.address is None:
        return source
    if (source.priority, source.markets) != weighed:
        weigh_anew(work, calendar_id=source.calendar_id, which=StoredEntry.source_id == source.id)
    source.row_version, source.updated_at = source.row_version + 1, work.now
    work.session.flush()
    after = plain_source(source)
    work.audit("source.change", subject_kind="calendar_source", subject_id=source.id, before=before, after=after)
    return source


def _minutes(wanted: int) -> int | None:
    """Between FASTEST and SLOWEST; None for 0."""
    return min(max(wanted, FASTEST), SLOWEST) if wanted else None


def _put_address(work: Work, source: CalendarSource, text: str) -> None:
    """Keep the address, sealed; it is due at once. Raises BadAddressError, EventError for a source of files."""
    if source.kind != "address":
        raise EventError(
            "This source is no address: its files are sent. Add the address as a new one.", where="address"
        )
    address = clean_address(text, http_allowed=inner_allowed(work.house.settings))
    keys, mine = work.house.keys, source.id.bytes
    source.sealed_address = keys.seal(source.tenant_id, PURPOSE, address.encode(), mine)
    source.address_host = host_of(address)
    source.failures, source.problem = 0, None
    _read_anew(work, source)


def _read_anew(work: Work, source: CalendarSource) -> None:
    """What was read before is no longer how it is read: ask for all of it, at once."""
    if source.kind == "address":
        source.etag = source.modified = None
        source.next_read_at = work.now


def address_of(house: House, source: CalendarSource) -> str:
    """The address itself: for the call, and for nothing else."""
    if source.sealed_address is None:
        raise EventError("This source has no address: its files are sent.")
    return house.keys.open_sealed(source.tenant_id, PURPOSE, source.sealed_address, source.id.bytes).decode()


def remove_source(work: Work, *, source_id: UUID) -> None:
    """Take a source off the calendar: its entries go, events that only it named too, in the next consolidation."""
    source = get_source(work, source_id=source_id)
    before = plain_source(source)
    work.session.execute(
        update(StoredEntry).where(StoredEntry.source_id == source.id).values(is_gone=True, is_pending=True)
    )
    source.removed_at = work.now
    source.sealed_address = source.next_read_at = None
    work.audit("source.remove", subject_kind="calendar_source", subject_id=source.id, before=before)
    consolidate_soon(work, calendar_id=source.calendar_id)


def plain_source(source: CalendarSource) -> dict[str, Any]:
    """A source as JSON values; of its address only the host."""
    return {
        "id": str(source.id),
        "calendar_id": str(source.calendar_id),
        "name": source.name,
        "label": source.label,
        "kind": source.kind,
        "address_host": source.address_host,
        "read_every": source.read_every,
        "priority": source.priority,
        "markets": source.markets,
        "settings": source.settings,
        "quality": source.quality,
        "read_at": source.read_at.isoformat() if source.read_at else None,
        "next_read_at": source.next_read_at.isoformat() if source.next_read_at else None,
        "problem": source.problem,
        "row_version": source.row_version,
    }
