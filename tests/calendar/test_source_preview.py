"""Before a file is read: how its columns are taken, each row's fate, and corrections by a person; and changed settings."""

import pytest
from calendar_server import calendar_server, ics

from kalends.calendar.reading.columns import guess_columns
from kalends.calendar.sourcepreview import TwiceNamedError, corrections_of

PAGE = {"Accept": "text/html"}
ODD = b"Vorhaben,Wann,Bis,Notes\nSpring sale,01/04/2026,03/04/2026,for all\nBroken,soon,,\n"
CLEAR = b"name,start,end\nSpring sale,2026-04-01,2026-04-03\n"


def preview(client, content, **form):
    files = {"file": ("plan.csv", content)}
    return client.post("/calendar-sources/preview", data=form, files=files, headers=PAGE).text


def events(client):
    found = client.get("/api/v1/calendar/events?start=2026-01-01&end=2026-12-31").json()["events"]
    return [(event["name"], event["starts_on"], event["ends_on"]) for event in found]


def test_each_rows_fate_is_shown_and_nothing_is_written(client):
    page = preview(client, CLEAR + b"Broken,soon,\n")
    assert "1 events. Nothing is written yet." in page
    assert "2026-04-01 to 2026-04-03" in page
    assert "&#39;soon&#39; is no day" in page
    assert client.get("/api/v1/calendar/sources").json()["sources"] == []


def test_columns_that_cannot_be_guessed_are_named_by_a_person(client):
    page = preview(client, ODD)
    assert page.count('name="taken_for"') == 4
    assert '<option value="description" selected>' in page
    told = {"column": ["Vorhaben", "Wann", "Bis", "Notes"], "taken_for": ["name", "starts_on", "ends_on", ""],
            "day_order": "mdy"}  # fmt: skip
    page = preview(client, ODD, **told)
    assert "2026-01-04 to 2026-03-04" in page
    assert "1 events." in page
    told["day_order"] = "dmy"
    client.post("/calendar-sources", data={"label": "Team", **told}, files={"file": ("plan.csv", ODD)}, headers=PAGE)
    assert events(client) == [("Spring sale", "2026-04-01", "2026-04-03")]
    [source] = client.get("/api/v1/calendar/sources").json()["sources"]
    assert source["settings"]["columns"] == {"Vorhaben": "name", "Wann": "starts_on", "Notes": None}
    again = client.post(f"/calendar-sources/{source['id']}/file", files={"file": ("p.csv", ODD)}, headers=PAGE)
    assert again.status_code == 303
    assert "1 events." in preview(client, ODD, **told)
    known = client.post(
        f"/calendar-sources/preview?source_id={source['id']}", files={"file": ("p.csv", ODD)}, headers=PAGE
    )
    assert "2026-04-01 to 2026-04-03" in known.text


def test_two_columns_for_one_thing_are_refused(client):
    told = {"column": ["name", "start", "end"], "taken_for": ["name", "starts_on", "starts_on"]}
    assert "Two columns are taken for First day, or the day" in preview(client, CLEAR, **told)
    with pytest.raises(TwiceNamedError):
        corrections_of(["a", "b"], ["name", "name"])


def test_only_what_differs_from_the_guess_is_kept():
    names = ["Name", "Start", "Wat"]
    assert guess_columns(names) == {"starts_on": "Start", "name": "Name"}
    assert corrections_of(names, ["name", "starts_on", ""]) == {}
    assert corrections_of(names, ["name", "", "starts_on"]) == {"Start": None, "Wat": "starts_on"}


def test_of_a_large_file_all_refused_rows_are_shown_and_fifty_others(client):
    rows = b"".join(b"Event %d,%s,\n" % (n, b"soon" if n % 10 == 0 else b"2026-04-01") for n in range(600))
    page = preview(client, b"name,start,end\n" + rows)
    assert page.count("is no day") == 60
    assert page.count(">taken in<") == 50
    assert "490 more are not shown" in page


def test_a_file_that_cannot_be_read_says_why(client):
    assert "The file has no rows" in preview(client, b"")
    assert preview(client, b"").count("<select") == 0


def test_a_source_is_changed_and_its_order_holds_at_once(client):
    for label, start in (("Team", "2026-04-01"), ("Agency", "2026-04-02")):
        content = f"name,start,end\nSpring sale,{start},2026-04-03\n".encode()
        client.post("/calendar-sources", data={"label": label}, files={"file": ("plan.csv", content)}, headers=PAGE)
    _, team = client.get("/api/v1/calendar/sources").json()["sources"]
    assert events(client) == [("Spring sale", "2026-04-02", "2026-04-03")]
    form = {"label": "The team", "priority": 1, "markets": "de, AT", "zone": "Europe/Berlin", "day_order": "mdy"}
    path = f"/calendar-sources/{team['id']}/settings"
    client.post(path, data=form | {"row_version": team["row_version"]}, headers=PAGE)
    found = client.get(f"/api/v1/calendar/sources/{team['id']}").json()
    assert (found["label"], found["name"], found["priority"], found["markets"]) == ("The team", "team", 1, ["DE", "AT"])
    assert found["settings"] == {"columns": {}, "day_order": "mdy", "zone": "Europe/Berlin"}
    assert events(client) == [("Spring sale", "2026-04-01", "2026-04-03")]
    late = client.post(path, data=form | {"row_version": team["row_version"], "label": "X"}, headers=PAGE)
    assert late.status_code == 303
    assert client.get(f"/api/v1/calendar/sources/{team['id']}").json()["label"] == "The team"


def test_a_zone_that_is_none_changes_nothing(client):
    source = client.post("/api/v1/calendar/sources", json={"label": "Team"}).json()
    form = {"label": "Other", "row_version": 1, "zone": "Middle Earth"}
    page = client.post(f"/calendar-sources/{source['id']}/settings", data=form, headers=PAGE, follow_redirects=True)
    assert "is no time zone" in page.text
    assert client.get(f"/api/v1/calendar/sources/{source['id']}").json()["label"] == "Team"


def test_an_address_is_added_read_and_read_again_on_the_page(client):
    with calendar_server() as server:
        server.put("/a.ics", ics(start="20260401", end="20260404"), ETag='"1"')
        form = {"label": "Agency", "address": server.address + "/a.ics"}
        page = client.post("/calendar-sources/address", data=form, headers=PAGE, follow_redirects=True)
        assert "1 events follow from what changed" in page.text
        assert "At 127.0.0.1, read every hour" in page.text
        assert "/a.ics" not in page.text
        [source] = client.get("/api/v1/calendar/sources").json()["sources"]
        path = f"/calendar-sources/{source['id']}/read"
        assert "has not changed" in client.post(path, headers=PAGE, follow_redirects=True).text
        server.put("/a.ics", status=404)
        page = client.post(path, headers=PAGE, follow_redirects=True)
        assert "It could not be read; what was known stays." in page.text
        assert "knows no calendar at this address" in page.text
    assert events(client) == [("Black Friday Sale", "2026-04-01", "2026-04-03")]


def test_what_is_no_address_is_said_so(client):
    form = {"label": "Agency", "address": "our calendar"}
    page = client.post("/calendar-sources/address", data=form, headers=PAGE, follow_redirects=True)
    assert "This is no address of a calendar" in page.text
    assert client.get("/api/v1/calendar/sources").json()["sources"] == []
