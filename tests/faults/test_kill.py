"""kill -9 of the server at random moments of an ingest: whatever it acknowledged is there once, and whole.

Each round starts the server on the folder that the last one left behind, waits until it has caught up, compares
everything with what was acknowledged so far, loads small files through the API from two threads, and is killed at a
random moment. Batches are small and many, so that most kills fall into the gaps between the stores' commits: an apply
of four rows spends nearly all its time on commits.
"""

import io
import json
import os
import random
import signal
import threading
import time
from collections import Counter
from decimal import Decimal

import httpx
import pytest
from proof import proof
from serving import Served, data_folder, left_behind, set_up

SEED = int(os.environ.get("KALENDS_SEED", "20261121"))
ROUNDS = max(2, round(200 * float(os.environ.get("KALENDS_PROVE", "0.01"))))
SERIES = max(1, ROUNDS // 50)
"""On folders of their own: a round compares all that came before it, so that one long series would take hours."""
ROWS_PER_BATCH = 4
LOADERS = 2
LONGEST_SECONDS = 1.5
"""How long a server may live: a batch takes about 50 ms, so a round sees up to 30 of them and all of start-up's work."""
CATCH_UP_SECONDS = 120


def payload(number):
    """Four rows of one ad set on a day and account of their own: the batch's number is its spend."""
    return "\n".join(
        json.dumps(
            {
                "account_id": "act_1", "account_currency": "EUR", "campaign_id": "c1", "campaign_name": "Spring",
                "adset_id": f"s{number}", "ad_id": f"ad{number}-{place}",
                "date_start": "2026-02-10", "date_stop": "2026-02-10",
                "spend": str(number + 1), "impressions": str(1000 + place), "clicks": "20",
            }
        )
        for place in range(ROWS_PER_BATCH)
    ).encode()  # fmt: skip


class Loader(threading.Thread):
    """Loads one batch after the other until the server is gone; remembers what was acknowledged and what was tried."""

    def __init__(self, server, numbers, told):
        super().__init__()
        self.server, self.numbers, self.told = server, numbers, told

    def run(self):
        with self.server.owner() as client:
            for number in self.numbers:
                self.told.tried.add(number)
                try:
                    answer = client.post(
                        "/api/v1/marketing/ingest", content=io.BytesIO(payload(number)),
                        params={"data_source": "facebook_ads", "file_name": f"{number}.ndjson"},
                        headers={"content-type": "application/x-ndjson", "idempotency-key": f"batch-{number}"},
                    )  # fmt: skip
                except httpx.TransportError:
                    return
                if answer.status_code == 202:
                    self.told.acknowledged[number] = answer.json()["id"]
                else:
                    self.told.refused.append(answer.text)


class Told:
    """What the server was asked and what it answered, over all rounds."""

    def __init__(self):
        self.tried, self.acknowledged, self.refused, self.next_number = set(), {}, [], 0

    def numbers(self):
        """Fresh batch numbers for one loader."""
        while True:
            with LOCK:
                number, self.next_number = self.next_number, self.next_number + 1
            yield number


LOCK = threading.Lock()


def load_until_killed(server, told, *, seconds):
    loaders = [Loader(server, told.numbers(), told) for _ in range(LOADERS)]
    for loader in loaders:
        loader.start()
    time.sleep(seconds)
    server.end(signal.SIGKILL)
    for loader in loaders:
        loader.join()


def all_batches(client):
    """Every batch that the server knows."""
    found, offset = [], 0
    while True:
        page = client.get("/api/v1/marketing/batches", params={"limit": 200, "offset": offset}).json()
        found += page["batches"]
        offset += 200
        if offset >= page["total"]:
            return found


def caught_up(client):
    """All batches, once none is waiting any more."""
    give_up = time.monotonic() + CATCH_UP_SECONDS
    while time.monotonic() < give_up:
        found = all_batches(client)
        if all(batch["state"] in {"published", "failed"} for batch in found):
            return found
        time.sleep(0.05)
    raise AssertionError(f"not caught up: {Counter(batch['state'] for batch in found)}")


def check(client, told):
    """Everything acknowledged is there once, nothing is there half, and what was not acknowledged is whole or absent."""
    found = caught_up(client)
    numbers = Counter(int(batch["file_name"].removesuffix(".ndjson")) for batch in found)
    assert set(numbers.values()) <= {1}
    assert told.acknowledged.keys() <= numbers.keys() <= told.tried
    for batch in found:
        assert (batch["state"], batch["received"], batch["loaded"]) == ("published", ROWS_PER_BATCH, ROWS_PER_BATCH)
    by_id = {batch["id"] for batch in found}
    assert set(told.acknowledged.values()) <= by_id
    assert told.refused == []
    check_sums(client, numbers)
    health = client.post("/api/v1/doctor", json={}).json()
    broken = [one for one in health["findings"] if one["state"] == "broken"]
    assert broken == []


def check_sums(client, numbers):
    """The whole spend is what the batches that are there say: no row twice, none missing."""
    body = {"metrics": ["spend", "clicks"], "date_range_start": "2026-02-10", "date_range_end": "2026-02-10"}
    answer = client.post("/api/v1/marketing/insights", json=body)
    assert answer.status_code == 200, answer.text
    rows = answer.json()["rows"]
    if not numbers:
        return
    assert Decimal(str(rows[0]["spend"])) == sum((number + 1) * ROWS_PER_BATCH for number in numbers)
    assert rows[0]["clicks"] == 20 * ROWS_PER_BATCH * len(numbers)


@pytest.mark.timeout(60 + 120 * ROUNDS)
@pytest.mark.parametrize("series", range(SERIES))
def test_every_acknowledged_batch_survives_a_kill_at_any_moment(series):
    chance, told, rounds = random.Random(SEED + series), Told(), ROUNDS // SERIES
    with data_folder() as home:
        set_up(home)
        for _ in range(rounds):
            server = Served(home)
            server.start()
            with server.owner() as client:
                check(client, told)
            load_until_killed(server, told, seconds=chance.uniform(0.05, LONGEST_SECONDS))
            assert left_behind(home, within=30) == []
        server = Served(home)
        server.start()
        with server.owner() as client:
            check(client, told)
        assert server.end(signal.SIGINT) == 0
    assert len(told.acknowledged) >= rounds
    proof(f"crash, kills survived, series {series}", f"{rounds}, seed {SEED + series}")
    acknowledged = f"{len(told.acknowledged)} of {len(told.tried)} tried"
    proof(f"crash, batches acknowledged, none lost or doubled, series {series}", acknowledged)
