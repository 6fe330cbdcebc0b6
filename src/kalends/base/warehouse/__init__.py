"""The warehouse: what is counted, by tenant, behind one small interface.

Two engines pass the contract suite (tests/base/test_warehouse_contract.py) and are therefore allowed:

- no URL: DuckDB, one encrypted file per tenant, in this process;
- `postgresql://...`: a PostgreSQL server, one schema per tenant.

Ibis reaches more engines than these. One that the suite has not run on is refused rather than half supported.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from kalends.base.warehouse.contract import (
    TenantWarehouse,
    UnknownColumnsError,
    UnsupportedWarehouseError,
    Warehouse,
    WarehouseBusyError,
    create_sql,
)
from kalends.base.warehouse.duck import DuckWarehouse
from kalends.base.warehouse.postgres import PostgresWarehouse

__all__ = [
    "DuckWarehouse",
    "PostgresWarehouse",
    "TenantWarehouse",
    "UnknownColumnsError",
    "UnsupportedWarehouseError",
    "Warehouse",
    "WarehouseBusyError",
    "create_sql",
    "open_warehouse",
]

POSTGRES_SCHEMES = ("postgres", "postgresql", "postgresql+psycopg")


def open_warehouse(*, url: str | None, folder: Path, key_for: Callable[[UUID], bytes]) -> Warehouse:
    """Open the warehouse at `url`; without one, DuckDB files in `folder`, each encrypted with `key_for(tenant_id)`.

    Raises UnsupportedWarehouseError for an engine that the contract suite has not run on.
    """
    if url is None:
        return DuckWarehouse(folder=folder, key_for=key_for)
    scheme = urlsplit(url).scheme
    if scheme in POSTGRES_SCHEMES:
        return PostgresWarehouse(url="postgresql" + url.removeprefix(scheme))
    raise UnsupportedWarehouseError(
        f"The warehouse engine {scheme!r} is not supported: give a postgresql:// address, or none for DuckDB files.",
        scheme=scheme,
    )
