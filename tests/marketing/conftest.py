"""Fixtures of the marketing room: a tenant's warehouse with the marketing tables, on every engine."""

import pyarrow as pa
import pytest
from warehouses import open_duck

from kalends.base.ids import new_id
from kalends.base.warehouse import PostgresWarehouse
from kalends.marketing import fingerprints, versions
from kalends.marketing.records import KEY, STAGED_SCHEMA

RAW = {name: kind for name, kind in STAGED_SCHEMA.items() if name not in {"key_hash", "row_hash"}}
BLANK = dict.fromkeys(RAW) | dict.fromkeys(KEY, "") | {"breakdowns": "{}"}


@pytest.fixture(params=["duckdb", "postgres"])
def tenant(request, tmp_path):
    """An empty tenant on each engine that is allowed, one after the other."""
    if request.param == "duckdb":
        opened = open_duck(folder=tmp_path, key_for=lambda tenant_id: tenant_id.bytes * 2)
    else:
        opened = PostgresWarehouse(url=request.getfixturevalue("postgres_dsn"))
    with opened.tenant(new_id()) as made:
        versions.create_tables(made)
        yield made
    opened.close()


@pytest.fixture
def stage(tenant):
    """Stage rows given as dictionaries: what is not given is '' in the key and null elsewhere."""

    def stage_rows(rows):
        numbered = [BLANK | {"source_row": number} | row for number, row in enumerate(rows, start=1)]
        schema = pa.schema([(name, kind.to_pyarrow()) for name, kind in RAW.items()])
        fingerprints.stage(tenant, rows=pa.Table.from_pylist(numbered, schema=schema))

    return stage_rows
