"""The settings as a person with each role meets them."""

import re

import pytest

from kalends.base.scope import Scope
from kalends.identity.service import (
    COOKIE,
    WrongSignInError,
    add_person,
    list_keys,
    list_people,
    open_session,
    sign_in,
    workspace,
)

PAGE = {"Accept": "text/html"}


@pytest.mark.parametrize("path", ["/settings", "/settings/people", "/settings/keys", "/settings/you"])
def test_each_page_is_drawn(client, path):
    page = client.get(path, headers=PAGE)
    assert page.status_code == 200
    assert "Aurora Trading" in page.text
    assert 'aria-current="page"' in page.text


def test_a_viewer_reads_the_workspace_and_sees_no_more_tabs(signed_in):
    page = signed_in("viewer").get("/settings", headers=PAGE)
    assert '<form class="form"' not in page.text
    assert "/settings/people" not in page.text
    assert signed_in("viewer").get("/settings/people", headers=PAGE).status_code == 403


def test_the_workspace_is_changed_or_the_page_says_why_not(house, scope, client):
    form = {"name": "Aurora", "zone": "Europe/Berlin", "currency": "USD", "country": "DE", "industry": "retail"}
    assert client.post("/settings", data=form, headers=PAGE).headers["location"] == "/settings"
    wrong = client.post("/settings", data=form | {"zone": "Berlin"}, headers=PAGE)
    assert wrong.status_code == 422
    assert "is no IANA time zone" in re.search(r'id="zone-error".*?</p>', wrong.text, re.DOTALL)[0]
    with house.work(scope) as work:
        assert workspace(work).currency == "USD"


def test_people_are_changed_on_the_page(house, scope, client):
    with house.work(scope) as work:
        bob = add_person(work, email="bob@aurora.example", name="Bob <b>", role="viewer").id
    page = client.get("/settings/people", headers=PAGE).text
    assert "Bob &lt;b&gt;" in page
    for path, data in (("role", {"role": "editor"}), ("disable", {}), ("enable", {}), ("disable", {})):
        assert client.post(f"/settings/people/{bob}/{path}", data=data, headers=PAGE).status_code == 303
    with house.work(scope) as work:
        (found,) = [person for person in list_people(work) if person.id == bob]
    assert (found.role, found.disabled_at is not None) == ("editor", True)


def test_an_admin_cannot_invite_an_owner(signed_in):
    admin = signed_in("admin")
    assert 'value="owner"' not in admin.get("/settings/people", headers=PAGE).text
    form = {"email": "eve@aurora.example", "role": "owner"}
    answer = admin.post("/settings/people/invite", data=form, headers=PAGE)
    assert (answer.status_code, "/invite/kal_" in answer.text) == (403, False)


def test_a_key_is_shown_once_and_revoked(house, scope, client, anonymous):
    page = client.post("/settings/keys", data={"label": "nightly", "role": "worker", "days": 30}, headers=PAGE)
    secret = re.search(r"kal_[0-9a-f]{8}_[\w-]{43}", page.text)[0]
    assert secret not in client.get("/settings/keys", headers=PAGE).text
    headers = {"Authorization": f"Bearer {secret}"}
    assert anonymous.get("/api/v1/me", headers=headers).json()["role"] == "worker"
    with house.work(scope) as work:
        (key,) = list_keys(work)
    client.post(f"/settings/keys/{key.id}/revoke", headers=PAGE)
    assert anonymous.get("/api/v1/me", headers=headers).status_code == 401
    assert "revoked" in client.get("/settings/keys", headers=PAGE).text


def test_the_surroundings_name_company_person_and_token(client, house, tenant):
    page = client.get("/settings", headers=PAGE).text
    assert f'content="{client.headers["X-CSRF-Token"]}"' in page
    with house.work(Scope(tenant_id=tenant, role="owner")) as work:
        assert list_people(work)[0].name in page


OLD, NEW = "the first long secret", "a quite different secret"


@pytest.fixture
def vera(house, scope, browser):
    """Two browsers in which one person is signed in, with the password OLD."""
    with house.work(scope) as work:
        person = add_person(work, email="vera@aurora.example", name="Vera", role="viewer", password=OLD)
        sessions = [open_session(work, person_id=person.id) for _ in range(2)]
    browsers = [browser(**{"X-CSRF-Token": session.csrf}) for session in sessions]
    for client, session in zip(browsers, sessions, strict=True):
        client.cookies.set(COOKIE, session.secret)
    return browsers


def test_a_new_password_needs_the_old_one_and_ends_the_other_sessions(house, vera):
    here, elsewhere = vera
    assert "elsewhere too (1 browser)" in here.get("/settings/you", headers=PAGE).text
    for form, field in (({"old": "a guess", "new": NEW}, "old"), ({"old": OLD, "new": "short"}, "new")):
        wrong = here.post("/settings/you/password", data=form, headers=PAGE)
        assert wrong.status_code == 422
        assert f'id="{field}-error"' in wrong.text
    assert elsewhere.get("/settings", headers=PAGE).status_code == 200
    assert here.post("/settings/you/password", data={"old": OLD, "new": NEW}, headers=PAGE).status_code == 303
    assert here.get("/settings", headers=PAGE).status_code == 200
    assert elsewhere.get("/settings", headers=PAGE).status_code != 200
    assert sign_in(house, email="vera@aurora.example", password=NEW, address="192.0.2.1").person_id
    with pytest.raises(WrongSignInError):
        sign_in(house, email="vera@aurora.example", password=OLD, address="192.0.2.1")


def test_an_open_browser_is_no_place_to_guess_the_password(vera):
    here, _ = vera
    told = [here.post("/settings/you/password", data={"old": f"guess {n}", "new": NEW}, headers=PAGE) for n in range(7)]
    assert [answer.status_code for answer in told] == [422] * 5 + [429] * 2
    assert "too many tries" in told[-1].text


def test_people_choose_their_own_name(house, scope, vera):
    here, _ = vera
    assert here.post("/settings/you", data={"name": "  "}, headers=PAGE).status_code == 422
    assert here.post("/settings/you", data={"name": " Vera Holm "}, headers=PAGE).status_code == 303
    with house.work(scope) as work:
        assert "Vera Holm" in {person.name for person in list_people(work)}
