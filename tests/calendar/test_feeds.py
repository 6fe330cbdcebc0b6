"""Private addresses of the calendar: made, read without signing in, filtered, taken back; correct iCalendar."""

import io
from datetime import date, datetime

import pytest
from icalendar import Calendar as Ics
from sqlalchemy import text

from kalends.base.scope import Scope
from kalends.calendar.reading import read_ics
from kalends.identity.service import create_tenant, disable

FEEDS = "/api/v1/calendar/feeds"
PAGE = {"Accept": "text/html"}


def make(client, **filters):
    answer = client.post(FEEDS, json={"label": "My phone", "filters": filters})
    assert answer.status_code == 201, answer.text
    return answer.json()


def path_of(feed):
    return feed["address"].removeprefix("https://kalends.example")


def add_event(client, name="Black Friday Sale", start="2026-11-27", end="2026-11-30", **more):
    answer = client.post("/api/v1/calendar/events", json={"name": name, "start": start, "end": end, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


def vevents(answer):
    assert answer.status_code == 200, answer.text
    return Ics.from_ical(answer.content).walk("VEVENT")


def summaries(answer):
    return sorted(str(event["summary"]) for event in vevents(answer))


def test_a_program_without_a_session_reads_the_calendar(client, anonymous):
    event = add_event(client, description="Deals; stock, and\nmore \\ less")
    feed = make(client)
    answer = anonymous.get(path_of(feed))
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.headers["cache-control"] == "private, max-age=300"
    [found] = vevents(answer)
    assert (str(found["uid"]), found["dtstart"].dt, found["dtend"].dt) == (
        f"{event['id']}@kalends", date(2026, 11, 27), date(2026, 12, 1),
    )  # fmt: skip
    assert (str(found["status"]), str(found["transp"]), found["sequence"]) == ("CONFIRMED", "TRANSPARENT", 1)
    assert str(found["description"]) == "Deals; stock, and\nmore \\ less"
    assert found["url"] == "https://kalends.example/calendar?date=2026-11-27"
    assert found["last-modified"].dt == datetime.fromisoformat(event["updated_at"])


def test_the_file_is_as_the_standard_wants_it(client, anonymous):
    add_event(client, name="Ä" * 120 + "\x07", start="2026-11-27", end="2026-11-27")
    raw = anonymous.get(path_of(make(client))).content
    lines = raw.split(b"\r\n")
    assert raw.endswith(b"END:VCALENDAR\r\n")
    assert b"\n" not in b"".join(lines)
    assert max(map(len, lines)) <= 75
    assert b"\x07" not in raw
    assert b"DTSTART;VALUE=DATE:20261127" in lines
    assert b"DTEND;VALUE=DATE:20261128" in lines
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT1H" in lines
    assert b"X-PUBLISHED-TTL:PT60M" in lines


def test_a_timed_event_brings_its_zone_along(client, anonymous):
    add_event(client, name="Livestream", start="2026-06-01", end="2026-06-01", start_time="18:00", end_time="19:30",
              zone="Europe/Berlin")  # fmt: skip
    answer = anonymous.get(path_of(make(client)))
    calendar = Ics.from_ical(answer.content)
    assert [str(zone["tzid"]) for zone in calendar.walk("VTIMEZONE")] == ["Europe/Berlin"]
    [found] = vevents(answer)
    assert found["dtstart"].dt.isoformat() == "2026-06-01T18:00:00+02:00"
    assert found["dtend"].dt.isoformat() == "2026-06-01T19:30:00+02:00"


def test_each_occurrence_of_what_comes_again_is_there_under_its_own_name(client, anonymous):
    add_event(client, name="Sale", start="2026-06-01", end="2026-06-02", recurrence="FREQ=MONTHLY;COUNT=3")
    found = vevents(anonymous.get(path_of(make(client))))
    assert [event["dtstart"].dt.month for event in found] == [6, 7, 8]
    assert len({str(event["uid"]) for event in found}) == 3


def test_what_comes_out_reads_back_the_same(client, anonymous):
    add_event(client, name="Sale, spring; all", start="2026-04-01", end="2026-04-03", type="promotional_period",
              status="tentative", description="One\nTwo")  # fmt: skip
    content = anonymous.get(path_of(make(client))).content
    reading = read_ics(lambda: io.BytesIO(content), zone="UTC", first=date(2026, 1, 1), last=date(2026, 12, 31))
    [entry] = reading.entries
    assert entry.fields == {
        "name": "Sale, spring; all", "starts_on": "2026-04-01", "ends_on": "2026-04-03", "description": "One\nTwo",
        "status": "tentative", "type": "promotional_period",
    }  # fmt: skip
    assert reading.refresh_minutes == 60
    assert reading.counts() == {"kept": 1, "mended": 0, "refused": 0}


def test_only_what_changed_is_sent_again(client, anonymous, clock):
    event = add_event(client)
    path = path_of(make(client))
    first = anonymous.get(path)
    tag = first.headers["etag"]
    again = anonymous.get(path, headers={"If-None-Match": f'W/"x", {tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    clock.advance(days=3)
    assert anonymous.get(path, headers={"If-None-Match": tag}).status_code == 304
    moved = client.patch(f"/api/v1/calendar/events/{event['id']}", json={"start": "2026-11-26"})
    assert moved.status_code == 200, moved.text
    answer = anonymous.get(path, headers={"If-None-Match": tag})
    [found] = vevents(answer)
    assert (found["dtstart"].dt, found["sequence"], str(found["uid"])) == (
        date(2026, 11, 26), 2, f"{event['id']}@kalends",
    )  # fmt: skip
    client.delete(f"/api/v1/calendar/events/{event['id']}")
    gone = anonymous.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert vevents(gone) == []
    assert anonymous.head(path).status_code == 200


@pytest.mark.parametrize(
    ("filters", "wanted"),
    [
        ({}, ["Fair", "Launch", "Off", "Sale"]),
        ({"types": ["product_launch", "trade_show"]}, ["Fair", "Launch"]),
        ({"markets": ["DE"]}, ["Fair", "Launch", "Off"]),
        ({"statuses": ["cancelled"]}, ["Off"]),
        ({"statuses": ["confirmed"], "markets": ["US"]}, ["Fair", "Sale"]),
    ],
)
def test_a_feed_shows_what_it_was_made_for(client, anonymous, filters, wanted):
    add_event(client, name="Sale", markets=["US"], type="promotional_period")
    add_event(client, name="Launch", markets=["DE"], type="product_launch")
    add_event(client, name="Fair", type="trade_show")
    add_event(client, name="Off", markets=["DE", "AT"], status="cancelled")
    assert summaries(anonymous.get(path_of(make(client, **filters)))) == wanted


def test_moments_and_holidays_come_if_wished(client, anonymous):
    found = {str(e["summary"]): e for e in vevents(anonymous.get(path_of(make(client, has_moments=True))))
             if e["dtstart"].dt.year == 2026}  # fmt: skip
    assert found["Black Friday"]["dtstart"].dt == date(2026, 11, 27)
    assert "Black Friday" not in summaries(anonymous.get(path_of(make(client, has_holidays=True))))
    days = vevents(anonymous.get(path_of(make(client, has_holidays=True))))
    assert date(2026, 12, 25) in [event["dtstart"].dt for event in days]
    uids = [str(event["uid"]) for event in days]
    assert len(set(uids)) == len(uids)


def test_an_address_that_was_taken_back_is_gone(client, anonymous):
    feed = make(client)
    path = path_of(feed)
    assert anonymous.get(path).status_code == 200
    assert client.delete(f"{FEEDS}/{feed['id']}").json()["revoked_at"] is not None
    assert anonymous.get(path).status_code == 410
    assert client.delete(f"{FEEDS}/{feed['id']}").status_code == 200
    assert anonymous.get("/feeds/kal_00000000_" + "a" * 43 + ".ics").status_code == 404
    assert anonymous.get("/feeds/nothing.ics").status_code == 404


def test_the_secret_is_shown_once_and_kept_nowhere(client, house, scope):
    feed = make(client)
    secret = path_of(feed).removeprefix("/feeds/").removesuffix(".ics")
    with house.work(scope) as work:
        kept = [str(work.session.execute(text(f"SELECT array_agg(t::text) FROM {table} t")).scalar())
                for table in ("calendar_feeds", "audit_entries")]  # fmt: skip
    shown = [client.get(FEEDS).text, client.get("/calendar-feeds", headers=PAGE).text]
    assert secret not in "".join([*kept, *shown])


def test_its_use_is_noted_at_most_once_a_minute(client, anonymous, clock):
    path = path_of(make(client))
    seen = []
    for seconds in (0, 30, 45):
        clock.advance(seconds=seconds)
        anonymous.get(path)
        seen.append(client.get(FEEDS).json()["feeds"][0]["last_used_at"])
    assert [instant[11:19] for instant in seen] == ["09:30:00", "09:30:00", "09:31:15"]


def test_it_ends_with_its_persons_access(client, signed_in, anonymous, house, scope):
    viewer = signed_in("viewer")
    feed = make(viewer)
    with house.work(scope) as work:
        person = work.session.execute(text("SELECT person_id FROM calendar_feeds")).scalar()
        disable(work, person_id=person)
    assert anonymous.get(path_of(feed)).status_code == 404


def test_everybody_sees_their_own_and_a_manager_all(client, signed_in):
    one, other = signed_in("viewer"), signed_in("editor")
    feed = make(one)
    assert other.get(FEEDS).json()["feeds"] == []
    assert other.delete(f"{FEEDS}/{feed['id']}").status_code == 404
    assert [item["id"] for item in client.get(FEEDS).json()["feeds"]] == [feed["id"]]
    assert client.delete(f"{FEEDS}/{feed['id']}").status_code == 200


def test_another_companys_calendar_does_not_show(client, signed_in, anonymous, house):
    add_event(client)
    other = create_tenant(house, name="Borealis")
    with house.work(Scope(tenant_id=other, role="owner")) as work:
        assert work.session.execute(text("SELECT count(*) FROM calendar_feeds")).scalar() == 0
    stranger = signed_in("owner", tenant_id=other)
    assert vevents(anonymous.get(path_of(make(stranger)))) == []


def test_the_page_makes_shows_and_takes_back(client, anonymous):
    add_event(client, name="Launch", type="product_launch")
    add_event(client, name="Fair", type="trade_show")
    assert "Nobody subscribes yet" in client.get("/calendar-feeds", headers=PAGE).text
    form = {"label": "The team", "types": ["trade_show"], "extras": ["holidays"]}
    page = client.post("/calendar-feeds", data=form, headers=PAGE).text
    address = page.split('id="feed-address" value="')[1].split('"')[0]
    found = summaries(anonymous.get(address.removeprefix("https://kalends.example")))
    assert "Fair" in found
    assert "Launch" not in found
    page = client.get("/calendar-feeds", headers=PAGE).text
    assert "trade show, holidays" in page
    assert address not in page
    [feed] = client.get(FEEDS).json()["feeds"]
    page = client.post(f"/calendar-feeds/{feed['id']}/revoke", headers=PAGE, follow_redirects=True).text
    assert "no longer works" in page
    assert client.post("/calendar-feeds", data={"label": " "}, headers=PAGE).status_code == 422
