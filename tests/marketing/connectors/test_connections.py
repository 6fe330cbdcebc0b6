"""Connections over HTTP and pages: keys are sealed, tested and never shown; syncs are steered; what goes wrong is told."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from syncing import connect, opener, platform, slices, work_off

from kalends.base.ids import new_id
from kalends.marketing.connectors.models import Connection, SyncRun
from kalends.marketing.connectors.registry import CONNECTORS

KEYS = {"access_token": "tiktok-key-1", "app_id": "7001", "app_secret": "tiktok-app"}


@pytest.fixture
def tiktok(house):
    with platform(house, "tiktok_ads") as standin:
        yield standin


@pytest.fixture
def made(client):
    answer = client.post("/api/v1/marketing/connections", json={"data_source": "tiktok_ads", "entered": KEYS})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_tells_what_each_platform_asks_for(client):
    found = {one["data_source"]: one for one in client.get("/api/v1/marketing/platforms").json()}
    assert found.keys() == CONNECTORS.keys()
    entries = {entry["name"]: entry for entry in found["tiktok_ads"]["entries"]}
    assert entries["access_token"]["is_secret"]
    assert not entries["app_id"]["is_secret"]


@pytest.mark.parametrize(
    ("entered", "field"),
    [
        ({**KEYS, "app_id": " "}, "app_id"),
        ({**KEYS, "appid": "1"}, "appid"),
        ({**KEYS, "access_token": "a\x00b"}, "access_token"),
    ],
)
def test_says_which_field_is_wrong(client, entered, field):
    answer = client.post("/api/v1/marketing/connections", json={"data_source": "tiktok_ads", "entered": entered})
    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_never_shows_a_secret(client, made, house, scope, company):
    shown = client.get(f"/api/v1/marketing/connections/{made['id']}").text
    pages = client.get(f"/data/platforms/{made['id']}/keys").text
    for secret in ("tiktok-key-1", "tiktok-app"):
        assert secret not in shown + pages
    assert "7001" in pages
    with house.work(scope) as work:
        row = work.session.execute(select(Connection)).scalar_one()
        stored = row.sealed_secrets + repr(row.options).encode()
        trail = work.session.execute(text("SELECT string_agg(after::text, '') FROM audit_entries")).scalar()
    assert b"tiktok-key-1" not in stored
    assert "tiktok-key-1" not in trail


def test_only_who_manages_settings_connects(signed_in, made):
    analyst = signed_in("analyst")
    assert analyst.get("/api/v1/marketing/connections").status_code == 200
    assert (
        analyst.post("/api/v1/marketing/connections", json={"data_source": "tiktok_ads", "entered": KEYS}).status_code
        == 403
    )
    assert analyst.post(f"/api/v1/marketing/connections/{made['id']}/test").status_code == 403
    assert "Connect a platform" not in analyst.get("/data/platforms").text


def test_is_told_what_is_wrong_with_its_keys(client, tiktok):
    wrong = {**KEYS, "access_token": "mistyped"}
    made = client.post("/api/v1/marketing/connections", json={"data_source": "tiktok_ads", "entered": wrong}).json()
    said = client.post(f"/api/v1/marketing/connections/{made['id']}/test").json()
    first = "TikTok Ads does not know the access key."
    assert (said["state"], said["problem"], said["advice"]) == ("broken", first, "Enter a new key.")
    client.put(f"/api/v1/marketing/connections/{made['id']}/keys", json={"entered": {"access_token": "tiktok-key-1"}})
    said = client.post(f"/api/v1/marketing/connections/{made['id']}/test").json()
    assert said["state"] == "healthy"
    assert said["accounts"][0]["currency"] == "EUR"
    tiktok.secrets = tiktok.secrets | {"access_token": "another"}  # taken back at the platform
    said = client.post(f"/api/v1/marketing/connections/{made['id']}/test").json()
    assert said["problem"] == "TikTok Ads does not know the access key any more."
    client.put(f"/api/v1/marketing/connections/{made['id']}/keys", json={"entered": {"access_token": "mistyped"}})
    for _ in range(2):
        assert client.post(f"/api/v1/marketing/connections/{made['id']}/test").json()["problem"] == first


def test_is_told_which_platform_gives_no_token(client, house):
    with platform(house, "google_ads") as standin:
        wrong = standin.secrets | {"refresh_token": "mistyped"}
        made = client.post("/api/v1/marketing/connections", json={"data_source": "google_ads", "entered": wrong}).json()
        said = client.post(f"/api/v1/marketing/connections/{made['id']}/test").json()
    assert said["problem"] == "Google Ads gives no token for what was entered."
    assert said["advice"].startswith("Look it through")


def test_walks_through_the_three_steps(client, tiktok, house, scope):
    form = client.get("/data/platforms/new/tiktok_ads/keys").text
    assert 'type="password"' in form
    answer = client.post("/data/platforms/new/tiktok_ads", data={**KEYS, "label": "TikTok, Germany"})
    choose = answer.headers["location"]
    assert choose.endswith("/choose")
    page = client.get(choose).text
    account = tiktok.truth.account_ids[0]
    assert account in page
    answer = client.post(
        choose, data={"account": account, "report": "campaign", "history": "30", "every": "1440", "label": "TikTok"}
    )
    here = answer.headers["location"]
    assert "Days" in client.get(here).text
    work_off(house, scope)
    page = client.get(here).text
    assert "All is here" in page
    assert "TikTok" in client.get("/data/platforms").text


def test_wrong_keys_lead_back_to_the_form(client, tiktok):
    answer = client.post("/data/platforms/new/tiktok_ads", data={**KEYS, "access_token": "mistyped"})
    assert answer.headers["location"].endswith("/keys")
    assert "Enter a new key." in client.get(answer.headers["location"]).text


def test_a_run_is_paused_goes_on_and_is_left(client, tiktok, house, scope):
    connection, run_id = connect(house, scope, tiktok, reports=["campaign"])
    base = f"/api/v1/marketing/syncs/{run_id}"
    seen = []
    work_off(house, scope, until=lambda: seen.append(1) or len(seen) > 1)
    assert client.post(f"{base}/pause").json()["state"] == "paused"
    work_off(house, scope)
    before = client.get(base).json()["run"]["landed"]
    assert 0 < before < 3
    assert client.post(f"{base}/resume").json()["state"] == "running"
    work_off(house, scope)
    whole = client.get(base).json()
    assert (whole["run"]["state"], whole["run"]["landed"], whole["total"]) == ("done", 3, 3)
    assert client.post(f"{base}/cancel").status_code == 409

    again = client.post(
        f"/api/v1/marketing/connections/{connection}/sync", json={"first": "2026-01-01", "last": "2026-02-28"}
    )
    assert client.post(f"/api/v1/marketing/syncs/{again.json()['id']}/cancel").json()["state"] == "cancelled"
    work_off(house, scope)
    assert {one.state for one in slices(house, scope, again.json()["id"])} == {"cancelled"}


def test_one_sync_at_a_time_and_a_paused_one_goes_on(client, tiktok, house, scope):
    connection, run_id = connect(house, scope, tiktok, reports=["campaign"])
    here, sync = f"/data/platforms/{connection}", f"/api/v1/marketing/connections/{connection}/sync"
    refused = client.post(sync, json={})
    assert (refused.status_code, refused.json()["code"], refused.json()["run_id"]) == (
        409, "sync_under_way", str(run_id)
    )  # fmt: skip
    assert "is under way" in client.get(client.post(f"{here}/sync").headers["location"]).text
    seen = []
    work_off(house, scope, until=lambda: seen.append(1) or len(seen) > 1)
    client.post(f"{here}/runs/{run_id}/pause")
    page = client.get(here).text
    assert ">paused<" in page
    assert ">well<" not in page
    assert client.post(sync, json={"first": "2026-01-01"}).status_code == 409
    client.post(f"{here}/sync")  # to bring what is new is to go on
    work_off(house, scope)
    [run] = client.get(f"/api/v1/marketing/connections/{connection}/syncs").json()
    assert (run["state"], run["landed"], run["slices"]) == ("done", 3, 3)


def test_a_paused_run_keeps_its_buttons_whatever_came_after_it(client, tiktok, house, scope):
    connection, run_id = connect(house, scope, tiktok, reports=["campaign"])
    client.post(f"/api/v1/marketing/syncs/{run_id}/pause")
    with house.work(scope) as work:  # as two of them were left when several could run at once
        later = SyncRun(
            tenant_id=scope.tenant_id, id=new_id(), connection_id=connection, kind="sync", state="done",
            started_at=work.now + timedelta(hours=1), finished_at=work.now + timedelta(hours=1),
        )  # fmt: skip
        work.session.add(later)
    assert f"/runs/{run_id}/resume" in client.get(f"/data/platforms/{connection}").text
    assert client.post(f"/api/v1/marketing/syncs/{later.id}/retry").json()["code"] == "sync_under_way"


def test_days_that_never_came_are_asked_for_by_the_next_sync(client, tiktok, house, scope):
    connection, run_id = connect(house, scope, tiktok, reports=["campaign"])
    seen = []
    work_off(house, scope, until=lambda: seen.append(1) or len(seen) > 1)
    client.post(f"/api/v1/marketing/syncs/{run_id}/cancel")
    work_off(house, scope)
    left = [(one.date_from, one.date_to) for one in slices(house, scope, run_id) if one.state == "cancelled"]
    assert left
    again = client.post(f"/api/v1/marketing/connections/{connection}/sync", json={}).json()["id"]
    work_off(house, scope)
    brought = slices(house, scope, again)
    assert {one.state for one in brought} == {"landed"}
    asked = {day for one in brought for day in range(one.date_from.toordinal(), one.date_to.toordinal() + 1)}
    assert {day for first, last in left for day in range(first.toordinal(), last.toordinal() + 1)} <= asked
    third = client.post(f"/api/v1/marketing/connections/{connection}/sync", json={}).json()
    assert third["date_from"] > str(left[0][1]), "what has come since is not asked for again"


def test_a_connection_rests_with_its_run_and_goes_on_with_it(client, tiktok, house, scope):
    connection, run_id = connect(house, scope, tiktok, reports=["campaign"])
    seen = []
    work_off(house, scope, until=lambda: seen.append(1) or len(seen) > 1)
    here = f"/data/platforms/{connection}"
    client.post(f"{here}/state", data={"state": "paused"})
    work_off(house, scope)
    run = client.get(f"/api/v1/marketing/syncs/{run_id}").json()["run"]
    assert run["state"] == "paused"
    assert run["landed"] < run["slices"]
    client.post(f"{here}/state", data={"state": "active"})
    work_off(house, scope)
    run = client.get(f"/api/v1/marketing/syncs/{run_id}").json()["run"]
    assert (run["state"], run["landed"]) == ("done", run["slices"])


def test_what_a_removed_connection_was_bringing_is_left(client, tiktok, house, scope):
    connection, run_id = connect(house, scope, tiktok, reports=["campaign"])
    client.post(f"/data/platforms/{connection}/remove")
    work_off(house, scope)
    client.post(f"/api/v1/marketing/connections/{connection}/restore")
    client.put(f"/api/v1/marketing/connections/{connection}/keys", json={"entered": KEYS})
    assert {one.state for one in slices(house, scope, run_id)} == {"cancelled"}
    assert client.post(f"/api/v1/marketing/connections/{connection}/sync", json={}).status_code == 202


def test_a_removed_connection_forgets_its_keys_and_keeps_its_data(client, tiktok, house, scope):
    connection, _ = connect(house, scope, tiktok, reports=["campaign"], history=5)
    work_off(house, scope)
    assert client.delete(f"/api/v1/marketing/connections/{connection}").status_code == 204
    assert client.get(f"/api/v1/marketing/connections/{connection}").status_code == 404
    assert client.get("/api/v1/marketing/batches").json()["total"] == 1
    assert client.post(f"/api/v1/marketing/connections/{connection}/restore").json()["health"] == "broken"
    with house.work(scope) as work:
        from kalends.marketing.connectors.purse import secrets_of

        assert secrets_of(house, work.session.get_one(Connection, (scope.tenant_id, connection))) == {}


def test_another_company_sees_nothing(house, client, tiktok, scope, signed_in):
    from kalends.identity.service import create_tenant

    connection, run_id = connect(house, scope, tiktok, reports=["campaign"], history=5)
    stranger = signed_in("owner", tenant_id=create_tenant(house, name="Borealis"))
    assert stranger.get("/api/v1/marketing/connections").json() == []
    for path in (f"connections/{connection}", f"connections/{connection}/syncs", f"syncs/{run_id}"):
        assert stranger.get(f"/api/v1/marketing/{path}").status_code == 404


def test_says_when_nothing_is_chosen(client, made):
    answer = client.post(f"/api/v1/marketing/connections/{made['id']}/sync", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_sync")


def test_opens_a_door_for_each_caller(house, scope):
    with opener(house, scope)() as work:
        assert work.scope == scope
