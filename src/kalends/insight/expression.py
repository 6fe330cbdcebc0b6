"""A query's shape as one Ibis expression: one row per group, the measures of both periods side by side.

Rows are filtered, given the day of the asked period that they stand for, joined with the calendar's days (one row per
day, so nothing is counted twice), and summed per group. Each period is a leg of its own, and legs are put together: a
warehouse skips what lies outside of one span of days, but not what lies outside of two. What cannot be summed is a leg
too, from the coarsest report.

A measure's column ends in `_0` for the asked period and in `_1` for the compared one. Metrics are made of them later
(`finish`): on the few rows of an answer that is cheaper than a longer statement.
"""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Final

import ibis
from ibis.expr import types as ir

from kalends.insight.dimensions import Kind, dimension
from kalends.insight.filters import as_date, dimension_value, keeping
from kalends.insight.metrics import columns_of, metric
from kalends.insight.reading import read_rows
from kalends.insight.shape import Reading, Shape
from kalends.insight.statements import Bind
from kalends.insight.tables import Tables
from kalends.marketing.records import COUNTS, FACT_SCHEMA, MONEY

MONEY_TYPE: Final = "decimal(30, 6)"
"""Wide enough for a sum of any DECIMAL(18,6), and one digit and more short of the widest, so that two can be added."""


def build(shape: Shape, tables: Tables, bind: Bind) -> ir.Table:
    """The dimensions and the measures."""
    has_sums = not all(metric(name).needs_one_row for name in shape.metrics)
    readings = [shape.sums] * has_sums + ([shape.singles] if shape.singles is not None else [])
    legs = [leg for reading in readings for leg in _legs(shape, reading, tables, bind)]
    return legs[0] if len(legs) == 1 else _together(legs, shape)


def periods_of(shape: Shape) -> tuple[int, ...]:
    """The numbers of the periods that are measured."""
    return (0,) if shape.comparison == "none" else (0, 1)


def _named(shape: Shape) -> tuple[str, ...]:
    return (*shape.dimensions, *(kept.dimension for kept in shape.filters))


def _legs(shape: Shape, reading: Reading, tables: Tables, bind: Bind) -> list[ir.Table]:
    return [_leg(shape, reading, tables, bind, period) for period in periods_of(shape)]


def _together(legs: list[ir.Table], shape: Shape) -> ir.Table:
    """One row per group of what several legs say about it; a measure that a leg does not give is null there."""
    columns = {name: legs[0][name].type() for name in shape.dimensions}
    for leg in legs:
        columns |= {name: leg[name].type() for name in leg.columns}
    filled = [
        leg.select(**{n: leg[n] if n in leg.columns else ibis.null(kind) for n, kind in columns.items()})
        for leg in legs
    ]
    stacked = ibis.union(*filled)
    measures = [name for name in columns if name not in shape.dimensions]
    return stacked.aggregate(
        by=list(shape.dimensions),
        **{name: getattr(stacked[name], how_to_combine(name))().cast(columns[name]) for name in measures},
    )


def how_to_combine(measure: str, /) -> str:
    """How a measure of several groups becomes one: the first and last currency by order, everything else by adding."""
    if measure.startswith("lo_"):
        return "min"
    return "max" if measure.startswith(("hi_", "one_")) else "sum"


def _leg(shape: Shape, reading: Reading, tables: Tables, bind: Bind, period: int) -> ir.Table:
    """The measures per group of one period, read in one way."""
    rows = counted_rows(shape, reading, tables, bind, period)
    found = _measures(rows, shape, is_single=reading is shape.singles)
    return rows.aggregate(by=list(shape.dimensions), **{f"{name}_{period}": value for name, value in found.items()})


def counted_rows(shape: Shape, reading: Reading, tables: Tables, bind: Bind, period: int) -> ir.Table:
    """The rows that count, with the dimensions' values, what is measured, and the reading's own columns."""
    rows = read_rows(shape, reading, tables, bind, period)
    rows = _dated(rows, shape, bind, period)
    rows = _with_calendar(rows, shape, tables, bind)
    late = keeping(rows, shape, bind, dated=True)
    rows = rows.filter(*late) if late else rows
    return rows.mutate(**{name: dimension_value(rows, dimension(name), shape) for name in shape.dimensions})


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
    """What is summed per group."""
    entries = [metric(name) for name in shape.metrics]
    if is_single:
        columns = columns_of(m for m in entries if m.needs_one_row)
        return {"rows": rows.count()} | {f"one_{c}": rows[c].max() for c in columns}
    sums = columns_of(m for m in entries if not m.needs_one_row)
    measured = {column: _summed(rows, column, shape) for column in sums}
    if shape.money != "single" and any(column in MONEY for column in sums):
        measured |= _currency_measures(rows, shape, [c for c in sums if c in MONEY])
    return measured


def _summed(rows: ir.Table, column: str, shape: Shape) -> ir.Scalar:
    if column in MONEY:
        if shape.money == "converted":
            # 6 and 9 places leave three digits before the point in an 18-digit product; 28 digits leave twenty.
            value = rows[column].cast("decimal(28, 9)") * rows["_rate"].cast("decimal(28, 9)")
        else:
            value = rows[column]
        return value.sum().cast(MONEY_TYPE)
    return rows[column].sum().cast("int64" if column in COUNTS else FACT_SCHEMA[column])


def _currency_measures(rows: ir.Table, shape: Shape, money: list[str]) -> dict[str, ir.Scalar]:
    """The first and last currency of the amounts, or how many of them have no rate."""
    told = reduce(or_, [rows[column].notnull() for column in money])
    if shape.money == "converted":
        return {"unrated": rows.count(where=told & rows["_rate"].isnull())}
    known = rows["currency"].fill_null("")
    return {"lo": known.min(where=told), "hi": known.max(where=told)}
