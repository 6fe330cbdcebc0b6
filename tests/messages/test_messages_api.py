"""The room over HTTP and as pages: rights, the forms that people use, and what programs get back."""

import pytest

from kalends.messages import jobs  # noqa: F401 - declares the jobs that imports start

API = "/api/v1/messages"


@pytest.fixture
def page(client):
    answer = client.post(f"{API}/pages", json={"name": "Luna", "zone": "America/New_York", "currency": "USD"})
    assert answer.status_code == 201
    return answer.json()


def test_pages_are_added_changed_removed_and_restored(client, page):
    path = f"{API}/pages/{page['id']}"
    assert page["quiet_from"] == "03:00:00"
    assert client.patch(path, json={"overrides": {"ppvs": 9}}).json()["overrides"]["ppvs"] == 9
    assert client.patch(path, json={"zone": "Mars"}).status_code == 422
    taken = client.post(f"{API}/pages", json={"name": "luna", "zone": "UTC", "currency": "USD"})
    assert (taken.status_code, taken.json()["code"]) == (409, "page_name_taken")
    client.delete(path)
    assert client.get(path).json()["code"] == "no_such_page"
    client.post(f"{path}/restore")
    assert client.get(f"{API}/pages").json()["total"] == 1


def test_people_see_what_they_are_assigned_to(client, signed_in, page):
    editor = signed_in("editor")
    assert editor.get(f"{API}/pages").json() == {"total": 0, "pages": []}
    assert editor.get(f"{API}/pages/{page['id']}").status_code == 404
    assert editor.get(f"/messages-pages/{page['id']}/settings").status_code == 404
    assert editor.put(f"{API}/pages/{page['id']}/people", json={"person_ids": []}).status_code == 403
    assert editor.patch(f"{API}/settings", json={"cooldown_days": 1}).status_code == 403
    assert signed_in("analyst").get(f"{API}/pages").status_code == 403


def test_captions_are_changed_in_bulk_and_taken_back(client):
    for text in ("One", "Two"):
        made = client.post(f"{API}/captions", json={"text": text, "price_tier": "Mid"})
        assert made.status_code == 201
    edited = client.post(f"{API}/captions/bulk", json={"matching": {}, "change": {"price_tier": "Free"}}).json()
    assert edited["changed"] == 2
    assert client.get(f"{API}/captions", params={"price_tier": "Free"}).json()["total"] == 2
    client.post(f"{API}/captions/changes/{edited['change_id']}/undo")
    assert client.get(f"{API}/captions", params={"price_tier": "Free"}).json()["total"] == 0


def test_a_file_is_taken_at_once_and_its_key_counts_once(client, page):
    told = {"kind": "history", "file_name": "h.csv"}
    body, key = "page,sent_at,type\nLuna,2026-02-01 18:05,Bump\n", {"Idempotency-Key": "one"}
    first = client.post(f"{API}/imports", params=told, content=body, headers=key)
    assert first.status_code == 202
    assert first.json()["state"] == "landed"
    assert client.post(f"{API}/imports", params=told, content=body, headers=key).json()["id"] == first.json()["id"]
    assert client.post(f"{API}/imports", params=told | {"zone": "Mars"}, content=body).status_code == 422
    assert client.post(f"{API}/imports", params=told | {"columns": "x=colour"}, content=body).status_code == 422
    assert client.post(f"{API}/imports", params=told, content="").json()["code"] == "empty_payload"


def test_the_room_is_in_the_navigation_of_those_who_may(signed_in):
    assert 'href="/messages"' in signed_in("editor").get("/messages-captions", headers={"accept": "text/html"}).text
    assert 'href="/messages"' not in signed_in("analyst").get("/", headers={"accept": "text/html"}).text


def test_empty_pages_say_what_to_do_next(client):
    told = {"accept": "text/html"}
    assert "Load captions" in client.get("/messages-captions", headers=told).text
    assert "No pages yet" in client.get("/messages-import", headers=told).text
    assert "No pages yet" in client.get("/messages-settings", headers=told).text


