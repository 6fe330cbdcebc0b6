"""Who waits for a batch is answered when it is done, or when they have waited enough."""

import threading
import time

from kalends.base.ids import new_id

ROW = b'{"account_id":"1","campaign_id":"2","date_start":"2026-01-05","date_stop":"2026-01-05","spend":"1.5"}\n'
URL = "/api/v1/marketing"


def land(client):
    return client.post(f"{URL}/ingest?data_source=facebook_ads&wait=0", content=ROW).json()["id"]


def test_a_batch_is_waited_for_until_it_is_published(client, room):
    batch = land(client)
    began = time.monotonic()
    assert client.get(f"{URL}/batches/{batch}?wait=0.3").json()["state"] == "landed"
    assert time.monotonic() - began >= 0.3

    working = threading.Timer(0.3, room.work_off)
    working.start()
    answer = client.get(f"{URL}/batches/{batch}?wait=30").json()
    assert (answer["state"], answer["loaded"]) == ("published", 1)
    assert time.monotonic() - began < 20
    working.join()


def test_nobody_waits_for_a_batch_that_is_not_there(client):
    began = time.monotonic()
    assert client.get(f"{URL}/batches/{new_id()}?wait=30").status_code == 404
    assert client.get(f"{URL}/batches/{new_id()}?wait=301").status_code == 422
    assert time.monotonic() - began < 20
