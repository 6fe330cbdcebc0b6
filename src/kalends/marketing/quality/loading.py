"""Histories out of the warehouse: a few queries for all accounts that are scored."""

# ruff: noqa: S608 -- the statements are composed of declared names and dates

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

import numpy as np
import polars as pl

from kalends.base.warehouse import TenantWarehouse
from kalends.marketing.quality.history import METRICS, Floats, History, Parts
from kalends.marketing.quality.statistics import STATISTICS
from kalends.marketing.rollup import ACCOUNT

REACH: Final = timedelta(days=91)
"""How far around the scored days the checks look: six weeks of weekdays, each with six weeks of its own."""
ACCOUNTS = "(SELECT DISTINCT data_source, account_id FROM {days}) AS d"
KEY = ("data_source", "account_id")
PART: Final = ("report", "campaign_id", "ad_group_id", "ad_id", "breakdowns")
MOST_PARTS: Final = 60
"""Of an account: the largest. What is wrong with thousands of small ones is hardly seen in any."""


def histories(warehouse: TenantWarehouse, *, days: str, first: date, last: date, today: date) -> Iterator[History]:
    """The history of each account that has any of the scored days (`first` to `last`), and what is around them."""
    begin, end = first - REACH, min(last + REACH, today + timedelta(days=1))
    every = _of_reports(warehouse, days, begin, end)
    campaigns, parts, profiles, reads, reading = (
        _grouped(_of_campaigns(warehouse, days, begin, end)),
        _grouped(_of_parts(warehouse, days, begin, end)),
        _grouped(_profiles(warehouse, days, begin, end)),
        _grouped(_reads(warehouse, days, first, last)),
        _grouped(_reading_days(warehouse, days)),
    )
    for key, reports in _grouped(every).items():
        told_days: list[date] = reports["date"].to_list()
        size = (min(max(told_days) + timedelta(days=31), end) - min(told_days)).days + 1
        told = (each.get(key) for each in (campaigns, parts, profiles, reads, reading))
        yield _history(key, reports, *told, size=size)


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
    add up to it, out of the report of campaigns.
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
    return _frame(
        warehouse,
        f"SELECT c.data_source, c.account_id, c.date, {told} FROM daily AS c {account} WHERE c.date {dates}"
        " AND c.campaign_id <> '' GROUP BY 1, 2, 3, 4"
        f" UNION ALL SELECT c.data_source, c.account_id, c.date_from, {told} FROM facts AS c JOIN {bare}"
        " ON b.data_source = c.data_source AND b.account_id = c.account_id AND b.date = c.date_from"
        f" WHERE c.report = 'campaign' AND c.date_from = c.date_to AND c.date_from {dates} GROUP BY 1, 2, 3, 4",
    )


def _of_parts(warehouse: TenantWarehouse, days: str, begin: date, end: date) -> pl.DataFrame:
    """The days of the largest parts of campaigns, each report's for itself."""
    mine = (
        f"FROM facts AS f JOIN {ACCOUNTS.format(days=days)} ON d.data_source = f.data_source AND d.account_id ="
        f" f.account_id WHERE f.date_from = f.date_to AND f.date_from BETWEEN DATE '{begin}' AND DATE '{end}'"
        " AND f.campaign_id <> '' AND f.report NOT IN ('account', 'campaign')"
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
        f"SELECT f.data_source, f.account_id, f.date_from AS date, {part}, {sums} FROM facts AS f"
        f" JOIN {largest} AS p ON p.place <= {MOST_PARTS} AND {same} WHERE f.date_from = f.date_to"
        f" AND f.date_from BETWEEN DATE '{begin}' AND DATE '{end}'"
        f" GROUP BY f.data_source, f.account_id, f.date_from, {part}",
    )


def _profiles(warehouse: TenantWarehouse, days: str, begin: date, end: date) -> pl.DataFrame:
    """Both sides of each statistic of the rows, by day and report."""
    asked = ", ".join(
        f"CAST({sql or 'NULL'} AS DOUBLE PRECISION) AS {side}{place}"
        for place, each in enumerate(STATISTICS)
        for side, sql in (("top", each.top), ("of", each.of))
    )
    return _frame(
        warehouse,
        f"SELECT f.data_source, f.account_id, f.date_from AS date, f.report, {asked} FROM facts AS f"
        f" JOIN {ACCOUNTS.format(days=days)} ON d.data_source = f.data_source AND d.account_id = f.account_id"
        f" WHERE f.date_from = f.date_to AND f.date_from BETWEEN DATE '{begin}' AND DATE '{end}' GROUP BY 1, 2, 3, 4",
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
    key: tuple[Any, ...],
    reports: pl.DataFrame,
    campaigns: pl.DataFrame | None,
    parts: pl.DataFrame | None,
    profile: pl.DataFrame | None,
    reads: pl.DataFrame | None,
    reading: pl.DataFrame | None,
    *,
    size: int,
) -> History:
    first: date = reports["date"].min()  # type: ignore[assignment]
    by_report = {
        str(name): _columns(_placed(part, first), size, ("rows", *METRICS))
        for (name,), part in reports.partition_by(["report"], as_dict=True).items()
    }
    rows = np.nansum(np.stack([told["rows"] for told in by_report.values()]), axis=0)
    names, by_campaign, currencies = _by_campaign(campaigns, first, size)
    read_at, zone = _read(reads, first, size)
    return History(
        data_source=key[0],
        account_id=key[1],
        first=first,
        rows=rows,
        totals=_totals(by_report),
        reports=by_report if len(by_report) > 1 else {},
        campaigns=names,
        by_campaign=by_campaign,
        parts=_by_part(parts, first, size),
        profile=_profile(profile, first, size),
        currencies=currencies,
        read_at=read_at,
        read_days=frozenset() if reading is None else frozenset(at.date() for at in reading["reported_at"]),
        zone=zone,
    )


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


