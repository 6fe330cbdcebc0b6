"""Series over HTTP: which there are, their values by day, and as they were known before."""

import io
from datetime import date, timedelta
from types import SimpleNamespace

import pyarrow as pa
from sqlalchemy import text

from kalends.marketing import serieslist, service
from kalends.marketing.records import SERIES_SCHEMA

URL = "/api/v1/marketing/series"
WEEKS = "week,revenue_total,price_index\n" + "".join(f"2026-01-{5 + 7 * n:02},{100 + n},{n}\n" for n in range(3))


def load(room, table):
    service.land_file(room.door, io.BytesIO(table.encode()), data_source="file", file_name="weeks.csv")
    room.work_off()


def test_series_and_their_values(room, client, clock):
    assert client.get(URL).json() == []
    load(room, WEEKS)
    before = clock()
    found = client.get(URL).json()
    assert [(one["name"], one["first"], one["values"]) for one in found] == [
        ("price_index", "2026-01-05", 3), ("revenue_total", "2026-01-05", 3),
    ]  # fmt: skip
    clock.advance(hours=1)
    load(room, WEEKS.replace("100,", "90,"))
    asked = {"name": "revenue_total", "date_range_end": "2026-01-18"}
    now = client.get(f"{URL}/values", params=asked).json()
    assert [(one["date_from"], one["value"], one["batch_seq"]) for one in now] == [
        ("2026-01-05", 90, 2), ("2026-01-12", 101, 1),
    ]  # fmt: skip
    then = client.get(f"{URL}/values", params=asked | {"as_of": (before + timedelta(minutes=1)).isoformat()}).json()
    assert [one["value"] for one in then] == [100, 101]
    assert client.get(f"{URL}/values", params={"name": "nothing"}).status_code == 404


def test_a_unit_is_said_once_for_all_values_and_taken_back(room, client):
    load(room, WEEKS.replace("price_index", "Price (EUR)"))
    assert {one["name"]: one["unit"] for one in client.get(URL).json()} == {"Price (EUR)": "EUR", "revenue_total": None}
    told = {"units": {"revenue_total": " EUR ", "Price (EUR)": "index"}}
    assert client.put(f"{URL}/units", json=told).status_code == 204
    load(room, "week,revenue_total,Price (EUR)\n2026-02-02,7,8\n2026-02-09,8,9\n")
    found = {
        one["name"]: (one["unit"], one["latest"], one["values"], one["batch_seq"]) for one in client.get(URL).json()
    }
    assert found == {"Price (EUR)": ("index", 9, 5, 2), "revenue_total": ("EUR", 8, 5, 2)}
    values = client.get(f"{URL}/values", params={"name": "revenue_total"}).json()
    assert {one["unit"] for one in values} == {"EUR"}
    client.put(f"{URL}/units", json={"units": {"Price (EUR)": ""}})
    assert {one["name"]: one["unit"] for one in client.get(URL).json()}["Price (EUR)"] == "EUR"
    for bad in ({"x": "u" * 21}, {"": "EUR"}, {"x": "a\nb"}, {}):
        assert client.put(f"{URL}/units", json={"units": bad}).status_code == 422


def test_markets_are_told_all_at_once(client, room):
    url = "/api/v1/marketing/markets"
    assert client.get(url).json() == {"markets": []}
    told = [{"geo": "DE", "parent": "Europe", "population": 83}, {"geo": "Europe", "parent": None, "population": None}]
    assert client.put(url, json={"markets": told}).json() == {"markets": told}
    refused = client.put(url, json={"markets": [{"geo": "AT", "parent": "Mars"}]})
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_markets")
    assert client.put(url, json={"markets": [{"geo": "AT", "population": -1}]}).status_code == 422
    assert client.get(url).json() == {"markets": told}
    client.put(url, json={"markets": told[1:]})
    with room.house.work(room.scope) as work:
        kept = work.session.execute(text("SELECT before FROM audit_entries WHERE action = 'markets.set'")).scalars()
        assert [len(before["markets"]) for before in kept] == [0, 2]


def test_series_are_listed_on_both_engines(tenant_on, monkeypatch):
    rows = [
        {"name": name, "role": role, "metric": None, "channel": channel, "date_from": date(2026, 1, day),
         "date_to": date(2026, 1, day), "geo": geo, "value": float(day), "unit": unit, "batch_seq": batch,
         "source_row": day}
        for name, geo in (("price", "DE"), ("price", ""), ("sales", "DE"))
        for day, role, channel, unit, batch in ((1, "control", None, None, 1), (2, "kpi", "tv", "EUR", 2))
    ]  # fmt: skip
    tenant_on.append("series", pa.Table.from_pylist(rows, schema=SERIES_SCHEMA.to_pyarrow()))
    monkeypatch.setattr(serieslist, "units_of", lambda work: {"sales": "pieces"})
    found = serieslist.list_series(SimpleNamespace(warehouse=tenant_on))
    assert [(one["name"], one["geo"], one["role"], one["channel"], one["unit"]) for one in found] == [
        ("price", "", "kpi", "tv", "EUR"), ("price", "DE", "kpi", "tv", "EUR"), ("sales", "DE", "kpi", "tv", "pieces"),
    ]  # fmt: skip
    assert {(one["latest"], one["values"], one["batch_seq"]) for one in found} == {(2.0, 2, 2)}
    keys = [("price", None, "DE"), ("sales", None, "DE")]
    drawn = serieslist.values_by_series(tenant_on, keys, most=1)
    assert {key: [one["value"] for one in values] for key, values in drawn.items()} == {key: [2.0] for key in keys}
