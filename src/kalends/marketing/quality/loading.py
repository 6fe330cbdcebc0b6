"""Histories out of the warehouse: a few queries for all accounts that are scored."""

# ruff: noqa: S608 -- the statements are composed of declared names and dates

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from kalends.base.warehouse import TenantWarehouse
from kalends.marketing.attribution import own
from kalends.marketing.quality.history import METRICS, Floats, History, Parts
from kalends.marketing.quality.statistics import STATISTICS
from kalends.marketing.rollup import ACCOUNT

REACH: Final = timedelta(days=91)
"""How far around the scored days the checks look: six weeks of weekdays, each with six weeks of its own."""
ACCOUNTS = "(SELECT DISTINCT data_source, account_id FROM {days}) AS d"
KEY = ("data_source", "account_id")
PART: Final = ("report", "campaign_id", "ad_group_id", "ad_id", "breakdowns")
SIDES: Final = tuple(f"{side}{place}" for side in ("top", "of") for place in range(len(STATISTICS)))
MOST_CAMPAIGNS: Final = 500
"""Of an account. Who sends e-mails has a campaign or more a day, and none of them has a past to be held against."""
OTHERS: Final = "(all others)"
MOST_PARTS: Final = 60
"""Of an account: the largest. What is wrong with thousands of small ones is hardly seen in any."""


def histories(warehouse: TenantWarehouse, *, days: str, first: date, last: date, today: date) -> Iterator[History]:
    """The history of each account that has any of the scored days (`first` to `last`), and what is around them."""
    begin, end = first - REACH, min(last + REACH, today + timedelta(days=1))
    told = _of_reports(warehouse, days, begin, end)
    spans = told.group_by(KEY).agg(pl.min("date").alias("first"), pl.max("date").alias("last"))
    spans = spans.with_columns(
        size=(pl.min_horizontal(pl.col("last") + timedelta(days=31), pl.lit(end)) - pl.col("first")).dt.total_days() + 1
    )
    frames = (
        _numbered(told, "report"),
        _numbered(_of_campaigns(warehouse, days, begin, end), "campaign_id"),
        _of_parts(warehouse, days, begin, end),
        _numbered(_profiles(warehouse, days, begin, end), "report"),
        _reads(warehouse, days, first, last),
    )
    tables = [_tables(frame, spans) for frame in frames]
    reading = _grouped(_reading_days(warehouse, days))
    for key, started, size in spans.sort(KEY).select(pl.struct(KEY), "first", "size").iter_rows():
        of = (key["data_source"], key["account_id"])
        yield _history(of, started, size, [each.get(of, {}) for each in tables], reading.get(of))


Table = dict[str, npt.NDArray[Any]]
"""The columns of one account's rows."""


