"""Sources by address: sealed, read when due or asked, what was known stays when they fail."""

import json
from datetime import timedelta

import pytest
from calendar_server import calendar_server, ics
from sqlalchemy import select, text

from kalends.base.scope import Scope
from kalends.base.worker import run_task
from kalends.calendar.models import CalendarSource
from kalends.calendar.sourcevisits import read_due
from kalends.identity.service import create_tenant

SECRET = "/private-5f3a9c/basic.ics"
MARCH = "/api/v1/calendar/events?start=2026-11-01&end=2026-12-31"


@pytest.fixture
def server():
    with calendar_server() as running:
        running.put(SECRET, ics(), ETag='"v1"')
        yield running


@pytest.fixture
def source(client, server):
    body = {"label": "Agency", "address": server.address + SECRET}
    answer = client.post("/api/v1/calendar/sources", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.fixture
def run_tasks(house, scope):
    """Runs everything that waits for a worker, until nothing does."""

    def run():
        done = []
        while True:
            with house.work(scope) as work:
                waiting = work.session.execute(text("SELECT id, kind FROM tasks WHERE state = 'queued'")).all()
            if not waiting:
                return done
            for task in waiting:
                done.append(task.kind)
                run_task(house, scope.tenant_id, task.id)

    return run


def read(client, source):
    return client.post(f"/api/v1/calendar/sources/{source['id']}/read")


def stored(house, scope, source):
    with house.work(scope) as work:
        return work.session.scalars(select(CalendarSource).where(CalendarSource.id == source["id"])).one()


def names(client):
    return [event["name"] for event in client.get(MARCH).json()["events"]]


def test_an_address_is_read_when_due_and_its_events_follow(client, house, source, run_tasks, clock):
    assert (source["kind"], source["address_host"]) == ("address", "127.0.0.1")
    assert read_due(house) == 1
    assert read_due(house) == 0
    assert run_tasks()[0] == "calendar.read_address"
    assert names(client) == ["Black Friday Sale"]
    assert read_due(house) == 0
    clock.advance(minutes=61)
    assert read_due(house) == 1


def test_the_address_is_kept_sealed_and_never_shown_again(client, house, scope, source, server):
    read(client, source)
    shown = [client.get("/api/v1/calendar/sources").text, client.get(f"/api/v1/calendar/sources/{source['id']}").text]
    page = client.get(f"/calendar-sources/{source['id']}", headers={"Accept": "text/html"}).text
    with house.work(scope) as work:
        rows = [
            str(work.session.execute(text(f"SELECT array_agg(t::text) FROM {table} t")).scalar())
            for table in ("calendar_sources", "audit_entries", "tasks", "source_readings", "announcements")
        ]
    assert "private-5f3a9c" not in json.dumps([*shown, page, *rows])
    assert len(server.asked) == 1


def test_what_has_not_changed_is_not_read_again(client, source, server, clock):
    assert read(client, source).json()["reading"]["added"] == 1
    clock.advance(hours=1)
    again = read(client, source).json()
    assert again["reading"] is None
    assert again["source"]["read_at"].startswith("2026-03-02T10:30")
    assert server.asked[-1][1]["If-None-Match"] == '"v1"'
    server.put(SECRET, ics(start="20261126"), ETag='"v2"')
    assert read(client, source).json()["reading"]["changed"] == 1


def test_a_calendar_of_other_years_is_asked_for_all_of_it(client, source, server, clock):
    read(client, source)
    clock.advance(hours=1)
    definition = client.get("/api/v1/calendar/calendars/default").json()["definition"]
    answer = client.put("/api/v1/calendar/calendars/default", json={"definition": definition | {"zone": "Asia/Tokyo"}})
    assert answer.status_code == 200, answer.text
    assert read(client, source).json()["reading"] is not None
    assert "If-None-Match" not in server.asked[-1][1]


def test_what_was_known_stays_when_it_fails_and_it_is_asked_ever_more_seldom(
    client, house, scope, source, server, run_tasks, clock
):
    read(client, source)
    run_tasks()
    server.put(SECRET, status=404)
    waits = []
    for _ in range(6):
        answer = read(client, source)
        assert (answer.status_code, answer.json()["code"]) == (422, "calendar_not_fetched")
        waits.append((stored(house, scope, source).next_read_at - clock()) // timedelta(minutes=1))
    assert waits == [120, 240, 480, 960, 1440, 1440]
    assert "knows no calendar" in stored(house, scope, source).problem
    run_tasks()
    assert names(client) == ["Black Friday Sale"]
    entries = client.get("/api/v1/notifications").json()["entries"]
    assert [entry["title"] for entry in entries] == ["The calendar “Agency” cannot be read any more"]
    server.put(SECRET, ics())
    assert read(client, source).status_code == 200
    found = stored(house, scope, source)
    assert (found.problem, found.failures) == (None, 0)


def test_a_failing_address_is_no_failing_job(client, house, scope, source, server, run_tasks):
    server.put(SECRET, b"name,start\nx,soon\n")
    server.put(SECRET, b"a,b\n1,2\n")
    read_due(house)
    run_tasks()
    assert "no column" in stored(house, scope, source).problem
    with house.work(scope) as work:
        assert work.session.execute(text("SELECT array_agg(DISTINCT state) FROM tasks")).scalar() == ["done"]


@pytest.mark.parametrize(
    ("head", "chosen", "minutes"),
    [
        ("REFRESH-INTERVAL;VALUE=DURATION:PT4H\r\n", 0, 240),
        ("X-PUBLISHED-TTL:PT30M\r\n", 0, 30),
        ("X-PUBLISHED-TTL:PT1M\r\n", 0, 15),
        ("X-PUBLISHED-TTL:P7D\r\n", 0, 1440),
        ("X-PUBLISHED-TTL:soon\r\n", 0, 60),
        ("REFRESH-INTERVAL;VALUE=DURATION:PT4H\r\n", 45, 45),
        ("", 5, 15),
    ],
)
def test_how_often_is_as_the_person_chose_else_as_the_calendar_asks(
    client, house, scope, source, server, clock, head, chosen, minutes
):
    server.put(SECRET, ics(head=head))
    client.patch(f"/api/v1/calendar/sources/{source['id']}", json={"read_every": chosen})
    assert read(client, source).status_code == 200
    assert stored(house, scope, source).next_read_at - clock() == timedelta(minutes=minutes)


def test_readings_that_nobody_asked_for_and_changed_nothing_are_not_noted(
    client, house, source, server, run_tasks, clock
):
    server.put(SECRET, ics())
    for _ in range(3):
        read_due(house)
        run_tasks()
        clock.advance(hours=2)
    path = f"/api/v1/calendar/sources/{source['id']}/readings"
    assert len(client.get(path).json()["readings"]) == 1
    server.put(SECRET, ics(start="20261126"))
    read_due(house)
    run_tasks()
    assert len(client.get(path).json()["readings"]) == 2


def test_a_source_taken_off_forgets_its_address_and_is_not_read(client, house, source, scope, server):
    client.delete(f"/api/v1/calendar/sources/{source['id']}")
    assert read_due(house) == 0
    assert stored(house, scope, source).sealed_address is None
    assert read(client, source).status_code == 404
    assert server.asked == []


def test_each_company_reads_its_own(client, house, source, server, run_tasks):
    other = create_tenant(house, name="Borealis")
    with house.work(Scope(tenant_id=other, role="owner")) as work:
        assert list(work.session.scalars(select(CalendarSource))) == []
    assert read_due(house) == 1
    run_tasks()
    with house.work(Scope(tenant_id=other, role="owner")) as work:
        assert work.session.execute(text("SELECT count(*) FROM tasks")).scalar() == 0


def test_a_hosted_server_takes_no_address_of_its_own_network(client, house, server):
    house.settings = house.settings.model_copy(update={"host": "0.0.0.0"})
    body = {"label": "Agency", "address": server.address + SECRET}
    assert "https" in client.post("/api/v1/calendar/sources", json=body).json()["detail"]
    body = {"label": "Agency", "address": body["address"].replace("http:", "https:")}
    source = client.post("/api/v1/calendar/sources", json=body).json()
    assert "inside this server's own network" in read(client, source).json()["detail"]
    assert server.asked == []


def test_a_source_of_files_has_no_address_to_read(client):
    source = client.post("/api/v1/calendar/sources", json={"label": "Team"}).json()
    assert read(client, source).json()["detail"] == "This source has no address: its files are sent."
    path = f"/api/v1/calendar/sources/{source['id']}"
    assert client.patch(path, json={"address": "https://a.example/b.ics"}).status_code == 422


def test_a_new_address_is_read_at_once_and_whole(client, house, scope, source, server, clock):
    read(client, source)
    server.put("/other.ics", ics(name="Spring sale"), ETag='"v1"')
    path = f"/api/v1/calendar/sources/{source['id']}"
    assert client.patch(path, json={"address": server.address + "/other.ics"}).status_code == 200
    assert stored(house, scope, source).next_read_at == clock()
    told = read(client, source).json()["reading"]
    assert (told["changed"], "If-None-Match" in server.asked[-1][1]) == (1, False)


def test_who_may_only_look_reads_nothing(signed_in, source):
    assert read(signed_in("viewer"), source).status_code == 403
