"""LinkedIn, X, TikTok and Pinterest: rows made here, in the shape of each platform's own answers, with its trap in them."""

import json
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path

import duckdb
import pytest
from duckdb_in_memory import connect

from kalends.marketing.mapping import unwrap_any
from kalends.marketing.preview import guess_source
from kalends.marketing.sampling import take_sample
from kalends.marketing.staging import StageReport, stage

BIG = "9007199254740993"  # a number would lose its last digit
NOW = datetime(2026, 11, 21, tzinfo=UTC)


def staged(
    tmp_path: Path, content: object, source: str, *, days: tuple[date, date] | None = None, suffix: str = "json"
) -> tuple[duckdb.DuckDBPyConnection, StageReport]:
    path = tmp_path / f"answer.{suffix}"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    con = connect()
    return con, stage(con, path, data_source=source, now=NOW, date_range=days)


def facts(con: duckdb.DuckDBPyConnection, *columns: str) -> list[tuple]:
    return con.execute(f"SELECT {', '.join(columns)} FROM staged ORDER BY ALL").fetchall()


def tiktok(rows: list[dict]) -> dict:
    return {
        "code": 0, "message": "OK", "request_id": "r",
        "data": {"list": rows, "page_info": {"page": 1, "page_size": 1000, "total_number": 2, "total_page": 1}},
    }  # fmt: skip


def test_tiktok_twin_mixes_texts_and_numbers(tmp_path):
    metrics = {"spend": "20.00", "impressions": "4696", "clicks": 51, "campaign_name": "Spring", "conversion": "3",
               "total_purchase_value": "7.50", "total_sales_lead_value": None, "ctr": "1.09"}  # fmt: skip
    rows = [
        {"dimensions": {"campaign_id": BIG, "stat_time_day": f"2024-01-0{day} 00:00:00"}, "metrics": metrics}
        for day in (1, 2)
    ]
    con, report = staged(tmp_path, tiktok(rows), "tiktok_ads")
    assert report.summed("campaign") == {
        "spend": 40,
        "impressions": 9392,
        "clicks": 102,
        "conversions": 6,
        "revenue": 15,
    }
    assert facts(con, "campaign_id", "campaign_name", "CAST(date_from AS VARCHAR)", "extra") == [
        (BIG, "Spring", "2024-01-01", None),
        (BIG, "Spring", "2024-01-02", None),
    ]


def test_tiktok_hours_are_told_apart_and_an_ads_parents_are_no_level(tmp_path):
    rows = [
        {"dimensions": {"ad_id": "3", "stat_time_hour": f"2024-01-01 {hour}:00:00", "gender": "MALE"},
         "metrics": {"adgroup_id": 2, "campaign_id": 1, "spend": "1.00"}}
        for hour in ("09", "10")
    ]  # fmt: skip
    con, report = staged(tmp_path, tiktok(rows), "tiktok_ads")
    assert report.summed("ad/gender+hour") == {"spend": 2}
    assert facts(con, "campaign_id", "ad_group_id", "ad_id", "breakdowns") == [
        ("1", "2", "3", '{"gender":"MALE","hour":"10"}'),
        ("1", "2", "3", '{"gender":"MALE","hour":"9"}'),
    ]


def test_tiktoks_error_is_no_report(tmp_path):
    con, report = staged(tmp_path, {"code": 40100, "message": "Too many requests", "data": {}}, "tiktok_ads")
    assert report.staged == 0
    assert con.execute("SELECT code FROM quarantined").fetchall() == [("not_a_report",)]


def test_tiktoks_table_in_capitals_with_dashes(tmp_path):
    table = "AD_ID,STAT_TIME_HOUR,SPEND,IMPRESSIONS,CONVERSION\n1,2021-09-15 5:00:00,2.22,23,-\n"
    con, report = staged(tmp_path, table, "tiktok_ads", suffix="csv")
    assert report.summed("ad/hour") == {"spend": 2.22, "impressions": 23}
    assert facts(con, "breakdowns", "conversions") == [('{"hour":"5"}', None)]


