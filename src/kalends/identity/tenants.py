"""The customer company: made once, then described by its people."""

from __future__ import annotations

import re
from uuid import UUID

from kalends.base.clock import zone_names
from kalends.base.errors import BadInputError
from kalends.base.ids import new_id
from kalends.base.scope import Scope
from kalends.base.work import House, Work
from kalends.identity.models import Tenant

DESCRIBED_BY = ("name", "zone", "currency", "country", "industry")


class BadWorkspaceError(BadInputError):
    """The workspace cannot be described like that."""

    code = "bad_workspace"


def create_tenant(
    house: House,
    *,
    name: str,
    zone: str = "UTC",
    currency: str = "EUR",
    country: str = "US",
    industry: str = "general",
) -> UUID:
    """Make a company with a key of its own and give its id. The key comes first: without it nothing can be stored."""
    tenant_id = new_id()
    house.keys.create(tenant_id)
    with house.work(Scope(tenant_id=tenant_id, role="owner", label="create_tenant")) as work:
        described = {"name": name, "zone": zone, "currency": currency, "country": country, "industry": industry}
        check_description(**described)
        work.session.add(Tenant(id=tenant_id, created_at=work.now, erased_at=None, **described))
        work.session.flush()
        work.audit("tenant.created", subject_kind="tenant", subject_id=tenant_id, after=described)
        work.announce("identity.tenant_created")
    return tenant_id


def workspace(work: Work) -> Tenant:
    """The company that this work is done for."""
    # Held on to: a page asks for it six times, and a session forgets rows that nobody holds.
    tenant: Tenant = work.session.info.setdefault(Tenant, work.session.get_one(Tenant, work.scope.tenant_id))
    return tenant


def change_workspace(work: Work, **changes: str) -> Tenant:
    """Set some of name, zone (IANA), currency (ISO 4217), country (ISO 3166) and industry. Raises BadWorkspaceError."""
    check_description(**changes)
    found = work.session.get_one(Tenant, work.scope.tenant_id, with_for_update=True)
    before = describe(found)
    for key, value in changes.items():
        setattr(found, key, value)
    if describe(found) != before:
        work.session.flush()
        work.audit("tenant.changed", subject_kind="tenant", subject_id=found.id, before=before, after=describe(found))
        work.announce("identity.tenant_changed")
    return found


def describe(tenant: Tenant) -> dict[str, str]:
    """What people may change about a tenant."""
    return {key: getattr(tenant, key) for key in DESCRIBED_BY}


def check_description(**described: str) -> None:
    """Raises BadWorkspaceError, which says what would be right."""
    if "name" in described and not 1 <= len(described["name"].strip()) <= 200:
        raise BadWorkspaceError("Give the company a name of 1 to 200 characters.", field="name")
    if "zone" in described and described["zone"] not in zone_names():
        raise BadWorkspaceError(f"{described['zone']!r} is no IANA time zone; write it as Europe/Berlin.", field="zone")
    if "currency" in described and not re.fullmatch("[A-Z]{3}", described["currency"]):
        raise BadWorkspaceError(f"{described['currency']!r} is no currency; write it as EUR.", field="currency")
    if "country" in described and not re.fullmatch("[A-Z]{2}", described["country"]):
        raise BadWorkspaceError(f"{described['country']!r} is no country; write it as DE.", field="country")
