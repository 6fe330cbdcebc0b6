"""Reports of Microsoft Advertising and Amazon Ads as those platforms deliver them, on rows made here."""

import csv
import gzip
import io
import json
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest
from duckdb_in_memory import connect

from kalends.marketing.mapping import MAPPINGS
from kalends.marketing.mapping.microsoft_ads import unwrap as unwrap_microsoft
from kalends.marketing.staging import StageReport, stage

NOW = datetime(2026, 11, 21, tzinfo=UTC)
BIG = 9007199254740993  # 2^53 + 1, which no double holds


def staged(path: Path, source: str) -> tuple[duckdb.DuckDBPyConnection, StageReport]:
    con = connect()
    return con, stage(con, path, data_source=source, file_name=path.name, now=NOW)


def column(con: duckdb.DuckDBPyConnection, name: str) -> list:
    return [value for (value,) in con.execute(f"SELECT {name} FROM staged ORDER BY source_row").fetchall()]


BING = {
    "TimePeriod": "2023-11-11|01", "AccountId": "180519267", "CampaignId": str(BIG), "CampaignName": "Autumn",
    "DeviceType": "Computer", "Network": "Bing and Yahoo! search", "DeviceOS": "Windows", "CurrencyCode": "USD",
    "Impressions": "1,234", "Clicks": "12", "Ctr": "0.97%", "Spend": "1,020.50", "ConversionsQualified": "2.50",
    "Conversions": "2", "Revenue": "75.25", "AllConversionsQualified": "4.00", "AllRevenue": "80.00",
    "ImpressionSharePercent": "12.50%", "TopVsOther": "Bing - Top", "AccountStatus": "Active",
}  # fmt: skip


def bing_csv(rows: list[dict[str, str]]) -> str:
    text = io.StringIO()
    table = csv.DictWriter(text, list(rows[0]), quoting=csv.QUOTE_ALL)
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()


def test_a_microsoft_hourly_report_twin(tmp_path):
    path = tmp_path / "report.csv"
    rows = [BING, BING | {"TimePeriod": "2023-11-11|02", "Spend": "", "ImpressionSharePercent": ""}]
    path.write_text("\ufeff" + bing_csv(rows), encoding="utf-8")
    con, report = staged(path, "microsoft_ads")
    assert (report.received, report.staged, report.quarantined) == (2, 2, 0)
    [name] = set(column(con, "report"))
    assert name == "campaign/device+device_os+hour+network+top_vs_other"
    expected = {"spend": 1020.5, "impressions": 2468, "clicks": 24, "conversions": 5, "revenue": 150.5}
    assert report.summed(name) == expected
    assert column(con, "spend")[1] is None  # a blank is not zero
    assert [json.loads(text)["hour"] for text in column(con, "breakdowns")] == ["1", "2"]
    assert set(column(con, "date_from")) == set(column(con, "date_to")) == {date(2023, 11, 11)}
    assert set(column(con, "campaign_id")) == {str(BIG)}
    assert column(con, "impression_share") == [0.125, None]
    types = {"all_conversions": [4, 80], "conversions": [2, None], "conversions_qualified": [2.5, 75.25]}
    assert json.loads(column(con, "conversion_types")[0]) == types
    assert json.loads(column(con, "extra")[0]) == {"AccountStatus": "Active"}


def test_a_microsoft_daily_report_has_no_hour_twin(tmp_path):
    title = '"Report Name: daily"\n"Report Aggregation: Daily"\n"Rows: 1"\n\n'
    path = tmp_path / "report.csv"
    path.write_text(title + bing_csv([BING | {"TimePeriod": "2023-11-11"}]), encoding="utf-8")
    con, report = staged(path, "microsoft_ads")
    assert (report.staged, report.quarantined) == (1, 0)
    assert column(con, "report") == ["campaign/device+device_os+network+top_vs_other"]


@pytest.mark.parametrize(
    ("stream", "start", "last"),
    [
        ("campaign_performance_report_daily", "2024-02-05", date(2024, 2, 5)),
        ("campaign_performance_report_weekly", "2024-02-05", date(2024, 2, 11)),
        ("campaign_performance_report_monthly", "2024-02-01", date(2024, 2, 29)),
    ],
)
def test_microsoft_periods_of_a_connector_twin(tmp_path, stream, start, last):
    # Percentages come as plain numbers here.
    row = {"TimePeriod": start, "AccountId": 180519267, "CampaignId": BIG, "Spend": 1.5, "Clicks": 2, "Impressions": 9,
           "ImpressionSharePercent": 12.5}  # fmt: skip
    path = tmp_path / "rows.jsonl"
    rows = [row, row | {"CampaignId": 1}]
    path.write_text("".join(json.dumps({"stream": stream, "data": row, "emitted_at": 1}) + "\n" for row in rows))
    con, report = staged(path, "microsoft_ads")
    assert (report.staged, report.summed("campaign")) == (2, {"spend": 3, "impressions": 18, "clicks": 4})
    assert (column(con, "date_from"), column(con, "date_to")) == ([date.fromisoformat(start)] * 2, [last] * 2)
    assert (column(con, "campaign_id"), column(con, "impression_share")) == ([str(BIG), "1"], [0.125, 0.125])


