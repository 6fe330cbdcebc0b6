"""The whole ingest over real stores: landed, applied, published; again, killed, taken back."""

import io
import json
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from sqlalchemy import select

from kalends.base.errors import KalendsError
from kalends.base.worker import run_task
from kalends.identity.service import Door
from kalends.marketing import batches, jobs, pipeline, service, versions
from kalends.marketing.api.batches import ingest_local
from kalends.marketing.intake import replays
from kalends.marketing.models import Batch
from kalends.marketing.schemas import Entries, LocalFile

ROWS = [
    {
        "account_id": "act_1",
        "account_currency": "EUR",
        "campaign_id": f"c{place % 2}",
        "campaign_name": f"Campaign {place % 2}",
        "adset_id": "s1",
        "ad_id": f"ad{place}",
        "date_start": "2026-02-10",
        "date_stop": "2026-02-10",
        "spend": f"{10 + place}.50",
        "impressions": str(1000 + place),
        "clicks": str(20 + place),
        "actions": [{"action_type": "purchase", "value": "2"}],
    }
    for place in range(4)
]


assert jobs.apply_batches.kind == batches.APPLY  # the kind is declared by importing it


@pytest.fixture
def door(house, scope):
    return Door(house=house, scope=scope, is_local=True)


def ndjson(rows):
    return io.BytesIO("\n".join(json.dumps(row) for row in rows).encode())


def work_off(house, scope):
    """Run the waiting tasks as the worker would."""
    from sqlalchemy import text

    with house.work(scope) as work:
        waiting = work.session.execute(text("SELECT id FROM tasks WHERE state = 'queued' ORDER BY id")).scalars().all()
    for task_id in waiting:
        run_task(house, scope.tenant_id, task_id)


def ingest(house, scope, door, rows, **options):
    batch_id = service.land_file(door, ndjson(rows), data_source="facebook_ads", file_name="ads.ndjson", **options)
    work_off(house, scope)
    with house.work(scope) as work:
        return service.describe(work, batch_id=batch_id)


def facts(house, scope):
    with house.warehouse.tenant(scope.tenant_id) as warehouse:
        return warehouse.to_arrow(warehouse.table("facts").order_by("ad_id")).to_pylist()


def test_rows_come_in_and_are_traceable(house, scope, door):
    batch = ingest(house, scope, door, ROWS)
    assert (batch.state, batch.received, batch.loaded, batch.unchanged, batch.quarantined) == ("published", 4, 4, 0, 0)
    found = facts(house, scope)
    assert [row["spend"] for row in found] == [Decimal(f"{10 + place}.50") for place in range(4)]
    assert [row["source_row"] for row in found] == [1, 2, 3, 4]
    assert {row["batch_seq"] for row in found} == {batch.seq}
    [total] = batch.report["reports"]
    assert Decimal(total["spend"]) == Decimal("48.00")
    with house.work(scope) as work:
        assert batches.data_version(work) == batch.seq


def test_the_same_rows_again_write_nothing(house, scope, door, clock):
    ingest(house, scope, door, ROWS)
    before = facts(house, scope)
    clock.advance(hours=1)
    again = ingest(house, scope, door, list(reversed([dict(reversed(row.items())) for row in ROWS])))
    assert (again.received, again.loaded, again.unchanged) == (4, 0, 4)
    assert facts(house, scope) == before


def test_bad_rows_are_set_aside_with_the_reason(house, scope, door):
    batch = ingest(house, scope, door, [*ROWS, {**ROWS[0], "ad_id": "bad", "spend": "-3"}])
    assert (batch.received, batch.loaded, batch.quarantined) == (5, 4, 1)
    with house.work(scope) as work:
        [row] = service.quarantine(work, batch_id=batch.id, limit=10, offset=0).rows
        assert row.source_row == 5
        assert row.column_name == "spend"
        assert "-3" in service.quarantine_csv(work, batch_id=batch.id)


def test_a_batch_can_be_taken_back(house, scope, door, clock):
    ingest(house, scope, door, ROWS)
    before = facts(house, scope)
    clock.advance(hours=1)
    wrong = ingest(house, scope, door, [{**row, "spend": "999"} for row in ROWS])
    assert facts(house, scope) != before
    with house.work(scope) as work:
        service.take_back(work, batch_id=wrong.id)
    work_off(house, scope)
    assert [row["spend"] for row in facts(house, scope)] == [row["spend"] for row in before]
    with house.work(scope) as work, pytest.raises(batches.CannotTakeBackError):
        service.take_back(work, batch_id=wrong.id)


