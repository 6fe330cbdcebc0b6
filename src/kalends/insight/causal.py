"""A panel that a causal model can be fed: every day once, what was done, what came of it, what kind of day it was.

A day without data is there with nulls and `is_observed` false; null is never turned into zero, because "not delivered"
and "nothing spent" mean different things to a model. Checks say what such a model would stumble over. The same panel
gives the same bytes.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from kalends.insight.periods import Period

Role = Literal["key", "flag", "kpi", "treatment", "control", "calendar"]
Grain = Literal["day", "week"]
Floats = npt.NDArray[np.float64]

PLACES: Final = 6
"""Decimal places in a file, those of money in the stores: sums of doubles differ beyond that from run to run."""
FEWEST_WEEKS, GOOD_WEEKS = 26, 104
"""Under half a year season and effect cannot be told apart; two years show each season twice (usual MMM advice)."""
COLLINEAR, INFLATED = 0.9, 10.0
"""|r| and variance inflation from which single effects are not told apart (Kutner et al., Applied Linear Models)."""
STILL: Final = 0.1
"""A treatment whose standard deviation is under a tenth of its mean hardly varies: its effect shows nowhere."""
OVERLAPPING: Final = 0.5
"""Events that share more than half of the shorter one's days cannot be told apart."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the panel and what a model may use it for."""

    name: str
    role: Role
    source: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """A named event."""

    name: str
    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Panel:
    """The rows, one per day or week in order, and the columns' roles."""

    frame: pl.DataFrame
    columns: tuple[Column, ...]
    grain: Grain = "day"

    def of_role(self, *roles: Role) -> list[str]:
        """The names of the columns with these roles."""
        return [column.name for column in self.columns if column.role in roles]


@dataclass(frozen=True, slots=True)
class Checks:
    """What a modeller looks at first. Null: cannot be computed (too few values, no variation)."""

    summary: Sequence[Mapping[str, Any]]
    correlation: Mapping[str, Mapping[str, float | None]]
    variance_inflation: Mapping[str, float | None]
    warnings: Sequence[str] = field(default_factory=tuple)


def build_panel(
    *,
    period: Period,
    kpi: pl.DataFrame,
    treatments: pl.DataFrame,
    controls: pl.DataFrame,
    days: pl.DataFrame,
    observed: Collection[date],
    settled_until: date | None,
) -> Panel:
    """One row per day of `period`.

    Every frame has `date`, unique, and numeric columns: what is explained, what was done, what else was measured, and
    the calendar. `observed`: days with data. `settled_until`: the last day that no platform restates any more.
    """
    every = pl.DataFrame({"date": period.dates()})
    frame = every.with_columns(
        is_observed=pl.col("date").is_in(list(observed)),
        is_provisional=pl.lit(False) if settled_until is None else pl.col("date") > settled_until,
    )
    columns = [Column("date", "key"), Column("is_observed", "flag"), Column("is_provisional", "flag")]
    parts: list[tuple[Role, pl.DataFrame]] = [
        ("kpi", kpi), ("treatment", treatments), ("control", controls), ("calendar", days),
    ]  # fmt: skip
    for role, part in parts:
        frame = frame.join(_numbers(part), on="date", how="left")
        columns += [Column(name, role) for name in part.columns if name != "date"]
    return Panel(frame.sort("date"), tuple(columns))


def _numbers(part: pl.DataFrame) -> pl.DataFrame:
    """Every column but the date as a double."""
    return part.select("date", *(pl.col(name).cast(pl.Float64) for name in part.columns if name != "date"))


