"""A file taken back: the past stays as it was, what others say too stays, and what fails takes nothing back."""

import io
from datetime import date

import pytest

from kalends.identity.models import Tenant
from kalends.marketing import batches, entities, pipeline, series, service
from kalends.marketing.intake import replays

ORDERS = "order_id,date,market,total,currency\n"
NAMES = '{"id":"c1","name":"Spring","account_id":"1","objective":"X","status":"ACTIVE"}\n'


@pytest.fixture
def put(room, clock):
    """Load a file; the next one comes an hour later."""

    def load(body, *, source="orders", file_name="orders.csv", **told):
        raw = io.BytesIO(body.encode())
        batch = service.land_file(room.door, raw, data_source=source, file_name=file_name, **told)
        room.work_off()
        clock.advance(hours=1)
        return room.batch(batch)

    return load


@pytest.fixture
def take_back(room):
    def take(batch):
        with room.door.work() as work:
            made = service.take_back(work, batch_id=batch.id)
        room.work_off()
        return room.batch(made.id)

    return take


def sold(room, version=None):
    with room.door.work() as work:
        days = service.order_days(work, first=date(2026, 2, 1), last=date(2026, 2, 28), version=version)
    return {(str(day["gross"]), day["currency"]) for day in days}


def test_orders_as_of_before_a_taking_back_stay(room, put, take_back):
    for gross in (100, 200, 100):
        last = put(f"{ORDERS}A,2026-02-01,DE,{gross},EUR\n")
    take_back(room.batch(batch_at(room, 2)))
    assert [sold(room, version) for version in (1, 2, 3)] == [
        {("100.000000", "EUR")}, {("200.000000", "EUR")}, {("100.000000", "EUR")},
    ]  # fmt: skip
    assert sold(room) == sold(room, last.seq)


def batch_at(room, seq):
    with room.door.work() as work:
        return next(one.id for one in work.session.execute(batches.listing()).scalars() if one.seq == seq)


def test_series_as_of_before_a_taking_back_stay(room, put, take_back):
    for value in (100, 200, 100):
        body = f"week,revenue_total,price_index\n2026-01-05,{value},1\n2026-01-12,12,1\n2026-01-19,13,1\n"
        put(body, source="file", file_name="weeks.csv")
    take_back(room.batch(batch_at(room, 2)))

    def told(version):
        with room.door.work() as work:
            rows = work.warehouse.to_arrow(series.current(work.warehouse, version=version)).to_pylist()
        return {row["value"] for row in rows if row["name"] == "revenue_total" and row["date_from"].day == 5}

    assert [told(version) for version in (1, 2, 3, 4)] == [{100}, {200}, {100}, {100}]


def test_orders_keep_the_currency_that_they_were_read_in(room, put, take_back):
    head = "order_id,date,market,total\n"
    first = put(f"{head}A,2026-02-01,DE,100\n")
    put(f"{head}A,2026-02-01,DE,100\n")
    with room.house.work(room.scope) as work:
        work.session.get(Tenant, room.scope.tenant_id).currency = "CHF"
    take_back(first)
    assert {currency for version in (1, 2, 3) for _, currency in sold(room, version)} == {"EUR"}


def test_a_name_that_a_second_file_gives_too_stays(room, put, take_back):
    first = put(NAMES, source="facebook_ads", file_name="campaigns.ndjson")
    again = put(NAMES, source="facebook_ads", file_name="campaigns.ndjson")
    assert (first.loaded, again.loaded) == (1, 0)
    taken = take_back(first)
    with room.door.work() as work:
        for version in (first.seq, again.seq, taken.seq):
            held = work.warehouse.to_arrow(
                entities.current(entities.standing(work.warehouse, version=version))
            ).to_pylist()
            assert [row["name"] for row in held] == ["Spring"]


def test_only_files_that_repeated_the_one_that_goes_are_read_again(room, put, take_back, monkeypatch):
    ads = put("date,campaign_id,cost\n2026-02-01,c1,5\n", source="google_ads", file_name="ads.csv")
    first = put(f"{ORDERS}A,2026-02-01,DE,100,EUR\n")
    put(f"{ORDERS}B,2026-02-01,DE,50,EUR\n")
    again = put(f"{ORDERS}A,2026-02-01,DE,100,EUR\n")
    read, real = [], pipeline.stage_batch
    monkeypatch.setattr(pipeline, "stage_batch", lambda *told, **more: (read.append(told[1].seq), real(*told, **more)))
    take_back(ads)
    assert read == []
    take_back(first)
    assert read == [again.seq]
    assert sold(room) == {("150.000000", "EUR")}


def test_a_taking_back_that_fails_takes_nothing_back_and_may_be_asked_again(room, put, take_back):
    first = put(f"{ORDERS}A,2026-02-01,DE,100,EUR\n")
    again = put(f"{ORDERS}A,2026-02-01,DE,100,EUR\n")
    with room.house.work(room.scope) as work:
        stored = batches.get(work, again.id).file_id
    with room.house.files.open(room.scope.tenant_id, stored) as clear:
        kept = clear.read()
    room.house.files.delete(room.scope.tenant_id, stored)
    assert take_back(first).state == "failed"
    assert not room.batch(first.id).taken_back
    assert sold(room) == {("100.000000", "EUR")}
    room.house.files.write(room.scope.tenant_id, stored, io.BytesIO(kept))
    assert take_back(first).state == "published"
    assert room.batch(first.id).taken_back
    assert sold(room) == {("100.000000", "EUR")}


def test_orders_that_are_read_again_speak_where_they_spoke_before(room, put, take_back):
    first = put(f"{ORDERS}A,2026-02-01,DE,100,EUR\n")
    second = put(f"{ORDERS}A,2026-02-01,DE,200,EUR\n")
    with room.door.work() as work:
        made = replays.replay(work, batch_id=first.id)
    room.work_off()
    assert sold(room, made.seq) == {("200.000000", "EUR")}
    take_back(second)
    assert sold(room, made.seq) == {("200.000000", "EUR")}
    assert sold(room) == {("100.000000", "EUR")}