def element(pivots: list[str], day: int, **metrics: object) -> dict:
    when = {"year": 2024, "month": 3, "day": day}
    return {"dateRange": {"start": when, "end": when}, "pivotValues": pivots} | metrics


def linkedin(elements: list[dict]) -> dict:
    return {"paging": {"start": 0, "count": 10, "links": []}, "elements": elements}


def test_linkedin_twin_has_urns_days_in_parts_and_a_cost_of_nothing(tmp_path):
    urn = f"urn:li:sponsoredCampaign:{BIG}"
    both = {"externalWebsiteConversions": 2, "oneClickLeads": 3, "conversionValueInLocalCurrency": "9.5"}
    rows = [
        element([urn], 1, costInLocalCurrency="-2E-18", costInUsd="-2E-18", impressions=1, clicks=0),
        element([urn], 2, costInLocalCurrency="60.06999999999999", impressions=40, clicks=2, **both),
    ]
    con, report = staged(tmp_path, linkedin(rows), "linkedin_ads")
    assert report.summed("campaign") == pytest.approx(
        {"spend": 60.07, "impressions": 41, "clicks": 2, "conversions": 5, "revenue": 9.5}
    )
    assert facts(con, "campaign_id", "CAST(date_from AS VARCHAR)", "CAST(date_to AS VARCHAR)", "conversions") == [
        (BIG, "2024-03-01", "2024-03-01", None),
        (BIG, "2024-03-02", "2024-03-02", 5),
    ]
    types = con.execute("SELECT conversion_types FROM staged ORDER BY date_from").fetchall()
    assert [json.loads(text) if text else None for (text,) in types] == [
        None,
        {"external_website": [2, None], "one_click_lead": [3, None]},
    ]


def test_linkedins_pivots_are_told_apart(tmp_path):
    rows = [
        element(["urn:li:sponsoredCreative:7"], 1, impressions=1),
        element(["urn:li:sponsoredCampaign:5", "urn:li:geo:103"], 1, impressions=2),
        element(["urn:li:sponsoredCampaign:5", "urn:li:geo:104"], 1, impressions=4),
        element(["urn:li:sponsoredCampaignGroup:9"], 1, impressions=8),
        element(["MOBILE_APP"], 1, impressions=16, sponsoredCampaign="5", pivot="IMPRESSION_DEVICE_TYPE"),
    ]
    con, _ = staged(tmp_path, linkedin(rows), "linkedin_ads")
    assert facts(con, "impressions", "report", "campaign_id", "ad_id", "breakdowns", "device") == [
        (1, "ad", "", "7", "{}", None),
        (2, "campaign/geo", "5", "", '{"geo":"103"}', None),
        (4, "campaign/geo", "5", "", '{"geo":"104"}', None),
        (16, "campaign/device", "5", "", '{"device":"MOBILE_APP"}', "MOBILE_APP"),
    ]
    # A group without its account is no campaign; a row that has only its group's id says which id is missing.
    assert con.execute("SELECT DISTINCT code FROM quarantined").fetchall() == [("missing_id",)]


def test_a_country_of_linkedins_has_its_name_where_somebody_asked_for_it(tmp_path):
    rows = [
        element([f"urn:li:geo:{place}"], 1, impressions=seen, sponsoredCampaign="5", pivot="MEMBER_COUNTRY_V2", **name)
        for place, seen, name in ((101282230, 1, {"countryName": "Germany"}), (999, 2, {}))
    ]
    con, _ = staged(tmp_path, linkedin(rows), "linkedin_ads")
    assert facts(con, "impressions", "report", "breakdowns", "country") == [
        (1, "campaign/country", '{"country":"101282230"}', "Germany"),
        (2, "campaign/country", '{"country":"999"}', "999"),
    ]


