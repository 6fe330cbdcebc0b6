"""The files are what the platforms' documents say (not `unit`: a whole company is made, which takes seconds)."""

import csv
import io
import json
import re
from datetime import date, timedelta

import polars as pl
import pytest


def of(company, start):
    return [file for file in company.files if file.name.startswith(start)]


def google_rows(file):
    return [row for chunk in json.loads(file.content) for row in chunk["results"]]


def paths(value, prefix=""):
    """Dotted paths of the leaves of a nested row."""
    if not isinstance(value, dict):
        return {prefix}
    return {path for name, inner in value.items() for path in paths(inner, f"{prefix}.{name}".strip("."))}


def test_files_come_in_the_order_of_their_reporting_under_names_of_their_own(company):
    stamps = [file.reported_at for file in company.files]
    assert stamps == sorted(stamps)
    assert all(stamp.utcoffset() == timedelta(0) for stamp in stamps)
    assert len({file.name for file in company.files}) == len(company.files)


def test_google_streams_an_array_of_chunks_in_rest_json(company):
    for file in of(company, "google_ads_"):
        for chunk in json.loads(file.content):
            assert chunk.keys() == {"results", "fieldMask", "requestId"}
            assert 0 < len(chunk["results"]) <= 10_000
            row = chunk["results"][0]
            asked = set(chunk["fieldMask"].split(","))
            extra = {path for path in paths(row) if not path.endswith("resourceName")} - {"metrics.averageCpc"}
            assert extra == asked
            assert all(isinstance(row["metrics"][name], str) for name in ("costMicros", "clicks", "impressions"))
            assert isinstance(row["metrics"]["conversions"], float)
            assert re.fullmatch(r"customers/\d{10}", row["customer"]["resourceName"])


def test_google_ids_are_unique_per_level(company):
    rows = [row for file in of(company, "google_ads_de_ad_2") for row in google_rows(file)]
    ads = {row["adGroupAd"]["ad"]["id"]: (row["adGroup"]["id"], row["adGroupAd"]["ad"]["name"]) for row in rows}
    groups = {row["adGroup"]["id"]: (row["campaign"]["id"], row["adGroup"]["name"]) for row in rows}
    assert len(ads) == 11
    assert len(set(ads.values())) == 11
    assert len(groups) == 7
    assert not set(ads) & set(groups)


def test_meta_rows_are_strings_and_tell_a_purchase_three_times(company):
    rows = [json.loads(line) for file in of(company, "facebook_ads_de_ad") for line in file.content.splitlines()]
    assert all(isinstance(value, (str, list)) for row in rows for value in row.values())
    assert all(row["date_start"] == row["date_stop"] for row in rows)
    sold = [row for row in rows if "action_values" in row]
    unsold = [row for row in rows if "action_values" not in row]
    assert sold
    assert unsold
    for row in sold:
        counts = {action["action_type"]: action["value"] for action in row["actions"]}
        values = {action["value"] for action in row["action_values"]}
        assert counts["purchase"] == counts["omni_purchase"] == counts["offsite_conversion.fb_pixel_purchase"]
        assert len(values) == 1
    assert all(int(row["ad_id"]) > 2**53 for row in rows)


def test_a_campaign_is_called_what_it_was_called_on_the_day_of_the_pull(company):
    names = {}
    for file in of(company, "google_ads_de_campaign"):
        for row in google_rows(file):
            names.setdefault(row["campaign"]["id"], {}).setdefault(row["campaign"]["name"], file.reported_at)
    renamed = names["17350021844"]
    assert list(renamed) == ["DE | Shopping | Sortiment", "DE | Shopping | All products"]
    assert renamed["DE | Shopping | All products"].date() == date(2026, 6, 1)


def test_klaviyo_campaigns_are_totals_of_their_month(company):
    files = of(company, "klaviyo_campaign_values")
    results = [result for file in files for result in json.loads(file.content)["data"]["attributes"]["results"]]
    assert len({result["groupings"]["campaign_id"] for result in results}) == len(results)
    sent = company.truth.filter((pl.col("data_source") == "klaviyo") & (pl.col("campaign_id").str.len_chars() == 26))
    assert sum(result["statistics"]["recipients"] for result in results) == sent["sends"].sum()
    value = sum(result["statistics"]["conversion_value"] for result in results)
    assert value == pytest.approx(sent["revenue"].sum(), abs=1e-6)
    for result in results:
        counts = result["statistics"]
        assert counts["recipients"] == counts["delivered"] + counts["bounced"]
        assert counts["delivered"] >= counts["opens_unique"] >= counts["clicks_unique"]
        assert 0.3 < counts["open_rate"] < 0.45
    days = [(file.date_range, file.reported_at.date()) for file in files]
    assert all(first.month == last.month and last < pulled for (first, last), pulled in days)


