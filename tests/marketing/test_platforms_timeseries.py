"""Platforms whose answers hold series or split rows, on payloads made here in the shape of their APIs."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest
from duckdb_in_memory import connect

from kalends.marketing.staging import StageReport, stage

NOW = datetime(2026, 11, 21, tzinfo=UTC)
BIG = "9007199254740993"  # 2^53 + 1: a number would lose its last digit


def staged(path: Path, content: object, *, source: str) -> tuple[duckdb.DuckDBPyConnection, StageReport]:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    con = connect()
    report = stage(con, path, data_source=source, file_name=path.name, now=NOW)
    assert report.received == report.staged + report.quarantined + report.duplicates + report.named
    return con, report


def rows(con: duckdb.DuckDBPyConnection, columns: str) -> list[tuple]:
    return con.execute(f"SELECT {columns} FROM staged ORDER BY ALL").fetchall()


def refused(con: duckdb.DuckDBPyConnection) -> list[str]:
    return [code for (code,) in con.execute("SELECT code FROM quarantined ORDER BY code").fetchall()]


def snap(stat: dict, name: str = "timeseries") -> dict:
    return {"request_status": "SUCCESS", f"{name}_stats": [{"sub_request_status": "SUCCESS", f"{name}_stat": stat}]}


def test_snapchat_days_twin(tmp_path: Path) -> None:
    steps = [
        {"start_time": f"2024-03-{day:02}T00:00:00.000-07:00", "end_time": f"2024-03-{day + 1:02}T00:00:00.000-07:00",
         "stats": {"spend": 1_250_001, "swipes": day, "impressions": 100, "conversion_purchases": 2,
                   "conversion_purchases_value": 30_500_000, "conversion_sign_ups": 1, "swipe_up_percent": 0.1}}
        for day in (1, 2)
    ]  # fmt: skip
    stat = {"id": BIG, "type": "CAMPAIGN", "granularity": "DAY", "timeseries": steps,
            "swipe_up_attribution_window": "28_DAY", "view_attribution_window": "1_DAY",
            "finalized_data_end_time": "2024-03-02T00:00:00.000-07:00"}  # fmt: skip
    con, report = staged(tmp_path / "stats.json", snap(stat), source="snapchat_ads")
    assert rows(con, "report, campaign_id, attribution, date_from, date_to, clicks") == [
        ("campaign", BIG, "28_day_swipe_1_day_view", date(2024, 3, day), date(2024, 3, day), day) for day in (1, 2)
    ]
    assert report.summed("campaign") == {
        "spend": 2.500002, "impressions": 200, "clicks": 3, "conversions": 4, "revenue": 61.0,
    }  # fmt: skip
    [(types,)] = set(rows(con, "conversion_types"))
    assert json.loads(types) == {"purchases": [2, 30.5], "sign_ups": [1, None]}
    assert rows(con, "extra") == [(None,), (None,)]


def test_snapchat_hours_twin(tmp_path: Path) -> None:
    """When clocks go back, one hour comes twice; both count."""
    starts = ["2024-11-03T00:00:00.000-07:00", "2024-11-03T01:00:00.000-07:00", "2024-11-03T01:00:00.000-08:00"]
    lines = [
        {"stream": "ads_stats_hourly",
         "data": {"id": "a", "type": "AD", "granularity": "HOUR", "start_time": start, "end_time": "x", "swipes": 1}}
        for start in starts
    ]  # fmt: skip
    con, _ = staged(tmp_path / "rows.jsonl", "\n".join(map(json.dumps, lines)), source="snapchat_ads")
    assert rows(con, "report, ad_id, breakdowns->>'hour', date_from, spend") == [
        ("ad/hour", "a", hour, date(2024, 11, 3), None) for hour in ("0-07:00", "1-07:00", "1-08:00")
    ]
    plain = "\n".join(json.dumps(line["data"]) for line in lines)
    con, report = staged(tmp_path / "plain.ndjson", plain, source="snapchat_ads")
    assert (report.staged, report.quarantined) == (3, 0)
    table = "ad_id,date,spend,swipes\na,2024-11-03 00:00:00.000,10,1\na,2024-11-03 11:00:00.000,20,1\n"
    con, report = staged(tmp_path / "hourly.csv", table, source="snapchat_ads")
    assert rows(con, "report, breakdowns->>'hour'") == [("ad/hour", "0"), ("ad/hour", "11")]
    assert report.summed("ad/hour") == {"spend": 0.00003, "clicks": 2}


def test_snapchat_breakdowns_twin(tmp_path: Path) -> None:
    day = {"start_time": "2024-03-01T00:00:00.000+01:00", "end_time": "2024-03-02T00:00:00.000+01:00"}
    cuts = [{"country": "us", "swipes": 1}, {"country": "fr", "swipes": 2}]
    things = [{"id": "c", "type": "CAMPAIGN", "granularity": "DAY", "timeseries": [{**day, "dimension_stats": cuts}]}]
    stat = {"id": "A", "type": "AD_ACCOUNT", "granularity": "DAY", "breakdown_stats": {"campaign": things}}
    con, _ = staged(tmp_path / "stats.json", snap(stat), source="snapchat_ads")
    assert rows(con, "report, account_id, campaign_id, country, clicks") == [
        ("campaign/country", "A", "c", "FR", 2), ("campaign/country", "A", "c", "US", 1),
    ]  # fmt: skip
    total = {"id": "c", "type": "CAMPAIGN", "granularity": "TOTAL", "stats": {"swipes": 5},
             "start_time": "2024-03-01T00:00:00.000Z", "end_time": "2024-03-08T00:00:00.000Z"}  # fmt: skip
    con, _ = staged(tmp_path / "total.json", snap(total, "total"), source="snapchat_ads")
    assert rows(con, "date_from, date_to, clicks") == [(date(2024, 3, 1), date(2024, 3, 7), 5)]


def test_snapchat_names_twin(tmp_path: Path) -> None:
    campaign = {"id": "c", "ad_account_id": "A", "name": "Spring", "objective": "WEB_VIEW"}
    answer = {"request_status": "SUCCESS", "campaigns": [{"sub_request_status": "SUCCESS", "campaign": campaign}]}
    con, _ = staged(tmp_path / "campaigns.json", answer, source="snapchat_ads")
    assert con.execute("SELECT level, entity_id, account_id, name FROM named").fetchall() == [
        ("campaign", "c", "A", "Spring")
    ]
    table = "id,ad_account_id,name,_fivetran_synced\nc,A,Spring,2024-01-01\n"
    con, report = staged(tmp_path / "campaign_history.csv", table, source="snapchat_ads")
    assert report.named == 1
    table = "id,ad_account_id,name,web_view_url,_fivetran_synced\nc,A,Film,https://x.example,2024-01-01\n"
    con, _ = staged(tmp_path / "creative_history.csv", table, source="snapchat_ads")
    assert refused(con) == ["not_a_report"]
    failed = {"request_status": "SUCCESS", "timeseries_stats": [{"sub_request_status": "ERROR"}]}
    con, _ = staged(tmp_path / "failed.json", failed, source="snapchat_ads")
    assert refused(con) == ["not_a_report"]


def test_pinterest_rows_twin(tmp_path: Path) -> None:
    base = {"DATE": "2024-04-01", "AD_ACCOUNT_ID": "7", "CAMPAIGN_ID": BIG}
    content = [
        {**base, "SPEND_IN_DOLLAR": 30, "IMPRESSION_1": 5, "IMPRESSION_2": 2.0, "TOTAL_CLICKTHROUGH": 216},
        {**base, "DATE": "2024-04-02", "SPEND_IN_MICRO_DOLLAR": 1_500_000, "IMPRESSION_2": 4, "CLICKTHROUGH_1": 1,
         "CLICKTHROUGH_2": 2, "TOTAL_CONVERSIONS": 3, "TOTAL_CONVERSIONS_VALUE_IN_MICRO_DOLLAR": 45_000_000,
         "TOTAL_CHECKOUT": 2, "TOTAL_CHECKOUT_VALUE_IN_MICRO_DOLLAR": 40_000_000, "ECPC_IN_MICRO_DOLLAR": 9},
        {**base, "DATE": "2024-04-03", "TOTAL_CLICKTHROUGH": 3, "CLICKTHROUGH_1": 1, "CLICKTHROUGH_2": 2},
    ]  # fmt: skip
    con, _ = staged(tmp_path / "analytics.json", content, source="pinterest_ads")
    assert rows(con, "date_from, campaign_id, CAST(spend AS DOUBLE), impressions, clicks, conversions") == [
        (date(2024, 4, 1), BIG, 30.0, 7, 216, None),
        (date(2024, 4, 2), BIG, 1.5, 4, 3, 3.0),
        (date(2024, 4, 3), BIG, None, None, 3, None),  # zero is not told, and the total is not added to its parts
    ]
    assert rows(con, "conversion_types, extra")[0] == ('{"checkout":[2.0,40.0]}', None)


def test_pinterest_targeting_twin(tmp_path: Path) -> None:
    """Every targeting type tells the same money again."""
    base = {"DATE": "2024-04-01", "AD_ACCOUNT_ID": "7", "IMPRESSION_1": 5}
    lines = [
        {"stream": "advertiser_targeting_report", "data": {**base, "TARGETING_TYPE": kind, "TARGETING_VALUE": value}}
        for kind, value in (("GENDER", "female"), ("GENDER", "male"), ("FEED_TYPE", "SEARCH"))
    ]
    con, _ = staged(tmp_path / "rows.jsonl", "\n".join(map(json.dumps, lines)), source="pinterest_ads")
    assert rows(con, "report, breakdowns") == [
        ("account/feed_type", '{"feed_type":"SEARCH"}'),
        ("account/gender", '{"gender":"female"}'),
        ("account/gender", '{"gender":"male"}'),
    ]


def test_pinterests_types_that_the_record_has_a_column_for(tmp_path: Path) -> None:
    base = {"DATE": "2024-04-01", "AD_ACCOUNT_ID": "7", "CAMPAIGN_ID": "8", "IMPRESSION_1": 5}
    cuts = (("APPTYPE", "iphone"), ("COUNTRY", "DE"), ("REGION", "US-CA"), ("GENDER", "male"), ("COUNTRY", ""))
    lines = [{**base, "TARGETING_TYPE": kind, "TARGETING_VALUE": value} for kind, value in cuts]
    con, _ = staged(tmp_path / "rows.jsonl", "\n".join(map(json.dumps, lines)), source="pinterest_ads")
    assert rows(con, "report, breakdowns, device, country, region") == [
        ("campaign/country", '{"country":""}', None, None, None),
        ("campaign/country", '{"country":"DE"}', None, "DE", None),
        ("campaign/device", '{"device":"iphone"}', "iphone", None, None),
        ("campaign/gender", '{"gender":"male"}', None, None, None),
        ("campaign/region", '{"region":"US-CA"}', None, None, "US-CA"),
    ]


def test_pinterest_span_twin(tmp_path: Path) -> None:
    base = {"AD_ACCOUNT_ID": "7", "IMPRESSION_2": 11.0}
    content = [{**base, "DATE_RANGE": "2023-10-01 - 2023-10-31"}, {**base, "DATE_RANGE": "2023-10-01 - lately"}]
    con, _ = staged(tmp_path / "custom.json", content, source="pinterest_ads")
    assert rows(con, "date_from, date_to, impressions") == [(date(2023, 10, 1), date(2023, 10, 31), 11)]
    assert refused(con) == ["missing_date"]
    item = {"id": "1", "ad_account_id": "7", "name": "Spring", "objective_type": "AWARENESS"}
    con, report = staged(tmp_path / "list.json", {"items": [item], "bookmark": None}, source="pinterest_ads")
    assert report.named == 1


@pytest.mark.parametrize("source", ["snapchat_ads", "pinterest_ads", "apple_search_ads"])
def test_a_malformed_answer_breaks_nothing(tmp_path: Path, source: str) -> None:
    """What is of no shape that a platform has stays visible, whoever is asked to read it."""
    total = {"type": "AD", "id": "a", "granularity": "TOTAL", "start_time": "2024-03-01", "end_time": "soon",
             "stats": {"swipes": 1}}  # fmt: skip
    answers: list = [
        snap({"type": "AD", "id": "a", "granularity": "DAY", "timeseries": [None, {"stats": 7}]}),
        snap({"type": "AD", "id": "a", "breakdown_stats": {"ad": None}}),
        snap(total),
        {"items": [None], "bookmark": None},
        {"row": [{"metadata": {"orgId": 1}, "granularity": [None]}]},
        {"row": [None]},
        {"data": {"reportingDataResponse": {"row": [3]}}},
    ]
    for place, answer in enumerate(answers):
        for name, text in ((f"{place}.json", json.dumps(answer, indent=1)), (f"{place}.ndjson", json.dumps(answer))):
            _, report = staged(tmp_path / name, text + "\n", source=source)
            assert (report.staged, report.quarantined > 0) == (0, True), answer


def apple(row: list[dict]) -> dict:
    return {"data": {"reportingDataResponse": {"row": row, "grandTotals": {"other": False}}}, "pagination": {}}


def money(amount: str) -> dict:
    return {"amount": amount, "currency": "MXN"}


def test_apple_days_twin(tmp_path: Path) -> None:
    days = [
        {"date": "2024-04-08", "impressions": 17, "taps": 6, "localSpend": money("0.95"), "tapInstalls": 5,
         "viewInstalls": 18, "totalInstalls": 23, "avgCPT": money("0.1583"), "ttr": 0.27},
        {"date": "2024-04-09"},
    ]  # fmt: skip
    metadata = {"orgId": 40669820, "campaignId": int(BIG), "campaignName": "Trips", "adChannelType": "DISPLAY",
                "countryOrRegion": "US", "totalBudget": {"amount": "10", "currency": "USD"}}  # fmt: skip
    content = apple([{"other": False, "metadata": metadata, "granularity": days}])
    con, report = staged(tmp_path / "report.json", content, source="apple_search_ads")
    assert rows(con, "date_from, report, account_id, campaign_id, channel, currency, clicks, conversions") == [
        (date(2024, 4, 8), "campaign/country", "40669820", BIG, "display", "MXN", 6, 5.0),
        (date(2024, 4, 9), "campaign/country", "40669820", BIG, "display", "MXN", None, None),
    ]
    assert report.summed("campaign/country") == {"spend": 0.95, "impressions": 17, "clicks": 6, "conversions": 5}
    assert json.loads(rows(con, "conversion_types")[0][0]) == {
        "tap_installs": [5, None], "view_installs": [18, None], "total_installs": [23, None],
    }  # fmt: skip


def test_apple_search_terms_twin(tmp_path: Path) -> None:
    """Most rows do not tell the term; they are rows of the same report all the same."""
    shared = {"orgId": 1, "campaignId": 2, "adGroupId": 3, "searchTermSource": "AUTO", "keywordId": None}
    content = apple(
        [
            {"metadata": shared | {"searchTermText": text}, "granularity": [{"date": "2024-04-08", "taps": 1}]}
            for text in ("cat", None)
        ]
    )
    con, _ = staged(tmp_path / "terms.json", content, source="apple_search_ads")
    assert rows(con, "report, breakdowns->>'search_term', breakdowns->>'keyword'") == [
        ("search_term/keyword+search_term+search_term_source", text, "") for text in ("", "cat")
    ]


def test_apple_tables_twin(tmp_path: Path) -> None:
    """The tables of campaigns and of keywords differ in their names alone."""
    table = "date,id,impressions,local_spend_amount,local_spend_currency,taps\n2021-12-19,976,56,1.49,USD,5\n"
    con, _ = staged(tmp_path / "apple_search_keyword_report_data.csv", table, source="apple_search_ads")
    assert rows(con, "report, campaign_id, breakdowns") == [("keyword/keyword", "", '{"keyword":"976"}')]
    con, _ = staged(tmp_path / "apple_search_campaign_report_data.csv", table, source="apple_search_ads")
    assert rows(con, "report, campaign_id, breakdowns") == [("campaign", "976", "{}")]
    con, report = staged(tmp_path / "export.csv", table, source="apple_search_ads")
    assert refused(con) == ["missing_id"]
    assert report.staged == 0
