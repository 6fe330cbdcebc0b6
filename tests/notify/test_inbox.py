import pytest

from kalends.base.ids import new_id
from kalends.base.scope import Scope
from kalends.identity.service import add_person, disable
from kalends.notify.service import (
    NoSuchEntryError,
    count_unread,
    inbox,
    mark_all_read,
    mark_read,
    tell_admins,
    tell_person,
)


@pytest.fixture
def as_admin(house, scope, admin):
    """A transaction of the admin."""
    with house.work(Scope(tenant_id=scope.tenant_id, role="admin", person_id=admin.id)) as work:
        yield work


def test_unread_comes_first_then_the_newest(as_admin, admin):
    made = [tell_person(as_admin, person_id=admin.id, kind="test", title=str(n)) for n in range(3)]
    mark_read(as_admin, entry_id=made[2].id)
    assert [entry.title for entry in inbox(as_admin)] == ["1", "0", "2"]
    assert count_unread(as_admin) == 2
    mark_all_read(as_admin)
    assert count_unread(as_admin) == 0


def test_admins_are_told_and_nobody_else(as_admin, admin):
    gone = add_person(as_admin, email="old@aurora.example", name="Old", role="admin")
    disable(as_admin, person_id=gone.id)
    assert [entry.person_id for entry in tell_admins(as_admin, kind="test", title="Look")] == [admin.id]


def test_somebody_elses_message_does_not_exist(as_admin):
    other = add_person(as_admin, email="bob@aurora.example", name="Bob", role="viewer")
    foreign = tell_person(as_admin, person_id=other.id, kind="test", title="For Bob").id
    answers = []
    for entry_id in (foreign, new_id()):
        with pytest.raises(NoSuchEntryError) as caught:
            mark_read(as_admin, entry_id=entry_id)
        answers.append(caught.value.problem())
    assert answers[0] == answers[1]
    assert inbox(as_admin) == []


def test_a_program_without_a_person_has_no_inbox(work, admin):
    tell_admins(work, kind="test", title="Look")
    assert inbox(work) == []
    assert count_unread(work) == 0
