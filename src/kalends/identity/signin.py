"""Signing in with e-mail and password. An edge of its own: no tenant is known before the password was right."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from kalends.base.errors import KalendsError
from kalends.base.scope import Scope
from kalends.base.work import House, Work
from kalends.identity import attempts, passwords
from kalends.identity.people import BadEmailError, clean_email, person_of
from kalends.identity.sessions import OpenedSession, open_session, remove_expired_sessions

FIND_PEOPLE = text("SELECT tenant_id, person_id, password_hash FROM find_people(:email)")


class WrongSignInError(KalendsError):
    """E-mail and password do not belong together."""

    status = 401
    code = "wrong_sign_in"


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who has the e-mail, at one tenant."""

    tenant_id: UUID
    person_id: UUID
    password_hash: str | None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who signed in, where, and with which session."""

    tenant_id: UUID
    person_id: UUID
    session: OpenedSession


def sign_in(house: House, *, email: str, password: str, address: str) -> SignedIn:
    """Sign in the person with this e-mail and password, tried from the network address `address`.

    Unknown e-mails and wrong passwords give the same WrongSignInError after the same work; too many of either give
    TooManyAttemptsError. With one e-mail at several tenants the password decides; the oldest tenant comes first.
    """
    try:
        email = clean_email(email)
    except BadEmailError as error:
        raise WrongSignInError from error
    count(house, email=email, address=address)
    candidates = find(house, email=email)
    # Nobody by that name costs one password check, as somebody does.
    right = [one for one in candidates or [NOBODY] if passwords.is_right(password, one.password_hash)]
    if not right:
        note_failure(house, candidates, address=address)
        raise WrongSignInError
    with house.database.lookup() as session:
        attempts.forget(session, subject=email)
        attempts.forgive(session, subject=address)
    return admit(house, right[0], password=password)


NOBODY = Candidate(tenant_id=UUID(int=0), person_id=UUID(int=0), password_hash=None)


def count(house: House, *, email: str, address: str) -> None:
    """Count the try for both; raises TooManyAttemptsError if either must wait."""
    now = house.clock()
    with house.database.lookup() as session:
        attempts.count_attempt(session, subject=address, free=attempts.FREE_BY_ADDRESS, now=now)
        attempts.count_attempt(session, subject=email, free=attempts.FREE_BY_EMAIL, now=now)


def find(house: House, *, email: str) -> list[Candidate]:
    """Everybody, at any tenant, who has the e-mail and may sign in."""
    with house.database.lookup() as session:
        return [Candidate(*row) for row in session.execute(FIND_PEOPLE, {"email": email})]


def note_failure(house: House, candidates: list[Candidate], *, address: str) -> None:
    """Let the tenants whose people were tried see it in their audit trail."""
    for one in candidates:
        with house.work(Scope(tenant_id=one.tenant_id, role="viewer", label="sign-in")) as work:
            after = {"address": address}
            work.audit("person.sign_in_failed", subject_kind="person", subject_id=one.person_id, after=after)


def admit(house: House, one: Candidate, *, password: str) -> SignedIn:
    """Open the session of somebody who proved who they are."""
    with house.work(Scope(tenant_id=one.tenant_id, role="viewer", person_id=one.person_id)) as work:
        renew_hash(work, person_id=one.person_id, password=password)
        remove_expired_sessions(work)
        session = open_session(work, person_id=one.person_id)
        work.audit("person.signed_in", subject_kind="person", subject_id=one.person_id)
    return SignedIn(tenant_id=one.tenant_id, person_id=one.person_id, session=session)


def renew_hash(work: Work, *, person_id: UUID, password: str) -> None:
    """Store the password at today's cost, now that it is known."""
    person = person_of(work, person_id=person_id)
    if person.password_hash and passwords.is_outdated(person.password_hash):
        person.password_hash = passwords.hash_password(password)
