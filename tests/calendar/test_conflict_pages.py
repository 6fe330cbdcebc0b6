"""The page of conflicts, as a browser sees it."""

import re
from html import unescape

import pytest

from kalends.calendar import conflictpages

PAGE = {"Accept": "text/html"}
TEAM = b"id,name,start,end,impact\nt1,Black Friday Sale,2026-11-27,2026-11-30,high\n"
AGENCY = b"id,name,start,end\na1,Black Friday 2026,2026-11-26,2026-11-30\n"
NAMES = ("Spring clearance", "Influencer summit", "Garden week", "Autumn lookbook")


def calendar(day, impact="high"):
    rows = [f"{n},{name},2026-{n + 3:02d}-{day},2026-{n + 3:02d}-{day + 2},{impact}" for n, name in enumerate(NAMES)]
    return "\n".join(["id,name,start,end,impact", *rows]).encode()


def send(client, label, content):
    source = client.post("/api/v1/calendar/sources", json={"label": label}).json()
    raw = {"content-type": "application/octet-stream"}
    answer = client.post(
        f"/api/v1/calendar/sources/{source['id']}/file?file_name=plan.csv", content=content, headers=raw
    )
    assert answer.status_code == 200, answer.text
    client.post("/api/v1/calendar/consolidate", json={})


@pytest.fixture
def four(client):
    """Four events on which one calendar is a day late."""
    send(client, "Team", calendar(10))
    send(client, "Agency", calendar(11, impact=""))
    return client


def post(client, path, **form):
    return client.post(f"/calendar-conflicts/{path}", data=form, headers=PAGE, follow_redirects=True).text


def waiting(client):
    return client.get("/api/v1/calendar/conflicts").json()["conflicts"]


def undo(client, page):
    """Press the toast's button."""
    path = re.search(r'class="toast".*?action="([^"]+)"', page, re.DOTALL)[1].replace("&amp;", "&")
    return client.post(path, headers=PAGE, follow_redirects=True).text


def test_an_empty_page_says_what_to_do_next(client):
    assert "Nothing waits for you" in client.get("/calendar-conflicts", headers=PAGE).text
    assert "No two events look alike" in client.get("/calendar-conflicts?view=pairs", headers=PAGE).text
    assert "Nothing was settled yet" in client.get("/calendar-conflicts?view=settled", headers=PAGE).text


def test_a_conflict_is_settled_by_a_click_and_taken_back(client):
    send(client, "Team", TEAM)
    send(client, "Agency", AGENCY)
    [conflict] = waiting(client)
    page = post(client, f"{conflict['id']}/decide", source="agency")
    assert "Nothing waits for you" in page
    settled = client.get("/calendar-conflicts?view=settled", headers=PAGE).text
    assert "26 Nov 2026 – 30 Nov 2026" in settled
    assert "Take it back" in settled
    post(client, f"{conflict['id']}/reopen")
    assert [each["id"] for each in waiting(client)] == [conflict["id"]]


def test_the_trades_table_is_shown_with_its_word_its_source_and_how_sure_it_is(client):
    rows = b"a1,Black Friday 2026,2026-11-26,2026-11-26,,US\na2,German Unity Day,2026-10-02,2026-10-02,holiday,DE\n"
    send(client, "Agency", b"id,name,start,end,type,country\n" + rows)
    page = unescape(client.get("/calendar-conflicts?view=settled", headers=PAGE).text)
    assert "The trade's table: Black Friday is on 27 Nov 2026 (calculated: the day after US Thanksgiving)." in page
    assert "Public holidays of Germany: German Unity Day is on 3 Oct 2026 (calculated: holidays" in page
    assert "kalends:" not in re.sub(r'="[^"]*"', "", page)
    found = client.get("/api/v1/calendar/conflicts?state=settled").json()["conflicts"]
    conflict = next(each for each in found if each["event_name"] == "Black Friday 2026")
    assert [said["source"] for said in conflict["said"]] == ["agency", "kalends:moments"]
    event = client.get(f"/api/v1/calendar/events/{conflict['event_id']}").json()
    assert (event["starts_on"], event["provenance"]["starts_on"]) == ("2026-11-27", "kalends:moments")
    post(client, f"{conflict['id']}/decide", source="agency")
    event = client.get(f"/api/v1/calendar/events/{conflict['event_id']}").json()
    assert event["starts_on"] == "2026-11-26"
    post(client, f"{conflict['id']}/decide", source="kalends:moments")
    event = client.get(f"/api/v1/calendar/events/{conflict['event_id']}").json()
    assert event["starts_on"] == "2026-11-27"


def test_each_choice_can_be_undone_at_once(four):
    before = waiting(four)
    page = post(four, f"{before[0]['id']}/decide", source="agency", after=before[1]["id"])
    assert len(waiting(four)) == len(before) - 1
    assert "1 choice was taken back" in undo(four, page)
    assert waiting(four) == before


