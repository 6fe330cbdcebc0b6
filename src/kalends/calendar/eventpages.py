"""What is done with an event on the calendar page: made, dragged, stretched, edited, talked about, taken back."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Body, Form, Query, Request, Response

from kalends.base.pages import close_dialog, render, toast, trigger
from kalends.base.work import Work
from kalends.calendar import comments, panels, service
from kalends.calendar.errors import EventChangedError, EventNotFoundError
from kalends.calendar.eventrows import fields_of
from kalends.calendar.forms import EventForm, Move, choices, form_of
from kalends.calendar.models import Event
from kalends.calendar.moments import moment_book
from kalends.calendar.series import change_occurrence, change_series, leave_out
from kalends.identity.service import permit

router = APIRouter(include_in_schema=False)

Reader = Annotated[Work, permit("calendar.read")]
Writer = Annotated[Work, permit("calendar.write")]
Which = tuple[UUID, date | None]
"""An event, and which of its occurrences."""


@router.get("/calendar/new")
def show_new(
    request: Request,
    work: Writer,
    start: date | None = None,
    end: date | None = None,
    begins: Annotated[str, Query(max_length=5)] = "",
    ends: Annotated[str, Query(max_length=5)] = "",
) -> Response:
    """The panel for a new event; `end` is exclusive for days, as the page's selection gives it."""
    zone = service.definition_of(service.get_calendar(work)).zone
    first = start or work.now.astimezone(ZoneInfo(zone)).date()
    last = max(first, end if begins else end - timedelta(days=1)) if end else first
    form = EventForm(starts_on=first.isoformat(), ends_on=last.isoformat(), start_time=begins, end_time=ends)
    return _panel(request, work, form, action="/calendar/new", title="New event")


@router.post("/calendar/new")
def make_event(request: Request, work: Writer, form: Annotated[EventForm, Form()]) -> Response:
    """Keep a new event, or show the panel again with what is wrong."""
    zone = service.definition_of(service.get_calendar(work)).zone
    errors = form.errors(zone=zone)
    if errors:
        return _panel(request, work, form, action="/calendar/new", title="New event", errors=errors)
    event = service.create_event(work, fields=form.fields(zone=zone))
    return _done(event, f"“{event.name}” is on the calendar.")


@router.get("/calendar/edit/{which}")
def show_event(request: Request, work: Reader, which: str) -> Response:
    """The panel for an event; for a moment or a holiday, what is known about it."""
    kind, _, rest = which.partition(":")
    if kind == "moment":
        return _about_moment(request, rest.partition(":")[0])
    if kind == "holiday":
        return render(request, "calendar/holiday.html", country=rest.partition(":")[0])
    event, on = _looked_at(work, which)
    form = form_of(fields_of(event), row_version=event.row_version, on=on)
    writable = request.state.permitted.may("calendar.write")
    return _panel(
        request, work, form, action=f"/calendar/edit/{which}", title=form.name, event=event, writable=writable
    )


@router.post("/calendar/edit/{which}")
def save_event(request: Request, work: Writer, which: str, form: Annotated[EventForm, Form()]) -> Response:
    """Keep the changes, or show the panel again with what is wrong, or with what somebody else wrote meanwhile."""
    event, on = _looked_at(work, which)
    known, zone = fields_of(event), service.definition_of(service.get_calendar(work)).zone
    shown: dict[str, Any] = {"action": f"/calendar/edit/{which}", "title": event.name, "event": event}
    errors = form.errors(zone=known.zone or zone)
    if errors:
        return _panel(request, work, form, **shown, errors=errors)
    changes = form.changes(known, on=on, zone=known.zone or zone)
    try:
        changed = _changed(work, (event.id, on), changes, scope=form.scope, row_version=form.version())
    except EventChangedError:
        theirs = form_of(fields_of(event), row_version=event.row_version, on=on)
        mine = form.model_copy(update={"row_version": str(event.row_version)})
        return _panel(
            request, work, mine, **shown, differs=panels.differences(theirs, mine), by=_last_hand(work, event)
        )
    return _done(changed, f"“{changed.name}” is saved.")


@router.post("/calendar/delete/{which}")
def remove_event(work: Writer, which: str) -> Response:
    """Take an event, or one of its occurrences, off the calendar."""
    event, on = _found(work, which)
    if on is not None:
        leave_out(work, event_id=event.id, on=on)
        return _done(event, f"This “{event.name}” is off the calendar; the others stay.")
    service.delete_event(work, event_id=event.id)
    return _done(event, f"“{event.name}” is off the calendar.")


