"""Inbox and webhooks through the whole application."""

import re

import pytest

from kalends.base.scope import Scope
from kalends.notify.service import tell_person

PAGE = {"Accept": "text/html"}


@pytest.fixture
def told(house, scope, client):
    """The client's person has two messages; gives their ids."""
    person = client.get("/api/v1/me").json()["person_id"]
    with house.work(scope) as work:
        return [
            tell_person(work, person_id=person, kind="test", title=title, href=href).id
            for title, href in (("Look <here>", "/settings"), ("Away", "https://evil.example"))
        ]


def test_the_page_lists_what_waits_and_leads_there(client, told):
    page = client.get("/inbox", headers=PAGE)
    assert page.status_code == 200
    assert "Look &lt;here&gt;" in page.text
    assert client.post(f"/inbox/{told[0]}/read", headers=PAGE).headers["location"] == "/settings"
    assert client.post(f"/inbox/{told[1]}/read", headers=PAGE).headers["location"] == "/"


def test_an_empty_inbox_says_so(client):
    assert "Nothing waits for you" in client.get("/inbox", headers=PAGE).text


def test_the_api_counts_and_clears(client, told):
    found = client.get("/api/v1/notifications").json()
    assert (found["unread"], len(found["entries"])) == (2, 2)
    assert client.post(f"/api/v1/notifications/{told[0]}/read").json()["read_at"]
    assert client.post("/api/v1/notifications/read").status_code == 204
    assert client.get("/api/v1/notifications").json()["unread"] == 0


def test_somebody_elses_message_is_not_there(house, tenant, signed_in, told):
    assert signed_in("owner").post(f"/api/v1/notifications/{told[0]}/read").status_code == 404


def test_webhooks_are_managed_and_their_secret_is_shown_once(client, house, tenant):
    made = client.post("/api/v1/webhooks", json={"url": "https://hooks.example/x", "label": "chat"})
    assert made.status_code == 201
    assert re.fullmatch(r"[\w-]{43}", made.json()["secret"])
    (listed,) = client.get("/api/v1/webhooks").json()["webhooks"]
    assert "secret" not in listed
    assert client.post("/api/v1/webhooks", json={"url": "file:///etc/passwd", "label": "x"}).status_code == 422
    assert client.delete(f"/api/v1/webhooks/{listed['id']}").status_code == 204
    assert client.delete(f"/api/v1/webhooks/{listed['id']}").status_code == 404
    assert client.get("/api/v1/deliveries").json() == {"deliveries": []}


def test_an_editor_does_not_manage_webhooks(signed_in):
    assert signed_in("editor").get("/api/v1/webhooks").status_code == 403


def test_the_badge_is_on_every_page(house, scope, client, told):
    from kalends.identity.callers import Caller
    from kalends.identity.chrome import chrome_for

    me = client.get("/api/v1/me").json()
    caller = Caller(tenant_id=scope.tenant_id, role="owner", via="session", name="x")
    with house.work(Scope(tenant_id=scope.tenant_id, role="owner", person_id=me["person_id"])) as work:
        assert chrome_for(work, caller).badges["notify"] == 2
