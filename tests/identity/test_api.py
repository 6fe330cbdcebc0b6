"""The API of identity, in the shapes that the command line and programs rely on."""

import pytest

from kalends.base.ids import new_id
from kalends.identity.service import create_tenant, ensure_owner_token, first_start_link

SETUP = {"company": "Aurora", "email": "ada@aurora.example", "password": "a long sentence", "zone": "Europe/Berlin"}


def test_setting_up_without_a_browser_is_for_the_operator_and_works_once(house, anonymous):
    assert anonymous.post("/api/v1/setup", json=SETUP).status_code == 401
    owner = {"Authorization": f"Bearer {ensure_owner_token(house.settings)}"}
    assert anonymous.get("/api/v1/me", headers=owner).json()["code"] == "not_set_up"
    made = anonymous.post("/api/v1/setup", json=SETUP, headers=owner)
    assert made.status_code == 201
    me = anonymous.get("/api/v1/me", headers=owner).json()
    assert (me["workspace"]["id"], me["workspace"]["zone"]) == (made.json()["tenant_id"], "Europe/Berlin")
    again = anonymous.post("/api/v1/setup", json=SETUP, headers=owner)
    assert (again.status_code, again.json()["code"]) == (409, "already_set_up")
    assert first_start_link(house) is None


def test_a_key_does_not_set_up(client, anonymous):
    secret = client.post("/api/v1/keys", json={"label": "k", "role": "owner"}).json()["secret"]
    headers = {"Authorization": f"Bearer {secret}"}
    assert anonymous.post("/api/v1/setup", json=SETUP, headers=headers).status_code == 401


def test_people_and_invitations(client):
    made = client.post("/api/v1/invites", json={"email": "Bob@aurora.example", "role": "editor"})
    assert made.status_code == 201
    assert made.json()["link"].startswith("https://kalends.example/invite/kal_invite_")
    (invited,) = client.get("/api/v1/invites").json()["invites"]
    assert invited["email"] == "bob@aurora.example"
    assert client.delete(f"/api/v1/invites/{invited['id']}").status_code == 204
    assert client.delete(f"/api/v1/invites/{invited['id']}").status_code == 404
    (person,) = client.get("/api/v1/people").json()["people"]
    assert "password_hash" not in person
    last = client.put(f"/api/v1/people/{person['id']}/role", json={"role": "viewer"})
    assert (last.status_code, last.json()["code"]) == (409, "last_owner")


def test_keys_are_listed_without_their_secrets(client):
    made = client.post("/api/v1/keys", json={"label": "nightly"}).json()
    (listed,) = client.get("/api/v1/keys").json()["keys"]
    assert listed == {key: value for key, value in made.items() if key != "secret"}
    assert client.delete(f"/api/v1/keys/{made['id']}").json()["revoked_at"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"label": "", "role": "viewer"}, 422, "bad_key"),
        ({"label": "x", "days": 0}, 422, "bad_key"),
        ({"label": "x", "days": 99999}, 422, "bad_key"),
    ],
)
def test_bad_keys_are_refused_in_words(client, body, status, code):
    answer = client.post("/api/v1/keys", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_an_admins_key_is_no_owner(signed_in):
    answer = signed_in("admin").post("/api/v1/keys", json={"label": "x", "role": "owner"})
    assert answer.status_code == 403


def test_the_workspace_is_changed_in_part(client):
    changed = client.patch("/api/v1/workspace", json={"country": "DE"}).json()
    assert (changed["country"], changed["name"]) == ("DE", "Aurora Trading")
    assert client.patch("/api/v1/workspace", json={"currency": "euro"}).json()["field"] == "currency"


@pytest.mark.parametrize(
    ("method", "path"),
    [("put", "people/{}/role"), ("post", "people/{}/disable"), ("delete", "invites/{}"), ("delete", "keys/{}")],
)
def test_another_tenants_objects_answer_as_none_at_all(house, client, signed_in, method, path):
    other = signed_in("owner", tenant_id=create_tenant(house, name="Borealis"))
    theirs = {
        "people": other.get("/api/v1/people").json()["people"][0]["id"],
        "invites": other.post("/api/v1/invites", json={"email": "x@y.z"}).json()["id"],
        "keys": other.post("/api/v1/keys", json={"label": "x"}).json()["id"],
    }[path.split("/")[0]]
    body = {"json": {"role": "viewer"}} if method == "put" else {}
    answers = [client.request(method, f"/api/v1/{path.format(one)}", **body) for one in (theirs, new_id())]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content