def test_an_unreadable_payload_fails_with_words_and_blocks_nobody(house, scope, door):
    batch_id = service.land_file(
        door, io.BytesIO(b"\x00\x01\x02 nothing"), data_source="facebook_ads", file_name="x.bin"
    )
    work_off(house, scope)
    with house.work(scope) as work:
        batch = service.describe(work, batch_id=batch_id)
    assert (batch.state, batch.error["code"]) == ("failed", "no_text")
    assert ingest(house, scope, door, ROWS).loaded == 4


@pytest.mark.parametrize("odd", [{"account_id": "a\0b"}, {"campaign_name": "a\0b"}, {"spend": "9e11\0"}])
def test_what_json_cannot_hold_blocks_nobody(house, scope, door, odd):
    assert ingest(house, scope, door, [ROWS[0] | odd, ROWS[1]]).state == "published"
    assert ingest(house, scope, door, ROWS).state == "published"
    assert {fact["account_id"] for fact in facts(house, scope)} == {"1"}


def test_a_moment_before_all_platforms_is_refused_before_anything_lands(door):
    with pytest.raises(batches.ReportedTooEarlyError):
        service.land_file(
            door,
            ndjson(ROWS),
            data_source="facebook_ads",
            reported_at=datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
        )
    naive = service.land_file(door, ndjson(ROWS), data_source="facebook_ads", reported_at=datetime(2026, 2, 1))
    with door.work() as work:
        assert service.describe(work, batch_id=naive).reported_at == datetime(2026, 2, 1, tzinfo=UTC)
    with pytest.raises(ValueError, match="pattern"):
        Entries(data_source="x\0", data_entries=ROWS)


def test_a_local_file_speaks_of_when_it_was_written(house, scope, door, tmp_path):
    for name, spend, day in (("new", "200", 2), ("old", "100", 1)):
        path = tmp_path / f"{name}.ndjson"
        path.write_bytes(ndjson([ROWS[0] | {"spend": spend}]).read())
        seconds = datetime(2026, 2, day, tzinfo=UTC).timestamp()
        os.utime(path, (seconds, seconds))
        ingest_local(LocalFile(path=str(path), data_source="facebook_ads"), door)
        work_off(house, scope)
    assert [fact["spend"] for fact in facts(house, scope)] == [200]
    assert batches.file_time(0) is None


def test_a_sum_that_no_number_can_be_blocks_nobody(house, scope, door):
    huge = [row | {"actions": [{"action_type": "purchase", "value": "1e308"}]} for row in ROWS]
    assert ingest(house, scope, door, huge).state == "published"


def test_what_cannot_be_published_leaves_nothing(house, scope, door, monkeypatch):
    class NoError(KalendsError):
        status = 422

    def refuse(*_):
        raise NoError

    nameless = [{name: value for name, value in ROWS[0].items() if name != "campaign_name"}]
    assert ingest(house, scope, door, nameless).loaded == 1
    monkeypatch.setattr(pipeline, "note_shapes", refuse)
    assert ingest(house, scope, door, ROWS).state == "failed"
    assert len(facts(house, scope)) == 1
    names = [{"id": "c0", "name": "Spring", "account_id": "1", "objective": "SALES", "status": "ACTIVE"}]
    assert ingest(house, scope, door, names).state == "failed"
    with house.warehouse.tenant(scope.tenant_id) as warehouse:
        told = warehouse.execute("SELECT campaign_name FROM daily").column(0).to_pylist()
        left = warehouse.execute("SELECT (SELECT count(*) FROM called) + (SELECT count(*) FROM retractions) AS n")
    assert (told, left.column(0).to_pylist()) == ([None], [0])
    monkeypatch.undo()
    assert ingest(house, scope, door, ROWS[1:2]).loaded == 1


def test_a_replay_that_cannot_be_published_leaves_the_names_of_before(house, scope, door, monkeypatch):
    class NoError(KalendsError):
        status = 422

    def refuse(*_, **__):
        raise NoError

    ingest(house, scope, door, [{name: value for name, value in ROWS[0].items() if name != "campaign_name"}])
    names = [{"id": "c0", "name": "Spring", "account_id": "1", "objective": "SALES", "status": "ACTIVE"}]
    named = ingest(house, scope, door, names)
    monkeypatch.setattr(batches, "publish", refuse)
    with house.work(scope) as work:
        made = replays.replay(work, batch_id=named.id).id
    work_off(house, scope)
    with house.work(scope) as work:
        assert service.describe(work, batch_id=made).state == "failed"
    with house.warehouse.tenant(scope.tenant_id) as warehouse:
        assert warehouse.execute("SELECT campaign_name FROM daily").column(0).to_pylist() == ["Spring"]
        assert warehouse.execute("SELECT name FROM called").column(0).to_pylist() == ["Spring"]


