"""The calendar page, as a browser sees it."""

import json
import re

HTMX = {"HX-Request": "true", "Accept": "text/html"}
PAGE = {"Accept": "text/html"}
FORM = {
    "name": "Sale",
    "starts_on": "2026-03-10",
    "ends_on": "2026-03-12",
    "type": "promotional_period",
    "impact": "high",
}
MARCH = {"start": "2026-02-23", "end": "2026-04-06"}


def feed(client, **asked):
    return client.get("/calendar/feed", params=asked or MARCH).json()


def own(client):
    return {bar["title"]: bar for bar in feed(client)["events"] if ":" not in bar["id"]}


def make(client, **more):
    return client.post("/calendar/new", data=FORM | more, headers=HTMX)


def test_the_empty_page_says_what_to_do_next(client):
    page = client.get("/calendar", headers=PAGE)
    assert page.status_code == 200
    assert "Nothing of your own is planned yet." in page.text
    assert 'data-feed="/calendar/feed"' in page.text
    assert 'data-writable="true"' in page.text
    assert 'data-date="2026-03-02"' in page.text
    make(client)
    assert "Nothing of your own is planned yet." not in client.get("/calendar", headers=PAGE).text


def test_who_may_only_look_gets_no_buttons(signed_in):
    page = signed_in("viewer").get("/calendar", headers=PAGE).text
    assert "New event" not in page
    assert 'data-writable="false"' in page


def test_the_feed_has_events_moments_holidays_and_fiscal_weeks(client):
    make(client)
    november = feed(client, start="2026-10-26", end="2026-12-07")
    bars = {bar["title"]: bar for bar in november["events"]}
    assert bars["Black Friday"]["kind"] == "moment"
    assert bars["Black Friday"]["start"] == "2026-11-27"
    assert bars["Black Friday"]["end"] == "2026-11-28"
    assert bars["Veterans Day"]["kind"] == "holiday"
    assert bars["Veterans Day"]["editable"] is False
    titles = [bar["title"] for bar in november["events"]]
    assert [title for title in titles if title.startswith("Thanksgiving")] == ["Thanksgiving"]
    assert november["days"]["2026-11-23"] == {"week": "FW 47"}
    sale = own(client)["Sale"]
    assert (sale["start"], sale["end"], sale["kind"], sale["allDay"]) == ("2026-03-10", "2026-03-13", "promotion", True)


def test_a_feed_of_a_lifetime_is_refused(client):
    assert client.get("/calendar/feed", params={"start": "1990-01-01", "end": "2030-01-01"}).status_code == 422
    assert client.get("/calendar/feed", params={"start": "2026-01-01", "end": "2026-01-01"}).status_code == 422


def test_the_line_below_the_title_and_the_side_panel(client):
    about = client.get("/calendar/about", params={"start": "2026-10-26", "end": "2026-12-07"}, headers=HTMX).text
    assert "FY2026 Q4, weeks 44 to 48" in about
    assert "quality 1.00" in about
    assert 'id="calendar-side"' in about
    assert "Black Friday" in about


def test_the_panel_opens_with_the_days_that_were_chosen(client):
    panel = client.get("/calendar/new", params={"start": "2026-03-10", "end": "2026-03-13"}, headers=HTMX).text
    assert 'value="2026-03-10"' in panel
    assert 'value="2026-03-12"' in panel
    assert "<html" not in panel


def test_making_an_event_closes_the_panel_and_offers_undo(client):
    answer = make(client)
    told = json.loads(answer.headers["HX-Trigger"])
    assert told["calendar-changed"]
    assert told["close-dialog"]
    assert told["toast"]["text"] == "“Sale” is on the calendar."
    client.post(told["toast"]["undo"], headers=HTMX)
    assert own(client) == {}


def test_a_wrong_form_comes_back_with_words_and_loses_nothing(client):
    answer = make(client, name="", ends_on="2026-03-01", description="Keep me")
    assert answer.status_code == 422
    assert "Give the event a name." in answer.text
    assert "Keep me" in answer.text
    answer = make(client, ends_on="2026-03-01")
    assert "The last day comes before the first." in answer.text
    assert own(client) == {}


