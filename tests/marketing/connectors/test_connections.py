"""Connections over HTTP and pages: keys are sealed, tested and never shown; syncs are steered; what goes wrong is told."""

import pytest
from sqlalchemy import select, text
from syncing import connect, opener, platform, slices, work_off

from kalends.marketing.connectors.models import Connection
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
    assert (said["state"], said["advice"]) == ("broken", "Enter a new key.")
    client.put(f"/api/v1/marketing/connections/{made['id']}/keys", json={"entered": {"access_token": "tiktok-key-1"}})
    said = client.post(f"/api/v1/marketing/connections/{made['id']}/test").json()
    assert said["state"] == "healthy"
    assert said["accounts"][0]["currency"] == "EUR"


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
