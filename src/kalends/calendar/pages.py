"""The calendar page: what it shows in each of its views. What is done with an event is in eventpages."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response

from kalends.base.pages import register_room, render
from kalends.base.work import Work
from kalends.calendar import (
    boards,
    conflictpages,
    conflicts,
    eventpages,
    feedpages,
    month,
    service,
    setuppages,
    sourcepages,
    sources,
)
from kalends.calendar.conflictrows import UNDECIDED
from kalends.calendar.definition import CalendarDefinition
from kalends.calendar.errors import PeriodError
from kalends.calendar.filters import HOLIDAYS, MOMENTS, filters_of
from kalends.calendar.looks import FIRST, LAST, Look
from kalends.calendar.shown import days_in_conflict, shown_events, switches
from kalends.calendar.strips import strips_between
from kalends.identity.service import decorate_pages, permit

register_room(
    name="calendar",
    templates=Path(__file__).parent / "templates",
    label="Calendar",
    href="/calendar",
    icon="calendar",
    order=20,
)

router = APIRouter(include_in_schema=False)
router.include_router(sourcepages.router)
router.include_router(feedpages.router)
router.include_router(setuppages.router)
router.include_router(eventpages.router)
router.include_router(conflictpages.router)

Reader = Annotated[Work, permit("calendar.read")]
# Fifteen months: more than the year view ever asks for.
LONGEST_FEED = 460


@decorate_pages
def fiscal_place(work: Work) -> dict[str, Any]:
    """Where today lies in the company's books, for the navigation's foot; nothing before there is a calendar."""
    calendar = service.existing_default(work)
    if calendar is None:
        return {}
    definition = service.definition_of(calendar)
    today = _today(work, definition)
    return {"fiscal_place": month.fiscal_line(definition=definition, first=today, last=today)}


@router.get("/calendar")
def show_calendar(
    request: Request,
    work: Reader,
    look: Annotated[Look, Query()],
) -> Response:
    """The page: a board for a year or a timeline; the other views are drawn from the feed."""
    calendar = service.get_calendar(work)
    definition = service.definition_of(calendar)
    shown, filters = look.date or _today(work, definition), filters_of(look.hide)
    board = boards.board(work, calendar=calendar, look=look, shown=shown, filters=filters)
    return render(
        request,
        board.template if board else "calendar/month.html",
        **(board.values if board else {}),
        calendar=calendar,
        look=look,
        shown=shown,
        today=_today(work, definition),
        switches=switches(work, calendar=calendar, filters=filters),
        filters=filters,
        writable=request.state.permitted.may("calendar.write"),
        is_empty=not service.has_events(work, calendar_id=calendar.id),
        definition=definition,
    )


@router.get("/calendar/feed")
def read_feed(work: Reader, start: date, end: date, hide: str = "") -> dict[str, Any]:
    """What the page draws from `start` until before `end`; `hide`: what is switched off."""
    if not 0 < (end - start).days <= LONGEST_FEED:
        raise PeriodError(f"Ask for 1 to {LONGEST_FEED} days, not {(end - start).days}.")
    if start < FIRST or end > LAST:
        raise PeriodError(f"Ask for days from {FIRST} to {LAST}.")
    calendar, last, filters = service.get_calendar(work), end - timedelta(days=1), filters_of(hide)
    definition = service.definition_of(calendar)
    moments = boards.moments_between(definition, start, last) if filters.shows("type", MOMENTS) else []
    named = [(item.first, item.name) for item in moments]
    shown = shown_events(work, calendar=calendar, filters=filters, first=start, last=last)
    holidays = month.holiday_bars(definition=definition, first=start, last=last, without=named)
    return {
        "events": [
            *month.moment_bars(found=moments, first=start, last=last),
            *(holidays if filters.shows("type", HOLIDAYS) else ()),
            *(month.event_bar(shown=one) for one in shown),
        ],
        "days": month.day_cells(
            definition=definition,
            first=start,
            last=last,
            strips=strips_between(work, first=start, last=last),
            in_conflict=days_in_conflict(shown),
        ),
    }


@router.get("/calendar/about")
def show_about(request: Request, work: Reader, start: date, end: date) -> Response:
    """The grey line below the title, and the side panel, for the days that are shown."""
    calendar, last = service.get_calendar(work), max(start, end - timedelta(days=1))
    definition = service.definition_of(calendar)
    # A month's grid begins and ends with days of its neighbours: the middle says which month is meant.
    middle = start + (last - start) / 2
    first, last = (middle.replace(day=1), _month_end(middle)) if (last - start).days < 45 else (start, last)
    moments = [item for item in boards.moments_between(definition, first, last) if item.last >= first]
    return render(
        request,
        "calendar/about.html",
        calendar=calendar,
        line=month.fiscal_line(definition=definition, first=first, last=last),
        quality=service.quality_between(work, calendar_id=calendar.id, first=first, last=last),
        moments=moments,
        definition=definition,
        fiscal=definition.fiscal[-1],
        sources=len(sources.list_sources(work, calendar_id=calendar.id)),
        waiting=sum(conflicts.count_conflicts(work, calendar_id=calendar.id).get(state, 0) for state in UNDECIDED),
        may_set_up=request.state.permitted.may("settings.manage"),
        event_count=len(service.list_events(work, first=first, last=last, calendar_id=calendar.id)),
    )


def _today(work: Work, definition: CalendarDefinition) -> date:
    """Today where the company is."""
    return work.now.astimezone(ZoneInfo(definition.zone)).date()


def _month_end(day: date) -> date:
    """The last day of the month that `day` lies in."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