def weekly(panel: Panel) -> Panel:
    """Whole weeks from Monday. Amounts are summed where all seven days are known, else null; the calendar is averaged.

    So a flag such as `is_holiday` becomes the share of the week's days.
    """
    amounts = panel.of_role("kpi", "treatment", "control")
    whole = (
        panel.frame.with_columns(date=pl.col("date").dt.truncate("1w"))
        .group_by("date", maintain_order=True)
        .agg(
            pl.len().alias("_days"),
            pl.col("is_observed").all(),
            pl.col("is_provisional").any(),
            *(pl.when(pl.col(name).is_not_null().all()).then(pl.col(name).sum()) for name in amounts),
            *(pl.col(name).mean() for name in panel.of_role("calendar")),
        )
        .filter(pl.col("_days") == 7)
        .sort("date")
    )
    return Panel(whole.select(column.name for column in panel.columns), panel.columns, "week")


def with_series(panel: Panel, series: pl.DataFrame) -> Panel:
    """The panel with more controls: `series` has `date` (that of the panel's rows), unique, and numeric columns."""
    added = tuple(Column(name, "control", "series") for name in series.columns if name != "date")
    return Panel(panel.frame.join(_numbers(series), on="date", how="left"), (*panel.columns, *added), panel.grain)


def check(panel: Panel, *, events: Sequence[Span] = ()) -> Checks:
    """Statistics, and warnings in plain words."""
    modelled = panel.of_role("kpi", "treatment", "control")
    numbers = panel.frame.select(modelled).to_numpy().astype(np.float64)
    matrix = correlations(numbers)
    causes = panel.of_role("treatment", "control")
    inflation = dict(zip(causes, variance_inflation(panel.frame.select(causes).to_numpy()), strict=True))
    return Checks(
        summary=[summarise(panel.frame[name]) for name in (*modelled, *panel.of_role("calendar"))],
        correlation={a: {b: _or_none(matrix[i, j]) for j, b in enumerate(modelled)} for i, a in enumerate(modelled)},
        variance_inflation=inflation,
        warnings=[
            *_of_length(panel),
            *_of_gaps(panel),
            *_of_variation(panel),
            *_of_collinearity(modelled, matrix, panel, inflation),
            *_of_overlap(events),
        ],
    )


def summarise(column: pl.Series) -> dict[str, Any]:
    """Count, missing, zeros, mean, standard deviation, smallest and largest of a column."""
    known = column.drop_nulls()
    figures = {"mean": known.mean(), "sd": known.std(), "min": known.min(), "max": known.max(), "sum": known.sum()}
    return {
        "column": column.name,
        "n": len(known),
        "missing": column.null_count(),
        "zeros": int((known == 0).sum()),
        **{name: _or_none(value) if len(known) else None for name, value in figures.items()},
    }


def _or_none(value: Any) -> float | None:
    return None if value is None or not np.isfinite(value) else round(float(value), PLACES)


def correlations(numbers: Floats) -> Floats:
    """Pearson's r of each pair of columns over the rows where both are known; NaN under three, or without variation."""
    width = numbers.shape[1]
    found = np.full((width, width), np.nan)
    for i in range(width):
        for j in range(i, width):
            both = numbers[np.isfinite(numbers[:, i]) & np.isfinite(numbers[:, j])][:, [i, j]]
            if len(both) > 2 and np.all(np.ptp(both, axis=0) > 0):
                found[i, j] = found[j, i] = np.clip(np.atleast_2d(np.corrcoef(both.T))[0, 1], -1.0, 1.0)
    return found


def variance_inflation(numbers: npt.NDArray[Any]) -> list[float | None]:
    """1 / (1 - R^2) of each column regressed on the others, over complete rows; None where that is not defined.

    It is the diagonal of the inverse correlation matrix (Belsley, Kuh, Welsch 1980). Columns without variation, and
    sets of columns that determine each other exactly, have none.
    """
    values = numbers.astype(np.float64)
    complete = values[np.isfinite(values).all(axis=1)] if values.size else values
    if len(complete) <= values.shape[1] + 1:
        return [None] * values.shape[1]
    varies = np.ptp(complete, axis=0) > 0
    inflation: list[float | None] = [None] * values.shape[1]
    kept = np.flatnonzero(varies)
    if not kept.size:
        return inflation
    matrix = np.atleast_2d(np.corrcoef(complete[:, kept].T))
    if np.linalg.matrix_rank(matrix, tol=1e-9) < len(kept):
        return inflation
    for place, value in zip(kept, np.diag(np.linalg.inv(matrix)), strict=True):
        inflation[place] = _or_none(value)
    return inflation


