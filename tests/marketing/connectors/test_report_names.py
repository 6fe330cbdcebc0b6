"""What a connector asks for lands under the report's own name: otherwise it would declare another's days complete."""

import json
from datetime import UTC, datetime

import pytest
from duckdb_in_memory import connect

from kalends.marketing.connectors import amazon_ads, google_ads, microsoft_ads, pinterest_ads
from kalends.marketing.connectors.registry import CONNECTORS
from kalends.marketing.staging import StageOptions, stage

NOW = datetime(2026, 11, 21, tzinfo=UTC)
DAY = "2026-11-01"


def value(column):
    """A cell for a column of any platform."""
    name = column.lower()
    if name in {"date", "timeperiod"}:
        return DAY
    if name == "currencycode":
        return "EUR"
    return 7 if not name.endswith(("name", "type", "title")) else f"a {name}"


def row(columns):
    return {column: value(column) for column in columns}


def nested(columns):
    """A row of Google's: objects in objects, with the view's own name beside what was asked for."""
    found = {}
    for column in columns:
        *path, name = column.split(".")
        inner = found
        for step in path:
            inner = inner.setdefault(
                step, {"resourceName": "customers/7/views/7~true"} if step.endswith("view") else {}
            )
        inner[name] = DAY if name == "date" else value(name)
    return found


def apple_row(**more):
    metadata = {"orgId": 1, "campaignId": 2, "adChannelType": "SEARCH"} | more
    money = {"amount": "1.5", "currency": "EUR"}
    return {"other": False, "metadata": metadata, "granularity": [{"date": DAY, "impressions": 9, "localSpend": money}]}


def answers():
    """(platform, report) -> a document as the connector lands it."""
    for name, products in amazon_ads.ASKED.items():
        for product in products:
            yield "amazon_ads", name, [row(product.columns)]
    for name, (_, columns) in microsoft_ads.ASKED.items():
        yield "microsoft_ads", name, [row(columns)]
    for one in CONNECTORS["pinterest_ads"].reports:
        asked = one.pull.keywords
        cut = {"TARGETING_TYPE": asked["cut"], "TARGETING_VALUE": "DE"} if "cut" in asked else {}
        days = [{"DATE": DAY} | row((*pinterest_ads.LEVELS[asked["level"]], *pinterest_ads.METRICS)) | cut]
        yield "pinterest_ads", one.name, {"7": days}
    for name, (_, columns) in google_ads.ASKED.items():
        yield "google_ads", name, {"results": [nested((*columns, "segments.date", *google_ads.METRICS))]}
    for name, more in (("campaign", {}), ("ad_group", {"adGroupId": 3, "adGroupName": "Words"})):
        yield "apple_search_ads", name, {"data": {"reportingDataResponse": {"row": [apple_row(**more)]}}, "error": None}


@pytest.mark.parametrize(("platform", "report", "answer"), answers())
def test_a_report_lands_under_its_own_name(tmp_path, platform, report, answer):
    path = tmp_path / "answer.jsonl"
    path.write_text(json.dumps({"request": {"asked": "GET x"}, "response": answer}) + "\n")
    con = connect()
    told = stage(con, path, data_source=platform, now=NOW, options=StageOptions(defaults={"account_id": "1"}))
    assert (told.received, told.staged, told.quarantined) == (1, 1, 0)
    assert con.execute("SELECT report FROM staged").fetchall() == [(report,)]
    for cut in {"country", "device"} & set(report.partition("/")[2].split("+")):  # the record has a column for it
        column = con.execute(f"SELECT {cut}, breakdowns FROM staged")
        [(told, breakdowns)] = column.fetchall()
        assert told == json.loads(breakdowns)[cut] != ""
    assert CONNECTORS[platform].report(report).name == report
