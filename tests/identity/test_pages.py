"""The settings as a person with each role meets them."""

import re

import pytest

from kalends.base.scope import Scope
from kalends.identity.service import add_person, list_keys, list_people, workspace

PAGE = {"Accept": "text/html"}


@pytest.mark.parametrize("path", ["/settings", "/settings/people", "/settings/keys"])
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
