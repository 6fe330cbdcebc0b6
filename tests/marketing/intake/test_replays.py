"""A payload read again by today's mapping takes the place of its earlier readings."""

from dataclasses import replace

import pytest
from intake_rows import meta_rows
from sqlalchemy import select, text

from kalends.marketing import mapping, service
from kalends.marketing.intake import replays
from kalends.marketing.mapping.fields import Field
from kalends.marketing.models import Batch

ROWS = meta_rows(12, inline_link_clicks="3")


@pytest.fixture
def tomorrow(monkeypatch):
    """Meta's mapping as a later version of Kalends has it: clicks are link clicks, spend counts in cents."""

    def change():
        now = mapping.MAPPINGS["facebook_ads"]
        fields = tuple(
            Field("clicks", ("inline_link_clicks",), "count") if one.target == "clicks" else one for one in now.fields
        )
        monkeypatch.setitem(mapping.MAPPINGS, "facebook_ads", replace(now, version=now.version + 1, fields=fields))

    return change


def again(room, batch_id):
    with room.door.work() as work:
        made = replays.replay(work, batch_id=batch_id).id
    room.work_off()
    return room.batch(made)


def counts(batch):
    return batch.received, batch.loaded, batch.unchanged, batch.quarantined


def test_ten_replays_by_the_same_mapping_write_nothing(room):
    first = room.load([*ROWS, {**ROWS[0], "ad_id": "bad", "spend": "-1"}])
    tables = {name: room.facts(name) for name in ("facts", "facts_past")}
    with room.house.warehouse.tenant(room.scope.tenant_id) as warehouse:
        confirmed = warehouse.execute("SELECT count(*) FROM confirmations").column(0)[0].as_py()
    for place in range(10):
        batch = again(room, first.id)
        assert (batch.kind, batch.state, batch.replays_seq) == ("replay", "published", first.seq)
        assert counts(batch) == (13, 0, 12, 1), place
        assert batch.report["mapping"] == "facebook_ads@2"
    assert {name: room.facts(name) for name in tables} == tables
    with room.house.warehouse.tenant(room.scope.tenant_id) as warehouse:
        assert warehouse.execute("SELECT count(*) FROM confirmations").column(0)[0].as_py() == confirmed


def test_a_new_mapping_restates_what_it_reads_otherwise_and_what_was_known_stays_known(room, tomorrow, clock):
    first = room.load(ROWS)
    before = room.facts()
    clock.advance(hours=1)
    newer = room.load([{**row, "spend": "99.00"} for row in ROWS[:4]])
    tomorrow()
    made = again(room, first.id)
    assert made.report["mapping"] == "facebook_ads@3"
    assert counts(made) == (12, 12, 0, 0)
    found = {row["ad_id"] + str(row["date_from"]): row for row in room.facts()}
    newest = {row["ad_id"] + str(row["date_from"]): row for row in before}
    for key, row in found.items():
        is_newer = row["batch_seq"] == newer.seq
        assert row["clicks"] == (newest[key]["clicks"] if is_newer else 3)
    assert sum(row["batch_seq"] == newer.seq for row in found.values()) == 4
    with room.door.work() as work:
        known = work.warehouse.to_arrow(service_as_of(work, first.seq)).to_pylist()
    assert sorted(row["clicks"] for row in known) == sorted(row["clicks"] for row in before)


def service_as_of(work, version):
    from kalends.marketing.versions import facts_as_of

    return facts_as_of(work.warehouse, version=version)


def test_a_key_that_the_new_mapping_cuts_finer_is_not_counted_twice(room, monkeypatch):
    rows = [{**row, "placement": "feed"} for row in ROWS]
    first = room.load(rows)
    now = mapping.MAPPINGS["facebook_ads"]
    changed = replace(now, version=now.version + 1, breakdowns={**now.breakdowns, "placement": "placement"})
    monkeypatch.setitem(mapping.MAPPINGS, "facebook_ads", changed)
    made = again(room, first.id)
    assert {row["report"] for row in room.facts()} == {"ad/placement"}
    assert (made.loaded, made.report["applied"]["deleted"]) == (12, 12)
    again(room, made.id)
    with room.door.work() as work:
        service.take_back(work, batch_id=first.id)
    room.work_off()
    assert room.facts() == []


