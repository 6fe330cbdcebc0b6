"""The inbox: what waits for a person inside Kalends."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy import func, select, update

from kalends.base.errors import NotFoundError
from kalends.base.ids import new_id
from kalends.base.work import Work
from kalends.identity.service import list_people, rank
from kalends.notify.models import InboxEntry

SHOWN: Final = 100
"""Entries on the page; whoever has more unread ones does not read them one by one."""


class NoSuchEntryError(NotFoundError):
    """There is no such message in your inbox."""

    code = "no_such_entry"


def tell_person(work: Work, *, person_id: UUID, kind: str, title: str, body: str = "", href: str = "") -> InboxEntry:
    """Put a message into one person's inbox. `kind` names what it is about (`batch.failed`); `href` is our own path."""
    entry = InboxEntry(
        tenant_id=work.scope.tenant_id,
        id=new_id(),
        person_id=person_id,
        kind=kind,
        title=title,
        body=body,
        href=href,
        created_at=work.now,
        read_at=None,
    )
    work.session.add(entry)
    work.session.flush()
    return entry


def tell_admins(
    work: Work, *, kind: str, title: str, body: str = "", href: str = "", also: UUID | None = None
) -> list[InboxEntry]:
    """Put a message into the inbox of everybody who manages this workspace, and of the person `also`."""
    return [
        tell_person(work, person_id=person.id, kind=kind, title=title, body=body, href=href)
        for person in list_people(work)
        if person.disabled_at is None and (rank(person.role) >= rank("admin") or person.id == also)
    ]


def inbox(work: Work) -> list[InboxEntry]:
    """The caller's own messages, unread first, newest first; none for a program without a person."""
    own = select(InboxEntry).where(InboxEntry.person_id == work.scope.person_id)
    return list(work.session.scalars(own.order_by(InboxEntry.read_at.is_not(None), InboxEntry.id.desc()).limit(SHOWN)))


def count_unread(work: Work) -> int:
    """How many messages wait for the caller."""
    unread = select(func.count()).where(InboxEntry.person_id == work.scope.person_id, InboxEntry.read_at.is_(None))
    return work.session.scalar(unread) or 0


def mark_read(work: Work, *, entry_id: UUID) -> InboxEntry:
    """Note that the caller has read it. Raises NoSuchEntryError, also for somebody else's."""
    entry = work.session.get(InboxEntry, (work.scope.tenant_id, entry_id))
    if entry is None or entry.person_id != work.scope.person_id:
        raise NoSuchEntryError
    entry.read_at = entry.read_at or work.now
    return entry


def mark_all_read(work: Work) -> None:
    """Note that the caller has read everything."""
    work.session.execute(
        update(InboxEntry)
        .where(InboxEntry.person_id == work.scope.person_id, InboxEntry.read_at.is_(None))
        .values(read_at=work.now)
    )
