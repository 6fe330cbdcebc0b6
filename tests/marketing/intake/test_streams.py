"""One long stream: acknowledged chunk by chunk, cut anywhere, taken up again."""

import gzip
import io
import json
import random
import socket
import threading
import time
from contextlib import contextmanager

import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from intake_rows import lines, meta_rows
from sqlalchemy import select

import kalends.marketing.api.batches
from kalends.base.scope import Scope
from kalends.identity.service import create_key
from kalends.marketing.intake import streams
from kalends.marketing.models import IngestChunk, IngestStream

ROWS = meta_rows(400, ads=40)
BODY = lines(ROWS)
URL = "/api/v1/marketing/ingest/stream"


def receipts(answer):
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def send(client, body=BODY, *, key="k", **told):
    headers = {"idempotency-key": key} | told.pop("headers", {})
    params = {"data_source": "facebook_ads", "chunk_bytes": 16_384} | told
    return receipts(client.post(URL, params=params, content=body, headers=headers))


def test_every_chunk_has_a_receipt_and_the_end_is_one_batch(client, room):
    begun, *chunks, done = send(client)
    assert begun["acknowledged"] == {"chunks": 0, "bytes": 0, "rows": None}
    assert [one["chunk"] for one in chunks] == list(range(1, len(chunks) + 1))
    assert len(chunks) > 5
    assert sum(one["rows"] for one in chunks) == len(ROWS)
    assert chunks[-1]["acknowledged_bytes"] == done["bytes"] == len(BODY)
    room.work_off()
    batch = room.batch(done["batch"])
    assert (batch.state, batch.received, batch.loaded) == ("published", 400, 400)
    with room.house.work(room.scope) as work:
        assert work.session.execute(select(IngestChunk)).scalars().all() == []
    assert send(client)[-1] == {"done": True, "batch": done["batch"]}


@pytest.mark.parametrize("kind", ["csv", "parquet", "gzip"])
def test_any_format_comes_through(client, room, kind):
    import polars as pl

    table = pl.DataFrame([{name: cell for name, cell in row.items() if name != "actions"} for row in ROWS])
    out, headers = io.BytesIO(), {}
    if kind == "parquet":
        table.write_parquet(out)
    else:
        table.write_csv(out)
    body = out.getvalue()
    if kind == "gzip":
        body, headers = gzip.compress(body), {"content-encoding": "gzip"}
    *_, done = send(client, body, headers=headers, chunk_bytes=4096)
    room.work_off()
    batch = room.batch(done["batch"])
    assert (batch.state, batch.loaded) == ("published", 400), batch.error
    assert batch.report["format"] == ("parquet" if kind == "parquet" else "csv")


def cut(pieces, size):
    """The first `size` bytes, and then the line goes dead."""
    from starlette.requests import ClientDisconnect

    left = size
    for piece in pieces:
        yield piece[:left]
        left -= len(piece[:left])
        if not left:
            raise ClientDisconnect


def open_in(room, key="k"):
    with room.door.work() as work:
        return streams.open_stream(work, key=key, data_source="facebook_ads", file_name="ads.ndjson")


def in_pieces(body, rng):
    at = 0
    while at < len(body):
        size = rng.randint(1, 9_000)
        yield body[at : at + size]
        at += size


@pytest.mark.parametrize("seed", range(4))
def test_however_often_it_is_cut_what_was_acknowledged_is_kept_and_nothing_comes_twice(room, seed):
    from starlette.requests import ClientDisconnect

    rng, acknowledged = random.Random(seed), 0
    for _ in range(rng.randint(1, 4)):
        opened = open_in(room)
        assert opened.size == acknowledged
        offset = rng.choice([0, acknowledged])
        rest = BODY[offset:]
        pieces = cut(in_pieces(rest, rng), rng.randint(1, len(rest) - 1))
        try:
            for receipt in streams.receive(room.door, opened, pieces, chunk_bytes=8192, offset=offset):
                acknowledged = receipt.get("acknowledged_bytes", acknowledged)
        except ClientDisconnect:
            continue
        pytest.fail("the connection was not cut")
    *_, done = streams.receive(room.door, open_in(room), in_pieces(BODY, rng), chunk_bytes=8192)
    room.work_off()
    batch = room.batch(done["batch"])
    assert (batch.received, batch.loaded, batch.size) == (400, 400, len(BODY))


