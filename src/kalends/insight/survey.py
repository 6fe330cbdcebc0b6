"""What there is to answer from: the reports, currencies and spans of a data version, and the days of a period."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import ibis
import pyarrow as pa
from ibis.expr import types as ir

from kalends.insight.filters import keeping
from kalends.insight.query import Query
from kalends.insight.shape import FilterShape, Reading, Shape, filter_shape, padded, power_of_two
from kalends.insight.spans import Span
from kalends.insight.statements import Bind, Build
from kalends.insight.tables import Tables

Fetch = Callable[[Hashable, Build, Mapping[str, Any]], pa.Table]
"""Gives the rows of a statement: its shape, how it is built, its values."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What one data version holds; read once and kept as long as the version is asked for."""

    reports: tuple[str, ...]
    currencies: tuple[str, ...]
    spans: tuple[Span, ...]
    sources: tuple[str, ...]
    first_day: date | None
    last_day: date | None
    has_rates: bool = False


@dataclass(frozen=True, slots=True)
class ReportDays:
    """One report of one account in a period: on how many days it has rows, and on how many it covers."""

    data_source: str
    account_id: str
    report: str
    days: int
    covering: int


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
    """The days of a period: per report, per account, and the dates that are answered."""

    reports: tuple[ReportDays, ...]
    accounts: tuple[AccountDays, ...]
    answered: frozenset[date]


def read_catalogue(fetch: Fetch, tables: Tables, *, has_rates: bool) -> Catalogue:
    """Ask the warehouse what this data version holds."""
    reports = fetch("catalogue/reports", lambda _: _reports(tables), {}).to_pylist()
    spans = fetch("catalogue/spans", lambda _: _spans(tables), {}).to_pylist()
    found = tuple(
        sorted((Span(**{k: v for k, v in row.items() if k != "currency"}) for row in spans), key=lambda s: s.key)
    )
    in_daily = fetch("catalogue/currencies", lambda _: _currencies(tables), {}).column("currency").to_pylist()
    currencies = {row["currency"] for row in spans} | set(in_daily)
    days = [day for row in reports for day in (row["first_day"], row["last_day"])] + [
        d for s in found for d in (s.start, s.end)
    ]
    return Catalogue(
        reports=tuple(sorted({row["report"] for row in reports})),
        currencies=tuple(sorted(c for c in currencies if c)),
        spans=found,
        sources=tuple(sorted({row["data_source"] for row in reports} | {s.data_source for s in found})),
        first_day=min(days, default=None),
        last_day=max(days, default=None),
        has_rates=has_rates,
    )


def _reports(tables: Tables) -> ir.Table:
    days = tables.get("report_days", ("date", "data_source", "report"))
    return days.group_by("data_source", "report").aggregate(first_day=days.date.min(), last_day=days.date.max())


def _currencies(tables: Tables) -> ir.Table:
    daily = tables.get("daily", ("currency",))
    return daily.select("currency").distinct()


def _spans(tables: Tables) -> ir.Table:
    """The rows over many days, by report and span, with how many of those days the account has daily rows."""
    facts = tables.get("facts", ("data_source", "account_id", "report", "date_from", "date_to", "currency"))
    spans = facts.filter(facts.date_to > facts.date_from)
    spans = spans.group_by("data_source", "account_id", "report", start="date_from", end="date_to").aggregate(
        currency=spans.currency.max()
    )
    days = tables.get("report_days", ("data_source", "account_id", "date")).distinct()
    days = days.rename(_source="data_source", _account="account_id")
    joined = spans.left_join(
        days,
        [
            spans.data_source == days["_source"],
            spans.account_id == days["_account"],
            days.date.between(spans.start, spans.end),
        ],
    )
    keys = ["data_source", "account_id", "report", "start", "end", "currency"]
    return joined.group_by(keys).aggregate(daily_days=joined.date.count())


def survey(fetch: Fetch, tables: Tables, query: Query, *, able: tuple[str, ...], start: date, end: date) -> Survey:
    """The days from `start` to `end` of the accounts that the query keeps; `able` reports are those that can answer."""
    kept = tuple(f for f in query.filters if f.dimension in ("data_source", "account_id"))
    shapes = tuple(map(filter_shape, kept))
    values: dict[str, Any] = {"start0": start, "end0": end, **padded("able", able)}
    for n, one in enumerate(kept):
        values |= padded(f"filter{n}_", [value for value in one.values if value is not None])
    places = power_of_two(len(able))
    rows = fetch(("survey", shapes, places), lambda bind: _days(tables, shapes, places, bind), values).to_pylist()
    return _read_survey(rows)


def _days(tables: Tables, filters: tuple[FilterShape, ...], able: int, bind: Bind) -> ir.Table:
    """Rows per report, per account and per date, told apart by which of their columns are null."""
    days = tables.get("report_days", ("date", "data_source", "account_id", "report", "is_covering"))
    days = days.filter(days.date.between(bind("start0", "date"), bind("end0", "date")))
    days = days.filter(*keeping(days, _only_filters(filters), bind, dated=False)) if filters else days
    answers = days.is_covering & (
        days.report.isin([bind(f"able{n}", "string") for n in range(able)]) if able else False
    )
    days = days.mutate(_answers=answers)
    no_text = ibis.null("string")
    reports = days.group_by("data_source", "account_id", "report").aggregate(
        days=days.count(), answered=days.is_covering.sum().cast("int64"), date=days.date.max()
    )
    accounts = days.group_by("data_source", "account_id").aggregate(
        days=days.date.nunique(), answered=days.date.nunique(where=days["_answers"]), date=days.date.max()
    )
    dates = days.group_by("date").aggregate(days=days.count(), answered=days["_answers"].sum().cast("int64"))
    columns = ("data_source", "account_id", "report", "date", "days", "answered")
    return ibis.union(
        reports.select(*columns),
        accounts.mutate(report=no_text).select(*columns),
        dates.mutate(data_source=no_text, account_id=no_text, report=no_text).select(*columns),
    )


def _only_filters(filters: tuple[FilterShape, ...]) -> Shape:
    return Shape((), (), filters, "none", (), None, "single", Reading("daily", "any"), None)


def _read_survey(rows: list[dict[str, Any]]) -> Survey:
    reports = [row for row in rows if row["report"] is not None]
    accounts = [row for row in rows if row["report"] is None and row["data_source"] is not None]
    dates = [row for row in rows if row["data_source"] is None and row["answered"]]
    return Survey(
        tuple(ReportDays(r["data_source"], r["account_id"], r["report"], r["days"], r["answered"]) for r in reports),
        tuple(AccountDays(r["data_source"], r["account_id"], r["days"], r["answered"], r["date"]) for r in accounts),
        frozenset(row["date"] for row in dates),
    )
