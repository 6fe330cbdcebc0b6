"""Staging gives the same rows and hashes whatever the order, notation and packing of the payload."""

import gzip
import importlib.util
import json
import random
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path

import duckdb
import pytest
from duckdb_in_memory import connect

from kalends.marketing import records
from kalends.marketing.staging import StageOptions, StageReport, stage

pytestmark = pytest.mark.unit
NOW = datetime(2026, 11, 21, tzinfo=UTC)
_SPEC = importlib.util.spec_from_file_location(
    "ingest_maker", Path(__file__).parents[2] / "benchmarks" / "ingest_maker.py"
)
maker = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(maker)


def staged(
    content: bytes, source: str = "facebook_ads", **told: object
) -> tuple[duckdb.DuckDBPyConnection, StageReport]:
    con = connect()
    return con, stage(con, lambda: BytesIO(content), data_source=source, now=NOW, **told)


def versions(content: bytes) -> list[tuple]:
    con, report = staged(content)
    assert report.quarantined == 0
    return con.execute("SELECT key_hash, row_hash FROM staged ORDER BY ALL").fetchall()


def lines(rows: list[dict]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


@pytest.fixture(scope="module")
def rows() -> list[dict]:
    return list(maker.rows(count=300))


@pytest.fixture(scope="module")
def plain(rows: list[dict]) -> list[tuple]:
    return versions(lines(rows))


def test_columns_and_types_are_the_records() -> None:
    con, _ = staged(lines(list(maker.rows(count=2))))
    found = {name: kind for name, kind, *_ in con.execute("DESCRIBE staged").fetchall()}
    assert tuple(found) == records.STAGED
    assert (found["spend"], found["key_hash"], found["row_hash"]) == ("DECIMAL(18,6)", "UUID", "BIGINT")
    empty = connect()
    stage(empty, lambda: BytesIO(b'{"x":1}\n{"x":2}\n'), data_source="facebook_ads", now=NOW)
    assert {name: kind for name, kind, *_ in empty.execute("DESCRIBE staged").fetchall()} == found


def test_order_and_serialisation_do_not_matter(rows: list[dict], plain: list[tuple]) -> None:
    shuffled = maker.shuffled_lines(iter(rows))
    assert versions(b"\n".join(shuffled)) == plain
    actions = [{**row, "actions": random.Random(1).sample(row["actions"], len(row["actions"]))} for row in rows]
    assert versions(lines(actions)) == plain


@pytest.mark.parametrize("way", ["array", "data", "gzip", "bom", "utf-16", "numbers"])
def test_packing_does_not_matter(way: str, rows: list[dict], plain: list[tuple]) -> None:
    numbers = [{**row, "spend": float(row["spend"]), "clicks": int(row["clicks"])} for row in rows]
    content = {
        "array": json.dumps(rows, indent=1).encode(),
        "data": json.dumps({"data": rows, "paging": {"cursors": {}}}).encode(),
        "gzip": gzip.compress(lines(rows)),
        "bom": b"\xef\xbb\xbf" + lines(rows),
        "utf-16": lines(rows).decode().encode("utf-16"),
        "numbers": lines(numbers),
    }[way]
    assert versions(content) == plain


def test_one_change_changes_one_row(rows: list[dict], plain: list[tuple]) -> None:
    other = versions(lines(list(maker.changed(dict(row) for row in rows))))
    assert len(set(other) - set(plain)) == 1
    assert {key for key, _ in other} == {key for key, _ in plain}


def test_source_row_is_the_place_in_the_payload(rows: list[dict]) -> None:
    mixed = random.Random(3).sample(rows, len(rows))
    con, _ = staged(lines(mixed))
    found = con.execute("SELECT source_row, ad_id, date_from FROM staged").fetchall()
    assert all((mixed[row - 1]["ad_id"], mixed[row - 1]["date_start"]) == (ad, str(day)) for row, ad, day in found)


def test_late_field_is_kept_and_named() -> None:
    rows = list(maker.rows(count=500))
    rows[-1]["new_field"] = "late"
    con, report = staged(lines(rows))
    assert "new_field" in report.new_columns
    assert con.execute('SELECT count(*) FROM staged WHERE extra LIKE \'%"new_field":"late"%\'').fetchone() == (1,)


def test_vanished_columns_are_told() -> None:
    _, report = staged(
        lines(list(maker.rows(count=2))), options=StageOptions(known_columns=frozenset({"spend", "gone"}))
    )
    assert report.vanished_columns == ["gone"]


def entry(kind: str, value: str) -> dict:
    return {"action_type": kind, "value": value}


def conversions(actions: list[dict], **told: object) -> tuple:
    row = {"account_id": "1", "ad_id": "2", "date_start": "2024-01-01", "spend": "1", "actions": actions}
    con, _ = staged(lines([row, {**row, "ad_id": "3"}]), **told)
    return con.execute("SELECT conversions, conversion_types FROM staged WHERE ad_id = '2'").fetchone()


def test_one_event_under_several_names_counts_once() -> None:
    actions = [entry("purchase", "3"), entry("omni_purchase", "4"), entry("link_click", "9")]
    assert conversions(actions) == (4.0, '{"link_click":[9.0,null],"omni_purchase":[4.0,null],"purchase":[3.0,null]}')
    assert conversions(actions, options=StageOptions(conversions=("purchase",)))[0] == 3.0
    assert conversions([entry("link_click", "9")]) == (None, '{"link_click":[9.0,null]}')
    assert conversions([]) == (None, None)


def test_one_type_in_parts_is_added() -> None:
    assert conversions([entry("lead", "1"), entry("lead", "2")]) == (3.0, '{"lead":[3.0,null]}')


def test_action_values_are_revenue() -> None:
    row = {"account_id": "1", "ad_id": "2", "date_start": "2024-01-01", "actions": [entry("purchase", "2")],
           "action_values": [entry("purchase", "19.98")]}  # fmt: skip
    con, _ = staged(lines([row, {**row, "ad_id": "3"}]))
    found = con.execute("SELECT CAST(revenue AS DOUBLE), conversion_types FROM staged").fetchall()
    assert found == [(19.98, '{"purchase":[2.0,19.98]}')] * 2


def test_shape_is_the_rows_own() -> None:
    row = {"account_id": "1", "date_start": "2024-01-01", "spend": "1"}
    rows = [row, {**row, "campaign_id": "5"}, {**row, "campaign_id": "5", "age": "18-24", "gender": "male"}]
    con, _ = staged(lines(rows))
    assert con.execute("SELECT report, breakdowns FROM staged ORDER BY source_row").fetchall() == [
        ("account", "{}"),
        ("campaign", "{}"),
        ("campaign/age+gender", '{"age":"18-24","gender":"male"}'),
    ]


def test_rows_without_a_date_take_the_range() -> None:
    days = (date(2024, 1, 1), date(2024, 1, 7))
    con, report = staged(lines([{"account_id": "1", "spend": "1"}] * 2), date_range=days)
    assert con.execute("SELECT date_from, date_to FROM staged").fetchall() == [days]
    assert report.duplicates == 1


@pytest.mark.parametrize(
    ("header", "targets"),
    [
        ("Datum;Kampagne;Ausgaben;Klicks;Umsatz", ("date_from", "campaign_name", "spend", "clicks", "revenue")),
        (
            "Jour;Campagne;Dépenses;Clics;Chiffre d'affaires",
            ("date_from", "campaign_name", "spend", "clicks", "revenue"),
        ),
        ("Fecha;Campaña;Gasto (EUR);Clics;Ingresos", ("date_from", "campaign_name", "spend", "clicks", "revenue")),
        (
            "Day;Campaign;Amount spent (USD);Link clicks;Revenue",
            ("date_from", "campaign_name", "spend", "clicks", "revenue"),
        ),
    ],
)
def test_columns_are_guessed_in_four_languages(header: str, targets: tuple[str, ...]) -> None:
    _, report = staged(f"{header}\n2024-01-01;A;1,50;3;9,95\n".encode(), "file")
    assert report.guessed == dict(zip(header.split(";"), targets, strict=True))
    assert report.summed("campaign") == {"spend": 1.5, "clicks": 3.0, "revenue": 9.95}


def test_a_guess_can_be_corrected() -> None:
    content = b"date,name,spend,value\n2024-01-01,A,1,7\n"
    _, report = staged(content, "file", options=StageOptions(columns={"value": "revenue", "spend": None}))
    assert report.summed("account") == {"revenue": 7.0}


def counts(report: StageReport) -> tuple[int, ...]:
    return report.received, report.staged, report.named, report.quarantined


def named(*names: str | None) -> bytes:
    return lines(
        [{"id": "c1", "name": name, "account_id": "1", "objective": "X", "status": "ACTIVE"} for name in names]
    )


def test_a_thing_may_be_named_several_times() -> None:
    _, report = staged(named("Spring", "Summer"))
    assert counts(report) == (2, 0, 2, 0)
    con, report = staged(named("Spring", "Spring", None))
    assert counts(report) == (3, 0, 3, 0)
    assert con.execute("SELECT count(DISTINCT name) FROM named").fetchone() == (1,)


def test_a_wide_file_that_says_two_things_of_one_day_says_neither() -> None:
    head, rest = "week,revenue_total,price_index\n", "2026-01-12,12,1\n2026-01-19,13,1\n"
    con, report = staged(f"{head}2026-01-05,100,1\n2026-01-05,200,1\n{rest}".encode(), "file")
    assert (*counts(report), report.series) == (4, 2, 0, 2, 4)
    assert con.execute("SELECT DISTINCT date_from FROM series_staged ORDER BY 1").fetchall() == [
        (date(2026, 1, 12),), (date(2026, 1, 19),),
    ]  # fmt: skip
    _, report = staged(f"{head}2026-01-05,100,1\n2026-01-05,100,1\n{rest}".encode(), "file")
    assert (report.quarantined, report.series) == (0, 6)
