"""Webhooks that bring data: the signature is the login."""

import base64
import gzip
import hashlib
import hmac
import json
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from intake_rows import lines, meta_rows

from kalends.marketing.intake import hooks
from kalends.marketing.intake.hooks import UnsignedError, key_of, read_signature, signature_headers

BODY = lines(meta_rows(4))


@pytest.fixture
def hook(client):
    made = client.post("/api/v1/marketing/hooks", json={"label": "Shop", "data_source": "meta_business"})
    assert made.status_code == 201, made.text
    return made.json()


def stamp(clock):
    return int(clock.now.timestamp())


def test_a_signed_delivery_is_loaded_and_the_same_again_is_the_same_batch(anonymous, client, hook, clock, room):
    headers = signature_headers(hook["secret"], timestamp=stamp(clock), body=BODY)
    first = anonymous.post(hook["path"], content=BODY, headers=headers)
    assert first.status_code == 202, first.text
    again = anonymous.post("/api/v1" + hook["path"], content=BODY, headers=headers)
    assert again.json()["batch_id"] == first.json()["batch_id"]
    room.work_off()
    batch = room.batch(first.json()["batch_id"])
    assert (batch.state, batch.data_source, batch.loaded) == ("published", "facebook_ads", 4)
    told = client.get(f"/api/v1/marketing/hooks/{hook['id']}/deliveries").json()["deliveries"]
    assert [one["code"] for one in told] == ["accepted", "accepted"]


def test_standard_webhooks_headers_and_gzip_are_understood(anonymous, hook, clock, room):
    packed = gzip.compress(BODY)
    at = str(stamp(clock))
    signature = hmac.new(key_of(hook["secret"]), b"msg_1." + at.encode() + b"." + packed, hashlib.sha256).digest()
    told = {
        "webhook-id": "msg_1", "webhook-timestamp": at, "content-encoding": "gzip",
        "webhook-signature": "v1,AAAA v1," + base64.b64encode(signature).decode(),
    }  # fmt: skip
    answer = anonymous.post(hook["path"], content=packed, headers=told)
    assert answer.status_code == 202, answer.text
    room.work_off()
    assert room.batch(answer.json()["batch_id"]).loaded == 4


def test_an_envelope_gives_rows_their_days(anonymous, hook, clock, room):
    row = {"account_id": "act_1", "campaign_id": "c1", "spend": 12.5, "impressions": 100, "clicks": 3}
    body = json.dumps(
        {"data_source": "meta", "data_entries": [row], "date_range_start": "2026-01-01", "date_range_end": "2026-01-07"}
    ).encode()
    answer = anonymous.post(
        hook["path"], content=body, headers=signature_headers(hook["secret"], timestamp=stamp(clock), body=body)
    )
    room.work_off()
    assert room.batch(answer.json()["batch_id"]).loaded == 1
    assert str(room.facts()[0]["date_to"]) == "2026-01-07"


REFUSED = {
    "nothing": (lambda hook, at: {}, BODY, "not_signed"),
    "another secret": (lambda hook, at: signature_headers(hooks.new_secret(), timestamp=at, body=BODY), BODY, "not_signed"),
    "another body": (lambda hook, at: signature_headers(hook["secret"], timestamp=at, body=BODY), BODY + b" ", "not_signed"),
    "another time": (
        lambda hook, at: signature_headers(hook["secret"], timestamp=at, body=BODY) | {"X-Kalends-Timestamp": str(at + 1)},
        BODY, "not_signed",
    ),
    "too old": (lambda hook, at: signature_headers(hook["secret"], timestamp=at - 301, body=BODY), BODY, "stale"),
    "too new": (lambda hook, at: signature_headers(hook["secret"], timestamp=at + 301, body=BODY), BODY, "stale"),
    "no time": (lambda hook, at: {"X-Kalends-Signature": "v1=00"}, BODY, "not_signed"),
    "empty": (lambda hook, at: signature_headers(hook["secret"], timestamp=at, body=b""), b"", "empty_payload"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_signed_right_is_refused_and_noted(anonymous, client, hook, clock, room, case):
    make, body, code = REFUSED[case]
    answer = anonymous.post(hook["path"], content=body, headers=make(hook, stamp(clock)))
    assert answer.json()["code"] == code
    [noted] = client.get(f"/api/v1/marketing/hooks/{hook['id']}/deliveries").json()["deliveries"]
    assert (noted["is_accepted"], noted["code"]) == (False, code)
    assert client.get("/api/v1/marketing/batches").json()["total"] == 0


def test_an_unknown_hook_is_answered_like_a_wrong_signature(anonymous, clock):
    headers = signature_headers(hooks.new_secret(), timestamp=stamp(clock), body=BODY)
    answer = anonymous.post(f"/hooks/in/{uuid.uuid4()}", content=BODY, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed")


def test_pausing_rotating_and_removing(anonymous, client, hook, clock):
    path = f"/api/v1/marketing/hooks/{hook['id']}"
    signed = lambda secret: signature_headers(secret, timestamp=stamp(clock), body=BODY)  # noqa: E731
    assert client.patch(path, json={"is_paused": True}).json()["paused_at"]
    assert anonymous.post(hook["path"], content=BODY, headers=signed(hook["secret"])).json()["code"] == "hook_paused"
    assert client.patch(path, json={"is_paused": False}).json()["paused_at"] is None
    fresh = client.post(f"{path}/rotate").json()["secret"]
    assert anonymous.post(hook["path"], content=BODY, headers=signed(hook["secret"])).status_code == 401
    assert anonymous.post(hook["path"], content=BODY, headers=signed(fresh)).status_code == 202
    assert "secret" not in client.get("/api/v1/marketing/hooks").text
    assert client.delete(path).status_code == 204
    assert anonymous.post(hook["path"], content=BODY, headers=signed(fresh)).status_code == 401


def test_only_the_last_deliveries_are_kept(anonymous, client, hook, monkeypatch):
    monkeypatch.setattr(hooks, "KEPT", 3)
    for _ in range(5):
        anonymous.post(hook["path"], content=BODY)
    assert len(client.get(f"/api/v1/marketing/hooks/{hook['id']}/deliveries").json()["deliveries"]) == 3


def test_who_may_not_manage_the_workspace_makes_no_hooks(signed_in):
    editor = signed_in("editor")
    answer = editor.post("/api/v1/marketing/hooks", json={"label": "Mine", "data_source": "meta"})
    assert answer.status_code == 403


def test_another_company_neither_sees_nor_moves_a_hook(house, hook, signed_in):
    from kalends.identity.service import create_tenant

    stranger = signed_in("owner", tenant_id=create_tenant(house, name="Borealis"))
    assert stranger.get("/api/v1/marketing/hooks").json() == {"hooks": []}
    assert stranger.post(f"/api/v1/marketing/hooks/{hook['id']}/rotate").status_code == 404


@pytest.mark.unit
@given(st.dictionaries(st.sampled_from(["x-kalends-signature", "x-kalends-timestamp", "webhook-signature",
                                        "webhook-timestamp", "webhook-id"]), st.text(max_size=40)), st.binary())  # fmt: skip
def test_whatever_the_headers_say_they_are_read_or_refused(headers, body):
    try:
        said = read_signature(headers, body)
    except UnsignedError:
        return
    assert said.at >= 0
