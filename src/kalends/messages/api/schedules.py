"""Schedules over HTTP: build, look, change, approve, take out, bring back."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body
from sqlalchemy import text
from starlette.responses import Response

from kalends.base.errors import BadInputError, NotFoundError
from kalends.base.work import Work
from kalends.identity.service import Door, door, permit
from kalends.messages import schedules
from kalends.messages.creator_pages import find_page
from kalends.messages.returning import LARGEST, take_csv_back
from kalends.messages.schedule_schemas import (
    BatchIn,
    BuildIn,
    CandidatesOut,
    ListedOut,
    MoveIn,
    MoveOut,
    ReturnedOut,
    Source,
    SpansOut,
    SwapIn,
    TaskOut,
    TaskState,
)
from kalends.messages.schedule_views import Comparison, ScheduleView
from kalends.messages.source.sources import read_before_building

router = APIRouter(tags=["messages"])

Reader = Annotated[Work, permit("messages.read")]
Writer = Annotated[Work, permit("messages.write")]
Builder = Annotated[Door, door("messages.write")]


TASK = text("SELECT state, done, total, message, error FROM tasks WHERE id = :id AND kind LIKE 'messages.%'")


class NoSuchTaskError(NotFoundError):
    """There is no such task here."""

    code = "no_such_task"


class TooLargeError(BadInputError):
    """The file is too large for a schedule."""

    code = "too_large"


@router.post("/messages/schedules", status_code=201)
def post_schedule(caller: Builder, body: BuildIn) -> ScheduleView:
    """Build a page's week and store it as a draft, in place of an earlier draft of these days."""
    _bring_in(caller, body)
    page_id = body.page_id
    if body.page_name is not None:
        with caller.work() as work:
            page_id = find_page(work, name=body.page_name).id
    assert page_id is not None
    made = schedules.build(
        caller.house, caller.scope, page_id=page_id, first_day=body.first_day, template_id=body.template_id,
        seed=body.seed,
    )  # fmt: skip
    with caller.work() as work:
        return schedules.view(work, schedule_id=made.id)


@router.post("/messages/schedules/batch", status_code=202)
def post_batch(caller: Builder, body: BatchIn) -> TaskOut:
    """Build the weeks of every page that you can see, in the background."""
    _bring_in(caller, body)
    with caller.work() as work:
        found = schedules.start_all(work, first_day=body.first_day, weeks=body.weeks, template_id=body.template_id)
    return TaskOut(task_id=found)


@router.post("/messages/schedules/import")
def post_import(work: Writer, content: Annotated[bytes, Body(media_type="text/csv")]) -> ReturnedOut:
    """Take an edited CSV back: good rows are taken over, the others are told."""
    if len(content) > LARGEST:
        raise TooLargeError
    return ReturnedOut.model_validate(asdict(take_csv_back(work, content)))


@router.get("/messages/schedules")
def list_schedules(work: Reader, first_day: date) -> ListedOut:
    """Every page that you can see, with its schedule of the seven days from `first_day`."""
    return ListedOut(first_day=first_day, pages=schedules.listed(work, first_day=first_day))


@router.get("/messages/schedules/{schedule_id}")
def read_schedule(work: Reader, schedule_id: UUID) -> ScheduleView:
    """A schedule as it stands now."""
    return schedules.view(work, schedule_id=schedule_id)


@router.get("/messages/schedules/{schedule_id}/compare")
def read_comparison(work: Reader, schedule_id: UUID) -> Comparison:
    """The schedule, the one before it, and what of that was sent."""
    return schedules.compare(work, schedule_id=schedule_id)


@router.get("/messages/schedules/{schedule_id}/csv", response_class=Response)
def read_csv(work: Reader, schedule_id: UUID) -> Response:
    """The schedule as CSV; noted in the log of exports."""
    found = schedules.export_csv(work, schedule_id=schedule_id)
    named = {"content-disposition": f'attachment; filename="{found.name}"'}
    return Response(found.content, media_type="text/csv; charset=utf-8", headers=named)


@router.post("/messages/schedules/{schedule_id}/approve")
def post_approval(work: Writer, schedule_id: UUID) -> ScheduleView:
    """Approve a draft."""
    return schedules.approve(work, schedule_id=schedule_id)


@router.post("/messages/schedules/{schedule_id}/discard", status_code=204)
def post_discard(work: Writer, schedule_id: UUID) -> None:
    """Throw a schedule away; its captions are free again."""
    schedules.discard(work, schedule_id=schedule_id)


@router.post("/messages/schedules/{schedule_id}/push", status_code=202)
def post_push(work: Writer, schedule_id: UUID) -> TaskOut:
    """Post an approved schedule to its page's webhook."""
    return TaskOut(task_id=schedules.push(work, schedule_id=schedule_id).task_id)


@router.get("/messages/tasks/{task_id}")
def read_task(work: Reader, task_id: UUID) -> TaskState:
    """How far work in the background is."""
    found = work.session.execute(TASK, {"id": task_id}).one_or_none()
    if found is None:
        raise NoSuchTaskError
    return TaskState(state=found.state, done=found.done, total=found.total, message=found.message,
                     error=(found.error or {}).get("detail"))  # fmt: skip


@router.get("/messages/assignments/{assignment_id}/legal")
def read_legal(work: Reader, assignment_id: UUID) -> SpansOut:
    """Where the message may go."""
    return SpansOut(spans=schedules.legal_slots(work, assignment_id=assignment_id))


@router.get("/messages/assignments/{assignment_id}/candidates")
def read_candidates(work: Reader, assignment_id: UUID) -> CandidatesOut:
    """Captions that could be in its place."""
    return CandidatesOut(captions=schedules.candidates(work, assignment_id=assignment_id))


@router.post("/messages/assignments/{assignment_id}/check")
def post_check(work: Reader, assignment_id: UUID, body: MoveIn) -> MoveOut:
    """What a move would break; changes nothing."""
    return MoveOut.model_validate(asdict(schedules.check_move(work, assignment_id=assignment_id, to=body.to)))


@router.post("/messages/assignments/{assignment_id}/move")
def post_move(work: Writer, assignment_id: UUID, body: MoveIn) -> ScheduleView:
    """Move a message."""
    return schedules.move(work, assignment_id=assignment_id, to=body.to)


@router.post("/messages/assignments/{assignment_id}/swap")
def post_swap(work: Writer, assignment_id: UUID, body: SwapIn) -> ScheduleView:
    """Send another caption."""
    return schedules.swap_caption(work, assignment_id=assignment_id, caption_id=body.caption_id)


@router.post("/messages/assignments/{assignment_id}/remove")
def post_remove(work: Writer, assignment_id: UUID) -> ScheduleView:
    """Take a message out of the week."""
    return schedules.remove(work, assignment_id=assignment_id)


@router.post("/messages/assignments/{assignment_id}/restore")
def post_restore(work: Writer, assignment_id: UUID) -> ScheduleView:
    """Put it back."""
    return schedules.restore(work, assignment_id=assignment_id)


def _bring_in(caller: Door, asked: Source) -> None:
    """Read the company's BigQuery first, where it is named."""
    if asked.project_id or asked.dataset:
        read_before_building(caller, project_id=asked.project_id, dataset=asked.dataset)
