"""Google Ads answers: `googleAds:searchStream` bodies, one per account, report and pull.

Source: the REST reference of SearchGoogleAdsStreamResponse: a JSON array of {results, fieldMask, requestId}, camelCase,
64-bit integers as strings, money in micros, conversion values in currency units, dates in the account's zone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Any, TypeAlias

import numpy as np
import orjson

from kalends.demo.amounts import Counts, split_counts
from kalends.demo.parameters import AdGroup, Campaign, Parameters
from kalends.demo.reported import Cell, DemoFile, Reported, ad_id, cells, child_id, part
from kalends.demo.truth import conversion_unit

Row: TypeAlias = dict[str, Any]

MICROS_PER_CENT = 10_000
# The stream sends its rows in chunks; 10,000 is the size of a page of the paged twin.
CHUNK = 10_000
METRICS = "metrics.clicks,metrics.conversions,metrics.conversionsValue,metrics.costMicros,metrics.impressions"
CUSTOMER = "customer.currencyCode,customer.descriptiveName,customer.id,customer.timeZone"
CAMPAIGN = "campaign.advertisingChannelType,campaign.id,campaign.name,campaign.status"
AD_TYPES = {"SEARCH": "RESPONSIVE_SEARCH_AD", "SHOPPING": "SHOPPING_PRODUCT_AD", "VIDEO": "VIDEO_RESPONSIVE_AD"}


def account_file(*, reported: Reported) -> DemoFile:
    """The account's days in total, without any segment but the date."""
    total = reported.counts.each(lambda measure: measure.sum(axis=1))
    rows = [{**_customer(reported), **_numbers(cell)} for cell in cells(days=reported.days, counts=total)]
    return _file(reported=reported, report="account", rows=rows, mask=f"{CUSTOMER},{METRICS},segments.date")


def campaign_file(*, reported: Reported, parameters: Parameters, faulty: bool) -> DemoFile:
    """Campaigns by day and device; with `faulty`, two more rows that nobody may count."""
    rows = [row for index in range(len(reported.names)) for row in _device_rows(reported, index, parameters)]
    bad = _bad_rows(rows[0]) if faulty and rows else []
    mask = f"{CUSTOMER},{CAMPAIGN},{METRICS},segments.date,segments.device"
    return _file(reported=reported, report="campaign", rows=rows + bad, mask=mask, bad_rows=len(bad))


def ad_group_file(*, reported: Reported) -> DemoFile:
    """Ad groups by day."""
    mask = f"adGroup.id,adGroup.name,adGroup.status,{CUSTOMER},{CAMPAIGN},{METRICS},segments.date"
    return _file(reported=reported, report="ad_group", rows=list(_by_campaign(reported, _group_rows)), mask=mask)


def ad_file(*, reported: Reported) -> DemoFile:
    """Ads by day."""
    ad = "adGroupAd.ad.id,adGroupAd.ad.name,adGroupAd.ad.type,adGroupAd.status,adGroup.id,adGroup.name,adGroup.status"
    mask = f"{ad},{CUSTOMER},{CAMPAIGN},{METRICS},segments.date"
    return _file(reported=reported, report="ad", rows=list(_by_campaign(reported, _ad_rows)), mask=mask)


def _file(*, reported: Reported, report: str, rows: list[Row], mask: str, bad_rows: int = 0) -> DemoFile:
    pull, account = reported.pull, reported.account
    chunks = [
        {"results": rows[start : start + CHUNK], "fieldMask": mask, "requestId": _request_id(reported, report, start)}
        for start in range(0, len(rows), CHUNK)
    ]
    return DemoFile(
        data_source="google_ads",
        name=f"google_ads_{account.market.lower()}_{report}_{pull.first}_{pull.last}_pulled_{pull.day}.json",
        reported_at=pull.reported_at,
        content=orjson.dumps(chunks),
        date_range=(pull.first, pull.last),
        rows=len(rows),
        bad_rows=bad_rows,
    )


def _request_id(reported: Reported, report: str, start: int) -> str:
    return f"{reported.account.id}-{report}-{reported.pull.day:%Y%m%d}-{reported.pull.first:%Y%m%d}-{start}"


