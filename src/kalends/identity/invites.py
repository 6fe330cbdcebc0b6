"""Invitations: a link that lets one person in, once, for a day or a week."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select, text, update

from kalends.base.errors import KalendsError, NotFoundError
from kalends.base.ids import new_id
from kalends.base.scope import Scope
from kalends.base.work import House, Work
from kalends.identity.models import Invite, Person
from kalends.identity.people import add_person, clean_email, person_with, refuse_disabled, renew_password
from kalends.identity.permissions import require_rank
from kalends.identity.sessions import open_session
from kalends.identity.signin import SignedIn
from kalends.identity.tenants import change_workspace, workspace
from kalends.identity.tokens import Token, digest_of, new_token

LASTS: Final = timedelta(days=7)
FIRST_START_LASTS: Final = timedelta(hours=24)

FIND_INVITE = text("SELECT tenant_id, id FROM find_invite(:digest)")


class SpentInviteError(KalendsError):
    """This link has been used already, or is too old; ask for a new one."""

    status = 410
    code = "spent_invite"


class NoSuchInviteError(NotFoundError):
    """There is no such invitation here."""

    code = "no_such_invite"


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation just made; `path` holds its secret and is shown once."""

    id: UUID
    path: str
    email: str
    role: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class OpenInvite:
    """What the holder of a link is told before accepting. `email` is None for the first start's link."""

    tenant_id: UUID
    invite_id: UUID
    tenant_name: str
    email: str | None
    role: str
    inviter: str


def invite(work: Work, *, email: str, role: str) -> Invited:
    """Invite somebody in a role not above one's own. An older open invitation of the same address ends.

    Whoever is here already keeps their role: for them the link sets a new password, so that a forgotten one is no end.
    """
    email = clean_email(email)
    here = person_with(work, email=email)
    if here is not None:
        refuse_disabled(here)
        role = here.role
    require_rank(work.scope.role, at_least=role)
    work.session.execute(delete(Invite).where(Invite.email == email, Invite.used_at.is_(None)))
    token = new_token("invite")
    made = add_invite(work, token, email=email, role=role, lasts=LASTS)
    after = {"email": email, "role": role}
    work.audit("invite.made", subject_kind="invite", subject_id=made.id, after=after)
    return Invited(id=made.id, path=f"/invite/{token.text}", email=email, role=role, expires_at=made.expires_at)


def add_invite(work: Work, token: Token, *, email: str | None, role: str, lasts: timedelta) -> Invite:
    """Store the invitation that `token` opens."""
    inviter = work.session.get(Person, (work.scope.tenant_id, work.scope.person_id)) if work.scope.person_id else None
    made = Invite(
        tenant_id=work.scope.tenant_id,
        id=new_id(),
        secret_hash=token.digest,
        email=email,
        role=role,
        inviter=inviter.name if inviter else "",
        created_at=work.now,
        expires_at=work.now + lasts,
        used_at=None,
    )
    work.session.add(made)
    work.session.flush()
    return made


def list_invites(work: Work) -> list[Invite]:
    """The invitations that can still be accepted, newest first."""
    still_open = (Invite.used_at.is_(None), Invite.expires_at > work.now, Invite.email.is_not(None))
    return list(work.session.scalars(select(Invite).where(*still_open).order_by(Invite.id.desc())))


def withdraw_invite(work: Work, *, invite_id: UUID) -> None:
    """End an invitation before it is accepted. Raises NoSuchInviteError."""
    gone = work.session.execute(
        delete(Invite).where(Invite.id == invite_id, Invite.used_at.is_(None)).returning(Invite.email, Invite.role)
    ).one_or_none()
    if gone is None:
        raise NoSuchInviteError
    before = {"email": gone.email, "role": gone.role}
    work.audit("invite.withdrawn", subject_kind="invite", subject_id=invite_id, before=before)


def find_invite(house: House, *, secret: str) -> OpenInvite:
    """What the link with this secret opens. Raises SpentInviteError, the same for used, old and invented links."""
    with house.database.lookup() as session:
        row = session.execute(FIND_INVITE, {"digest": digest_of(secret)}).one_or_none()
    if row is None:
        raise SpentInviteError
    with house.work(Scope(tenant_id=row.tenant_id, role="viewer", label="invite")) as work:
        found = work.session.get(Invite, (row.tenant_id, row.id))
        if found is None or found.used_at is not None or found.expires_at <= work.now:
            raise SpentInviteError
        return OpenInvite(
            tenant_id=row.tenant_id,
            invite_id=found.id,
            tenant_name=workspace(work).name,
            email=found.email,
            role=found.role,
            inviter=found.inviter,
        )


def accept_invite(
    house: House,
    *,
    secret: str,
    name: str,
    password: str,
    email: str | None = None,
    workspace_as: dict[str, str] | None = None,
) -> SignedIn:
    """Become a person of the tenant, and be signed in. The link is spent only if all of it goes well.

    `email` and `workspace_as` (name, zone, currency, country, industry) count for the first start's link alone.
    Raises SpentInviteError, WeakPasswordError, BadEmailError, BadWorkspaceError.
    """
    found = find_invite(house, secret=secret)
    with house.work(Scope(tenant_id=found.tenant_id, role=found.role, label="invite")) as work:
        spend(work, invite_id=found.invite_id)
        if found.email is None and workspace_as:
            change_workspace(work, **workspace_as)
        email = clean_email(found.email or email or "")
        person = welcome(work, email=email, name=name, role=found.role, password=password)
        work.audit("invite.accepted", subject_kind="invite", subject_id=found.invite_id, after={"email": email})
        session = open_session(work, person_id=person.id)
    return SignedIn(tenant_id=found.tenant_id, person_id=person.id, session=session)


def welcome(work: Work, *, email: str, name: str, role: str, password: str) -> Person:
    """Add the person, or let one who is here already choose a new password."""
    here = person_with(work, email=email)
    if here is None:
        return add_person(work, email=email, name=name, role=role, password=password)
    require_rank(role, at_least=here.role)
    return renew_password(work, person_id=here.id, password=password)


def spend(work: Work, *, invite_id: UUID) -> None:
    """Use the link up; of two who try at once the second gets SpentInviteError."""
    spent = work.session.scalar(
        update(Invite)
        .where(Invite.id == invite_id, Invite.used_at.is_(None), Invite.expires_at > work.now)
        .values(used_at=work.now)
        .returning(Invite.id)
    )
    if spent is None:
        raise SpentInviteError
