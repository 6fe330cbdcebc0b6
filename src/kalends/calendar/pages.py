"""The calendar page: a month to look at, events to make, drag, stretch, edit and take back."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Body, Form, Request, Response

from kalends.base.pages import close_dialog, register_room, render, toast, trigger
from kalends.base.work import Work
from kalends.calendar import conflictpages, conflicts, month, service, setuppages, sourcepages, sources
from kalends.calendar.conflictrows import UNDECIDED
from kalends.calendar.definition import CalendarDefinition
from kalends.calendar.errors import EventNotFoundError, PeriodError
from kalends.calendar.eventrows import fields_of
from kalends.calendar.events import EventFields
from kalends.calendar.forms import EventForm, Move, choices, form_of
from kalends.calendar.models import Event
from kalends.calendar.moments import Occurrence, moment_book
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
router.include_router(setuppages.router)
router.include_router(conflictpages.router)

Reader = Annotated[Work, permit("calendar.read")]
Writer = Annotated[Work, permit("calendar.write")]
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
def show_month(request: Request, work: Reader, date: date | None = None) -> Response:
    """The page; what it shows comes with the feed."""
    calendar = service.get_calendar(work)
    definition = service.definition_of(calendar)
    shown = date or _today(work, definition)
    return render(
        request,
        "calendar/month.html",
        calendar=calendar,
        shown=shown,
        writable=request.state.permitted.may("calendar.write"),
        is_empty=not service.has_events(work, calendar_id=calendar.id),
        definition=definition,
    )


@router.get("/calendar/feed")
def read_feed(work: Reader, start: date, end: date) -> dict[str, Any]:
    """What the page draws from `start` until before `end`."""
    if not 0 < (end - start).days <= LONGEST_FEED:
        raise PeriodError(f"Ask for 1 to {LONGEST_FEED} days, not {(end - start).days}.")
    calendar, last = service.get_calendar(work), end - timedelta(days=1)
    definition = service.definition_of(calendar)
    found = _moments(definition, start, last)
    events = service.list_events(work, first=start, last=last, calendar_id=calendar.id)
    shown = [(item.first, item.name) for item in found]
    return {
        "events": [
            *month.moment_bars(found=found, first=start, last=last),
            *month.holiday_bars(definition=definition, first=start, last=last, without=shown),
            *(month.event_bar(event_id=event.id, fields=fields_of(event)) for event in events),
        ],
        "days": month.day_cells(
            definition=definition, first=start, last=last, strips=strips_between(work, first=start, last=last)
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
    moments = [item for item in _moments(definition, first, last) if item.last >= first]
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


@router.get("/calendar/new")
def show_new(request: Request, work: Writer, start: date | None = None, end: date | None = None) -> Response:
    """The panel for a new event; `end` is exclusive, as the page's selection gives it."""
    first = start or _today(work, service.definition_of(service.get_calendar(work)))
    last = max(first, end - timedelta(days=1)) if end else first
    form = EventForm(starts_on=first.isoformat(), ends_on=last.isoformat())
    return _panel(request, form, action="/calendar/new", title="New event")


@router.post("/calendar/new")
def make_event(request: Request, work: Writer, form: Annotated[EventForm, Form()]) -> Response:
    """Keep a new event, or show the panel again with what is wrong."""
    errors = form.errors()
    if errors:
        return _panel(request, form, action="/calendar/new", title="New event", errors=errors)
    event = service.create_event(work, fields=EventFields.model_validate(form.values()))
    return _done(event, f"“{event.name}” is on the calendar.")


@router.get("/calendar/edit/{event_id}")
def show_event(request: Request, work: Reader, event_id: str) -> Response:
    """The panel for an event; for a moment or a holiday, what is known about it."""
    kind, _, rest = event_id.partition(":")
    if kind == "moment":
        return _about_moment(request, rest.partition(":")[0])
    if kind == "holiday":
        return render(request, "calendar/holiday.html", country=rest.partition(":")[0])
    event = service.get_event(work, event_id=_id(event_id))
    form = form_of(fields_of(event), row_version=event.row_version)
    writable = request.state.permitted.may("calendar.write")
    return _panel(request, form, action=f"/calendar/edit/{event.id}", title=event.name, event=event, writable=writable)


