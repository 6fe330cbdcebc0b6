"""The calendar over HTTP."""

import io
import json
from datetime import date

import polars as pl
import pytest

from kalends.calendar.days import DAY_SCHEMA

EVENT = {"name": "Sale", "starts_on": "2026-06-10", "ends_on": "2026-06-12", "type": "promotional_period"}
JUNE = {"start": "2026-06-01", "end": "2026-06-30"}


def names(client):
    return [event["name"] for event in client.get("/api/v1/calendar/events", params=JUNE).json()["events"]]


def test_a_year(client):
    client.post("/api/v1/calendar/events", json=EVENT)
    for prefix in ("/api/v1", ""):
        answer = client.get(f"{prefix}/marketing/calendar/2026").json()
        assert (answer["year"], len(answer["days"]), len(answer["events"])) == (2026, 365, 1)
    friday = next(day for day in answer["days"] if day["date"] == "2026-11-27")
    assert friday["is_black_friday"] is True
    assert friday["moments"] == ["black_friday"]
    assert friday["comparable_event_day_last_year"] == "2025-11-28"
    assert {"code": "cyber_monday", "first": "2026-11-30"}.items() <= next(
        moment for moment in answer["moments"] if moment["code"] == "cyber_monday"
    ).items()


def test_master_dimension_as_json_csv_and_parquet(client):
    asked = {"from": "2026-05-30", "to": "2026-06-02"}
    days = client.get("/api/v1/calendar/master-dimension", params=asked).json()["days"]
    assert [day["date"] for day in days] == ["2026-05-30", "2026-05-31", "2026-06-01", "2026-06-02"]
    assert list(days[0]) == list(DAY_SCHEMA.names)
    csv = client.get("/api/v1/calendar/master-dimension", params=asked | {"format": "csv"})
    frame = pl.read_csv(io.BytesIO(csv.content), infer_schema=False)
    assert frame["date_key"].to_list() == ["20260530", "20260531", "20260601", "20260602"]
    assert csv.headers["content-type"].startswith("text/csv")
    parquet = client.get("/api/v1/calendar/master-dimension", params=asked | {"format": "parquet"})
    assert pl.read_parquet(io.BytesIO(parquet.content))["date"].to_list()[0] == date(2026, 5, 30)
    again = client.get("/api/v1/calendar/master-dimension", params=asked | {"format": "parquet"})
    assert again.content == parquet.content


def test_a_question_about_a_time_before_the_calendar(client):
    asked = {"from": "2026-01-01", "to": "2026-01-02", "as_of": "2020-01-01"}
    answer = client.get("/api/v1/calendar/master-dimension", params=asked)
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_known_yet"
    wrong = client.get("/api/v1/calendar/master-dimension", params=asked | {"as_of": "yesterday"})
    assert (wrong.status_code, wrong.json()["where"]) == (422, "as_of")
    today = asked | {"as_of": "2026-03-02"}
    assert client.get("/api/v1/calendar/master-dimension", params=today).json()["version"] == 1


def test_upsert_is_repeatable(client):
    body = {
        "source": "agency",
        "events": [{**EVENT, "key": "a"}, {"name": "B", "start": "2026-06-01", "end": "2026-06-02", "key": "b"}],
    }
    first, second = (client.put("/api/v1/calendar/events", json=body).json() for _ in range(2))
    assert (first["created"], second["unchanged"]) == (2, 2)
    assert first["ids"] == second["ids"]
    assert names(client) == ["B", "Sale"]


def test_change_delete_undo_history(client):
    event = client.post("/api/v1/calendar/events", json=EVENT).json()
    path = f"/api/v1/calendar/events/{event['id']}"
    changed = client.patch(path, json={"name": "Big sale", "row_version": 1}).json()
    assert (changed["name"], changed["row_version"]) == ("Big sale", 2)
    late = client.patch(path, json={"name": "Late", "row_version": 1})
    assert late.status_code == 409
    assert late.json()["current"]["name"] == "Big sale"
    assert client.delete(path).json()["is_deleted"]
    assert client.get(path).status_code == 404
    assert client.post(f"{path}/undo").json()["name"] == "Big sale"
    assert client.get(path).json() == {**client.get(path).json(), "name": "Big sale"}
    assert [entry["version"] for entry in client.get(f"{path}/history").json()["history"]] == [4, 3, 2, 1]


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({**EVENT, "ends_on": "2026-06-01"}, "comes before"),
        ({**EVENT, "impact": "huge"}, "body.impact"),
        ({**EVENT, "colour": "red"}, "body.colour"),
        ({"name": "No days"}, "body.starts_on"),
    ],
)
def test_bad_events_are_answered_with_what_is_wrong(client, body, where):
    answer = client.post("/api/v1/calendar/events", json=body)
    assert answer.status_code == 422
    assert where in json.dumps(answer.json())
    assert names(client) == []


def test_another_definition(client):
    calendar = client.get("/api/v1/calendar/calendars/default").json()
    definition = calendar["definition"] | {"industry": "retail", "fiscal": [{"start_month": 2, "named_by": "start"}]}
    body = {"definition": definition, "row_version": calendar["row_version"]}
    changed = client.put("/api/v1/calendar/calendars/default", json=body)
    assert changed.json()["definition"]["fiscal"][0]["named_by"] == "start"
    assert client.put("/api/v1/calendar/calendars/default", json=body | {"row_version": 1}).status_code == 409
    assert [c["name"] for c in client.get("/api/v1/calendar/calendars").json()["calendars"]] == ["Aurora Trading"]


def test_who_may_what(signed_in, anonymous):
    viewer, editor = signed_in("viewer"), signed_in("editor")
    assert anonymous.get("/api/v1/marketing/calendar/2026").status_code == 401
    assert viewer.get("/api/v1/calendar/events", params=JUNE).status_code == 200
    assert viewer.post("/api/v1/calendar/events", json=EVENT).status_code == 403
    assert editor.post("/api/v1/calendar/events", json=EVENT).status_code == 201
    definition = editor.get("/api/v1/calendar/calendars/default").json()["definition"]
    assert editor.put("/api/v1/calendar/calendars/default", json={"definition": definition}).status_code == 403


def test_another_tenants_event_answers_as_one_that_does_not_exist(client, signed_in, house):
    from kalends.base.ids import new_id
    from kalends.identity.service import create_tenant

    event = client.post("/api/v1/calendar/events", json=EVENT).json()
    stranger = signed_in("owner", tenant_id=create_tenant(house, name="Other"))
    missing = new_id()
    for method, tail in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/undo")):
        body = {"json": {"name": "x"}} if method == "PATCH" else {}
        theirs = stranger.request(method, f"/api/v1/calendar/events/{event['id']}{tail}", **body)
        nobodys = stranger.request(method, f"/api/v1/calendar/events/{missing}{tail}", **body)
        assert theirs.status_code == nobodys.status_code == 404
        assert theirs.json() | {"event_id": ""} == nobodys.json() | {"event_id": ""}
    history = stranger.get(f"/api/v1/calendar/events/{event['id']}/history")
    assert history.json() == stranger.get(f"/api/v1/calendar/events/{missing}/history").json()


def test_a_formula_in_an_events_name_cannot_reach_a_spreadsheet():
    from kalends.calendar.output import as_csv

    frame = pl.DataFrame({"name": ["=cmd|' /C calc'!A0", "fine", "-1+1", None], "n": [-1, 2, 3, 4]})
    lines = as_csv(frame).decode().splitlines()
    assert lines[1].startswith("'=cmd")
    assert lines[2:] == ["fine,2", "'-1+1,3", ",4"]
