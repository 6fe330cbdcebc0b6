"""What there is to answer from: the reports, currencies and spans of a data version, and the days of a period.

A catalogue is read once per data version and kept: the days of every report as four short arrays, a few bytes a day,
so that looking at a period is arithmetic in memory and no question to the warehouse.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from ibis.expr import types as ir

from kalends.base.countries import code_of
from kalends.insight.claims import TOLD
from kalends.insight.query import Filter
from kalends.insight.reports import split_by
from kalends.insight.spans import Span
from kalends.insight.statements import Build
from kalends.insight.tables import Tables
from kalends.marketing import entities, renames
from kalends.marketing.attribution import preference

Fetch = Callable[[Hashable, Build, Mapping[str, Any]], pa.Table]
"""Gives the rows of a statement: its shape, how it is built, its values."""

_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class ReportDays:
    """The table `report_days`, sorted by day: days since 1970, and places in the lists of accounts and reports."""

    accounts: tuple[tuple[str, str], ...]
    """Platform and account id."""

    reports: tuple[str, ...]
    day: npt.NDArray[np.int32]
    account: npt.NDArray[np.int32]
    report: npt.NDArray[np.int32]
    is_covering: npt.NDArray[np.bool_]
    repeats: npt.NDArray[np.bool_]
    """Whether rows tell the same under several attribution windows."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What one data version holds."""

    days: ReportDays
    currencies: tuple[str, ...]
    spans: tuple[Span, ...]
    has_rates: bool = False
    quotes: tuple[str, ...] = ()
    """The currencies into which some rate is known."""

    renamed: tuple[str, ...] = ()
    """The columns of names of which somebody was called otherwise on an earlier day."""

    tellers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Per column of `claims.TOLD`: the platforms that tell something in it."""

    called: tuple[str, ...] = ()
    """The columns of names that came as rows of their own."""

    placed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Per level of `entities.PARENTS`: the platforms whose rows of names say it."""

    unplaced: frozenset[tuple[str, str]] = frozenset()
    """Of these platforms the reports with rows of ads or ad groups that do not say their campaign, as (platform,
    report)."""

    unplaced_daily: frozenset[tuple[str, str]] = frozenset()
    """Those of them that speak for an account on some day, so that they are in the rollup."""

    attributions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Per platform that tells one thing under several attribution windows: those it uses, the preferred first."""

    countries: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """The code of each country that rows are of, and every way in which they write it."""

    @property
    def reports(self) -> tuple[str, ...]:
        """Every report that has daily rows, or rows over many days."""
        return tuple(sorted({*self.days.reports, *(span.report for span in self.spans)}))

    @property
    def last_day(self) -> date | None:
        """The last day that has data."""
        ends = [span.end for span in self.spans]
        if self.days.day.size:
            ends.append(_EPOCH + timedelta(days=int(self.days.day[-1])))
        return max(ends, default=None)


@dataclass(frozen=True, slots=True)
class AccountDays:
    """One account in a period: its days with rows, those that an able report covers, and its last day."""

    data_source: str
    account_id: str
    days: int
    answered: int
    last_day: date


@dataclass(frozen=True, slots=True)
class Survey:
    """The days of a period, of the accounts that a query keeps."""

    accounts: tuple[AccountDays, ...]
    answered_days: tuple[int, ...]
    """Days, counted since 1970, on which some account is answered."""

    one_report: Mapping[str, str] | None
    """Per platform the one report that answers every day of its accounts; None where days need different ones."""

    repeating: tuple[str, ...] = ()
    """The platforms that tell one thing under several attribution windows here."""

    @property
    def answered(self) -> frozenset[date]:
        """The days on which some account is answered."""
        return frozenset(_EPOCH + timedelta(days=number) for number in self.answered_days)


def read_catalogue(fetch: Fetch, tables: Tables, *, has_rates: bool, has_renames: bool) -> Catalogue:
    """Ask the warehouse what this data version holds."""
    days = fetch("catalogue/days", lambda _: _days(tables), {})
    spans = fetch("catalogue/spans", lambda _: _spans(tables), {}).to_pylist()
    in_daily = fetch("catalogue/currencies", lambda _: _currencies(tables), {}).column("currency").to_pylist()
    currencies = {row.pop("currency") for row in spans} | set(in_daily)
    tellers = fetch("catalogue/tellers", lambda _: _tellers(tables), {}).to_pylist()
    held = report_days(days)
    has_repeats = held.repeats.any() or any(row["repeats"] for row in spans)
    named = fetch("catalogue/attributions", lambda _: _attributions(tables), {}).to_pylist() if has_repeats else []
    renamed = fetch("catalogue/renames", lambda _: _renamed(tables), {}).column(0).to_pylist() if has_renames else []
    quotes = fetch("catalogue/quotes", lambda _: _quotes(tables), {}).column(0).to_pylist() if has_rates else []
    told = fetch("catalogue/called", lambda _: _called(tables), {}).to_pylist()
    levels = {row["level"]: tuple(sorted(r["data_source"] for r in told if r["level"] == row["level"])) for row in told}
    placed = {level: levels[level] for level in entities.PARENTS if level in levels}
    unplaced = _pairs(fetch("catalogue/unplaced", lambda _: _unplaced(tables), {})) if placed else frozenset()
    spoken = _pairs(fetch("catalogue/spoken", lambda _: _spoken(tables), {})) if unplaced else frozenset()
    reports = {*held.reports, *(row["report"] for row in spans)}
    by_country = any("country" in split_by(report) for report in reports)
    written = fetch("catalogue/countries", lambda _: _countries(tables), {}).column(0).to_pylist() if by_country else []
    return Catalogue(
        days=held,
        currencies=tuple(sorted(filter(None, currencies))),
        spans=tuple(sorted((Span(**row) for row in spans), key=lambda span: span.key)),
        has_rates=has_rates,
        quotes=tuple(sorted(quotes)),
        renamed=tuple(sorted(renamed)),
        tellers={column: tuple(row["data_source"] for row in tellers if row[column]) for column in TOLD},
        called=tuple(column for column, (level, _) in entities.LEVELS.items() if level in levels),
        placed=placed,
        unplaced=unplaced,
        unplaced_daily=unplaced & spoken,
        attributions=_by_source(named),
        countries=_by_code(written),
    )


def _by_code(written: Iterable[str | None]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What rows write by the country that it means; what means none is left out."""
    found: dict[str, list[str]] = {}
    for text in written:
        if text and (code := code_of(text)):
            found.setdefault(code, []).append(text)
    return tuple((code, tuple(sorted(texts))) for code, texts in sorted(found.items()))


