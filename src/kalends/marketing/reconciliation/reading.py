"""What each source says, out of the warehouse: one number per cell, in one currency, each counted once."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import ibis
from ibis.expr import types as ir

from kalends.base.warehouse import TenantWarehouse
from kalends.marketing import orders, rates
from kalends.marketing.reconciliation.cells import Cell
from kalends.marketing.reconciliation.overlap import Seen
from kalends.marketing.reconciliation.past import daily_at
from kalends.marketing.reconciliation.sources import (
    CLAIMANTS,
    COUNTERS,
    MONEY,
    ORDERS,
    OVERLAPPING,
    WHOLE,
    platform_named,
)
from kalends.marketing.words import PLATFORM_NAMES

CUTS: Final = ("channel", "campaign", "platform")
NOT_CUT: Final = ("web", "crm")
"""The channel of who counts all sales: it says where they were counted, not what brought them."""

Spoken = tuple[Cell, str, float]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be read: days (both included), metrics, the cuts, the currency; and from which state of the data."""

    first: date
    last: date
    metrics: Sequence[str]
    cuts: frozenset[str]
    currency: str
    platforms: frozenset[str] = frozenset()
    """Only these sources; empty: all."""
    version: int | None = None
    """The data version; None: as it is now."""


@dataclass(slots=True)
class Heard:
    """What was read. `counted`: who measures the whole of a thing; `claimed`: platforms' claims of sales.

    `missing_rates`: source -> amounts left out because no exchange rate is known for their day; `unpriced`: days on
    which that is so of orders.
    """

    counted: list[Spoken] = field(default_factory=list)
    claimed: list[Spoken] = field(default_factory=list)
    missing_rates: Counter[str] = field(default_factory=Counter)
    unpriced: frozenset[date] = frozenset()


def read(warehouse: TenantWarehouse, wanted: Wanted) -> Heard:
    """Everything that is said of the metrics in these days."""
    found: dict[tuple[bool, Cell, str], list[float]] = {}
    heard = Heard()
    exchange = _Exchange(warehouse, wanted)
    rows = [*_order_rows(warehouse, wanted), *_fact_rows(warehouse, wanted)]
    owners = {
        row["account_id"]: row["data_source"] for row in rows if row["account_id"] and row["data_source"] in CLAIMANTS
    }
    for row in rows:
        source = row["data_source"]
        if wanted.platforms and source not in wanted.platforms:
            continue
        factor = exchange.factor(row)
        for metric in wanted.metrics:
            value = row.get(metric)
            place = _place(row, metric, wanted.cuts, owners) if value is not None else None
            if value is None or place is None:
                continue
            if metric in MONEY:
                if factor is None:
                    heard.missing_rates[source] += 1
                    heard.unpriced |= {row["date"]} if source == ORDERS else set()
                    continue
                value = float(value) * factor
            key = (metric in OVERLAPPING and source in CLAIMANTS, place, source)
            found.setdefault(key, []).append(float(value))
    # Sorted and summed exactly, so that the same data gives the same bytes in whatever order a store hands it over.
    for (is_claim, cell, source), values in sorted(found.items()):
        (heard.claimed if is_claim else heard.counted).append((cell, source, round(math.fsum(values), 6)))
    return heard


def _place(row: Mapping[str, Any], metric: str, cuts: frozenset[str], owners: Mapping[str, str]) -> Cell | None:
    """The cell that the row's number belongs to; None where it can say nothing about any."""
    source, channel = row["data_source"], row["channel"] or ""
    is_everybodys = metric in OVERLAPPING or (source in COUNTERS and metric not in _DELIVERED)
    if is_everybodys:
        platform = source if source in CLAIMANTS and "platform" in cuts else ""
    else:
        platform = source if source in CLAIMANTS else owners.get(row["account_id"]) or platform_named(channel) or ""
        if not platform and source in COUNTERS:
            return None  # an analytics tool knows of the spend that was imported into it and of no other
        if not platform and source in WHOLE:
            platform = source
    if "channel" in cuts and source in COUNTERS and channel in NOT_CUT:
        return None
    return Cell(
        metric,
        row["date"],
        platform,
        channel if "channel" in cuts else "",
        (row.get("campaign_name") or "") if "campaign" in cuts else "",
    )


_DELIVERED: Final = ("spend", "impressions", "clicks", "video_views")


def _fact_rows(warehouse: TenantWarehouse, wanted: Wanted) -> list[dict[str, Any]]:
    if not warehouse.exists("daily") or wanted.platforms == {ORDERS}:
        return []
    if wanted.version is None:
        daily: ir.Table = warehouse.table("daily")
    else:
        daily = daily_at(warehouse, version=wanted.version, first=wanted.first, last=wanted.last)
    daily = daily.filter(daily.date >= wanted.first, daily.date <= wanted.last)
    if wanted.platforms and set(wanted.metrics) <= set(OVERLAPPING):  # of other metrics accounts tell whose they are
        daily = daily.filter(daily.data_source.isin(sorted(wanted.platforms)))
    by = ["date", "data_source", "account_id", "channel", "currency"]
    by += ["campaign_name"] if "campaign" in wanted.cuts else []
    sums = daily.group_by(by).aggregate(**{metric: daily[metric].sum() for metric in wanted.metrics})
    rows: list[dict[str, Any]] = warehouse.to_arrow(sums).to_pylist()
    return rows


