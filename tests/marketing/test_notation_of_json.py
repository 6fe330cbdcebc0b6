"""A JSON value is the same text however the rows are read: in place by DuckDB, or row by row."""

import io
import json
from datetime import UTC, datetime

import pytest
from duckdb_in_memory import connect
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kalends.marketing.staging import stage

pytestmark = pytest.mark.unit
NOW = datetime(2024, 6, 1, tzinfo=UTC)
COLUMNS = ("account_id", "account_currency", "campaign_id", "campaign_name", "country", "age", "spend", "tags", "more")
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5)
ATOMS = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | TEXTS
VALUES = st.recursive(
    ATOMS | FLOATS | st.sampled_from([123.0, 1e2, -0.0, 5.0, 1e16, 1e-5, {}, [], "{}", "[]", "[DE] {brand}", "5.0"]),
    # In lists, numbers of very many digits are not written alike.
    lambda inner: (
        st.lists(ATOMS | st.floats(1e-3, 1e12), max_size=2)
        | st.lists(st.dictionaries(st.sampled_from("ba"), ATOMS, max_size=2), max_size=2)
        | st.dictionaries(st.sampled_from("ba"), inner, max_size=2)
    ),
    max_leaves=3,
)
ROWS = st.fixed_dictionaries({}, optional=dict.fromkeys(COLUMNS, VALUES))


def read(rows, encoding):
    """All that is made of rows: what is staged, and why what was set aside."""
    con = connect()
    lines = "".join(json.dumps({"ad_id": str(number), "date_start": "2024-05-01", "clicks": number} | row) + "\n"
                    for number, row in enumerate(rows))  # fmt: skip
    report = stage(con, lambda: io.BytesIO(lines.encode(encoding)), data_source="facebook_ads", now=NOW)
    staged = con.execute("SELECT * EXCLUDE (source_row, raw_hash) FROM staged ORDER BY ad_id").fetchall()
    aside = con.execute("SELECT source_row, column_name, code FROM quarantined ORDER BY ALL").fetchall()
    return staged, aside, report.received


@pytest.mark.parametrize("first_rows", [1, 200])
@settings(deadline=None)
@given(rows=st.lists(ROWS, min_size=1, max_size=4))
@example(rows=[{"account_id": 123.0}, {"account_id": "act_123"}, {"account_id": 123}])
@example(rows=[{"country": value} for value in (1e2, 1.0, -0.0, {}, [])])
@example(rows=[{"tags": value} for value in ([], {}, 5.0, -0.0, 1e2)])
@example(rows=[{"campaign_name": "A"}, {"campaign_name": {"a": 1}}, {"campaign_name": [{"b": 1, "a": 2}]}])
def test_both_ways_write_one_notation(rows, first_rows):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("kalends.marketing.reading.lines.HEAD_ROWS", first_rows)
        assert read(rows, "utf-8") == read(rows, "utf-16")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_an_account_is_the_same_whatever_its_number_is_written_as(encoding):
    con = connect()
    lines = "".join(
        f'{{"account_id":{one},"date_start":"2024-05-01","clicks":1}}\n' for one in ("123.0", "123", '"123"')
    )
    report = stage(con, lambda: io.BytesIO(lines.encode(encoding)), data_source="facebook_ads", now=NOW)
    assert con.execute("SELECT account_id FROM staged").fetchall() == [("123",)]
    assert report.duplicates == 2
