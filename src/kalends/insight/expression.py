"""A query's shape as one Ibis expression.

Rows are filtered, given the day of the asked period that they stand for, joined with the calendar's days (one row per
day, so nothing is counted twice), and summed per group; the compared period is a second such leg. What cannot be
summed is read in a leg of its own, from the coarsest report. Legs are put side by side, and metrics made at the end.

Column names inside: a measure of the asked period ends in `_0`, of the compared one in `_1`.
"""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any, Final

import ibis
from ibis.expr import types as ir

from kalends.insight.dimensions import Kind, dimension
from kalends.insight.filters import as_date, dimension_value, keeping
from kalends.insight.metrics import Metric, Ratio, columns_of, metric
from kalends.insight.reading import read_rows
from kalends.insight.shape import Reading, Shape
from kalends.insight.statements import Bind
from kalends.insight.tables import Tables
from kalends.marketing.records import COUNTS, FACT_SCHEMA, MONEY

IS_TOTAL: Final = "_is_total"
MIXED: Final = "_mixed"
UNRATED: Final = "_unrated"
ROWS: Final = "_rows"
CURRENCY: Final = "_currency"

_SMALLEST, _LARGEST, _ADDED = "min", "max", "sum"


def build(shape: Shape, tables: Tables, bind: Bind) -> ir.Table:
    """Dimensions, metrics (with `_before`, `_difference`, `_change` where compared), and marks that start with `_`."""
    groups = _side_by_side(shape, tables, bind)
    rows = _with_metrics(groups, shape, is_total=False)
    if not shape.dimensions:
        return rows
    sums = groups.aggregate(**{c: _combine(groups[c], _how(c)) for c in groups.columns if c not in shape.dimensions})
    sums = sums.mutate(**{name: ibis.null(groups[name].type()) for name in shape.dimensions})
    total = _with_metrics(sums.select(*groups.columns), shape, is_total=True)
    kept = rows if shape.limit is None else rows.order_by(_ordering(rows, shape)).limit(shape.limit)
    both = kept.union(total)
    return both.order_by([both[IS_TOTAL], *_ordering(both, shape)])


def _ordering(rows: ir.Table, shape: Shape) -> list[ir.Value]:
    """By the asked order, then by the dimensions, so that there is one order only. Unknown values come last."""
    keys = (*shape.order, *(name for name in shape.dimensions if name not in shape.order))
    return [
        ibis.desc(rows[key[1:]], nulls_first=False) if key.startswith("-") else ibis.asc(rows[key], nulls_first=False)
        for key in keys
    ]


def _side_by_side(shape: Shape, tables: Tables, bind: Bind) -> ir.Table:
    """One row per group, the measures of both periods side by side."""
    periods = (0,) if shape.comparison == "none" else (0, 1)
    has_sums = not all(metric(name).needs_one_row for name in shape.metrics)
    readings = [shape.sums] * has_sums + [shape.singles] * (shape.singles is not None)
    legs = [(period, _leg(shape, reading, tables, bind, period)) for period in periods for reading in readings]
    if len(legs) == 1:
        only = legs[0][1]
        return only.rename({f"{c}_0": c for c in only.columns if c not in shape.dimensions})
    stacked = ibis.union(*(leg.mutate(_period=ibis.literal(period, "int8")) for period, leg in legs))
    measures = [c for c in stacked.columns if c not in (*shape.dimensions, "_period")]
    return stacked.aggregate(
        by=list(shape.dimensions),
        **{f"{c}_{p}": _combine(stacked[c], _how(c), stacked["_period"] == p) for p in periods for c in measures},
    )


def _how(measure: str) -> str:
    """How a measure of several groups becomes one."""
    if measure.startswith("lo"):
        return _SMALLEST
    return _LARGEST if measure.startswith(("hi", "one_")) else _ADDED


def _combine(column: ir.Column, how: str, where: ir.BooleanValue | None = None) -> ir.Scalar:
    combined: ir.Scalar = getattr(column, how)(where=where)
    return combined.cast(column.type())


def _leg(shape: Shape, reading: Reading, tables: Tables, bind: Bind, period: int) -> ir.Table:
    """The measures per group of one period, read in one way; those that it does not give are null."""
    rows = read_rows(shape, reading, tables, bind, period)
    rows = _dated(rows, shape, bind, period)
    rows = _with_calendar(rows, shape, tables, bind)
    late = keeping(rows, shape, bind, dated=True)
    rows = rows.filter(*late) if late else rows
    rows = rows.mutate(**{name: dimension_value(rows, dimension(name)) for name in shape.dimensions})
    return rows.aggregate(by=list(shape.dimensions), **_measures(rows, shape, is_single=reading is shape.singles))


def _dated(rows: ir.Table, shape: Shape, bind: Bind, period: int) -> ir.Table:
    """Give rows the day of the asked period that they stand for, as `_day`; their own stays in `_own_day`."""
    own = rows["_own_day"]
    if period == 0 or not any(dimension(name).is_dated for name in _named(shape)):
        return rows.mutate(_day=own)
    moved = (
        own + ibis.interval(years=1) if shape.comparison == "year" else own + bind("shift", "int64").as_interval("D")
    )
    clipped = ibis.greatest(bind("start0", "date"), ibis.least(as_date(moved), bind("end0", "date")))
    return rows.mutate(_day=clipped)


def _named(shape: Shape) -> tuple[str, ...]:
    return (*shape.dimensions, *(f.dimension for f in shape.filters))


