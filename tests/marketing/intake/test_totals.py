"""Control totals by day, promised totals, days without data, and windows that are declared complete."""

import csv
import io
from collections import defaultdict
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from intake_rows import lines, meta_rows

from kalends.marketing.intake import totals
from kalends.marketing.staging import ControlTotal, StageReport

ROWS = meta_rows(40)
URL = "/api/v1/marketing"


def by_hand(rows):
    """Sums per account and day, of what was sent."""
    sums = defaultdict(lambda: defaultdict(Decimal))
    for row in rows:
        for name in ("spend", "impressions", "clicks"):
            sums[row["account_id"].removeprefix("act_"), row["date_start"]][name] += Decimal(row[name])
    return {key: dict(found) for key, found in sums.items()}


def as_told(found):
    return {
        (one["account_id"], one["date_from"]): {
            name: Decimal(str(one[name])) for name in ("spend", "impressions", "clicks")
        }
        for one in found
    }


@pytest.mark.parametrize("kind", ["ndjson", "xlsx", "csv"])
def test_totals_per_account_and_day_are_the_files(room, client, kind):
    rows = [{**row, "account_id": f"act_{place % 3}"} for place, row in enumerate(ROWS)]
    batch = room.load(packed(rows, kind))
    assert batch.state == "published", batch.error
    found = client.get(f"{URL}/batches/{batch.id}/totals").json()["totals"]
    assert as_told(found) == by_hand(rows)
    text = client.get(f"{URL}/batches/{batch.id}/totals.csv").text
    assert as_told(csv.DictReader(io.StringIO(text))) == by_hand(rows)
    assert (
        client.get(f"{URL}/batches/{batch.id}/totals", params={"limit": 2, "offset": 1}).json()["totals"] == found[1:3]
    )


def packed(rows, kind):
    import polars as pl

    if kind == "ndjson":
        return lines(rows)
    table, out = (
        pl.DataFrame([{name: cell for name, cell in row.items() if name != "actions"} for row in rows]),
        io.BytesIO(),
    )
    if kind == "csv":
        table.write_csv(out)
    else:
        table.write_excel(out)
    return out.getvalue()


def test_an_unchanged_file_has_its_totals_too(room, client):
    room.load(ROWS)
    again = room.load(ROWS)
    assert (again.loaded, again.unchanged) == (0, 40)
    assert as_told(client.get(f"{URL}/batches/{again.id}/totals").json()["totals"]) == by_hand(ROWS)


def send(client, room, rows, **told):
    body = {"data_source": "facebook_ads", "data_entries": rows} | told
    answer = client.post(f"{URL}/ingest?wait=0", json=body)
    assert answer.status_code == 202, answer.text
    room.work_off()
    return room.batch(answer.json()["id"])


RIGHT = {"spend": "1200", "impressions": 40780, "clicks": 1580, "rows": 40}


def test_promised_totals_are_held_against_the_file(room, client):
    assert sum(Decimal(row["spend"]) for row in ROWS) == Decimal(1200)
    batch = send(client, room, ROWS, expected=RIGHT, refuse_if_differs=True)
    assert batch.state == "published", batch.error
    assert [one["is_equal"] for one in batch.report["expected"]] == [True] * 4


def test_a_total_that_is_off_is_told_and_refuses_where_asked(room, client):
    told = send(client, room, ROWS, expected={"spend": "1200.01", "revenue": 5})
    assert (told.state, told.loaded) == ("published", 40)
    off = {one["metric"]: one for one in told.report["expected"]}
    assert (off["spend"]["is_equal"], off["spend"]["found"]) == (False, "1200.000000")
    assert off["revenue"]["found"] is None
    assert any("1200.01 was expected" in warning for warning in told.report["warnings"])
    assert send(client, room, ROWS, expected={"spend": "1200.01"}, tolerance="0.001").report["expected"][0]["is_equal"]
    refused = send(client, room, ROWS[:4], expected={"spend": "1"}, refuse_if_differs=True)
    assert (refused.state, refused.error["code"]) == ("failed", "totals_differ")
    assert "1" in refused.error["detail"]


def test_promises_about_a_file_stand_in_its_address(client, room):
    params = {"data_source": "meta", "expected": ["spend=7", "rows=40"], "refuse_if_differs": True}
    headers = {"content-type": "application/x-ndjson"}
    made = client.post(f"{URL}/ingest", params=params, content=lines(ROWS), headers=headers).json()
    room.work_off()
    assert room.batch(made["id"]).error["code"] == "totals_differ"
    odd = client.post(f"{URL}/ingest", params=params | {"expected": ["fun=1"]}, content=lines(ROWS), headers=headers)
    assert odd.status_code == 422
    assert "fun" in odd.json()["detail"]