def _customer(reported: Reported) -> Row:
    account = reported.account
    return {
        "customer": {
            "resourceName": f"customers/{account.id}",
            "id": account.id,
            "descriptiveName": account.name,
            "currencyCode": account.currency,
            "timeZone": account.zone,
        }
    }


def _campaign(reported: Reported, index: int) -> Row:
    campaign = reported.account.campaigns[index]
    return _customer(reported) | {
        "campaign": {
            "resourceName": f"customers/{reported.account.id}/campaigns/{campaign.id}",
            "id": campaign.id,
            "name": reported.names[index],
            "status": "ENABLED",
            "advertisingChannelType": campaign.kind,
        }
    }


def _numbers(cell: Cell, **segments: str) -> Row:
    """Metrics and segments of one row; a ratio without a denominator is left out, as protobuf's JSON does."""
    metrics: Row = {
        "clicks": str(cell.clicks),
        "conversions": cell.conversions / 100,
        "conversionsValue": cell.revenue / 100,
        "costMicros": str(cell.spend * MICROS_PER_CENT),
        "impressions": str(cell.impressions),
    }
    if cell.clicks:
        metrics["averageCpc"] = cell.spend * MICROS_PER_CENT / cell.clicks
    return {"metrics": metrics, "segments": {"date": cell.day, **segments}}


def _device_rows(reported: Reported, index: int, parameters: Parameters) -> Iterator[Row]:
    by_device = split_counts(
        counts=reported.campaign(index),
        traffic=np.array(parameters.device_traffic),
        orders=np.array(parameters.device_orders),
        unit=conversion_unit(reported.account),
    )
    fixed = _campaign(reported, index)
    for column, device in enumerate(parameters.devices):
        for cell in cells(days=reported.days, counts=part(by_device, column)):
            yield {**fixed, **_numbers(cell, device=device)}


def _by_campaign(
    reported: Reported, rows_of: Callable[[Reported, int, Campaign, Counts], Iterator[Row]]
) -> Iterator[Row]:
    for index, campaign in enumerate(reported.account.campaigns):
        yield from rows_of(reported, index, campaign, reported.ads(index))


def _group_rows(reported: Reported, index: int, campaign: Campaign, ads: Counts) -> Iterator[Row]:
    sizes = [len(group.ads) for group in campaign.groups]
    starts = [0, *accumulate(sizes)][:-1]
    groups = ads.each(lambda measure: np.add.reduceat(measure, starts, axis=1))
    for column, group in enumerate(campaign.groups):
        fixed = _campaign(reported, index) | _ad_group(reported, campaign, column, group)
        for cell in cells(days=reported.days, counts=part(groups, column)):
            yield {**fixed, **_numbers(cell)}


def _ad_rows(reported: Reported, index: int, campaign: Campaign, ads: Counts) -> Iterator[Row]:
    owners = [(number, group, ad) for number, group in enumerate(campaign.groups) for ad in group.ads]
    for column, (number, group, name) in enumerate(owners):
        ad = {"id": ad_id(campaign.id, column), "name": name, "type": AD_TYPES[campaign.kind]}
        fixed = _campaign(reported, index) | _ad_group(reported, campaign, number, group)
        for cell in cells(days=reported.days, counts=part(ads, column)):
            yield {**fixed, "adGroupAd": {"ad": ad, "status": "ENABLED"}, **_numbers(cell)}


def _ad_group(reported: Reported, campaign: Campaign, ordinal: int, group: AdGroup) -> Row:
    group_id = child_id(campaign.id, ordinal)
    name = f"customers/{reported.account.id}/adGroups/{group_id}"
    return {"adGroup": {"resourceName": name, "id": group_id, "name": group.name, "status": "ENABLED"}}


def _bad_rows(row: Row) -> list[Row]:
    """A day that does not exist, and money that was never spent; both under a campaign of their own."""
    ghost = {**row, "campaign": {**row["campaign"], "id": "17359999999", "name": "TEST | do not use"}}
    return [
        {**ghost, "segments": {**row["segments"], "date": "2025-02-30"}},
        {**ghost, "metrics": {**row["metrics"], "costMicros": "-5000000"}},
    ]