def _by_source(named: Iterable[Mapping[str, str]]) -> dict[str, tuple[str, ...]]:
    """The attribution windows of each platform that has several, the preferred first."""
    windows: dict[str, list[str]] = {}
    for row in named:
        windows.setdefault(row["data_source"], []).append(row["attribution"])
    return {source: tuple(sorted(held, key=preference)) for source, held in windows.items() if len(held) > 1}


def report_days(rows: pa.Table, /) -> ReportDays:
    """The rows of `report_days` as arrays."""
    sources, ids, reports = (rows.column(n).to_pylist() for n in ("data_source", "account_id", "report"))
    accounts, account = _places(list(zip(sources, ids, strict=True)))
    names, report = _places(reports)
    day = rows.column("date").to_numpy().astype("datetime64[D]").astype(np.int32)
    order = np.argsort(day, kind="stable")
    covering = rows.column("is_covering").to_numpy()
    repeats = rows.column("has_repeats").to_numpy()
    return ReportDays(
        tuple(accounts), tuple(names), day[order], account[order], report[order], covering[order], repeats[order]
    )


def _places(values: list[Any]) -> tuple[list[Any], npt.NDArray[np.int32]]:
    """The distinct values in order, and where each value is among them."""
    distinct = sorted(set(values))
    place = {value: n for n, value in enumerate(distinct)}
    return distinct, np.array([place[value] for value in values], dtype=np.int32)


def _days(tables: Tables) -> ir.Table:
    rows = tables.get("report_days", ("date", "data_source", "account_id", "report", "is_covering", "repeats"))
    return rows.select("date", "data_source", "account_id", "report", "is_covering", has_repeats=rows.repeats > 0)


def _tellers(tables: Tables) -> ir.Table:
    """Which platforms have a value in the columns of `claims.TOLD`."""
    rows = tables.get("report_days", ("data_source", *TOLD))
    return rows.group_by("data_source").aggregate(**{column: rows[column].count() > 0 for column in TOLD})


def _attributions(tables: Tables) -> ir.Table:
    return _distinct(tables, "facts", "data_source", "attribution")


def _countries(tables: Tables) -> ir.Table:
    return _distinct(tables, "facts", "country")


def _renamed(tables: Tables) -> ir.Table:
    return _distinct(tables, renames.TABLE, "column_name")


def _called(tables: Tables) -> ir.Table:
    return _distinct(tables, entities.CALLED, "data_source", "level")


def _pairs(rows: pa.Table) -> frozenset[tuple[str, str]]:
    """Platform and report of each row."""
    return frozenset((row["data_source"], row["report"]) for row in rows.to_pylist())


def _spoken(tables: Tables) -> ir.Table:
    return _distinct(tables, "daily", "data_source", "report")


def _unplaced(tables: Tables) -> ir.Table:
    rows = tables.get("facts", ("data_source", "report", "campaign_id", "ad_group_id", "ad_id"))
    rows = rows.filter(rows.campaign_id == "", (rows.ad_id != "") | (rows.ad_group_id != ""))
    return rows.aggregate(by=["data_source", "report"], n=rows.count()).select("data_source", "report")


def _currencies(tables: Tables) -> ir.Table:
    return _distinct(tables, "daily", "currency")


def _quotes(tables: Tables) -> ir.Table:
    return _distinct(tables, "rates", "quote")


