"""What is loaded through the doors comes out again, to 1e-6: the recorded payloads, and twins of them made here.

Every fact report of tests/payloads.toml goes into a fresh company through the HTTP API and is asked for through the
insights and the causal export. The recorded files are not part of this repository; where they are absent their tests
skip, and the twins remain.
"""

import csv
import io
import json
import os
import tomllib
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pytest
from serving import data_folder, run, served, set_up
from sqlalchemy import text

from kalends.base.scope import Scope
from kalends.base.worker import run_task

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data"
FILES = tomllib.loads((ROOT / "tests" / "payloads.toml").read_text())["file"]
FACTS = [told for told in FILES if told["role"] == "fact report"]
ALL = float(os.environ.get("KALENDS_PROVE", "0")) >= 1
BY_KIND = {str(Path(told["path"]).parent): told for told in reversed(FACTS)}
LOADED = FACTS if ALL else list(BY_KIND.values())
"""Each platform's first file of each kind; `make prove` loads all. That each is mapped rightly, tests/marketing says."""
MMM = ("meridian_geo_media", "meridian_national_all_channels", "pymc_mmm_example", "robyn_dt_simulated_weekly")
PERIOD = {"date_range_start": "2016-01-01", "date_range_end": "2026-03-31"}
TOLD = ("spend", "impressions", "clicks", "conversions", "revenue")
METRICS = (*TOLD, "opens")
RECORDED = pytest.mark.skipif(not DATA.exists(), reason=f"the recorded payloads are not here ({DATA})")
ACCOUNT_TOGETHER = [
    "google_ads/warehouse_seed/google_ads_account_stats_data.csv",
    "google_ads/warehouse_seed/google_ads_campaign_stats_data.csv",
    "google_ads/warehouse_seed/google_ads_ad_group_stats_data.csv",
    "google_ads/warehouse_seed/google_ads_ad_stats_data.csv",
]