def test_declared_days_without_rows_are_no_data_and_not_zero(room, client):
    batch = send(client, room, ROWS[:8], date_range_start="2026-01-09", date_range_end="2026-01-13")
    assert batch.report["no_data"] == [
        {"report": "ad", "account_id": "1", "date_from": "2026-01-09", "date_to": "2026-01-09"},
        {"report": "ad", "account_id": "1", "date_from": "2026-01-12", "date_to": "2026-01-13"},
    ]
    days = {str(row["date_from"]) for row in room.facts()}
    assert days == {"2026-01-10", "2026-01-11"}
    asked = {
        "metrics": ["spend"],
        "group_by": ["date"],
        "date_range_start": "2026-01-09",
        "date_range_end": "2026-01-13",
    }
    rows = client.post(f"{URL}/insights", json=asked | {"compare_to": "none"}).json()["rows"]
    assert {row["date"] for row in rows if row["spend"] is not None} == days


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("series", b"date,tv_s,radio_s,sales\n2026-01-10,1,2,3\n2026-01-11,4,5,6\n"),
        ("orders", b"order_id,date,total\nA-1,2026-01-10,5\nA-2,2026-01-11,6\n"),
    ],
)
def test_days_of_series_and_orders_are_there(room, client, kind, content):
    params = {"data_source": "file", "date_range_start": "2026-01-10", "date_range_end": "2026-01-13"}
    headers = {"content-type": "application/octet-stream"}
    made = client.post(f"{URL}/ingest", params=params, content=content, headers=headers).json()
    room.work_off()
    batch = room.batch(made["id"])
    assert batch.quarantined == 0
    assert batch.report["no_data"] == [
        {"report": kind, "account_id": "", "date_from": "2026-01-12", "date_to": "2026-01-13"}
    ]


def test_a_window_declared_complete_deletes_what_is_not_in_it(room, client, clock):
    send(client, room, ROWS[:8])
    clock.advance(hours=1)
    days = {"date_range_start": "2026-01-10", "date_range_end": "2026-01-10"}
    batch = send(client, room, ROWS[:3], is_complete=True, **days)
    assert batch.report["applied"]["deleted"] == 1
    assert len(room.facts()) == 7
    refused = client.post(f"{URL}/ingest", json={"data_source": "meta", "data_entries": ROWS, "is_complete": True})
    assert refused.status_code == 422


def test_a_complete_window_with_a_broken_row_says_that_nothing_was_deleted(room, client, clock):
    send(client, room, ROWS[:8])
    clock.advance(hours=1)
    days = {"date_range_start": "2026-01-10", "date_range_end": "2026-01-10"}
    batch = send(client, room, [*ROWS[:2], ROWS[2] | {"spend": "abc"}], is_complete=True, **days)
    assert batch.report["applied"]["deleted"] == 0
    assert any("said to be complete, but 1 of its rows" in warning for warning in batch.report["warnings"])


@pytest.mark.unit
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 9)), max_size=8), st.integers(5, 20), st.integers(0, 15))
def test_gaps_are_the_days_of_no_span(held, begin, more):
    from datetime import date, timedelta

    zero = date(2026, 1, 1)
    spans = [(zero + timedelta(days=start), zero + timedelta(days=start + length)) for start, length in held]
    first, last = zero + timedelta(days=begin), zero + timedelta(days=begin + more)
    found = list(totals.gaps(spans, first, last))
    listed = [start + timedelta(days=n) for start, end in found for n in range((end - start).days + 1)]
    every = [first + timedelta(days=n) for n in range(more + 1)]
    assert listed == [day for day in every if not any(start <= day <= end for start, end in spans)]
    assert all((later[0] - earlier[1]).days > 1 for earlier, later in pairwise(found))


def test_centuries_are_no_declared_days(client):
    days = {"date_range_start": "0001-01-01", "date_range_end": "9999-12-31"}
    refused = client.post(f"{URL}/ingest", json={"data_source": "meta", "data_entries": ROWS, **days})
    assert refused.status_code == 422
    assert "between 1990-01-01 and 2199-12-31" in refused.text


@pytest.mark.unit
@given(st.lists(st.decimals(0, 10**6, places=6), min_size=1, max_size=5), st.decimals(0, 10**6, places=6))
def test_the_nearest_report_counts(sums, told):
    from datetime import date

    day = date(2026, 1, 1)
    held = [ControlTotal(f"r{n}", "", day, day, 1, {"spend": one}) for n, one in enumerate(sums)]
    [found] = totals.compare(StageReport("x", totals=held), {"spend": str(told)})
    assert abs(found.found - told) == min(abs(one - told) for one in sums)
    assert found.is_equal == (abs(found.found - told) <= totals.TOLERANCE * max(Decimal(1), told))
