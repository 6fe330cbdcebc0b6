"""The pages of sources, as a browser sees them."""

PAGE = {"Accept": "text/html"}
TEAM = b"id,name,start,end,impact\nt1,Black Friday Sale,2026-11-27,2026-11-30,high\nt2,Broken,soon,,\n"


def send(client, label, content, name="plan.csv"):
    return client.post(
        "/calendar-sources", data={"label": label}, files={"file": (name, content)}, headers=PAGE, follow_redirects=True
    )


def test_an_empty_page_says_what_to_do_next(client):
    assert "No calendar was sent yet" in client.get("/calendar-sources", headers=PAGE).text


def test_a_file_is_sent_and_its_fate_is_told(client):
    page = send(client, "Team", TEAM)
    assert page.status_code == 200
    assert "&#39;soon&#39; is no day; write it as 2026-11-27." in page.text
    assert "1 events: 1 new" in page.text
    assert "1 refused" in client.get("/calendar-sources", headers=PAGE).text


def test_a_file_that_cannot_be_read_leaves_what_was_known(client):
    send(client, "Team", TEAM)
    page = send(client, "Team", b"PK\x03\x04 no real zip")
    assert page.status_code == 200
    assert "The last file could not be read" in page.text
    assert "1 events: 1 new" in page.text


def test_a_source_is_taken_off(client):
    send(client, "Team", TEAM)
    [source] = client.get("/api/v1/calendar/sources").json()["sources"]
    page = client.post(f"/calendar-sources/{source['id']}/remove", headers=PAGE, follow_redirects=True)
    assert "No calendar was sent yet" in page.text
    assert client.get("/api/v1/calendar/events?start=2026-11-01&end=2026-11-30").json()["events"] == []


def test_the_calendars_side_says_how_many_sources_it_has(client):
    send(client, "Team", TEAM)
    side = client.get("/calendar/about?start=2026-11-01&end=2026-12-01", headers=PAGE).text
    assert 'href="/calendar-sources">Calendar sources</a><span class="row-note num">1</span>' in side


def test_who_may_only_look_gets_no_forms(signed_in, client):
    send(client, "Team", TEAM)
    viewer = signed_in("viewer")
    assert "Add a calendar" not in viewer.get("/calendar-sources", headers=PAGE).text
    assert send(viewer, "Mine", TEAM).status_code == 403