@dataclass
class Company:
    """A workspace seen through its HTTP API, with the worker at hand."""

    client: object
    house: object
    scope: Scope
    until: str = PERIOD["date_range_end"]

    def load(self, content: bytes, *, source: str, name: str, days: list[str] | None = None) -> dict:
        """Ingest a file, let the worker work, and give the batch."""
        asked = {"data_source": source, "file_name": name}
        if days:
            asked |= dict(zip(("date_range_start", "date_range_end"), days, strict=True))
        answer = self.client.post(
            "/api/v1/marketing/ingest", params=asked, content=content,
            headers={"content-type": "application/octet-stream"},
        )  # fmt: skip
        assert answer.status_code == 202, answer.text
        with self.house.work(self.scope) as work:
            waiting = work.session.execute(text("SELECT id FROM tasks WHERE state = 'queued' ORDER BY id"))
            waiting = waiting.scalars().all()
        for task_id in waiting:
            run_task(self.house, self.scope.tenant_id, task_id)
        batch = self.client.get(f"/api/v1/marketing/batches/{answer.json()['id']}").json()
        assert batch["state"] == "published", batch["error"]
        assert batch["received"] == batch["loaded"] + batch["unchanged"] + batch["quarantined"]
        return batch

    def load_recorded(self, told: dict) -> dict:
        path = DATA / "payloads" / told["path"]
        source = told["path"].partition("/")[0]
        return self.load(path.read_bytes(), source=source, name=path.name, days=told.get("date_range"))

    def ask(self, path: str, **asked) -> object:
        answer = self.client.post(f"/api/v1/marketing/{path}", json=PERIOD | {"date_range_end": self.until} | asked)
        assert answer.status_code == 200, answer.text
        return answer

    def totals(self) -> dict[str, float]:
        """What the insights give in all, without what is not known."""
        found = self.ask("insights", metrics=METRICS, compare_to="none").json()["totals"]
        return {name: found[name] for name in METRICS if found[name] is not None}

    def totals_of_currencies(self) -> dict[str, float]:
        """The same where some reports name their currency and others do not, whose money is never added up."""
        rows = self.ask("insights", metrics=METRICS, group_by=["currency"], compare_to="none").json()["rows"]
        told = {name: [row[name] for row in rows if row[name] is not None] for name in METRICS}
        return {name: sum(values) for name, values in told.items() if values}

    def exported(self) -> dict[str, float]:
        """The sums of the causal panel's columns: the KPI and each treatment over the channels."""
        treatments = [name for name in METRICS if name != "revenue"]
        panel = self.ask("export/causal", treatments=treatments, kpi="revenue", format="csv").text
        sums: dict[str, float] = {}
        for row in csv.DictReader(io.StringIO(panel)):
            for column, cell in row.items():
                name = column.removeprefix("kpi_").partition("__")[0]
                if name in METRICS and cell:
                    sums[name] = sums.get(name, 0.0) + float(cell)
        return sums

    def told_by_reports(self) -> dict[tuple, list[dict[str, float]]]:
        """By account and day, what each report says of it: straight from the stored facts. Period rows say no day."""
        with self.house.warehouse.tenant(self.scope.tenant_id) as warehouse:
            facts = warehouse.to_arrow(warehouse.table("facts")).to_pylist()
        sums: dict[tuple, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        for fact in facts:
            if fact["date_from"] != fact["date_to"]:
                continue  # a period row is no day's
            cell = sums[fact["data_source"], fact["account_id"], fact["date_from"].isoformat(), fact["report"]]
            for name in TOLD:
                cell[name] += float(fact[name] or 0)
        reports = defaultdict(list)
        for (*place, _), cell in sums.items():
            reports[tuple(place)].append(dict(cell))
        return reports

    def assert_nothing_twice(self) -> int:
        """Every account and day answers with one report's numbers; gives how many days had several to choose from."""
        by_report = self.told_by_reports()
        answer = self.ask(
            "insights", metrics=TOLD, compare_to="none",
            group_by=["data_source", "account_id", "date"],
        ).json()  # fmt: skip
        for row in answer["rows"]:
            said = pytest.approx({name: row[name] or 0 for name in TOLD}, abs=1e-6)
            assert said in by_report[row["data_source"], row["account_id"], row["date"]]
        return sum(len(reports) > 1 for reports in by_report.values())


@pytest.fixture
def fresh(house, signed_in):
    """`fresh()` makes an empty company and gives its doors."""
    from kalends.identity.service import create_tenant

    def make() -> Company:
        made: UUID = create_tenant(house, name="Aurora Trading")
        return Company(
            client=signed_in("owner", tenant_id=made), house=house,
            scope=Scope(tenant_id=made, role="owner", label="test"),
        )  # fmt: skip

    return make


def expected_of(told: dict) -> dict[str, float]:
    """The hand-computed sums of a file with one report."""
    [report] = told["reports"].values()
    return {name: value for name, value in report.items() if name in METRICS}


@RECORDED
@pytest.mark.parametrize("told", LOADED, ids=lambda told: told["path"])
def test_a_recorded_report_comes_out_as_it_went_in(fresh, clock, told):
    if "today" in told:
        clock.now = datetime.combine(told["today"], clock.now.timetz())
    company = fresh()
    company.until = str(told.get("today", company.until))
    batch = company.load_recorded(told)
    for name, wanted in told["reports"].items():
        parts = [part for part in batch["report"]["reports"] if part["report"] == name]
        assert sum(part["rows"] for part in parts) == wanted["rows"]
        for metric in wanted.keys() & TOLD:
            assert sum(float(part[metric]) for part in parts) == pytest.approx(wanted[metric], abs=1e-6)
    if len(told["reports"]) == 1 and "date_range" not in told:
        totals = company.totals_of_currencies() if told.get("several_currencies") else company.totals()
        assert totals == pytest.approx(expected_of(told), abs=1e-6)
        assert company.exported() == pytest.approx(told.get("daily", expected_of(told)), abs=1e-6)
    if len(told["reports"]) > 1:
        assert company.totals_of_currencies() == pytest.approx(told["once"], abs=1e-6)
        assert company.exported() == pytest.approx(told["once"], abs=1e-6)
        assert company.assert_nothing_twice() > 0 or not told["once"]


@RECORDED
def test_reports_of_one_account_are_not_added_up(fresh):
    company = fresh()
    for told in FACTS:
        if told["path"] in ACCOUNT_TOGETHER:
            company.load_recorded(told)
    company.assert_nothing_twice()


def meta_rows(levels: dict[str, dict]) -> bytes:
    """The same 60.00 of one day, told by several reports: per level, what its rows carry besides."""
    lines = []
    for extra in levels.values():
        for place in range(3):
            row = {
                "account_id": "act_1", "account_currency": "EUR", "campaign_id": f"c{place}", "spend": f"{10 * (place + 1)}.00",
                "impressions": "100", "clicks": str(place + 1), "date_start": "2024-02-10", "date_stop": "2024-02-10",
            }  # fmt: skip
            lines.append(json.dumps(row | {key: value.format(place) for key, value in extra.items()}))
    return "\n".join(lines).encode()


def test_several_reports_of_one_account_twin(fresh):
    company = fresh()
    ad = {"adset_id": "s{}", "ad_id": "a{}"}
    levels = {"campaign": {}, "ad": ad, "ad/age": ad | {"age": "18-24"}, "ad/country": ad | {"country": "DE"}}
    batch = company.load(meta_rows(levels), source="facebook_ads", name="ads.ndjson")
    assert {part["report"]: float(part["spend"]) for part in batch["report"]["reports"]} == dict.fromkeys(levels, 60.0)
    once = {"spend": 60.0, "impressions": 300, "clicks": 6}
    assert company.totals() == once
    assert company.exported() == once
    assert company.assert_nothing_twice() == 1


def test_a_google_report_twin(fresh):
    company = fresh()
    rows = [
        {"customer": {"id": "1"}, "campaign": {"id": "9007199254740993"},
         "metrics": {"costMicros": str(250_000 * day), "clicks": "3", "impressions": "40", "conversions": 0.25},
         "segments": {"date": f"2024-01-0{day}"}}
        for day in (1, 2, 3)
    ]  # fmt: skip
    company.load(json.dumps([{"results": rows}]).encode(), source="google_ads", name="stream.json")
    assert company.totals() == {"spend": 1.5, "impressions": 120, "clicks": 9, "conversions": 0.75}
    assert company.exported() == company.totals()


def test_a_klaviyo_report_twin(fresh):
    company = fresh()
    grouped = {"flow_id": "F", "send_channel": "email", "flow_message_id": "M"}
    attributes = {
        "results": [{"groupings": grouped, "statistics": {"opens": [1, 2]}}],
        "date_times": ["2024-01-01T00:00:00+00:00", "2024-01-02T00:00:00+00:00"],
    }
    body = {"data": {"type": "flow-series-report", "attributes": attributes}}
    company.load(json.dumps(body).encode(), source="klaviyo", name="series.json")
    assert company.totals() == {"opens": 3}
    assert company.exported() == {"opens": 3}


def test_an_apple_report_twin(fresh):
    """A day without metrics is there, is not zero, and does not part the money of the others."""
    company = fresh()
    spent = {"amount": "0.95", "currency": "MXN"}
    days = [
        {"date": "2024-04-08", "impressions": 17, "taps": 6, "localSpend": spent, "tapInstalls": 5},
        {"date": "2024-04-09"},
    ]
    rows = [{"other": False, "metadata": {"orgId": 1, "campaignId": place}, "granularity": days} for place in (1, 2)]
    body = {"data": {"reportingDataResponse": {"row": rows}}, "pagination": {}}
    batch = company.load(json.dumps(body).encode(), source="apple_search_ads", name="report.json")
    assert (batch["loaded"], batch["quarantined"]) == (4, 0)
    assert company.totals() == {"spend": 1.9, "impressions": 34, "clicks": 12, "conversions": 10}
    assert company.exported() == company.totals()


def column_sums(content: str) -> dict[str, float]:
    """The sums of a CSV's numeric columns."""
    sums: dict[str, float] = {}
    for row in csv.DictReader(io.StringIO(content)):
        for column, cell in row.items():
            try:
                sums[column] = sums.get(column, 0.0) + float(cell)
            except ValueError:
                continue
    return sums


def series_sums(company: Company) -> dict[str, float]:
    with company.house.warehouse.tenant(company.scope.tenant_id) as warehouse:
        rows = warehouse.to_arrow(warehouse.table("series")).to_pylist()
    sums: dict[str, float] = defaultdict(float)
    for row in rows:
        sums[row["name"]] += row["value"]
    return dict(sums)


@RECORDED
@pytest.mark.parametrize("name", MMM)
def test_a_wide_file_keeps_every_columns_sum(fresh, name):
    company = fresh()
    content = (DATA / "mmm" / f"{name}.csv").read_bytes()
    assert company.load(content, source="file", name=f"{name}.csv")["quarantined"] == 0
    assert series_sums(company) == pytest.approx(column_sums(content.decode()), rel=1e-9, abs=1e-6)


def test_a_wide_file_twin(fresh):
    company = fresh()
    content = "DATE,revenue,tv_S,search_clicks_P,competitor_sales_B\n2024-01-01,10.5,1,2,3\n2024-01-08,1,0.25,1,7\n"
    company.load(content.encode(), source="file", name="mix.csv")
    assert series_sums(company) == column_sums(content)


ENTRY = {
    "id": "meta_campaign_001", "account_id": "act_123456789", "campaign_id": "camp_001", "spend": 1250.50,
    "impressions": 45000, "clicks": 890, "actions": [{"action_type": "purchase", "value": "23"}],
}  # fmt: skip
ENTRIES = {
    "data_source": "meta_business", "data_entries": [ENTRY], "date_range_start": "2024-01-01",
    "date_range_end": "2024-01-07",
}  # fmt: skip
JANUARY = {"date_range_start": "2024-01-01", "date_range_end": "2024-01-31"}
SHAPES = {
    "ingest": ("POST", "/marketing/ingest?wait=0", ENTRIES, 202),
    "transform": ("POST", "/marketing/transform", ENTRIES, 200),
    "insights": ("POST", "/marketing/insights", {
        "data_sources": ["meta_business", "google_ads", "klaviyo"], **JANUARY,
        "group_by": ["data_source", "campaign_id"],
        "metrics": ["spend", "impressions", "clicks", "conversions", "revenue"],
    }, 200),
    "search": ("POST", "/marketing/search", {
        "query": "high performing campaigns with conversions", "data_sources": ["meta_business", "google_ads"],
        **JANUARY, "limit": 20,
    }, 200),
    "causal": ("POST", "/marketing/export/causal", JANUARY, 200),
    "calendar": ("GET", "/marketing/calendar/2024", None, 200),
}  # fmt: skip


@pytest.mark.parametrize("prefix", ["", "/api/v1"])
@pytest.mark.parametrize("shape", SHAPES)
def test_request_shapes_in_use_are_answered(fresh, prefix, shape):
    method, path, body, status = SHAPES[shape]
    answer = fresh().client.request(method, prefix + path, json=body)
    assert answer.status_code == status, answer.text


def test_the_row_in_use_counts_within_its_days(fresh):
    company = fresh()
    company.load(json.dumps(ENTRIES["data_entries"]).encode(), source="meta_business", name="rows.json",
                 days=["2024-01-01", "2024-01-07"])  # fmt: skip
    found = company.ask("insights", **SHAPES["insights"][2]).json()
    assert found["totals"]["spend"] == pytest.approx(1250.5)
    assert found["totals"]["conversions"] == 23
    [hit] = company.ask("search", **SHAPES["search"][2]).json()["hits"]
    assert (hit["id"], hit["metrics"]["conversions"]) == ("camp_001", 23)
    part = company.ask("insights", metrics=["spend"], date_range_start="2024-01-01", date_range_end="2024-01-03").json()
    assert part["totals"]["spend"] is None  # never spread over days


COMMAND_FILES = ["facebook_ads/warehouse_seed/facebook_ads_basic_ad_data.csv", ACCOUNT_TOGETHER[1]]


@pytest.mark.timeout(600)
def test_the_command_loads_what_the_api_loads(tmp_path):
    """Two recorded files where they are, else their twins."""
    files = {}
    for place, path in enumerate(COMMAND_FILES):
        if DATA.exists():
            [told] = [told for told in FACTS if told["path"] == path]
            files[DATA / "payloads" / path] = (path.partition("/")[0], expected_of(told))
        else:
            twin = tmp_path / f"{place}.ndjson"
            twin.write_bytes(meta_rows({"campaign": {"campaign_name": f"{place}"}}))
            files[twin] = ("facebook_ads", {"spend": 60.0, "impressions": 300, "clicks": 6})
    for path, (source, wanted) in files.items():
        with data_folder() as home:
            set_up(home)
            with served(home) as server:
                told = run(home, "ingest", path, "--source", source, "--json")
                assert told.returncode == 0, told.stderr
                asked = PERIOD | {"metrics": list(wanted), "compare_to": "none"}
                with server.owner() as client:
                    answer = client.post("/api/v1/marketing/insights", json=asked).json()
            assert answer["totals"] == pytest.approx(wanted, abs=1e-6)
