"""Makes answers of platforms as connectors keep them, {"request": ..., "response": ...} a line, the same for the same
seed: Google Analytics' pages of any size, Snapchat's days of ads and X's arrays by line item, each with 30 days and
followed by names.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import orjson

FIRST_DAY, DAYS = date(2025, 1, 1), 30
CAMPAIGNS, NAMES_A_PAGE = 500, 1_000
TRAFFIC = ("sessions", "engagedSessions", "totalUsers", "newUsers", "screenPageViews", "eventCount", "keyEvents",
           "totalRevenue")  # fmt: skip
STATS = (
    "spend", "impressions", "swipes", "video_views", "total_installs", "conversion_purchases",
    "conversion_purchases_value", "conversion_save", "conversion_start_checkout", "conversion_add_cart",
    "conversion_view_content", "conversion_sign_ups", "conversion_page_views", "conversion_subscribe",
)  # fmt: skip
ARRAYS = (
    "impressions", "engagements", "clicks", "url_clicks", "likes", "retweets", "replies", "follows", "app_clicks",
    "billed_charge_local_micro", "billed_engagements", "video_total_views", "video_views_50", "video_views_100",
)  # fmt: skip
EVENTS = ("purchases", "sign_ups", "site_visits", "downloads")
PARTS = ("metric", "post_view", "post_engagement", "sale_amount")


def line(request: dict[str, Any], response: dict[str, Any]) -> bytes:
    """An answer beside its question."""
    return orjson.dumps({"request": request, "response": response}, option=orjson.OPT_APPEND_NEWLINE)


def day(number: int) -> str:
    """The day of that number, counted from 0."""
    return (FIRST_DAY + timedelta(days=number)).isoformat()


def google_analytics(count: int, numbers: random.Random, *, page: int = 100_000) -> Iterator[bytes]:
    """Pages of campaigns by day; every cell is an object with a text."""
    named = ("date", "sessionCampaignId", "sessionCampaignName")
    headers = {"dimensionHeaders": [{"name": name} for name in named],
               "metricHeaders": [{"name": name, "type": "TYPE_INTEGER"} for name in TRAFFIC]}  # fmt: skip
    for start in range(0, count, page):
        rows = []
        for row in range(start, min(count, start + page)):
            campaign, many = row % CAMPAIGNS, numbers.randrange(50, 9_000)
            told = (day(row // CAMPAIGNS).replace("-", ""), str(20_000_000_000 + campaign), f"Campaign {campaign}")
            metrics = [many, many // 2, many - many // 9, many // 3, many * 3, many * 7, many // 50, many * 1.37]
            rows.append({"dimensionValues": [{"value": one} for one in told],
                         "metricValues": [{"value": str(one)} for one in metrics]})  # fmt: skip
        told = {"kind": "analyticsData#runReport", "rowCount": count, "metadata": {"currencyCode": "USD"}}
        yield line({"property": "properties/1234567", "offset": start}, headers | {"rows": rows} | told)


def snapchat_ads(count: int, numbers: random.Random, *, page: int = 200) -> Iterator[bytes]:
    """Pages of ads, each with its days, and then the ads' names."""
    ads = count // DAYS
    window = {"swipe_up_attribution_window": "28_DAY", "view_attribution_window": "1_DAY"}
    for start in range(0, ads, page):
        things = [
            {"id": f"ad-{ad:08d}", "type": "AD", "granularity": "DAY", "timeseries": [
                {"start_time": f"{day(step)}T00:00:00.000-08:00", "end_time": f"{day(step + 1)}T00:00:00.000-08:00",
                 "stats": {name: numbers.randrange(5_000_000) for name in STATS}}
                for step in range(DAYS)
            ]}
            for ad in range(start, min(ads, start + page))
        ]  # fmt: skip
        told = {"id": "account-1", "type": "AD_ACCOUNT", "granularity": "DAY", "breakdown_stats": {"ad": things}}
        stats = [{"sub_request_status": "SUCCESS", "timeseries_stat": told | window}]
        yield line({"asked": "stats"}, {"request_status": "SUCCESS", "timeseries_stats": stats})
    for start in range(0, ads, NAMES_A_PAGE):
        named = [
            {"ad": {"id": f"ad-{ad:08d}", "name": f"Ad {ad}", "ad_squad_id": "s", "creative_id": "c",
                    "ad_account_id": "account-1"}}
            for ad in range(start, min(ads, start + NAMES_A_PAGE))
        ]  # fmt: skip
        yield line({"asked": "ads"}, {"request_status": "SUCCESS", "ads": named})


def twitter_ads(count: int, numbers: random.Random, *, page: int = 20) -> Iterator[bytes]:
    """Files of line items, each metric an array of days, and then the line items' names."""
    items = count // DAYS

    def array() -> list[int]:
        return [numbers.randrange(1_000_000) for _ in range(DAYS)]

    params = {
        "account_id": "18ce54d4x5t", "entity": "LINE_ITEM", "granularity": "DAY", "placement": "ALL_ON_TWITTER",
        "metric_groups": ["ENGAGEMENT", "BILLING", "VIDEO", "WEB_CONVERSION"],
        "start_time": f"{day(0)}T08:00:00Z", "end_time": f"{day(DAYS)}T08:00:00Z",
    }  # fmt: skip
    for start in range(0, items, page):
        data = [
            {"id": f"li{item:06d}", "id_data": [{"segment": None, "metrics": {
                **{name: array() for name in ARRAYS},
                **{f"conversion_{event}": {part: array() for part in PARTS} for event in EVENTS}}}]}
            for item in range(start, min(items, start + page))
        ]  # fmt: skip
        told = {"data_type": "stats", "time_series_length": DAYS, "data": data, "request": {"params": params}}
        yield line({"account_id": params["account_id"]}, told)
    for start in range(0, items, NAMES_A_PAGE):
        named = [{"id": f"li{item:06d}", "name": f"Item {item}", "campaign_id": "c", "account_id": "18ce54d4x5t"}
                 for item in range(start, min(items, start + NAMES_A_PAGE))]  # fmt: skip
        yield line({"names": "LINE_ITEM"}, {"data_type": "names", "data": named})


def write(path: Path, answers: Iterator[bytes]) -> int:
    """Write the lines; returns the bytes written."""
    with path.open("wb") as out:
        out.writelines(answers)
    return path.stat().st_size
