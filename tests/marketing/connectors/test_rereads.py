"""For how many days a connection asks again is seen and changed; its pages renew themselves when a run begins."""

import re

import pytest
from syncing import connect, platform, slices, work_off

from kalends.marketing.connectors.registry import CONNECTORS
from kalends.marketing.connectors.runs import start_due

HERE = "/api/v1/marketing/connections"
FIELD = '<input class="input" id="reread" name="reread" type="number" value="{}"'


@pytest.fixture
def tiktok(house):
    with platform(house, "tiktok_ads") as standin:
        yield standin


@pytest.fixture
def connection(house, scope, tiktok):
    """A connection whose first days are here."""
    made, _ = connect(house, scope, tiktok, reports=["campaign"], history=30)
    work_off(house, scope)
    return made


def asked(client, house, scope, connection):
    """How many days the next sync asks for."""
    house.clock.advance(days=1)
    run = client.post(f"{HERE}/{connection}/sync", json={}).json()["id"]
    work_off(house, scope)
    return sum((one.date_to - one.date_from).days + 1 for one in slices(house, scope, run))


def test_the_window_is_seen_and_changed_on_the_page(client, house, scope, connection):
    page = f"/data/platforms/{connection}"
    shown = client.get(page).text
    assert "the last 28 days, each time: longest click window" in shown
    assert FIELD.format("") in shown
    assert asked(client, house, scope, connection) == 29
    client.post(f"{page}/reread", data={"reread": "5"})
    shown = client.get(page).text
    assert "the last 5 days, each time</dd>" in shown
    assert FIELD.format("5") in shown
    assert asked(client, house, scope, connection) == 6
    client.post(f"{page}/reread", data={"reread": ""})
    assert "the last 28 days" in client.get(page).text


@pytest.mark.parametrize("wrong", ["401", "-1", "ten", "1.5"])
def test_a_wrong_window_is_told_and_changes_nothing(client, connection, wrong):
    page = f"/data/platforms/{connection}"
    client.post(f"{page}/reread", data={"reread": wrong})
    assert "give a whole number from 0 to 400" in client.get(page).text
    account = client.get(f"{HERE}/{connection}").json()["accounts"][0]["id"]
    chosen = {"account": account, "report": "campaign", "label": "X", "every": "1440", "history": "365"}
    again = client.post(f"{page}/choose", data=chosen | {"reread": wrong}).headers["location"]
    assert again.endswith("/choose")
    assert "give a whole number from 0 to 400" in client.get(again).text
    kept = client.get(f"{HERE}/{connection}").json()
    assert (kept["reread"], kept["label"], kept["history"]) == (None, "Shop", 30)


def test_the_wizard_asks_for_it(client, connection):
    page = f"/data/platforms/{connection}/choose"
    shown = client.get(page).text
    assert "the platform’s own 28: longest click window" in shown
    account = client.get(f"{HERE}/{connection}").json()["accounts"][0]["id"]
    chosen = {"account": account, "report": "campaign", "label": "X", "every": "1440", "history": "30"}
    client.post(page, data=chosen | {"reread": "40"})
    assert client.get(f"{HERE}/{connection}").json()["reread"] == 40
    client.post(page, data=chosen)
    assert client.get(f"{HERE}/{connection}").json()["reread"] == 40, "a form without the field leaves it"
    assert FIELD.format("40") in client.get(page).text
    client.post(page, data=chosen | {"reread": " "})
    assert client.get(f"{HERE}/{connection}").json()["reread"] is None


def test_the_window_over_http(client, signed_in, connection):
    change = f"{HERE}/{connection}"
    assert client.patch(change, json={"reread": 7}).json()["reread"] == 7
    assert client.patch(change, json={"label": "Shop"}).json()["reread"] == 7
    refused = client.patch(change, json={"reread": 401})
    assert (refused.status_code, refused.json()["code"], refused.json()["field"]) == (422, "bad_connection", "reread")
    assert client.patch(change, json={"reread": None}).json()["reread"] is None
    assert signed_in("analyst").post(f"/data/platforms/{connection}/reread", data={"reread": "3"}).status_code == 403
    known = {one["data_source"]: one for one in client.get("/api/v1/marketing/platforms").json()}
    assert (known["tiktok_ads"]["reread_days"], known["tiktok_ads"]["reread_why"]) == (28, "longest click window")


@pytest.mark.parametrize("path", ["/data/platforms", "/data/platforms/{}"])
def test_a_page_renews_itself_when_a_run_begins_and_asks_little_until_then(client, house, scope, connection, path):
    page = path.format(connection)
    shown = client.get(page).text
    [look] = re.findall(rf'hx-get="({page}\?seen=[^"]+)" hx-trigger="every 15s"', shown)
    assert (client.get(look).status_code, client.get(look).content) == (204, b"")
    house.clock.advance(days=2)
    assert start_due(house) == 1
    running = client.get(look)
    assert running.status_code == 200
    assert re.search(rf'hx-get="{page}" hx-trigger="every [23]s"', running.text)
    work_off(house, scope)
    [after] = re.findall(rf'hx-get="({page}\?seen=[^"]+)"', client.get(look).text)
    assert after != look
    assert client.get(after).status_code == 204


def test_every_platform_has_a_budget():
    assert all(connector.quotas for connector in CONNECTORS.values())


def test_a_budget_of_ours_is_told_as_such(client, house, scope):
    with platform(house, "apple_search_ads") as standin:
        made, _ = connect(house, scope, standin, reports=["campaign"], history=3)
        work_off(house, scope)
    assert (
        "of 60 calls in a minute, a limit of ours: the platform publishes none"
        in client.get(f"/data/platforms/{made}").text
    )
