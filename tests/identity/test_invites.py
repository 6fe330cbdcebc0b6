import concurrent.futures

import pytest

from kalends.base.errors import ForbiddenError
from kalends.base.scope import Scope
from kalends.identity.callers import NotSignedInError, caller_of_session
from kalends.identity.people import DisabledPersonError
from kalends.identity.service import (
    SpentInviteError,
    WeakPasswordError,
    accept_invite,
    add_person,
    disable,
    find_invite,
    invite,
    list_invites,
    list_people,
    sign_in,
    withdraw_invite,
)

PASSWORD = "a long sentence"


def invited(house, scope, *, email="ada@aurora.example", role="editor"):
    with house.work(scope) as work:
        return invite(work, email=email, role=role).path.removeprefix("/invite/")


def accept(house, secret, **changes):
    return accept_invite(house, secret=secret, **{"name": "Ada", "password": PASSWORD, **changes})


def test_an_invitation_lets_one_person_in_once(house, scope):
    secret = invited(house, scope)
    assert find_invite(house, secret=secret).email == "ada@aurora.example"
    signed_in = accept(house, secret, email="eve@evil.example")
    with house.work(scope) as work:
        (person,) = list_people(work)
        assert list_invites(work) == []
    assert (person.id, person.email, person.role) == (signed_in.person_id, "ada@aurora.example", "editor")
    for _ in range(2):
        with pytest.raises(SpentInviteError):
            accept(house, secret)


def test_invented_and_old_links_answer_alike(house, scope, clock):
    secret = invited(house, scope)
    clock.advance(days=7)
    for one in (secret, "kal_invite_" + "x" * 43, "", "é"):
        with pytest.raises(SpentInviteError):
            find_invite(house, secret=one)


def test_a_refused_password_does_not_spend_the_link(house, scope):
    secret = invited(house, scope)
    with pytest.raises(WeakPasswordError):
        accept(house, secret, password="short")
    accept(house, secret)


def test_of_many_at_once_one_gets_in(house, scope):
    secret = invited(house, scope)

    def attempt(number):
        try:
            accept(house, secret, name=f"Ada {number}")
        except SpentInviteError:
            return 0
        return 1

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(attempt, range(6))) == 1
    with house.work(scope) as work:
        assert len(list_people(work)) == 1


def test_a_second_invitation_ends_the_first(house, scope):
    first, second = invited(house, scope), invited(house, scope)
    with pytest.raises(SpentInviteError):
        accept(house, first)
    accept(house, second)


def test_a_withdrawn_invitation_is_spent(house, scope):
    secret = invited(house, scope)
    with house.work(scope) as work:
        withdraw_invite(work, invite_id=list_invites(work)[0].id)
    with pytest.raises(SpentInviteError):
        accept(house, secret)


def test_nobody_invites_above_themselves(house, tenant):
    with (
        pytest.raises(ForbiddenError),
        house.work(Scope(tenant_id=tenant, role="admin")) as work,
    ):
        invite(work, email="ada@aurora.example", role="owner")


def test_inviting_somebody_who_is_here_sets_a_new_password_and_ends_sessions(house, scope, clock):
    first = accept(house, invited(house, scope, role="editor"))
    accept(house, invited(house, scope, role="viewer"), password="a new sentence")
    again = sign_in(house, email="ada@aurora.example", password="a new sentence", address="local")
    assert again.person_id == first.person_id
    with house.work(scope) as work:
        assert [person.role for person in list_people(work)] == ["editor"]
    with pytest.raises(NotSignedInError):
        caller_of_session(house, first.session.secret)


def test_an_admin_cannot_take_an_owner_over_by_inviting_them(house, scope, tenant):
    with house.work(scope) as work:
        add_person(work, email="boss@aurora.example", name="Boss", role="owner", password=PASSWORD)
    with pytest.raises(ForbiddenError), house.work(Scope(tenant_id=tenant, role="admin")) as work:
        invite(work, email="boss@aurora.example", role="viewer")


def test_a_link_does_not_bring_a_disabled_person_back(house, scope):
    person = accept(house, invited(house, scope)).person_id
    secret = invited(house, scope)
    with house.work(scope) as work:
        add_person(work, email="boss@aurora.example", name="Boss", role="owner")
        disable(work, person_id=person)
    with pytest.raises(DisabledPersonError):
        accept(house, secret)
