"""Payloads at the bounds of what is read: each takes a second, so they are no unit tests."""

import gzip
import json
from datetime import UTC, datetime
from io import BytesIO

import pytest
from duckdb_in_memory import connect

from kalends.base.reading import PayloadTooLargeError
from kalends.marketing.staging import stage

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def refused(content: bytes, *, match: str) -> None:
    with pytest.raises(PayloadTooLargeError, match=match):
        stage(connect(), lambda: BytesIO(content), data_source="facebook_ads", now=NOW)


def test_bomb_is_refused() -> None:
    ten_members = gzip.compress((b"0" * 99_999 + b"\n") * 80) * 10  # packing 80 MB would take a second
    refused(ten_members, match="times its size")


@pytest.mark.parametrize("start", [b'{"a":1}\n{"a":"', b"date,spend\n2024-01-01,"])
def test_line_of_a_hundred_megabytes_is_refused(start: bytes) -> None:
    refused(start.ljust(100 << 20, b"x"), match="Line 2")


def test_ten_thousand_columns() -> None:
    names = ["date", "campaign", "spend", *(f"c{n}" for n in range(10_000))]
    content = (",".join(names) + "\n2024-01-01,A,5" + ",x" * 10_000 + "\n").encode()
    con = connect()
    assert stage(con, lambda: BytesIO(content), data_source="file", now=NOW).staged == 1
    assert len(json.loads(con.execute("SELECT extra FROM staged").fetchone()[0])) == 10_000
