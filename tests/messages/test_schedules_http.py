"""Schedules over HTTP, and the job that builds many."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from message_world import add_captions, add_history, add_page

from kalends.base.worker import run_task
from kalends.identity.service import permissions_of

ROOT = "/api/v1/messages"


@pytest.fixture
def pages(house, scope):
    """Two pages that share a bank."""
    with house.work(scope) as work:
        made = [add_page(work, "Luna"), add_page(work, "Nova")]
        bank = add_captions(work)
        add_history(work, made, captions=bank)
        return made


def build(client, **body):
    return client.post(f"{ROOT}/schedules", json={"page_name": "Luna", "start_date": "2026-03-11"} | body)


def test_a_week_from_building_to_the_file(client, pages):
    made = build(client, week=True)
    assert made.status_code == 201, made.text
    week = made.json()
    assert week["first_day"] == "2026-03-09"
    at = f"{ROOT}/schedules/{week['id']}"
    one = week["messages"][0]
    spans = client.get(f"{ROOT}/assignments/{one['id']}/legal").json()["spans"]
    assert spans
    bad = client.post(f"{ROOT}/assignments/{one['id']}/move", json={"to": week["messages"][1]["local"]})
    assert (bad.status_code, bad.json()["code"]) == (409, "illegal_move")
    assert client.post(f"{ROOT}/assignments/{one['id']}/check", json={"to": one["local"]}).json()["is_legal"]
    assert client.post(f"{at}/approve").json()["state"] == "approved"
    answer = client.get(f"{at}/csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="luna-2026-03-09.csv"'
    assert len(answer.text.strip().split("\n")) == week["totals"]["messages"] + 1
    assert client.get(at).json()["state"] == "exported"
    back = client.post(f"{ROOT}/schedules/import", content=answer.content, headers={"content-type": "text/csv"})
    assert back.json()["unchanged"] == week["totals"]["messages"]
    listed = client.get(f"{ROOT}/schedules", params={"first_day": "2026-03-09"}).json()["pages"]
    assert [(each["name"], each["state"]) for each in listed] == [("Luna", "exported"), ("Nova", None)]
    assert client.get(f"{at}/compare").json()["before"] is None
    assert client.post(f"{at}/discard").status_code == 204


def test_bad_requests_are_told(client, pages):
    assert build(client, page_name="Nobody").json()["code"] == "no_such_page"
    assert build(client, start_date="2020-01-06").json()["code"] == "week_is_past"
    assert build(client, page_id=str(pages[0].id)).status_code == 422
    assert build(client, dataset="messages").json()["code"] == "not_bigquery"


def test_who_may_not_see_a_page_sees_no_schedule_of_it(client, signed_in, pages):
    week = build(client).json()
    editor, viewer = signed_in("editor"), signed_in("viewer")
    assert editor.get(f"{ROOT}/schedules/{week['id']}").status_code == 404
    assert editor.post(f"{ROOT}/assignments/{week['messages'][0]['id']}/remove").status_code == 404
    assert build(editor).status_code == 404
    assert "messages.read" in permissions_of("editor")
    assert viewer.get(f"{ROOT}/schedules", params={"first_day": "2026-03-09"}).status_code == 403


def test_a_batch_builds_every_page_and_says_how_far_it_is(client, house, scope, pages):
    with house.work(scope) as work:
        add_page(work, "Empty", zone="Europe/Berlin", is_active=False)
    task = client.post(f"{ROOT}/schedules/batch", json={"start_date": "2026-03-09", "weeks": 2}).json()["task_id"]
    run_task(house, scope.tenant_id, UUID(task))
    state = client.get(f"{ROOT}/tasks/{task}").json()
    assert (state["state"], state["done"], state["total"]) == ("done", 4, 4)
    for day in (date(2026, 3, 9), date(2026, 3, 9) + timedelta(days=7)):
        listed = client.get(f"{ROOT}/schedules", params={"first_day": str(day)}).json()["pages"]
        assert {each["name"]: each["state"] for each in listed} == {"Empty": None, "Luna": "draft", "Nova": "draft"}
