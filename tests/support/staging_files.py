"""Stage a file in memory, and what was set aside of it."""

from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import duckdb
from duckdb_in_memory import connect

from kalends.marketing.staging import StageReport, stage

NOW = datetime(2026, 11, 21, tzinfo=UTC)
Staged = tuple[duckdb.DuckDBPyConnection, StageReport]


def staged(content: bytes | Path, source: str = "file", **told: object) -> Staged:
    con = connect()
    payload = content if isinstance(content, Path) else (lambda: BytesIO(content))
    report = stage(con, payload, data_source=source, now=NOW, **told)
    return con, report


def faults(con: duckdb.DuckDBPyConnection) -> list[tuple]:
    return con.execute("SELECT source_row, column_name, code FROM quarantined ORDER BY ALL").fetchall()
