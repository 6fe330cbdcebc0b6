"""One message of a week: why it is what it is, what else it could be, and how it is moved, swapped and taken out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import Response

from kalends.base.pages import close_dialog, render, toast, trigger
from kalends.base.work import Work
from kalends.identity.service import permit
from kalends.messages import schedules
from kalends.messages.pages import words
from kalends.messages.pages.board import clock, next_day_slot, next_slot, slots_of
from kalends.messages.schedule_views import MessageView, MoveCheck, ScheduleView
from kalends.messages.standing import NoSuchMessageError, standing_of, view_of

router = APIRouter(include_in_schema=False)

Reader = Annotated[Work, permit("messages.read")]
Writer = Annotated[Work, permit("messages.write")]
Instant = Annotated[datetime, Query()]
STEP: Final = 15
"""Minutes that a message moves at a press: nobody plans to the minute, but a neighbour's gap may need it."""
MESSAGE: Final = "/messages/message/{assignment_id}"


@dataclass(frozen=True, slots=True)
class Found:
    """A message with the week that it is of."""

    view: ScheduleView
    message: MessageView

    @property
    def may_change(self) -> bool:
        """Whether the week is still to be worked on."""
        return self.view.state in {"draft", "approved"}


@router.get(MESSAGE)
def show_message(request: Request, work: Reader, assignment_id: UUID) -> Response:
    """The panel of a message."""
    return _panel(request, work, _found(work, assignment_id))


@router.get(MESSAGE + "/slots")
def show_slots(work: Reader, assignment_id: UUID) -> dict[str, Any]:
    """Where the message may go."""
    view = _found(work, assignment_id).view
    spans = schedules.legal_slots(work, assignment_id=assignment_id)
    return {"slots": slots_of(spans, zone=view.zone, first_day=view.first_day)}


@router.get(MESSAGE + "/check")
def check(work: Reader, assignment_id: UUID, wall: Instant) -> dict[str, Any]:
    """Whether the message may go to a time of the page's clock; else the rules that say no, and the nearest that all
    allow.
    """
    zone = ZoneInfo(_found(work, assignment_id).view.zone)
    found = schedules.check_move(work, assignment_id=assignment_id, to=wall.replace(tzinfo=zone).astimezone(UTC))
    return {
        "is_legal": found.is_legal,
        "words": [each.words for each in found.broken],
        "nearest": None if found.nearest is None else {"at": found.nearest.isoformat(), "words": when(found.nearest)},
    }


@router.post(MESSAGE + "/move")
def move(work: Writer, assignment_id: UUID, to: Instant) -> Response:
    """Move the message; a refusal names the rule."""
    before = _found(work, assignment_id).message
    view = schedules.move(work, assignment_id=assignment_id, to=_aware(to))
    return _changed(Response(status_code=204), f"Moved to {when(_of(view, assignment_id).local)}.", _undo_move(before))


@router.post(MESSAGE + "/step")
def step(
    request: Request,
    work: Writer,
    assignment_id: UUID,
    by: Annotated[Literal["earlier", "later", "day-earlier", "day-later"], Form()],
) -> Response:
    """Move the message to the next legal time of that side, and show it again."""
    found = _found(work, assignment_id)
    spans = schedules.legal_slots(work, assignment_id=assignment_id)
    slots = slots_of(spans, zone=found.view.zone, first_day=found.view.first_day)
    sign = -1 if by.endswith("earlier") else 1
    if by.startswith("day"):
        to = next_day_slot(slots, local=found.message.local, first_day=found.view.first_day, step=sign)
    else:
        to = next_slot(slots, after=found.message.send_at, step=sign * STEP)
    if to is None:
        return _panel(request, work, found, problem="There is no free time on that side of the week.")
    view = schedules.move(work, assignment_id=assignment_id, to=to)
    moved = Found(view, _of(view, assignment_id))
    told = f"Moved to {when(moved.message.local)}."
    return _changed(_panel(request, work, moved, pressed=by), told, _undo_move(found.message))


