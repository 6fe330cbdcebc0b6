"""The page of conflicts, as a browser sees it."""

PAGE = {"Accept": "text/html"}
TEAM = b"id,name,start,end,impact\nt1,Black Friday Sale,2026-11-27,2026-11-30,high\n"
AGENCY = b"id,name,start,end\na1,Black Friday 2026,2026-11-26,2026-11-30\n"


def send(client, label, content):
    return client.post(
        "/calendar-sources",
        data={"label": label},
        files={"file": ("plan.csv", content)},
        headers=PAGE,
        follow_redirects=True,
    )


def test_an_empty_page_says_what_to_do_next(client):
    assert "Nothing waits for you" in client.get("/calendar-conflicts", headers=PAGE).text


def test_a_conflict_is_settled_by_a_click_and_taken_back(client):
    send(client, "Team", TEAM)
    send(client, "Agency", AGENCY)
    found = client.get("/api/v1/calendar/conflicts?state=open&state=waiting&state=settled").json()["conflicts"]
    [conflict] = found
    path = f"/calendar-conflicts/{conflict['id']}"
    page = client.post(f"{path}/decide", data={"source": "agency"}, headers=PAGE, follow_redirects=True)
    assert "Nothing waits for you" in page.text
    settled = client.get("/calendar-conflicts?settled=true", headers=PAGE).text
    assert "26 Nov 2026 – 30 Nov 2026" in settled
    assert "Take it back" in settled
    client.post(f"{path}/reopen", headers=PAGE, follow_redirects=True)
    assert client.get("/api/v1/calendar/conflicts?state=decided").json()["conflicts"] == []