def test_klaviyo_flows_are_arrays_parallel_to_their_dates(company):
    seen, value = [], 0.0
    for file in of(company, "klaviyo_flow_series"):
        body = json.loads(file.content)["data"]
        assert body["type"] == "flow-series-report"
        dates = body["attributes"]["date_times"]
        seen += dates
        for result in body["attributes"]["results"]:
            assert {len(values) for values in result["statistics"].values()} == {len(dates)}
            value += sum(result["statistics"]["conversion_value"])
    assert len(seen) == len(set(seen)) == 1096 - 240
    flows = company.truth.filter((pl.col("data_source") == "klaviyo") & (pl.col("campaign_id").str.len_chars() == 6))
    assert value == pytest.approx(flows["revenue"].sum(), abs=1e-6)


def test_the_shop_s_daily_file_holds_the_truth_and_two_bad_lines(company):
    (file,) = of(company, "shop_daily")
    rows = list(csv.DictReader(io.StringIO(file.content.decode())))
    assert len(rows) == file.rows
    assert [row["date"] for row in rows[-2:]] == ["31.13.2025", "2025-02-30"]
    told = [(r["market"], r["date"], r["currency"], int(r["shop_orders"]), float(r["shop_revenue"])) for r in rows[:-2]]
    truth = company.shop.select("market", pl.col("date").cast(pl.String), "currency", "orders", "revenue").rows()
    assert sorted(told) == sorted(truth)
    assert file.columns == {"shop_revenue": "series:kpi", "shop_orders": "series:kpi"}


def test_the_shop_s_weekly_file_is_wide_and_empty_before_a_shop_opened(company):
    (file,) = of(company, "shop_weekly")
    frame = pl.read_csv(file.content, try_parse_dates=True)
    assert frame.columns == [
        "week",
        *(f"{name}_{market}" for market in ("de", "at", "uk") for name in ("revenue", "orders")),
    ]
    assert (frame["week"].dt.weekday() == 1).all()
    assert frame["revenue_de"].null_count() == 0
    assert 50 < frame["revenue_uk"].null_count() < 60
    week = frame.row(by_predicate=pl.col("week") == date(2026, 3, 2), named=True)
    days = company.shop.filter(
        (pl.col("market") == "AT") & pl.col("date").is_between(date(2026, 3, 2), date(2026, 3, 8))
    )
    assert week["revenue_at"] == pytest.approx(days["revenue"].sum())
    assert week["orders_at"] == days["orders"].sum()


def test_the_market_file_has_prices_that_fall_in_sales_and_rivals_that_advertise(company):
    (file,) = of(company, "market_weekly")
    frame = pl.read_csv(file.content, try_parse_dates=True)
    assert frame.columns == ["week", "price_index", "competitor_ads_index"]
    assert set(file.columns.values()) == {"series:control"}
    assert (frame["week"].dt.weekday() == 1).all()
    assert (frame["week"].diff().drop_nulls().dt.total_days() == 7).all()
    assert frame.height == file.rows == 155
    assert frame["week"][-1] == date(2026, 11, 9)  # the next ends after the company's last day
    told = {row["week"]: row for row in frame.iter_rows(named=True)}
    sale, after = told[date(2026, 1, 5)], told[date(2026, 1, 19)]
    assert sale["price_index"] < 0.9 * after["price_index"]
    pushed, usual = told[date(2026, 9, 14)], told[date(2026, 8, 24)]
    assert pushed["competitor_ads_index"] > 1.4 * usual["competitor_ads_index"]


def test_bad_rows_are_counted_and_stand_under_ids_of_their_own(company):
    bad = {file.name: file.bad_rows for file in company.files if file.bad_rows}
    assert sum(bad.values()) == 18
    assert sum(name.startswith("google_ads") for name in bad) == 4
    assert sum(name.startswith("facebook_ads") for name in bad) == 4
    for file in company.files:
        damaged = file.content.count(b'"TEST ')
        assert damaged == (file.bad_rows if file.data_source != "file" else 0)
