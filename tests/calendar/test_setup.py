"""Setting the calendar up over HTTP and page by page: kept as typed, resumed, reviewed, built, and built again."""

import yaml

from kalends.calendar.wizard import template_yaml

PAGE = {"Accept": "text/html"}
YAML = {"content-type": "application/yaml"}
API = "/api/v1/calendar/setup"
BUSINESS = {"name": "Aurora GmbH", "industry": "retail", "country": ["DE", "AT"], "region": ["BY", ""],
            "share": ["3", "1"], "zone": "Europe/Berlin", "books": "weeks"}  # fmt: skip
FISCAL = {"books": "weeks", "pattern": "4-4-5", "ends_on": "saturday", "end_month": "1", "rule": "last",
          "named_by": "end"}  # fmt: skip
PERIODS = {"period": ["Sale"], "first_month": ["11"], "first_day": ["2"], "last_month": ["1"], "last_day": ["7"]}
MARKET = {"moment": ["black_friday", "easter"], "competitor": ["Borealis: sale"], "starts_on": ["2027-03-01"],
          "ends_on": ["2027-03-14"]}  # fmt: skip
STEPS = {
    "business": BUSINESS,
    "fiscal": FISCAL,
    "periods": PERIODS,
    "market": MARKET,
    "platforms": {"platform": ["klaviyo"]},
}


def send(client, step, said, go="next"):
    return client.post(f"/calendar-setup/{step}", data={"go": go, **said}, headers=PAGE, follow_redirects=False)


def definition(client):
    [calendar] = client.get("/api/v1/calendar/calendars").json()["calendars"]
    return calendar["definition"]


def events(client, start="2027-01-01", end="2027-12-31"):
    return client.get(f"/api/v1/calendar/events?start={start}&end={end}").json()["events"]


def test_five_steps_and_a_review_build_the_calendar(client):
    where = "/calendar-setup/business"
    for step, said in STEPS.items():
        assert where == f"/calendar-setup/{step}"
        answer = send(client, step, said)
        assert answer.status_code == 303, answer.text
        where = answer.headers["location"]
    assert where == "/calendar-setup/review"
    review = client.get(where, headers=PAGE).text
    assert "Aurora GmbH, Retail, Germany (Bayern), Austria" in review
    built = client.post("/calendar-setup/build", headers=PAGE, follow_redirects=False)
    assert built.headers["location"] == "/calendar"
    made = definition(client)
    assert made["name"] == "Aurora GmbH"
    assert [(market["country"], market["subdivision"], market["sales_share"]) for market in made["markets"]] == [("DE", "BY", 3), ("AT", None, 1)]  # fmt: skip
    assert (made["fiscal"][0]["pattern"], made["fiscal"][0]["named_by"]) == ("4-4-5", "end")
    assert made["periods"] == [{"name": "Sale", "first": "11-02", "last": "01-07"}]
    assert "cyber_monday" in made["moments_off"]
    assert [(event["name"], event["type"], event["source"]) for event in events(client)] == [("Borealis: sale", "competitor_event", "setup")]  # fmt: skip
    days = client.get("/api/v1/calendar/master-dimension?from=2026-11-02&to=2026-11-03&format=json").json()["days"]
    assert [day["business_period"] for day in days] == ["Sale", "Sale"]
    assert (
        "/calendar-setup/business"
        in client.get("/calendar-setup", headers=PAGE, follow_redirects=False).headers["location"]
    )


def test_leaving_in_the_middle_loses_nothing(client):
    send(client, "business", BUSINESS)
    # Half a form, not valid yet, kept while it is typed.
    saved = send(client, "fiscal", {"books": "months", "start_month": "7"}, go="save")
    assert saved.status_code == 204
    back = client.get("/calendar-setup", headers=PAGE, follow_redirects=True)
    assert back.url.path == "/calendar-setup/fiscal"
    assert 'value="7" selected' in back.text
    assert "Which year names it?" in back.text
    assert 'value="Aurora GmbH"' in client.get("/calendar-setup/business", headers=PAGE).text
    assert send(client, "fiscal", {"books": "months", "start_month": "7"}, go="back").headers["location"] == "/calendar-setup/business"  # fmt: skip