@router.post("/calendar/edit/{event_id}")
def save_event(request: Request, work: Writer, event_id: UUID, form: Annotated[EventForm, Form()]) -> Response:
    """Keep the changes, or show the panel again with what is wrong."""
    event = service.get_event(work, event_id=event_id)
    errors = form.errors()
    if errors:
        action = f"/calendar/edit/{event_id}"
        return _panel(request, form, action=action, title=event.name, errors=errors, event=event)
    wanted, known = EventFields.model_validate(form.values()), fields_of(event)
    changes = {name: getattr(wanted, name) for name in form.values() if getattr(wanted, name) != getattr(known, name)}
    changed = service.change_event(work, event_id=event_id, changes=changes, row_version=form.version())
    return _done(changed, f"“{changed.name}” is saved.")


@router.post("/calendar/delete/{event_id}")
def remove_event(work: Writer, event_id: UUID) -> Response:
    """Take an event off the calendar."""
    event = service.delete_event(work, event_id=event_id)
    return _done(event, f"“{event.name}” is off the calendar.")


@router.post("/calendar/undo/{event_id}")
def undo_one(work: Writer, event_id: UUID) -> Response:
    """Take back an event's last change."""
    service.undo_event(work, event_id=event_id)
    return _refreshed("Taken back.")


@router.post("/calendar/undo")
def undo_last(work: Writer) -> Response:
    """Take back what the caller did last."""
    event = service.undo_last(work)
    return _refreshed(f"The last change of “{event.name}” is taken back.")


@router.put("/calendar/move/{event_id}")
def move_event(work: Writer, event_id: UUID, move: Annotated[Move, Body()]) -> dict[str, Any]:
    """A drag or a stretch: the event's days are overridden by hand."""
    event = service.change_event(work, event_id=event_id, changes=move.changes())
    return {"id": str(event.id), "row_version": event.row_version}


def _today(work: Work, definition: CalendarDefinition) -> date:
    """Today where the company is."""
    return work.now.astimezone(ZoneInfo(definition.zone)).date()


def _month_end(day: date) -> date:
    """The last day of the month that `day` lies in."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _moments(definition: CalendarDefinition, first: date, last: date) -> list[Occurrence]:
    """The moments on those days."""
    found = service.occurrences(
        countries=definition.countries,
        first_year=first.year - 1,
        last_year=last.year,
        without=definition.moments_off,
    )
    return [item for item in found if item.first <= last and item.last >= first]


def _id(text: str) -> UUID:
    """The id in a path; anything else is an event that does not exist."""
    try:
        return UUID(text)
    except ValueError as error:
        raise EventNotFoundError(event_id=text) from error


def _panel(
    request: Request,
    form: EventForm,
    *,
    action: str,
    title: str,
    errors: dict[str, str] | None = None,
    event: Event | None = None,
    writable: bool = True,
) -> Response:
    """The event's panel."""
    return render(
        request,
        "calendar/panel.html",
        status=422 if errors else 200,
        form=form,
        action=action,
        title=title,
        errors=errors or {},
        event=event,
        choices=choices(form),
        writable=writable,
    )


def _about_moment(request: Request, code: str) -> Response:
    """What is known about a moment."""
    found = moment_book().moments.get(code)
    if found is None:
        raise EventNotFoundError(event_id=code)
    return render(request, "calendar/moment.html", moment=found)


def _done(event: Event, words: str) -> Response:
    """Close the panel, refresh the calendar, and offer to take it back."""
    response = _refreshed(words, undo=f"/calendar/undo/{event.id}")
    close_dialog(response)
    return response


def _refreshed(words: str, *, undo: str = "") -> Response:
    """Nothing to swap; the calendar reads its feed again."""
    response = Response(status_code=200)
    trigger(response, calendar_changed=True)
    toast(response, text=words, undo=undo)
    return response