def _numbered(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """With the number of each name among its account's, as `column`."""
    return frame.with_columns((pl.col(name).rank("dense").over(KEY) - 1).alias("column"))


def _tables(frame: pl.DataFrame, spans: pl.DataFrame) -> dict[tuple[Any, ...], Table]:
    """Each account's rows as arrays, with the place of their day: all are made at once, and cut."""
    placed = frame.join(spans, on=KEY).with_columns(place=(pl.col("date") - pl.col("first")).dt.total_days())
    placed = placed.filter(pl.col("place").is_between(0, pl.col("size") - 1)).sort(KEY, maintain_order=True)
    told = [name for name in placed.columns if name not in {*KEY, "date", "first", "last", "size"}]
    arrays = {
        name: np.array(placed[name].to_list(), dtype=object) if name == "reported_at" else placed[name].to_numpy()
        for name in told
    }
    made, begin = {}, 0
    for source, account, length in placed.group_by(KEY, maintain_order=True).len().iter_rows():
        made[source, account] = {name: array[begin : begin + length] for name, array in arrays.items()}
        begin += length
    return made


def _laid_out(table: Table, names: Sequence[str], size: int, columns: int) -> dict[str, Floats]:
    """Columns as arrays (days, columns), nan where nothing is told."""
    made = {name: np.full((size, columns), np.nan) for name in names}
    for name in names if table else ():
        made[name][table["place"], table["column"]] = table[name].astype(float)
    return made


def _names(table: Table, name: str) -> list[Any]:
    """The names behind the numbers, in their order."""
    if not table:
        return []
    _, places = np.unique(table["column"], return_index=True)
    named: list[Any] = table[name][places].tolist()
    return named


def _of_reports(warehouse: TenantWarehouse, days: str, begin: date, end: date) -> pl.DataFrame:
    sums = ", ".join(f"CAST(r.{metric} AS DOUBLE PRECISION) AS {metric}" for metric in METRICS)
    return _frame(
        warehouse,
        f'SELECT r.data_source, r.account_id, r.date, r.report, CAST(r."rows" AS DOUBLE PRECISION) AS "rows", {sums},'
        f" r.is_covering FROM report_days AS r JOIN {ACCOUNTS.format(days=days)} ON d.data_source = r.data_source"
        f" AND d.account_id = r.account_id WHERE r.date BETWEEN DATE '{begin}' AND DATE '{end}'",
    )


def _of_campaigns(warehouse: TenantWarehouse, days: str, begin: date, end: date) -> pl.DataFrame:
    """Campaigns' days out of the rollup; where that could only take the account's own report, because campaigns do not
    add up to it, out of the report of campaigns. Beyond the largest of an account, or those with the most days where
    none spends, the others are one.
    """
    sums = ", ".join(f"CAST(sum(c.{metric}) AS DOUBLE PRECISION) AS {metric}" for metric in METRICS)
    told = (
        " c.campaign_id, min(c.currency) AS one, max(c.currency) AS other,"
        f' CAST(count(*) AS DOUBLE PRECISION) AS "rows", {sums}'
    )
    account = f"JOIN {ACCOUNTS.format(days=days)} ON d.data_source = c.data_source AND d.account_id = c.account_id"
    dates = f"BETWEEN DATE '{begin}' AND DATE '{end}'"
    bare = (
        f"(SELECT c.data_source, c.account_id, c.date FROM daily AS c {account} WHERE c.date {dates}"
        " GROUP BY 1, 2, 3 HAVING max(c.campaign_id) = '') AS b"
    )
    every = (
        f"SELECT c.data_source, c.account_id, c.date, {told} FROM daily AS c {account} WHERE c.date {dates}"
        " AND c.campaign_id <> '' GROUP BY 1, 2, 3, 4"
        f" UNION ALL SELECT c.data_source, c.account_id, c.date_from, {told} FROM facts AS c JOIN {bare}"
        " ON b.data_source = c.data_source AND b.account_id = c.account_id AND b.date = c.date_from"
        f" WHERE c.report = 'campaign' AND c.date_from = c.date_to AND c.date_from {dates} AND {own('c')}"
        " GROUP BY 1, 2, 3, 4"
    )
    largest = (
        "SELECT data_source, account_id, campaign_id, row_number() OVER (PARTITION BY data_source, account_id"
        " ORDER BY coalesce(sum(spend), 0) DESC, count(*) DESC, campaign_id) AS place FROM c GROUP BY 1, 2, 3"
    )
    both = ", ".join(f'sum(c."{name}") AS "{name}"' for name in ("rows", *METRICS))
    return _frame(
        warehouse,
        f"WITH c AS ({every}), l AS ({largest}) SELECT c.data_source, c.account_id, c.date,"
        f" CASE WHEN l.place <= {MOST_CAMPAIGNS} THEN c.campaign_id ELSE '{OTHERS}' END AS campaign_id,"
        f" min(c.one) AS one, max(c.other) AS other, {both} FROM c JOIN l ON l.data_source = c.data_source"
        " AND l.account_id = c.account_id AND l.campaign_id = c.campaign_id GROUP BY 1, 2, 3, 4",
    )


def _of_parts(warehouse: TenantWarehouse, days: str, begin: date, end: date) -> pl.DataFrame:
    """The days of the largest parts of campaigns, each report's for itself."""
    mine = (
        f"FROM facts AS f JOIN {ACCOUNTS.format(days=days)} ON d.data_source = f.data_source AND d.account_id ="
        f" f.account_id WHERE f.date_from = f.date_to AND f.date_from BETWEEN DATE '{begin}' AND DATE '{end}'"
        f" AND f.campaign_id <> '' AND f.report NOT IN ('account', 'campaign') AND {own('f')}"
    )
    part = ", ".join(f"f.{name}" for name in PART)
    same = " AND ".join(f"p.{name} = f.{name}" for name in (*KEY, *PART))
    sums = ", ".join(f"CAST(sum(f.{metric}) AS DOUBLE PRECISION) AS {metric}" for metric in METRICS)
    largest = (
        f"(SELECT f.data_source, f.account_id, {part}, row_number() OVER (PARTITION BY f.data_source, f.account_id"
        f" ORDER BY coalesce(sum(f.impressions), 0) DESC, {part}) AS place {mine}"
        f" GROUP BY f.data_source, f.account_id, {part})"
    )
    return _frame(
        warehouse,
        f'SELECT f.data_source, f.account_id, f.date_from AS date, {part}, max(p.place) - 1 AS "column", {sums}'
        " FROM facts AS f"
        f" JOIN {largest} AS p ON p.place <= {MOST_PARTS} AND {same} WHERE f.date_from = f.date_to"
        f" AND f.date_from BETWEEN DATE '{begin}' AND DATE '{end}' AND {own('f')}"
        f" GROUP BY f.data_source, f.account_id, f.date_from, {part}",
    )


def _profiles(warehouse: TenantWarehouse, days: str, begin: date, end: date) -> pl.DataFrame:
    """Both sides of each statistic of the rows, by day and report."""
    asked = ", ".join(
        f"CAST({sql or 'NULL'} AS DOUBLE PRECISION) AS {side}{place}"
        for side in ("top", "of")
        for place, each in enumerate(STATISTICS)
        for sql in (getattr(each, side),)
    )
    return _frame(
        warehouse,
        f"SELECT f.data_source, f.account_id, f.date_from AS date, f.report, {asked} FROM facts AS f"
        f" JOIN {ACCOUNTS.format(days=days)} ON d.data_source = f.data_source AND d.account_id = f.account_id"
        f" WHERE f.date_from = f.date_to AND f.date_from BETWEEN DATE '{begin}' AND DATE '{end}' AND {own('f')}"
        " GROUP BY 1, 2, 3, 4",
    )


def _reads(warehouse: TenantWarehouse, days: str, first: date, last: date) -> pl.DataFrame:
    """When each of the scored days was last told or confirmed."""
    dates = f"BETWEEN DATE '{first}' AND DATE '{last}'"
    return _frame(
        warehouse,
        "SELECT f.data_source, f.account_id, f.date_from AS date, max(f.date_zone) AS zone,"
        " max(greatest(f.reported_at, coalesce(c.reported_at, f.reported_at))) AS reported_at FROM facts AS f"
        " LEFT JOIN (SELECT key_hash, max(reported_at) AS reported_at FROM confirmations"
        f" WHERE date_from {dates} GROUP BY key_hash) AS c ON c.key_hash = f.key_hash"
        f" JOIN {ACCOUNTS.format(days=days)} ON d.data_source = f.data_source AND d.account_id = f.account_id"
        f" WHERE f.date_from = f.date_to AND f.date_from {dates} GROUP BY 1, 2, 3",
    )


def _reading_days(warehouse: TenantWarehouse, days: str) -> pl.DataFrame:
    """The instants at which anything of an account was read; what has been taken back was not read."""
    return _frame(
        warehouse,
        f"SELECT DISTINCT s.data_source, s.account_id, s.reported_at FROM scopes AS s JOIN {ACCOUNTS.format(days=days)}"
        " ON d.data_source = s.data_source AND d.account_id = s.account_id"
        " WHERE s.batch_seq NOT IN (SELECT retracted_seq FROM retractions)",
    )


def _frame(warehouse: TenantWarehouse, sql: str) -> pl.DataFrame:
    made = pl.from_arrow(warehouse.execute(sql))
    assert isinstance(made, pl.DataFrame)
    return made


def _grouped(frame: pl.DataFrame) -> dict[tuple[Any, ...], pl.DataFrame]:
    return frame.partition_by(list(KEY), as_dict=True) if frame.height else {}


def _history(
    key: tuple[str, str], first: date, size: int, tables: list[Table], reading: pl.DataFrame | None
) -> History:
    reports, campaigns, parts, profile, reads = tables
    by_report = _by_report(reports, ("rows", *METRICS), size)
    ids = _names(campaigns, "campaign_id")
    read_at, zone = _read(reads, size)
    return History(
        data_source=key[0],
        account_id=key[1],
        first=first,
        rows=np.nansum(np.stack([told["rows"] for told in by_report.values()]), axis=0),
        totals=_totals(by_report),
        reports=by_report if len(by_report) > 1 else {},
        campaigns=tuple(ids),
        by_campaign=_laid_out(campaigns, ("rows", *METRICS), size, len(ids)) if ids else {},
        parts=_by_part(parts, size),
        profile={report: _sides(told) for report, told in _by_report(profile, SIDES, size).items()},
        currencies=_currencies(campaigns, size),
        read_at=read_at,
        read_days=frozenset() if reading is None else frozenset(at.date() for at in reading["reported_at"]),
        zone=zone,
    )


def _by_report(table: Table, names: Sequence[str], size: int) -> dict[str, dict[str, Floats]]:
    """By report, columns as arrays (days,)."""
    told = _names(table, "report")
    arrays = _laid_out(table, names, size, len(told))
    return {report: {name: arrays[name][:, place] for name in names} for place, report in enumerate(told)}


def _sides(told: Mapping[str, Floats]) -> tuple[Floats, Floats]:
    """The two sides of each statistic (days, statistics)."""
    every = np.stack([told[name] for name in SIDES], axis=1)
    return every[:, : len(STATISTICS)], every[:, len(STATISTICS) :]


def _totals(by_report: Mapping[str, Mapping[str, Floats]]) -> dict[str, Floats]:
    """By metric, what covers the account: its own report, else the most of one without breakdown, else of all."""
    by_trust = (
        [told for name, told in by_report.items() if name == ACCOUNT],
        [told for name, told in by_report.items() if "/" not in name],
        list(by_report.values()),
    )
    totals = {}
    for metric in METRICS:
        best = np.full(next(iter(by_report.values()))["rows"].shape, np.nan)
        for trusted in by_trust:
            if trusted:
                most = np.fmax.reduce([told[metric] for told in trusted])
                best = np.where(np.isfinite(best), best, most)
        totals[metric] = best
    return totals


def _currencies(table: Table, size: int) -> tuple[frozenset[str], ...]:
    """The currencies of each day."""
    if not table:
        return ()
    told: list[set[str]] = [set() for _ in range(size)]
    for place, one, other in set(zip(table["place"].tolist(), table["one"], table["other"], strict=True)):
        told[place] |= {currency for currency in (one, other) if currency}
    return tuple(map(frozenset, told))


def _by_part(table: Table, size: int) -> Parts:
    if not table:
        return Parts()
    named = list(zip(*(_names(table, name) for name in PART), strict=True))
    # Numbers leave out parts of which no day is near.
    _, table["column"] = np.unique(table["column"], return_inverse=True)
    of = {whole: place for place, whole in enumerate(sorted({part[:2] for part in named}))}
    return Parts(
        names=tuple(" ".join(each for each in part[1:] if each not in {"", "{}"}) for part in named),
        reports=tuple(part[0] for part in named),
        whole=np.array([of[part[:2]] for part in named], dtype=np.int64),
        by_metric=_laid_out(table, METRICS, size, len(named)),
    )


def _read(table: Table, size: int) -> tuple[tuple[datetime | None, ...], str | None]:
    """When each day was last read, and the account's time zone."""
    newest: list[datetime | None] = [None] * size
    for place, at in zip(table.get("place", ()), table.get("reported_at", ()), strict=True):
        newest[place] = at
    return tuple(newest), next((zone for zone in table.get("zone", ()) if zone), None)
