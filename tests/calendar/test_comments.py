"""What people say about events: said, reworded, taken back; who is named is told, and nobody else's words are touched."""

from uuid import uuid4

import pytest

from kalends.calendar.mentions import Named, mentioned

HTMX = {"HX-Request": "true", "Accept": "text/html"}
ADA, BEN, BEA = (
    Named(uuid4(), name, f"{name.split()[0].lower()}@aurora.example") for name in ("Ada Lovelace", "Ben Ito", "Bea Ito")
)
TWIN = Named(uuid4(), "Ben Okri", "okri@aurora.example")


@pytest.mark.unit
@pytest.mark.parametrize(
    ("text", "people", "named"),
    [
        ("@Ada, please look", (ADA, BEN), [ADA]),
        ("@ada lovelace and @BEN", (ADA, BEN), [ADA, BEN]),
        ("ask @ben@aurora.example", (ADA, BEN), [BEN]),
        ("@Ben, twice @Ben", (ADA, BEN), [BEN]),
        ("@Ben or @Ben Okri?", (BEN, TWIN), [TWIN]),
        ("mail ada@aurora.example, @nobody, @Benjamin", (ADA, BEN), []),
        ("(@Bea)", (BEN, BEA), [BEA]),
        ("", (ADA,), []),
    ],
)
def test_who_is_named(text, people, named):
    assert mentioned(text, people=people) == [person.id for person in named]


@pytest.fixture
def event(client):
    made = client.post("/api/v1/calendar/events", json={"name": "Sale", "start": "2026-03-10", "end": "2026-03-12"})
    return f"/api/v1/calendar/events/{made.json()['id']}"


def test_said_reworded_and_taken_back(client, event, clock):
    said = client.post(f"{event}/comments", json={"body": "  Who pays?  "})
    assert (said.status_code, said.json()["body"]) == (201, "Who pays?")
    one = f"{event}/comments/{said.json()['id']}"
    clock.advance(minutes=5)
    assert client.patch(one, json={"body": "Who pays for it?"}).json()["edited_at"] is not None
    assert [each["body"] for each in client.get(f"{event}/comments").json()["comments"]] == ["Who pays for it?"]
    assert client.delete(one).status_code == 200
    assert client.get(f"{event}/comments").json()["comments"] == []
    assert client.delete(one).status_code == 404


def test_nobody_touches_what_another_said(client, event, signed_in):
    one = client.post(f"{event}/comments", json={"body": "Mine"}).json()["id"]
    colleague = signed_in("editor")
    for answer in (
        colleague.delete(f"{event}/comments/{one}"),
        colleague.patch(f"{event}/comments/{one}", json={"body": "x"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "not_your_comment")
    assert signed_in("viewer").post(f"{event}/comments", json={"body": "May I?"}).status_code == 403
    assert [each["body"] for each in client.get(f"{event}/comments").json()["comments"]] == ["Mine"]


def test_who_is_named_finds_it_in_the_inbox_once(client, event, signed_in):
    colleague = signed_in("editor")
    people = client.get("/api/v1/people").json()["people"]
    them = next(person for person in people if person["role"] == "editor")
    said = client.post(f"{event}/comments", json={"body": f"@{them['email']} look"}).json()
    assert said["mentions"] == [them["id"]]
    client.patch(f"{event}/comments/{said['id']}", json={"body": f"@{them['email']} look, please"})
    inbox = colleague.get("/inbox", headers={"Accept": "text/html"}).text
    assert inbox.count("mentioned you at “Sale”") == 1
    assert "mentioned you" not in client.get("/inbox", headers={"Accept": "text/html"}).text


def test_words_that_do_not_work(client, event):
    assert client.post(f"{event}/comments", json={"body": "   "}).status_code == 422
    assert client.post(f"{event}/comments", json={"body": "x" * 5_001}).status_code == 422
    assert client.get(f"/api/v1/calendar/events/{uuid4()}/comments").status_code == 404


def test_in_the_panel(client, event):
    event_id = event.rsplit("/", 1)[1]
    talk = client.post(
        f"/calendar/say/{event_id}", data={"body": "See https://aurora.example/plan <b>"}, headers=HTMX
    ).text
    assert 'href="https://aurora.example/plan"' in talk
    assert "&lt;b&gt;" in talk
    assert "Reword or take back" in talk
    comment = client.get(f"{event}/comments").json()["comments"][0]["id"]
    assert (
        "Changed" in client.post(f"/calendar/reword/{event_id}/{comment}", data={"body": "Changed"}, headers=HTMX).text
    )
    assert "No comments yet" in client.post(f"/calendar/unsay/{event_id}/{comment}", headers=HTMX).text
