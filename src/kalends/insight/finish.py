"""From summed measures to an answer: metrics, changes, totals, order and limit, on plain frames."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import polars as pl

from kalends.insight.expression import how_to_combine, periods_of
from kalends.insight.metrics import Metric, Ratio, metric
from kalends.insight.shape import Shape

MOST_AT_ONCE: Final = 1
"""How many rows must answer for a value that cannot be added up."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The rows in their order, the totals over all groups, and why values are not given."""

    rows: pl.DataFrame
    totals: dict[str, Any]
    has_mixed: bool
    """Amounts of several currencies met in a group or in the total."""

    unrated: int
    """How many rows have amounts that no exchange rate is known for."""

    has_several: bool
    """Somewhere not exactly one row answered for a value that cannot be added up."""

    currency: str | None
    """The one currency of all amounts, where amounts are not converted and there is but one."""


def finish(groups: pl.DataFrame, shape: Shape) -> Finished:
    """`groups` has the dimensions and the measures with `_0` and `_1`, one row per group."""
    measures = tuple(name for name in groups.columns if name not in shape.dimensions)
    metrics = _metrics(shape, measures)
    total = groups.select(_added(groups, name) for name in measures) if shape.dimensions else groups
    totals = total.select(metrics)
    rows = _ordered(groups.select(*shape.dimensions, *metrics), shape) if shape.dimensions else totals
    return Finished(
        rows=rows if shape.limit is None else rows.head(shape.limit),
        totals=totals.row(0, named=True),
        has_mixed="lo_0" in measures and _anywhere(pl.col("lo_0") != pl.col("hi_0"), groups, total),
        unrated=int(total["unrated_0"].item() or 0) if "unrated_0" in measures else 0,
        has_several="rows_0" in measures and _anywhere(pl.col("rows_0") != MOST_AT_ONCE, groups, total),
        currency=_one_currency(total),
    )


def _anywhere(condition: pl.Expr, *frames: pl.DataFrame) -> bool:
    return any(frame.select(condition.any()).item() for frame in frames)


def _added(groups: pl.DataFrame, measure: str) -> pl.Expr:
    """One value of a measure over all groups; null where no group has one."""
    column = pl.col(measure)
    how = how_to_combine(measure)
    if how != "sum":
        return column.min() if how == "min" else column.max()
    return pl.when(column.is_not_null().any()).then(column.sum()).cast(groups.schema[measure])


def _one_currency(total: pl.DataFrame) -> str | None:
    if "lo_0" not in total.columns or total["lo_0"].item() != total["hi_0"].item():
        return None
    return total["lo_0"].item() or None


def _ordered(rows: pl.DataFrame, shape: Shape) -> pl.DataFrame:
    """By the asked order, then by the dimensions, so that there is one order only. Unknown values come last."""
    keys = (*shape.order, *(name for name in shape.dimensions if name not in shape.order))
    if not keys:
        return rows
    return rows.sort(
        [key.removeprefix("-") for key in keys], descending=[key.startswith("-") for key in keys], nulls_last=True
    )


@lru_cache(maxsize=500)  # building expressions costs more than evaluating them on the rows of a page
def _metrics(shape: Shape, measures: tuple[str, ...]) -> list[pl.Expr]:
    return [column for name in shape.metrics for column in _columns(metric(name), shape, measures)]


def _columns(entry: Metric, shape: Shape, measures: tuple[str, ...]) -> list[pl.Expr]:
    """The metric and, where compared, its value before, the difference, and the change as a share of it."""
    now, *before = [_value(entry, shape, measures, period) for period in periods_of(shape)]
    if not before:
        return [now.alias(entry.name)]
    difference = now - before[0]
    if entry.needs_currency and shape.money == "mixed":
        difference = pl.when(pl.col("lo_0") == pl.col("lo_1")).then(difference)
    base = before[0].cast(pl.Float64).abs()
    change = pl.when(base != 0).then(difference.cast(pl.Float64) / base)
    return [
        now.alias(entry.name),
        before[0].alias(f"{entry.name}_before"),
        difference.alias(f"{entry.name}_difference"),
        change.alias(f"{entry.name}_change"),
    ]


def _value(entry: Metric, shape: Shape, measures: tuple[str, ...], period: int) -> pl.Expr:
    if entry.needs_one_row:
        return pl.when(pl.col(f"rows_{period}") == MOST_AT_ONCE).then(pl.col(f"one_{entry.columns[0]}_{period}"))
    value = _formula(entry, period)
    if not entry.needs_currency or shape.money == "single":
        return value
    if f"lo_{period}" in measures:
        return pl.when(pl.col(f"lo_{period}") == pl.col(f"hi_{period}")).then(value)
    return pl.when(pl.col(f"unrated_{period}") == 0).then(value)


def _formula(entry: Metric, period: int) -> pl.Expr:
    formula = entry.formula
    if not isinstance(formula, Ratio):
        return pl.col(f"{formula.column}_{period}")
    top = pl.col(f"{formula.top}_{period}").cast(pl.Float64)
    bottom = pl.col(f"{formula.bottom}_{period}").cast(pl.Float64)
    return pl.when(bottom != 0).then(top * formula.times / bottom)