def test_a_blank_attribute_does_not_make_another_report_twin(tmp_path):
    row = {"TimePeriod": "2024-02-05", "AccountId": 1, "CampaignId": 2, "Country": "France", "Spend": 1.5}
    lines = [
        {"stream": "geographic_performance_report_daily", "data": row | {"City": city}} for city in ("Lyon", None, "")
    ]
    lines[2]["data"] |= {"CampaignId": 3, "Country": None}
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    con, report = staged(path, "microsoft_ads")
    assert report.summed("campaign/city+country") == {"spend": 4.5}
    assert [json.loads(text)["city"] for text in column(con, "breakdowns")] == ["Lyon", "", ""]


@pytest.mark.parametrize(
    "document",
    [
        {"stream": "x_report_weekly"},
        {"stream": "x_report_weekly", "data": {"date": "2024-02-05"}},
        {"stream": "campaigns", "data": {"TimePeriod": "2024-02-05"}},
        [],
        None,
    ],
)
def test_what_is_no_microsoft_report_is_left_alone(document):
    assert unwrap_microsoft(document) is None


def test_a_period_that_cannot_be_read_is_told(tmp_path):
    line = {"stream": "campaign_performance_report_weekly", "data": {"TimePeriod": "soon", "CampaignId": 2, "Spend": 1}}
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(line) + "\n")
    con, report = staged(path, "microsoft_ads")
    assert (report.staged, report.quarantined) == (0, 1)
    assert ("unreadable_date",) in con.execute("SELECT code FROM quarantined").fetchall()


AMAZON = {
    "date": "2024-03-09", "campaignId": BIG, "campaignName": "Lamps", "adGroupId": 388000000000001,
    "keywordId": 61000000000001, "keyword": "close-match", "targeting": "close-match", "matchType": "EXACT",
    "campaignBudgetCurrencyCode": "INR", "impressions": 14109, "clicks": 176, "cost": 1534.58,
    "clickThroughRate": 1.2474307179814303, "acosClicks14d": None, "costPerClick": 8.72, "purchases1d": 5,
    "purchases7d": 6, "purchases14d": 7, "purchases30d": 8, "sales1d": 10.5, "sales7d": 20.5, "sales14d": 30.5,
    "sales30d": 40.5, "keywordBid": 4,
}  # fmt: skip


def test_an_amazon_targeting_report_twin(tmp_path):
    path = tmp_path / "report.json.gz"
    second = AMAZON | {"matchType": "PHRASE", "cost": 0, "purchases14d": None, "purchases30d": None}
    path.write_bytes(gzip.compress(json.dumps([AMAZON, second]).encode()))
    con, report = staged(path, "amazon_ads")
    assert (report.received, report.staged) == (2, 2)
    # One sale comes under every window: 14 days count where they are told.
    expected = {"spend": 1534.58, "impressions": 28218, "clicks": 352, "conversions": 13, "revenue": 61}
    assert report.summed("keyword/keyword+keyword_text+match_type+targeting") == pytest.approx(expected)
    cut = {"keyword": "61000000000001", "keyword_text": "close-match", "match_type": "EXACT",
           "targeting": "close-match"}  # fmt: skip
    assert json.loads(column(con, "breakdowns")[0]) == cut
    assert set(column(con, "campaign_id")) == {str(BIG)}
    types = json.loads(column(con, "conversion_types")[0])
    assert types == {f"purchases_{n}d": pair for n, pair in
                     {1: [5, 10.5], 7: [6, 20.5], 14: [7, 30.5], 30: [8, 40.5]}.items()}  # fmt: skip
    assert json.loads(column(con, "extra")[0]) == {"keyword_bid": "4"}


def test_an_amazon_summary_of_brands_twin(tmp_path):
    # Brands and display have one window and no number in its name.
    row = {"startDate": "2024-03-01", "endDate": "2024-03-07", "campaignId": BIG, "cost": 2.5, "impressions": 10,
           "clicks": 1, "purchases": 3, "sales": 9.75, "purchasesClicks": 2, "salesClicks": 8}  # fmt: skip
    path = tmp_path / "report.json"
    path.write_text(json.dumps([row]))
    con, report = staged(path, "amazon_ads")
    expected = {"spend": 2.5, "impressions": 10, "clicks": 1, "conversions": 3, "revenue": 9.75}
    assert report.summed("campaign") == expected
    assert (column(con, "date_from"), column(con, "date_to")) == ([date(2024, 3, 1)], [date(2024, 3, 7)])


def test_an_amazon_list_of_campaigns_twin(tmp_path):
    campaign = {"campaignId": str(BIG), "name": "Lamps", "startDate": "2024-03-01", "state": "ENABLED",
                "budget": {"budget": 15, "budgetType": "DAILY"}}  # fmt: skip
    path = tmp_path / "list.json"
    path.write_text(json.dumps({"campaigns": [campaign], "totalResults": 1}))
    con, report = staged(path, "amazon_ads")
    assert (report.received, report.named) == (1, 1)
    assert con.execute("SELECT level, entity_id, name FROM named").fetchall() == [("campaign", str(BIG), "Lamps")]


@pytest.mark.parametrize(
    "document",
    [
        {"campaigns": [{"campaign": {"id": "1"}}], "totalResults": 1},
        {"campaigns": [{"campaignId": "1"}], "request_status": "SUCCESS"},
        {"campaigns": [{"campaignId": "1"}]},
    ],
)
def test_other_lists_of_campaigns_are_not_amazons_twin(document):
    assert MAPPINGS["amazon_ads"].unwrap(document) is None