def _placed(frame: pl.DataFrame, first: date) -> pl.DataFrame:
    return frame.with_columns((pl.col("date") - first).dt.total_days().alias("place"))


def _columns(frame: pl.DataFrame, size: int, names: tuple[str, ...]) -> dict[str, Floats]:
    """Columns as arrays (days,), nan where nothing is told."""
    places = frame["place"].to_numpy()
    inside = (places >= 0) & (places < size)
    made = {}
    for name in names:
        made[name] = np.full(size, np.nan)
        made[name][places[inside]] = frame[name].cast(pl.Float64).to_numpy()[inside]
    return made


def _by_campaign(frame: pl.DataFrame | None, first: date, size: int) -> tuple[Any, Any, Any]:
    """The campaigns' ids, their arrays (days, campaigns), and the days' currencies."""
    if frame is None:
        return (), {}, ()
    frame = _placed(frame, first).filter(pl.col("place").is_between(0, size - 1))
    ids = frame["campaign_id"].unique().sort()
    columns = frame["campaign_id"].replace_strict(ids, list(range(ids.len())), return_dtype=pl.Int64).to_numpy()
    places = frame["place"].to_numpy()
    arrays = {}
    for metric in ("rows", *METRICS):
        arrays[metric] = np.full((size, ids.len()), np.nan)
        arrays[metric][places, columns] = frame[metric].cast(pl.Float64).to_numpy()
    told: list[set[str]] = [set() for _ in range(size)]
    for place, one, other in frame.select("place", "one", "other").unique().iter_rows():
        told[place] |= {currency for currency in (one, other) if currency}
    return tuple(ids.to_list()), arrays, tuple(map(frozenset, told))


def _by_part(frame: pl.DataFrame | None, first: date, size: int) -> Parts:
    if frame is None:
        return Parts()
    frame = _placed(frame, first).filter(pl.col("place").is_between(0, size - 1))
    every = frame.select(PART).unique().sort(PART).with_row_index("column")
    frame = frame.join(every, on=PART)
    where = frame["place"].to_numpy(), frame["column"].to_numpy()
    arrays = {metric: np.full((size, every.height), np.nan) for metric in METRICS}
    for metric, array in arrays.items():
        array[where] = frame[metric].to_numpy()
    whole = every.select(pl.struct("report", "campaign_id").rank("dense")).to_series()
    named = every.select(
        pl.concat_str([pl.col("campaign_id"), pl.col("ad_group_id"), pl.col("ad_id"), pl.col("breakdowns")],
                      separator=" ").str.replace(" {}", "", literal=True).str.replace_all(" +", " ")
    ).to_series()  # fmt: skip
    return Parts(
        names=tuple(named.to_list()),
        reports=tuple(every["report"].to_list()),
        whole=whole.to_numpy().astype(np.int64) - 1,
        by_metric=arrays,
    )


def _profile(frame: pl.DataFrame | None, first: date, size: int) -> dict[str, tuple[Floats, Floats]]:
    """By report, the two sides of its statistics (days, statistics)."""
    if frame is None:
        return {}
    made = {}
    for (report,), part in frame.partition_by(["report"], as_dict=True).items():
        places = (part["date"] - first).dt.total_days().to_numpy()
        inside = (places >= 0) & (places < size)
        sides = []
        for side in ("top", "of"):
            values = part.select(f"{side}{place}" for place in range(len(STATISTICS))).to_numpy()
            sides.append(np.full((size, len(STATISTICS)), np.nan))
            sides[-1][places[inside]] = values[inside].astype(float)
        made[str(report)] = (sides[0], sides[1])
    return made


def _read(frame: pl.DataFrame | None, first: date, size: int) -> tuple[tuple[datetime | None, ...], str | None]:
    """When each day was last read, and the account's time zone."""
    newest: list[datetime | None] = [None] * size
    if frame is None:
        return tuple(newest), None
    for day, at in frame.select("date", "reported_at").iter_rows():
        if 0 <= (place := (day - first).days) < size:
            newest[place] = at
    zones: list[str] = frame["zone"].drop_nulls().to_list()
    return tuple(newest), zones[0] if zones else None
