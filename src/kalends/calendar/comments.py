"""What people say about events: added, reworded and taken back by whoever said it; who is named is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from kalends.base.errors import BadInputError, ForbiddenError, NotFoundError
from kalends.base.ids import new_id
from kalends.base.work import Work
from kalends.calendar.mentions import Named, mentioned
from kalends.calendar.models import Event, EventComment
from kalends.calendar.planning import get_event
from kalends.identity.service import list_people
from kalends.notify.service import tell_person

MENTION: Final = "event.mention"
LONGEST: Final = 5_000


class CommentError(BadInputError):
    """A comment needs words, and at most 5,000 characters of them."""

    code = "bad_comment"


class CommentNotFoundError(NotFoundError):
    """There is no such comment; it may have been taken back."""

    code = "comment_not_found"


class NotYourCommentError(ForbiddenError):
    """Only who said something may change it or take it back."""

    code = "not_your_comment"


def list_comments(work: Work, *, event_id: UUID) -> Sequence[EventComment]:
    """What was said about an event, oldest first. Raises EventNotFoundError."""
    get_event(work, event_id=event_id)
    query = select(EventComment).where(EventComment.event_id == event_id).order_by(EventComment.id)
    return work.session.scalars(query).all()


def add_comment(work: Work, *, event_id: UUID, body: str) -> EventComment:
    """Say something about an event. Raises CommentError, EventNotFoundError."""
    event, words = get_event(work, event_id=event_id), _checked(body)
    named = _mentions(work, words)
    comment = EventComment(
        tenant_id=work.scope.tenant_id,
        id=new_id(),
        event_id=event.id,
        author_id=work.scope.person_id,
        author=work.scope.label,
        body=words,
        mentions=[str(person) for person in named],
        created_at=work.now,
    )
    work.session.add(comment)
    work.session.flush()
    work.audit("event.comment", subject_kind="event", subject_id=event.id, after={"comment": str(comment.id)})
    _tell(work, event, words, named)
    return comment


def edit_comment(work: Work, *, event_id: UUID, comment_id: UUID, body: str) -> EventComment:
    """Word one's own comment otherwise; only who is newly named is told. Raises NotYourCommentError."""
    comment, words = _own(work, event_id, comment_id), _checked(body)
    if words == comment.body:
        return comment
    before, named = set(comment.mentions), _mentions(work, words)
    comment.body, comment.edited_at, comment.mentions = words, work.now, [str(person) for person in named]
    work.session.flush()
    event = get_event(work, event_id=event_id)
    _tell(work, event, words, [person for person in named if str(person) not in before])
    return comment


def delete_comment(work: Work, *, event_id: UUID, comment_id: UUID) -> EventComment:
    """Take one's own comment back. Raises CommentNotFoundError, NotYourCommentError."""
    comment = _own(work, event_id, comment_id)
    work.session.delete(comment)
    work.session.flush()
    work.audit("event.uncomment", subject_kind="event", subject_id=event_id, before={"comment": str(comment_id)})
    return comment


def _own(work: Work, event_id: UUID, comment_id: UUID) -> EventComment:
    found = work.session.get(EventComment, (work.scope.tenant_id, comment_id))
    if found is None or found.event_id != event_id:
        raise CommentNotFoundError(comment_id=str(comment_id))
    # What programs said belongs to the program of that name.
    by_program = found.author_id is None and found.author == work.scope.label
    if not (by_program if work.scope.person_id is None else found.author_id == work.scope.person_id):
        raise NotYourCommentError
    return found


def _checked(body: str) -> str:
    words = body.strip()
    if not 0 < len(words) <= LONGEST:
        raise CommentError(length=len(words))
    return words


def _mentions(work: Work, words: str) -> list[UUID]:
    """Whom the words name, of those who may still come in."""
    people = [Named(one.id, one.name, one.email) for one in list_people(work) if one.disabled_at is None]
    return mentioned(words, people=people)


def _tell(work: Work, event: Event, words: str, people: Iterable[UUID]) -> None:
    """Put it into the inboxes of those who are named; nobody is told what they said themselves."""
    title = f"{work.scope.label} mentioned you at “{event.name}”"
    for person in people:
        if person != work.scope.person_id:
            href = f"/calendar?date={event.starts_on}&event={event.id}"
            tell_person(work, person_id=person, kind=MENTION, title=title, body=words[:500], href=href)


def plain_comment(comment: EventComment) -> dict[str, Any]:
    """A comment as JSON values."""
    names = ("id", "event_id", "author_id", "author", "body", "mentions", "created_at", "edited_at")
    return {name: getattr(comment, name) for name in names}
