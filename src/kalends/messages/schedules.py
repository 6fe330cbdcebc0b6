"""What the room does with schedules: built, shown, moved about, approved, taken out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select

from kalends.base.errors import ConflictError
from kalends.base.scope import Scope
from kalends.base.work import House, Work
from kalends.messages import sent
from kalends.messages.creator_pages import get_page, list_pages
from kalends.messages.editing import (
    IllegalMoveError,
    candidates,
    check_move,
    legal_slots,
    move,
    remove,
    restore,
    swap_caption,
)
from kalends.messages.export import row_of, to_csv
from kalends.messages.gathering import LIVING, WEEK
from kalends.messages.models import MessageSchedule, ScheduleExport
from kalends.messages.schedule_views import Comparison, CsvExport, ListedPage, Pushed, ScheduleView
from kalends.messages.standing import NoSuchScheduleError, Standing, get_schedule, require_living, standing, view_of
from kalends.messages.storing import Order, WeekTakenError, build_week, end_schedule, note

__all__ = [
    "BUILD",
    "PUSH",
    "IllegalMoveError",
    "NoSuchScheduleError",
    "NotADraftError",
    "NotApprovedError",
    "WeekTakenError",
    "approve",
    "build",
    "candidates",
    "check_move",
    "compare",
    "discard",
    "export_csv",
    "get",
    "legal_slots",
    "listed",
    "move",
    "push",
    "remove",
    "restore",
    "start_all",
    "start_build",
    "start_some",
    "swap_caption",
    "view",
    "weeks_from",
]

BUILD: Final = "messages.build"
PUSH: Final = "messages.push"


class NotADraftError(ConflictError):
    """Only a draft can be approved."""

    code = "not_a_draft"


class NotApprovedError(ConflictError):
    """Approve the schedule before it goes out."""

    code = "not_approved"


def build(
    house: House, scope: Scope, *, page_id: UUID, first_day: date, template_id: UUID | None = None,
    seed: int | None = None,
) -> MessageSchedule:  # fmt: skip
    """Build a page's week now and store it, in transactions of its own.

    Raises NoSuchPageError, NoCaptionsError, WeekTakenError, WeekIsPastError.
    """
    order = Order(page_id, first_day, template_id, seed)
    return build_week(lambda: house.work(scope), order, sleep=house.sleep)


def start_build(
    work: Work, *, page_id: UUID, first_day: date, template_id: UUID | None = None, seed: int | None = None
) -> UUID:
    """Start a job that builds a page's week; gives the task's id."""
    page = get_page(work, page_id=page_id)
    return _start(work, [page.id], first_day, weeks=1, template_id=template_id, seed=seed, subject_id=page.id)


def start_some(work: Work, *, page_ids: Sequence[UUID], first_day: date, template_id: UUID | None = None) -> UUID:
    """Start one job that builds the week of each of these pages; gives the task's id."""
    pages = [get_page(work, page_id=each).id for each in page_ids]
    return _start(work, pages, first_day, weeks=1, template_id=template_id, seed=None, subject_id=None)


def start_all(work: Work, *, first_day: date, weeks: int = 1, template_id: UUID | None = None) -> UUID:
    """Start one job that builds the weeks of every visible active page, with progress; gives the task's id."""
    pages = [page.id for page in list_pages(work, only_active=True)]
    return _start(work, pages, first_day, weeks=weeks, template_id=template_id, seed=None, subject_id=None)


def weeks_from(first_day: date, weeks: int) -> list[date]:
    """First days of so many weeks."""
    return [first_day + timedelta(weeks=number) for number in range(weeks)]


def get(work: Work, *, schedule_id: UUID) -> MessageSchedule:
    """One schedule. Raises NoSuchScheduleError, also for one of a page of others."""
    return get_schedule(work, schedule_id=schedule_id)


def listed(work: Work, *, first_day: date) -> list[ListedPage]:
    """Every visible page with its living schedule that begins in the seven days from `first_day`."""
    pages = list_pages(work)
    ids = [page.id for page in pages]
    week = select(MessageSchedule).where(
        MessageSchedule.page_id.in_(ids), MessageSchedule.state.in_(LIVING),
        MessageSchedule.first_day >= first_day, MessageSchedule.first_day < first_day + WEEK,
    ).order_by(MessageSchedule.first_day.desc(), MessageSchedule.id)  # fmt: skip
    schedules = {each.page_id: each for each in work.session.scalars(week)}
    newest = (
        select(MessageSchedule.page_id, MessageSchedule.saturation_zone)
        .distinct(MessageSchedule.page_id)
        .where(MessageSchedule.page_id.in_(ids))
        .order_by(MessageSchedule.page_id, MessageSchedule.created_at.desc())
    )
    zones = {row.page_id: row.saturation_zone for row in work.session.execute(newest)}
    built = {
        each.page_id: each for each in work.session.scalars(
            select(ScheduleExport).distinct(ScheduleExport.page_id)
            .where(ScheduleExport.page_id.in_(ids), ScheduleExport.way == "build")
            .order_by(ScheduleExport.page_id, ScheduleExport.exported_at.desc(), ScheduleExport.id.desc())
        )
    }  # fmt: skip
    return [
        _listed(page_id=page.id, name=page.name, zone=page.zone, is_active=page.is_active, tier=page.tier,
                saturation_zone=zones.get(page.id), schedule=schedules.get(page.id), last=built.get(page.id))
        for page in pages
    ]  # fmt: skip


