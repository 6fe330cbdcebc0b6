"""Warehouses in one DuckDB that is opened once per test process: to load its cryptography takes 0.15 s.

Each warehouse has a folder and files of its own; tenants' ids differ, so no two ever meet.
"""

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

from kalends.base.warehouse import DuckWarehouse
from kalends.base.warehouse.duck import catalog, open_root

THREADS = None if os.environ.get("KALENDS_PROVE") else 1
"""A test's tables fit in one group of rows, of which no two threads can work at one: to wake a second only costs.
Who starts a whole server, and who proves, has as many as the product."""


class Passing(DuckWarehouse):
    """One whose files nobody opens again: they are let go of without their logs being written into them."""

    def close(self):
        self._root.execute("PRAGMA disable_checkpoint_on_shutdown")
        for tenant_id in self.attached():
            self._root.execute(f"DETACH {catalog(tenant_id)}")
        self._root.close()


def open_duck(*, folder, key_for, **options):
    """A warehouse of DuckDB files in `folder`."""
    return Passing(folder=folder, key_for=key_for, root=root(), **options)


@cache
def root():
    """The DuckDB itself, with the product's own limits."""
    folder = Path(tempfile.mkdtemp(prefix="kalends-duckdb-"))
    opened = open_root(folder=folder, memory_limit="900MB", threads=THREADS)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(opened.close)
    return opened
