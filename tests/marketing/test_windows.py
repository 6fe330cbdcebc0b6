"""What Meta says under several attribution windows: kept by type, in no sum, and what counts stays the own setting's."""

import csv
import io
import json
from datetime import UTC, datetime

import pytest
from duckdb_in_memory import connect

from kalends.marketing.staging import StageOptions, stage

pytestmark = pytest.mark.unit
NOW = datetime(2024, 6, 1, tzinfo=UTC)
PURCHASES = [
    {"action_type": "purchase", "value": "9", "1d_click": "4", "7d_click": "7", "1d_view": "2"},
    {"action_type": "link_click", "value": "30"},
]
WORTH = [{"action_type": "purchase", "value": "90.50", "1d_click": "40.25", "7d_click": "70"}]
BY_TYPE = (
    '{"link_click":[30.0,null],"purchase":[9.0,90.5],"purchase_1d_click":[4.0,40.25],"purchase_1d_view":[2.0,null],'
    '"purchase_7d_click":[7.0,70.0]}'
)
ROW = {
    "account_id": "1", "campaign_id": "2", "date_start": "2024-01-01", "spend": "5", "actions": PURCHASES,
    "action_values": WORTH,
}  # fmt: skip
PLAIN = ROW | {"campaign_id": "3", "actions": PURCHASES[1:], "action_values": []}


def as_lines(rows):
    return "\n".join(map(json.dumps, rows)).encode()


def as_list(rows):
    return json.dumps(rows).encode()


def as_table(rows):
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(
        {name: json.dumps(value) if isinstance(value, list) else value for name, value in row.items()} for row in rows
    )
    return out.getvalue().encode()


def late(rows):
    """Windows only after the rows by which it is read are over."""
    return as_lines([PLAIN | {"campaign_id": f"p{number}"} for number in range(300)] + rows)


def staged(payload, **told):
    con = connect()
    stage(con, lambda: io.BytesIO(payload), data_source="facebook_ads", now=NOW, options=StageOptions(**told))
    asked = (
        "SELECT attribution, conversions, revenue, spend, conversion_types, extra FROM staged WHERE campaign_id = '2'"
    )
    [row] = con.execute(asked).fetchall()
    return row[0], row[1], float(row[2] or 0), float(row[3]), *row[4:]


WAYS = pytest.mark.parametrize("written", [as_lines, as_list, as_table, late], ids=lambda one: one.__name__)


@WAYS
def test_each_window_is_a_type_of_its_own_and_none_counts(written):
    assert staged(written([ROW, PLAIN])) == ("", 9.0, 90.5, 5.0, BY_TYPE, None)


@WAYS
def test_a_rule_lets_a_window_count(written):
    found = staged(written([ROW, PLAIN]), conversions=("purchase_1d_click",))
    assert found[1:3] == (4.0, 40.25)


@WAYS
def test_rows_that_were_asked_for_under_a_window_count_by_it(written):
    row = ROW | {"attribution_setting": "7d_click_1d_view"}
    found = staged(written([row, PLAIN | {"attribution_setting": ""}]), attribution="1d_click")
    assert found[:5] == ("asked_1d_click", 4.0, 40.25, 5.0, '{"purchase":[4.0,40.25]}')


def test_what_did_not_happen_within_the_window_lets_no_other_type_count():
    row = ROW | {"actions": [{"action_type": "purchase", "value": "3"}, {"action_type": "lead", "value": "2", "1d_click": "2"}]}  # fmt: skip
    assert staged(as_lines([row]), attribution="1d_click")[1] is None


def test_windows_of_lists_that_nothing_is_made_of_are_kept_beside():
    row = ROW | {"outbound_clicks": [{"action_type": "outbound_click", "value": "8", "1d_click": "6"}]}
    kept = '{"outbound_clicks":"outbound_click=8;outbound_click_1d_click=6"}'
    assert staged(as_lines([row]))[5] == kept
