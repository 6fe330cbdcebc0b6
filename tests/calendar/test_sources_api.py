"""Sources and conflicts over HTTP: a file in, its rows' fates out, conflicts seen, decided and taken back."""

from icalendar import Calendar as Ics

CSV = b"id,name,start,end,impact\nt1,Black Friday Sale,2026-11-27,2026-11-30,high\nt2,Broken,soon,,\n"
OTHER = b"id,name,start,end\na1,Black Friday 2026,2026-11-26,2026-11-30\n"
RAW = {"content-type": "application/octet-stream"}


def add(client, label, content, **more):
    source = client.post("/api/v1/calendar/sources", json={"label": label, **more}).json()
    answer = client.post(
        f"/api/v1/calendar/sources/{source['id']}/file?file_name={label}.csv", content=content, headers=RAW
    )
    assert answer.status_code == 200, answer.text
    done = client.post("/api/v1/calendar/consolidate", json={})
    assert done.status_code == 200, done.text
    return source, answer.json(), done.json()


def test_every_row_of_a_file_has_a_fate(client):
    source, told, done = add(client, "Team", CSV)
    assert (told["kept"], told["refused"], told["added"]) == (1, 1, 1)
    assert told["fates"] == [
        {
            "where": "row 2",
            "outcome": "refused",
            "name": "Broken",
            "reasons": ["'soon' is no day; write it as 2026-11-27."],
            "entries": 0,
            "days": "",
        }
    ]
    assert done == {"entries": 1, "events": 1, "conflicts": 0}
    events = client.get("/api/v1/calendar/events?start=2026-11-01&end=2026-11-30").json()["events"]
    assert [event["name"] for event in events] == ["Black Friday Sale"]
    readings = client.get(f"/api/v1/calendar/sources/{source['id']}/readings").json()["readings"]
    assert [reading["file_name"] for reading in readings] == ["Team.csv"]


def test_a_trial_writes_nothing(client):
    source = client.post("/api/v1/calendar/sources", json={"label": "Team"}).json()
    answer = client.post(f"/api/v1/calendar/sources/{source['id']}/file?is_trial=true", content=CSV, headers=RAW)
    assert [fate["outcome"] for fate in answer.json()["fates"]] == ["kept", "refused"]
    assert client.get(f"/api/v1/calendar/sources/{source['id']}/readings").json()["readings"] == []


def test_a_conflict_is_seen_decided_and_taken_back(client):
    add(client, "Team", CSV, priority=1)
    add(client, "Agency", OTHER)
    found = client.get("/api/v1/calendar/conflicts?state=open&state=waiting&state=settled").json()
    [conflict] = found["conflicts"]
    assert conflict["fields"] == "days"
    assert {said["source"]: said["values"]["starts_on"] for said in conflict["said"]} == {
        "team": "2026-11-27",
        "agency": "2026-11-26",
    }
    path = f"/api/v1/calendar/conflicts/{conflict['id']}"
    decided = client.post(f"{path}/decide", json={"source": "agency"}).json()
    assert (decided["state"], decided["choice"]["starts_on"]) == ("decided", "2026-11-26")
    event = client.get(f"/api/v1/calendar/events/{conflict['event_id']}").json()
    assert event["starts_on"] == "2026-11-26"
    own = client.post(f"{path}/decide", json={"values": {"starts_on": "2026-11-25"}}).json()
    assert own["choice"]["starts_on"] == "2026-11-25"
    assert client.get(f"/api/v1/calendar/events/{conflict['event_id']}").json()["starts_on"] == "2026-11-25"
    again = client.post(f"{path}/reopen").json()
    assert again["state"] in {"open", "settled"}
    assert client.get(f"/api/v1/calendar/events/{conflict['event_id']}").json()["starts_on"] != "2026-11-25"


def test_a_choice_that_makes_no_sense_is_refused(client):
    add(client, "Team", CSV, priority=1)
    add(client, "Agency", OTHER)
    [conflict] = client.get("/api/v1/calendar/conflicts?state=open&state=waiting&state=settled").json()["conflicts"]
    path = f"/api/v1/calendar/conflicts/{conflict['id']}/decide"
    assert client.post(path, json={"source": "nobody"}).status_code == 422
    answer = client.post(path, json={"values": {"starts_on": "2027-01-01"}})
    assert answer.status_code == 422
    assert "comes before" in answer.json()["detail"]


def test_sources_that_are_only_sent_are_consolidated_and_not_kept(client):
    def sent(name, key, title, start, **more):
        return {"name": name, "events": [{"key": key, "name": title, "start": start, "end": "2026-11-30", **more}]}

    body = {
        "sources": [
            sent("team", "1", "Black Friday Sale", "2026-11-27", impact="high"),
            sent("agency", "x", "Black Friday 2026", "2026-11-27"),
        ]
    }
    answer = client.post("/api/v1/calendar/consolidate", json=body)
    assert answer.status_code == 200, answer.text
    [event] = answer.json()["events"]
    assert event["members"] == ["agency/x", "team/1"]
    assert event["fields"]["impact"] == "high"
    assert "1 events from 2 entries" in answer.json()["summary"]
    assert client.get("/api/v1/calendar/events?start=2026-11-01&end=2026-11-30").json()["events"] == []


def test_the_calendar_comes_out_as_ics(client):
    add(client, "Team", CSV)
    answer = client.get("/api/v1/calendar/events.ics?from=2026-11-01&to=2026-11-30")
    assert answer.headers["content-type"].startswith("text/calendar")
    [event] = Ics.from_ical(answer.content).walk("VEVENT")
    assert (str(event["summary"]), str(event["dtstart"].dt), str(event["dtend"].dt)) == (
        "Black Friday Sale", "2026-11-27", "2026-12-01",
    )  # fmt: skip


def test_another_tenants_source_does_not_exist(client, signed_in, house):
    source, _, _ = add(client, "Team", CSV)
    assert client.get(f"/api/v1/calendar/sources/{source['id']}").status_code == 200
    assert client.get("/api/v1/calendar/sources/00000000-0000-7000-8000-000000000000").status_code == 404


def test_a_file_that_is_no_calendar_is_refused_in_words(client):
    source = client.post("/api/v1/calendar/sources", json={"label": "Team"}).json()
    path = f"/api/v1/calendar/sources/{source['id']}/file"
    answer = client.post(path, content=b"a,b\n1,2\n", headers=RAW)
    assert answer.status_code == 422
    assert answer.json()["code"] == "no_event_columns"
    assert client.post(path, content=b"BEGIN:VCALENDAR\nEND:VCALENDAR\n", headers=RAW).json()["entries"] == 0


def test_a_source_is_graded_by_what_was_read_of_it(client):
    add(client, "Team", CSV.splitlines(keepends=True)[0] + CSV.splitlines(keepends=True)[1])
    add(client, "Agency", CSV)
    quality = {each["name"]: each["quality"] for each in client.get("/api/v1/calendar/sources").json()["sources"]}
    assert 0.8 < quality["team"] < 1
    assert quality["agency"] < quality["team"]  # half of its rows were no events
