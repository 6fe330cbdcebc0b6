"""From summed measures to an answer: metrics, changes, totals, order and limit.

On Arrow's arrays, whose kernels run where they are called: an answer has few rows, and handing them to a pool of
threads costs more than the arithmetic, above all while ten readers ask at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from kalends.insight.expression import how_to_combine, periods_of
from kalends.insight.metrics import Metric, Ratio, metric
from kalends.insight.shape import Shape

Arrays = Mapping[str, Any]
"""Measures by name, as Arrow arrays of one length."""

MOST_AT_ONCE: Final = 1
"""How many rows must answer for a value that cannot be added up."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The rows in their order, the totals over all groups, and why values are not given."""

    rows: pa.Table
    totals: dict[str, Any]
    has_mixed: bool
    """Amounts of several currencies met in a group or in the total."""

    unrated: int
    """How many rows have amounts that no exchange rate is known for."""

    has_several: bool
    """Somewhere not exactly one row answered for a value that cannot be added up."""

    currency: str | None
    """The one currency of all amounts, where amounts are not converted and there is but one."""


def finish(groups: pa.Table, shape: Shape) -> Finished:
    """`groups` has the dimensions and the measures with `_0` and `_1`, one row per group."""
    arrays = {name: _plain(groups.column(name).combine_chunks()) for name in groups.column_names}
    measures = {name: array for name, array in arrays.items() if name not in shape.dimensions}
    total = {name: _added(name, array) for name, array in measures.items()} if shape.dimensions else measures
    # The total goes through the same formulas as one more row: each costs its call, hardly its rows.
    held = {name: pa.concat_arrays([array, total[name]]) for name, array in measures.items()}
    columns = _metrics(held, shape)
    dimensions = {name: arrays[name] for name in shape.dimensions}
    rows = _ordered(pa.table(dimensions | {name: column[:-1] for name, column in columns.items()}), shape)
    return Finished(
        rows=rows if shape.limit is None else rows.slice(0, shape.limit),
        totals={name: None if shape.overlaps else column[-1].as_py() for name, column in columns.items()},
        has_mixed="lo_0" in held and _any(pc.not_equal(held["lo_0"], held["hi_0"])),
        unrated=(total["unrated_0"][0].as_py() or 0) if "unrated_0" in total else 0,
        has_several="rows_0" in held and _any(pc.not_equal(held["rows_0"], 1)),
        currency=_one_currency(total),
    )


def _plain(values: pa.Array) -> pa.Array:
    """Counts as 64-bit integers: DuckDB adds them up in 128 bits, which Arrow knows only as the widest decimal."""
    return values.cast(pa.int64()) if pa.types.is_decimal(values.type) and values.type.scale == 0 else values


def _any(condition: pa.Array) -> bool:
    return bool(pc.any(condition).as_py())


def _added(measure: str, values: pa.Array) -> pa.Array:
    """One value of a measure over all groups, as an array of one; null where no group has one."""
    combine = {"sum": pc.sum, "min": pc.min, "max": pc.max}[how_to_combine(measure)]
    return pa.array([combine(values).as_py()], type=values.type)


def _one_currency(total: Arrays) -> str | None:
    if "lo_0" not in total or total["lo_0"][0] != total["hi_0"][0]:
        return None
    return total["lo_0"][0].as_py() or None


def _ordered(rows: pa.Table, shape: Shape) -> pa.Table:
    """By the asked order, then by the dimensions, so that there is one order only. Unknown values come last."""
    keys = (*shape.order, *(name for name in shape.dimensions if name not in shape.order))
    if not shape.dimensions:
        return rows
    order = [(key.removeprefix("-"), "descending" if key.startswith("-") else "ascending") for key in keys]
    return rows.take(pc.sort_indices(rows, sort_keys=order))


def _metrics(measures: Arrays, shape: Shape) -> dict[str, pa.Array]:
    return {name: values for m in shape.metrics for name, values in _columns(metric(m), measures, shape).items()}


def _roomy(values: pa.Array) -> pa.Array:
    """Decimals with a digit to spare: a difference needs one more, and Arrow has 38."""
    kind = values.type
    return values.cast(pa.decimal128(37, kind.scale)) if pa.types.is_decimal(kind) and kind.precision > 37 else values


def _columns(entry: Metric, measures: Arrays, shape: Shape) -> dict[str, pa.Array]:
    """The metric and, where compared, its value before, the difference, and the change as a share of it."""
    now, *before = [_value(entry, measures, shape, period) for period in periods_of(shape)]
    if not before:
        return {entry.name: now}
    difference = pc.subtract(_roomy(now), _roomy(before[0]))
    if entry.needs_currency and shape.money == "mixed":
        difference = _where(pc.equal(measures["lo_0"], measures["lo_1"]), difference)
    return {
        entry.name: now,
        f"{entry.name}_before": before[0],
        f"{entry.name}_difference": difference,
        f"{entry.name}_change": _ratio(difference, pc.abs(_double(before[0]))),
    }


def _value(entry: Metric, measures: Arrays, shape: Shape, period: int) -> pa.Array:
    if entry.needs_one_row:
        is_one = pc.equal(measures[f"rows_{period}"], MOST_AT_ONCE)
        return _where(is_one, measures[f"one_{entry.columns[0]}_{period}"])
    value = _formula(entry, measures, period)
    if not entry.needs_currency or shape.money == "single":
        return value
    if f"lo_{period}" in measures:
        return _where(pc.equal(measures[f"lo_{period}"], measures[f"hi_{period}"]), value)
    return _where(pc.equal(measures[f"unrated_{period}"], 0), value)


def _formula(entry: Metric, measures: Arrays, period: int) -> pa.Array:
    formula = entry.formula
    if not isinstance(formula, Ratio):
        return measures[f"{formula.column}_{period}"]
    top, bottom = measures[f"{formula.top}_{period}"], measures[f"{formula.bottom}_{period}"]
    value = _ratio(top, bottom)
    return value if formula.times == 1 else pc.multiply(value, formula.times)


def _ratio(top: pa.Array, bottom: pa.Array) -> pa.Array:
    """Null where the denominator is zero or unknown."""
    divisor = _double(bottom)
    return pc.divide(_double(top), _where(pc.not_equal(divisor, 0.0), divisor))


def _double(values: pa.Array) -> pa.Array:
    return values.cast(pa.float64())


def _where(condition: pa.Array, values: pa.Array) -> pa.Array:
    """The values where the condition holds, null elsewhere."""
    return pc.if_else(condition, values, pa.scalar(None, type=values.type))
