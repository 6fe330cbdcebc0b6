"""Web analytics and customer systems: reports in each API's own shape, made here, with what is easily got wrong."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest
from duckdb_in_memory import connect

from kalends.marketing.mapping import MAPPINGS
from kalends.marketing.staging import StageReport, stage

NOW = datetime(2026, 11, 21, tzinfo=UTC)
BIG = "9007199254740993"  # 2^53 + 1: a double would make it ...992


def staged(
    folder: Path, document: object, source: str, *, days: tuple[date, date] | None = None, name: str = "answer.json"
) -> tuple[duckdb.DuckDBPyConnection, StageReport]:
    path, con = folder / name, connect()
    path.write_text(document if isinstance(document, str) else json.dumps(document, indent=1))
    return con, stage(con, path, data_source=source, file_name=path.name, now=NOW, date_range=days)


def rows(con: duckdb.DuckDBPyConnection, columns: str) -> list[tuple]:
    return con.execute(f"SELECT {columns} FROM staged ORDER BY ALL").fetchall()


def run_report(dimensions: dict[str, str], metrics: dict[str, str]) -> dict:
    return {
        "dimensionHeaders": [{"name": name} for name in dimensions],
        "metricHeaders": [{"name": name, "type": "TYPE_INTEGER"} for name in metrics],
        "rows": [{"dimensionValues": [{"value": value} for value in dimensions.values()],
                  "metricValues": [{"value": value} for value in metrics.values()]}],
        "rowCount": 1,
        "metadata": {"currencyCode": "eur", "timeZone": "Europe/Berlin"},
        "kind": "analyticsData#runReport",
    }  # fmt: skip


def test_google_analytics_twin(tmp_path: Path) -> None:
    dimensions = {"date": "20240331", "sessionCampaignId": BIG, "customEvent:plan": "gold"}
    metrics = {"sessions": "420", "totalUsers": "344.634", "keyEvents": "1.5", "totalRevenue": "35.72",
               "advertiserAdCost": "12.5", "bounceRate": "0.4", "screenPageViews": "7"}  # fmt: skip
    document = {"request": {"property": "properties/320370985"}, "response": run_report(dimensions, metrics)}
    con, _ = staged(tmp_path, document, "google_analytics")
    assert rows(con, "report, account_id, campaign_id, breakdowns, CAST(date_from AS VARCHAR), date_zone, currency") == [
        ("campaign/custom_event:plan+session_campaign_id", "320370985", BIG,
         f'{{"custom_event:plan":"gold","session_campaign_id":"{BIG}"}}', "2024-03-31", "Europe/Berlin", "EUR")
    ]  # fmt: skip
    assert rows(con, "sessions, users, conversions, CAST(revenue AS DOUBLE), CAST(spend AS DOUBLE), extra") == [
        (420, 345, 1.5, 35.72, 12.5, '{"screen_page_views":"7"}')
    ]


def test_google_analytics_flat_rows_have_the_same_key_twin(tmp_path: Path) -> None:
    answer = run_report({"date": "20240331", "sessionSource": "a", "sessionMedium": "b"}, {"sessions": "1"})
    one, _ = staged(tmp_path, {"request": {"property": "properties/7"}, "response": answer}, "google_analytics")
    data = {"property_id": "7", "date": "20240331", "sessionSource": "a", "sessionMedium": "b", "sessions": 1}
    line = {"stream": "traffic_acquisition_session_source_medium_report", "data": data, "emitted_at": 1}
    other, _ = staged(tmp_path, json.dumps(line), "google_analytics", name="records.jsonl")
    assert rows(one, "key_hash") == rows(other, "key_hash")


def test_google_analytics_range_twin(tmp_path: Path) -> None:
    answer = run_report({"country": "Ukraine"}, {"sessions": "1", "active7DayUsers": "5"})
    asked = {"property": "properties/7", "dateRanges": [{"startDate": "2024-03-01", "endDate": "2024-03-31"}]}
    con, _ = staged(tmp_path, {"request": asked, "response": answer}, "google_analytics")
    assert rows(con, "date_from, date_to, country, users") == [(date(2024, 3, 1), date(2024, 3, 31), "Ukraine", None)]


def test_universal_analytics_twin(tmp_path: Path) -> None:
    header = {"dimensions": ["ga:date", "ga:source"],
              "metricHeader": {"metricHeaderEntries": [{"name": "ga:sessions"}, {"name": "ga:30dayUsers"}]}}  # fmt: skip
    data = {"rows": [{"dimensions": ["20201027", "x"], "metrics": [{"values": ["3", "158"]}]}], "isDataGolden": False}
    con, _ = staged(tmp_path, {"reports": [{"columnHeader": header, "data": data}]}, "google_analytics")
    assert rows(con, "report, CAST(date_from AS VARCHAR), sessions, users, extra") == [
        ("account/source", "2020-10-27", 3, None, '{"ga_30day_users":"158","is_data_golden":"false"}')
    ]


def adobe(request: dict, dimension: str, items: list[tuple[str, str, list[float]]]) -> dict:
    metrics = request["metricContainer"]["metrics"]
    return {
        "request": {"rsid": "suite", "dimension": dimension} | request,
        "response": {
            "totalPages": 1, "lastPage": False,
            "columns": {"dimension": {"id": dimension}, "columnIds": [metric["columnId"] for metric in metrics]},
            "rows": [{"itemId": item, "value": value, "data": data} for item, value, data in items],
            "summaryData": {"totals": [999.0]},
        },
    }  # fmt: skip


def test_adobe_analytics_twin(tmp_path: Path) -> None:
    metrics = [{"columnId": "0", "id": "metrics/visits"}, {"columnId": "1", "id": "metrics/revenue"},
               {"columnId": "2", "id": "metrics/orders"}]  # fmt: skip
    days = [("1171131", "Dec 31, YYYY", [794.0, 10.25, 2.0]), ("1180001", "Jan 1, YYYY", [16558.0, 0.0, 0.0])]
    document = adobe({"metricContainer": {"metrics": metrics}}, "variables/daterangeday", days)
    con, _ = staged(tmp_path, document, "adobe_analytics")
    assert rows(con, "CAST(date_from AS VARCHAR), date_to = date_from, report, account_id, sessions, conversions") == [
        ("2017-12-31", True, "account", "suite", 794, 2.0),
        ("2018-01-01", True, "account", "suite", 16558, 0.0),
    ]
    assert rows(con, "sum(revenue)")[0] == (pytest.approx(10.25),)


def test_adobe_analytics_filters_are_breakdowns_twin(tmp_path: Path) -> None:
    metrics = [{"columnId": "0", "id": "metrics/visits", "filters": ["a"]},
               {"columnId": "1", "id": "metrics/visits", "filters": ["b"]}]  # fmt: skip
    filters = [{"id": "a", "type": "breakdown", "dimension": "variables/page", "itemId": BIG},
               {"id": "b", "type": "breakdown", "dimension": "variables/daterangeday", "itemId": "1181019"}]  # fmt: skip
    days = [{"type": "dateRange", "dateRange": "2018-11-18T00:00:00.000/2018-11-25T00:00:00.000"}]
    request = {"globalFilters": days, "metricContainer": {"metrics": metrics, "metricFilters": filters}}
    con, _ = staged(tmp_path, adobe(request, "variables/evar1", [("8", "x", [5, 7])]), "adobe_analytics")
    assert rows(con, "sessions, breakdowns, date_from, date_to") == [
        (5, f'{{"evar1":"8","page":"{BIG}"}}', date(2018, 11, 18), date(2018, 11, 24)),
        (7, '{"evar1":"8"}', date(2018, 11, 19), date(2018, 11, 19)),
    ]


def test_adobe_analytics_minutes_twin(tmp_path: Path) -> None:
    metrics = [{"columnId": "c", "id": "metrics/visits"}]
    items = [("11907010000", "00:00", [326]), ("11907010001", "00:01", [258])]
    document = adobe({"metricContainer": {"metrics": metrics}}, "variables/daterangeminute", items)
    con, _ = staged(tmp_path, document, "adobe_analytics")
    assert rows(con, "CAST(date_from AS VARCHAR), breakdowns, sessions") == [
        ("2019-08-01", '{"minute":"00:00"}', 326),
        ("2019-08-01", '{"minute":"00:01"}', 258),
    ]


def test_adobe_analytics_answer_without_its_request_is_no_report_twin(tmp_path: Path) -> None:
    metrics = [{"columnId": "0", "id": "metrics/visits"}]
    document = adobe({"metricContainer": {"metrics": metrics}}, "variables/daterangeday", [("1180001", "x", [1.0])])
    con, report = staged(tmp_path, document["response"], "adobe_analytics")
    assert (report.received, report.quarantined) == (1, 1)
    assert con.execute("SELECT code FROM quarantined").fetchall() == [("not_a_report",)]


@pytest.mark.parametrize("source", ["google_analytics", "adobe_analytics"])
@pytest.mark.parametrize("document", [
    [], {}, 3, None, {"data": [{"campaign_id": "1"}]}, {"reports": [1]}, {"results": [{"metrics": {"clicks": "1"}}]},
    {"request": {}, "response": {"results": []}}, {"columns": ["a"], "rows": [[1]]},
])  # fmt: skip
def test_nobody_elses_document_is_claimed(source: str, document: object) -> None:
    assert MAPPINGS[source].unwrap(document) is None
