"""What a killed server's DuckDB had spilled must neither stop the next start nor stay on the disk."""

from pathlib import Path

import pytest

from kalends.base.warehouse.duck import open_root

LEFT = "duckdb_temp_storage_DEFAULT-0.tmp"
"""A name that DuckDB takes for a spilled file of its own."""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path / "warehouse"


def start(folder):
    root = open_root(folder=folder, memory_limit="100MB", threads=1)
    found = root.execute("SELECT current_setting('temp_directory'), current_setting('temp_file_encryption')").fetchone()
    root.close()
    return found


def test_spills_of_a_killed_server_are_removed(folder):
    (folder / "spill").mkdir(parents=True)
    (folder / "spill" / LEFT).write_bytes(b"left by a killed process")
    assert start(folder) == (str(folder / "spill"), True)
    assert list((folder / "spill").glob("*")) == []


def test_a_strangers_spills_in_the_working_directory_do_not_matter(folder):
    Path(".tmp").mkdir()
    (Path(".tmp") / LEFT).write_bytes(b"somebody else's")
    assert start(folder) == (str(folder / "spill"), True)
    assert (Path(".tmp") / LEFT).exists()