def _of_length(panel: Panel) -> list[str]:
    weeks = panel.frame["is_observed"].sum() / (7 if panel.grain == "day" else 1)
    if weeks < FEWEST_WEEKS:
        return [f"Only {weeks:.0f} weeks have data: under {FEWEST_WEEKS}, season and effect cannot be told apart."]
    return [f"{weeks:.0f} weeks have data: {GOOD_WEEKS} would show each season twice."] if weeks < GOOD_WEEKS else []


def _of_gaps(panel: Panel) -> list[str]:
    """Nulls between known values: a gap is not a zero, and a model must not read it as one."""
    said = []
    for name in panel.of_role("kpi", "treatment"):
        column = panel.frame[name]
        known = column.is_not_null().arg_true()
        if not len(known):
            said.append(f"{name} is not known on any {panel.grain}.")
            continue
        gaps = int(column[int(known[0]) : int(known[-1]) + 1].null_count())
        if gaps:
            said.append(f"{name} is unknown on {gaps} {panel.grain}s within its own span: that is a gap, not zero.")
    return said


def _of_variation(panel: Panel) -> list[str]:
    said = []
    for name in panel.of_role("treatment"):
        known = panel.frame[name].drop_nulls()
        mean, spread = known.mean(), known.std()
        if isinstance(mean, float) and isinstance(spread, float) and spread < STILL * abs(mean):
            said.append(f"{name} hardly varies (standard deviation under a tenth of its mean): its effect cannot show.")
    return said


def _of_collinearity(
    names: Sequence[str], matrix: Floats, panel: Panel, inflation: Mapping[str, float | None]
) -> list[str]:
    treatments = set(panel.of_role("treatment"))
    pairs = [
        f"{a} and {b} move together (r = {matrix[i, j]:.2f}): their effects cannot be told apart."
        for i, a in enumerate(names)
        for j, b in enumerate(names)
        if i < j and {a, b} <= treatments and abs(matrix[i, j]) > COLLINEAR
    ]
    inflated = [
        f"{name} is nearly a sum of others (variance inflation {value:.0f})."
        for name, value in inflation.items()
        if value is not None and value > INFLATED
    ]
    return pairs + inflated


def _of_overlap(events: Sequence[Span]) -> list[str]:
    ordered = sorted(events, key=lambda event: (event.start, event.name))
    return [
        f"{one.name} and {other.name} share {_shared(one, other)} days: their effects cannot be told apart."
        for place, one in enumerate(ordered)
        for other in ordered[place + 1 :]
        if _shared(one, other) > OVERLAPPING * min(_length(one), _length(other))
    ]


def _length(event: Span) -> int:
    return (event.end - event.start).days + 1


def _shared(one: Span, other: Span) -> int:
    return max(0, (min(one.end, other.end) - max(one.start, other.start) + timedelta(days=1)).days)


# Files.


def as_csv(panel: Panel) -> bytes:
    """UTF-8 with a heading; null is an empty cell, which no number is."""
    return _rounded(panel).write_csv(float_precision=PLACES).encode()


def as_parquet(panel: Panel) -> bytes:
    """Parquet (zstd)."""
    buffer = io.BytesIO()
    _rounded(panel).write_parquet(buffer, compression="zstd")
    return buffer.getvalue()


def _rounded(panel: Panel) -> pl.DataFrame:
    return panel.frame.with_columns(pl.col(pl.Float64).round(PLACES))


def digest(content: bytes) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()
