"""Field names and texts that no database would choose: they come in, and the rows around them are kept."""

import json
from datetime import UTC, datetime
from io import BytesIO

import pytest
from duckdb_in_memory import connect

from kalends.marketing.reading.raw import speakable
from kalends.marketing.staging import stage

pytestmark = pytest.mark.unit
ROW = {"date": "2024-01-15", "campaign": "A", "spend": "2.5", "clicks": 3}


@pytest.mark.parametrize(
    "odd",
    [
        {"": "x"},
        {"\x00": "x"},
        {"\ud800": "x"},
        {"Spend ": "7", "SPEND": "8"},
        {"__row": "9", "__RAW": "1"},
        {"note": "\ud800"},
        {"note": "a\x00b"},
        {"big": 10**40},
    ],
    ids=repr,
)
@pytest.mark.parametrize("form", [json.dumps, lambda rows: "\n".join(map(json.dumps, rows))], ids=["array", "lines"])
def test_an_odd_name_or_text_costs_no_row(form, odd):
    con = connect()
    content = form([ROW, ROW | {"campaign": "B"} | odd]).encode()
    report = stage(con, lambda: BytesIO(content), data_source="file", now=datetime(2026, 11, 21, tzinfo=UTC))
    assert (report.received, report.staged, report.quarantined) == (2, 2, 0)
    assert con.execute("SELECT sum(clicks) FROM staged").fetchone() == (6,)


def test_names_are_told_apart_without_case():
    assert speakable(["A", "a", "", "\x00", "__ROW", "b"]) == {
        "A": "A", "a (2)": "a", "unnamed": "", "unnamed (2)": "\x00", "__ROW (2)": "__ROW", "b": "b",
    }  # fmt: skip
