"""Platforms' answers of ten thousand rows, each in one line that is megabytes long."""

import gzip
import io
import time
from datetime import UTC, datetime

import duckdb
import orjson
import pytest

from kalends.base.reading.sniff import HEAD_BYTES, sniff
from kalends.marketing.lineage import read_row
from kalends.marketing.staging import stage

NOW = datetime(2026, 11, 20, tzinfo=UTC)
PAGE = 6_000


def answer(page: int, *, late: bool = False) -> bytes:
    """One page of Google Ads beside its question."""
    rows = [
        {
            "customer": {"id": "1234567890", "currencyCode": "EUR"},
            "campaign": {"id": str(10**10 + page * PAGE + place), "name": "Spring, with a name that is rather long"},
            "segments": {"date": "2026-11-19"},
            "metrics": {"costMicros": "1000000", "clicks": "1"},
        }
        for place in range(PAGE)
    ]
    if late:
        rows[-1]["metrics"]["allConversionsFromLocationAssetStoreVisits"] = 1.5
    return orjson.dumps({"request": {"asked": "a report"}, "response": {"results": rows, "fieldMask": "campaign.id"}})


@pytest.fixture(scope="module")
def pages() -> bytes:
    made = b"\n".join([answer(0), answer(1, late=True)])
    assert len(answer(0)) > HEAD_BYTES
    return made


def staged(payload: bytes, con: duckdb.DuckDBPyConnection):
    return stage(con, lambda: io.BytesIO(payload), data_source="google_ads", now=NOW)


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_every_page_is_read(pages, pack):
    with duckdb.connect() as con:
        report = staged(pack(pages), con)
        assert (report.received, report.staged, report.quarantined) == (2 * PAGE, 2 * PAGE, 0)
        assert report.summed("campaign") == {"spend": 2.0 * PAGE, "clicks": 2.0 * PAGE}
        found = con.execute("SELECT count(*), min(source_row), max(source_row), count(DISTINCT source_row) FROM staged")
        assert found.fetchone() == (2 * PAGE, 1, 2 * PAGE, 2 * PAGE)


def test_an_answer_of_a_hundred_thousand_rows_is_read():
    rows = [b'{"campaign":{"id":"1","name":"%s"},"segments":{"date":"2026-11-19"}}' % (b"x" * 180)] * 100_000
    payload = b'{"request":{},"response":{"results":[%s]}}\n' % b",".join(rows)
    assert len(payload) > 20 << 20
    with duckdb.connect() as con:
        assert staged(payload, con).received == 100_000


def test_a_column_of_the_last_row_is_kept(pages, monkeypatch):
    monkeypatch.setattr("kalends.marketing.reading.tables.ROWS_A_CHUNK", PAGE)
    with duckdb.connect() as con:
        staged(pages, con)
        kept = con.execute("SELECT count(*) FROM staged WHERE extra LIKE '%store_visits%'").fetchone()
        assert kept == (1,)


def test_in_place_or_in_python_is_the_same(pages, monkeypatch):
    def rows():
        with duckdb.connect() as con:
            report = staged(pages, con)
            kept = con.execute("SELECT * EXCLUDE (raw_hash) FROM staged ORDER BY source_row").to_arrow_table()
            return kept, (report.received, report.format), con.execute("SELECT count(*) FROM duckdb_tables() WHERE "
                                                                       "table_name = 'raw_0'").fetchone()  # fmt: skip

    fast, told, loaded = rows()
    assert loaded == (0,)
    monkeypatch.setattr("kalends.marketing.reading.lines.IS_POSSIBLE", False)
    slow, said, loaded = rows()
    assert loaded == (1,)
    assert told == said
    assert fast.sort_by("source_row").equals(slow.select(fast.column_names))


def test_an_odd_row_among_answers_is_set_aside(pages):
    with duckdb.connect() as con:
        report = staged(b"\n".join([pages, b'{"results": [7]}', b"[1, 2]"]), con)
        assert (report.received, report.staged, report.quarantined) == (2 * PAGE + 2, 2 * PAGE, 2)


def test_a_row_is_found_by_its_number(pages):
    found = read_row(lambda: io.BytesIO(pages), row=PAGE + 3, data_source="google_ads")
    assert found is not None
    assert found.cells["campaign.id"] == str(10**10 + PAGE + 2)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_one_long_document_is_no_line_of_several(encoding):
    def kind(text: bytes) -> str:
        return sniff(lambda: io.BytesIO(text.decode().encode(encoding))).format

    assert kind(answer(0)) == kind(answer(0) + b"\n  \n") == "json"
    assert kind(answer(0) + b" \r\n" + answer(1)) == "ndjson"


def test_a_cut_off_document_is_saved_in_time_that_grows_with_its_length():
    rows = b"[" + b",".join(
        orjson.dumps({"date": "2026-11-19", "campaign_id": str(place), "spend": 1}) for place in range(30_000)
    )
    begin = time.process_time()
    with duckdb.connect() as con:
        report = stage(con, lambda: io.BytesIO(rows), data_source="shop", now=NOW)
    assert (report.received, report.quarantined) == (30_001, 1)
    assert time.process_time() - begin < 20  # a minute, when each row looked through what was left
