"""A warehouse with the tables of the record, and one row of it with everything that a test does not care about."""

import io
import itertools
import json
import uuid
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from sqlalchemy import text
from warehouses import open_duck

from kalends.base.worker import run_task
from kalends.calendar.days import DAY_SCHEMA
from kalends.identity.service import Door
from kalends.insight.engine import Asker, Engine
from kalends.insight.query import Snapshot
from kalends.marketing import service as marketing
from kalends.marketing.records import FACT, FACT_SCHEMA, TABLES

TODAY = date(2024, 6, 30)
LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC)
KEYS = itertools.count(1)
ENGINE = Engine()  # one for all tests, as in a server: a statement of one test must not answer another wrongly


@pytest.fixture(scope="session")
def shelves(tmp_path_factory):
    made = open_duck(folder=tmp_path_factory.mktemp("warehouse"), key_for=lambda _: b"k" * 32)
    yield made
    made.close()


@pytest.fixture
def ware(shelves):
    """An empty warehouse of a new tenant."""
    tenant_id = uuid.uuid4()
    with shelves.tenant(tenant_id) as made:
        for name, schema in {**TABLES, "calendar_days": DAY_SCHEMA}.items():
            made.create(name, schema)
        yield made
    shelves.drop_tenant(tenant_id)


def fact(**given):
    """One fact: a day of a Google Ads campaign unless told otherwise. Money may be given as int or text."""
    day = given.pop("day", date(2024, 6, 1))
    row = dict.fromkeys(FACT) | {
        "data_source": "google_ads", "report": "campaign", "account_id": "a1", "campaign_id": "c1", "ad_group_id": "",
        "ad_id": "", "breakdowns": "{}", "attribution": "", "date_from": day, "date_to": day, "currency": "EUR",
        "key_hash": str(uuid.UUID(int=next(KEYS))), "row_hash": 0, "source_row": 1, "batch_seq": 1,
        "recorded_at": LONG_AGO, "reported_at": LONG_AGO, "is_deleted": False,
    } | given  # fmt: skip
    for money in ("spend", "revenue", "pipeline_value"):
        row[money] = None if row[money] is None else Decimal(row[money])
    return row


def load(ware, facts):
    """Put facts into the warehouse, with the rollups that ingest keeps of them."""
    from kalends.marketing import rollup

    types = {name: kind.to_pyarrow() for name, kind in FACT_SCHEMA.items() if name != "key_hash"}
    schema = pa.schema([("key_hash", pa.string()) if n == "key_hash" else (n, types[n]) for n in FACT_SCHEMA])
    with ware.write():
        ware.append("facts", ware.stage("_facts", pa.Table.from_pylist(facts, schema=schema), schema=FACT_SCHEMA))
        ware.stage_query(
            "_days", "SELECT DISTINCT data_source, account_id, date_from AS date FROM facts WHERE date_from = date_to"
        )
        rollup.renew(ware, days="_days")


def asker(ware, *, engine=None, **more):
    """Ask this tenant's warehouse as it is now."""
    told = {"has_renames": ware.exists("renames"), "snapshot": Snapshot(1, 1, TODAY)} | more
    return Asker(engine=engine or ENGINE, warehouse=ware, **told)


@pytest.fixture
def ingest(house, scope):
    """Load rows of Meta ads and wait until they are published; gives the batch's id."""

    def load(*rows):
        body = io.BytesIO("\n".join(map(json.dumps, rows)).encode())
        batch = marketing.land_file(Door(house=house, scope=scope, is_local=True), body, data_source="facebook_ads")
        with house.work(scope) as work:
            waiting = (
                work.session.execute(text("SELECT id FROM tasks WHERE state = 'queued' ORDER BY id")).scalars().all()
            )
        for task in waiting:
            run_task(house, scope.tenant_id, task)
        return batch

    return load
