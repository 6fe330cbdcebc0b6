"""A page's week: the board, what it holds and what it could not hold, last week beside it, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, UploadFile
from sqlalchemy import select
from starlette.responses import RedirectResponse, Response

from kalends.base.pages import render
from kalends.base.work import Work
from kalends.calendar import service as calendar
from kalends.identity.service import permit
from kalends.messages import schedules, sent
from kalends.messages.creator_pages import get_page, list_pages
from kalends.messages.models import CreatorPage, MessageSchedule
from kalends.messages.pages import words
from kalends.messages.pages.board import BoardDay, Moment, Quiet, board_of
from kalends.messages.pages.explain import origins_now
from kalends.messages.pages.room import gone_to
from kalends.messages.pages.tasks import building
from kalends.messages.returning import LARGEST, NotAScheduleError, take_csv_back
from kalends.messages.schedule_views import ScheduleView
from kalends.messages.standing import standing

router = APIRouter(include_in_schema=False)

Reader = Annotated[Work, permit("messages.read")]
Writer = Annotated[Work, permit("messages.write")]
LIVING = ("draft", "approved", "exported")


@dataclass(frozen=True, slots=True)
class Around:
    """The pages before and after this one in the list: fifty weeks are looked at one after the other."""

    before: CreatorPage | None
    after: CreatorPage | None


@router.get("/messages/{page_id}/week/{day}")
def show_week(
    request: Request,
    work: Reader,
    page_id: UUID,
    day: date,
    beside: bool = False,
    task: Annotated[list[UUID] | None, Query(max_length=20)] = None,
) -> Response:
    """The week of a page that `day` lies in."""
    page = get_page(work, page_id=page_id)
    schedule = living(work, page_id=page_id, day=day)
    first = schedule.first_day if schedule else day - timedelta(days=day.weekday())
    view = schedules.view(work, schedule_id=schedule.id) if schedule else None
    told: dict[str, Any] = {}
    if view and schedule:
        told = {
            "board": board(work, page, view, schedule),
            "comparison": schedules.compare(work, schedule_id=view.id) if beside else None,
            "sent": sent.report(work, standing(work, schedule_id=view.id)) if _is_over(view, work.now) else None,
            "so_many": words.why_so_many(
                schedule.plan.get("origins") or origins_now(work, page, view.tier, view.saturation_zone)
            ),
        }
    return render(
        request,
        "messages/week.html",
        page=page,
        view=view,
        first=first,
        last=first + timedelta(days=6),
        here=week_address(page_id, first),
        earlier=week_address(page_id, first - timedelta(days=7)),
        later=week_address(page_id, first + timedelta(days=7)),
        around=_around(work, page),
        beside=beside,
        building=building(work, task or []),
        words=words,
        now=work.now,
        may_write=request.state.permitted.may("messages.write"),
        **told,
    )


@router.post("/messages/{page_id}/week/{day}/build")
def build_week(work: Writer, page_id: UUID, day: date) -> Response:
    """Build the week, or build it again: the draft that there is gives way."""
    task = schedules.start_build(work, page_id=page_id, first_day=day)
    return RedirectResponse(f"{week_address(page_id, day)}?task={task}", status_code=303)


@router.post("/messages/schedule/{schedule_id}/approve")
def approve(work: Writer, schedule_id: UUID) -> Response:
    """Approve a draft."""
    view = schedules.approve(work, schedule_id=schedule_id)
    return _back(view, "Approved. It can be exported now.")


@router.post("/messages/schedule/{schedule_id}/discard")
def discard(work: Writer, schedule_id: UUID) -> Response:
    """Throw a schedule away."""
    schedule = schedules.get(work, schedule_id=schedule_id)
    schedules.discard(work, schedule_id=schedule_id)
    return gone_to(week_address(schedule.page_id, schedule.first_day), "Discarded. Its captions are free again.")


@router.post("/messages/schedule/{schedule_id}/csv")
def export(work: Writer, schedule_id: UUID) -> Response:
    """The week as a file."""
    file = schedules.export_csv(work, schedule_id=schedule_id)
    named = {"content-disposition": f'attachment; filename="{file.name}"'}
    return Response(file.content, media_type="text/csv; charset=utf-8", headers=named)


@router.post("/messages/schedule/{schedule_id}/push")
def push(work: Writer, schedule_id: UUID) -> Response:
    """Send the week to the page's webhook."""
    schedules.push(work, schedule_id=schedule_id)
    return _back(schedules.view(work, schedule_id=schedule_id), "On its way to the webhook.")