def test_linkedins_months_are_periods(tmp_path):
    table = "campaign_id,month,member_country,impressions\n1,2024-02,101,980\n1,2024-13,101,5\n"
    con, report = staged(tmp_path, table, "linkedin_ads", suffix="csv")
    assert report.summed("campaign/country") == {"impressions": 980}
    assert facts(con, "CAST(date_from AS VARCHAR)", "CAST(date_to AS VARCHAR)") == [("2024-02-01", "2024-02-29")]
    assert ("unreadable_date",) in con.execute("SELECT code FROM quarantined").fetchall()


def stats(metrics: dict, length: int, *, segment: object = None, **asked: object) -> dict:
    params = {"account_id": "18ce54d4x5t", "entity": "CAMPAIGN", "entity_ids": ["8u94t"], "placement": "ALL_ON_TWITTER",
              "start_time": "2024-03-05T23:00:00Z", "end_time": "2024-03-07T23:00:00Z", "granularity": "DAY",
              "metric_groups": ["ENGAGEMENT", "BILLING"], "segmentation_type": None, "country": None} | asked  # fmt: skip
    data = [{"id": "8u94t", "id_data": [{"segment": segment, "metrics": metrics}]}]
    return {"data_type": "stats", "time_series_length": length, "data": data, "request": {"params": params}}


def test_x_twin_has_no_dates_and_counts_in_micros(tmp_path):
    answer = stats({"billed_charge_local_micro": [1_500_000, 250_000], "impressions": [40, 2], "clicks": None}, 2)
    con, report = staged(tmp_path, answer, "twitter_ads")
    assert report.summed("campaign/placement") == {"spend": 1.75, "impressions": 42}
    # Midnight in Berlin, where the account is, is 23:00 of the day before.
    assert facts(con, "CAST(date_from AS VARCHAR)", "account_id", "campaign_id", "clicks", "breakdowns") == [
        ("2024-03-06", "18ce54d4x5t", "8u94t", None, '{"placement":"ALL_ON_TWITTER"}'),
        ("2024-03-07", "18ce54d4x5t", "8u94t", None, '{"placement":"ALL_ON_TWITTER"}'),
    ]


def test_x_answers_line_by_line(tmp_path):
    placements = ("ALL_ON_TWITTER", "SPOTLIGHT")
    lines = "\n".join(json.dumps(stats({"clicks": [1, 2]}, 2, placement=place)) for place in placements)
    _, report = staged(tmp_path, lines, "twitter_ads", suffix="ndjson")
    assert report.summed("campaign/placement") == {"clicks": 6}


def test_x_hours_totals_and_segments_are_told_apart(tmp_path):
    hours = {"start_time": "2024-03-05T08:00:00Z", "end_time": "2024-03-06T08:00:00Z", "granularity": "HOUR"}
    con, report = staged(tmp_path, stats({"impressions": list(range(24))}, 24, **hours), "twitter_ads")
    assert report.summed("campaign/hour+placement") == {"impressions": 276}
    assert con.execute("SELECT count(DISTINCT breakdowns), CAST(max(date_to) AS VARCHAR) FROM staged").fetchall() == [
        (24, "2024-03-05")
    ]
    total = {"granularity": "TOTAL", "segmentation_type": "GENDER", "entity": "PROMOTED_TWEET"}
    answer = stats({"impressions": [9]}, 1, segment={"segment_name": "Male", "segment_value": "m"}, **total)
    con, _ = staged(tmp_path, answer, "twitter_ads")
    assert facts(con, "report", "ad_id", "CAST(date_from AS VARCHAR)", "CAST(date_to AS VARCHAR)", "breakdowns") == [
        ("ad/gender+placement", "8u94t", "2024-03-06", "2024-03-07", '{"gender":"m","placement":"ALL_ON_TWITTER"}')
    ]


