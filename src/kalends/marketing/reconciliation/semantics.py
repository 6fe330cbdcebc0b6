"""Semantics first: numbers that are in another unit, or a day late, are brought to one form before they are compared.

Half of all conflicts between sources are of this kind (Li, Dong, Lyons, Meng, Srivastava, "Truth finding on the deep
web: is the problem solved?", VLDB 2013). Only what a source does all the time is mended here; a single slip is put
aside by the gate that comes later. Where two sources alone speak, nobody can say which of them slips: it is named.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kalends.marketing.reconciliation.cells import Cell
from kalends.marketing.reconciliation.sources import MONEY, ORDERS, rank

FACTORS: Final = (10.0, 100.0, 1_000.0, 1_000_000.0)
"""Slips of unit: tenths, cents, thousands, micros."""
COUNTED: Final = (1_000.0, 1_000_000.0)
"""The same of what is counted and not measured: nobody counts clicks in tenths or hundreds, who has a tenth of them
counts something else."""
NEAR: Final = 0.25
"""Distance from such a factor, in natural logarithms, that honest biases may add."""
LEAST_DAYS: Final = 5
ALWAYS: Final = 0.8
"""Share of the days on which a slip must show to be the source's habit."""
SHIFT_DAYS: Final = 14
"""Two weeks: fewer days have too little shape to tell one day's delay."""
GAIN: Final = 0.25
"""How much better the days must fit one day earlier or later than as they are."""

Values = Mapping[str, Mapping[Cell, float]]
"""Source -> cell -> number; of one metric and one platform."""


@dataclass(frozen=True, slots=True)
class Mended:
    """A source's numbers in the common form, and in words what was done. `factor`: what they were divided by."""

    values: dict[Cell, float]
    factor: float = 1.0
    lag: int = 0
    notes: tuple[str, ...] = ()


def mend(said: Values, *, anchor: str | None = None) -> dict[str, Mended]:
    """Each source's numbers in one form. Neither the order of sources nor the unit that all share matters.

    `anchor`: the source that is the measure where it is among them: it is never the one that slips.
    """
    factors = {source: 1.0 if source == anchor else _factor(source, said) for source in said}
    is_mendable = len(said) > 2 or anchor in said
    scaled = {
        source: {cell: value / (factors[source] if is_mendable else 1.0) for cell, value in values.items()}
        for source, values in said.items()
    }
    lags = {source: _lag(source, scaled) for source in said}
    return {
        source: Mended(
            values={
                cell._replace(day=cell.day - timedelta(days=lags[source])): value for cell, value in values.items()
            },
            factor=factors[source] if is_mendable else 1.0,
            lag=lags[source],
            notes=(*_unit_note(factors[source], is_mended=is_mendable), *_lag_note(lags[source])),
        )
        for source, values in scaled.items()
    }


def _earlier(cell: Cell, days: int) -> Cell:
    return cell._replace(day=cell.day - timedelta(days=days))


def _factor(source: str, said: Values) -> float:
    """The power of ten by which the source is always off from the others; 1 where it is not."""
    ratios = []
    for cell, value in said[source].items():
        others = [values[cell] for name, values in said.items() if name != source and values.get(cell, 0) > 0]
        if value > 0 and others:
            ratios.append(math.log(value / statistics.median(others)))
    if len(ratios) < LEAST_DAYS:
        return 1.0
    middle = statistics.median(ratios)
    factors: tuple[float, ...] = FACTORS if next(iter(said[source])).metric in MONEY else COUNTED
    for factor in (*factors, *(1 / factor for factor in factors)):
        power = round(math.log10(factor))
        # Of three sources two that agree are right; were two of them off, the third would look so.
        there = sum(round(ratio / math.log(10)) == power for ratio in ratios)
        if abs(middle - math.log(factor)) <= NEAR and there >= ALWAYS * len(ratios):
            return factor
    return 1.0


def _lag(source: str, said: Values) -> int:
    """By how many days (-1, 0, 1) the source's days come late, against the others. A shop's own days are its days; of
    two sources the more direct witness stays as it is.
    """
    mine = by_day(said[source])
    direct = sorted((rank(name), name) for name in said)
    others = [name for _, name in direct if name != source]
    if not others or source == ORDERS or (len(others) == 1 and direct[0][1] == source):
        return 0
    if len(others) == 1:
        reference = by_day(said[others[0]])
    else:
        days = [by_day(said[name]) for name in others]
        reference = {
            day: statistics.median(known)
            for day in {day for each in days for day in each}
            if (known := [each[day] for each in days if day in each])
        }
    fits = {lag: _fit(mine, reference, lag) for lag in (-1, 0, 1)}
    plain = fits[0]
    if plain is None:
        return 0
    best = max((-1, 1), key=lambda lag: fits[lag] or -1.0)
    found = fits[best]
    return best if found is not None and found >= 0.5 and found - plain >= GAIN else 0


def by_day(values: Mapping[Cell, float]) -> dict[date, float]:
    """Sums by day."""
    found: dict[date, float] = {}
    for cell, value in values.items():
        found[cell.day] = found.get(cell.day, 0.0) + value
    return found


def _fit(mine: Mapping[date, float], reference: Mapping[date, float], lag: int) -> float | None:
    """Correlation of day-to-day changes (logarithms) with `mine` taken `lag` days earlier; None for too few days."""
    pairs = []
    for day in sorted(reference):
        now, before = day + timedelta(days=lag), day + timedelta(days=lag - 1)
        known = (reference[day], reference.get(day - timedelta(days=1)), mine.get(now), mine.get(before))
        if all(value is not None and value > 0 for value in known):
            there, then, here, earlier = (math.log(value) for value in known if value is not None)
            pairs.append((there - then, here - earlier))
    if len(pairs) < SHIFT_DAYS:
        return None
    left, right = zip(*pairs, strict=True)
    if len(set(left)) == 1 or len(set(right)) == 1:
        return None
    return float(np.corrcoef(_ranks(left), _ranks(right))[0, 1])


def _ranks(values: Sequence[float]) -> NDArray[np.int64]:
    """Places by size: a gross error is then only the largest of many."""
    return np.argsort(np.argsort(np.asarray(values), kind="stable"), kind="stable")


def _unit_note(factor: float, *, is_mended: bool) -> tuple[str, ...]:
    if factor == 1.0:
        return ()
    times = f"{factor:,.0f} times" if factor > 1 else f"1/{1 / factor:,.0f} of"
    what = f"Its numbers are about {times} what the others say: another unit."
    return (f"{what} They were brought to the others’ before comparing." if is_mended else
            f"{what} Of two sources nobody can say which is right, so nothing was changed.",)  # fmt: skip


def _lag_note(lag: int) -> tuple[str, ...]:
    if not lag:
        return ()
    words = "a day late" if lag > 0 else "a day early"
    return (f"Its days fit the others’ best {words}: probably another time zone. They were moved before comparing.",)