def test_a_value_of_ones_own_is_taken(four):
    conflict = waiting(four)[0]
    page = four.get("/calendar-conflicts", headers=PAGE).text
    assert f'name="starts_on" type="date" value="{conflict["choice"]["starts_on"]}"' in page
    post(four, f"{conflict['id']}/decide", own="yes", starts_on="2026-03-05", ends_on="2026-03-06")
    event = four.get(f"/api/v1/calendar/events/{conflict['event_id']}").json()
    assert (event["starts_on"], event["ends_on"]) == ("2026-03-05", "2026-03-06")


def test_a_shared_cause_is_named_and_settled_with_one_click(four):
    page = four.get("/calendar-conflicts", headers=PAGE).text
    assert "“Agency” is one day late on 4 of 4 events: a time zone?" in page
    assert "Take the others’ for all 4" in page
    done = post(four, "cause", key=re.search(r'name="key" value="([^"]+)"', page)[1], take="others")
    assert "4 differences were settled together." in done
    assert waiting(four) == []
    undo(four, done)
    assert len(waiting(four)) == 4


def test_a_cause_over_http(four):
    [cause] = four.get("/api/v1/calendar/conflicts/causes").json()["causes"]
    assert (cause["source"], cause["count"], cause["of"]) == ("agency", 4, 4)
    done = four.post("/api/v1/calendar/conflicts/causes", json={"key": cause["key"], "take": "source"}).json()
    assert len(done["accepted"]) == 4
    days = four.get("/api/v1/calendar/events?start=2026-03-01&end=2026-03-31").json()["events"]
    assert [event["starts_on"] for event in days] == ["2026-03-11"]
    again = four.post("/api/v1/calendar/conflicts/causes", json={"key": cause["key"]})
    assert (again.status_code, again.json()["code"]) == (404, "cause_not_found")


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("source=agency", 4),
        ("source=nobody", 0),
        ("fields=days", 4),
        ("fields=status", 0),
        ("severity=high", 4),
        ("severity=low", 0),
    ],
)
def test_conflicts_are_filtered(four, query, count):
    page = four.get(f"/calendar-conflicts?{query}", headers=PAGE).text
    assert page.count('class="card stack conflict"') == count
    assert ("Nothing of that kind" in page) == (count == 0)
    field = query.replace("fields=", "fields=")
    assert four.get(f"/api/v1/calendar/conflicts?{field}").json()["total"] == count


def test_there_is_a_page_after_the_first(four, monkeypatch):
    monkeypatch.setattr(conflictpages, "SHOWN", 3)
    first = four.get("/calendar-conflicts?fields=days", headers=PAGE).text
    assert "1–3 of 4" in first
    second = four.get("/calendar-conflicts?fields=days&page=2", headers=PAGE).text
    assert "4–4 of 4" in second
    assert 'action="/calendar-conflicts/cause?fields=days&amp;page=2"' in second


def test_an_editor_sees_that_critical_ones_wait_for_somebody_else(signed_in, client):
    send(client, "Team", TEAM.replace(b"high", b"critical"))
    send(client, "Agency", AGENCY)
    editor = signed_in("editor")
    page = editor.get("/calendar-conflicts", headers=PAGE).text
    assert "an administrator or an owner settles this one" in page
    assert "Take this" not in page
    [conflict] = waiting(client)
    assert conflict["needs_approval"] is True
    refused = editor.post(f"/api/v1/calendar/conflicts/{conflict['id']}/decide", json={"source": "team"})
    assert (refused.status_code, refused.json()["code"]) == (403, "approval_needed")


def test_how_differences_are_settled_is_set_on_the_page(four):
    page = post(four, "policy", strategy="fixed_priority", **{"for-days": "", "place-agency": "1", "place-team": "2"})
    assert "4 events were looked at anew" in page
    policy = four.get("/api/v1/calendar/policy").json()
    assert policy["strategy"] == "fixed_priority"
    assert {each["name"]: each["priority"] for each in policy["sources"]} == {"agency": 1, "team": 2}
    assert waiting(four) == []


def test_a_pair_is_shown_answered_and_taken_back(client):
    send(client, "Team", b"id,name,start,end\nt1,Aurora lamp launch,2026-03-10,2026-03-12\n")
    send(client, "Agency", b"id,name,start,end\na1,Aurora lamp roll-out,2026-03-11,2026-03-15\n")
    page = client.get("/calendar-conflicts?view=pairs", headers=PAGE).text
    assert "Is this one event?" in page
    assert "Aurora lamp roll-out" in page
    [pair] = client.get("/api/v1/calendar/pairs").json()["pairs"]
    page = post(client, f"pairs/{pair['id']}/answer?view=pairs", answer="same")
    assert "They are one event now." in page
    undo(client, page)
    assert client.get("/api/v1/calendar/pairs").json()["counts"] == {"open": 1}


def test_who_may_only_look_gets_no_forms(four, signed_in):
    viewer = signed_in("viewer")
    page = viewer.get("/calendar-conflicts", headers=PAGE).text
    assert "Spring clearance" in page
    assert "Take this" not in page
    conflict = waiting(four)[0]
    path = f"/calendar-conflicts/{conflict['id']}/decide"
    assert viewer.post(path, data={"source": "team"}, headers=PAGE).status_code == 403
