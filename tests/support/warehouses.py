"""Warehouses in one DuckDB that is opened once per test process: to load its cryptography takes 0.15 s.

Each warehouse has a folder and files of its own, and closes them; tenants' ids differ, so no two ever meet.
"""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from kalends.base.warehouse import DuckWarehouse
from kalends.base.warehouse.duck import open_root


def open_duck(*, folder, key_for, **options):
    """A warehouse of DuckDB files in `folder`."""
    return DuckWarehouse(folder=folder, key_for=key_for, root=root(), **options)


@cache
def root():
    """The DuckDB itself, with the product's own limits."""
    folder = Path(tempfile.mkdtemp(prefix="kalends-duckdb-"))
    opened = open_root(folder=folder, memory_limit="900MB", threads=None)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(opened.close)
    return opened
