"""A caption is reserved for a page and a span of time, in the transaction that stores the schedule.

An exclusion constraint decides: two reservations of a caption in one lane whose spans touch cannot both be written. All
rows go in by one statement in one order, so that two planners who want the same captions wait for each other in the
same direction; `ON CONFLICT DO NOTHING` waits for whoever was first and then leaves the row out. A lane is the page's
number, or 0 where a shared caption is closed to all other pages, too.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, DateTime, Uuid, bindparam, text, update

from kalends.base.errors import ConflictError
from kalends.base.ids import new_id
from kalends.base.work import Work
from kalends.messages.models import CaptionLock

ALL_PAGES: Final = 0
LEAST: Final = timedelta(minutes=1)
"""Of a lock: a span without length would exclude nobody."""

RESERVE: Final = text(
    "INSERT INTO caption_locks (tenant_id, id, schedule_id, page_id, caption_id, lane, lock_no, during)"
    " SELECT :tenant, u.id, :schedule, :page, u.caption, u.lane, u.lock_no, tstzrange(u.from_at, u.until_at)"
    " FROM unnest(:ids, :captions, :lanes, :lock_nos, :froms, :untils)"
    " AS u(id, caption, lane, lock_no, from_at, until_at) ORDER BY u.lane, u.lock_no, u.from_at"
    " ON CONFLICT DO NOTHING RETURNING caption_id"
).bindparams(
    bindparam("ids", type_=ARRAY(Uuid)),
    bindparam("captions", type_=ARRAY(Uuid)),
    bindparam("lanes", type_=ARRAY(BigInteger)),
    bindparam("lock_nos", type_=ARRAY(BigInteger)),
    bindparam("froms", type_=ARRAY(DateTime(timezone=True))),
    bindparam("untils", type_=ARRAY(DateTime(timezone=True))),
)
TAKEN: Final = text(
    "SELECT DISTINCT caption_id FROM caption_locks WHERE released_at IS NULL AND during && tstzrange(:first, :last)"
    " AND (lane = ANY(:lanes) OR (:is_exclusive AND caption_id = ANY(:shared)))"
    " AND NOT schedule_id = ANY(:without)"
).bindparams(
    bindparam("lanes", type_=ARRAY(BigInteger)),
    bindparam("shared", type_=ARRAY(Uuid)),
    bindparam("without", type_=ARRAY(Uuid)),
)
TURN: Final = "SELECT pg_advisory_xact_lock{how}(hashtextextended(:key, 0))"


class CaptionTakenError(ConflictError):
    """Somebody else has reserved this caption in the meantime, or the page sent it too lately."""

    code = "caption_taken"

    def __init__(self, message: str | None = None, /, *, captions: Collection[UUID] = ()) -> None:
        """`captions`: which."""
        super().__init__(message, captions=sorted(str(each) for each in captions))
        self.captions = frozenset(captions)


@dataclass(frozen=True, slots=True)
class Reservation:
    """What is to be reserved."""

    caption_id: UUID
    lock_no: int
    lane: int
    send_at: datetime
    until: datetime
    """When the page may send it again."""


def lane_of(*, page_no: int, is_shared: bool, one_at_a_time: bool) -> int:
    """In which lane a caption is reserved."""
    return ALL_PAGES if is_shared and one_at_a_time else page_no


def reserve(work: Work, *, schedule_id: UUID, page_id: UUID, wanted: Sequence[Reservation]) -> None:
    """Reserve all of them. Raises CaptionTakenError that names those that are taken: then roll the transaction back."""
    if not wanted:
        return
    got = set(
        work.session.execute(
            RESERVE,
            {
                "tenant": work.scope.tenant_id,
                "schedule": schedule_id,
                "page": page_id,
                "ids": [new_id() for _ in wanted],
                "captions": [each.caption_id for each in wanted],
                "lanes": [each.lane for each in wanted],
                "lock_nos": [each.lock_no for each in wanted],
                "froms": [each.send_at for each in wanted],
                "untils": [max(each.until, each.send_at + LEAST) for each in wanted],
            },
        ).scalars()
    )
    if lost := {each.caption_id for each in wanted} - got:
        raise CaptionTakenError(captions=lost)


def taken(
    work: Work, *, page_no: int, first: datetime, last: datetime, shared: Sequence[UUID], one_at_a_time: bool,
    without: Sequence[UUID] = (),
) -> set[UUID]:  # fmt: skip
    """Captions that the page cannot have between these instants; those of the schedules `without` do not count."""
    return set(
        work.session.execute(
            TAKEN,
            {
                "first": first,
                "last": last,
                "lanes": [ALL_PAGES, page_no],
                "is_exclusive": one_at_a_time,
                "shared": list(shared),
                "without": list(without),
            },
        ).scalars()
    )


def release(work: Work, *, schedule_id: UUID, caption_id: UUID | None = None) -> None:
    """Give the captions of a schedule back, or one of them."""
    query = update(CaptionLock).where(CaptionLock.schedule_id == schedule_id, CaptionLock.released_at.is_(None))
    if caption_id is not None:
        query = query.where(CaptionLock.caption_id == caption_id)
    work.session.execute(query.values(released_at=work.now))


def take_turn(work: Work, *, alone: bool) -> None:
    """Wait until nobody of the company reserves alone; `alone`: until nobody reserves at all. Ends with the work.

    Planners go on side by side; one that lost the race too often waits for a moment in which it cannot lose.
    """
    how = "" if alone else "_shared"
    work.session.execute(text(TURN.format(how=how)), {"key": f"{work.scope.tenant_id} caption locks"})
