"""The pages about how data comes in, as a person meets them."""

import re

import pytest
from intake_rows import ECB, meta_rows

from kalends.marketing.intake.hooks import signature_headers


@pytest.fixture
def owner(client):
    client.headers["accept"] = "text/html"
    return client


def test_each_page_says_what_to_do_where_there_is_nothing(owner):
    for path, words in {
        "/data/shapes": "No files yet", "/data/hooks": "No webhooks yet", "/data/rates": "No rates yet",
        "/data/settling": "No sources yet",
    }.items():  # fmt: skip
        answer = owner.get(path)
        assert answer.status_code == 200, path
        assert words in answer.text
        assert f'href="{path}" aria-current="page"' in answer.text


def test_a_hook_is_made_used_paused_and_removed(owner, anonymous, clock):
    made = owner.post("/data/hooks", data={"label": "The shop", "data_source": "facebook_ads"}).text
    secret = re.search(r'id="hook-secret" value="([^"]+)"', made)[1]
    path = re.search(r'value="https://kalends.example(/hooks/in/[^"]+)"', made)[1]
    assert secret not in owner.get("/data/hooks").text
    body = b'{"a": 1}'
    assert anonymous.post(path, content=body).status_code == 401
    headers = signature_headers(secret, timestamp=int(clock.now.timestamp()), body=body)
    assert anonymous.post(path, content=body, headers=headers).status_code == 202
    page = owner.get("/data/hooks").text
    assert "has no signature" in page
    assert ">accepted</a>" in page
    hook = path.rpartition("/")[2]
    owner.post(f"/data/hooks/{hook}/pause")
    assert "paused" in owner.get("/data/hooks").text
    assert 'id="hook-secret"' in owner.post(f"/data/hooks/{hook}/rotate").text
    owner.post(f"/data/hooks/{hook}/remove")
    assert "No webhooks yet" in owner.get("/data/hooks").text
    assert owner.post("/data/hooks", data={"label": " "}).status_code == 422


def test_a_contract_is_chosen_and_a_change_is_on_the_files_page(owner, room):
    room.load(meta_rows(4))
    assert "spend" in owner.get("/data/shapes").text
    assert owner.post("/data/shapes/facebook_ads", data={"mode": "freeze"}).status_code == 303
    assert '<option value="freeze" selected>' in owner.get("/data/shapes").text
    refused = room.load(meta_rows(4, fresh="1"))
    assert "frozen" in owner.get(f"/data/batches/{refused.id}").text
    owner.post("/data/shapes/facebook_ads", data={"mode": "evolve"})
    assert owner.post(f"/data/batches/{refused.id}/load-again").status_code == 303
    room.work_off()
    assert "now counts" not in owner.get(f"/data/batches/{refused.id}").text


def test_a_file_is_read_again_from_its_page(owner, room):
    first = room.load(meta_rows(4))
    page = owner.get(f"/data/batches/{first.id}").text
    assert "Read it again by today’s rules" in page
    made = owner.post(f"/data/batches/{first.id}/load-again").headers["location"]
    room.work_off()
    assert f"file {first.seq}</a>, read again" in owner.get(made).text
    assert "that reading counts" in owner.get(f"/data/batches/{first.id}").text
    totals = owner.get(f"/data/batches/{first.id}/totals.csv").text
    assert totals.splitlines()[0].startswith("report,account_id,date_from")


def test_rates_are_loaded_and_gaps_are_shown(owner, room):
    room.load(meta_rows(12, account_currency="USD"))
    assert "3 days" in owner.get("/data/rates").text
    sent = owner.post("/data/rates", files={"file": ("eurofxref.csv", ECB)}, data={"carry": "yes"})
    assert sent.status_code == 303, sent.text
    room.work_off()
    page = owner.get("/data/rates").text
    assert "carried from 2026-01-09" in page
    assert "never taken one to one" not in page
    assert owner.post("/data/rates", files={"file": ("x.csv", b"nothing")}).headers["location"] == "/data/rates"


def test_settling_shows_a_curve(owner, room, clock):
    for day in (10, 14):
        clock.now = clock.now.replace(month=1, day=day)
        room.load(meta_rows(4, spend=str(10 * day)))
    clock.now = clock.now.replace(month=3, day=20)
    page = owner.get("/data/settling").text
    assert 'data-chart="settling-1"' in page
    assert "provisional for 28 days" in page
    assert "longest click window" in page


def test_a_reader_sees_no_buttons(signed_in, room):
    room.load(meta_rows(4))
    viewer = signed_in("viewer")
    viewer.headers["accept"] = "text/html"
    for path in ("/data/shapes", "/data/hooks", "/data/rates"):
        page = viewer.get(path)
        assert page.status_code == 200
        assert f'action="{path}' not in page.text