@router.post("/messages/schedule/{schedule_id}/edited")
def take_edited(request: Request, work: Writer, schedule_id: UUID, file: UploadFile) -> Response:
    """Take an edited CSV over; where every row was taken the week is shown, else which were not, and why."""
    view = schedules.view(work, schedule_id=schedule_id)
    content = file.file.read(LARGEST + 1)
    if len(content) > LARGEST:
        return _back(view, "This file is too large for a week.", is_bad=True)
    try:
        back = take_csv_back(work, content)
    except NotAScheduleError as error:
        return _back(view, error.message, is_bad=True)
    if not back.problems:
        changed = back.moved + back.swapped + back.removed
        return _back(view, f"{changed} changes taken over." if changed else "Nothing in the file differs.")
    here = week_address(view.page_id, view.first_day)
    return render(request, "messages/returned.html", status=422, back=back, view=view, here=here)


def living(work: Work, *, page_id: UUID, day: date) -> MessageSchedule | None:
    """The page's schedule that holds on `day`; the one that begins last, where two do."""
    query = select(MessageSchedule).where(
        MessageSchedule.page_id == page_id,
        MessageSchedule.state.in_(LIVING),
        MessageSchedule.first_day <= day,
        MessageSchedule.first_day + MessageSchedule.days > day,
    )
    return work.session.scalar(query.order_by(MessageSchedule.first_day.desc()).limit(1))


def week_address(page_id: UUID, day: date) -> str:
    """Where a page's week is."""
    return f"/messages/{page_id}/week/{day}"


def board(work: Work, page: CreatorPage, view: ScheduleView, schedule: MessageSchedule) -> list[BoardDay]:
    """The week's columns."""
    return board_of(
        view,
        quiet=Quiet(page.quiet_from, page.quiet_until),
        moments=moments_of(work, view.first_day, view.first_day + timedelta(days=view.days - 1)),
        today=work.now.astimezone(ZoneInfo(view.zone)).date(),
        resting=_resting(view, schedule),
    )


def moments_of(work: Work, first: date, last: date) -> Mapping[date, list[Moment]]:
    """What the master calendar knows of each day: the trade's moments, and holidays that are none of them."""
    days = [first + timedelta(days=at) for at in range((last - first).days + 1)]
    trade = [each for each in calendar.moments_between(work, first=first, last=last) if each.kind != "season"]
    found = {
        day: [Moment(each.name, "moment" if each.is_major else "holiday") for each in trade
              if each.first <= day <= each.last]
        for day in days
    }  # fmt: skip
    for day, name in _holidays(work, first, last).items():
        if not any(_plain(name) == _plain(each.name) for each in found[day]):
            found[day].append(Moment(name, "holiday"))
    return found


def _plain(name: str) -> str:
    """A name for comparison: Thanksgiving is Thanksgiving Day."""
    return name.casefold().removesuffix("day").strip()


def _holidays(work: Work, first: date, last: date) -> dict[date, str]:
    """Names of public holidays, where the company has a calendar."""
    default = calendar.existing_default(work)
    if default is None or calendar.published_version(work, calendar_id=default.id) == 0:
        return {}
    frame = calendar.days(work, first=first, last=last).frame.drop_nulls("holiday_name")
    return dict(zip(frame["date"].to_list(), frame["holiday_name"].to_list(), strict=True))


def _resting(view: ScheduleView, schedule: MessageSchedule) -> list[date]:
    """The days without paid messages, as many of them as the zone asks for."""
    count = int(schedule.plan.get("rules", {}).get("cooling_days", 0))
    paid = {each.local.date() for each in view.messages if each.message_type == "PPV"}
    days = [view.first_day + timedelta(days=at) for at in range(view.days)]
    return [day for day in days if day not in paid][:count]


def _is_over(view: ScheduleView, now: datetime) -> bool:
    return view.first_day + timedelta(days=view.days) <= now.astimezone(ZoneInfo(view.zone)).date()


def _around(work: Work, page: CreatorPage) -> Around:
    pages = list_pages(work, only_active=True)
    at = next((place for place, each in enumerate(pages) if each.id == page.id), None)
    if at is None:
        return Around(None, None)
    return Around(pages[at - 1] if at else None, pages[at + 1] if at + 1 < len(pages) else None)


def _back(view: ScheduleView, told: str, *, is_bad: bool = False) -> Response:
    return gone_to(week_address(view.page_id, view.first_day), told, is_bad=is_bad)
