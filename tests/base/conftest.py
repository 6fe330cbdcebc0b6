"""Fixtures of the base room: a real PostgreSQL, and every warehouse engine."""

from uuid import UUID

import pytest

from kalends.base.ids import new_id
from kalends.base.warehouse import DuckWarehouse, PostgresWarehouse


@pytest.fixture
def key_for():
    return lambda tenant_id: tenant_id.bytes * 2


@pytest.fixture
def duck(tmp_path, key_for):
    warehouse = DuckWarehouse(folder=tmp_path / "warehouse", key_for=key_for, max_attached=3)
    yield warehouse
    warehouse.close()


@pytest.fixture(params=["duckdb", "postgres"])
def warehouse(request):
    """Each engine that is allowed, one after the other."""
    if request.param == "duckdb":
        yield request.getfixturevalue("duck")
        return
    opened = PostgresWarehouse(url=request.getfixturevalue("postgres_dsn"))
    yield opened
    opened.close()


@pytest.fixture
def tenant_id() -> UUID:
    return new_id()


@pytest.fixture
def tenant(warehouse, tenant_id):
    with warehouse.tenant(tenant_id) as opened:
        yield opened
