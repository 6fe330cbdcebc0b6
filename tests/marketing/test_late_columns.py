"""A long file is read in parts: what only a later part has is not lost, and rows of another shape are not either."""

import io
import json
from datetime import UTC, datetime

import pytest
from duckdb_in_memory import connect

from kalends.marketing.staging import stage

pytestmark = pytest.mark.unit
NOW = datetime(2024, 6, 1, tzinfo=UTC)


def rows(count: int) -> list[dict[str, object]]:
    """Ad rows of one day each, about 250 bytes."""
    return [
        {
            "account_id": "1", "ad_id": str(number), "date_start": "2024-01-01", "date_stop": "2024-01-01",
            "spend": "1.5", "ad_name": "x" * 100, "actions": [{"action_type": "purchase", "value": "2"}],
        }
        for number in range(count)
    ]  # fmt: skip


@pytest.fixture(autouse=True)
def short_parts(monkeypatch):
    monkeypatch.setattr("kalends.marketing.reading.parts.PART_BYTES", 100_000)


def staged(made):
    con, payload = connect(), "\n".join(map(json.dumps, made)).encode()
    assert len(payload) > 400_000, "several parts"
    return con, stage(con, lambda: io.BytesIO(payload), data_source="facebook_ads", now=NOW)


def test_a_field_of_the_last_row_alone_is_kept_and_reported():
    made = rows(2_000)
    made[-1] |= {"newcomer": "7", "country": "DE"}
    con, report = staged(made)
    assert (report.received, report.staged, report.format) == (2_000, 2_000, "ndjson")
    assert report.new_columns == ["newcomer"]
    found = con.execute("SELECT ad_id, country, extra, report FROM staged WHERE extra IS NOT NULL").fetchall()
    assert found == [("1999", "DE", '{"newcomer":"7"}', "ad/country")]
    assert con.execute("SELECT count(*), sum(spend), sum(conversions) FROM staged").fetchone() == (2_000, 3_000, 4_000)


def test_a_late_field_is_seen_where_some_columns_are_not_read():
    made = [row | {"_fivetran_synced": "2024-01-02", "more": {"_synced": "1"}} for row in rows(2_000)]
    made[-1]["more"] |= {"newcomer": "7"}
    con, report = staged(made)
    assert (report.received, report.staged) == (2_000, 2_000)
    assert con.execute("SELECT ad_id FROM staged WHERE extra LIKE '%newcomer%'").fetchall() == [("1999",)]


def test_actions_with_windows_that_come_late_are_read_in_place():
    made = rows(2_000)
    made[-1]["actions"].append({"action_type": "lead", "value": "4", "7d_click": "3"})
    con, report = staged(made)
    assert (report.received, report.staged) == (2_000, 2_000)
    assert con.execute("SELECT conversion_types FROM staged WHERE ad_id = '1999'").fetchall() == [
        ('{"lead":[4.0,null],"lead_7d_click":[3.0,null],"purchase":[2.0,null]}',)
    ]
    tables = {name for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    assert "raw_0" not in tables, "a table of rows that were read one by one"


@pytest.mark.parametrize(
    "late",
    [
        {"__pattern": "x"},
        {"more.a": "1"},
        {"actions": [{"action_type": "purchase", "value": "2", "Value": "3"}]},
        {"more": json.loads('{"a":' * 40 + "1" + "}" * 40)},
    ],
)
@pytest.mark.parametrize("place", [0, -1])
def test_odd_names_lose_no_row(late, place):
    made = [row | {"more": {"a": "1"}} for row in rows(2_000)]
    made[place] |= late
    _, report = staged(made)
    assert (report.received, report.staged) == (2_000, 2_000)


def test_rows_without_any_field_do_not_end_the_file():
    _, report = staged([*rows(1_500), *({} for _ in range(40_000)), *rows(2_000)[1_500:]])
    assert (report.received, report.staged, report.quarantined) == (42_000, 2_000, 40_000)


def test_actions_of_another_shape_in_a_later_part_take_the_slow_way():
    made = rows(2_000)
    made[-1]["actions"] = "none"
    con, report = staged(made)
    assert (report.received, report.staged) == (2_000, 2_000)
    assert con.execute("SELECT sum(conversions) FROM staged").fetchone() == (3_998,)


def report(number: int, **more: object) -> dict[str, object]:
    """A flow message's day, as Klaviyo groups it."""
    statistics = {"recipients": 100 + number, "opens": 40, "conversionValue": 1.5} | more
    groups = {"flow_id": "F1", "flow_message_id": f"M{number}", "sendChannel": "email"}
    return {"account_id": "a", "groupings": groups, "statistics": statistics, "notes": {},
            "interval_from": "2024-01-01", "interval_to": "2024-01-01", "padding": "x" * 100}  # fmt: skip


def staged_flows(made, *, by_row=False):
    con, payload = connect(), "\n".join(map(json.dumps, made)).encode()
    if by_row:
        payload = b"[" + payload.replace(b"\n", b",") + b"]"
    report = stage(con, lambda: io.BytesIO(payload), data_source="klaviyo", now=NOW)
    rows = con.execute("SELECT * EXCLUDE (source_row) FROM staged ORDER BY key_hash").fetchall()
    return rows, report


def test_objects_inside_of_rows_are_read_in_place_as_row_by_row():
    made = [report(number) for number in range(1_500)]
    made[-1] = report(1_499, bounced=3, unheard_of="7")
    made[700]["statistics"] = {}
    made[800]["groupings"]["extra"] = {"deeper": 1}
    fast, told = staged_flows(made)
    slow, told_slowly = staged_flows(made, by_row=True)
    assert (told.format, told_slowly.format) == ("ndjson", "json")
    assert fast == slow
    assert (told.received, told.staged) == (told_slowly.received, told_slowly.staged) == (1_500, 1_500)


@pytest.mark.parametrize("odd", [{"statistics": "none"}, {"groupings": [1]}, {"Groupings": {"flow_id": "F2"}}])
def test_objects_that_are_something_else_later_take_the_slow_way(odd):
    made = [*map(report, range(1_500)), report(1_500) | odd]
    assert staged_flows(made)[0] == staged_flows(made, by_row=True)[0]