def test_taking_a_replay_back_takes_the_whole_payload_back_and_it_can_be_loaded_again(room, tomorrow):
    first = room.load(ROWS)
    tomorrow()
    made = again(room, first.id)
    with room.door.work() as work:
        service.take_back(work, batch_id=made.id)
    room.work_off()
    assert room.facts() == []
    assert all(room.batch(one.id).taken_back for one in (first, made))
    assert again(room, first.id).loaded == 12
    assert len(room.facts()) == 12


def test_a_file_that_could_not_be_read_is_read_again(room, client, monkeypatch):
    unreadable = b"\x00\x01\x02 nothing"
    failed = room.load(unreadable)
    assert failed.state == "failed"
    assert again(room, failed.id).state == "failed"
    good = room.load(ROWS)
    with room.door.work() as work:
        work.session.execute(
            text("UPDATE batches SET state = 'failed', published_at = NULL WHERE seq = :s"), {"s": good.seq}
        )
    answer = client.post(f"/api/v1/marketing/batches/{good.id}/replay")
    assert answer.status_code == 202, answer.text
    room.work_off()
    assert room.batch(answer.json()["id"]).state == "published"
    with room.door.work() as work:
        from kalends.marketing import overview

        assert overview.count_waiting(work) == 1  # the one that nobody can read


def test_only_files_that_rest_can_be_replayed(room):
    first = room.load(ROWS)
    with room.door.work() as work:
        taking = service.take_back(work, batch_id=first.id)
        with pytest.raises(replays.CannotReplayError):
            replays.replay(work, batch_id=taking.id)


def test_an_old_series_file_read_again_does_not_overwrite_a_newer_one(room, clock):
    first = room.load(b"date,revenue,tv_S\n2026-01-05,10,1\n2026-01-12,20,2\n", source="file")
    clock.advance(hours=1)
    room.load(b"date,revenue,tv_S\n2026-01-05,11,1\n2026-01-12,22,2\n", source="file")
    before = series(room)
    again(room, first.id)
    assert series(room) == before


def series(room):
    from kalends.marketing.series import current

    with room.house.warehouse.tenant(room.scope.tenant_id) as warehouse:
        rows = current(warehouse).select("name", "date_from", "value").order_by(["name", "date_from"])
        return warehouse.to_arrow(rows).to_pylist()


def test_all_files_of_an_older_mapping_are_read_again_with_progress(room, client, tomorrow, clock):
    for place in range(3):
        room.load([{**row, "campaign_id": f"c{place}"} for row in ROWS])
        clock.advance(hours=1)
    assert client.get("/api/v1/marketing/replays").json()["batches"] == 0
    tomorrow()
    assert client.get("/api/v1/marketing/replays").json()["batches"] == 3
    begun = client.post("/api/v1/marketing/replays", json={}).json()
    assert (begun["state"], begun["total"]) == ("queued", 3)
    assert client.post("/api/v1/marketing/replays", json={}).json()["code"] == "already_replaying"
    room.work_off()
    room.work_off()
    told = client.get("/api/v1/marketing/replays").json()
    assert (told["batches"], told["state"], told["done"], told["total"]) == (0, "done", 3, 3)
    assert {row["clicks"] for row in room.facts()} == {3}


def test_reading_again_can_be_cancelled_and_goes_on_where_it_stopped(room, client, tomorrow, monkeypatch):
    for place in range(3):
        room.load([{**row, "campaign_id": f"c{place}"} for row in ROWS])
    tomorrow()
    client.post("/api/v1/marketing/replays", json={})
    asked, real = [], replays.replay

    def then_cancel(work, *, batch_id):
        made = real(work, batch_id=batch_id)
        asked.append(batch_id)
        if len(asked) == 2:
            assert replays.cancel(work)
        return made

    monkeypatch.setattr(replays, "replay", then_cancel)
    room.work_off()
    room.work_off()  # the second file's own task finishes what was begun
    told = client.get("/api/v1/marketing/replays").json()
    assert (told["state"], told["batches"]) == ("cancelled", 1)
    monkeypatch.setattr(replays, "replay", real)
    client.post("/api/v1/marketing/replays", json={})
    room.work_off()
    assert client.get("/api/v1/marketing/replays").json()["batches"] == 0


def test_a_batch_that_was_read_again_no_longer_counts_in_the_sources_sums(room, tomorrow):
    first = room.load(ROWS)
    tomorrow()
    again(room, first.id)
    with room.door.work() as work:
        [source] = service.list_sources(work)
        assert (source.received, source.rows) == (12, 12)
        standing = work.session.execute(select(Batch).where(Batch.replayed_by_seq.is_(None))).scalars().all()
        assert [batch.kind for batch in standing] == ["replay"]
