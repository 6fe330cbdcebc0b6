"""The first start: a company without people, and one link that makes its holder the owner."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import delete, func, select, text

from kalends.base.errors import ConflictError
from kalends.base.scope import Scope
from kalends.base.work import House
from kalends.identity.invites import FIRST_START_LASTS, add_invite
from kalends.identity.models import Invite, Person
from kalends.identity.people import add_person
from kalends.identity.tenants import change_workspace, create_tenant
from kalends.identity.tokens import new_token

COMPANY = "My company"

# Any fixed number that nothing else locks: two servers that start at once must not make two companies.
ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(6015001)")


class AlreadySetUpError(ConflictError):
    """This workspace has its owner already; sign in, or have yourself invited."""

    code = "already_set_up"


def first_start_link(house: House) -> str | None:
    """The path of a fresh one-time link that makes its holder the owner; None once there is anybody.

    Makes the company where there is none. The link works once, for FIRST_START_LASTS; an older one ends here.
    """
    with one_at_a_time(house):
        tenant_id = empty_tenant(house)
        if tenant_id is None:
            return None
        token = new_token("start")
        with house.work(Scope(tenant_id=tenant_id, role="owner", label="first start")) as work:
            work.session.execute(delete(Invite).where(Invite.email.is_(None)))
            add_invite(work, token, email=None, role="owner", lasts=FIRST_START_LASTS)
        return f"/start/{token.text}"


def set_up(
    house: House, *, email: str, password: str, name: str = "", workspace_as: dict[str, str]
) -> tuple[UUID, UUID]:
    """Do the first start without a browser; gives the ids of the tenant and of its owner. Raises AlreadySetUpError.

    `workspace_as`: name, zone, currency, country, industry of the company.
    """
    with one_at_a_time(house):
        tenant_id = empty_tenant(house)
        if tenant_id is None:
            raise AlreadySetUpError
        with house.work(Scope(tenant_id=tenant_id, role="owner", label="setup")) as work:
            work.session.execute(delete(Invite).where(Invite.email.is_(None)))
            change_workspace(work, **workspace_as)
            person = add_person(work, email=email, name=name, role="owner", password=password)
        return tenant_id, person.id


def empty_tenant(house: House) -> UUID | None:
    """The first company if it has no people yet, made where there is none; None if it is somebody's already."""
    tenants = house.tenants()
    if not tenants:
        return create_tenant(house, name=COMPANY)
    with house.work(Scope(tenant_id=tenants[0], role="owner", label="first start")) as work:
        return None if work.session.scalar(select(func.count()).select_from(Person)) else tenants[0]


@contextmanager
def one_at_a_time(house: House) -> Iterator[None]:
    """Only one process of the installation is in here."""
    with house.database.lookup() as session:
        session.execute(ONE_AT_A_TIME)
        yield
