"""A page's week, whole or not at all: read, built without a transaction, stored with its reservations in one.

Planners work side by side. Who finds a caption taken when storing builds again without it; who lost the race often
takes a turn alone. What could not be built is noted, and reserves nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

import orjson
import structlog
from sqlalchemy import insert
from sqlalchemy.exc import DBAPIError

from kalends.base.errors import ConflictError, KalendsError
from kalends.base.ids import new_id
from kalends.base.warehouse import WarehouseBusyError
from kalends.base.work import Work
from kalends.messages.building import PlannedMessage, Schedule, build_schedule
from kalends.messages.creator_pages import get_page
from kalends.messages.gathering import Company, Gathered, WeekIsPastError, digest, gather, overlapping, read_company
from kalends.messages.locks import CaptionTakenError, Reservation, lane_of, release, reserve, take_turn
from kalends.messages.models import Assignment, MessageSchedule, ScheduleExport

LOG = structlog.get_logger(__name__)

RACES: Final = 3
"""Tries beside the others, before one takes a turn alone."""
FAULTS: Final = 4
"""Tries while a store is not to be had."""
FIRST_PAUSE: Final = 0.05
"""Seconds before the second try; each further pause is twice as long."""
PASSING: Final = frozenset({"40001", "40P01", "55P03", "57P01", "57P02", "57P03", "53300"})
"""What PostgreSQL says of trouble that passes: serialisation, dead-lock, no lock, shut-down, too many connections."""

OpenWork = Callable[[], AbstractContextManager[Work]]
"""Opens one transaction of whoever builds."""
Sleep = Callable[[float], None]
T = TypeVar("T")


class WeekTakenError(ConflictError):
    """These days have an approved schedule: discard it first."""

    code = "week_taken"


@dataclass(frozen=True, slots=True)
class Order:
    """Which week to build."""

    page_id: UUID
    first_day: date
    template_id: UUID | None = None
    seed: int | None = None

    @property
    def dice(self) -> int:
        """The seed: the one asked for, else one of the page and the week, so that once more gives the same."""
        if self.seed is not None:
            return self.seed
        return int(digest(f"{self.page_id} {self.first_day}".encode())[:7], 16)


def build_week(open_work: OpenWork, order: Order, *, sleep: Sleep, company: Company | None = None) -> MessageSchedule:
    """Build a page's week and store it. Raises KalendsError: what failed is noted in the log of exports, too."""
    began = time.perf_counter()
    try:
        return patiently(lambda: _raced(open_work, order, company, began), sleep=sleep)
    except (WeekTakenError, WeekIsPastError):
        # Refused, not failed: nobody has to look at it.
        raise
    except KalendsError as error:
        with open_work() as work:
            note(work, page_id=order.page_id, way="build", seconds=time.perf_counter() - began, error=error.message)
        raise


def patiently(act: Callable[[], T], *, sleep: Sleep) -> T:
    """Do it again, after longer and longer pauses, while a store has trouble that passes."""
    for attempt in range(FAULTS):
        try:
            return act()
        except (WarehouseBusyError, DBAPIError) as error:
            if attempt == FAULTS - 1 or not passes(error):
                raise
            LOG.warning("a store was not to be had", attempt=attempt, reason=str(error))
            sleep(FIRST_PAUSE * 2**attempt)
    raise AssertionError("the last attempt gives or raises")