def view(work: Work, *, schedule_id: UUID) -> ScheduleView:
    """A schedule as it stands now."""
    return view_of(standing(work, schedule_id=schedule_id))


def approve(work: Work, *, schedule_id: UUID) -> ScheduleView:
    """Draft -> approved. Raises NotADraftError."""
    stands = standing(work, schedule_id=schedule_id, for_update=True)
    if stands.schedule.state != "draft":
        raise NotADraftError(f"This schedule is {stands.schedule.state}: only a draft can be approved.")
    stands.schedule.state = "approved"
    stands.schedule.approved_by, stands.schedule.approved_at = work.scope.person_id, work.now
    work.session.flush()
    work.audit("schedule.approved", subject_kind="message_schedule", subject_id=schedule_id)
    work.announce("messages.schedule_approved", schedule_id=str(schedule_id))
    return view_of(stands)


def discard(work: Work, *, schedule_id: UUID) -> None:
    """Throw a schedule away; its captions are free again. Raises ScheduleEndedError."""
    schedule = get_schedule(work, schedule_id=schedule_id, for_update=True)
    require_living(schedule)
    end_schedule(work, schedule, state="discarded")
    work.audit("schedule.discarded", subject_kind="message_schedule", subject_id=schedule_id)


def export_csv(work: Work, *, schedule_id: UUID) -> CsvExport:
    """The schedule as CSV, noted in the log of exports; an approved one is exported from now on."""
    began = time.perf_counter()
    stands = standing(work, schedule_id=schedule_id, for_update=True)
    rows = csv_rows(stands)
    content = to_csv(rows)
    if stands.schedule.state == "approved":
        stands.schedule.state = "exported"
    note(work, page_id=stands.page.id, way="csv", seconds=time.perf_counter() - began, schedule_id=schedule_id,
         rows=len(rows))  # fmt: skip
    work.session.flush()
    name = "".join(sign if sign.isalnum() else "-" for sign in stands.page.name).strip("-").lower() or "page"
    return CsvExport(f"{name}-{stands.schedule.first_day}.csv", content)


def csv_rows(stands: Standing) -> list[dict[str, object]]:
    """The week's rows by time."""
    return [
        row_of(
            schedule_id=stands.schedule.id, page_name=stands.page.name, local=one.send_at.astimezone(stands.zone),
            message_type=one.message_type, caption_no=caption.caption_no, caption_text=caption.text,
            price_tier=caption.price_tier, category=caption.category, has_urgency=caption.has_urgency,
            performance_score=one.performance_score,
        )
        for one, caption in stands.messages
    ]  # fmt: skip


def push(work: Work, *, schedule_id: UUID) -> Pushed:
    """Start a job that posts the schedule to the page's webhook. Raises NotApprovedError."""
    schedule = get_schedule(work, schedule_id=schedule_id)
    if schedule.state not in {"approved", "exported"}:
        raise NotApprovedError
    task = work.defer(PUSH, subject_id=schedule_id, lock=f"push:{schedule_id}", schedule_id=str(schedule_id))
    return Pushed(task)


def compare(work: Work, *, schedule_id: UUID) -> Comparison:
    """Last week beside it, and what became of last week."""
    stands = standing(work, schedule_id=schedule_id)
    before = work.session.scalar(
        select(MessageSchedule.id)
        .where(
            MessageSchedule.page_id == stands.page.id,
            MessageSchedule.state.in_(LIVING),
            MessageSchedule.first_day < stands.schedule.first_day,
        )
        .order_by(MessageSchedule.first_day.desc(), MessageSchedule.created_at.desc())
        .limit(1)
    )
    if before is None:
        return Comparison(view_of(stands), None, None)
    past = standing(work, schedule_id=before)
    became = sent.report(work, past)
    return Comparison(view_of(stands), view_of(past), became)


def _start(
    work: Work, pages: Sequence[UUID], first_day: date, *, weeks: int, template_id: UUID | None, seed: int | None,
    subject_id: UUID | None,
) -> UUID:  # fmt: skip
    return work.defer(
        BUILD,
        subject_id=subject_id,
        pages=[str(each) for each in pages],
        first_day=first_day.isoformat(),
        weeks=weeks,
        template_id=str(template_id) if template_id else None,
        seed=seed,
        person_id=str(work.scope.person_id) if work.scope.person_id else None,
    )


def _listed(
    *, page_id: UUID, name: str, zone: str, is_active: bool, tier: str | None, saturation_zone: str | None,
    schedule: MessageSchedule | None, last: ScheduleExport | None,
) -> ListedPage:  # fmt: skip
    return ListedPage(
        page_id=page_id,
        name=name,
        zone=zone,
        is_active=is_active,
        tier=tier,
        saturation_zone=schedule.saturation_zone if schedule else saturation_zone,
        schedule_id=schedule.id if schedule else None,
        first_day=schedule.first_day if schedule else None,
        state=schedule.state if schedule else None,
        total_messages=schedule.total_messages if schedule else None,
        health="none" if last is None else "ok" if last.status == "success" else "failing",
        problem=last.error if last else None,
    )
