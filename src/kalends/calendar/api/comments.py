"""What people say about events, over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from kalends.base.work import Work
from kalends.calendar import comments
from kalends.calendar.schemas import CommentIn, CommentOut, CommentsOut
from kalends.identity.service import permit

router = APIRouter()

Reader = Annotated[Work, permit("calendar.read")]
Writer = Annotated[Work, permit("calendar.write")]


@router.get("/calendar/events/{event_id}/comments")
def read_comments(work: Reader, event_id: UUID) -> CommentsOut:
    """What was said about an event, oldest first."""
    found = comments.list_comments(work, event_id=event_id)
    return CommentsOut(comments=[CommentOut.model_validate(comments.plain_comment(one)) for one in found])


@router.post("/calendar/events/{event_id}/comments", status_code=201)
def post_comment(work: Writer, event_id: UUID, body: CommentIn) -> CommentOut:
    """Say something about an event; whoever is named after an @ finds it in the inbox."""
    made = comments.add_comment(work, event_id=event_id, body=body.body)
    return CommentOut.model_validate(comments.plain_comment(made))


@router.patch("/calendar/events/{event_id}/comments/{comment_id}")
def patch_comment(work: Writer, event_id: UUID, comment_id: UUID, body: CommentIn) -> CommentOut:
    """Word one's own comment otherwise."""
    changed = comments.edit_comment(work, event_id=event_id, comment_id=comment_id, body=body.body)
    return CommentOut.model_validate(comments.plain_comment(changed))


@router.delete("/calendar/events/{event_id}/comments/{comment_id}")
def remove_comment(work: Writer, event_id: UUID, comment_id: UUID) -> CommentOut:
    """Take one's own comment back."""
    gone = comments.delete_comment(work, event_id=event_id, comment_id=comment_id)
    return CommentOut.model_validate(comments.plain_comment(gone))
