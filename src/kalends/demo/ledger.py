"""The truth as frames, for tests and benchmarks to hold answers against."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from kalends.demo.amounts import Days
from kalends.demo.mailing import Mails, MailTruth
from kalends.demo.truth import AccountTruth, ShopTruth


def campaign_frame(*, accounts: Sequence[AccountTruth], mail: MailTruth) -> pl.DataFrame:
    """Final numbers by date, data_source, account_id and campaign_id; a newsletter counts on the day it was sent."""
    ads = [_campaign(truth, index) for truth in accounts for index in range(len(truth.account.campaigns))]
    flows = [_mails(mails, pl.lit(flow.id)) for flow, mails in mail.flows]
    sent = _mails(mail.sent, pl.Series("campaign_id", [one.id for one in mail.newsletters]))
    return pl.concat([*ads, *flows, sent], how="diagonal").sort("date", "data_source", "account_id", "campaign_id")


def effect_frame(*, shops: Sequence[ShopTruth]) -> pl.DataFrame:
    """event, market, currency, date, factor, revenue: what the shop had (or lost) because of the event.

    Effects multiply, so the shares of two events that overlap are each "as if only this one were missing".
    """
    return pl.concat([_effect(shop, key) for shop in shops for key in shop.effects]).sort("event", "market", "date")


def shop_frame(*, shops: Sequence[ShopTruth]) -> pl.DataFrame:
    """market, date, currency, orders, revenue, expected_revenue."""
    return pl.concat([_shop(shop) for shop in shops]).sort("market", "date")


def _dates(days: Days) -> pl.Series:
    return pl.Series("date", days.astype("datetime64[D]")).cast(pl.Date)


def _campaign(truth: AccountTruth, index: int) -> pl.DataFrame:
    counts = truth.counts.each(lambda measure: measure[:, index])
    frame = pl.DataFrame(
        {
            "spend": counts.spend / 100,
            "impressions": counts.impressions,
            "clicks": counts.clicks,
            "conversions": counts.conversions / 100,
            "revenue": counts.revenue / 100,
        }
    )
    return frame.select(
        _dates(truth.days),
        pl.lit(truth.account.data_source).alias("data_source"),
        pl.lit(truth.account.id).alias("account_id"),
        pl.lit(truth.account.campaigns[index].id).alias("campaign_id"),
        pl.lit(truth.account.currency).alias("currency"),
        pl.all(),
    )


def _mails(mails: Mails, campaign: pl.Expr | pl.Series) -> pl.DataFrame:
    counts = mails.statistics
    frame = pl.DataFrame(
        {
            "sends": counts["recipients"],
            "clicks": counts["clicks"],
            "conversions": counts["conversions"].astype(np.float64),
            "revenue": counts["conversion_value"] / 100,
        }
    )
    return frame.select(
        _dates(mails.days),
        pl.lit("klaviyo").alias("data_source"),
        pl.lit("").alias("account_id"),
        campaign.alias("campaign_id"),
        pl.lit("EUR").alias("currency"),
        pl.all(),
    )


def _effect(shop: ShopTruth, key: str) -> pl.DataFrame:
    factor = shop.effects[key]
    frame = pl.DataFrame({"factor": factor, "revenue": shop.expected * (1 - 1 / factor)})
    return frame.select(
        pl.lit(key).alias("event"),
        pl.lit(shop.shop.market).alias("market"),
        pl.lit(shop.shop.currency).alias("currency"),
        _dates(shop.days),
        pl.all(),
    ).filter(pl.col("factor") != 1)


def _shop(shop: ShopTruth) -> pl.DataFrame:
    frame = pl.DataFrame({"orders": shop.orders, "revenue": shop.revenue / 100, "expected_revenue": shop.expected})
    return frame.select(
        pl.lit(shop.shop.market).alias("market"),
        _dates(shop.days),
        pl.lit(shop.shop.currency).alias("currency"),
        pl.all(),
    )
