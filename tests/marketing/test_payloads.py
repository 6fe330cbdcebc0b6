"""The recorded payloads give the hand-computed totals of tests/payloads.toml; each has a twin on rows made here."""

import csv
import json
import tomllib
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest
from duckdb_in_memory import connect

from kalends.base.reading.errors import EmptyPayloadError
from kalends.marketing.mapping import MAPPINGS
from kalends.marketing.staging import StageReport, stage

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
NOW = datetime(2026, 11, 21, tzinfo=UTC)
FILES = tomllib.loads((ROOT / "tests" / "payloads.toml").read_text())["file"]
METRICS = ("spend", "impressions", "clicks", "conversions", "revenue")


def staged(
    path: Path, source: str, *, date_range: list[str] | None = None
) -> tuple[duckdb.DuckDBPyConnection, StageReport]:
    con = connect()
    days = tuple(map(date.fromisoformat, date_range)) if date_range else None
    return con, stage(con, path, data_source=source, file_name=path.name, now=NOW, date_range=days)


def sums(con: duckdb.DuckDBPyConnection, report: str) -> dict[str, float]:
    columns = ", ".join(f"sum({metric})" for metric in (*METRICS, "opens"))
    row = con.execute(f"SELECT count(*), {columns} FROM staged WHERE report = ?", [report]).fetchone()
    types = con.execute(
        "SELECT sum(CAST(p.value->>'$[0]' AS DOUBLE)), sum(CAST(p.value->>'$[1]' AS DOUBLE)) "
        "FROM staged, json_each(conversion_types) AS p WHERE report = ?",
        [report],
    ).fetchone()
    named = dict(zip(("rows", *METRICS, "opens", "typed_count", "typed_value"), (*row, *types), strict=True))
    return {name: float(value) for name, value in named.items() if value is not None}


@pytest.mark.skipif(not DATA.exists(), reason=f"the recorded payloads are not here ({DATA})")
@pytest.mark.parametrize("told", FILES, ids=lambda told: told["path"])
def test_payload(told: dict) -> None:
    source = told["path"].split("/")[0]
    if told["role"] == "no rows":
        with pytest.raises(EmptyPayloadError):
            staged(DATA / "payloads" / told["path"], source)
        return
    con, report = staged(DATA / "payloads" / told["path"], source, date_range=told.get("date_range"))
    assert report.received == report.staged + report.quarantined + report.duplicates + report.named
    found = {name for (name,) in con.execute("SELECT DISTINCT report FROM staged").fetchall()}
    assert found == set(told.get("reports", {}))
    for name, expected in told.get("reports", {}).items():
        # Only a long table of action types is compared by type: elsewhere the types are a richer view of one row.
        actual = {
            metric: value for metric, value in sums(con, name).items() if metric in expected or "typed" not in metric
        }
        assert actual == pytest.approx(expected, abs=1e-6)
    if told["role"] == "entity names":
        assert report.named == report.received > 0
    if told["role"] == "not ours":
        assert {code for (code,) in con.execute("SELECT code FROM quarantined").fetchall()} == {"not_a_report"}


@pytest.mark.skipif(not DATA.exists(), reason=f"the recorded payloads are not here ({DATA})")
def test_every_file_is_named() -> None:
    payloads = DATA / "payloads"
    there = {str(p.relative_to(payloads)) for s in MAPPINGS for p in (payloads / s).glob("*/**/*") if p.is_file()}
    assert there == {told["path"] for told in FILES}


@pytest.mark.skipif(not DATA.exists(), reason=f"the marketing-mix data sets are not here ({DATA})")
@pytest.mark.parametrize(
    "name", ["meridian_geo_media", "meridian_national_all_channels", "pymc_mmm_example", "robyn_dt_simulated_weekly"]
)
def test_mmm_sums(name: str) -> None:
    path = DATA / "mmm" / f"{name}.csv"
    con, report = staged(path, "file")
    expected: dict[str, float] = {}
    with path.open(newline="") as lines:
        for row in csv.DictReader(lines):
            for column, cell in row.items():
                try:
                    expected[column] = expected.get(column, 0.0) + float(cell)
                except ValueError:
                    continue
    actual = dict(con.execute("SELECT name, sum(value) FROM series_staged GROUP BY name").fetchall())
    assert actual == pytest.approx(expected, rel=1e-12)
    assert report.quarantined == 0


