"""A company's data room as a program and as its worker see it."""

import pytest
from intake_rows import Company
from warehouses import open_duck


@pytest.fixture
def room(house, scope):
    return Company(house, scope)


@pytest.fixture
def tenant(company):
    """A company, not a bare warehouse as elsewhere in this room."""
    return company


@pytest.fixture(params=["duckdb", "postgres"])
def tenant_on(request, tmp_path):
    """An empty tenant's warehouse on each engine."""
    from kalends.base.ids import new_id
    from kalends.base.warehouse import PostgresWarehouse
    from kalends.marketing import versions

    if request.param == "duckdb":
        opened = open_duck(folder=tmp_path, key_for=lambda tenant_id: tenant_id.bytes * 2)
    else:
        opened = PostgresWarehouse(url=request.getfixturevalue("postgres_dsn"))
    with opened.tenant(new_id()) as made:
        versions.create_tables(made)
        yield made
    opened.close()


@pytest.fixture
def stage(tenant_on):
    """Stage rows given as dictionaries into the warehouse of `tenant_on`."""
    import pyarrow as pa

    from kalends.marketing import fingerprints
    from kalends.marketing.records import KEY, STAGED_SCHEMA

    raw = {name: kind for name, kind in STAGED_SCHEMA.items() if name not in {"key_hash", "row_hash"}}
    blank = dict.fromkeys(raw) | dict.fromkeys(KEY, "") | {"breakdowns": "{}"}

    def stage_rows(rows):
        numbered = [blank | {"source_row": number} | row for number, row in enumerate(rows, start=1)]
        schema = pa.schema([(name, kind.to_pyarrow()) for name, kind in raw.items()])
        fingerprints.stage(tenant_on, rows=pa.Table.from_pylist(numbered, schema=schema))

    return stage_rows
