"""A payload in parts: every byte once, in order, cut only at ends of lines."""

import io
import json
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kalends.base.errors import KalendsError
from kalends.base.reading.unpack import Unpacking
from kalends.marketing.reading.parts import WholeLines, in_parts

pytestmark = pytest.mark.unit


@given(
    lines=st.lists(st.binary(max_size=20).filter(lambda line: b"\n" not in line), max_size=40),
    chunk=st.integers(1, 50),
    size=st.integers(1, 100),
)
def test_parts_are_the_bytes_cut_at_ends_of_lines(lines, chunk, size):
    text = b"\n".join(lines)
    chunks = [text[place : place + chunk] for place in range(0, len(text), chunk)]
    whole, parts = WholeLines(chunks), []
    while whole.write(part := io.BytesIO(), size=size):
        parts.append(part.getvalue())
    assert all(part.endswith(b"\n") for part in parts)
    assert b"".join(parts) == (text if text.endswith(b"\n") or not text else text + b"\n")


@pytest.mark.parametrize("ending", ["", "\n"])
def test_duckdb_reads_the_lines_in_their_order(ending, monkeypatch):
    monkeypatch.setattr("kalends.marketing.reading.parts.PART_BYTES", 5_000_000)
    text = "\n".join(json.dumps({"n": n, "filler": "x" * 400}) for n in range(40_000)) + ending
    con = duckdb.connect(config={"threads": 2})
    con.execute("CREATE TABLE t (n BIGINT)")
    with in_parts(Unpacking(lambda: io.BytesIO(text.encode())), Path.stat) as parts:
        count = 0
        while parts.advance():
            con.execute(f"INSERT INTO t SELECT n FROM read_json('{parts.path}', columns={{n: 'BIGINT'}})")
            assert parts.seen.st_size == parts.path.stat().st_size
            count += 1
    assert count > 2
    assert con.execute("SELECT count(*), bool_and(n = rowid) FROM t").fetchone() == (40_000, True)


def test_a_fault_in_reading_comes_out():
    class Broken(io.RawIOBase):
        def read(self, size=-1):
            raise KalendsError("damaged")

    with in_parts(Unpacking(Broken), Path.stat) as parts, pytest.raises(KalendsError, match="damaged"):
        parts.advance()
