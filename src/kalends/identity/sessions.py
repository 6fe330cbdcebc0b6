"""Sessions: a browser in which somebody has signed in."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, text, update

from kalends.base.ids import new_id
from kalends.base.scope import Scope
from kalends.base.work import House, Work
from kalends.identity.models import PersonSession
from kalends.identity.tokens import digest_of, new_token

FIND_SESSION = text("SELECT * FROM find_session(:digest)")

COOKIE: Final = "kalends_session"

LASTS: Final = timedelta(days=30)
"""How long a session lives after it was last used."""

TOUCH_AFTER: Final = timedelta(hours=1)
"""A session's last use is written down no more often than this, so that reading a page writes nothing."""


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """What the browser gets: the cookie's value, once, and the token that its forms must carry."""

    id: UUID
    secret: str = field(repr=False)
    csrf: str = field(repr=False)
    expires_at: datetime


def open_session(work: Work, *, person_id: UUID) -> OpenedSession:
    """Sign `person_id` in. Always a fresh secret: one that was planted before the sign-in is worth nothing."""
    token, csrf = new_token("session"), secrets.token_urlsafe(32)
    session = PersonSession(
        tenant_id=work.scope.tenant_id,
        id=new_id(),
        person_id=person_id,
        secret_hash=token.digest,
        csrf=csrf,
        created_at=work.now,
        expires_at=work.now + LASTS,
        seen_at=work.now,
    )
    work.session.add(session)
    work.session.flush()
    return OpenedSession(id=session.id, secret=token.text, csrf=csrf, expires_at=session.expires_at)


def touch_session(work: Work, *, session_id: UUID) -> None:
    """Let the session live for another LASTS from now."""
    work.session.execute(
        update(PersonSession)
        .where(PersonSession.id == session_id)
        .values(seen_at=work.now, expires_at=work.now + LASTS)
    )


def sign_out(work: Work, *, session_id: UUID) -> None:
    """End one session; without effect if it has ended already."""
    ended = work.session.scalar(
        delete(PersonSession).where(PersonSession.id == session_id).returning(PersonSession.person_id)
    )
    if ended is not None:
        work.audit("person.signed_out", subject_kind="person", subject_id=ended)


def end_session_with(house: House, *, secret: str | None) -> None:
    """End the session that a browser brought along when it signs in anew; without effect if there is none."""
    if secret is None:
        return
    with house.database.lookup() as session:
        row = session.execute(FIND_SESSION, {"digest": digest_of(secret)}).one_or_none()
    if row is not None:
        with house.work(Scope(tenant_id=row.tenant_id, role="viewer", person_id=row.person_id)) as work:
            sign_out(work, session_id=row.session_id)


def remove_expired_sessions(work: Work) -> None:
    """Forget the sessions that nobody can use any more."""
    work.session.execute(delete(PersonSession).where(PersonSession.expires_at <= work.now))
