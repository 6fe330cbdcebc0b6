"""Meta answers: rows of `/act_{id}/insights` with `time_increment=1`, one JSON object a line.

Source: the Marketing API's Insights reference: every number is a string, money is in `account_currency`, conversions
sit in `actions[]` and their worth in `action_values[]`, the same purchase under several action types; what has no
data is absent.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import orjson

from kalends.demo.reported import Cell, DemoFile, Reported, ad_id, cells, child_id, part

Row: TypeAlias = dict[str, Any]

# One purchase, told three times: by the pixel, over all channels, and as the plain event.
PURCHASE_TYPES = ("purchase", "offsite_conversion.fb_pixel_purchase", "omni_purchase")
LINK_CLICK_SHARE = 0.82  # the rest of the clicks goes to likes, comments and the page
CARTS_PER_PURCHASE = 4  # a quarter of the carts is bought
FREQUENCY = 1.18  # views per person and day of a healthy campaign


def ad_file(*, reported: Reported, faulty: bool) -> DemoFile:
    """Ads by day; with `faulty`, two more rows that nobody may count."""
    rows = [row for index in range(len(reported.names)) for row in _ad_rows(reported, index)]
    bad = _bad_rows(rows[0]) if faulty and rows else []
    return _file(reported=reported, level="ad", rows=rows + bad, bad_rows=len(bad))


def campaign_file(*, reported: Reported) -> DemoFile:
    """Campaigns by day."""
    rows = [
        {**_campaign(reported, index), **_numbers(cell)}
        for index in range(len(reported.names))
        for cell in cells(days=reported.days, counts=reported.campaign(index))
    ]
    return _file(reported=reported, level="campaign", rows=rows)


def _file(*, reported: Reported, level: str, rows: list[Row], bad_rows: int = 0) -> DemoFile:
    pull, account = reported.pull, reported.account
    return DemoFile(
        data_source="facebook_ads",
        name=f"facebook_ads_{account.market.lower()}_{level}_{pull.first}_{pull.last}_pulled_{pull.day}.ndjson",
        reported_at=pull.reported_at,
        content=b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows),
        date_range=(pull.first, pull.last),
        rows=len(rows),
        bad_rows=bad_rows,
    )


def _campaign(reported: Reported, index: int) -> Row:
    account = reported.account
    return {
        "account_currency": account.currency,
        "account_id": account.id,
        "account_name": account.name,
        "buying_type": "AUCTION",
        "campaign_id": account.campaigns[index].id,
        "campaign_name": reported.names[index],
        "objective": account.campaigns[index].kind,
    }


def _ad_rows(reported: Reported, index: int) -> Iterator[Row]:
    campaign = reported.account.campaigns[index]
    ads = reported.ads(index)
    owners = [(number, group, ad) for number, group in enumerate(campaign.groups) for ad in group.ads]
    for column, (number, group, name) in enumerate(owners):
        fixed = _campaign(reported, index) | {
            "adset_id": child_id(campaign.id, number),
            "adset_name": group.name,
            "ad_id": ad_id(campaign.id, column),
            "ad_name": name,
        }
        for cell in cells(days=reported.days, counts=part(ads, column)):
            yield {**fixed, **_numbers(cell)}


def _numbers(cell: Cell) -> Row:
    """The numbers of one row, as strings; lists without an entry are absent."""
    reach = max(1, round(cell.impressions / FREQUENCY))
    row: Row = {
        "date_start": cell.day,
        "date_stop": cell.day,
        "spend": _money(cell.spend),
        "impressions": str(cell.impressions),
        "clicks": str(cell.clicks),
        "reach": str(reach),
        "frequency": f"{cell.impressions / reach:.6f}",
    }
    links = round(cell.clicks * LINK_CLICK_SHARE)
    if links:
        row["inline_link_clicks"] = str(links)
    purchases = cell.conversions // 100
    actions = _actions(links=links, purchases=purchases)
    if actions:
        row["actions"] = actions
    if purchases:
        row["action_values"] = [{"action_type": kind, "value": _money(cell.revenue)} for kind in PURCHASE_TYPES]
    return row


def _actions(*, links: int, purchases: int) -> list[Row]:
    counts = {
        "link_click": links,
        "add_to_cart": purchases * CARTS_PER_PURCHASE,
        **dict.fromkeys(PURCHASE_TYPES, purchases),
    }
    return [{"action_type": kind, "value": str(count)} for kind, count in counts.items() if count]


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def _bad_rows(row: Row) -> list[Row]:
    """A day that does not exist, and money that was never spent; both under an ad of their own."""
    ghost = {**row, "ad_id": "23859999999999999", "ad_name": "TEST do not use"}
    return [{**ghost, "date_start": "2025-13-41", "date_stop": "2025-13-41"}, {**ghost, "spend": "-12.40"}]
