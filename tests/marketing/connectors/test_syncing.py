"""What a sync does when a platform has too much, pauses long, ends its permission, or restates what it said."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from syncing import batches_of, connect, exactly, known, opener, platform, slices, stored, work_off

from kalends.demo.standin.speaking import Reply
from kalends.demo.standin.tiktok_ads import coded
from kalends.marketing.connectors import runs
from kalends.marketing.connectors.models import Connection
from kalends.marketing.connectors.purse import StoredPurse, living_token
from kalends.marketing.connectors.registry import CONNECTORS
from kalends.marketing.connectors.signals import TooMuch


@pytest.fixture
def tiktok(house):
    with platform(house, "tiktok_ads") as standin:
        yield standin


@pytest.fixture
def google(house):
    with platform(house, "google_ads") as standin:
        yield standin


def run_of(house, scope, run_id):
    with house.work(scope) as work:
        return runs.get_run(work, run_id=run_id)


def test_a_slice_that_is_too_much_is_divided(house, scope, tiktok, monkeypatch):
    report = CONNECTORS["tiktok_ads"].report("campaign")

    def pull(ask, wanted):
        if len(wanted.days) > 8:
            raise TooMuch("too many rows")
        return report.pull(ask, wanted)

    narrow = replace(CONNECTORS["tiktok_ads"], reports=(replace(report, pull=pull),))
    monkeypatch.setitem(CONNECTORS, "tiktok_ads", narrow)
    _, run_id = connect(house, scope, tiktok, history=30)
    work_off(house, scope)
    parts = slices(house, scope, run_id)
    assert len(parts) == 4
    assert {one.state for one in parts} == {"landed"}
    first, last = min(one.date_from for one in parts), max(one.date_to for one in parts)
    assert exactly(stored(house, scope, tiktok)) == exactly(known(tiktok, first, last))


def test_a_whole_account_is_asked_for_before_what_has_to_cover_it(house, scope, google):
    _, run_id = connect(house, scope, google, reports=["campaign", "account"], history=40)
    parts = [(one.date_to, one.report) for one in slices(house, scope, run_id)]
    assert parts == sorted(parts, key=lambda part: (-part[0].toordinal(), part[1]))
    assert [report for _, report in parts] == ["account", "campaign"] * (len(parts) // 2)


def test_an_answer_that_nobody_could_read_is_asked_for_in_smaller_parts(house, scope, tiktok, monkeypatch):
    monkeypatch.setattr("kalends.marketing.connectors.syncing.MAX_LINE_BYTES", 6_000)
    _, run_id = connect(house, scope, tiktok, history=30)
    work_off(house, scope)
    parts = slices(house, scope, run_id)
    assert len(parts) > 1
    assert {one.state for one in parts} == {"landed"}
    first, last = min(one.date_from for one in parts), max(one.date_to for one in parts)
    assert exactly(stored(house, scope, tiktok)) == exactly(known(tiktok, first, last))


def test_a_long_pause_gives_the_worker_back(house, scope, google):
    google.limited = lambda: Reply.json(
        {"error": {"status": "RESOURCE_EXHAUSTED", "details": []}}, 429, retry_after="3600"
    )
    google.faults = {2: "limit"}
    _, run_id = connect(house, scope, google, reports=["campaign"], history=5)
    began = house.clock()
    work_off(house, scope)
    assert run_of(house, scope, run_id).state == "done"
    assert house.clock() - began >= timedelta(hours=1)


def test_what_stays_refused_is_told_and_can_be_asked_again(house, scope, tiktok, client):
    _, run_id = connect(house, scope, tiktok, history=5)
    answer = tiktok.answer
    tiktok.answer = lambda asked: coded(40001, "No permission to operate advertiser")
    work_off(house, scope)
    assert run_of(house, scope, run_id).state == "failed"
    told = client.get(f"/api/v1/marketing/syncs/{run_id}").json()
    assert "No permission" in told["slices"][0]["problem"]
    assert told["slices"][0]["advice"] == "Give the token access to this advertiser."
    assert client.get("/api/v1/marketing/connections").json()[0]["health"] == "broken"
    tiktok.answer = answer
    client.post(f"/api/v1/marketing/syncs/{run_id}/retry")
    work_off(house, scope)
    assert run_of(house, scope, run_id).state == "done"
    assert client.get("/api/v1/marketing/connections").json()[0]["health"] == "healthy"


def test_trouble_that_does_not_pass_is_given_up_and_admins_are_told(house, scope, tiktok, client):
    connect(house, scope, tiktok, history=40)
    tiktok.answer = lambda asked: Reply(b"oops", 500)
    began = house.clock()
    work_off(house, scope)
    assert house.clock() - began >= timedelta(hours=1), "it was taken up later, each time later"
    found = client.get("/api/v1/marketing/connections").json()[0]
    assert found["health"] == "degraded"
    assert "brings no data any more" in client.get("/inbox").text


def test_a_second_sync_writes_versions_and_not_doubles(house, scope, tiktok, client):
    connection, _ = connect(house, scope, tiktok, history=20)
    work_off(house, scope)
    before = [batch.loaded for batch in batches_of(house, scope)]
    with house.work(scope) as work:
        runs.start(work, connection_id=connection)
    work_off(house, scope)
    again = batches_of(house, scope)[len(before) :]
    assert [batch.loaded for batch in again] == [0] * len(again)

    # The platform restates a day, and no longer knows a campaign.
    gone = tiktok.truth.all_campaigns[0]
    tiktok.truth = replace(tiktok.truth, seed=2)
    tiktok.truth.__dict__["all_campaigns"] = [one for one in tiktok.truth.all_campaigns if one.id != gone.id]
    with house.work(scope) as work:
        runs.start(work, connection_id=connection)
    work_off(house, scope)
    today = house.clock().date()
    span = client.get(f"/api/v1/marketing/connections/{connection}/syncs").json()[0]
    assert span["date_to"] == today.isoformat()
    found = stored(house, scope, tiktok)
    first = today - timedelta(days=19)
    fresh = {key: value for key, value in exactly(found).items() if key[-1] >= first}
    assert fresh == exactly(known(tiktok, first, today))
    assert gone.id not in {key[1] for key in fresh}


def test_only_one_of_many_fetches_a_new_token(house, scope, google):
    connection, _ = connect(house, scope, google, history=5)
    before = google.tokens
    open_work = opener(house, scope)
    with house.work(scope) as work:
        found = work.session.get_one(Connection, (scope.tenant_id, connection))
        kept = living_token(work, found, None)["access_token"]

    def ask(_):
        purse = StoredPurse(open_work, CONNECTORS["google_ads"], connection, "1")
        return purse.token(spent=kept, fetch=fetch)["access_token"]

    def fetch(_secrets):
        google.tokens += 1
        return {"access_token": google.token, "expires_in": 3600}

    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(ask, range(16)))
    assert google.tokens == before + 1
    assert found == {google.token}


def test_starts_what_is_due_once(house, scope, tiktok):
    connection, _ = connect(house, scope, tiktok, history=5)
    work_off(house, scope)
    assert runs.start_due(house) == 0
    house.clock.advance(days=1, minutes=1)
    assert runs.start_due(house) == 1
    assert runs.start_due(house) == 0
    work_off(house, scope)
    with house.work(scope) as work:
        runs.set_state(work, connection_id=connection, state="paused")
    house.clock.advance(days=2)
    assert runs.start_due(house) == 0