def test_forms_add_change_and_take_back(client):
    told = {"name": "Luna", "zone": "UTC", "currency": "USD", "quiet_from": "03:00", "quiet_until": "07:00",
            "ppvs": "9", "follow_ups": "true", "is_active": "true"}  # fmt: skip
    made = client.post("/messages-pages/new", data=told)
    assert made.status_code == 303
    shown = client.get(made.headers["location"], headers={"accept": "text/html"}).text
    assert 'value="9"' in shown
    wrong = client.post("/messages-pages/new", data=told | {"name": "Nova", "zone": "Mars"})
    assert wrong.status_code == 422
    assert "is no time zone" in wrong.text
    caption = {"text": "Come <b>and</b> see", "price_tier": "Mid", "category": "teaser", "language": "en",
               "page_id": "shared", "is_active": "true"}  # fmt: skip
    assert client.post("/messages-captions", data=caption).status_code == 303
    listed = client.get("/messages-captions", headers={"accept": "text/html"}).text
    assert "Come &lt;b&gt;and&lt;/b&gt; see" in listed
    number = client.get(f"{API}/captions").json()["captions"][0]["id"]
    assert client.post("/messages-captions/bulk", data={"caption": number, "price_tier": "Free"}).status_code == 303
    assert client.get(f"{API}/captions/{number}").json()["price_tier"] == "Free"
    assert client.post("/messages-settings", data={"cooldown_days": "45", "urgency_share": "25"}).status_code == 303
    settings = client.get(f"{API}/settings").json()
    assert (settings["cooldown_days"], settings["urgency_share"]) == (45, 0.25)


def test_a_dropped_file_leads_to_its_page(client, page):
    sent = client.post("/messages-import", data={"kind": "history"}, files={"file": ("h.csv", b"page,sent_at\n")},
                       headers={"HX-Request": "true"})  # fmt: skip
    assert sent.status_code == 204
    shown = client.get(sent.headers["HX-Redirect"], headers={"accept": "text/html"})
    assert "being read" in shown.text
    assert client.get("/messages-import", headers={"accept": "text/html"}).text.count("h.csv") == 1


@pytest.mark.parametrize(
    ("path", "told"),
    [("pages", {"name": "Nova", "zone": "UTC", "currency": "USD"}), ("captions", {"text": "Hi", "price_tier": "Free"})],
)
def test_the_same_key_adds_once(client, signed_in, path, told):
    key, other = {"Idempotency-Key": "one"}, {"Idempotency-Key": "two"}
    first, again = (client.post(f"{API}/{path}", json=told, headers=key) for _ in range(2))
    assert (first.status_code, again.json()) == (201, first.json())
    assert client.get(f"{API}/{path}").json()["total"] == 1
    more = client.post(f"{API}/{path}", json=told | {"name": "Vela"} if path == "pages" else told, headers=other)
    assert more.json()["id"] != first.json()["id"]
    assert client.post(f"{API}/{path}", json=told, headers={"Idempotency-Key": "x" * 201}).status_code == 422


def test_somebody_elses_key_shows_nothing_of_their_page(client, signed_in):
    told, key = {"name": "Nova", "zone": "UTC", "currency": "USD"}, {"Idempotency-Key": "one"}
    client.post(f"{API}/pages", json=told, headers=key)
    assert (
        signed_in("editor").post(f"{API}/pages", json=told | {"name": "X"}, headers=key).json()["code"]
        == "no_such_page"
    )


def test_one_caption_is_changed_and_taken_back(client):
    path = f"{API}/captions/" + client.post(f"{API}/captions", json={"text": "One", "price_tier": "Mid"}).json()["id"]
    changed = client.patch(path, json={"text": "Won"}).json()
    assert changed["text"] == "Won"
    assert client.patch(path, json={"text": "Won"}).json()["change_id"] is None
    assert client.post(f"{API}/captions/changes/{changed['change_id']}/undo").json()["changed"] == 1
    assert client.get(path).json()["text"] == "One"
