"""kill -9 of the server while it reads a history of messages: started again, it has all of it once."""

import os
import random
import signal
import time

import pytest
from serving import Served, data_folder, left_behind, set_up

SEED = int(os.environ.get("KALENDS_SEED", "20261122"))
ROUNDS = max(3, round(100 * float(os.environ.get("KALENDS_PROVE", "0.01"))))
ROWS = 20_000 if os.environ.get("KALENDS_PROVE") else 5_000
BAD = ROWS // 1_000
LONGEST_SECONDS = ROWS / 5_000
"""A whole reading takes about half of it where nothing else runs: most kills fall into it."""
CATCH_UP_SECONDS = 120
ROOT = "/api/v1/messages"


def history(number):
    """Messages of their own for each file; a few of them cannot be read."""
    lines = ["message_id,page_name,sent_at,message_type,price,recipients,viewed,purchased,earnings"]
    for row in range(ROWS):
        sent = "some day" if row % 1_000 == 7 else f"2025-{row % 12 + 1:02}-{row % 28 + 1:02}T{row % 24:02}:05:00Z"
        lines.append(f"{number}-{row},Luna,{sent},PPV,9.99,1000,400,12,119.88")
    return "\n".join(lines).encode()


def land(client, number):
    """The import's id, once the file is kept."""
    answer = client.post(
        f"{ROOT}/imports", params={"kind": "history", "file_name": f"{number}.csv"}, content=history(number)
    )
    assert answer.status_code == 202, answer.text
    return answer.json()["id"]


def outcome(client, made):
    """What became of it, once it is read."""
    give_up = time.monotonic() + CATCH_UP_SECONDS
    while time.monotonic() < give_up:
        found = client.get(f"{ROOT}/imports/{made}").json()
        if found["state"] != "landed":
            return [found[name] for name in ("state", "received", "loaded", "unchanged", "rejected")]
        time.sleep(0.1)
    raise AssertionError(f"not read: {found}")


@pytest.mark.timeout(120 + 150 * ROUNDS)
def test_a_history_that_is_being_read_survives_a_kill_at_any_moment():
    chance, made, cut = random.Random(SEED), [], 0
    with data_folder() as home:
        set_up(home)
        for number in range(ROUNDS):
            server = Served(home)
            server.start()
            with server.owner() as client:
                if not number:
                    client.post(f"{ROOT}/pages", json={"name": "Luna", "zone": "UTC", "currency": "USD"})
                made.append(land(client, number))
                time.sleep(chance.uniform(0, LONGEST_SECONDS))
                cut += client.get(f"{ROOT}/imports/{made[-1]}").json()["state"] == "landed"
            server.end(signal.SIGKILL)
            assert left_behind(home, within=30) == []
        server = Served(home)
        server.start()
        with server.owner() as client:
            assert [outcome(client, one) for one in made] == [["loaded", ROWS, ROWS - BAD, 0, BAD]] * ROUNDS
            problems = [client.get(f"{ROOT}/imports/{one}/problems").json()["total"] for one in made]
            assert problems == [BAD] * ROUNDS
            # The same file again finds every message there, once.
            assert outcome(client, land(client, 0)) == ["loaded", ROWS, 0, ROWS - BAD, BAD]
        assert server.end(signal.SIGINT) == 0
    assert cut > 0