def test_what_is_wrong_is_said_and_what_was_typed_stays(client):
    answer = send(client, "business", BUSINESS | {"name": "", "share": ["most", ""]})
    assert answer.status_code == 422
    assert "Give the company&#39;s name." in answer.text
    assert 'value="most"' in answer.text
    send(client, "fiscal", {"books": "months", "start_month": "7"})
    review = client.get("/calendar-setup/review", headers=PAGE, follow_redirects=False)
    assert review.headers["location"] == "/calendar-setup/business"
    build = client.post("/calendar-setup/build", headers=PAGE, follow_redirects=False)
    assert build.headers["location"] == "/calendar-setup/business"


def test_the_industry_suggests_the_later_steps_until_they_are_said(client):
    send(client, "business", BUSINESS | {"industry": "education"})
    assert "Fall enrolment" in client.get("/calendar-setup/periods", headers=PAGE).text
    send(client, "periods", PERIODS)
    send(client, "business", BUSINESS | {"industry": "saas"})
    periods = client.get("/calendar-setup/periods", headers=PAGE).text
    assert 'value="Sale"' in periods
    assert "Fall enrolment" not in periods


def test_the_picture_follows_what_is_chosen_and_keeps_nothing(client):
    shown = client.get("/calendar-setup/picture", params=FISCAL | {"pattern": "13x4"}, headers=PAGE).text
    assert shown.count("<li>") == 13
    both = client.get("/calendar-setup/picture?books=months&start_month=4", headers=PAGE).text
    assert " or FY" in both
    odd = client.get("/calendar-setup/picture?books=months&start_month=99", headers=PAGE)
    assert (odd.status_code, "cannot be drawn" in odd.text) == (200, True)
    assert client.get("/calendar-setup", headers=PAGE, follow_redirects=False).headers["location"] == "/calendar-setup/business"  # fmt: skip


def test_starting_over_throws_away_what_was_said(client):
    send(client, "business", BUSINESS)
    client.post("/calendar-setup/discard", headers=PAGE)
    assert "Aurora GmbH" not in client.get("/calendar-setup/business", headers=PAGE).text


def test_two_people_set_up_their_own_drafts(client, signed_in):
    send(client, "business", BUSINESS)
    assert "Aurora GmbH" not in signed_in("admin").get("/calendar-setup/business", headers=PAGE).text


def test_who_may_not_manage_settings_is_kept_out(signed_in):
    editor = signed_in("editor")
    assert editor.get("/calendar-setup/business", headers=PAGE).status_code == 403
    assert editor.post(API, json={}).status_code in {403, 422}
    assert editor.get(API).status_code == 200


# From a file.


def test_a_file_builds_it_and_again_changes_nothing(client):
    trial = client.post(f"{API}/file?is_trial=true", content=template_yaml(), headers=YAML).json()
    assert (trial["is_trial"], trial["calendar_id"], trial["competitor_events"]) == (True, None, 1)
    assert events(client) == []
    first = client.post(f"{API}/file", content=template_yaml(), headers=YAML).json()
    before, known = definition(client), events(client)
    versions = client.get("/api/v1/calendar/calendars").json()["calendars"][0]["row_version"]
    again = client.post(f"{API}/file", content=template_yaml(), headers=YAML).json()
    assert again == first
    assert (definition(client), events(client)) == (before, known)
    assert client.get("/api/v1/calendar/calendars").json()["calendars"][0]["row_version"] == versions
    told = client.get(API).json()["plan"]
    assert client.post(API, json=told).status_code == 200
    assert definition(client) == before


def test_an_event_that_the_file_no_longer_names_goes_and_may_come_back(client):
    client.post(f"{API}/file", content=template_yaml(), headers=YAML)
    plan = yaml.safe_load(template_yaml())
    client.post(f"{API}/file", content=yaml.safe_dump(plan | {"competitors": []}), headers=YAML)
    assert events(client) == []
    client.post(f"{API}/file", content=template_yaml(), headers=YAML)
    assert [event["name"] for event in events(client)] == ["Borealis: spring sale"]


def test_what_is_wrong_in_a_file_is_told_by_line_and_nothing_is_built(client):
    before = definition(client)
    answer = client.post(f"{API}/file", content=b"name: A\ncountries: [XX]\n", headers=YAML)
    assert answer.status_code == 422
    assert "line 2, countries: no holidays are known for the country 'XX'" in answer.json()["detail"]
    assert client.post(f"{API}/file", content=b"\xff\xfe\x00", headers=YAML).status_code == 422
    assert definition(client) == before