def test_other_bytes_under_the_same_key_are_refused(room):
    opened = open_in(room)
    receiving = streams.receive(room.door, opened, iter([BODY]), chunk_bytes=8192)
    for _ in range(3):
        next(receiving)
    other = BODY.replace(b"10.50", b"10.51", 1)
    with pytest.raises(streams.StreamDiffersError):
        list(streams.receive(room.door, open_in(room), iter([other])))
    with pytest.raises(streams.StreamDiffersError):
        list(streams.receive(room.door, open_in(room), iter([BODY[:100]])))
    with pytest.raises(streams.StreamDiffersError):
        list(streams.receive(room.door, open_in(room), iter([BODY]), offset=17))


def test_an_older_connection_that_comes_back_may_not_write(room):
    old = streams.receive(room.door, open_in(room), iter([BODY]), chunk_bytes=8192)
    next(old)
    next(old)
    open_in(room)
    with pytest.raises(streams.StreamTakenOverError):
        next(old)


def test_a_stream_that_nobody_takes_up_is_loaded_as_far_as_it_was_acknowledged(room, clock):
    receiving = streams.receive(room.door, open_in(room), iter([BODY]), chunk_bytes=8192)
    acknowledged = [next(receiving) for _ in range(3)][-1]["acknowledged_bytes"]
    streams.end_left_ones(room.house)
    assert open_in(room).batch_id is None
    clock.advance(hours=2)
    streams.end_left_ones(room.house)
    opened = open_in(room)
    room.work_off()
    batch = room.batch(opened.batch_id)
    assert (batch.state, batch.size) == ("published", acknowledged)
    with pytest.raises(streams.StreamEndedError):
        list(streams.receive(room.door, opened, iter([BODY])))
    clock.advance(hours=2)
    streams.end_left_ones(room.house)  # a second round finds nothing to do
    assert open_in(room).batch_id == opened.batch_id


def test_a_bomb_ends_the_stream_and_leaves_what_was_safe(client, room):
    bomb = gzip.compress(BODY + b" " * (80 << 20))
    *_, last = send(client, bomb, headers={"content-encoding": "gzip"}, chunk_bytes=16 << 20)
    assert last["error"]["code"] == "payload_too_large"
    answer = client.get(URL, params={"key": "k"}).json()
    assert answer["acknowledged"]["bytes"] >= len(BODY)


def test_what_cannot_be_unpacked_is_refused_at_every_door(client, room):
    packed = {"content-encoding": "gzip"}
    assert send(client, gzip.compress(BODY)[:-10], headers=packed)[-1]["error"]["code"] == "unreadable_payload"
    for method, path, body in (
        ("POST", "/marketing/ingest", b"{}"), ("POST", "/marketing/transform", b"{}"), ("PUT", "/marketing/rates", b"{}"),
    ):  # fmt: skip
        told = {"content-type": "application/json"}
        bad = client.request(method, f"/api/v1{path}", content=body, headers=told | packed)
        assert (bad.status_code, bad.json()["code"]) == (422, "unreadable_payload"), path
        odd = client.request(method, f"/api/v1{path}", content=body, headers=told | {"content-encoding": "br"})
        assert (odd.status_code, odd.json()["code"]) == (415, "unknown_encoding"), path
        bomb = gzip.compress(b'{"a": "' + b" " * (80 << 20) + b'"}')
        large = client.request(method, f"/api/v1{path}", content=bomb, headers=told | packed)
        assert large.status_code == 413, path


