import concurrent.futures

import pytest
from sqlalchemy import text

from kalends.base.errors import ForbiddenError
from kalends.base.ids import new_id
from kalends.base.scope import Scope
from kalends.identity.people import BadEmailError, PersonExistsError, clean_email
from kalends.identity.service import (
    LastOwnerError,
    NoSuchPersonError,
    add_person,
    change_role,
    create_tenant,
    disable,
    enable,
    list_people,
)


@pytest.mark.unit
@pytest.mark.parametrize("email", ["", "ada", "a b@c", "@", "ada@", "a@b@c", "a" * 250 + "@b.de"])
def test_what_is_no_email_is_refused(email):
    with pytest.raises(BadEmailError):
        clean_email(email)


def test_people_are_found_by_name_and_the_change_of_a_role_is_audited(house, scope):
    with house.work(scope) as work:
        add_person(work, email="bob@aurora.example", name="Bob", role="viewer")
        ada = add_person(work, email="Ada@aurora.example", name="", role="owner")
        assert [person.name for person in list_people(work)] == ["Bob", "ada"]
        change_role(work, person_id=list_people(work)[0].id, role="editor")
        change_role(work, person_id=ada.id, role="owner")
        entries = work.session.execute(
            text("SELECT action, label, before, after FROM audit_entries WHERE subject_kind = 'person' ORDER BY id")
        ).all()
    assert [entry.action for entry in entries] == ["person.added", "person.added", "person.role_changed"]
    assert (entries[2].before["role"], entries[2].after["role"], entries[2].label) == ("viewer", "editor", "test")


def test_an_address_is_taken_once_per_tenant_only(house, work):
    add_person(work, email="ada@aurora.example", name="Ada", role="viewer")
    with pytest.raises(PersonExistsError):
        add_person(work, email="ADA@aurora.example", name="Ada", role="viewer")
    other = create_tenant(house, name="Borealis")
    with house.work(Scope(tenant_id=other, role="owner")) as elsewhere:
        add_person(elsewhere, email="ada@aurora.example", name="Ada", role="viewer")


def test_the_last_owner_stays(work, owner):
    for change in (
        lambda: disable(work, person_id=owner.id),
        lambda: change_role(work, person_id=owner.id, role="admin"),
    ):
        with pytest.raises(LastOwnerError):
            change()
    second = add_person(work, email="bob@aurora.example", name="Bob", role="owner")
    disable(work, person_id=owner.id)
    with pytest.raises(LastOwnerError):
        disable(work, person_id=second.id)
    enable(work, person_id=owner.id)
    disable(work, person_id=second.id)


def test_two_owners_cannot_remove_each_other_at_once(house, scope):
    with house.work(scope) as work:
        people = [add_person(work, email=f"{n}@aurora.example", name=n, role="owner") for n in ("ada", "bob")]

    def remove(person):
        try:
            with house.work(scope) as work:
                disable(work, person_id=person.id)
        except LastOwnerError:
            return False
        return True

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(remove, people)) == [False, True]


@pytest.mark.parametrize("change", [disable, enable])
def test_an_admin_does_not_touch_an_owner(house, tenant, work, owner, change):
    work.scope = Scope(tenant_id=tenant, role="admin")
    with pytest.raises(ForbiddenError):
        change(work, person_id=owner.id)
    with pytest.raises(ForbiddenError):
        change_role(work, person_id=owner.id, role="viewer")


def test_a_person_of_another_tenant_does_not_exist(house, work, owner):
    other = create_tenant(house, name="Borealis")
    with house.work(Scope(tenant_id=other, role="owner")) as elsewhere:
        foreign = add_person(elsewhere, email="eve@borealis.example", name="Eve", role="viewer").id
    answers = []
    for unknown in (foreign, new_id()):
        with pytest.raises(NoSuchPersonError) as caught:
            change_role(work, person_id=unknown, role="viewer")
        answers.append(caught.value.problem())
    assert answers[0] == answers[1]