def test_nothing_at_all_is_refused(door):
    with pytest.raises(batches.EmptyPayloadError):
        service.land_file(door, io.BytesIO(b""), data_source="facebook_ads", file_name="empty.csv")


def test_the_same_idempotency_key_gives_the_first_batch(house, scope, door):
    first = service.land_file(door, ndjson(ROWS), data_source="facebook_ads", idempotency_key="k1")
    assert service.land_file(door, ndjson(ROWS), data_source="facebook_ads", idempotency_key="k1") == first
    with house.work(scope) as work:
        assert len(work.session.execute(select(Batch)).all()) == 1


def test_the_same_idempotency_key_at_the_same_time_makes_one_batch(door):
    def land(_):
        return service.land_file(door, ndjson(ROWS), data_source="facebook_ads", idempotency_key="k1")

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(land, range(8)))) == 1


def test_an_empty_idempotency_key_is_none(door):
    landed = [service.land_file(door, ndjson(ROWS), data_source="facebook_ads", idempotency_key="") for _ in range(2)]
    assert len(set(landed)) == 2


@pytest.mark.parametrize("step", ["stage_batch", "keep_quarantine", "publish"])
def test_killed_at_any_step_and_repeated_it_ends_the_same(house, scope, door, monkeypatch, step):
    where = batches if step == "publish" else pipeline
    original = getattr(where, step)

    def die(*args, **kwargs):
        original(*args, **kwargs)
        raise ConnectionResetError("killed")

    monkeypatch.setattr(where, step, die)
    batch_id = service.land_file(door, ndjson(ROWS), data_source="facebook_ads", file_name="ads.ndjson")
    with pytest.raises(ConnectionResetError):
        work_off_once(house, scope)
    monkeypatch.setattr(where, step, original)
    work_off_once(house, scope)
    with house.work(scope) as work:
        assert service.describe(work, batch_id=batch_id).loaded == 4
    with house.warehouse.tenant(scope.tenant_id) as warehouse:
        assert versions.verify(warehouse) == []
        assert versions.facts_as_of(warehouse, version=10**6).count().execute() == 4
        assert warehouse.table("facts_past").count().execute() == 0


def work_off_once(house, scope):
    from sqlalchemy import text

    with house.work(scope) as work:
        [task_id] = work.session.execute(text("SELECT id FROM tasks")).scalars().all()
    run_task(house, scope.tenant_id, task_id)


def test_the_request_shape_in_use_gives_a_period_row(house, scope, door):
    body = {
        "data_source": "meta_business",
        "data_entries": [
            {
                "id": "meta_campaign_001",
                "account_id": "act_123456789",
                "campaign_id": "camp_001",
                "spend": 1250.50,
                "impressions": 45000,
                "clicks": 890,
                "actions": [{"action_type": "purchase", "value": "23"}],
            }
        ],
        "date_range_start": "2024-01-01",
        "date_range_end": "2024-01-07",
    }
    service.land_rows(door, json.dumps(body).encode(), envelope=Entries.model_validate(body))
    work_off(house, scope)
    [row] = facts(house, scope)
    assert (str(row["date_from"]), str(row["date_to"])) == ("2024-01-01", "2024-01-07")
    assert (row["spend"], row["clicks"], row["conversions"]) == (Decimal("1250.50"), 890, 23.0)
    assert row["data_source"] == "facebook_ads"


def test_a_preview_stores_nothing(house, scope):
    with house.work(scope) as work:
        shown = service.transform(work, Entries(data_source="facebook_ads", data_entries=ROWS), columns={})
    assert len(shown.rows) == 4
    with house.warehouse.tenant(scope.tenant_id) as warehouse:
        assert warehouse.list_tables() == []


def test_a_missing_local_file_is_said(tmp_path):
    with pytest.raises(KalendsError, match=r"nowhere\.csv"), service.open_local(tmp_path / "nowhere.csv"):
        pass