def test_gzip_works_at_every_door(client, room, monkeypatch):
    monkeypatch.setattr(kalends.marketing.api.batches, "WAIT_SECONDS", 0)  # no worker runs here
    told = {"content-type": "application/json", "content-encoding": "gzip"}
    entries = {"data_source": "meta", "data_entries": ROWS[:4]}
    body = gzip.compress(json.dumps(entries).encode())
    answer = client.post("/api/v1/marketing/ingest?wait=0", content=body, headers=told)
    assert answer.status_code == 202, answer.text
    assert len(client.post("/api/v1/marketing/transform", content=body, headers=told).json()["rows"]) == 4
    rates = [{"date": "2026-01-05", "base": "USD", "quote": "EUR", "rate": "0.9", "source": "ECB"}]
    answer = client.put(
        "/api/v1/marketing/rates", content=gzip.compress(json.dumps({"rates": rates}).encode()), headers=told
    )
    assert answer.status_code == 202, answer.text
    upload = client.post(
        "/api/v1/marketing/ingest", params={"data_source": "meta"}, content=gzip.compress(BODY),
        headers={"content-type": "application/x-ndjson", "content-encoding": "gzip"},
    )  # fmt: skip
    assert upload.json()["size"] == len(BODY)


@contextmanager
def listening(app):
    """`app` behind a real socket; gives the port."""
    config = uvicorn.Config(app, port=0, log_level="error", lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(10)


def begin(port, secret):
    """A connection on which a chunked request has begun."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=20)
    connection.sendall(
        f"POST {URL}?data_source=facebook_ads&chunk_bytes=8192 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {secret}\r\n"
        "Idempotency-Key: raw\r\nTransfer-Encoding: chunked\r\nContent-Type: application/x-ndjson\r\n\r\n".encode()
    )
    return connection


def push(connection, content):
    connection.sendall(f"{len(content):x}\r\n".encode() + content + b"\r\n")


def told_on(connection):
    """Receipts as they come, while the request is still open."""
    with connection.makefile("rb") as answer:
        for line in answer:
            if line.startswith(b"{"):
                yield json.loads(line)


def test_a_connection_cut_in_the_middle_is_taken_up_again(app, house, scope, room):
    with house.work(Scope(tenant_id=scope.tenant_id, role="owner", label="test")) as work:
        secret = create_key(work, label="raw", role="worker").secret
    with listening(app) as port:
        connection = begin(port, secret)
        push(connection, BODY[:30_000])
        acknowledged, known = 0, told_on(connection)
        while acknowledged < 24_000:  # three receipts have come back while nothing has been ended
            acknowledged = next(known).get("acknowledged_bytes", acknowledged)
        connection.close()
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with house.work(scope) as work:
                kept = streams.find_stream(work, key="raw")
            if kept.size >= acknowledged:
                break
        assert kept.size >= acknowledged

        connection = begin(port, secret)
        push(connection, BODY)
        connection.sendall(b"0\r\n\r\n")
        said = []
        for one in told_on(connection):
            said.append(one)
            if "done" in one:
                break
        connection.close()
    assert [one["chunk"] for one in said if one.get("skipped")] == list(range(1, len(kept.chunks) + 1))
    room.work_off()
    batch = room.batch(said[-1]["batch"])
    assert (batch.state, batch.loaded, batch.size) == ("published", 400, len(BODY))


def test_a_sender_who_pauses_gets_a_receipt(app, house, scope):
    with house.work(Scope(tenant_id=scope.tenant_id, role="owner", label="test")) as work:
        secret = create_key(work, label="raw", role="worker").secret
    with listening(app) as port:
        connection = begin(port, secret)
        push(connection, BODY[:2_000])
        known = told_on(connection)
        next(known)
        receipt = next(known)
        assert receipt["chunk"] == 1
        assert BODY[receipt["bytes"] - 1 : receipt["bytes"]] == b"\n"
        connection.close()


def test_another_company_sees_nothing_of_a_stream(house, room, signed_in):
    from kalends.identity.service import create_tenant

    open_in(room)
    stranger = signed_in("owner", tenant_id=create_tenant(house, name="Borealis"))
    assert stranger.get(URL, params={"key": "k"}).status_code == 404
    with house.work(room.scope) as work:
        assert len(work.session.execute(select(IngestStream)).scalars().all()) == 1


@pytest.mark.unit
@given(st.lists(st.one_of(st.none(), st.binary(min_size=1, max_size=300)), max_size=30), st.integers(1, 200))
def test_chunks_are_the_same_bytes_in_the_same_order(pieces, size):
    chunks = list(streams._cut(streams.Cutter(size), iter(pieces)))
    assert b"".join(chunks) == b"".join(piece for piece in pieces if piece)
    assert all(chunks)
