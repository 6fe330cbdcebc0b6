import concurrent.futures

import pytest

from kalends.base.scope import Scope
from kalends.identity.service import (
    AlreadySetUpError,
    SpentInviteError,
    accept_invite,
    first_start_link,
    set_up,
    sign_in,
    workspace,
)

PASSWORD = "a long sentence"
COMPANY = {"name": "Aurora Trading", "zone": "Europe/Berlin", "currency": "EUR", "country": "DE"}


def become_owner(house, link):
    return accept_invite(
        house,
        secret=link.removeprefix("/start/"),
        name="Ada",
        email="ada@aurora.example",
        password=PASSWORD,
        workspace_as=COMPANY,
    )


def test_the_link_makes_the_owner_and_names_the_company(house):
    signed_in = become_owner(house, first_start_link(house))
    assert house.tenants() == [signed_in.tenant_id]
    with house.work(Scope(tenant_id=signed_in.tenant_id, role="owner")) as work:
        assert workspace(work).zone == "Europe/Berlin"
    assert sign_in(house, email="ada@aurora.example", password=PASSWORD, address="local").person_id
    assert first_start_link(house) is None


def test_each_start_makes_a_fresh_link_until_one_is_used(house):
    first, second = first_start_link(house), first_start_link(house)
    assert first != second
    assert len(house.tenants()) == 1
    with pytest.raises(SpentInviteError):
        become_owner(house, first)
    become_owner(house, second)
    with pytest.raises(SpentInviteError):
        become_owner(house, second)


def test_the_link_ends_after_a_day(house, clock):
    link = first_start_link(house)
    clock.advance(hours=24)
    with pytest.raises(SpentInviteError):
        become_owner(house, link)


def test_two_servers_that_start_at_once_make_one_company(house):
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        links = list(pool.map(lambda _: first_start_link(house), range(4)))
    assert len(house.tenants()) == 1
    assert len(set(links)) == 4


def test_set_up_without_a_browser_works_once(house):
    first_start_link(house)
    tenant_id, person_id = set_up(
        house, email="ada@aurora.example", password=PASSWORD, name="Ada", workspace_as=COMPANY
    )
    assert house.tenants() == [tenant_id]
    assert sign_in(house, email="ada@aurora.example", password=PASSWORD, address="local").person_id == person_id
    with pytest.raises(AlreadySetUpError):
        set_up(house, email="eve@aurora.example", password=PASSWORD, workspace_as=COMPANY)


def test_a_company_has_a_key_of_its_own_from_the_start(house, tenant):
    assert len(house.keys.data_key(tenant)) == 32