@router.post("/calendar/undo/{event_id}")
def undo_one(work: Writer, event_id: UUID) -> Response:
    """Take back an event's last change."""
    service.undo_event(work, event_id=event_id)
    answer = _refreshed("Taken back.")
    close_dialog(answer)
    return answer


@router.post("/calendar/undo")
def undo_last(work: Writer) -> Response:
    """Take back what the caller did last."""
    event = service.undo_last(work)
    return _refreshed(f"The last change of “{event.name}” is taken back.")


@router.put("/calendar/move/{which}")
def move_event(work: Writer, which: str, move: Annotated[Move, Body()]) -> dict[str, Any]:
    """A drag or a stretch: the event's days are overridden by hand; of one that repeats, this one's or all."""
    event, on = _found(work, which)
    changed = _changed(work, (event.id, on), move.changes(), scope=move.scope, row_version=move.row_version)
    return {"id": str(changed.id), "row_version": changed.row_version}


@router.post("/calendar/say/{event_id}")
def say(request: Request, work: Writer, event_id: UUID, body: Annotated[str, Form()] = "") -> Response:
    """Say something about an event; who is named in it finds it in the inbox."""
    comments.add_comment(work, event_id=event_id, body=body)
    return _talk(request, work, event_id)


@router.post("/calendar/unsay/{event_id}/{comment_id}")
def unsay(request: Request, work: Writer, event_id: UUID, comment_id: UUID) -> Response:
    """Take back what one has said oneself."""
    comments.delete_comment(work, event_id=event_id, comment_id=comment_id)
    return _talk(request, work, event_id)


@router.post("/calendar/reword/{event_id}/{comment_id}")
def reword(
    request: Request, work: Writer, event_id: UUID, comment_id: UUID, body: Annotated[str, Form()] = ""
) -> Response:
    """Say it otherwise."""
    comments.edit_comment(work, event_id=event_id, comment_id=comment_id, body=body)
    return _talk(request, work, event_id)


def _changed(work: Work, which: Which, changes: dict[str, Any], *, scope: str, row_version: int | None) -> Event:
    """Change an event; of one that repeats, one occurrence or all."""
    event_id, on = which
    if on is None:
        return service.change_event(work, event_id=event_id, changes=changes, row_version=row_version)
    change = change_series if scope == "all" else change_occurrence
    return change(work, event_id=event_id, on=on, changes=changes, row_version=row_version)


def _found(work: Work, which: str) -> tuple[Event, date | None]:
    """The event in a path, and the occurrence where it names one; anything else does not exist."""
    text, _, day = which.partition("@")
    try:
        event_id, on = UUID(text), date.fromisoformat(day) if day else None
    except ValueError as error:
        raise EventNotFoundError(event_id=which) from error
    event = service.get_event(work, event_id=event_id)
    if on is not None and on not in fields_of(event).rule_days:
        raise EventNotFoundError(event_id=which)
    return event, on


def _looked_at(work: Work, which: str) -> tuple[Event, date | None]:
    """The event in a path, and the occurrence that is looked at: the first one where it names none."""
    event, on = _found(work, which)
    return event, on or (event.starts_on if event.recurrence else None)


def _last_hand(work: Work, event: Event) -> str:
    """Who changed an event last."""
    return next((entry.label for entry in service.event_history(work, event_id=event.id)), "")


def _panel(
    request: Request,
    work: Work,
    form: EventForm,
    *,
    action: str,
    title: str,
    errors: dict[str, str] | None = None,
    event: Event | None = None,
    writable: bool = True,
    differs: list[panels.Difference] | None = None,
    by: str = "",
) -> Response:
    """The event's panel."""
    return render(
        request,
        "calendar/panel.html",
        status=422 if errors or differs is not None else 200,
        form=form,
        action=action,
        title=title,
        errors=errors or {},
        event=event,
        about=panels.about_event(work, event=event) if event else None,
        choices=choices(form, own=panels.own_types_of(work)),
        writable=writable,
        now=work.now,
        differs=differs,
        by=by,
    )


def _talk(request: Request, work: Work, event_id: UUID) -> Response:
    """What was said about an event, drawn anew."""
    event = service.get_event(work, event_id=event_id)
    about = panels.about_event(work, event=event)
    return render(request, "calendar/talk.html", event=event, about=about, writable=True, now=work.now)


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
