"""Who is calling: a person by a session cookie, a program by an API key, or the local owner by the token in the home.

Nothing else is believed: no header says who somebody is, except that the local owner may choose a tenant.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import Row, text

from kalends.base.errors import ConflictError, KalendsError, NotFoundError
from kalends.base.scope import Scope
from kalends.base.work import House
from kalends.identity import keys, sessions
from kalends.identity.ownertoken import is_owner_token
from kalends.identity.permissions import lower_of
from kalends.identity.tokens import digest_of, looks_like_token

FIND_API_KEY = text("SELECT * FROM find_api_key(:digest)")


class NotSignedInError(KalendsError):
    """Please sign in, or send a valid API key."""

    status = 401
    code = "not_signed_in"


class NotSetUpError(ConflictError):
    """There is no workspace here yet: set it up first."""

    code = "not_set_up"


class NoSuchTenantError(NotFoundError):
    """There is no such tenant here."""

    code = "no_such_tenant"


@dataclass(frozen=True, slots=True)
class Caller:
    """A proven caller. `csrf` and `session_id` are set for sessions only: only browsers send proof unasked."""

    tenant_id: UUID
    role: str
    via: Literal["session", "key", "owner"]
    name: str
    person_id: UUID | None = None
    csrf: str | None = None
    session_id: UUID | None = None

    @property
    def scope(self) -> Scope:
        """What the transaction is opened with; a person at a page needs no label."""
        label = "" if self.via == "session" else self.name
        return Scope(tenant_id=self.tenant_id, role=self.role, person_id=self.person_id, label=label)


def caller_of_session(house: House, secret: str) -> Caller:
    """Whoever is signed in with this cookie. Raises NotSignedInError."""
    row = _find(house, sessions.FIND_SESSION, secret)
    now = house.clock()
    if row is None or row.expires_at <= now:
        raise NotSignedInError
    caller = Caller(
        tenant_id=row.tenant_id,
        role=row.role,
        via="session",
        name=row.name,
        person_id=row.person_id,
        csrf=row.csrf,
        session_id=row.session_id,
    )
    if is_due(row.seen_at, now=now, every=sessions.TOUCH_AFTER):
        with house.work(caller.scope) as work:
            sessions.touch_session(work, session_id=row.session_id)
    return caller


def caller_of_key(house: House, secret: str) -> Caller:
    """The program that holds this API key, with no more rights than its person. Raises NotSignedInError."""
    row = _find(house, FIND_API_KEY, secret)
    now = house.clock()
    if row is None or (row.expires_at is not None and row.expires_at <= now):
        raise NotSignedInError
    role = lower_of(row.role, row.person_role) if row.person_id else row.role
    caller = Caller(tenant_id=row.tenant_id, role=role, via="key", name=row.label, person_id=row.person_id)
    if is_due(row.last_used_at, now=now, every=keys.TOUCH_AFTER):
        # In a transaction of its own: a long request must not hold the key's row against all others.
        with house.work(caller.scope) as work:
            keys.touch_key(work, key_id=row.key_id)
    return caller


def caller_of_bearer(house: House, secret: str, *, tenant: str | None) -> Caller:
    """Whoever sends `Authorization: Bearer`: the local owner, who may choose a `tenant` by its id, or an API key."""
    if is_owner_token(house.settings, secret):
        return local_owner(house, tenant=tenant)
    return caller_of_key(house, secret)


def local_owner(house: House, *, tenant: str | None) -> Caller:
    """The operator of this machine, as an owner of the first tenant or of the one that was named."""
    tenants = house.tenants()
    if not tenants:
        raise NotSetUpError
    chosen = next((one for one in tenants if tenant is None or str(one) == tenant.lower()), None)
    if chosen is None:
        raise NoSuchTenantError
    return Caller(tenant_id=chosen, role="owner", via="owner", name="local owner")


def is_due(last: datetime | None, *, now: datetime, every: timedelta) -> bool:
    """Whether the last use is old enough to be written down anew."""
    return last is None or now - last >= every


def _find(house: House, query: object, secret: str) -> Row[tuple[object, ...]] | None:
    if not looks_like_token(secret):
        return None
    with house.database.lookup() as session:
        return session.execute(query, {"digest": digest_of(secret)}).one_or_none()  # type: ignore[call-overload,no-any-return]
