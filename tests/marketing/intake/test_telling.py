"""Whether the day or the month comes first, and the source's own name: told at any door, they hold."""

import json

import pytest

from kalends.marketing.intake.hooks import signature_headers

API = "/api/v1/marketing"
ROWS = [
    {"date": "03/04/2025", "campaign": "A", "spend": "1,234"},
    {"date": "05/04/2025", "campaign": "B", "spend": "2,5"},
]
TABLE = b"date;campaign;spend\n" + "".join(f"{';'.join(row.values())}\n" for row in ROWS).encode()
TOLD = {"day_order": "day_first", "decimal_mark": ","}
OWN = "Agency North"


def by_file(client, anonymous, clock):
    return client.post(f"{API}/ingest", params=TOLD | {"data_source": OWN}, content=TABLE)


def by_rows(client, anonymous, clock):
    return client.post(f"{API}/ingest", params={"wait": 0}, json=TOLD | {"data_source": OWN, "data_entries": ROWS})


def by_stream(client, anonymous, clock):
    return client.post(f"{API}/ingest/stream", params=TOLD | {"data_source": OWN}, content=TABLE)


def by_hook(client, anonymous, clock):
    hook = client.post(f"{API}/hooks", json=TOLD | {"label": "Shop", "data_source": OWN}).json()
    headers = signature_headers(hook["secret"], timestamp=int(clock.now.timestamp()), body=TABLE)
    return anonymous.post(hook["path"], content=TABLE, headers=headers)


def by_envelope(client, anonymous, clock):
    hook = client.post(f"{API}/hooks", json={"label": "Shop", "data_source": OWN}).json()
    body = json.dumps(TOLD | {"data_source": OWN, "data_entries": ROWS}).encode()
    headers = signature_headers(hook["secret"], timestamp=int(clock.now.timestamp()), body=body)
    return anonymous.post(hook["path"], content=body, headers=headers)


@pytest.mark.parametrize("door", [by_file, by_rows, by_stream, by_hook, by_envelope])
def test_days_and_numbers_are_read_as_told(client, anonymous, room, clock, door):
    answer = door(client, anonymous, clock)
    assert answer.status_code in {200, 202}, answer.text
    room.work_off()
    found = [(str(row["date_from"]), row["campaign_name"], float(row["spend"])) for row in room.facts()]
    assert sorted(found) == [("2025-04-03", "A", 1.234), ("2025-04-05", "B", 2.5)]
    assert {row["data_source"] for row in room.facts()} == {OWN}


def test_a_look_before_loading_reads_as_told(client):
    rows = client.post(f"{API}/transform", json=TOLD | {"data_source": OWN, "data_entries": ROWS}).json()["rows"]
    assert [row["date_from"] for row in rows] == ["2025-04-03", "2025-04-05"]


@pytest.mark.parametrize("told", [{"day_order": "year_first"}, {"data_source": ""}, {"data_source": "a\0b"}])
def test_what_cannot_be_told_is_refused(client, told):
    for url in (f"{API}/ingest", f"{API}/ingest/stream"):
        assert client.post(url, params=told, content=TABLE).status_code == 422
    assert client.post(f"{API}/hooks", json={"label": "Shop", "data_source": OWN} | told).status_code == 422