def test_search_stream_twin(tmp_path: Path) -> None:
    rows = [
        {"customer": {"id": "4651612872"}, "campaign": {"id": "9007199254740993"},
         "metrics": {"costMicros": str(250_000 * day), "clicks": "3", "impressions": "40", "conversions": 0.25},
         "segments": {"date": f"2024-01-0{day}", "device": "MOBILE"}}
        for day in range(1, 4)
    ]  # fmt: skip
    path = tmp_path / "answer.json"
    path.write_text(json.dumps([{"results": rows[:2], "fieldMask": "x"}, {"results": rows[2:], "fieldMask": "x"}]))
    con, report = staged(path, "google_ads")
    assert report.summed("campaign/device") == {"spend": 1.5, "impressions": 120, "clicks": 9, "conversions": 0.75}
    assert con.execute("SELECT DISTINCT campaign_id FROM staged").fetchall() == [("9007199254740993",)]


def test_airbyte_streams_twin(tmp_path: Path) -> None:
    base = {
        "account_id": "1",
        "ad_id": "23846765228310398",
        "date_start": "2021-09-03",
        "date_stop": "2021-09-03",
        "spend": 0.72,
    }
    lines = [
        {"stream": "ads_insights", "data": base, "emitted_at": 1},
        {"stream": "ads_insights_action_reaction", "data": base, "emitted_at": 1},
        {"stream": "images", "data": {"id": "9", "account_id": "1", "url": "x"}, "emitted_at": 1},
    ]
    path = tmp_path / "records.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    con, report = staged(path, "facebook_ads")
    assert {total.report: total.rows for total in report.totals} == {"ad": 1, "ad/stream": 1}
    assert con.execute("SELECT source_row, code FROM quarantined").fetchall() == [(3, "not_a_report")]


def test_klaviyo_series_twin(tmp_path: Path) -> None:
    results = [
        {
            "groupings": {"flow_id": "F", "send_channel": "email", "flow_message_id": "M"},
            "statistics": {"opens": [1, 2]},
        }
    ]
    attributes = {"results": results, "date_times": ["2024-01-01T00:00:00+00:00", "2024-01-08T00:00:00+00:00"]}
    path = tmp_path / "series.json"
    path.write_text(json.dumps({"data": {"type": "flow-series-report", "attributes": attributes}}))
    con, _ = staged(path, "klaviyo")
    assert con.execute(
        "SELECT CAST(date_from AS VARCHAR), CAST(date_to AS VARCHAR), opens FROM staged ORDER BY 1"
    ).fetchall() == [
        ("2024-01-01", "2024-01-07", 1),
        ("2024-01-08", "2024-01-14", 2),
    ]


def test_wide_twin(tmp_path: Path) -> None:
    path = tmp_path / "mix.csv"
    path.write_text(
        "DATE,revenue,tv_S,search_clicks_P,competitor_sales_B,newsletter\n2024-01-01,10.5,1,2,3,4\n2024-01-08,1,1,1,1,\n"
    )
    con, report = staged(path, "file")
    rows = con.execute(
        "SELECT name, role, metric, channel, sum(value), max(date_to) FROM series_staged GROUP BY ALL ORDER BY 1"
    ).fetchall()
    last = date(2024, 1, 14)
    assert rows == [
        ("competitor_sales_B", "control", None, None, 4.0, last),
        ("newsletter", "organic", None, None, 4.0, date(2024, 1, 7)),
        ("revenue", "kpi", None, None, 11.5, last),
        ("search_clicks_P", "treatment", "clicks", "search_clicks", 3.0, last),
        ("tv_S", "treatment", "spend", "tv", 2.0, last),
    ]
    assert report.guessed["tv_S"] == "series:treatment"


def test_request_shape() -> None:
    entry = {"id": "meta_campaign_001", "account_id": "act_123456789", "campaign_id": "camp_001", "spend": 1250.50,
             "impressions": 45000, "clicks": 890, "actions": [{"action_type": "purchase", "value": "23"}]}  # fmt: skip
    body = json.dumps({"data_source": "meta_business", "data_entries": [entry]}).encode()
    con = connect()
    from io import BytesIO

    days = (date(2024, 1, 1), date(2024, 1, 7))
    stage(con, lambda: BytesIO(body), data_source="meta_business", now=NOW, date_range=days)
    row = con.execute(
        "SELECT data_source, report, account_id, campaign_id, date_from, date_to, CAST(spend AS DOUBLE), conversions FROM staged"
    ).fetchall()
    assert row == [("facebook_ads", "campaign", "123456789", "camp_001", *days, 1250.5, 23.0)]
