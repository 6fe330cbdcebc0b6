"""What is counted once: the orders of the shops that sell in one currency, and what Google Analytics saw of them.

The platforms' claims say what brought people; of each order only the last click is known. So the claims, added up, are
more than the orders, and Google Analytics less.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from kalends.demo.amounts import Days, Floats, Ints
from kalends.demo.analytics import Watched, watch
from kalends.demo.mailing import MailTruth
from kalends.demo.parameters import Parameters, Property
from kalends.demo.sales import make_sales
from kalends.demo.truth import AccountTruth, ShopTruth, gap
from kalends.demo.visits import ALONE, campaign_origins, last_clicks, mail_origins, since


@dataclass(frozen=True, slots=True)
class Counted:
    """The orders (sales.py) and what the property saw."""

    sales: pl.DataFrame
    watched: Watched


def count(
    *,
    luck: Iterator[np.random.Generator],
    of: Property,
    days: Days,
    shops: Sequence[ShopTruth],
    accounts: Sequence[AccountTruth],
    mail: MailTruth,
    parameters: Parameters,
    renamed: date,
) -> Counted:
    """All that is sold in the property's currency, in one ledger. Takes one stream of `luck` per shop and one more."""
    own = [shop for shop in shops if shop.shop.currency == of.currency]
    origins = [
        origin
        for truth in accounts
        if truth.account.currency == of.currency
        for origin in campaign_origins(truth=truth, days=days, parameters=parameters, renamed=renamed)
    ]
    if of.has_mail:
        origins += mail_origins(mail=mail, days=days, parameters=parameters)
    orders: Ints = np.sum([since(shop.orders, days.size) for shop in own], axis=0)
    shares = last_clicks(origins=origins, orders=orders, least_alone=parameters.own_visits_least)
    channels = [*(one.channel for one in origins), *(one.channel for one in ALONE)]
    sales = pl.concat(
        make_sales(
            rng=next(luck),
            truth=shop,
            shares=shares[-shop.days.size :],
            channels=channels,
            seen=_seen(shop, days, parameters)[-shop.days.size :],
            parameters=parameters,
        )
        for shop in own
    )
    alone = shares[:, len(origins) :] * orders[:, None]
    watched = watch(rng=next(luck), of=of, days=days, origins=origins, alone=alone, sales=sales, parameters=parameters)
    return Counted(sales.drop("origin"), watched)


def _seen(shop: ShopTruth, days: Days, parameters: Parameters) -> Floats:
    """The chance (n,) that the tag sees an order: none while the German shop had lost it."""
    seen = np.full(days.size, parameters.seen_by_analytics)
    if shop.shop.market == "DE":
        seen[gap(days=days, before_end=parameters.outage_days_before_end, length=parameters.outage_days)] = 0.0
    return seen