@router.post(MESSAGE + "/at")
def move_at(
    request: Request, work: Writer, assignment_id: UUID, wall: Annotated[str, Form(max_length=30)] = ""
) -> Response:
    """Move the message to a time of the page's clock; where that is not possible, the panel says why and what is."""
    found = _found(work, assignment_id)
    try:
        to = datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(found.view.zone)).astimezone(UTC)
    except ValueError:
        return _panel(request, work, found, problem="Give a day and a time, please.")
    checked = schedules.check_move(work, assignment_id=assignment_id, to=to)
    if not checked.is_legal:
        return _panel(request, work, found, problem=_refusal(checked), nearest=checked.nearest, wall=wall)
    view = schedules.move(work, assignment_id=assignment_id, to=to)
    moved = Found(view, _of(view, assignment_id))
    told = f"Moved to {when(moved.message.local)}."
    return _changed(_panel(request, work, moved), told, _undo_move(found.message))


@router.post(MESSAGE + "/caption")
def swap(request: Request, work: Writer, assignment_id: UUID, to: Annotated[UUID, Query()]) -> Response:
    """Send another caption."""
    before = _found(work, assignment_id).message
    view = schedules.swap_caption(work, assignment_id=assignment_id, caption_id=to)
    now = _of(view, assignment_id)
    undo = f"/messages/message/{assignment_id}/caption?to={before.caption_id}"
    answer = _panel(request, work, Found(view, now))
    return _changed(answer, f"Caption {now.caption_no} instead of {before.caption_no}.", undo)


@router.post(MESSAGE + "/remove")
def remove(work: Writer, assignment_id: UUID) -> Response:
    """Take the message out of the week."""
    found = _found(work, assignment_id)
    schedules.remove(work, assignment_id=assignment_id)
    answer = Response(status_code=204)
    close_dialog(answer)
    undo = f"/messages/message/{assignment_id}/restore"
    return _changed(answer, f"Taken out: {when(found.message.local)}. Its caption is free again.", undo)


@router.post(MESSAGE + "/restore")
def restore(work: Writer, assignment_id: UUID) -> Response:
    """Put a message back that was taken out."""
    view = schedules.restore(work, assignment_id=assignment_id)
    return _changed(Response(status_code=204), f"Back at {when(_of(view, assignment_id).local)}.")


def when(local: datetime) -> str:
    """Tue 24 Nov, 20:07."""
    return f"{local:%a} {local.day} {local:%b}, {clock(local)}"


def _panel(
    request: Request,
    work: Work,
    found: Found,
    *,
    problem: str = "",
    nearest: datetime | None = None,
    wall: str = "",
    pressed: str = "",
) -> Response:
    message, view = found.message, found.view
    may_change = found.may_change and request.state.permitted.may("messages.write")
    result = next(
        (each for each in view.analysis.get("captions", ()) if each["caption_no"] == message.caption_no), None
    )
    last = message.why.get("last_sent_at") or (result or {}).get("last_sent_at")
    return render(
        request,
        "messages/message.html",
        message=message,
        view=view,
        when=when(message.local),
        why=message.why,
        result=result,
        last_sent=date.fromisoformat(last[:10]) if last else None,
        pressed=pressed,
        others=schedules.candidates(work, assignment_id=message.id) if may_change else [],
        may_change=may_change,
        problem=problem,
        nearest=None if nearest is None else {"at": nearest.isoformat(), "words": when(nearest)},
        wall=wall or f"{message.local:%Y-%m-%dT%H:%M}",
        words=words,
        now=work.now,
    )


def _found(work: Work, assignment_id: UUID) -> Found:
    """Raises NoSuchMessageError, also for one of a page that the caller may not see."""
    view = view_of(standing_of(work, assignment_id=assignment_id))
    return Found(view, _of(view, assignment_id))


def _of(view: ScheduleView, assignment_id: UUID) -> MessageView:
    message = next((each for each in view.messages if each.id == assignment_id), None)
    if message is None:
        raise NoSuchMessageError
    return message


def _undo_move(before: MessageView) -> str:
    at = before.send_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return f"/messages/message/{before.id}/move?to={at}"


def _changed(answer: Response, told: str, undo: str = "") -> Response:
    toast(answer, text=told, undo=undo)
    trigger(answer, week_changed=True)
    return answer


def _refusal(checked: MoveCheck) -> str:
    return f"Not possible: {'; '.join(each.words for each in checked.broken)}."


def _aware(told: datetime) -> datetime:
    """An instant that came without an offset is UTC."""
    return told if told.tzinfo else told.replace(tzinfo=UTC)
