import pytest
from sqlalchemy import text

from kalends.base.scope import Scope
from kalends.identity import passwords
from kalends.identity.attempts import FREE_BY_ADDRESS, TooManyAttemptsError
from kalends.identity.callers import NotSignedInError, caller_of_session
from kalends.identity.service import WrongSignInError, add_person, create_tenant, disable, sign_in

EMAIL, PASSWORD = "ada@aurora.example", "a long sentence"


@pytest.fixture
def ada(house, scope):
    with house.work(scope) as work:
        add_person(work, email="bob@aurora.example", name="Bob", role="owner", password=PASSWORD)
        return add_person(work, email=EMAIL, name="Ada", role="editor", password=PASSWORD)


def enter(house, *, email=EMAIL, password=PASSWORD, address="192.0.2.7"):
    return sign_in(house, email=email, password=password, address=address)


def audited(house, tenant):
    with house.work(Scope(tenant_id=tenant, role="owner")) as work:
        rows = work.session.execute(text("SELECT action FROM audit_entries ORDER BY id"))
        return [row.action for row in rows]


def test_signing_in_opens_a_session_of_that_person(house, ada):
    signed_in = enter(house, email="  Ada@Aurora.example ")
    caller = caller_of_session(house, signed_in.session.secret)
    assert (caller.person_id, caller.role, caller.name) == (ada.id, "editor", "Ada")
    assert "person.signed_in" in audited(house, ada.tenant_id)


@pytest.mark.parametrize(
    ("email", "password"),
    [(EMAIL, "another sentence"), ("eve@aurora.example", PASSWORD), ("no address", PASSWORD), (EMAIL, "")],
)
def test_unknown_and_wrong_look_alike(house, ada, email, password):
    with pytest.raises(WrongSignInError) as caught:
        enter(house, email=email, password=password)
    assert caught.value.problem() == WrongSignInError().problem()


def test_a_failure_is_seen_by_the_tenant_whose_person_it_was(house, ada):
    with pytest.raises(WrongSignInError):
        enter(house, password="another sentence")
    assert audited(house, ada.tenant_id)[-1] == "person.sign_in_failed"


@pytest.mark.parametrize("email", [EMAIL, "eve@aurora.example"])
def test_guessing_locks_known_and_unknown_alike(house, ada, email, clock):
    for _ in range(5):
        with pytest.raises(WrongSignInError):
            enter(house, email=email, password="another sentence")
    with pytest.raises(TooManyAttemptsError, match="30 seconds"):
        enter(house, email=email)
    clock.advance(seconds=31)
    if email == EMAIL:
        enter(house)
        # The slate is clean: five more mistakes are free.
        for _ in range(5):
            with pytest.raises(WrongSignInError):
                enter(house, password="another sentence")


def test_one_address_cannot_try_everybody(house, ada):
    for number in range(FREE_BY_ADDRESS):
        with pytest.raises(WrongSignInError):
            enter(house, email=f"{number}@aurora.example")
    with pytest.raises(TooManyAttemptsError):
        enter(house)
    enter(house, address="198.51.100.9")


def test_right_ones_do_not_use_up_an_offices_address(house, ada):
    for _ in range(FREE_BY_ADDRESS + 5):
        assert enter(house).tenant_id == ada.tenant_id
    for number in range(FREE_BY_ADDRESS):
        with pytest.raises(WrongSignInError):
            enter(house, email=f"{number}@aurora.example")
    with pytest.raises(TooManyAttemptsError):
        enter(house)


def test_a_disabled_person_is_nobody(house, scope, ada):
    session = enter(house).session
    with house.work(scope) as work:
        disable(work, person_id=ada.id)
    with pytest.raises(WrongSignInError):
        enter(house)
    with pytest.raises(NotSignedInError):
        caller_of_session(house, session.secret)


def test_the_password_decides_where_one_email_has_two_tenants(house, ada):
    other = create_tenant(house, name="Borealis")
    with house.work(Scope(tenant_id=other, role="owner")) as work:
        add_person(work, email=EMAIL, name="Ada B.", role="viewer", password="quite another sentence")
    assert enter(house).tenant_id == ada.tenant_id
    assert enter(house, password="quite another sentence").tenant_id == other


def test_a_hash_of_lower_cost_is_renewed(house, scope, ada):
    weaker = type(passwords.HASHER)(memory_cost=8, time_cost=1, parallelism=1).hash(PASSWORD)
    with house.work(scope) as work:
        work.session.execute(
            text("UPDATE people SET password_hash = :hash WHERE id = :id"), {"hash": weaker, "id": ada.id}
        )
    enter(house)
    with house.work(scope) as work:
        kept = work.session.execute(text("SELECT password_hash FROM people WHERE id = :id"), {"id": ada.id}).scalar()
    assert not passwords.is_outdated(kept)


def test_sessions_slide_and_then_end(house, ada, clock):
    session = enter(house).session
    for _ in range(3):
        clock.advance(days=29)
        caller_of_session(house, session.secret)
    clock.advance(days=30, seconds=1)
    with pytest.raises(NotSignedInError):
        caller_of_session(house, session.secret)


def test_no_secret_is_stored(house, scope, ada):
    session = enter(house).session
    with house.work(scope) as work:
        rows = work.session.execute(text("SELECT s::text FROM sessions s UNION ALL SELECT p::text FROM people p")).all()
    assert len(rows) == 3
    assert not any(session.secret in row[0] or PASSWORD in row[0] for row in rows)