def passes(error: Exception) -> bool:
    """Whether the trouble is one that a moment's patience mends."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or getattr(error.orig, "sqlstate", None) in PASSING
    return isinstance(error, WarehouseBusyError)


def note(
    work: Work, *, page_id: UUID, way: str, seconds: float, schedule_id: UUID | None = None, rows: int = 0,
    error: str | None = None,
) -> None:  # fmt: skip
    """A line of the export log: who took what out, or what could not be made."""
    work.session.add(
        ScheduleExport(
            tenant_id=work.scope.tenant_id,
            id=new_id(),
            schedule_id=schedule_id,
            page_id=page_id,
            person_id=work.scope.person_id,
            label=work.scope.label or "",
            way=way,
            exported_at=work.now,
            rows=rows,
            seconds=round(seconds, 4),
            status="failed" if error else "success",
            error=error,
        )
    )
    work.session.flush()


def _raced(open_work: OpenWork, order: Order, company: Company | None, began: float) -> MessageSchedule:
    lost: frozenset[UUID] = frozenset()
    for _ in range(RACES):
        with open_work() as work:
            company = company or read_company(work)
            gathered = _gathered(work, company, order, lost)
        schedule = build_schedule(gathered.inputs, seed=order.dice)
        try:
            with open_work() as work:
                take_turn(work, alone=False)
                return store(work, gathered, schedule, began=began)
        except CaptionTakenError as error:
            lost |= error.captions
    with open_work() as work:
        take_turn(work, alone=True)
        gathered = _gathered(work, company or read_company(work), order, frozenset())
        return store(work, gathered, build_schedule(gathered.inputs, seed=order.dice), began=began)


def _gathered(work: Work, company: Company, order: Order, without: frozenset[UUID]) -> Gathered:
    return gather(
        work, company, page_id=order.page_id, first_day=order.first_day, template_id=order.template_id, without=without
    )


def store(work: Work, gathered: Gathered, schedule: Schedule, *, began: float) -> MessageSchedule:
    """Write the week and reserve its captions; drafts of the same days are replaced.

    Raises WeekTakenError, and CaptionTakenError after which the transaction is to be rolled back.
    """
    page = get_page(work, page_id=gathered.page.id, for_update=True)
    for other in overlapping(work, page_id=page.id, first_day=schedule.first_day):
        if other.state != "draft":
            raise WeekTakenError(
                f"{page.name} has an {other.state} schedule from {other.first_day}: discard it first.",
                schedule_id=str(other.id),
            )
        end_schedule(work, other, state="replaced")
    row = _row(work, gathered, schedule, seconds=time.perf_counter() - began)
    work.session.add(row)
    work.session.flush()
    reserve(work, schedule_id=row.id, page_id=page.id,
            wanted=[reservation_of(gathered, each) for each in schedule.messages])  # fmt: skip
    if rows := _assignments(work, row, schedule):
        work.session.execute(insert(Assignment), rows)
    page.tier = schedule.tier
    note(work, page_id=page.id, way="build", seconds=row.seconds, schedule_id=row.id, rows=row.total_messages)
    work.audit("schedule.built", subject_kind="message_schedule", subject_id=row.id,
               after={"page": page.name, "first_day": str(row.first_day), "messages": row.total_messages})  # fmt: skip
    return row


def end_schedule(work: Work, schedule: MessageSchedule, *, state: str) -> None:
    """A schedule lives no more; its captions are free again."""
    schedule.state, schedule.superseded_at = state, work.now
    work.session.flush()
    release(work, schedule_id=schedule.id)


def reservation_of(gathered: Gathered, message: PlannedMessage) -> Reservation:
    """What a message reserves."""
    caption = gathered.captions[UUID(message.caption_id)]
    return Reservation(
        caption_id=caption.id,
        lock_no=caption.lock_no,
        lane=lane_of(page_no=gathered.page.page_no, is_shared=caption.page_id is None,
                     one_at_a_time=gathered.one_at_a_time),
        send_at=message.send_at,
        until=message.send_at + timedelta(days=gathered.cooldown_days),
    )  # fmt: skip


def _row(work: Work, gathered: Gathered, schedule: Schedule, *, seconds: float) -> MessageSchedule:
    plan = schedule.as_dict()
    plan.pop("versions")
    return MessageSchedule(
        tenant_id=work.scope.tenant_id,
        id=new_id(),
        page_id=gathered.page.id,
        first_day=schedule.first_day,
        days=schedule.days,
        zone=schedule.zone_name,
        seed=schedule.seed,
        state="draft",
        tier=schedule.tier,
        saturation_zone=schedule.saturation_zone,
        total_messages=len(schedule.messages),
        plan=plan | {"cooldown_days": gathered.cooldown_days, "one_at_a_time": gathered.one_at_a_time},
        analysis=orjson.loads(gathered.analysis),
        inputs=dict(schedule.versions) | {"plan": digest(schedule.as_json())},
        seconds=round(seconds, 4),
        created_by=work.scope.person_id,
        created_at=work.now,
        approved_by=None,
        approved_at=None,
        superseded_at=None,
    )


def _assignments(work: Work, row: MessageSchedule, schedule: Schedule) -> list[dict[str, Any]]:
    ids = {each.key: new_id() for each in schedule.messages}
    return [
        {
            "tenant_id": work.scope.tenant_id,
            "id": ids[each.key],
            "schedule_id": row.id,
            "page_id": row.page_id,
            "send_at": each.send_at,
            "message_type": each.message_type.value,
            "caption_id": UUID(each.caption_id),
            "price": each.price,
            "performance_score": each.performance_score,
            "propensity": each.propensity,
            "follows_id": ids[each.follows] if each.follows else None,
            "why": each.why,
            "is_edited": False,
            "sent_message_id": None,
            "removed_at": None,
        }
        for each in schedule.messages
    ]