def _distinct(tables: Tables, name: str, *columns: str) -> ir.Table:
    """The distinct values. Ibis writes `distinct` as DISTINCT *, which is of all the columns that the store has."""
    return tables.get(name, columns).aggregate(by=list(columns), n=lambda rows: rows.count()).select(*columns)


def _spans(tables: Tables) -> ir.Table:
    """The rows over many days, by report and span, with how many of those days the account has daily rows."""
    columns = ("data_source", "account_id", "report", "date_from", "date_to", "currency", "attribution")
    facts = tables.get("facts", columns)
    spans = facts.filter(facts.date_to > facts.date_from)
    spans = spans.group_by("data_source", "account_id", "report", start="date_from", end="date_to").aggregate(
        currency=spans.currency.max(), repeats=spans.attribution.min() != spans.attribution.max()
    )
    days = _distinct(tables, "report_days", "data_source", "account_id", "date")
    days = days.rename(_source="data_source", _account="account_id")
    within = days.date.between(spans.start, spans.end)
    of_account = [spans.data_source == days["_source"], spans.account_id == days["_account"]]
    joined = spans.left_join(days, [*of_account, within])
    keys = ["data_source", "account_id", "report", "start", "end", "currency", "repeats"]
    return joined.group_by(keys).aggregate(daily_days=joined.date.count())


def survey(held: ReportDays, /, *, filters: Iterable[Filter], able: Collection[str], start: date, end: date) -> Survey:
    """The days from `start` to `end` of the accounts that are kept; `able` reports (finest first) can answer."""
    first, behind = np.searchsorted(held.day, [(start - _EPOCH).days, (end - _EPOCH).days + 1])
    asked = _kept_accounts(held.accounts, tuple(filters))[held.account[first:behind]]
    day, account, report = (column[first:behind][asked] for column in (held.day, held.account, held.report))
    is_covering, repeats = (column[first:behind][asked] for column in (held.is_covering, held.repeats))
    is_able = np.array([name in able for name in held.reports], dtype=bool)
    answers = is_covering & is_able[report] if report.size else is_covering
    offset = int(day[0]) if day.size else 0
    seen, answered = (_grid(day[rows] - offset, account[rows], len(held.accounts)) for rows in (..., answers))
    days = {int(place): int(count) for place, count in enumerate(seen.sum(axis=0)) if count}
    return Survey(
        accounts=tuple(_account_days(held.accounts, days, answered.sum(axis=0), seen, offset)),
        answered_days=tuple((np.flatnonzero(answered.any(axis=1)) + offset).tolist()),
        one_report=_one_report_each(held, able, days, account, report, is_covering),
        repeating=tuple(sorted({held.accounts[place][0] for place in account[answers & repeats]})),
    )


def _grid(day: npt.NDArray[np.int32], account: npt.NDArray[np.int32], width: int) -> npt.NDArray[np.bool_]:
    """Whether an account (column) has a row on a day (row)."""
    grid = np.zeros((int(day.max()) + 1 if day.size else 0, width), dtype=bool)
    grid[day, account] = True
    return grid


def _kept_accounts(accounts: tuple[tuple[str, str], ...], filters: tuple[Filter, ...]) -> npt.NDArray[np.bool_]:
    """Which accounts the filters on platform and account keep."""
    places = {"data_source": 0, "account_id": 1}
    own = [kept for kept in filters if kept.dimension in places]
    return np.array([all(f.keeps(account[places[f.dimension]]) for f in own) for account in accounts], dtype=bool)


def _account_days(
    accounts: tuple[tuple[str, str], ...],
    days: Mapping[int, int],
    answered: npt.NDArray[np.int64],
    seen: npt.NDArray[np.bool_],
    offset: int,
) -> Iterable[AccountDays]:
    for place, count in days.items():
        last_day = _EPOCH + timedelta(days=offset + int(np.flatnonzero(seen[:, place])[-1]))
        yield AccountDays(*accounts[place], count, int(answered[place]), last_day)


def _one_report_each(
    held: ReportDays,
    able: Collection[str],
    days: Mapping[int, int],
    account: npt.NDArray[np.int32],
    report: npt.NDArray[np.int32],
    is_covering: npt.NDArray[np.bool_],
) -> Mapping[str, str] | None:
    """The report per platform whose rows cover every day of every account, being the finest able one there."""
    size = len(held.reports)
    with_rows = np.bincount(account * size + report, minlength=len(held.accounts) * size).reshape(-1, max(size, 1))
    covered = np.bincount((account * size + report)[is_covering], minlength=with_rows.size).reshape(with_rows.shape)
    order = [held.reports.index(name) for name in able if name in held.reports]
    found: dict[str, str] = {}
    for place, count in days.items():
        finest = next((n for n in order if with_rows[place, n]), None)
        if finest is None:
            continue
        source, name = held.accounts[place][0], held.reports[finest]
        if not with_rows[place, finest] == covered[place, finest] == count or found.setdefault(source, name) != name:
            return None
    return found