def test_xs_conversions_are_objects_of_their_own_request(tmp_path):
    metrics = {
        "conversion_purchases": {"metric": [2, 0], "sale_amount": [30_000_000, None], "order_quantity": [3, 0]},
        "conversion_sign_ups": {"metric": [5, None], "sale_amount": None},
        "conversion_searches": {"metric": [100, 100]},
    }
    con, report = staged(tmp_path, stats(metrics, 2, metric_groups=["WEB_CONVERSION"]), "twitter_ads")
    assert report.summed("campaign/metric_groups+placement") == {"conversions": 7, "revenue": 30}
    types = con.execute("SELECT conversion_types FROM staged ORDER BY date_from").fetchall()
    assert json.loads(types[0][0]) == {"purchases": [2, 30], "searches": [100, None], "sign_ups": [5, None]}


def test_an_answer_of_x_without_its_request_takes_the_range_that_was_told(tmp_path):
    answer = stats({"impressions": [7] * 24}, 24) | {"request": {}}
    day = date(2024, 3, 5)
    _, report = staged(tmp_path, answer, "twitter_ads", days=(day, day))
    assert report.summed("ad_group/position") == {"impressions": 168}


@pytest.mark.parametrize("suffix", ["json", "ndjson"])
def test_odd_rows_are_set_aside(tmp_path, suffix):
    odd = stats({"impressions": 5, "clicks": [1, [2]]}, 2, start_time="9999-12-31T00:00:00Z", metric_groups="x")
    odd["data"] += [None, {"id": 3, "id_data": [None, {"metrics": [1]}]}]
    documents = {
        "linkedin_ads": linkedin([3, None, element([], 40, impressions="many"), {"dateRange": 5, "pivotValues": 7}]),
        "twitter_ads": odd,
        "tiktok_ads": tiktok([None, 3, {"dimensions": 5, "metrics": [1]}, {"metrics": {"spend": "dear"}}]),
    }
    for source, document in documents.items():
        _, report = staged(tmp_path, document, source, suffix=suffix)
        assert report.received == report.quarantined > 0
    assert unwrap_any(stats({}, 10**9)) is None


def test_each_envelope_tells_its_platform():
    rows = {
        "linkedin_ads": linkedin([element(["urn:li:sponsoredCampaign:1"], 1, impressions=1, likes=1, shares=2)]),
        "twitter_ads": stats({"impressions": [1, 2], "likes": None, "replies": None}, 2),
        "tiktok_ads": tiktok([{"dimensions": {"ad_id": "1"}, "metrics": {"spend": "1", "likes": 2, "follows": 3}}]),
    }
    for source, document in rows.items():
        sample = take_sample(lambda document=document: BytesIO(json.dumps(document).encode()))
        assert guess_source(sample, file_name="answer.json") == source


@pytest.mark.parametrize(
    "document",
    [[], {}, {"data": [{"id": "1"}]}, {"code": 0, "message": "OK", "data": {}}, {"elements": []}, {"results": []}, "x"],
)
def test_other_documents_are_not_claimed(document):
    assert unwrap_any(document) is None


def test_one_thing_under_two_windows_is_two_rows_of_two_attributions(tmp_path: Path) -> None:
    row = {"AD_ACCOUNT_ID": "549755885175", "CAMPAIGN_ID": "626735565838", "DATE": "2024-03-01", "SPEND_IN_DOLLAR": 5}
    rows = [
        {**row, "CLICK_WINDOW_DAYS": 30, "VIEW_WINDOW_DAYS": 1, "TOTAL_CONVERSIONS": 5},
        {**row, "CLICK_WINDOW_DAYS": 7, "VIEW_WINDOW_DAYS": 1, "TOTAL_CONVERSIONS": 3},
    ]
    con, report = staged(tmp_path, rows, "pinterest_ads")
    assert report.quarantined == 0
    assert facts(con, "conversions", "attribution", "extra") == [
        (3, "7d_click_1d_view", None), (5, "30d_click_1d_view", None),
    ]  # fmt: skip
    assert con.execute("SELECT count(DISTINCT key_hash) FROM staged").fetchall() == [(2,)]
