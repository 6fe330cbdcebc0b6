"""What people change about themselves."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete, func, select

from kalends.base.errors import BadInputError
from kalends.base.work import Work
from kalends.identity import attempts
from kalends.identity.models import Person, PersonSession
from kalends.identity.passwords import check_strength, hash_password, is_right
from kalends.identity.people import person_of


class WrongPasswordError(BadInputError):
    """This is not your present password."""

    code = "wrong_password"


class NamelessError(BadInputError):
    """Others must be able to tell you apart: write a name."""

    code = "nameless"


def rename(work: Work, *, person_id: UUID, name: str) -> Person:
    """Be called `name`. Raises NamelessError."""
    person, wanted = person_of(work, person_id=person_id), name.strip()
    if not wanted:
        raise NamelessError
    before, person.name = person.name, wanted
    work.session.flush()
    work.audit("person.renamed", subject_kind="person", subject_id=person_id, before={"name": before},
               after={"name": wanted})  # fmt: skip
    return person


def other_sessions(work: Work, *, person_id: UUID, session_id: UUID | None) -> int:
    """In how many browsers beside this one the person is signed in."""
    others = select(func.count()).where(
        PersonSession.person_id == person_id, PersonSession.id != session_id, PersonSession.expires_at > work.now
    )
    return work.session.scalar(others) or 0


def change_password(work: Work, *, person_id: UUID, session_id: UUID | None, old: str, new: str) -> None:
    """Take a new password and end all sessions but this one. Raises WrongPasswordError, WeakPasswordError, and
    TooManyAttemptsError: whoever finds an open browser must not guess on.
    """
    person, subject = person_of(work, person_id=person_id), f"password of {person_id}"
    with work.house.database.lookup() as session:
        attempts.count_attempt(session, subject=subject, free=attempts.FREE_BY_EMAIL, now=work.now)
    if not is_right(old, person.password_hash):
        raise WrongPasswordError
    with work.house.database.lookup() as session:
        attempts.forget(session, subject=subject)
    check_strength(new, email=person.email)
    person.password_hash = hash_password(new)
    work.session.execute(
        delete(PersonSession).where(PersonSession.person_id == person_id, PersonSession.id != session_id)
    )
    work.session.flush()
    work.audit("person.password_changed", subject_kind="person", subject_id=person_id)