def _order_rows(warehouse: TenantWarehouse, wanted: Wanted) -> list[dict[str, Any]]:
    """The shop's orders as a source: revenue, and conversions, of which each order is one."""
    if not set(wanted.metrics) & set(OVERLAPPING):
        return []
    days = orders.by_day(warehouse, first=wanted.first, last=wanted.last, version=wanted.version)
    return [
        {"date": row["date"], "data_source": ORDERS, "account_id": "", "channel": row["channel"],
         "currency": row["currency"], "revenue": orders.revenue_of(row), "conversions": row["orders"]}
        for row in days
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Retold:
    """What only says again what platforms deliver themselves, as a finance department's table of what Meta cost: added
    up it would count twice. `sources`: all of theirs; `channels`: what others file under a platform's name.
    """

    sources: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()


def retold(warehouse: TenantWarehouse, *, accounts: Collection[tuple[str, str]]) -> Retold:
    """Among the rows of `accounts`: source and account id."""
    owners = {account: source for source, account in accounts if source in CLAIMANTS}
    own = sorted({source for source, _ in accounts} - set(PLATFORM_NAMES))
    if not own or not owners or not warehouse.exists("daily"):
        return Retold()
    daily = warehouse.table("daily")
    rows = daily.filter(daily.data_source.isin(own)).group_by("data_source", "account_id", "channel").aggregate()
    about: dict[str, list[tuple[str, bool]]] = {}
    for row in warehouse.to_arrow(rows).to_pylist():
        by_channel = platform_named(row["channel"]) in owners.values()
        told = about.setdefault(row["data_source"], [])
        told.append((row["channel"] if by_channel else "", by_channel or row["account_id"] in owners))
    sources = sorted(source for source, told in about.items() if all(again for _, again in told))
    channels = {channel for source, told in about.items() if source not in sources for channel, _ in told}
    return Retold(tuple(sources), tuple(sorted(channels - {""})))


class _Exchange:
    """Rates into the currency that is asked for, by day; a day without a rate has none."""

    def __init__(self, warehouse: TenantWarehouse, wanted: Wanted) -> None:
        self._currency = wanted.currency
        self._rates: dict[tuple[date, str], float] = {}
        if not warehouse.exists(rates.TABLE):
            return
        table = warehouse.table(rates.TABLE)
        table = table.filter(table.quote == wanted.currency, table.date >= wanted.first, table.date <= wanted.last)
        if wanted.version is not None:
            table = table.filter(table.batch_seq <= wanted.version)
        # Of several rates for a day the first source's newest, as everywhere in the house.
        by_day = ibis.window(group_by=["date", "base"], order_by=[table.source, table.batch_seq.desc()])
        placed = table.mutate(place=ibis.row_number().over(by_day))
        for row in warehouse.to_arrow(placed.filter(placed.place == 0)).to_pylist():
            self._rates[row["date"], row["base"]] = float(row["rate"])

    def factor(self, row: Mapping[str, Any]) -> float | None:
        """Units of the asked currency for one of the row's; None where nobody knows."""
        currency = row["currency"]
        if currency is None or currency == self._currency:
            return 1.0
        return self._rates.get((row["date"], currency))


def read_seen(warehouse: TenantWarehouse, wanted: Wanted, metric: str) -> dict[str, Seen]:
    """What an analytics tool counts for each platform's campaigns, found by their names, beside what is claimed for
    them; of several tools the most direct witness. Platforms none of whose campaigns it knows are absent.
    """
    if not warehouse.exists("daily"):
        return {}
    cut = Wanted(wanted.first, wanted.last, (metric,), frozenset({"campaign"}), wanted.currency, version=wanted.version)
    heard = read(warehouse, cut)
    counted = _by_campaign(heard.counted)
    found: dict[str, Seen] = {}
    for platform, claims in _by_campaign(heard.claimed).items():
        for source in COUNTERS:
            both = claims, counted.get(source, {})
            days, names = (set.intersection(*({key[place] for key in each} for each in both)) for place in (0, 1))
            names -= {""}
            if days and names:
                sums = (math.fsum(v for (day, name), v in each.items() if day in days and name in names)
                        for each in both)  # fmt: skip
                found[platform] = Seen(*sums)
                break
    return found


def _by_campaign(spoken: Sequence[Spoken]) -> dict[str, dict[tuple[date, str], float]]:
    """By source, what it says of each day and campaign, whatever the case of its name."""
    found: dict[str, dict[tuple[date, str], float]] = {}
    for cell, source, value in spoken:
        own, key = found.setdefault(source, {}), (cell.day, cell.campaign.casefold())
        own[key] = own.get(key, 0.0) + value
    return found