def test_edit_and_a_quicker_colleague(client):
    make(client)
    event_id = own(client)["Sale"]["id"]
    panel = client.get(f"/calendar/edit/{event_id}", headers=HTMX).text
    version = re.search(r'name="row_version" value="(\d+)"', panel)[1]
    saved = client.post(
        f"/calendar/edit/{event_id}", data=FORM | {"name": "Hers", "row_version": version}, headers=HTMX
    )
    assert saved.status_code == 200
    late = client.post(f"/calendar/edit/{event_id}", data=FORM | {"name": "His", "row_version": version}, headers=HTMX)
    assert late.status_code == 422
    assert "changed this event while you did" in late.text
    assert "<td>Hers</td><td>His</td>" in late.text
    assert list(own(client)) == ["Hers"]
    known = re.search(r'name="row_version" value="(\d+)"', late.text)[1]
    seen = client.post(f"/calendar/edit/{event_id}", data=FORM | {"name": "His", "row_version": known}, headers=HTMX)
    assert (seen.status_code, list(own(client))) == (200, ["His"])


def test_a_drag_of_an_older_state_is_refused_and_says_by_whom(client):
    make(client)
    bar = own(client)["Sale"]
    move = {"start": "2026-03-17", "end": "2026-03-21", "row_version": bar["row_version"]}
    assert client.put(f"/calendar/move/{bar['id']}", json=move).status_code == 200
    late = client.put(f"/calendar/move/{bar['id']}", json=move | {"start": "2026-03-01"})
    assert late.status_code == 409
    assert "changed this event in the meantime: it is now “Sale”, 2026-03-17 to 2026-03-20" in late.json()["detail"]
    assert own(client)["Sale"]["start"] == "2026-03-17"


def test_drag_stretch_delete_and_undo(client):
    make(client)
    event_id = own(client)["Sale"]["id"]
    moved = client.put(f"/calendar/move/{event_id}", json={"start": "2026-03-17", "end": "2026-03-21", "all_day": True})
    assert moved.json()["row_version"] == 2
    assert (own(client)["Sale"]["start"], own(client)["Sale"]["end"]) == ("2026-03-17", "2026-03-21")
    client.put(f"/calendar/move/{event_id}", json={"start": "2026-03-18", "end": None, "all_day": True})
    assert (own(client)["Sale"]["start"], own(client)["Sale"]["end"]) == ("2026-03-18", "2026-03-19")
    client.post("/calendar/undo", headers=HTMX)
    assert own(client)["Sale"]["start"] == "2026-03-17"
    client.post(f"/calendar/delete/{event_id}", headers=HTMX)
    assert own(client) == {}
    client.post("/calendar/undo", headers=HTMX)
    assert own(client)["Sale"]["start"] == "2026-03-17"


def test_undo_leaves_a_colleagues_work_alone(client, signed_in):
    make(client)
    event_id = own(client)["Sale"]["id"]
    colleague = signed_in("editor")
    colleague.put(f"/calendar/move/{event_id}", json={"start": "2026-03-25", "all_day": True})
    assert client.post("/calendar/undo").status_code == 409
    assert own(client)["Sale"]["start"] == "2026-03-25"
    colleague.post("/calendar/undo")
    assert own(client)["Sale"]["start"] == "2026-03-10"


def test_a_drag_to_nowhere_is_refused_in_words(client):
    make(client)
    event_id = own(client)["Sale"]["id"]
    answer = client.put(f"/calendar/move/{event_id}", json={"start": "soon"})
    assert answer.status_code == 422
    assert "Right would be" in answer.json()["detail"]


def test_moments_and_holidays_explain_themselves(client):
    assert "it cannot be moved" in client.get("/calendar/edit/moment:black_friday:2026-11-27", headers=HTMX).text
    assert "US" in client.get("/calendar/edit/holiday:US:2026-11-11", headers=HTMX).text
    assert client.get("/calendar/edit/moment:nothing:2026-11-27").status_code == 404
    assert client.get("/calendar/edit/nonsense").status_code == 404


def test_an_events_name_is_text_and_not_html(client):
    make(client, name="<script>alert(1)</script>")
    event_id = own(client)["<script>alert(1)</script>"]["id"]
    assert "<script>alert" not in client.get(f"/calendar/edit/{event_id}", headers=HTMX).text


def test_the_fiscal_place_stands_on_every_page_once_there_is_a_calendar(client):
    client.get("/calendar", headers=PAGE)
    assert "FY2026 Q1" in client.get("/calendar", headers=PAGE).text


def test_a_room_above_may_draw_under_the_days(client):
    from datetime import date

    from kalends.calendar import strips

    def strip(_work, first, last):
        return {date(2026, 3, 1): strips.DayStrip(0.5, "€1 k revenue")} if first <= date(2026, 3, 1) <= last else {}

    strips.STRIPS.insert(0, strip)
    try:
        assert feed(client)["days"]["2026-03-01"] == {"fact": 0.5, "fact_text": "€1 k revenue"}
    finally:
        strips.STRIPS.remove(strip)
