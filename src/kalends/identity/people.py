"""The people of a company: who they are and what they may do."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from kalends.base.errors import BadInputError, ConflictError, NotFoundError
from kalends.base.ids import new_id
from kalends.base.work import Work
from kalends.identity.models import Person, PersonSession
from kalends.identity.passwords import check_strength, hash_password
from kalends.identity.permissions import require_rank

LONGEST_EMAIL = 254
"""RFC 5321, as corrected by its erratum 1690."""


class BadEmailError(BadInputError):
    """That is no e-mail address; write it as name@company.com."""

    code = "bad_email"


class NoSuchPersonError(NotFoundError):
    """There is no such person here."""

    code = "no_such_person"


class PersonExistsError(ConflictError):
    """Somebody with this e-mail address is here already."""

    code = "person_exists"


class DisabledPersonError(ConflictError):
    """This person has been shut out; enable them first."""

    code = "disabled_person"


class LastOwnerError(ConflictError):
    """A workspace needs an owner: make somebody else an owner first."""

    code = "last_owner"


def clean_email(email: str) -> str:
    """The address as it is stored and found: trimmed, in lower case. Raises BadEmailError."""
    cleaned = email.strip().lower()
    if len(cleaned) > LONGEST_EMAIL or not re.fullmatch(r"[^@\s]+@[^@\s]+", cleaned):
        raise BadEmailError(email=email[:LONGEST_EMAIL])
    return cleaned


def add_person(work: Work, *, email: str, name: str, role: str, password: str | None = None) -> Person:
    """Add somebody; without a password they cannot sign in yet. Raises PersonExistsError, WeakPasswordError."""
    email = clean_email(email)
    require_rank(work.scope.role, at_least=role)
    if password is not None:
        check_strength(password, email=email)
    if person_with(work, email=email):
        raise PersonExistsError(f"Somebody with the address {email} is here already.")
    person = Person(
        tenant_id=work.scope.tenant_id,
        id=new_id(),
        email=email,
        name=name.strip() or email.partition("@")[0],
        role=role,
        password_hash=None if password is None else hash_password(password),
        created_at=work.now,
        disabled_at=None,
    )
    work.session.add(person)
    work.session.flush()
    work.audit("person.added", subject_kind="person", subject_id=person.id, after=state(person))
    return person


def renew_password(work: Work, *, person_id: UUID, password: str) -> Person:
    """Give a person a new password and end all their sessions. Raises WeakPasswordError, DisabledPersonError."""
    person = person_of(work, person_id=person_id)
    refuse_disabled(person)
    check_strength(password, email=person.email)
    person.password_hash = hash_password(password)
    work.session.execute(delete(PersonSession).where(PersonSession.person_id == person_id))
    work.session.flush()
    work.audit("person.password_renewed", subject_kind="person", subject_id=person_id)
    return person


def refuse_disabled(person: Person) -> None:
    """Raises DisabledPersonError for somebody who was shut out."""
    if person.disabled_at is not None:
        raise DisabledPersonError


def person_with(work: Work, *, email: str) -> Person | None:
    """Whoever has this (cleaned) address, if anybody."""
    return work.session.scalars(select(Person).where(Person.email == email)).one_or_none()


def list_people(work: Work) -> list[Person]:
    """Everybody, disabled people too, by name."""
    return list(work.session.scalars(select(Person).order_by(Person.name, Person.id)))


def person_of(work: Work, *, person_id: UUID) -> Person:
    """One person. Raises NoSuchPersonError."""
    found = work.session.get(Person, (work.scope.tenant_id, person_id))
    if found is None:
        raise NoSuchPersonError
    return found


def change_role(work: Work, *, person_id: UUID, role: str) -> Person:
    """Give a person another role, at once also in open sessions. Nobody touches or gives a role above their own."""
    require_rank(work.scope.role, at_least=role)
    person = _changeable(work, person_id=person_id, stays_owner=role == "owner")
    before, person.role = state(person), role
    _note(work, "person.role_changed", person, before)
    return person


def disable(work: Work, *, person_id: UUID) -> Person:
    """Shut a person out: sessions end, API keys stop working. What they did stays."""
    person = _changeable(work, person_id=person_id, stays_owner=False)
    before = state(person)
    person.disabled_at = person.disabled_at or work.now
    # Deleted, not only refused: enabling the person again must not bring an old browser back in.
    work.session.execute(delete(PersonSession).where(PersonSession.person_id == person_id))
    _note(work, "person.disabled", person, before)
    return person


def enable(work: Work, *, person_id: UUID) -> Person:
    """Let a disabled person sign in again."""
    person = _changeable(work, person_id=person_id, stays_owner=True)
    before, person.disabled_at = state(person), None
    _note(work, "person.enabled", person, before)
    return person


def state(person: Person) -> dict[str, Any]:
    """What the audit trail keeps of a person."""
    return {"email": person.email, "role": person.role, "disabled": person.disabled_at is not None}


def _changeable(work: Work, *, person_id: UUID, stays_owner: bool) -> Person:
    """The person, locked. The owners are locked too, in one order: two of them cannot demote each other at once."""
    owners = work.session.scalars(
        select(Person.id)
        .where(Person.role == "owner", Person.disabled_at.is_(None))
        .order_by(Person.id)
        .with_for_update()
    ).all()
    person = work.session.get(Person, (work.scope.tenant_id, person_id), with_for_update=True)
    if person is None:
        raise NoSuchPersonError
    require_rank(work.scope.role, at_least=person.role)
    if list(owners) == [person_id] and not stays_owner:
        raise LastOwnerError
    return person


def _note(work: Work, action: str, person: Person, before: dict[str, Any]) -> None:
    work.session.flush()
    if state(person) != before:
        work.audit(action, subject_kind="person", subject_id=person.id, before=before, after=state(person))