def _with_calendar(rows: ir.Table, shape: Shape, tables: Tables, bind: Bind) -> ir.Table:
    """Join the calendar's columns: positions by the day stood for, traits by the row's own day."""
    for kind, day in ((Kind.POSITION, "_day"), (Kind.TRAIT, "_own_day")):
        names = [name for name in dict.fromkeys(_named(shape)) if dimension(name).kind is kind]
        if names:
            days = _calendar_days(tables, bind, names).rename({f"_{kind.value}_date": "date"})
            rows = rows.left_join(days, rows[day] == days[f"_{kind.value}_date"])
    return rows


def _calendar_days(tables: Tables, bind: Bind, names: list[str]) -> ir.Table:
    """One row per day: the asked calendar as it was at the asked version."""
    days = tables.get("calendar_days", ("calendar_id", "version_from", "version_to", "date", *names))
    version = bind("calendar_version", "int64")
    current = days.filter(
        days.calendar_id == bind("calendar", "string"),
        days.version_from <= version,
        days.version_to.isnull() | (days.version_to > version),
    )
    return current.select("date", *names)


def _measures(rows: ir.Table, shape: Shape, *, is_single: bool) -> dict[str, ir.Scalar]:
    """What is summed per group. A leg gives null for the measures of the other leg."""
    entries = [metric(name) for name in shape.metrics]
    sums = columns_of(m for m in entries if not m.needs_one_row)
    singles = columns_of(m for m in entries if m.needs_one_row)
    measured: dict[str, ir.Scalar] = {}
    for column in sums:
        measured[column] = ibis.null(_summed_type(column)) if is_single else _summed(rows, column, shape)
    for column in singles:
        measured[f"one_{column}"] = rows[column].max() if is_single else ibis.null(FACT_SCHEMA[column])
    if singles:
        measured["rows"] = rows.count() if is_single else ibis.null("int64")
    if shape.money != "single" and any(m.needs_currency for m in entries):
        measured |= _currency_measures(rows, shape, [c for c in sums if c in MONEY], is_single=is_single)
    return measured


def _summed_type(column: str) -> str:
    if column in MONEY:
        return "decimal(38, 6)"
    return "int64" if column in COUNTS else "float64"


def _summed(rows: ir.Table, column: str, shape: Shape) -> ir.Scalar:
    converted = shape.money == "converted" and column in MONEY
    value = rows[column] * rows["_rate"] if converted else rows[column]
    return value.sum().cast(_summed_type(column))


def _currency_measures(rows: ir.Table, shape: Shape, money: list[str], *, is_single: bool) -> dict[str, ir.Scalar]:
    """The first and last currency of the amounts, or how many of them have no rate."""
    has_money = reduce(or_, [rows[column].notnull() for column in money])
    if shape.money == "converted":
        unrated = (has_money & rows["_rate"].isnull()).sum()
        return {"unrated": ibis.null("int64") if is_single else unrated.cast("int64")}
    known = rows["currency"].fill_null("")
    return {
        "lo": ibis.null("string") if is_single else known.min(where=has_money),
        "hi": ibis.null("string") if is_single else known.max(where=has_money),
    }


def _with_metrics(groups: ir.Table, shape: Shape, *, is_total: bool) -> ir.Table:
    """The dimensions, the metrics and the marks that notes are made from."""
    entries = [metric(name) for name in shape.metrics]
    columns: dict[str, Any] = {name: groups[name] for name in shape.dimensions}
    for entry in entries:
        columns |= _metric_columns(groups, entry, shape)
    columns |= _marks(groups)
    return groups.select(**columns, **{IS_TOTAL: ibis.literal(is_total)})


def _metric_columns(groups: ir.Table, entry: Metric, shape: Shape) -> dict[str, ir.Value]:
    now = _metric_value(groups, entry, shape, 0)
    if shape.comparison == "none":
        return {entry.name: now}
    before = _metric_value(groups, entry, shape, 1)
    difference = now - before
    if entry.needs_currency and shape.money == "mixed":
        difference = ibis.ifelse(groups["lo_0"] == groups["lo_1"], difference, ibis.null(difference.type()))
    base = before.cast("float64").abs().nullif(0.0)
    return {
        entry.name: now,
        f"{entry.name}_before": before,
        f"{entry.name}_difference": difference,
        f"{entry.name}_change": difference.cast("float64") / base,
    }


def _metric_value(groups: ir.Table, entry: Metric, shape: Shape, period: int) -> ir.Value:
    formula = entry.formula
    if entry.needs_one_row:
        one = groups[f"one_{entry.columns[0]}_{period}"]
        return ibis.ifelse(groups[f"rows_{period}"] == 1, one, ibis.null(one.type()))
    if isinstance(formula, Ratio):
        top, bottom = (groups[f"{c}_{period}"].cast("float64") for c in (formula.top, formula.bottom))
        value = top * formula.times / bottom.nullif(0.0) if formula.times != 1 else top / bottom.nullif(0.0)
    else:
        value = groups[f"{formula.column}_{period}"]
    if not entry.needs_currency or shape.money == "single":
        return value
    is_one = (
        groups[f"lo_{period}"] == groups[f"hi_{period}"] if shape.money == "mixed" else groups[f"unrated_{period}"] == 0
    )
    return ibis.ifelse(is_one, value, ibis.null(value.type()))


def _marks(groups: ir.Table) -> dict[str, ir.Value]:
    """Why a value is null, for the notes: mixed currencies, missing rates, several rows where one must answer."""
    marks: dict[str, ir.Value] = {}
    if "lo_0" in groups.columns:
        marks[MIXED] = groups["lo_0"] != groups["hi_0"]
        marks[CURRENCY] = ibis.ifelse(groups["lo_0"] == groups["hi_0"], groups["lo_0"], ibis.null("string"))
    if "unrated_0" in groups.columns:
        marks[UNRATED] = groups["unrated_0"]
    if "rows_0" in groups.columns:
        marks[ROWS] = groups["rows_0"]
    return marks
